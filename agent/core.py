"""The async core: builds the services once, drives the graph, always with `durability="sync"`."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiosqlite
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.types import Command

from agent.archive import local
from agent.attach import attach_images
from agent.branch import copy_thread, refuse_hypothetical
from agent.changes import changes
from agent.clock import parse_as_of
from agent.events import Event, events_of
from agent.export import document
from agent.recompute import try_correction
from agent.records import Records
from agent.runtime import Services, utc_now
from agent.settings import Settings
from agent.state import Board, Json, State
from tools.errors import OslerError, UsageError
from tools.spec import ToolSpec

if TYPE_CHECKING:
    from agent.writes import Writes
    from tools.ehr.client.client import FhirClient

RECHECKED = ("record.", "notes.")
ASK = "record.ask"


class Core:
    """One per process (or per `ClinicalAssistant`): connections, caches and the compiled graph."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._ready = asyncio.Lock()
        self._services: Services | None = None
        self._graph: Any = None
        self._connection: aiosqlite.Connection | None = None
        self._records = Records(settings)
        self._turns: dict[str, asyncio.Lock] = {}

    async def services(self) -> Services:
        """The services, built on first use."""
        await self._start()
        assert self._services is not None
        return self._services

    async def _start(self) -> None:
        async with self._ready:
            if self._graph is not None:
                return
            from agent.build import build_services
            from agent.graph import build

            self.settings.home.mkdir(parents=True, exist_ok=True)
            self._services = await asyncio.to_thread(build_services, self.settings, self._records.open)
            connection = aiosqlite.connect(self.settings.consultations)
            # Its worker thread is no daemon: a program that ends without `close` would hang at its end.
            worker: Any = getattr(connection, "_thread", connection)
            worker.daemon = True
            self._connection = await connection
            saver = AsyncSqliteSaver(self._connection)
            await saver.setup()
            self._graph = build(saver)

    async def use_tools(self, tools: dict[str, ToolSpec[Any]], record: bool = True) -> None:
        """Replace the catalogue: an integrator's own tools, or recorded ones (then without a record)."""
        services = await self.services()
        services.tools = dict(tools)
        if not record:
            services.open_record = _no_record

    async def use_saver(self, saver: Any) -> Any:
        """Keep consultations in another checkpointer from now on (None: go on with this one); the one until now."""
        await self._start()
        from agent.graph import build

        before = self._graph.checkpointer
        if saver is not None and saver is not before:
            self._graph = build(saver)
        return before

    async def close(self) -> None:
        """Close the files."""
        if self._connection is not None:
            await self._connection.close()
        if self._services is not None:
            self._services.effects.close()
        await self._records.close()

    async def writes(self) -> Writes:
        """The way to the record."""
        from agent.writes import Writes

        return Writes(self, await self.services())

    async def reader(self, case: Json) -> FhirClient:
        """The client a case's record is read with."""
        return await self._records.client(case.get("record"))

    # -- cases -------------------------------------------------------------------------------------------------------

    async def new_case(
        self, consultation: str, patient: str | None, as_of: str | None, record: str | None, model: str | None
    ) -> Json:
        """The case of a new consultation: references only."""
        await self._start()
        found = await self._records.resolve(record, patient)
        clock, when = "now", utc_now()
        if as_of is not None:
            clock, when = "fixed", parse_as_of(as_of)
        elif found.as_of is not None:
            clock, when = "demo", found.as_of
        return {
            "consultation": consultation,
            "patient": found.patient,
            "record": record,
            "as_of": when,
            "clock": clock,
            "turn": 0,
            "version": 1,
            "attachments": [],
            "model": model,
        }

    async def attach(self, case: Json, path: Path) -> Json:
        """Keep a note that came with the question, once its identity has been compared with the patient's.

        Raises:
            UsageError: no such file, or not text.
            IdentityMismatch: it names another patient.
        """
        try:
            text = await asyncio.to_thread(path.read_text, encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"cannot read the note {path.name}",
                found=error.strerror,
                expected="a text file",
                action="check the path",
            ) from error
        except UnicodeDecodeError as error:
            raise UsageError(
                f"{path.name} is not text",
                found="bytes that are not UTF-8",
                expected="a UTF-8 text file",
                action="save the note as UTF-8 text",
            ) from error
        services = await self.services()
        await self._records.check_note(await services.context(case | {"turn": -1}), text)
        digest = hashlib.sha256(text.encode()).hexdigest()[:24]
        folder = self.settings.home / "attachments"
        await asyncio.to_thread(keep, folder / f"{digest}.txt", text)
        services.forget(case["consultation"])
        return {"kind": "note", "sha256": digest, "name": path.name}

    async def attach_images(self, case: Json, images: Sequence[str | Path]) -> list[Json]:
        """Keep the images and volumes that came with the question, once each has been compared with the patient.

        Args:
            images: files, folders, or series of an archive (`archive:SERIES_UID`), which are fetched.

        Raises:
            UsageError: no such file or archive.
            BadInput, NotAssessable: it is not an image, or cannot be read.
            Refused, IdentityMismatch: it is not known to be the patient's, or another's.
            UpstreamError: the archive failed.
        """
        if not images:
            return []
        services = await self.services()
        context = await services.context(case | {"turn": -1})
        async with local(self.settings, context, images) as paths:
            found = await asyncio.to_thread(attach_images, context, paths, self.settings.home / "attachments")
        services.forget(case["consultation"])
        return found

    # -- running -----------------------------------------------------------------------------------------------------

    def turn(self, consultation: str) -> asyncio.Lock:
        """One step of a consultation at a time."""
        return self._turns.setdefault(consultation, asyncio.Lock())

    def _config(self, consultation: str) -> Any:
        return {"configurable": {"thread_id": consultation}, "recursion_limit": self.settings.max_steps}

    async def state(self, consultation: str) -> State:
        """The state as last checkpointed; empty where there is none."""
        await self._start()
        snapshot = await self._graph.aget_state(self._config(consultation))
        values: State = snapshot.values
        return values

    async def run(self, consultation: str, start: Json | None) -> AsyncIterator[Event]:
        """Run to the next gate: from `start`, or on from where a killed process left off."""
        await self._start()
        async with self.turn(consultation):
            if start is None:
                snapshot = await self._graph.aget_state(self._config(consultation))
                if not snapshot.next or any(task.interrupts for task in snapshot.tasks):
                    return
            async for event in self._drive(consultation, start):
                yield event

    async def _drive(self, consultation: str, given: Any) -> AsyncIterator[Event]:
        stream = self._graph.astream(
            given, self._config(consultation), context=self._services, stream_mode="updates", durability="sync"
        )
        async with contextlib.aclosing(stream):
            while (update := await _untraced(stream)) is not None:
                for event in events_of(update):
                    yield event

    async def _finish(self, consultation: str, given: Any) -> State:
        async for _ in self._drive(consultation, given):
            pass
        return await self.state(consultation)

    async def _resume(self, consultation: str, reply: Json) -> State:
        """Answer the pending gate; on a signed consultation a correction enters at the start, as a new version."""
        snapshot = await self._graph.aget_state(self._config(consultation))
        if any(task.interrupts for task in snapshot.tasks):
            return await self._finish(consultation, Command(resume=reply))
        if reply["kind"] == "correct":
            return await self._finish(consultation, {"request": reply})
        raise UsageError(
            "this consultation is signed",
            found="no open review",
            expected="an unsigned consultation",
            action="correct something first: that opens a new version",
        )

    # -- deciding ----------------------------------------------------------------------------------------------------

    async def correct(self, consultation: str, evidence: str, value: Any, by: str, reason: str | None) -> Json:
        """Apply a correction and say what it changed."""
        require_name(by)
        async with self.turn(consultation):
            before = await self.existing(consultation)
            services = await self.services()
            request = {"kind": "correct", "evidence": evidence, "value": value, "by": by, "reason": reason}
            # Checked before the graph moves: a correction that cannot be made leaves everything as it was.
            # What is outlined anew takes seconds: others are served meanwhile.
            await asyncio.to_thread(try_correction, request, before, services)
            after = await self._resume(consultation, request)
            return changes(before, after)

    async def branch(self, consultation: str, target: str, evidence: str, value: Any, by: str) -> Json:
        """Correct a copy, under the id `target`: what would change if one value were another."""
        require_name(by)
        await self.existing(consultation)
        await copy_thread(self._graph.checkpointer, consultation, target)
        try:
            return await self.correct(target, evidence, value, by, "what if")
        except OslerError:
            await self._graph.checkpointer.adelete_thread(target)
            raise

    async def decide(
        self, consultation: str, item: str, by: str, role: str, approved: bool, reason: str | None
    ) -> Json:
        """Approve or reject; what the answer rests on is read again and a change stops the signature."""
        require_name(by)
        if not role.strip():
            raise UsageError(
                "the role is missing", found=repr(role), expected="a role such as physician", action="give --role"
            )
        writes = await self.writes()
        if (draft := writes.journal.get(consultation, item)) is not None:
            return await (
                writes.approve(draft, by, role, reason) if approved else writes.refuse(draft, by, role, reason)
            )
        async with self.turn(consultation):
            state = await self.existing(consultation)
            refuse_hypothetical(state["case"], "signed")
            names = {"answer", *(part["id"] for key in ("claims", "next_steps") for part in state["answer"][key])}
            if item not in names:
                raise UsageError(
                    f"nothing called {item} waits here",
                    found=item,
                    expected="answer, or the id of a claim, next step or draft",
                    action="see `osler show CONSULTATION --json`",
                )
            changed = await self.outdated(consultation) if approved else []
            if changed:
                return {
                    "item": item,
                    "approved": False,
                    "rechecked": changed,
                    "result": "the record has changed since: ask again before signing",
                }
            reply = {"kind": "approve", "item": item, "approved": approved, "by": by, "role": role, "reason": reason}
            after = await self._resume(consultation, reply)
            return {"item": item, "approved": approved, "rechecked": [], "result": after["status"]}

    async def existing(self, consultation: str) -> State:
        """The state of a consultation that has an answer.

        Raises:
            UsageError: it has none yet.
        """
        state = await self.state(consultation)
        if not state or not state.get("answer"):
            raise UsageError(
                f"consultation {consultation} has no answer yet",
                found=consultation,
                expected="an answered consultation",
                action="ask first",
            )
        return state

    async def outdated(self, consultation: str) -> list[Json]:
        """Run the reads of the answer again and compare: what is different now."""
        state, services = await self.existing(consultation), await self.services()
        board, case = Board(state), dict(state["case"])
        if case["clock"] == "now":
            case["as_of"] = utc_now()
        services.forget(case["consultation"])
        context = await services.context(case)
        if context.record is not None and (written := (await self.writes()).written(consultation)):
            # What this consultation has put into the record itself does not outdate it.
            await context.record.without(written)
        changed: list[Json] = []
        for record in board.records.values():
            # What reads the record and is bound to the question alone is read again with the same words.
            bound = record.bindings and record.tool != ASK
            if record.status != "ok" or not record.tool.startswith(RECHECKED) or bound:
                continue
            spec = services.tools[record.tool]
            output = await spec.call(record.arguments, context.at(record.slot, {}))
            now = {item.slot: item for item in output.evidence}
            then = {board.evidence(i).slot: board.evidence(i) for i in record.evidence}
            for slot in dict.fromkeys([*then, *now]):
                old, new = then.get(slot), now.get(slot)
                if (old and old.id) != (new and new.id) and (old and old.value) != (new and new.value):
                    changed.append(
                        {"slot": slot, "then": old.display if old else None, "now": new.display if new else None}
                    )
        services.forget(case["consultation"])
        return changed

    async def show(self, consultation: str) -> Json:
        """The document of a consultation, with what has changed in the record since."""
        state = await self.existing(consultation)
        return document(state) | {"outdated": await self.outdated(consultation)}


async def _no_record(case: Json) -> None:
    return None


async def _untraced(stream: AsyncIterator[Any]) -> Any:
    """The next update, or None at the end; a tracing service set up in the environment is sent nothing of it."""
    from langsmith import tracing_context

    # Entered for each update: a context variable set across a generator's `yield` would leak to whoever consumes it.
    with tracing_context(enabled=False):
        return await anext(stream, None)


def keep(path: Path, text: str) -> None:
    """Write a text file, its folder first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def require_name(by: str) -> None:
    """A decision has a person's name.

    Raises:
        UsageError: it has none.
    """
    if not by or not by.strip():
        raise UsageError(
            "the name is missing", found=repr(by), expected="the name of a person", action="give --by NAME"
        )
