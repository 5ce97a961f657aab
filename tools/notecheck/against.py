"""A note's statements against the record: supported, contradicted, or not in the record, which is never "wrong".

Everything is read by the same tools a consultation uses. What changes with time (symptoms, vital signs, results of
another day) contradicts nothing; it is said when the record has it from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from knowledge.evidence import Evidence, FhirElement
from knowledge.quantity import UnitError, convert
from knowledge.units import number, unit_label
from tools.ehr.facts.results import Result, results_of
from tools.ehr.reads.drugs import allergies, allergy, medication
from tools.ehr.reads.findings import finding
from tools.ehr.reads.medications import medications
from tools.ehr.reads.person import age, sex
from tools.ehr.reads.reading import age_days, concept_of, fact, record_of
from tools.notecheck.inside import Clash, given
from tools.notecheck.told import Told
from tools.notes import unwrap
from tools.spec import ToolOutput, ToolSpec

if TYPE_CHECKING:
    from tools.context import ToolContext

Outcome = Literal["supported", "contradicted", "not_in_record", "other_time"]
_STEADY_DAYS = {"weight": 30.0, "height": 3650.0}
_STEADY_SHARE = {"weight": 0.1, "height": 0.02}
_VITAL_UNITS = {"heart_rate": "/min", "respiratory_rate": "/min", "spo2": "%", "temperature": "Cel"}
_DOSES = re.compile(r"(\d+(?:\.\d+)?)\s*(mg|mcg|microgram|micrograms|µg|ug|g|units?|mmol)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Compared:
    """A statement, what came of comparing it, why, and the record's own evidence."""

    statement: Told
    outcome: Outcome
    why: str
    evidence: tuple[Evidence, ...] = ()


async def compare(text: str, items: list[Told], ctx: ToolContext) -> tuple[list[Compared], list[Clash]]:
    """Every statement compared with the record, and drugs given that the record's allergies forbid."""
    found = []
    for place, item in enumerate(items):
        compared = await _COMPARE[item.kind](item, ctx.at(f"note.{place}", {}))
        if compared is not None:
            found.append(compared)
    found = _one_of_each(found)
    forbidden = []
    for drug in given(unwrap(text), items):
        known = await _allergy_to(drug.concept or "", ctx)
        if known is not None:
            why = f"{drug.text}, with a recorded allergy: {known.display}"
            forbidden.append((Clash("drug_and_recorded_allergy", ((drug.start, drug.end),), why), drug, known))
    found += [Compared(drug, "contradicted", clash.why, (known,)) for clash, drug, known in forbidden]
    return found, [clash for clash, _, _ in forbidden]


def _one_of_each(rows: list[Compared]) -> list[Compared]:
    """Words that name several concepts count once: as what the record has of them."""
    order: dict[Outcome, int] = {"contradicted": 0, "supported": 1, "other_time": 2, "not_in_record": 3}
    best: dict[tuple[str, int, int], Compared] = {}
    for row in rows:
        key = (row.statement.kind, row.statement.start, row.statement.end)
        if key not in best or order[row.outcome] < order[best[key].outcome]:
            best[key] = row
    return list(best.values())


async def _read(tool: ToolSpec[Any], ctx: ToolContext, **arguments: Any) -> Evidence:
    output: ToolOutput = await tool.call(arguments, ctx)
    return output.evidence[0]


def _day(evidence: Evidence) -> str:
    return f" of {evidence.date}" if evidence.date else ""


def _near(evidence: Evidence, ctx: ToolContext) -> bool:
    return evidence.date == ctx.now.date().isoformat()


async def _finding(item: Told, ctx: ToolContext) -> Compared:
    """A finding. Only what lasts can be contradicted by another day's entry."""
    known = await _read(finding, ctx, concept=item.concept)
    told = item.assertion != "absent"
    if known.value is None:
        return Compared(item, "not_in_record", known.display, (known,))
    if known.value is told:
        return Compared(item, "supported", f"{known.display}{_day(known)}", (known,))
    lasting = ctx.terminology.get(item.concept or "").kind == "condition" and not item.now_only and not item.past_only
    ended = isinstance(known.source, FhirElement) and bool(
        {"resolved", "inactive", "remission"} & set(known.source.flags)
    )
    if (lasting and not ended) or _near(known, ctx):
        said = "states" if told else "denies"
        return Compared(
            item, "contradicted", f"the note {said} it, the record has: {known.display}{_day(known)}", (known,)
        )
    return Compared(item, "other_time", f"the record has: {known.display}{_day(known)}", (known,))


