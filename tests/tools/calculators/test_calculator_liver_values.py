"""Known answers of the scores of liver disease and upper gastrointestinal bleeding, worked out outside this code."""

from __future__ import annotations

from typing import Any

import pytest

from tools.calculators import run


def q(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit}


CALM = {"melaena": False, "syncope": False, "liver_disease": False, "heart_failure": False}


@pytest.mark.parametrize(
    ("urea", "haemoglobin", "sex", "pressure", "rate", "present", "expected", "label"),
    [
        (q(6.4, "mmol/L"), 13.0, "male", 110, 99, (), 0, "very low risk"),
        (q(6.4, "mmol/L"), 12.0, "female", 110, 99, (), 0, "very low risk"),
        (q(6.4, "mmol/L"), 12.9, "male", 110, 99, (), 1, "very low risk"),
        (q(6.5, "mmol/L"), 13.0, "male", 110, 99, (), 2, "not very low risk"),
        (q(22, "mg/dL"), 11.9, "female", 109, 100, ("melaena",), 6, "not very low risk"),  # 7.85 mmol/L
        (q(28.2, "mg/dL"), 11.9, "male", 90, 80, (), 9, "not very low risk"),  # 10.07 mmol/L
        (q(25, "mmol/L"), 9.9, "female", 89, 120, tuple(CALM), 23, "not very low risk"),
    ],
)
def test_glasgow_blatchford(
    urea: dict[str, Any], haemoglobin: float, sex: str, pressure: float, rate: float, present: tuple[str, ...],
    expected: float, label: str,
) -> None:  # fmt: skip
    inputs = {**CALM, **dict.fromkeys(present, True), "urea": urea, "haemoglobin": q(haemoglobin, "g/dL"), "sex": sex}
    result = run("glasgow_blatchford", {**inputs, "systolic_bp": q(pressure, "mm[Hg]"), "heart_rate": q(rate, "/min")})
    assert (result.value, result.label) == (expected, label)


def test_glasgow_blatchford_is_a_range_while_a_symptom_is_not_known() -> None:
    inputs = {**CALM, "syncope": None, "urea": q(5, "mmol/L"), "haemoglobin": q(14, "g/dL"), "sex": "male"}
    result = run("glasgow_blatchford", {**inputs, "systolic_bp": q(120, "mm[Hg]"), "heart_rate": q(80, "/min")})
    assert (result.value, result.range) == (None, (0, 2))


@pytest.mark.parametrize(
    ("albumin", "inr", "confused", "pressure", "age", "expected", "label"),
    [
        (3.0, 1.5, False, 91, 64, 0, "lower mortality"),
        (2.9, 1.5, False, 90, 64, 2, "higher mortality"),
        (2.9, 1.6, True, 90, 65, 5, "higher mortality"),
    ],
)
def test_aims65(
    albumin: float, inr: float, confused: bool, pressure: float, age: float, expected: float, label: str
) -> None:
    inputs = {"albumin": q(albumin, "g/dL"), "inr": {"value": inr}, "altered_mental_status": confused}
    result = run("aims65", {**inputs, "systolic_bp": q(pressure, "mm[Hg]"), "age": q(age, "a")})
    assert (result.value, result.label) == (expected, label)


FREE = {"ascites": False, "ascites_severe": False, "encephalopathy": False, "encephalopathy_severe": False}


@pytest.mark.parametrize(
    ("bilirubin", "albumin", "inr", "signs", "expected", "label"),
    [
        (q(33, "umol/L"), 3.6, 1.6, {}, 5, "class A"),
        (q(34, "umol/L"), 3.5, 1.7, {}, 8, "class B"),
        (q(51, "umol/L"), 2.8, 2.3, {"ascites": True}, 9, "class B"),
        (q(52, "umol/L"), 2.7, 2.4, {"ascites": True, "ascites_severe": True}, 13, "class C"),
        (q(3.1, "mg/dL"), 2.7, 2.4, dict.fromkeys(FREE, True), 15, "class C"),
        (q(1, "mg/dL"), 4, 1.0, {"encephalopathy": True}, 6, "class A"),
    ],
)
def test_child_pugh(
    bilirubin: dict[str, Any], albumin: float, inr: float, signs: dict[str, bool], expected: float, label: str
) -> None:
    inputs = {**FREE, **signs, "bilirubin": bilirubin, "albumin": q(albumin, "g/dL"), "inr": {"value": inr}}
    result = run("child_pugh", inputs)
    assert (result.value, result.label) == (expected, label)


