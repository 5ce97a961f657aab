"""Looking up what an instruction rests on: one statistic of one measurement, with its evidence; or that it is none."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.instruct_plan import Condition, Look
from knowledge.evidence import Evidence
from knowledge.quantity import Quantity, UnitError, convert
from knowledge.terminology import Concept
from tools.context import ToolContext
from tools.ehr.facts.results import Result, result_of, results_of, specimens_of
from tools.ehr.facts.statistics import summarise
from tools.ehr.reads.reading import fact, nothing, record_of

SLOT = "looked_up"
# Reported in mass and in amount (or other scales): the same number means different things, so a limit needs its unit.
TWO_UNITS = frozenset(
    {"glucose", "glucose_blood", "fasting_glucose", "creatinine", "creatinine_blood", "haemoglobin", "magnesium",
     "calcium", "calcium_blood", "phosphate", "urea", "urea_nitrogen", "urea_nitrogen_blood", "urea_or_urea_nitrogen",
     "bilirubin", "total_cholesterol", "ldl", "hdl", "non_hdl_reported", "triglycerides", "hba1c", "lactate",
     "lactate_blood", "albumin", "temperature", "weight", "height", "troponin", "troponin_i", "troponin_t",
     "hs_troponin", "hs_troponin_i", "hs_troponin_t", "d_dimer", "d_dimer_feu", "d_dimer_ddu", "crp", "digoxin_level",
     "lipoprotein_a", "blood_ketones", "fibrinogen"}
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What was found. `none`: nothing is on file (within the window), proved by a complete answer."""

    evidence: Evidence
    quantity: Quantity | None = None
    at: datetime | None = None
    judged: str | None = None
    none: bool = False
    said: str = ""
    cautions: tuple[str, ...] = ()


async def look_up(look: Look, ctx: ToolContext) -> Found:
    """Read the record for it; a result that cannot be used is no result, and is named."""
    record = record_of(ctx)
    concept = (
        ctx.terminology.get(look.concept)
        if look.concept
        else Concept(id="named_in_the_instruction", kind="observation", name=look.subject)
    )
    part = await record.slice("Observation")
    items = {item.entry.reference: item for item in (await results_of(record, concept)).found} if look.concept else {}
    coded = [
        (entry, coding)
        for entry in part.entries
        for coding in entry.codings
        if coding.code in look.codes and entry.reference not in items
    ]
    drawn = await specimens_of(record, (entry for entry, _ in coded))
    for entry, coding in coded:
        items[entry.reference] = result_of(
            record, concept, entry, entry.resource, "Observation.value", coding, drawn.get(entry.reference, "")
        )
    since = ctx.now - timedelta(hours=look.hours) if look.hours else None
    inside = [item for item in items.values() if since is None or (item.moment and since <= item.moment <= ctx.now)]
    at = ctx.at(SLOT, {})
    window = f" in the last {look.hours:g} h" if look.hours else ""
    if not inside:
        older = max((item.moment for item in items.values() if item.moment), default=None)
        last = f"; the last was on {older:%Y-%m-%d %H:%M}" if older else ""
        said = f"no {look.subject} on record{window}{last}"
        complete = part.complete
        evidence = nothing(at, f"{part.query} ({look.subject}{window})", said, concept=look.concept, complete=complete)
        return Found(evidence, none=complete, said=evidence.display)
    outcome = summarise(inside, look.statistic, analyte=look.concept)
    used = outcome.used[0] if outcome.used else max(inside, key=lambda item: (item.moment is not None, str(item.at)))
    if isinstance(outcome.value, bool) or not isinstance(outcome.value, int | float) or not outcome.unit:
        said = (
            f"{look.subject} {used.display or used.empty or 'not usable'} of {used.at or 'no date'}: {outcome.display}"
        )
        evidence = fact(at, used.entry, None, said, path=used.path, concept=look.concept, flags=used.flags)
        return Found(evidence, at=used.moment, said=said)
    quantity = Quantity(float(outcome.value), outcome.unit, outcome.comparator)
    evidence = fact(
        at,
        used.entry,
        outcome.value,
        outcome.display,
        path=used.path,
        flags=(*used.flags, *outcome.flags),
        concept=look.concept,
        unit=outcome.unit,
        comparator=outcome.comparator,
    )
    said = f"{look.statistic} {look.subject}{window}: {outcome.display}, {used.at or 'no date'}"
    return Found(
        evidence, quantity, used.moment, used.judged, said=said, cautions=_cautions(used, outcome.flags, part.complete)
    )