async def _measurement(item: Told, ctx: ToolContext) -> Compared:
    """A number: equal to a result of the record as precisely as it is written, or unlike the one of the same day."""
    concept = concept_of(ctx, item.concept or "")
    results = await results_of(record_of(ctx), concept)
    usable = results.numbers
    if not usable:
        return Compared(item, "not_in_record", f"no {concept.name.lower()} in the record")
    unit = item.unit or _VITAL_UNITS.get(concept.id)
    for result in usable:
        if _same(item, unit, result, concept.id):
            shown = _evidence(ctx, result, concept.id)
            return Compared(item, "supported", f"{shown.display}{_day(shown)}", (shown,))
    if item.earlier:
        shown = _evidence(ctx, usable[0], concept.id)
        return Compared(item, "not_in_record", f"the newest of the record is {shown.display}{_day(shown)}", (shown,))
    nearest = usable[0]
    shown = _evidence(ctx, nearest, concept.id)
    days = age_days(nearest.moment, ctx.now, nearest.at) if nearest.moment else float("inf")
    steady = concept.id in _STEADY_DAYS and days <= _STEADY_DAYS[concept.id] and _apart(item, unit, nearest, concept.id)
    if unit is None:
        return Compared(
            item, "not_in_record", f"written without a unit; the record has {shown.display}{_day(shown)}", (shown,)
        )
    if steady or (days <= 1 and concept.id not in _STEADY_DAYS):
        return Compared(item, "contradicted", _unlike(item, unit, nearest, concept.id, shown), (shown,))
    return Compared(item, "other_time", f"the newest of the record is {shown.display}{_day(shown)}", (shown,))


def _evidence(ctx: ToolContext, result: Result, concept: str) -> Evidence:
    return fact(
        ctx, result.entry, result.value, result.display, unit=result.unit, comparator=result.comparator,
        concept=concept, path=result.path, coding=result.coding,
    )  # fmt: skip


def _in_unit(result: Result, unit: str | None, concept: str) -> float | None:
    quantity = result.quantity
    if quantity is None:
        return None
    try:
        return quantity.value if unit is None else convert(quantity, unit, concept).value
    except UnitError:
        return None


def _decimals(item: Told) -> int:
    written = (
        re.search(r"\d+(?:\.(\d+))?(?=\D*$)", item.text)
        if item.unit is None
        else re.search(
            rf"{re.escape(number(float(item.value or 0)).split('.')[0])}(?:\.(\d+))?", item.text.replace(",", "")
        )
    )
    return len(written.group(1) or "") if written else 0


def _same(item: Told, unit: str | None, result: Result, concept: str) -> bool:
    there = _in_unit(result, unit, concept)
    if there is None or not isinstance(item.value, float) or (item.comparator or None) != result.comparator:
        return False
    converted = unit is not None and result.unit not in (unit, None)
    return bool(abs(there - item.value) <= (0.5 if converted else 0.05) * 10.0 ** -_decimals(item) + 1e-9)


def _apart(item: Told, unit: str | None, result: Result, concept: str) -> bool:
    there = _in_unit(result, unit, concept)
    return (
        there is not None and isinstance(item.value, float) and abs(there - item.value) > _STEADY_SHARE[concept] * there
    )


def _unlike(item: Told, unit: str, result: Result, concept: str, shown: Evidence) -> str:
    said = f"the note says {item.text}, the record has {shown.display}{_day(shown)}"
    there = _in_unit(result, unit, concept)
    if result.value == item.value and result.unit != unit:
        return f"{said}: the same number in another unit ({unit_label(unit)})"
    if there and isinstance(item.value, float) and item.value:
        for factor, words in ((10, "ten times"), (100, "a hundred times")):
            if abs(item.value / there / factor - 1) < 0.02:
                return f"{said}: {words} as much"
            if abs(there / item.value / factor - 1) < 0.02:
                return f"{said}: a {'tenth' if factor == 10 else 'hundredth'}"
    return said


