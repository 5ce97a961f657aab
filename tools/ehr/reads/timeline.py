"""record.timeline: what happened to the patient, of every kind of event the record holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import Field

from knowledge.evidence import Evidence
from tools.ehr.dates import start_of
from tools.ehr.elements import iso, words
from tools.ehr.reads.imaging import study_text
from tools.ehr.reads.listing import MOST, key
from tools.ehr.reads.reading import fact, nothing, plural, record_of
from tools.ehr.reads.statistics import WindowParams, window_of
from tools.ehr.record import Entry, PatientRecord
from tools.ehr.search.texts import value_of
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext

TIMELINE = 60
_EVENTS = {
    "Encounter": "Encounter.type",
    "Condition": "Condition.code",
    "Procedure": "Procedure.code",
    "MedicationRequest": "MedicationRequest.medication",
    "MedicationStatement": "MedicationStatement.medication",
    "Immunization": "Immunization.vaccineCode",
    "AllergyIntolerance": "AllergyIntolerance.code",
    "ServiceRequest": "ServiceRequest.code",
    "DiagnosticReport": "DiagnosticReport.code",
    "ImagingStudy": "ImagingStudy",
    "DocumentReference": "DocumentReference.type",
    "CarePlan": "CarePlan.category",
    "Goal": "Goal.description",
    "Communication": "Communication.payload",
    "AdverseEvent": "AdverseEvent.event",
    "DeviceUseStatement": "DeviceUseStatement.device",
    "NutritionOrder": "NutritionOrder",
    "Consent": "Consent.category",
    "Flag": "Flag.code",
}
# Many a day: shown only where asked for.
_OFTEN = {"Observation": "Observation.value", "MedicationAdministration": "MedicationAdministration.medication"}
_NAMED = ("type", "category", "description", "event", "title", "serviceType", "code", "reasonCode")


class TimelineParams(WindowParams):
    """Which part of it."""

    types: list[str] = Field(default_factory=list, description="only these resource types")
    results: bool = Field(default=False, description="with every result and every dose given")
    limit: int = Field(default=TIMELINE, ge=1, le=MOST, description="how many to show, newest first")


@dataclass(frozen=True)
class _Event:
    entry: Entry
    at: str
    moment: datetime
    told: str
    path: str
    suffix: str = ""


@tool("record.timeline", version="1.1.0", kind="record", title="Timeline")
async def timeline(params: TimelineParams, ctx: ToolContext) -> ToolOutput:
    """What happened, newest first: encounters, diagnoses and their end, procedures, orders, reports, notes, death.

    Results and doses only on request; what has no date is counted, not placed.
    """
    record = record_of(ctx)
    window = await window_of(params, ctx)
    kinds = {**_EVENTS, **(_OFTEN if params.results or set(params.types) & set(_OFTEN) else {})}
    if params.types:
        kinds = {kind: path for kind, path in kinds.items() if kind in params.types}
    events: list[_Event] = []
    trouble: list[str] = []
    undated = 0
    for kind, path in kinds.items():
        part = await record.slice(kind)
        trouble += part.problems
        for entry in part.entries:
            undated += entry.at is None
            events += [event for event in _events(entry, path) if window.holds(event.at) is not False]
    events.sort(key=lambda event: (event.moment, event.entry.reference, event.suffix), reverse=True)
    items = [
        fact(
            ctx,
            event.entry,
            told(event.entry) or event.entry.type,
            event.told,
            path=event.path,
            slot=f"{ctx.slot}.{key(event.entry)}{event.suffix}",
            at=event.at,
        )
        for event in events[: params.limit]
    ]
    total = len(events)
    died = _death(ctx, record)
    if died is not None and not params.types:
        items.insert(0, died)
        total += 1
    shown = f"{len(items)} of {total} events" if len(items) < total else plural(total, "event")
    shown += f", {window.label}" if window.label else ""
    shown += f"; {undated} without a date, not placed" if undated else ""
    trouble = list(dict.fromkeys(trouble))
    head = nothing(
        ctx,
        f"Patient/{record.patient_id}/$everything",
        shown,
        value=float(total) if not trouble else None,
        unit="1",
        flags=tuple(trouble),
        complete=not trouble,
    )
    detail = {"total": total, "shown": len(items), "undated": undated, "types": sorted(kinds), "complete": not trouble}
    return ToolOutput(evidence=[head, *items], warnings=trouble, detail=detail)


def _events(entry: Entry, path: str) -> list[_Event]:
    """An entry as events: that it began, and of a condition that it ended."""
    found = []
    if entry.at and entry.moment:
        found.append(_Event(entry, entry.at, entry.moment, f"{entry.type}: {told(entry) or entry.reference}", path))
    ended = entry.resource.get("abatementDateTime") if entry.type == "Condition" else None
    over = start_of(ended)
    if over is not None and not entry.verdict.current:
        text = f"Condition ended: {told(entry) or entry.reference}"
        found.append(_Event(entry, iso(str(ended)) or "", over, text, "Condition.abatement", ".ended"))
    return found


def told(entry: Entry) -> str:
    """What an entry is, in words."""
    if entry.type == "ImagingStudy":
        return study_text(entry)
    if entry.type == "Observation":
        return f"{entry.text} {value_of(entry.resource)}".strip()
    if entry.text:
        return entry.text
    for element in _NAMED:
        held = entry.resource.get(element)
        text = held if isinstance(held, str) else words(held)
        if text:
            return text
    return ""


def _death(ctx: ToolContext, record: PatientRecord) -> Evidence | None:
    """Death as an event, where its date is known and before the clock."""
    date = record.patient.get("deceasedDateTime")
    moment = start_of(date)
    if moment is None or moment > ctx.now:
        return None
    found = nothing(ctx, f"Patient/{record.patient_id}", f"Patient: died {str(date)[:10]}", slot=f"{ctx.slot}.died")
    source = found.source.model_copy(update={"reference": f"Patient/{record.patient_id}", "path": "Patient.deceased"})
    return Evidence(
        **{**found.model_dump(exclude={"id", "kind", "source"}), "source": source, "effective_at": str(date)}
    )
