"""record.times_upper_limit: a result in multiples of the limit its own laboratory printed beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from knowledge.evidence import Evidence, FhirElement
from knowledge.quantity import Quantity, UnitError, convert
from tools.ehr.elements import quantity
from tools.ehr.facts.results import Result, everyones, results_of
from tools.ehr.reads.reading import concept_of, record_of, words_of
from tools.ehr.reads.results import ObservationParams, latest
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext


@tool("record.times_upper_limit", version="1.0.0", kind="record", title="Times the upper limit")
async def times_upper_limit(params: ObservationParams, ctx: ToolContext) -> ToolOutput:
    """The newest usable result divided by the upper limit recorded with it; unknown where no limit is."""
    results = await results_of(record_of(ctx), concept_of(ctx, params.concept))
    newest = latest(results, ctx, params.max_age_days)
    source = newest.source
    if newest.value is None or not isinstance(source, FhirElement):
        return ToolOutput(evidence=[newest])
    item = next((one for one in results.found if one.entry.reference == source.reference), None)
    limit = _limit(item) if item is not None else None
    if item is None or limit is None or item.quantity is None or limit.value <= 0:
        shown = f"{words_of(results.concept)} {newest.display}: no upper limit of the laboratory is recorded with it"
        return ToolOutput(evidence=[_of(newest, source, None, shown)])
    try:
        times = item.quantity.value / convert(limit, item.quantity.unit, results.concept.id).value
    except UnitError:
        shown = f"{words_of(results.concept)} {newest.display}: its upper limit is given in another unit"
        return ToolOutput(evidence=[_of(newest, source, None, shown)])
    shown = f"{newest.comparator or ''}{times:.1f} times the upper limit"
    return ToolOutput(evidence=[_of(newest, source, round(times, 1), shown)])


def _limit(item: Result) -> Quantity | None:
    """The upper limit of the normal range that is not one for other people (no age or population is given)."""
    found = set()
    for row in item.entry.resource.get("referenceRange", []):
        if item.path == "Observation.value" and isinstance(row, dict) and everyones(row):
            high = quantity(row.get("high"))
            if high is not None and high.unit is not None:
                found.add((high.value, high.unit))
    return Quantity(*found.pop()) if len(found) == 1 else None


def _of(newest: Evidence, source: FhirElement, value: float | None, shown: str) -> Evidence:
    kept = newest.model_dump(exclude={"id", "kind", "value", "unit", "display", "range", "concept", "source"})
    own = source.model_copy(update={"trend": (), "path": "Observation.referenceRange"})
    return Evidence(**kept, source=own, value=value, unit="1" if value is not None else None, display=shown)
