"""The state of a consultation: plain JSON, so that a checkpoint reads back as it was written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, TypedDict

from knowledge.evidence import Evidence
from tools.spec import ToolRecord

Json = dict[str, Any]
RESET = "__reset__"


def append(old: list[Json], new: list[Json]) -> list[Json]:
    """Append; a list that begins with the reset marker starts afresh."""
    if new and new[0].get(RESET):
        return new[1:]
    return [*old, *new]


def union(old: Json, new: Json) -> Json:
    """Union by id. The same id is the same result; its lineage is that of the newest run."""
    if new.get(RESET):
        return {key: value for key, value in new.items() if key != RESET}
    return {**old, **new}


class State(TypedDict, total=False):
    """One consultation.

    request: what is asked of the graph now: {"kind": "ask" | "correct" | "approve", ...}.
    case: references only: consultation, patient, as_of, clock, record, question, attachments, version.
    plan: protocols chosen, route, steps, extra.  records: every run, newest last.  evidence: by id.
    """

    request: Json
    case: Json
    messages: Annotated[list[Json], append]
    plan: Json
    records: Annotated[list[Json], append]
    evidence: Annotated[Json, union]
    critical: list[str]
    answer: Json
    checks: list[Json]
    reviews: Annotated[list[Json], append]
    corrections: Annotated[list[Json], append]
    versions: Annotated[list[Json], append]
    ledger: Json
    status: str


def current_records(state: State) -> dict[str, ToolRecord]:
    """The newest run of each slot that the plan still has."""
    wanted = {step["slot"] for step in state.get("plan", {}).get("steps", [])}
    newest: dict[str, ToolRecord] = {}
    for row in state.get("records", []):
        if row["slot"] in wanted:
            newest.pop(row["slot"], None)
            newest[row["slot"]] = ToolRecord.model_validate(row)
    return newest


def elapsed(runs: Iterable[Json]) -> float:
    """Seconds that runs took: those of one wave went on side by side, so that a wave takes as long as its slowest."""
    waves: dict[int, float] = {}
    for row in runs:
        wave = row.get("wave", 0)
        waves[wave] = max(waves.get(wave, 0.0), row.get("seconds", 0.0))
    return sum(waves.values())


class Board:
    """What is known now: evidence by slot. Items of a list stand under `slot.item`."""

    def __init__(self, state: State) -> None:
        self.records = current_records(state)
        self.by_id = state.get("evidence", {})
        self._slots: dict[str, Evidence] = {}

    def evidence(self, evidence_id: str) -> Evidence:
        """A piece of evidence by id."""
        return load(self.by_id[evidence_id])

    def slot(self, slot: str) -> Evidence | None:
        """What fills a slot now, or None: not run, failed, skipped, or nothing to say."""
        if slot not in self._slots:
            record = self.records.get(slot)
            if record is None or record.status != "ok" or not record.evidence:
                return None
            self._slots[slot] = self.evidence(record.evidence[0])
        return self._slots[slot]

    def items(self, slot: str) -> list[Evidence]:
        """The items of a list-valued step (everything after its head that belongs to the slot)."""
        record = self.records.get(slot)
        if record is None or record.status != "ok":
            return []
        found = [self.evidence(evidence_id) for evidence_id in record.evidence[1:]]
        return [item for item in found if item.slot.startswith(f"{slot}.")]

    def token(self, slot: str) -> str | None:
        """What a run that read this slot depended on: the ids of everything its record holds."""
        record = self.records.get(slot)
        if record is None or record.status != "ok" or not record.evidence:
            return None
        return "+".join(record.evidence)


def load(document: Json) -> Evidence:
    """Evidence from its JSON form; the id is worked out again from the content."""
    return Evidence.model_validate({key: value for key, value in document.items() if key not in ("id", "kind")})


def dump(evidence: Evidence) -> Json:
    """Evidence as JSON."""
    return evidence.model_dump(mode="json")
