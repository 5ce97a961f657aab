"""What the reading tools share: the record in scope, evidence from entries, and what "not found" says."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import Field

from knowledge.evidence import Evidence, FhirElement, Value
from knowledge.guideline import CorpusError
from knowledge.quantity import Quantity, UnitError, convert
from knowledge.terminology import Concept, Terminology
from tools.ehr.record import Entry, PatientRecord, Slice, concepts_of
from tools.errors import BadInput, NotAssessable
from tools.notes import linker_for
from tools.spec import Params

if TYPE_CHECKING:
    from tools.context import ToolContext


class NoParams(Params):
    """No parameters."""


class ConceptParams(Params):
    """A concept of the terminology."""

    concept: str = Field(description="concept id, for example creatinine or atrial_fibrillation")


def record_of(ctx: ToolContext) -> PatientRecord:
    """The record in scope.

    Raises:
        NotAssessable: there is none.
    """
    if ctx.record is None:
        raise NotAssessable(
            "there is no record to read",
            found="no patient",
            expected="a patient's record",
            action="name a patient and a record",
        )
    return ctx.record


def concept_of(ctx: ToolContext, concept: str) -> Concept:
    """A concept by id.

    Raises:
        BadInput: no such concept.
    """
    try:
        return ctx.terminology.get(concept)
    except CorpusError as error:
        raise BadInput(
            f"no concept {concept!r}",
            found=concept,
            expected="a concept id of the terminology",
            action="see knowledge/terms",
        ) from error


def literal(value: Any, ctx: ToolContext, default_unit: str = "1") -> Quantity:
    """A threshold: `{value, unit}`, a plain number, or `RECOMMENDATION.NAME`, a value of the corpus.

    Raises:
        BadInput: it is none of these.
    """
    try:
        if isinstance(value, str):
            found = ctx.corpus.value(value)
            return Quantity(float(found.value), found.unit or default_unit)
        if isinstance(value, dict):
            return Quantity(float(value["value"]), str(value.get("unit") or default_unit))
        return Quantity(float(value), default_unit)
    except (CorpusError, KeyError, TypeError, ValueError) as error:
        raise BadInput(
            f"cannot use {value!r} as a value",
            found=value,
            action="correct the argument",
            expected="a number, {value, unit} or a value of the corpus",
        ) from error


def days_of(value: Any, ctx: ToolContext) -> float:
    """A length of time in days.

    Raises:
        BadInput: it is no length of time.
    """
    quantity = literal(value, ctx, "d")
    try:
        return convert(quantity, "d").value
    except UnitError as error:
        raise BadInput(
            f"{quantity.display} is no length of time",
            found=quantity.unit,
            expected="d, wk, mo, h or a",
            action="correct the argument",
        ) from error


def words_of(concept: Concept) -> str:
    """The concept's name inside a sentence: abbreviations keep their capitals."""
    return lower_name(concept.name)


def lower_name(name: str) -> str:
    """A name with a small first letter, unless its first word is an abbreviation (INR, HbA1c, C-reactive)."""
    first = name.split(" ")[0].split("-")[0]
    if len(first) == 1 or any(char.isupper() or char.isdigit() for char in first[1:]):
        return name
    return name[:1].lower() + name[1:]


def fact(
    ctx: ToolContext,
    entry: Entry,
    value: Value,
    display: str,
    *,
    path: str = "",
    slot: str = "",
    flags: tuple[str, ...] = (),
    concept: str | None = None,
    **more: Any,
) -> Evidence:
    """Evidence that is an element of a resource; flags of its modifier elements come with it."""
    coding = more.pop("coding", entry.codings[0].short if entry.codings else None)
    trend = more.pop("trend", ())
    at = more.pop("at", entry.at)
    return Evidence(
        slot=slot or ctx.slot,
        value=value,
        display=display,
        effective_at=at,
        patient=ctx.patient,
        concept=concept,
        source=FhirElement(
            reference=entry.reference,
            version=entry.version,
            path=path or f"{entry.type}.code",
            flags=tuple(dict.fromkeys([*entry.verdict.flags, *flags])),
            coding=coding,
            trend=trend,
        ),
        **more,
    )


def nothing(
    ctx: ToolContext,
    query: str,
    display: str,
    *,
    concept: str | None = None,
    flags: tuple[str, ...] = (),
    complete: bool = True,
    slot: str = "",
    value: Value = None,
    unit: str | None = None,
) -> Evidence:
    """Evidence of a search that found nothing (or a count of what it found); an incomplete one says so."""
    shown = display if complete else f"{display} (incomplete answer: absence is not shown)"
    return Evidence(
        slot=slot or ctx.slot,
        value=value,
        unit=unit,
        display=shown,
        patient=ctx.patient,
        concept=concept,
        source=FhirElement(reference=None, query=query, complete=complete, flags=flags),
    )


def rejected_reasons(part: Slice, concept: str, record: PatientRecord) -> tuple[str, ...]:
    """Why entries that are the concept do not count, each reason once."""
    return tuple(dict.fromkeys(entry.verdict.reason for entry in part.rejected if record.match(concept, entry)))


def main_concept(terms: Terminology, entry: Entry) -> str | None:
    """The concept an entry is best described by: the narrowest one of its codes, else of its words."""
    found = [concept for coding in entry.codings for concept in concepts_of(terms, coding)]
    if not found and entry.text:
        found = [
            mention.concept
            for mention in linker_for(terms).link(entry.text)
            if mention.how != "typo" and mention.assertion in ("present", "historical")
        ]
    return min(found, key=lambda concept: (len(terms.expand(concept)), found.index(concept)), default=None)


def age_days(moment: datetime, as_of: datetime, written: str | None) -> float:
    """How old something is, in days; a date without a time is as old as its day."""
    if written and len(written) <= 10:
        return float((as_of.date() - moment.date()).days)
    return (as_of - moment).total_seconds() / 86400


def within(entry: Entry, days: float, as_of: datetime) -> bool:
    """Whether an entry is dated within so many days before the clock; undated is not."""
    return entry.moment is not None and age_days(entry.moment, as_of, entry.at) <= days


def plural(count: int, word: str) -> str:
    """`1 note`, `3 notes`, `2 allergies`."""
    if count == 1:
        return f"1 {word}"
    return f"{count} {word[:-1]}ies" if word.endswith("y") and word[-2] not in "aeiou" else f"{count} {word}s"