def _cautions(used: Result, flags: tuple[str, ...], complete: bool) -> tuple[str, ...]:
    """What is to be known about the value before it is acted on."""
    found = [*used.entry.verdict.flags, *used.flags, *flags]
    if used.material and used.material not in ("serum or plasma", "serum", "plasma"):
        found.append(f"measured in {used.material}")
    if not complete:
        found.append("the results could not be read completely: a newer one may exist")
    return tuple(dict.fromkeys(found))


def holds(condition: Condition, found: Found | None, now: datetime) -> tuple[bool | None, str]:
    """`(whether the condition holds, why)`; None where that cannot be said, and then nothing is drafted."""
    if condition.kind == "always":
        return True, "no condition"
    if found is None:
        return None, f"what the condition is about is not named: {condition.text}"
    if condition.kind == "missing":
        return (True, found.said) if found.none else (False if found.quantity else None, found.said)
    if found.quantity is None:
        if not found.none:
            return None, found.said
        if condition.if_missing:
            return True, f"{found.said}: nothing on file is taken as the condition met"
        return None, f"{found.said}: nothing is ordered on a value that is missing"
    if condition.kind == "older":
        return _older(condition, found, now)
    return _compared(condition, found)


def _older(condition: Condition, found: Found, now: datetime) -> tuple[bool | None, str]:
    if found.at is None:
        return None, f"{found.said}: a result without a date has no age"
    limit = before(now, condition.amount or 0, condition.period or "day")
    days = (now - found.at).days
    age = f"{days} days old" if days else "less than a day old"
    length = f"{condition.amount} {condition.period}{'s' if condition.amount != 1 else ''}"
    return found.at < limit, f"{found.said} is {age}: {'older' if found.at < limit else 'not older'} than {length}"


def before(now: datetime, amount: int, period: str) -> datetime:
    """So many hours, days, weeks, months or years before a time, by the calendar."""
    if period in ("hour", "day", "week"):
        return now - timedelta(hours=amount * {"hour": 1, "day": 24, "week": 168}[period])
    months = now.year * 12 + now.month - 1 - amount * (12 if period == "year" else 1)
    year, month = divmod(months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, calendar.monthrange(year, month + 1)[1]))


def in_unit(quantity: Quantity, unit: str | None, concept: str | None) -> Quantity | None:
    """A value in another unit; as it is where none is asked for, None where there is no conversion."""
    if unit is None or unit == quantity.unit:
        return quantity
    try:
        return convert(quantity, unit, concept)
    except UnitError:
        return None


def _compared(condition: Condition, found: Found) -> tuple[bool | None, str]:
    assert found.quantity is not None
    word = "below" if condition.kind == "below" else "above"
    if condition.limit is None:
        lies = {"below": "low", "above": "high"}[word]
        if found.judged is None:
            why = "the laboratory gave no range and the instruction no limit"
            return None, f"{found.said}: whether that is {lies} is not known ({why})"
        return found.judged == lies, f"{found.said}: {found.judged} by the laboratory's own range"
    if condition.unit is None and found.evidence.concept in TWO_UNITS:
        why = f"{found.evidence.concept} is reported in more than one unit and the limit {condition.limit:g} has none"
        return None, f"{found.said}: {why}: nothing is ordered"
    value = in_unit(found.quantity, condition.unit, found.evidence.concept)
    unit = condition.unit or found.quantity.unit
    if value is None:
        return None, f"{found.said} cannot be compared with {condition.limit:g} {unit}: no conversion"
    low, high = value.bounds
    sides = [_side(condition, end) for end in ({low, high} if low != high else {low})]
    told = f"{found.said}; limit {condition.op} {condition.limit:g} {unit} ({condition.limit_from})"
    if len(set(sides)) > 1:
        return None, f"{told}: the result's comparator leaves it open"
    return sides[0], told


def _side(condition: Condition, value: float) -> bool:
    assert condition.limit is not None
    if condition.high is not None and not value <= condition.high:
        return False
    return {
        "<": value < condition.limit,
        "<=": value <= condition.limit,
        ">": value > condition.limit,
        ">=": value >= condition.limit,
    }[condition.op or "<"]
