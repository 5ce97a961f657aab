"""record.observation, persists, rise, trend: what is used, what is shown and not used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from knowledge.evidence import Evidence, FhirElement
from tools.errors import BadInput

Ask = Callable[..., Awaitable[list[Evidence]]]
Row = Callable[..., dict[str, Any]]
GFR = {"value": 60, "unit": "mL/min/{1.73_m2}"}


async def latest(ask: Ask, ctx: Any, concept: str = "creatinine", **more: Any) -> tuple[Evidence, FhirElement]:
    found = (await ask(ctx, "record.observation", concept=concept, **more))[0]
    assert isinstance(found.source, FhirElement)
    return found, found.source


async def test_latest_as_recorded_with_trend(chart: Any, ask: Ask, creatinine: Row) -> None:
    ctx = await chart(
        observations=[
            creatinine(0.9, "2025-01-05T08:00:00Z"),
            creatinine(1.10, "2026-02-20T08:10:00Z"),
            {"id": "u", "code": "loinc:14682-9", "value": 88, "unit": "umol/L", "at": "2025-06-01T08:00:00Z"},
        ]
    )
    found, source = await latest(ask, ctx)
    assert (found.value, found.unit, found.display) == (1.1, "mg/dL", "1.1 mg/dL")
    assert found.effective_at == "2026-02-20T08:10:00Z"
    assert source.coding == "loinc:2160-0"
    assert source.path == "Observation.value"
    assert [(point["value"], point["unit"]) for point in source.trend] == [
        (0.9, "mg/dL"),
        (88.0, "umol/L"),
        (1.1, "mg/dL"),
    ]
    assert [point["at"] for point in source.trend] == sorted(str(point["at"]) for point in source.trend)


async def test_nothing_dated_after_the_clock_is_seen(chart: Any, ask: Ask, creatinine: Row) -> None:
    rows = [creatinine(1.0, "2026-01-01T08:00:00Z"), creatinine(9.0, "2026-03-02T09:00:01Z")]
    found, source = await latest(ask, await chart(observations=rows))
    assert found.value == 1.0
    assert len(source.trend) == 1


async def test_a_result_not_yet_issued_is_not_seen(chart: Any, ask: Ask) -> None:
    late = {
        "resourceType": "Observation",
        "id": "late",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]},
        "effectiveDateTime": "2026-03-01T08:00:00Z",
        "issued": "2026-03-02T12:00:00Z",
        "valueQuantity": {"value": 3.1, "unit": "mg/dL"},
    }
    found, _ = await latest(ask, await chart(resources=[late]))
    assert found.value is None


async def test_too_old_is_named_but_not_used(chart: Any, ask: Ask, creatinine: Row) -> None:
    ctx = await chart(observations=[creatinine(1.1, "2025-01-16T09:00:00Z")])
    found, source = await latest(ask, ctx, max_age_days=365)
    assert found.value is None
    assert found.display == "last 1.1 mg/dL (410 days old), older than 365 days"
    assert found.effective_at == "2025-01-16T09:00:00Z"
    assert "stale" in source.flags


@pytest.mark.parametrize(
    ("unit", "why"),
    [
        (None, "creatinine 1.1 without unit: not usable"),
        ("kg", "a unit it cannot have"),
        ("blobs", "is not a unit"),
    ],
)
async def test_without_a_unit_it_could_have_it_is_not_usable(
    chart: Any, ask: Ask, creatinine: Row, unit: str | None, why: str
) -> None:
    rows = [creatinine(1.0, "2026-01-01T08:00:00Z"), creatinine(1.1, "2026-02-01T08:00:00Z", unit=unit)]
    found, source = await latest(ask, await chart(observations=rows))
    assert found.value is None
    assert why in found.display
    assert "not usable" in source.flags
    assert source.reference


async def test_dimensionless_needs_no_unit(chart: Any, ask: Ask) -> None:
    row = {"id": "i", "code": "loinc:6301-6", "value": 2.5, "at": "2026-03-01T08:00:00Z"}
    found, _ = await latest(ask, await chart(observations=[row]), "inr")
    assert (found.value, found.unit, found.display) == (2.5, "1", "2.5")


async def test_written_units_are_understood(chart: Any, ask: Ask) -> None:
    body = {
        "resourceType": "Observation",
        "id": "w",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "effectiveDateTime": "2026-03-01T08:00:00Z",
        "valueQuantity": {"value": 130, "unit": "mmHg"},
    }
    found, _ = await latest(ask, await chart(resources=[body]), "systolic_bp")
    assert (found.value, found.unit) == (130.0, "mm[Hg]")


async def test_d_dimer_without_its_assay(chart: Any, ask: Ask) -> None:
    row = {"id": "d", "code": "loinc:48065-7", "value": 590, "unit": "ng/mL", "at": "2026-03-02T08:00:00Z"}
    found, _ = await latest(ask, await chart(observations=[row]), "d_dimer")
    assert found.value is None
    assert "without FEU or DDU" in found.display
    found, _ = await latest(ask, await chart(observations=[{**row, "unit": "ng/mL{FEU}"}]), "d_dimer")
    assert (found.value, found.unit) == (590.0, "ng/mL{FEU}")


async def test_comparators_ranges_and_texts_are_kept(chart: Any, ask: Ask, creatinine: Row) -> None:
    found, _ = await latest(ask, await chart(observations=[creatinine(0.2, "2026-03-01T08:00:00Z", comparator="<")]))
    assert (found.value, found.comparator, found.display) == (0.2, "<", "<0.2 mg/dL")
    body = {
        "resourceType": "Observation",
        "id": "r",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
        "effectiveDateTime": "2026-03-01",
        "valueRange": {"low": {"value": 4, "unit": "mmol/L"}, "high": {"value": 5, "unit": "mmol/L"}},
    }
    ctx = await chart(
        resources=[body],
        observations=[
            {"id": "t", "code": "loinc:9318-7", "value_text": "sample too old", "at": "2026-03-01T08:00:00Z"}
        ],
    )
    found, _ = await latest(ask, ctx, "potassium")
    assert (found.value, found.range, found.unit) == (None, (4.0, 5.0), "mmol/L")
    found, _ = await latest(ask, ctx, "acr")
    assert found.value == "sample too old"


async def test_impossible_values_are_shown_and_not_used(chart: Any, ask: Ask) -> None:
    row = {"id": "s", "code": "loinc:59408-5", "value": 140, "unit": "%", "at": "2026-03-01T08:00:00Z"}
    found, source = await latest(ask, await chart(observations=[row]), "spo2")
    assert found.value is None
    assert "140" in found.display
    assert "impossible value" in source.flags


async def test_blood_pressure_components_and_panel(chart: Any, ask: Ask) -> None:
    row = {
        "id": "bp",
        "code": "loinc:85354-9",
        "at": "2026-03-01T08:00:00Z",
        "category": "vital-signs",
        "components": [
            {"code": "loinc:8480-6", "value": 138, "unit": "mm[Hg]"},
            {"code": "loinc:8462-4", "value": 78, "unit": "mm[Hg]"},
        ],
    }
    ctx = await chart(observations=[row])
    found, source = await latest(ask, ctx, "systolic_bp")
    assert (found.value, found.display) == (138.0, "138 mmHg")
    assert source.path == "Observation.component.where(code.coding.code='8480-6').value"
    found, _ = await latest(ask, ctx, "blood_pressure")
    assert found.value == "138/78 mmHg"


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered"])
async def test_a_withdrawn_newer_result_falls_back_and_is_named(
    chart: Any, ask: Ask, creatinine: Row, status: str
) -> None:
    rows = [creatinine(1.0, "2026-01-01T08:00:00Z"), creatinine(7.7, "2026-02-01T08:00:00Z", status=status)]
    found, source = await latest(ask, await chart(observations=rows))
    assert found.value == 1.0
    assert any(flag.startswith("newer result not used") for flag in source.flags)
    assert all(point["value"] != 7.7 for point in source.trend)


async def test_a_newer_result_without_value_is_named(chart: Any, ask: Ask, creatinine: Row) -> None:
    rows = [creatinine(1.0, "2026-01-01T08:00:00Z"), creatinine(None, "2026-02-01T08:00:00Z", absent="not-performed")]
    found, source = await latest(ask, await chart(observations=rows))
    assert found.value == 1.0
    assert "newer result without value: not-performed" in source.flags


async def test_amended_and_preliminary_are_shown(chart: Any, ask: Ask, creatinine: Row) -> None:
    ctx = await chart(
        observations=[creatinine(1.2, "2026-02-01T08:00:00Z", status="amended", high=1.1, interpretation="H")]
    )
    _, source = await latest(ask, ctx)
    assert set(source.flags) == {"amended", "interpretation H", "above the laboratory's range"}


async def test_two_results_at_one_time_are_a_conflict(chart: Any, ask: Ask, creatinine: Row) -> None:
    rows = [creatinine(1.0, "2026-02-01T08:00:00Z"), creatinine(1.6, "2026-02-01T08:00:00Z")]
    found, source = await latest(ask, await chart(observations=rows))
    assert found.value is None
    assert "conflict" in source.flags
    same = [creatinine(1.0, "2026-02-01T08:00:00Z"), creatinine(1.0, "2026-02-01T08:00:00Z", status="corrected")]
    found, _ = await latest(ask, await chart(observations=same))
    assert found.value is None or found.value == 1.0


async def test_undated_is_said_and_never_recent(chart: Any, ask: Ask) -> None:
    row = {"id": "x", "code": "loinc:2160-0", "value": 1.3, "unit": "mg/dL"}
    ctx = await chart(observations=[row])
    found, source = await latest(ask, ctx)
    assert found.value == 1.3
    assert "undated" in source.flags
    found, _ = await latest(ask, ctx, max_age_days=30)
    assert found.value is None


async def test_not_recorded(chart: Any, ask: Ask) -> None:
    found, source = await latest(ask, await chart())
    assert (found.value, found.display, source.reference, source.complete) == (
        None,
        "creatinine not recorded",
        None,
        True,
    )


# -- series ----------------------------------------------------------------------------------------------------------


async def persists(ask: Ask, ctx: Any, **more: Any) -> Evidence:
    given = {
        "concept": "acr",
        "op": ">=",
        "value": {"value": 30, "unit": "mg/g"},
        "days": {"value": 90, "unit": "d"},
        **more,
    }
    return (await ask(ctx, "record.persists", **given))[0]


def acr(value: float, at: str) -> dict[str, Any]:
    return {"id": f"a{at[:10]}", "code": "loinc:9318-7", "value": value, "unit": "mg/g", "at": f"{at}T08:00:00Z"}


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ([(50, "2025-08-01"), (60, "2026-02-01")], True),
        ([(50, "2025-12-01"), (60, "2026-02-01")], None),
        ([(60, "2026-02-01")], None),
        ([(50, "2025-08-01"), (10, "2025-12-15"), (60, "2026-02-01")], False),
        ([(50, "2025-05-01"), (10, "2025-08-01"), (60, "2025-12-01"), (70, "2026-02-01")], None),
        ([(50, "2025-08-01"), (10, "2026-02-01")], False),
        ([(50, "2023-08-01"), (60, "2024-02-01")], None),
        ([], None),
    ],
)
async def test_persistence(chart: Any, ask: Ask, series: list[tuple[float, str]], expected: bool | None) -> None:
    ctx = await chart(observations=[acr(value, at) for value, at in series])
    assert (await persists(ask, ctx)).value is expected


async def test_persistence_converts_units_and_months(chart: Any, ask: Ask, creatinine: Row) -> None:
    ctx = await chart(observations=[creatinine(2.0, "2025-09-01T08:00:00Z"), creatinine(2.2, "2026-02-01T08:00:00Z")])
    found = await persists(
        ask, ctx, concept="creatinine", value={"value": 150, "unit": "umol/L"}, days={"value": 3, "unit": "mo"}
    )
    assert found.value is True
    assert isinstance(found.source, FhirElement)
    assert len(found.source.trend) == 2


async def test_persistence_refuses_what_it_cannot_read(chart: Any, ask: Ask) -> None:
    ctx = await chart(observations=[acr(50, "2026-02-01")])
    with pytest.raises(BadInput):
        await persists(ask, ctx, op="~")
    with pytest.raises(BadInput):
        await persists(ask, ctx, value="no_such_recommendation.value")
    with pytest.raises(BadInput):
        await persists(ask, ctx, days={"value": 3, "unit": "kg"})


@pytest.mark.parametrize(
    ("series", "args", "expected"),
    [
        ([(1.0, "2026-02-27"), (1.6, "2026-03-01")], {"ratio": 1.5, "days": 7}, True),
        ([(1.0, "2026-02-27"), (1.4, "2026-03-01")], {"ratio": 1.5, "days": 7}, False),
        ([(1.0, "2025-10-01"), (1.6, "2026-03-01")], {"ratio": 1.5, "days": 7}, None),
        ([(1.0, "2025-10-01"), (1.1, "2026-03-01")], {"ratio": 1.5, "days": 7}, False),
        ([(1.1, "2026-03-01")], {"ratio": 1.5, "days": 7}, None),
        ([], {"ratio": 1.5, "days": 7}, None),
        ([(1.0, "2026-02-28"), (1.3, "2026-03-01")], {"rise": {"value": 0.3, "unit": "mg/dL"}, "days": 2}, True),
        ([(1.0, "2026-02-28"), (1.3, "2026-03-01")], {"rise": {"value": 40, "unit": "umol/L"}, "days": 2}, False),
        ([(1.0, "2026-02-28"), (1.3, "2026-03-01")], {"delta": 0.3, "days": {"value": 48, "unit": "h"}}, True),
        ([(1.0, "2024-02-28"), (1.3, "2026-03-01")], {"rise": 0.3, "days": 2}, None),
    ],
)
async def test_rise(
    chart: Any, ask: Ask, creatinine: Row, series: list[tuple[float, str]], args: dict[str, Any], expected: bool | None
) -> None:
    ctx = await chart(observations=[creatinine(value, f"{at}T08:00:00Z") for value, at in series])
    assert (await ask(ctx, "record.rise", concept="creatinine", **args))[0].value is expected


async def test_rise_needs_a_limit(chart: Any, ask: Ask) -> None:
    with pytest.raises(BadInput):
        await ask(await chart(), "record.rise", concept="creatinine", days=7)


async def test_trend_gives_an_item_per_result(chart: Any, ask: Ask, creatinine: Row) -> None:
    ctx = await chart(
        observations=[creatinine(1 + n / 100, f"2025-{n % 12 + 1:02}-{n + 1:02}T08:00:00Z") for n in range(15)]
    )
    items = await ask(ctx, "record.trend", concept="creatinine")
    assert len(items) == 13
    assert [item.slot for item in items[:3]] == ["s", "s.1", "s.2"]
    assert [item.effective_at for item in items[1:]] == sorted(str(item.effective_at) for item in items[1:])


def _body(value: float, day: int = 20, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"b{value:g}".replace(".", "-"),
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}], "text": "Creatinine"},
        "effectiveDateTime": f"2026-02-{day:02}T08:00:00Z",
        "valueQuantity": {"value": value, "unit": "mg/dL"},
        **more,
    }


async def test_a_urine_creatinine_is_no_creatinine(chart: Any, ask: Ask) -> None:
    urine = _body(90.0, 25, specimen={"display": "Urine"})
    found, source = await latest(ask, await chart(resources=[_body(1.1), urine]))
    assert found.value == 1.1
    assert "not used: 90 mg/dL, measured in urine" in source.flags
    assert [point["value"] for point in source.trend] == [1.1]
    alone = (await ask(await chart(resources=[urine]), "record.observation", concept="creatinine"))[0]
    assert alone.value is None


async def test_a_final_result_stands_before_a_preliminary_one_of_its_time(chart: Any, ask: Ask) -> None:
    found, source = await latest(ask, await chart(resources=[_body(1.1), _body(9.0, status="preliminary")]))
    assert found.value == 1.1
    assert "preliminary, and a later one is there: 9 mg/dL" in source.flags


async def test_a_result_dated_to_the_month_may_be_newer(chart: Any, ask: Ask) -> None:
    _, source = await latest(ask, await chart(resources=[_body(1.1), _body(3.0, effectiveDateTime="2026-02")]))
    assert "may be newer: 3 mg/dL, dated 2026-02 only" in source.flags


async def test_a_titre_is_said_and_other_ranges_are_not_the_limit(chart: Any, ask: Ask) -> None:
    titre = _body(1.0) | {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 160}}}
    del titre["valueQuantity"]
    found, _ = await latest(ask, await chart(resources=[titre]))
    assert found.display == "1:160"
    child = {"high": {"value": 0.5, "unit": "mg/dL"}, "age": {"high": {"value": 12, "unit": "a"}}}
    adult = {"high": {"value": 2.0, "unit": "mg/dL"}}
    more = {"value": 4.0, "unit": "mg/dL", "comparator": ">"}
    ctx = await chart(resources=[_body(4.0, referenceRange=[child, adult], valueQuantity=more)])
    times = (await ask(ctx, "record.times_upper_limit", concept="creatinine"))[0]
    assert (times.value, times.display) == (2.0, ">2.0 times the upper limit")
    low, source = await latest(ask, await chart(resources=[_body(1.0, referenceRange=[child])]))
    assert low.value == 1.0
    assert "above the laboratory's range" not in source.flags


async def test_laboratory_results_by_the_older_category_and_without_one(chart: Any, ask: Ask) -> None:
    v2 = _body(1.1, category=[{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB"}]}])
    assert (await ask(await chart(resources=[v2]), "record.labs"))[0].value == 1.0
    bare = (await ask(await chart(resources=[_body(1.1)]), "record.labs"))[0]
    assert bare.display == "no laboratory tests recorded; 1 result without a category, not among them"