async def _drug(item: Told, ctx: ToolContext) -> Compared:
    known = await _read(medication, ctx, concept=item.concept)
    told = item.assertion != "absent"
    if known.value is None:
        return Compared(item, "not_in_record", known.display, (known,))
    if known.value is not True:
        outcome: Outcome = "supported" if not told else "not_in_record"
        return Compared(item, outcome, known.display, (known,))
    if not told:
        return Compared(item, "contradicted", f"the note denies it, the record lists {known.display}", (known,))
    if item.value is None:
        return Compared(item, "supported", known.display, (known,))
    listed = (await medications.call({}, ctx)).evidence[1:]
    wanted = {part.id for part in ctx.terminology.expand(item.concept or "")}
    same = [entry for entry in listed if entry.concept in wanted] or [known]
    doses = {(float(m[1]), _dose_unit(m[2])) for entry in same for m in _DOSES.finditer(entry.display)}
    alike = {value for value, unit in doses if unit == _dose_unit(item.unit or "")}
    shown = "; ".join(entry.display for entry in same)
    if not alike:
        return Compared(item, "supported", f"{shown} (the dose is not comparable)", tuple(same))
    if item.value in alike:
        return Compared(item, "supported", shown, tuple(same))
    assert isinstance(item.value, float)
    factor = max(alike, key=lambda value: value)
    slip = f": {number(item.value / factor)} times as much" if item.value in {v * 10 for v in alike} else ""
    return Compared(item, "contradicted", f"the note says {item.text}, the record lists {shown}{slip}", tuple(same))


def _dose_unit(unit: str) -> str:
    folded = unit.casefold()
    return {"mcg": "ug", "microgram": "ug", "micrograms": "ug", "µg": "ug", "unit": "units"}.get(folded, folded)


async def _allergy_to(concept: str, ctx: ToolContext) -> Evidence | None:
    """A recorded allergy to a drug: to itself, to a class it belongs to, or to another direct member of one class.

    Wider kinship is none: an allergy to enalapril does not forbid furosemide because both lower the pressure.
    """
    terms = ctx.terminology
    within = {part.id for part in terms.expand(concept)} if concept in terms else {concept}
    families = [set(found.includes) for found in terms.concepts.values() if concept in found.includes]
    for item in (await allergies.call({}, ctx)).evidence[1:]:
        if item.concept is None or item.concept not in terms:
            continue
        wider = {part.id for part in terms.expand(item.concept)}
        if concept in wider or item.concept in within or any(item.concept in family for family in families):
            return item
    return None


async def _allergy(item: Told, ctx: ToolContext) -> Compared:
    hit = await _allergy_to(item.concept or "", ctx)
    told = item.assertion != "absent"
    if hit is not None:
        outcome: Outcome = "supported" if told else "contradicted"
        return Compared(item, outcome, f"recorded allergy: {hit.display}", (hit,))
    known = await _read(allergy, ctx, concept=item.concept)
    if known.value is True:
        return Compared(item, "not_in_record", f"only a related one is recorded: {known.display}", (known,))
    if known.value is False and not told:
        return Compared(item, "supported", known.display, (known,))
    if known.value is False and known.source.kind == "fhir" and getattr(known.source, "reference", None):
        return Compared(item, "contradicted", f"the record states {known.display}", (known,))
    return Compared(item, "not_in_record", known.display, (known,))


async def _no_allergies(item: Told, ctx: ToolContext) -> Compared:
    output = await allergies.call({}, ctx)
    head = output.evidence[0]
    if head.value is None:
        return Compared(item, "not_in_record", head.display, (head,))
    if head.value == 0:
        return Compared(item, "supported", head.display, (head,))
    listed = tuple(output.evidence[1:])
    return Compared(item, "contradicted", "the record lists " + "; ".join(e.display for e in listed), listed)


async def _age(item: Told, ctx: ToolContext) -> Compared:
    known = await _read(age, ctx)
    if not isinstance(known.value, int | float) or isinstance(known.value, bool):
        return Compared(item, "not_in_record", known.display, (known,))
    assert isinstance(item.value, float)
    if abs(item.value - int(known.value)) < 1:
        return Compared(item, "supported", known.display, (known,))
    return Compared(item, "contradicted", f"the note says {item.text}, by the record {known.display}", (known,))


async def _sex(item: Told, ctx: ToolContext) -> Compared:
    known = await _read(sex, ctx)
    if known.value not in ("male", "female"):
        return Compared(item, "not_in_record", known.display, (known,))
    outcome: Outcome = "supported" if known.value == item.value else "contradicted"
    return Compared(item, outcome, f"recorded sex: {known.display}", (known,))


_COMPARE: dict[str, Callable[[Told, Any], Coroutine[Any, Any, Compared | None]]] = {
    "finding": _finding,
    "measurement": _measurement,
    "drug": _drug,
    "allergy": _allergy,
    "no_allergies": _no_allergies,
    "age": _age,
    "sex": _sex,
}
