"""record.finding: is a condition, symptom or procedure present, explicitly absent, or unknown?

Order: what the problem list (and procedures, coded findings) states as confirmed; then the notes, newest explicit
statement first. A relative's, possible or supposed mention is never a yes or a no. Where the list says yes and a later
note says no, neither is chosen: that is a conflict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from knowledge.evidence import Evidence
from tools.ehr.dates import start_of
from tools.ehr.documents import Notes
from tools.ehr.elements import codings
from tools.ehr.reads.reading import (
    ConceptParams,
    age_days,
    concept_of,
    fact,
    nothing,
    plural,
    record_of,
    rejected_reasons,
    within,
    words_of,
)
from tools.ehr.record import Entry, PatientRecord, concepts_of, wider_than
from tools.notes import Finding, findings, statement
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext

# SNOMED CT qualifiers (IPS value set lab-absence-presence) and LOINC answers yes/no.
_YES = {"52101004", "10828004", "260373001", "373066001", "LA33-6"}
_NO = {"2667000", "260385009", "260415000", "373067005", "LA32-8"}
RECENT_DAYS = 365
_ASIDE = {"family": "in the family only", "possible": "mentioned as possible", "hypothetical": "mentioned as supposed"}


class FindingParams(ConceptParams):
    """A concept, and how recent it must be."""

    window_days: float | None = Field(default=None, gt=0, description="only if dated within so many days")
    active_only: bool = Field(default=False, description="only what is so now, not what was once")
    denied_by: str | None = Field(default=None, description="concept whose presence means that this one is absent")


@tool("record.finding", version="1.0.0", kind="record", title="Finding present, absent or unknown")
async def finding(params: FindingParams, ctx: ToolContext) -> ToolOutput:
    """Whether the record states a finding: true, false where a note explicitly denies it, otherwise unknown."""
    found = await find(ctx, params.concept, params.window_days, params.active_only)
    if params.denied_by is None or found.evidence[0].value is not None:
        return found
    denied = (await find(ctx, params.denied_by, params.window_days, params.active_only)).evidence[0]
    if denied.value is not True:
        return found
    name = words_of(concept_of(ctx, params.concept))
    no = denied.model_dump(mode="json", exclude={"id", "kind"}) | {
        "value": False,
        "concept": params.concept,
        "display": f"no {name}: {denied.display}",
    }
    return ToolOutput(evidence=[Evidence.model_validate(no)])


@dataclass(frozen=True)
class _Stated:
    """What structured entries say."""

    entry: Entry
    value: bool
    display: str
    path: str
    flags: tuple[str, ...] = ()


async def find(
    ctx: ToolContext, concept: str, window_days: float | None = None, active_only: bool = False
) -> ToolOutput:
    """The finding as evidence; see `finding`."""
    record, wanted = record_of(ctx), concept_of(ctx, concept)
    notes = await record.notes()
    stated = await _structured(record, concept)
    aside: list[str] = []
    usable = []
    for item in stated:
        if window_days is not None and not within(item.entry, window_days, ctx.now):
            aside.append("recorded, but not dated in that time")
        elif item.value and active_only and not item.entry.verdict.current and item.entry.type != "Observation":
            over = next(iter(item.entry.verdict.flags), "past")
            aside.append(f"recorded as {over}")
            if over in ("resolved", "inactive"):
                usable.append(_Stated(item.entry, False, f"{words_of(wanted)}: {over}", item.path))
        else:
            usable.append(item)
    if active_only and not stated:
        usable += await _ended(record, concept, words_of(wanted))
    yes = next((item for item in usable if item.value), None)
    no = next((item for item in usable if not item.value), None)
    mentions = _Mentions(ctx, record, notes, window_days, active_only)
    noted = mentions.status(concept)
    flags = tuple(dict.fromkeys([*aside, *mentions.aside(concept)]))
    if yes and no and no.entry.moment and yes.entry.moment and no.entry.moment > yes.entry.moment:
        yes = None
    if yes is not None:
        if noted is not None and _denies(noted, yes):
            return ToolOutput(
                evidence=[_conflict(ctx, yes, concept, words_of(wanted), flags), _noted(ctx, noted, concept, ".note")]
            )
        return ToolOutput(
            evidence=[
                fact(ctx, yes.entry, True, yes.display, path=yes.path, concept=concept, flags=(*yes.flags, *flags))
            ]
        )
    if no is not None and noted is not None and noted.value and not _since(noted, no, ctx):
        noted = None
    if noted is not None and noted.value is not None:
        return ToolOutput(evidence=[_noted(ctx, noted, concept)])
    if noted is not None:
        return ToolOutput(
            evidence=[
                nothing(
                    ctx,
                    notes.query,
                    f"conflict: {words_of(wanted)} both stated and denied in the notes",
                    concept=concept,
                    flags=("conflict", *flags),
                )
            ]
        )
    if no is not None:
        return ToolOutput(evidence=[fact(ctx, no.entry, False, no.display, path=no.path, concept=concept, flags=flags)])
    return ToolOutput(evidence=[await _not_recorded(ctx, record, notes, concept, flags)])


async def _structured(record: PatientRecord, concept: str) -> list[_Stated]:
    found = []
    for kind in ("Condition", "Procedure"):
        for entry in (await record.slice(kind)).entries:
            how = record.match(concept, entry)
            if how:
                past = "" if entry.verdict.current or kind == "Procedure" else f", {entry.verdict.flags[0]}"
                flags = ("matched by words",) if how == "words" else ()
                found.append(_Stated(entry, True, f"{_short(entry)}{past}", f"{kind}.code", flags))
    wanted = {item.id for item in record.terminology.expand(concept)}
    for entry in (await record.slice("Observation")).entries:
        answer = _answer(entry.resource)
        valued = {
            name
            for coding in codings(entry.resource.get("valueCodeableConcept"))
            for name in concepts_of(record.terminology, coding)
        }
        if valued & wanted:
            text = entry.resource["valueCodeableConcept"].get("text") or record.terminology.get(concept).name
            found.append(_Stated(entry, True, str(text), "Observation.value"))
        elif answer is not None and record.match(concept, entry):
            shown = _short(entry) if answer else f"no {words_of(record.terminology.get(concept))}"
            found.append(_Stated(entry, answer, shown, "Observation.value"))
    found.sort(
        key=lambda item: (
            item.entry.verdict.current,
            item.entry.moment is not None,
            item.entry.at or "",
            item.entry.reference,
        ),
        reverse=True,
    )
    return found


async def _ended(record: PatientRecord, concept: str, name: str) -> list[_Stated]:
    """Wider conditions the list calls over, none of them active: what belongs to them is over too."""
    found = []
    for wider in wider_than(record.terminology, concept):
        entries = [entry for entry in (await record.slice("Condition")).entries if record.match(wider, entry)]
        if entries and not any(entry.verdict.current for entry in entries):
            found += [
                _Stated(entry, False, f"{name}: {entry.verdict.flags[0]}", "Condition.code")
                for entry in entries
                if set(entry.verdict.flags) & {"resolved", "inactive"}
            ]
    return found


def _answer(resource: dict[str, Any]) -> bool | None:
    """An observation's yes or no."""
    if isinstance(resource.get("valueBoolean"), bool):
        return bool(resource["valueBoolean"])
    codes = {coding.code for coding in codings(resource.get("valueCodeableConcept"))}
    return True if codes & _YES else False if codes & _NO else None


