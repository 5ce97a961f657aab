"""Working out protocols for one call: the steps, decisions and checks of a consultation, without a question.

The same nodes as in the graph run here one after another, under a deadline, and nothing is kept: no checkpoint, no
audit line of a consultation, no model.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from langgraph.runtime import Runtime

from agent.act import act, task
from agent.assess import assess
from agent.choose import facts_of
from agent.effects import Effects
from agent.intake import FACTS
from agent.route_profile import adult_from, barred, holds, types_of
from agent.runtime import Services
from agent.settings import Settings
from agent.state import Board, Json, State, append, union
from agent.steps import compile_protocols, ready_steps, step
from agent.verify import verify
from knowledge.claim import Answer
from knowledge.evidence import Evidence
from knowledge.guideline import default_corpus
from knowledge.protocol import Protocol, default_protocols
from knowledge.terminology import default_terminology
from tools.catalog import catalog
from tools.context import ToolContext
from tools.ehr.record import PatientRecord
from tools.errors import ToolError


@dataclass
class Deadline:
    """When an answer is due; `late` names what was not done by then."""

    seconds: float
    started: float = field(default_factory=time.monotonic)
    late: list[str] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() - self.started >= self.seconds


def build_knowledge(settings: Settings) -> Services:
    """Protocols, corpus, terminology and tools: all that a call needs, without index, model or record."""
    from agent.build import check_tools

    terminology, protocols, tools = default_terminology(), default_protocols(), catalog()
    check_tools(protocols.values(), tools, terminology)
    return Services(
        settings=settings,
        corpus=default_corpus(),
        terminology=terminology,
        protocols=protocols,
        tools=tools,
        effects=Effects(Path(":memory:")),
        open_record=_none,
    )


async def _none(case: Json) -> PatientRecord | None:
    return None


class Bench:
    """One patient's record laid out: tools are called on it, protocols worked out on it."""

    def __init__(self, knowledge: Services, record: PatientRecord, deadline: Deadline) -> None:
        self.record, self.deadline = record, deadline
        self.case: Json = {
            "consultation": "cds",
            "patient": record.patient_id,
            "as_of": record.as_of.isoformat(),
            "turn": 1,
            "version": 1,
            "attachments": [],
            "model": "none",
        }
        opened: Callable[[Json], Awaitable[PatientRecord | None]] = self._open
        self.services = replace(
            knowledge,
            effects=Effects(Path(":memory:")),
            open_record=opened,
            contexts={},
            ledgers={},
            locks={},
            model=None,
            vision=None,
        )
        self.context = ToolContext(
            record.patient_id,
            record.as_of,
            knowledge.terminology,
            knowledge.corpus,
            record=record,
            slot="cds",
            case=self.case,
        )
        self._runtime: Runtime[Services] = Runtime(context=self.services)
        self._facts: State | None = None

    async def _open(self, case: Json) -> PatientRecord:
        return self.record

    def close(self) -> None:
        """Close what was opened for the call."""
        self.services.effects.close()

    async def read(self, tool: str, arguments: Json | None = None) -> list[Evidence]:
        """What a tool says, its head first; nothing where it could not, which is then said to be missing."""
        spec = self.services.tools[tool]
        try:
            output = await spec.call(arguments or {}, self.context.at(f"cds.{tool}", {}))
        except ToolError as error:
            self.deadline.late.append(f"{spec.title}: {error.message}")
            return []
        return output.evidence

    async def facts(self) -> State:
        """The reads every consultation makes: who it is, what is active, what is critical."""
        if self._facts is None:
            steps = [step(slot, tool) for slot, tool in FACTS.items()]
            state: State = {"case": self.case, "plan": {"protocols": [], "steps": steps}, "records": [], "evidence": {}}
            await self._run(state)
            self._facts = state
        return self._facts

    async def applicable(self) -> list[Protocol]:
        """The protocols whose entry the record meets, and which are for patients like this one."""
        state, services = await self.facts(), self.services
        board = Board(state)
        read = {
            slot: [board.evidence(item) for item in board.records[slot].evidence]
            for slot in FACTS
            if slot in board.records and board.records[slot].status == "ok"
        }
        facts = facts_of(read)
        return [
            protocol
            for protocol in services.protocols.values()
            if holds(protocol, protocol.entry, facts, services.terminology, services.corpus) is True
            and not barred(adult_from(protocol.exclusions), *types_of(protocol.about, services.terminology), facts)
        ]

    async def work_out(self, protocols: Sequence[Protocol], steps: Iterable[Json] | None = None) -> Outcome:
        """The answer of protocols: all of each, or only the steps given."""
        begun = await self.facts()
        merged = {body["slot"]: body for body in begun["plan"]["steps"]}
        for body in compile_protocols(protocols) if steps is None else steps:
            merged.setdefault(body["slot"], body)
        state: State = {
            **begun,
            "plan": {"protocols": [protocol.id for protocol in protocols], "steps": list(merged.values())},
        }
        await self._run(state)
        for node in (assess, verify):
            update: Any = await node(state, self._runtime)
            state["evidence"] = union(state["evidence"], update.pop("evidence", {}))
            state.update(update)
        return Outcome(Answer.model_validate(state["answer"]), Board(state))

    async def _run(self, state: State) -> None:
        """Run what can run until nothing is left, or the time is up."""
        while not self.deadline.over:
            board = Board(state)
            ready = ready_steps(state["plan"]["steps"], board)
            if not ready:
                return
            for body in ready:
                if self.deadline.over:
                    break
                update = await act(task(body, state, board, self.services), self._runtime)
                state["records"] = append(state["records"], update["records"])
                state["evidence"] = union(state["evidence"], update.get("evidence", {}))
        waiting = [body["slot"] for body in ready_steps(state["plan"]["steps"], Board(state))]
        if waiting:
            self.deadline.late.append(f"{len(waiting)} steps of the protocols")


@dataclass(frozen=True)
class Outcome:
    """An answer, checked, and the evidence it points at."""

    answer: Answer
    board: Board

    def evidence(self, ids: Iterable[str]) -> list[Evidence]:
        """Evidence by id, what is there of it."""
        return [self.board.evidence(item) for item in ids if item in self.board.by_id]