def test_no_ascites_settles_how_much_there_is() -> None:
    inputs = {**FREE, "ascites_severe": None, "bilirubin": q(1, "mg/dL"), "albumin": q(4, "g/dL"), "inr": {"value": 1}}
    assert run("child_pugh", inputs).value == 5


@pytest.mark.parametrize(
    ("bilirubin", "inr", "creatinine", "sodium", "expected"),
    [
        (2.0, 1.5, 1.2, 135, 17),  # 15 before sodium, then 15 + 2.64 - 0.99
        (1.5, 1.5, 1.0, 135, 15),  # 13 before sodium, then 13 + 2.64 - 0.858
        (0.8, 1.0, 0.7, 140, 6),  # every bound below
        (60, 12, 9, 120, 40),  # every bound above
        (1.9, 1.2, 0.9, 125, 11),  # 11 and below: sodium does not count
    ],
)
def test_meld_na(bilirubin: float, inr: float, creatinine: float, sodium: float, expected: float) -> None:
    inputs = {"bilirubin": q(bilirubin, "mg/dL"), "inr": {"value": inr}, "creatinine": q(creatinine, "mg/dL")}
    assert run("meld_na", {**inputs, "sodium": q(sodium, "mmol/L")}).value == expected


# The patients of table 4 of the publication; the scores worked out with awk(1).
@pytest.mark.parametrize(
    ("bilirubin", "sodium", "inr", "creatinine", "albumin", "sex", "expected"),
    [
        (2.5, 131, 1.0, 1.2, 3.8, "male", 16),
        (2.5, 131, 1.0, 1.2, 3.8, "female", 17),
        (6.0, 131, 1.5, 1.5, 3.5, "male", 25),
        (6.0, 131, 1.5, 1.5, 2.2, "male", 26),
        (6.0, 131, 1.5, 1.5, 2.2, "female", 27),
        (12.0, 128, 2.2, 1.8, 2.0, "male", 34),
        (12.0, 128, 2.2, 2.8, 2.0, "male", 38),
        (12.0, 128, 2.2, 2.8, 2.0, "female", 39),
        (0.5, 140, 0.9, 0.6, 4.5, "male", 6),
    ],
)
def test_meld_3_0(
    bilirubin: float, sodium: float, inr: float, creatinine: float, albumin: float, sex: str, expected: float
) -> None:
    inputs = {"bilirubin": q(bilirubin, "mg/dL"), "sodium": q(sodium, "mmol/L"), "inr": {"value": inr}, "sex": sex}
    result = run("meld_3_0", {**inputs, "creatinine": q(creatinine, "mg/dL"), "albumin": q(albumin, "g/dL")})
    assert result.value == expected


@pytest.mark.parametrize(
    ("age", "ast", "alt", "platelets", "expected", "label"),
    [
        (50, 40, 64, 250, 1.0, "low risk of advanced fibrosis"),
        (60, 80, 100, 200, 2.4, "intermediate risk of advanced fibrosis"),
        (60, 80, 64, 100, 6.0, "high risk of advanced fibrosis"),
    ],
)
def test_fib_4(age: float, ast: float, alt: float, platelets: float, expected: float, label: str) -> None:
    inputs = {"age": q(age, "a"), "ast": q(ast, "U/L"), "alt": q(alt, "U/L"), "platelets": q(platelets, "10*3/uL")}
    result = run("fib_4", inputs)
    assert (round(float(result.value or 0), 6), result.label) == (expected, label)