def _short(entry: Entry) -> str:
    text = entry.text or entry.reference
    return text if len(text) <= 80 else f"{text[:77]}..."


@dataclass(frozen=True)
class _Noted:
    """What the notes say of a concept; `value` null is a contradiction within one note."""

    value: bool | None
    finding: Finding | None


class _Mentions:
    """What the notes say, concept by concept.

    A narrower finding that is present makes the wider one present; one that is denied does not deny it. A wider one
    that is denied denies the narrower; a group none of whose members remains unanswered, all denied, is denied.
    """

    def __init__(
        self, ctx: ToolContext, record: PatientRecord, notes: Notes, window_days: float | None, active_only: bool
    ) -> None:
        self.terms = ctx.terminology
        self.by: dict[str, list[Finding]] = {}
        now = active_only or window_days is not None
        for note in notes.notes:
            if window_days is not None and not _recent(note.at, window_days, ctx):
                continue
            for item in findings(note, ctx.terminology):
                if item.assertion == "historical" and now:
                    continue
                if item.assertion == "absent" and (item.past_only if now else item.now_only):
                    continue
                self.by.setdefault(item.concept, []).append(item)

    def status(self, concept: str) -> _Noted | None:
        """The newest explicit statement on a concept."""
        below = self._below(concept, ())
        if below is not None:
            return below
        for wider in wider_than(self.terms, concept):
            denied = self._own(wider)
            if denied is not None and denied.value is False:
                return denied
        return None

    def _below(self, concept: str, above: tuple[str, ...]) -> _Noted | None:
        own = self._own(concept)
        if concept in above:
            return own
        parts = [self._below(part, (*above, concept)) for part in self.terms.get(concept).includes]
        present = max((part for part in parts if part and part.value), key=_date, default=None)
        if own is not None and present is not None:
            return own if own.value or (own.value is False and _date(own) > _date(present)) else present
        if own is not None or present is not None:
            return own or present
        if parts and all(part is not None and part.value is False for part in parts):
            return max((part for part in parts if part), key=_date)
        return next((part for part in parts if part is not None and part.value is None), None)

    def _own(self, concept: str) -> _Noted | None:
        explicit = [item for item in self.by.get(concept, []) if item.assertion in ("present", "historical", "absent")]
        if not explicit:
            return None
        newest = max(item.note.at or "" for item in explicit)
        latest = [item for item in explicit if (item.note.at or "") == newest]
        yes = next((item for item in latest if item.assertion != "absent"), None)
        no = next((item for item in latest if item.assertion == "absent"), None)
        if yes and no and yes.note.reference == no.note.reference:
            return _Noted(None, yes)
        return _Noted(True, yes) if yes else _Noted(False, no)

    def aside(self, concept: str) -> list[str]:
        """Mentions that are neither a yes nor a no."""
        return [
            _ASIDE[item.assertion]
            for part in self.terms.expand(concept)
            for item in self.by.get(part.id, [])
            if item.assertion in _ASIDE
        ]


