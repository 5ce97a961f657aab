"""JSON Schemas of what Osler reads and writes, made from the types (`osler schema NAME`; kept in docs/schemas/).

Documents whose parts are typed elsewhere and that no type of their own describes (`ask`, `change`, `approval`,
`error`) are typed here.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from dataclasses import fields
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from agent.drafts import Draft
from agent.instruct_document import InstructDocument
from agent.note_check import NoteCheck
from agent.record_answer import RecordAnswer
from knowledge.claim import Answer, Claim, DifferentialItem, NextStep, NotAnswered
from knowledge.evidence import Evidence, Value
from knowledge.guideline import Document, Recommendation
from knowledge.protocol import Protocol
from knowledge.terminology import Concept
from tools.errors import UsageError
from tools.spec import ToolRecord

Json = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class PlannedStep(_Document):
    """A step of the plan: the slot it fills, its tool, literal arguments, and parameters bound to slots."""

    slot: str
    tool: str
    arguments: Json
    bindings: dict[str, str]
    when: Json | None


class Choice(BaseModel):
    """Which protocols were chosen; runners-up and reasons stand beside the value."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    evidence: str
    value: Value


class PlanDocument(_Document):
    """The plan: protocols with their hash and who reviewed each (null: not reviewed), and what a model added."""

    protocols: list[str]
    hashes: dict[str, str]
    reviewed_by: dict[str, str | None]
    choice: Choice | None
    steps: list[PlannedStep]
    dropped: list[str]
    added: list[str] = []
    refinement: Json | None = None


class Check(_Document):
    """One rule applied to one claim or next step."""

    claim: str
    rule: str
    passed: bool
    detail: str


class Ledger(BaseModel):
    """What it cost."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    tool_runs: int
    seconds: float
    readings: int


class Review(_Document):
    """A person's decision on the answer or one of its items."""

    item: str
    approved: bool
    by: str | None
    role: str | None
    reason: str | None
    at: str


class Correction(_Document):
    """A correction that was made: the evidence replaced, the evidence that took its place, the slots it filled."""

    evidence: str
    by: str
    reason: str | None
    at: str
    new: str
    slots: list[str]
    version: int


class AskDocument(_Document):
    """A consultation: `osler ask --json`, `osler show --json`. Evidence is by id; ids elsewhere point into it."""

    consultation: str
    patient: str | None
    as_of: str
    question: str
    version: int
    branch_of: Json | None = None
    status: str
    critical: list[Evidence]
    plan: PlanDocument
    answer: Answer
    evidence: dict[str, Evidence]
    records: list[ToolRecord]
    checks: list[Check]
    ledger: Ledger
    reviews: list[Review]
    corrections: list[Correction]
    versions: list[int]
    notice: str
    outdated: list[Json] | None = None


class Difference(_Document):
    """One place of the answer, before and after."""

    path: str
    before: Any
    after: Any


class ChangeDocument(_Document):
    """What a correction changed, by slot: `osler correct --json`."""

    corrected: list[str]
    rerun: list[str]
    kept: list[str]
    added: list[str]
    dropped: list[str]
    before: Answer
    after: Answer
    diff: list[Difference]


class ApprovalDocument(_Document):
    """A signature or the approval of an item: `osler approve --json`. `rechecked` lists what the record has changed.

    `draft`: of a draft, what has become of it.
    """

    item: str
    approved: bool
    rechecked: list[Json]
    result: str
    draft: Draft | None = None


class ErrorBody(_Document):
    """What was found, what was expected, what to do."""

    code: str
    message: str
    found: str | None
    expected: str | None
    action: str


class ErrorDocument(_Document):
    """An error a person can act on; the exit code says who must act."""

    error: ErrorBody


MODELS: dict[str, type[BaseModel]] = {
    "answer": Answer,
    "approval": ApprovalDocument,
    "ask": AskDocument,
    "change": ChangeDocument,
    "claim": Claim,
    "concept": Concept,
    "differential": DifferentialItem,
    "draft": Draft,
    "error": ErrorDocument,
    "evidence": Evidence,
    "guideline": Document,
    "instruction": InstructDocument,
    "next_step": NextStep,
    "not_answered": NotAnswered,
    "note_check": NoteCheck,
    "protocol": Protocol,
    "recommendation": Recommendation,
    "record": ToolRecord,
    "record_answer": RecordAnswer,
}
# What is read (files that people write) is described as input, what Osler writes as output.
READ = frozenset({"concept", "guideline", "protocol", "recommendation"})


def schema_of(name: str | None) -> Json | list[str]:
    """The schema of a document; without a name, the names there are.

    Raises:
        UsageError: no document of that name.
    """
    known = {**{key: _of_model(key) for key in MODELS}, "calc_result": _calc_result, **_plugged_in()}
    if name is None:
        return sorted(known)
    if name not in known:
        raise UsageError(
            f"no schema {name!r}", found=name, expected=", ".join(sorted(known)), action="name one of these"
        )
    return {"$schema": DIALECT, "$id": f"osler:{name}", **known[name]()}


def _of_model(name: str) -> Callable[[], Json]:
    mode: Literal["validation", "serialization"] = "validation" if name in READ else "serialization"
    return lambda: MODELS[name].model_json_schema(mode=mode)


def _plugged_in() -> dict[str, Callable[[], Json]]:
    """Documents typed above `agent` (a scripted consultation, say) come in through entry points."""
    points = importlib.metadata.entry_points(group="osler.schemas")
    return {point.name: lambda point=point: point.load().model_json_schema() for point in points}  # type: ignore[misc]


def _calc_result() -> Json:
    from tools.calculators.result import CalcResult

    schema = TypeAdapter(CalcResult).json_schema(mode="serialization")
    for field in fields(CalcResult):
        if field.metadata.get("internal"):
            schema["properties"].pop(field.name)
    schema["required"] = sorted(schema["properties"])
    return schema
