"""Orders and what came of them: by `basedOn`, else by the same code later, and it is said which."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tools.ehr.compartment import local_reference, walk
from tools.ehr.dates import latest
from tools.ehr.record import Entry, PatientRecord, Slice

ANSWERS = ("DiagnosticReport", "Observation", "Procedure", "ImagingStudy")
_EARLY = {
    "registered": "registered, no result yet",
    "preliminary": "preliminary",
    "partial": "partial",
    "preparation": "being prepared",
    "in-progress": "in progress",
    "on-hold": "on hold",
}


@dataclass
class Order:
    """An order with what answers it. `how`: `based on`, `same code later`, or nothing."""

    entry: Entry
    answers: list[Entry] = field(default_factory=list)
    early: list[Entry] = field(default_factory=list)
    how: str = ""

    @property
    def pending(self) -> bool:
        """Whether no final answer is in the record."""
        reports = [entry for entry in (*self.answers, *self.early) if entry.type == "DiagnosticReport"]
        if reports and all(_preliminary(entry) for entry in reports):
            return True  # some of its results may be final: the report is not
        return not any(answer.verdict.usable and not _preliminary(answer) for answer in self.answers)

    @property
    def state(self) -> str:
        """How far it is, in words."""
        if not self.pending:
            return f"answered ({self.how})"
        held = [_EARLY[status] for entry in (*self.answers, *self.early) if (status := _status(entry)) in _EARLY]
        return f"{held[0]} ({self.how})" if held else "no result in the record"


def _status(entry: Entry) -> str:
    return str(entry.resource.get("status") or "")


def _preliminary(entry: Entry) -> bool:
    return _status(entry) in _EARLY


@dataclass
class Orders:
    """Current orders, newest first, with the slices that were read."""

    found: list[Order]
    parts: dict[str, Slice]


async def orders_of(record: PatientRecord) -> Orders:
    """Every current order with its answers.

    Raises:
        UpstreamError: the server failed.
    """
    requests = await record.slice("ServiceRequest")
    parts = {kind: await record.slice(kind) for kind in ANSWERS}
    named: dict[str, list[Entry]] = {}
    for part in parts.values():
        for entry in (*part.entries, *part.rejected):
            for held in walk(entry.resource, "basedOn"):
                if target := local_reference(held, record.client.base):
                    named.setdefault("/".join(target), []).append(entry)
    taken = {entry.reference for rows in named.values() for entry in rows}
    free = _ByCode([entry for part in parts.values() for entry in part.entries if entry.reference not in taken])
    found = []
    for entry in reversed(requests.entries):
        if not entry.verdict.current:
            continue
        order = Order(entry)
        linked = [item for item in named.get(entry.reference, []) if item.verdict.reason != "entered in error"]
        if linked:
            order.how = "based on this order"
            order.answers = [item for item in linked if item.verdict.usable]
            order.early = [item for item in linked if not item.verdict.usable]
        elif answer := free.after(entry):
            order.how, order.answers = "same code later", [answer]
        found.append(order)
    found.reverse()
    return Orders(found, {"ServiceRequest": requests, **parts})


class _ByCode:
    """Answers that name no order, by code (by words where they have none). Each answers one order, the oldest first."""

    def __init__(self, answers: list[Entry]) -> None:
        self.by: dict[str, list[Entry]] = {}
        self.used: set[str] = set()
        dated = (entry for entry in answers if entry.moment is not None)
        for entry in sorted(dated, key=lambda item: (_end(item), item.reference)):
            for name in _keys(entry):
                self.by.setdefault(name, []).append(entry)

    def after(self, order: Entry) -> Entry | None:
        """The first unused answer of an order's code that is not older than it."""
        if order.moment is None:
            return None
        first: Entry | None = None
        for name in _keys(order):
            rows = self.by.get(name, [])
            at = bisect.bisect_left(rows, order.moment, key=_end)
            found = next((item for item in rows[at:] if item.reference not in self.used), None)
            if found and (first is None or _end(found) < _end(first)):
                first = found
        if first is not None:
            self.used.add(first.reference)
        return first


def _end(entry: Entry) -> datetime:
    """The latest moment an answer can be of: one dated to a day may be of any time of it."""
    return latest(entry.at) or entry.moment or datetime.max.replace(tzinfo=UTC)


def _keys(entry: Entry) -> list[str]:
    return [coding.short for coding in entry.codings] or ([f"text:{entry.text.casefold()}"] if entry.text else [])
