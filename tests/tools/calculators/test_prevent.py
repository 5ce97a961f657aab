"""PREVENT: the worked example of the preventr package, and properties that wrong coefficients would break."""

from __future__ import annotations

from typing import Any

import pytest

from tools.calculators import run


def q(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit}


EXAMPLE: dict[str, Any] = {
    "age": q(50, "a"),
    "sex": "female",
    "total_cholesterol": q(200, "mg/dL"),
    "hdl": q(45, "mg/dL"),
    "systolic_bp": q(160, "mm[Hg]"),
    "egfr": q(90, "mL/min/{1.73_m2}"),
    "diabetes": True,
    "smoker": False,
    "antihypertensive": True,
    "statin": False,
}


@pytest.mark.parametrize(("name", "expected"), [("prevent_cvd", 14.7), ("prevent_ascvd", 9.2)])
def test_the_published_example(name: str, expected: float) -> None:
    assert run(name, EXAMPLE).value == pytest.approx(expected, abs=0.05)


def test_mmol_gives_the_same_as_mg() -> None:
    mmol = EXAMPLE | {"total_cholesterol": q(200 / 38.665, "mmol/L"), "hdl": q(45 / 38.665, "mmol/L")}
    assert run("prevent_ascvd", mmol).value == pytest.approx(run("prevent_ascvd", EXAMPLE).value, rel=1e-3)


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize(
    "worse",
    [
        {"smoker": True},
        {"age": q(60, "a")},
        {"hdl": q(30, "mg/dL")},
        {"total_cholesterol": q(260, "mg/dL")},
        {"systolic_bp": q(180, "mm[Hg]")},
        {"egfr": q(40, "mL/min/{1.73_m2}")},
    ],
)
def test_what_raises_risk_raises_it(sex: str, worse: dict[str, Any]) -> None:
    person = EXAMPLE | {"sex": sex}
    for name in ("prevent_ascvd", "prevent_cvd"):
        assert (run(name, person | worse).value or 0) > (run(name, person).value or 0)


def test_the_whole_is_more_than_its_atherosclerotic_part_and_men_more_than_women() -> None:
    man = EXAMPLE | {"sex": "male"}
    assert (run("prevent_cvd", man).value or 0) > (run("prevent_ascvd", man).value or 0)
    assert (run("prevent_ascvd", man).value or 0) > (run("prevent_ascvd", EXAMPLE).value or 0)


def test_unknown_smoking_is_a_range() -> None:
    found = run("prevent_ascvd", {key: value for key, value in EXAMPLE.items() if key != "smoker"})
    assert found.value is None
    low, high = found.range or (0, 0)
    assert low == pytest.approx(9.2, abs=0.05)
    assert high > low


@pytest.mark.parametrize("age", [29, 80])
def test_outside_its_ages_there_is_no_risk(age: int) -> None:
    assert run("prevent_ascvd", EXAMPLE | {"age": q(age, "a")}).value is None


def test_non_hdl() -> None:
    found = run("non_hdl_cholesterol", {"total_cholesterol": q(5.2, "mmol/L"), "hdl": q(1.2, "mmol/L")})
    assert found.value == pytest.approx(4.0 * 38.665, rel=1e-3)
    wrong = run("non_hdl_cholesterol", {"total_cholesterol": q(40, "mg/dL"), "hdl": q(45, "mg/dL")})
    assert wrong.value is None
