"""What the graph's nodes use: built once per process, handed to them as `Runtime[Services]`; never in the state."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from agent.attach import image_files
from agent.state import Json
from knowledge.guideline import Corpus
from knowledge.protocol import Protocol
from knowledge.terminology import Terminology
from tools.context import ToolContext
from tools.ehr.naming import naming
from tools.spec import ToolSpec

if TYPE_CHECKING:
    from agent.effects import Effects
    from agent.models.base import PlannerModel
    from agent.route import Router
    from agent.settings import Settings
    from knowledge.retriever import Retriever
    from tools.context import VisionModel
    from tools.ehr.record import PatientRecord

OpenRecord = Callable[[Json], Awaitable["PatientRecord | None"]]


@dataclass
class Services:
    """Everything with a connection, a cache or a size.

    `contexts` holds one tool context per (consultation, turn): the record's cache must not outlive the turn.
    `tried` holds, by consultation, the correction that was tried last and what it makes, until it is made.
    """

    settings: Settings
    corpus: Corpus
    terminology: Terminology
    protocols: dict[str, Protocol]
    tools: dict[str, ToolSpec[Any]]
    effects: Effects
    open_record: OpenRecord
    retriever: Retriever | None = None
    model: PlannerModel | None = None
    vision: VisionModel | None = None
    contexts: dict[tuple[str, int], ToolContext] = field(default_factory=dict)
    ledgers: dict[tuple[str, int], Json] = field(default_factory=dict)
    locks: dict[tuple[str, int], asyncio.Lock] = field(default_factory=dict)
    tried: dict[str, tuple[Json, int, list[Any]]] = field(default_factory=dict)

    async def context(self, case: Json) -> ToolContext:
        """The tool context of a case: scope and clock come from the checkpointed case, nothing else."""
        key = (case["consultation"], case["turn"])
        lock = self.locks.setdefault(key, asyncio.Lock())
        async with lock:
            if key not in self.contexts:
                for old in [k for k in self.contexts if k[0] == key[0]]:
                    del self.contexts[old]
                self.contexts[key] = await self._build(case)
        return self.contexts[key]

    async def _build(self, case: Json) -> ToolContext:
        record = await self.open_record(case) if case.get("patient") else None
        return ToolContext(
            patient=case.get("patient"),
            as_of=datetime.fromisoformat(case["as_of"]),
            terminology=self.terminology,
            corpus=self.corpus,
            record=record,
            retriever=self.retriever,
            vision=None if case.get("model") == "none" else self.vision,
            images=image_files(case, self.settings.home / "attachments"),
            case=case,
        )

    @functools.cached_property
    def router(self) -> Router:
        """The router over these protocols, built on first use."""
        from agent.route import Router

        assert self.retriever is not None
        titles = {
            name.removeprefix("calc."): (spec.title,) for name, spec in self.tools.items() if name.startswith("calc.")
        }
        return Router(self.protocols, self.terminology, self.retriever, titles)

    async def private(self, case: Json) -> list[str]:
        """What names the patient, and is kept from a model: id, names, identifiers, telephone and address lines."""
        context = await self.context(case)
        known = naming(context.record.patient) if context.record else []
        return [case.get("patient") or "", *known]

    def ledger(self, case: Json) -> Json:
        """What a turn has spent on a model; the budget of `settings.max_model_calls` is counted on it."""
        return self.ledgers.setdefault((case["consultation"], case["turn"]), {"model_calls": 0, "tokens": 0})

    def forget(self, consultation: str) -> None:
        """Drop what was read, so that the next run reads the record again."""
        for key in [key for key in self.contexts if key[0] == consultation]:
            del self.contexts[key]


def utc_now() -> str:
    """Now, ISO 8601 with zone, to the second."""
    return datetime.now(UTC).replace(microsecond=0).isoformat()
