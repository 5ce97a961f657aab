"""How near a result is to another band: every statement is true when it is tried."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.calculators import calculator, run
from tools.calculators.catalog import NAMES


def q(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit}


def texts(name: str, inputs: dict[str, Any]) -> list[str]:
    return [change.text for change in run(name, inputs).sensitivity]


def outcome(name: str, inputs: dict[str, Any]) -> str | None:
    result = run(name, inputs)
    return result.value if isinstance(result.value, str) else result.label


def test_the_nearest_creatinine_in_the_unit_it_was_given() -> None:
    inputs = {"creatinine": q(1.9, "mg/dL"), "age": q(70, "a"), "sex": "male"}
    assert "G4 if serum creatinine were 2.3 mg/dL or more" in texts("ckd_epi_2021", inputs)
    molar = {**inputs, "creatinine": q(168, "umol/L")}
    assert "G4 if serum creatinine were 203 µmol/L or more" in texts("ckd_epi_2021", molar)


def test_a_limit_of_the_source_is_printed_as_it_stands() -> None:
    told = texts("kdigo_albuminuria_category", {"acr": q(20, "mg/mmol")})
    assert "A3 if urine albumin-to-creatinine ratio were above 30 mg/mmol" in told
    assert "A1 if urine albumin-to-creatinine ratio were below 3 mg/mmol" in told
    assert "high risk if age were 75 years or more" in texts(
        "cha2ds2_va",
        {
            "age": q(70, "a"),
            **dict.fromkeys(
                ("heart_failure", "hypertension", "diabetes", "stroke_tia_te", "vascular_disease"),
                False,
            ),
        },
    )


def test_a_result_without_bands_has_none() -> None:
    assert run("cockcroft_gault", calculator("cockcroft_gault").example).sensitivity == []


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(NAMES), st.data())
def test_every_crossing_is_real(name: str, data: st.DataObject) -> None:
    declared = calculator(name)
    inputs = dict(declared.example)
    for entry in declared.inputs:
        if entry.kind == "boolean":
            inputs[entry.name] = data.draw(st.booleans())
        elif entry.numeric and entry.plausible:
            low, high = entry.plausible
            inputs[entry.name] = q(round(low + (high - low) * data.draw(st.floats(0.01, 0.9)), 2), entry.unit)
    here = run(name, inputs)
    if here.value is None:
        return
    for change in here.sensitivity:
        moved: Any = change.value
        if isinstance(moved, float):
            nudge = {">": 1e-6, "<": -1e-6}.get(str(change.direction), 0.0)
            moved = q(moved * (1 + nudge), str(change.unit))
        there = outcome(name, {**inputs, change.input: moved})
        assert there == change.to != (here.value if isinstance(here.value, str) else here.label)
        assert str(change.text).startswith(declared.result.shown(there) if declared.result.codes else str(there))


@pytest.mark.parametrize("name", NAMES)
def test_crossings_come_nearest_first_and_numbers_before_findings(name: str) -> None:
    kinds = [isinstance(change.value, bool) for change in run(name, calculator(name).example).sensitivity]
    assert kinds == sorted(kinds)