def _date(noted: _Noted) -> str:
    return (noted.finding.note.at if noted.finding else None) or ""


def _recent(at: str | None, days: float, ctx: ToolContext) -> bool:
    moment = start_of(at)
    return moment is not None and age_days(moment, ctx.now, at) <= days


def _since(noted: _Noted, ended: _Stated, ctx: ToolContext) -> bool:
    """Whether a note can speak of something newer than what the list calls over.

    With the end's date that is a later note; without it, one of the last year.
    """
    at = noted.finding.note.at if noted.finding else None
    over = ended.entry.resource.get("abatementDateTime")
    if over and at:
        return str(at)[:10] > str(over)[:10]
    return _recent(at, RECENT_DAYS, ctx)


def _denies(noted: _Noted, stated: _Stated) -> bool:
    """Whether a note contradicts an entry: not older than it, and about the same time.

    What the list calls past is contradicted only by a denial of the past ("no history of").
    """
    denial = noted.finding
    if noted.value is not False or denial is None:
        return False
    known = stated.entry.resource.get("recordedDate") or stated.entry.at
    later = not known or not denial.note.at or _not_before(str(denial.note.at), str(known))
    said = denial.quote.casefold()
    past = any(word in said for word in ("history", "never", "previous", "prior", "no past"))
    return later and (stated.entry.verdict.current or past)


def _not_before(one: str, other: str) -> bool:
    """Whether a time is not before another: to the second where both have a time of day, else by the day."""
    first, second = start_of(one), start_of(other)
    if "T" in one and "T" in other and first is not None and second is not None:
        return first >= second
    return one[:10] >= other[:10]


def _conflict(ctx: ToolContext, yes: _Stated, concept: str, name: str, flags: tuple[str, ...]) -> Evidence:
    return fact(
        ctx,
        yes.entry,
        None,
        f"conflict: {name} is on record and denied in a later note",
        path=yes.path,
        concept=concept,
        flags=("conflict", *yes.flags, *flags),
    )


def _noted(ctx: ToolContext, noted: _Noted, concept: str, suffix: str = "") -> Evidence:
    found = noted.finding
    assert found is not None
    said = ctx.terminology.get(found.concept)
    display = words_of(said) if noted.value else f"no {words_of(said)}"
    return Evidence(
        slot=ctx.slot + suffix,
        value=noted.value,
        display=display,
        effective_at=found.note.at,
        patient=ctx.patient,
        concept=concept,
        source=statement(found),
    )


async def _not_recorded(
    ctx: ToolContext, record: PatientRecord, notes: Notes, concept: str, flags: tuple[str, ...]
) -> Evidence:
    parts = [await record.slice(kind) for kind in ("Condition", "Procedure", "Observation")]
    reasons = [reason for part in parts for reason in rejected_reasons(part, concept, record)]
    quarantine = ("instructions in a note quarantined",) if any(note.quarantined for note in notes.notes) else ()
    aside = "; ".join(dict.fromkeys([*reasons, *flags]))
    searched = f"problem list of {len(parts[0].entries)}, {plural(len(notes.notes), 'note')} searched{notes.remark}"
    return nothing(
        ctx,
        parts[0].query,
        f"not recorded ({searched})" + (f"; {aside}" if aside else ""),
        concept=concept,
        flags=tuple(dict.fromkeys([*reasons, *flags, *quarantine])),
        complete=all(part.complete for part in parts) and notes.complete,
    )
