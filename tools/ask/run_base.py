"""What a query selects of one record, and the evidence of what is told of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from knowledge.evidence import Derivation, Evidence, FhirElement, Value
from tools.ask.events import Event, Events, Reader
from tools.ask.query import Filter, Pick, Query, Relation, Select
from tools.ask.related import stands
from tools.ask.rows import Changed, rows_of
from tools.ask.run_values import keep, share_moment
from tools.ehr.compartment import walk
from tools.ehr.dates import start_of
from tools.ehr.elements import words
from tools.ehr.reads.reading import plural
from tools.ehr.record import PatientRecord

TOOL, VERSION = "record.ask", "1.0.0"
ROUTES = {
    "oral": ("po", "oral", "by mouth", "mouth", "orally", "per os"),
    "intravenous": ("iv", "intravenous", "intravenously"),
    "intramuscular": ("im", "intramuscular", "intramuscularly"),
    "subcutaneous": ("sc", "sq", "subcut", "subcutaneous", "subcutaneously"),
    "sublingual": ("sl", "sublingual", "sublingually"),
    "rectal": ("pr", "rectal", "rectally"),
    "topical": ("tp", "topical", "topically"),
    "inhaled": ("ih", "inhaled", "inhalation"),
    "nasogastric": ("ng", "nasogastric"),
    "transdermal": ("td", "transdermal"),
}


@dataclass
class Value_:
    """One value of an answer, with its evidence."""

    value: Value
    display: str
    evidence: Evidence
    unit: str | None = None
    date: str | None = None
    events: list[Event] = field(default_factory=list)


@dataclass
class Answer:
    """Values and the evidence they rest on, notes on how it was meant, or why there is no answer.

    `considered`: what a condition on a value, or an extreme, was looked for in.
    """

    considered: list[Event] = field(default_factory=list)
    values: list[Value_] = field(default_factory=list)
    held: dict[str, Evidence] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problem: str = ""


class NoAnswer(Exception):
    """Why a query has no answer in this record."""


class Chooser:
    """Chooses events, and keeps the answer with its evidence.

    `changed`: results that a person corrected or took back; the record itself stays as it is.
    """

    def __init__(self, record: PatientRecord, query: Query, changed: Changed | None = None) -> None:
        self.record, self.query, self.reader = record, query, Reader(record)
        self.changed = changed or {}
        self.answer = Answer()

    async def chosen(self, select: Select) -> tuple[list[Event], Events]:
        """The events of a selection, oldest first."""
        read = await self.reader.events(select)
        events, near = self.reader.named(read.found, select.what)
        if near:
            self.answer.notes.append(f"not counted, of a broader name: {', '.join(near[:8])}")
        window = select.window
        events = self._corrected(events)
        if select.extreme is not None or any(condition.field == "value" for condition in select.where):
            self.answer.considered += await self.reader.inside(events, window)
        for condition in select.where:
            events = [event for event in events if self._passes(event, condition)]
        if not events and self._emergency(select):
            events = await self.reader.emergencies()
        if self.query.field == "discharged" and select.kind in ("stay", "icu"):
            events = [replace(event, at=event.end, written=_end(event)) for event in events if event.end is not None]
        events = await self.reader.inside(events, window)
        if select.relation is not None:
            events = await self._related(events, select.relation, window)
        if select.together:
            events = share_moment(events, select.what)
        events = sorted(
            events, key=lambda event: (event.at is not None, event.at or self.record.as_of, event.entry.reference)
        )
        if select.extreme is not None:
            events = self._extreme(events, select.extreme)
        if select.pick is not None:
            events = _picked(events, select.pick, select.kind)
        return events, read

    def _emergency(self, select: Select) -> bool:
        """Whether it asks how long a visit to the emergency department takes that became no admission."""
        via = any(condition.field == "via" and condition.value == "emergency" for condition in select.where)
        return via and select.kind == "stay" and self.query.wants in ("elapsed", "length")

    def _corrected(self, events: list[Event]) -> list[Event]:
        kept = rows_of(events, self.changed)
        if len(kept) < len(events):
            self.answer.notes.append(f"{len(events) - len(kept)} left out: taken back in this consultation")
        return kept

    async def _related(self, events: list[Event], relation: Relation, window: Any) -> list[Event]:
        to = relation.to if not relation.to.window.open else relation.to.model_copy(update={"window": window})
        others, _ = await self.chosen(to)
        return [
            event
            for event in events
            if any(stands(other, event, relation) for other in others if other.entry.reference != event.entry.reference)
        ]

    def _passes(self, event: Event, condition: Filter) -> bool:
        if condition.field == "value":
            return keep(event, condition, self.record)
        if condition.field in ("normal", "abnormal"):
            judged = event.result.judged if event.result else None
            if judged is None:
                return False
            return (judged == "normal") == (condition.field == "normal")
        if condition.field == "route":
            wanted = str(condition.value).casefold()
            alike = next((names for names in ROUTES.values() if wanted in names), (wanted,))
            return any(route.casefold() in alike for route in routes_of(event))
        if condition.field == "active":
            return event.resource.get("status") == "active"
        if condition.field == "via":
            return _via(event, str(condition.value).casefold())
        raise NoAnswer(f"a condition on {condition.field} is not read")

    def _extreme(self, events: list[Event], which: str) -> list[Event]:
        numbers = [(event, q) for event in events if event.result and (q := event.result.quantity) is not None]
        if len({q.unit for _, q in numbers}) > 1:
            raise NoAnswer("results in different units are not compared")
        if any(q.comparator for _, q in numbers):
            raise NoAnswer("a result with < or > leaves the extreme open")
        if not numbers:
            return []
        best = (max if which == "highest" else min)(q.value for _, q in numbers)
        return [event for event, q in numbers if q.value == best]

    def _evidence(self, event: Event, value: Value, shown: str, unit: str | None, path: str, **more: Any) -> Evidence:
        flags = tuple(dict.fromkeys([*event.entry.verdict.flags, *more.pop("flags", ())]))
        concept = next((name for item in self.query.select.what for name in item.concepts), None)
        return Evidence(
            slot="answer",
            value=value,
            unit=unit,
            display=shown,
            effective_at=event.written,
            patient=self.record.patient_id,
            concept=concept,
            source=FhirElement(
                reference=event.entry.reference,
                version=event.entry.version,
                path=path or event.path,
                flags=flags,
                coding=event.entry.codings[0].short if event.entry.codings else None,
            ),
            **more,
        )

    def _element(
        self, event: Event, value: Value, shown: str, *, unit: str | None = None, path: str = "", **more: Any
    ) -> None:
        evidence = self._evidence(event, value, shown, unit, path, **more)
        self._add(value, shown, evidence, unit, event.written, [event])

    def _derived(
        self,
        value: Value,
        shown: str,
        events: list[Event],
        *,
        unit: str | None = None,
        range_: Any = None,
        comparator: str | None = None,
    ) -> None:
        inputs = []
        for event in events[:200]:
            item = self.row(event)
            self.answer.held[item.id] = item
            inputs.append(item.id)
        if len(events) > 200:
            self.answer.notes.append(f"200 of {len(events)} entries shown as evidence")
        source = Derivation(tool=TOOL, version=VERSION, inputs=tuple(inputs), steps=(shown,))
        last = max((event.written for event in events if event.written), default=None)
        evidence = Evidence(
            slot="answer",
            value=value,
            unit=unit,
            display=shown,
            range=range_,
            comparator=comparator,
            effective_at=last,
            patient=self.record.patient_id,
            source=source,
        )
        self._add(value, shown, evidence, unit, last, events)

    def _add(
        self,
        value: Value,
        shown: str,
        evidence: Evidence,
        unit: str | None,
        date: str | None,
        events: list[Event] | None = None,
    ) -> None:
        self.answer.held[evidence.id] = evidence
        self.answer.values.append(Value_(value, shown, evidence, unit, date, events or []))

    def row(self, event: Event) -> Evidence:
        """An event as recorded, as evidence."""
        result = event.result
        if result is None:
            return self._evidence(event, event.name, event.name, None, event.path)
        return self._evidence(event, result.value, result.display, result.unit, event.path)

    def _nothing(self, read: Events) -> None:
        self._none(read, None)

    def _none(self, read: Events, value: Value) -> None:
        if read.problems:
            raise NoAnswer(f"none found, but the record is not complete ({'; '.join(read.problems[:2])})")
        shown = f"none recorded (none of {read.total} {self.query.select.kind} entries fits)"
        source = FhirElement(reference=None, query=read.query, complete=True)
        evidence = Evidence(
            slot="answer",
            value=value,
            display=shown,
            patient=self.record.patient_id,
            source=source,
            unit="1" if value == 0 and value is not False else None,
        )
        self._add(value, shown, evidence, evidence.unit, None)

    def _told(self, events: list[Event]) -> str:
        last = events[-1]
        value = f" {last.result.display}" if last.result and last.result.display else ""
        return f"{plural(len(events), 'entry')}, last {last.name}{value} ({(last.written or 'undated')[:16]})"


def _picked(events: list[Event], pick: Pick, kind: str) -> list[Event]:
    dated = [event for event in events if event.at is not None]
    moments = sorted({event.at for event in dated if event.at is not None})
    if len(moments) < pick.n:
        return []
    wanted: datetime = moments[pick.n - 1] if pick.end == "first" else moments[-pick.n]
    return [event for event in dated if event.at == wanted]


def _via(event: Event, wanted: str) -> bool:
    source = words(walk_one(event.resource, "hospitalization.admitSource")).casefold()
    if wanted != "emergency":
        return source == wanted
    code = str((event.resource.get("class") or {}).get("code"))
    return code == "EMER" or any("emergency" in text for text in (source, words(event.resource.get("type")).casefold()))


def _end(event: Event) -> str | None:
    from tools.ehr.elements import iso

    text = next(walk(event.resource, "period.end"), None)
    return iso(text) if isinstance(text, str) and start_of(text) else None


def routes_of(event: Event) -> list[str]:
    rows = [
        *walk(event.resource, "dosageInstruction"),
        *([event.resource["dosage"]] if isinstance(event.resource.get("dosage"), dict) else []),
    ]
    return [words(row.get("route")) for row in rows if isinstance(row, dict) and words(row.get("route"))]


def walk_one(resource: dict[str, Any], path: str) -> Any:
    """The first of what a path leads to."""
    return next(walk(resource, path), None)
