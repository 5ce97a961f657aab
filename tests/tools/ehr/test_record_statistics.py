"""Statistics over results: comparators, materials and units are kept; what is left out has its reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from knowledge.quantity import Quantity
from tools.ehr.facts.results import Results, results_of
from tools.ehr.facts.results_named import NO_UNIT, results_named
from tools.ehr.facts.statistics import Comparison, Outcome, by_material, change, statistic_of
from tools.ehr.facts.windows import Window


def observation(number: int, value: Any, at: str, *, unit: str | None = "mg/dL", **more: Any) -> dict[str, Any]:
    quantity = {"value": value, **({"unit": unit, "code": unit, "system": "http://unitsofmeasure.org"} if unit else {})}
    if isinstance(value, str):
        quantity |= {"comparator": value[0], "value": float(value[1:])}
    body = {
        "resourceType": "Observation",
        "id": f"r{number}",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}], "text": "Creatinine"},
        "effectiveDateTime": at,
        "valueQuantity": quantity,
    }
    return {key: item for key, item in {**body, **more}.items() if item is not None}


def at(day: int, hour: int = 8) -> str:
    return f"2026-02-{day:02}T{hour:02}:00:00Z"


@pytest.fixture
def series(chart: Any) -> Any:
    """`await series([(value, day, {more}), ...])`: results of creatinine."""

    async def build(rows: list[tuple[Any, ...]], **more: Any) -> Results:
        bodies = [
            observation(number, row[0], at(row[1]), **(row[2] if len(row) > 2 else {}))
            for number, row in enumerate(rows)
        ]
        ctx = await chart(resources=bodies, **more)
        return await results_of(ctx.record, ctx.terminology.get("creatinine"))

    return build


@pytest.mark.parametrize(
    ("statistic", "value"),
    [
        ("latest", 1.6),
        ("first", 1.0),
        ("mean", 1.3),
        ("median", 1.3),
        ("minimum", 1.0),
        ("maximum", 1.6),
        ("sum", 5.2),
        ("count", 4.0),
        ("change", 0.6),
        ("percent_change", 60.0),
    ],
)
async def test_plain_numbers(series: Any, statistic: Any, value: float) -> None:
    found = statistic_of(await series([(1.0, 1), (1.2, 2), (1.4, 3), (1.6, 4)]), statistic)
    assert found.value == pytest.approx(value)
    assert found.n == 4
    assert not found.left_out


async def test_nth_counts_from_the_oldest_and_from_the_newest(series: Any) -> None:
    results = await series([(1.0, 1), (1.2, 2), (1.6, 4)])
    assert statistic_of(results, "nth", n=2).value == 1.2
    assert statistic_of(results, "nth", n=-1).value == 1.6
    assert statistic_of(results, "nth", n=4).reason == "there are 3 results"


async def test_a_window_takes_its_beginning_and_not_its_end(series: Any) -> None:
    results = await series([(1.0, 1), (1.2, 2), (1.4, 3)])
    window = Window(datetime(2026, 2, 1, 8, tzinfo=UTC), datetime(2026, 2, 3, 8, tzinfo=UTC))
    assert statistic_of(results, "mean", window=window).value == pytest.approx(1.1)


async def test_a_day_that_is_only_partly_inside_is_left_out_and_said(series: Any) -> None:
    results = await series([(1.0, 1), (9.0, 2, {"effectiveDateTime": "2026-02-02"})])
    window = Window(datetime(2026, 2, 2, 8, tzinfo=UTC), None)
    found = statistic_of(results, "maximum", window=window)
    assert found.value is None
    assert "whether it is inside is not known" in found.left_out[0].reason


async def test_units_are_converted_per_analyte_and_what_does_not_convert_is_left_out(series: Any) -> None:
    results = await series([(88.42, 1, {"unit": "umol/L"}), (2.0, 2), (5.0, 3, {"unit": None})])
    found = statistic_of(results, "mean")
    assert found.value == pytest.approx(1.5, rel=1e-3)
    assert found.unit == "mg/dL"
    assert "without unit" in found.left_out[0].reason
    assert statistic_of(results, "maximum", unit="umol/L").value == pytest.approx(176.8, rel=1e-3)
    assert statistic_of(results, "change", unit="umol/L").value == pytest.approx(88.4, rel=1e-3)


@pytest.mark.parametrize(
    ("rows", "statistic", "shown"),
    [
        (["<0.5", 1.5], "mean", "0.75 to 1 mg/dL"),
        (["<0.5", "<0.3"], "mean", "<0.4 mg/dL"),
        ([">10", 2.0], "mean", ">6 mg/dL"),
        ([">10", "<0.5"], "mean", ">5 mg/dL"),
        (["<0.5", 1.5], "minimum", "<0.5 mg/dL"),
        (["<0.5", 0.2], "minimum", "0 to 0.2 mg/dL"),
        (["<0.5", 1.5], "maximum", "1.5 mg/dL"),
        ([">10", 2.0], "maximum", ">10 mg/dL"),
        (["<0.5", 1.5], "sum", "1.5 to 2 mg/dL"),
        (["<0.5", 1.5, 1.6], "median", "1.5 mg/dL"),
        (["<0.5", 1.5], "latest", "1.5 mg/dL"),
        ([1.5, "<0.5"], "latest", "<0.5 mg/dL"),
        ([1.5, "<0.5"], "change", "-1.5 to -1 mg/dL"),
        (["<0.5", 1.5], "percent_change", "no per cent of <0.5 mg/dL"),
    ],
)
async def test_a_comparator_is_never_a_number(series: Any, rows: list[Any], statistic: Any, shown: str) -> None:
    if statistic == "change":
        shown = "<-1 mg/dL"
    results = await series([(value, day) for day, value in enumerate(rows, 1)])
    assert statistic_of(results, statistic).display == shown


async def test_materials_are_never_taken_together(series: Any) -> None:
    capillary = {"specimen": {"display": "Capillary blood"}}
    results = await series([(1.0, 1), (1.2, 2), (9.0, 3, capillary)])
    found = statistic_of(results, "mean")
    assert found.value is None
    assert "not taken together: serum or plasma (2), capillary blood (1)" in found.reason
    assert [part.value for part in found.parts] == [pytest.approx(1.1), 9.0]
    assert statistic_of(results, "mean", material="capillary blood").value == 9.0
    # One result is one result: it says what it was measured in.
    newest = statistic_of(results, "latest")
    assert (newest.value, newest.material) == (9.0, "capillary blood")
    assert change(results.found[0], results.found[1]).value is None


async def test_urine_never_answers_for_blood(series: Any) -> None:
    results = await series([(1.0, 1), (60.0, 3, {"specimen": {"display": "Urine"}})])
    assert statistic_of(results, "latest").value is None
    assert statistic_of(results, "count").value == 2.0


async def test_the_specimen_is_read_where_it_is_another_resource(chart: Any) -> None:
    specimen = {
        "resourceType": "Specimen",
        "id": "s1",
        "status": "available",
        "type": {"text": "Pleural fluid specimen"},
        "subject": {"reference": "Patient/p1"},
    }
    body = observation(1, 3.0, at(1), specimen={"reference": "Specimen/s1"})
    ctx = await chart(resources=[specimen, body])
    results = await results_of(ctx.record, ctx.terminology.get("creatinine"))
    assert list(by_material(results.found)) == ["pleural fluid"]


async def test_two_different_results_of_one_time_are_a_conflict_and_final_beats_preliminary(series: Any) -> None:
    found = statistic_of(await series([(1.0, 1), (2.0, 1)]), "latest")
    assert found.value is None
    assert "conflict" in found.reason
    found = statistic_of(await series([(1.0, 1, {"status": "preliminary"}), (2.0, 1)]), "latest")
    assert found.value == 2.0
    assert "preliminary" in found.left_out[0].reason


async def test_withdrawn_results_are_out_and_named(series: Any) -> None:
    rows = [(1.0, 1), (9.0, 2, {"status": "entered-in-error"}), (None, 3)]
    results = await series(rows[:2])
    found = statistic_of(results, "maximum")
    assert found.value == 1.0
    assert [item.reason for item in found.left_out] == ["entered in error"]
    only = statistic_of(await series(rows[1:2]), "latest")
    assert (only.value, only.reason) == (None, "not recorded (entered in error)")


async def test_no_value_is_no_result(series: Any) -> None:
    absent = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "error"}]}
    results = await series([(1.0, 1), (1.0, 2, {"valueQuantity": None, "dataAbsentReason": absent})])
    found = statistic_of(results, "count")
    assert found.value == 1.0
    assert found.left_out[0].reason == "no value: error"


def judged(code: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    return {"interpretation": [{"coding": [{"system": system, "code": code}]}]}


async def test_abnormal_is_what_the_laboratory_calls_so(series: Any) -> None:
    limits = {"referenceRange": [{"high": {"value": 1.2, "unit": "mg/dL", "code": "mg/dL"}}]}
    results = await series([(5.0, 1), (1.0, 2, limits), (1.3, 3, limits), (1.0, 4, judged("N")), (1.1, 5, judged("H"))])
    first, last = statistic_of(results, "first_abnormal"), statistic_of(results, "last_abnormal")
    assert (first.value, last.value) == (1.3, 1.1)
    # 5.0 carries neither flag nor range: it is not called abnormal by a range of ours, and that is said.
    assert "1 of 5 carry neither a flag nor a range" in first.flags


async def test_abnormal_of_results_without_flag_or_range_is_not_known(series: Any) -> None:
    found = statistic_of(await series([(50.0, 1)]), "first_abnormal")
    assert (found.value, found.reason) == (None, "no result carries a flag or range")


async def test_a_comparison_counts_and_what_it_cannot_tell_is_named(series: Any) -> None:
    results = await series([(1.0, 1), (2.0, 2), ("<3", 3), (">3", 4), (150.0, 5, {"unit": "umol/L"})])
    found = statistic_of(results, "count", where=Comparison(">", Quantity(1.5, "mg/dL")))
    assert found.value == 3.0
    assert [item.reason for item in found.left_out] == ["cannot be compared"]


async def test_an_unanswered_window_says_so(series: Any) -> None:
    window = Window(datetime(2027, 1, 1, tzinfo=UTC))
    found = statistic_of(await series([(1.0, 1)]), "mean", window=window)
    assert (found.value, found.reason, found.n) == (None, "no result in this window (1 outside it)", 0)
    assert statistic_of(await series([(1.0, 1)]), "count", window=window).value == 0.0


async def test_results_by_the_records_own_code_or_name(chart: Any) -> None:
    local = {"coding": [{"system": "http://lab.example", "code": "K", "display": "Kalium"}], "text": "K"}
    bodies = [
        observation(1, 3.9, at(1), unit="mmol/L", code=local),
        observation(2, 4.9, at(2), unit=None, code=local),
        observation(3, 1.0, at(3)),
    ]
    record = (await chart(resources=bodies)).record
    by_code = await results_named(record, "K", codes=["K"])
    assert [item.value for item in by_code.found] == [4.9, 3.9]
    assert NO_UNIT in by_code.found[0].flags
    assert len((await results_named(record, "potassium", names=["kalium"])).found) == 2
    assert not (await results_named(record, "K", codes=["http://loinc.org|K"])).found
    found: Outcome = statistic_of(by_code, "mean", unit="mmol/L")
    assert (found.value, found.n) == (3.9, 1)
    assert "without unit" in found.left_out[0].reason


async def test_a_newer_result_that_cannot_be_used_is_said_with_the_latest(series: Any) -> None:
    odd = (7.0, 3, {"unit": "kg"})
    wrong = (9.0, 4, {"status": "entered-in-error"})
    found = statistic_of(await series([(1.0, 1), (1.2, 2), odd, wrong]), "latest")
    assert found.value == 1.2
    assert "newer result left out: entered in error" in found.flags
    assert any(flag.startswith("newer result left out: not usable") for flag in found.flags)


async def test_two_results_of_one_time_are_no_end_of_a_change(series: Any) -> None:
    found = statistic_of(await series([(1.0, 1), (2.0, 3), (4.0, 3)]), "change")
    assert not found.known
    assert found.flags == ("conflict",)
    early = {"status": "preliminary"}
    found = statistic_of(await series([(1.0, 1), (2.0, 3), (4.0, 3, early)]), "change")
    assert found.value == 1.0


async def test_a_preliminary_result_is_not_counted_beside_its_final_one(series: Any) -> None:
    rows = await series([(1.0, 1), (2.0, 3), (4.0, 3, {"status": "preliminary"})])
    assert statistic_of(rows, "count").value == 2.0
    assert statistic_of(rows, "mean").value == 1.5
    over = statistic_of(rows, "count", where=Comparison(">", Quantity(3.0, "mg/dL")))
    assert over.value == 0.0


async def test_materials_at_one_time_are_a_conflict(series: Any) -> None:
    capillary = {"specimen": {"display": "Capillary blood"}}
    found = statistic_of(await series([(1.0, 3), (4.0, 3, capillary)]), "latest")
    assert not found.known
    assert "conflict" in found.flags


async def test_a_day_without_a_time_may_be_newer(series: Any) -> None:
    found = statistic_of(await series([(1.0, 3), (4.0, 3, {"effectiveDateTime": "2026-02"})]), "latest")
    assert found.value == 1.0
    assert "may be newer: 4 mg/dL, dated 2026-02 only" in found.flags
