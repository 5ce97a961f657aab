"""record.critical: results of the last 72 hours that cannot wait (safety rule 3), whatever was asked.

The laboratory's own HH, LL and AA come first; where it gave none, a table with its source (`knowledge/critical.yaml`).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import knowledge
from knowledge.evidence import Evidence
from knowledge.guideline import read_yaml
from knowledge.quantity import Quantity, UnitError, convert, number, unit_label
from tools.ehr.compartment import walk
from tools.ehr.dates import start_of, years_at
from tools.ehr.elements import codings, quantity, words
from tools.ehr.facts.results import Result, results_of
from tools.ehr.reads.reading import NoParams, fact, nothing, plural, record_of, within, words_of
from tools.ehr.record import Entry, PatientRecord, concepts_of
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext

TABLE = Path(knowledge.__file__).with_name("critical.yaml")
HOURS = 72
ADULT = 18
_PANIC = {"HH": "critically high", "LL": "critically low", "AA": "critically abnormal"}


@dataclass(frozen=True)
class Limit:
    """One row of the table."""

    concept: str
    low: Quantity | None
    high: Quantity | None
    population: str
    source: str


@functools.cache
def limits() -> tuple[Limit, ...]:
    """The table of critical limits."""
    return tuple(
        Limit(
            row["concept"],
            _quantity(row.get("low")),
            _quantity(row.get("high")),
            str(row.get("population", "all")),
            str(row["source"].get("title") if isinstance(row["source"], dict) else row["source"]),
        )
        for row in read_yaml(TABLE) or []
    )


def _quantity(value: Any) -> Quantity | None:
    return None if value is None else Quantity(float(value["value"]), str(value["unit"]))


@tool("record.critical", version="1.0.0", kind="record", title="Critical results of the last 72 hours")
async def critical(params: NoParams, ctx: ToolContext) -> ToolOutput:
    """A head that counts, then one item per critical result: the laboratory's own flag, else a cited table."""
    record = record_of(ctx)
    part = await record.slice("Observation")
    recent = [entry for entry in part.entries if within(entry, HOURS / 24, ctx.now)]
    found: dict[tuple[str, str], Evidence] = {}
    for entry in recent:
        found |= {(entry.reference, path): item for path, item in _flagged(ctx, entry)}
    unusable: list[str] = []
    checked: set[str] = set()
    for limit in limits():
        if limit.concept not in ctx.terminology or not _applies(limit, record, ctx):
            continue
        for result in (await results_of(record, ctx.terminology.get(limit.concept))).found:
            if not within(result.entry, HOURS / 24, ctx.now):
                continue
            checked.add(result.entry.reference)
            if result.problem:
                unusable.append(f"{words_of(ctx.terminology.get(limit.concept))} {result.problem}")
            elif (side := _beyond(result, limit)) and (result.entry.reference, result.path) not in found:
                found[(result.entry.reference, result.path)] = _item(ctx, result, limit, side)
    left = len([entry for entry in recent if entry.reference not in checked])
    return ToolOutput(
        evidence=[_head(ctx, part.query, part.complete, len(found), len(recent), left, unusable), *found.values()],
        warnings=[*part.problems],
        detail={"critical": [item.id for item in found.values()]},
    )


def _flagged(ctx: ToolContext, entry: Entry) -> list[tuple[str, Evidence]]:
    """Results the laboratory itself marks."""
    items = []
    for element, path in [
        (entry.resource, "Observation.value"),
        *((component, _component_path(component)) for component in walk(entry.resource, "component")),
    ]:
        codes = [code for code in walk(element, "interpretation.coding.code") if code in _PANIC]
        if not codes:
            continue
        concept = _concept(ctx, element)
        shown, value, unit, comparator = _value(element)
        name = ctx.terminology.get(concept).name if concept else words(element.get("code"))
        items.append(
            (
                path,
                fact(
                    ctx,
                    entry,
                    value,
                    f"{name}: {shown}, {_PANIC[codes[0]]}",
                    path=path,
                    concept=concept,
                    unit=unit,
                    comparator=comparator,
                    slot=f"{ctx.slot}.{entry.reference.replace('/', '-')}",
                    flags=(f"interpretation {codes[0]}", "laboratory's own flag"),
                ),
            )
        )
    return items


def _component_path(component: dict[str, Any]) -> str:
    code = next(walk(component, "code.coding.code"), "")
    return f"Observation.component.where(code.coding.code='{code}').value"


def _concept(ctx: ToolContext, element: dict[str, Any]) -> str | None:
    found = (name for coding in codings(element.get("code")) for name in concepts_of(ctx.terminology, coding))
    return next(found, None)


def _value(element: dict[str, Any]) -> tuple[str, float | str | None, str | None, str | None]:
    measured = quantity(element.get("valueQuantity"))
    if measured is not None:
        shown = f"{measured.comparator or ''}{number(measured.value)} {unit_label(measured.unit or '')}".strip()
        return shown, measured.value, measured.unit, measured.comparator if measured.unit else None
    text = words(element.get("valueCodeableConcept")) or str(element.get("valueString") or "no value")
    return text, text, None, None


def _applies(limit: Limit, record: PatientRecord, ctx: ToolContext) -> bool:
    """Whether a row is for this patient; with no birth date the adult table is used rather than none."""
    birth = record.patient.get("birthDate")
    if limit.population in ("all", "any", "") or not birth or start_of(str(birth)) is None:
        return limit.population in ("all", "any", "", "adult")
    low, _ = years_at(str(birth), ctx.now)
    return limit.population == ("adult" if low >= ADULT else "child")


def _beyond(result: Result, limit: Limit) -> str | None:
    measured = result.quantity
    if measured is None:
        return None
    try:
        if limit.low is not None:
            given = convert(measured, limit.low.unit, limit.concept)
            if given.value <= limit.low.value and given.comparator not in (">", ">="):
                return "low"
        if limit.high is not None:
            given = convert(measured, limit.high.unit, limit.concept)
            if given.value >= limit.high.value and given.comparator not in ("<", "<="):
                return "high"
    except UnitError:
        return None
    return None


def _item(ctx: ToolContext, result: Result, limit: Limit, side: str) -> Evidence:
    concept = ctx.terminology.get(limit.concept)
    bound = limit.low if side == "low" else limit.high
    assert bound is not None
    word = "at or below" if side == "low" else "at or above"
    return fact(
        ctx,
        result.entry,
        result.value,
        f"{concept.name}: {result.display}, {word} {bound.display}",
        path=result.path,
        concept=limit.concept,
        unit=result.unit,
        comparator=result.comparator,
        coding=result.coding,
        slot=f"{ctx.slot}.{result.entry.reference.replace('/', '-')}.{limit.concept}",
        flags=(*result.flags, f"critical {side}", f"table: {limit.source}"),
    )


def _head(
    ctx: ToolContext, query: str, complete: bool, found: int, recent: int, left: int, unusable: list[str]
) -> Evidence:
    flags = tuple(f"not usable: {text}" for text in dict.fromkeys(unusable))
    query = f"{query}&date=last {HOURS} h"
    if found:
        shown, value = plural(found, "critical result"), float(found)
    elif recent:
        others = f"; {left} not in the table" if left else ""
        shown, value = f"none of {plural(recent, 'result')} of {HOURS} h is flagged or beyond the table{others}", 0.0
    else:
        return nothing(ctx, query, f"no results in the last {HOURS} h", complete=complete, flags=flags)
    known = value if complete or found else None
    return nothing(ctx, query, shown, value=known, unit="1", complete=complete, flags=flags)
