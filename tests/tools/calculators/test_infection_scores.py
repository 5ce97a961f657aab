"""Scores of pneumonia and sepsis: answers worked out by hand from the published tables."""

from __future__ import annotations

from typing import Any

import pytest

from tools.calculators import run


def q(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit}


def vitals(rate: float, systolic: float, diastolic: float, age: float) -> dict[str, Any]:
    return {
        "respiratory_rate": q(rate, "/min"),
        "systolic_bp": q(systolic, "mm[Hg]"),
        "diastolic_bp": q(diastolic, "mm[Hg]"),
        "age": q(age, "a"),
    }


@pytest.mark.parametrize(
    ("confusion", "urea", "numbers", "crb", "curb", "label"),
    [
        (False, False, (29, 90, 61, 64), 0, 0, "low risk"),
        (False, True, (29, 90, 61, 64), 0, 1, "low risk"),
        (False, True, (30, 90, 61, 64), 1, 2, "intermediate risk"),
        (False, True, (30, 120, 60, 64), 2, 3, "high risk"),
        (True, True, (30, 89, 75, 65), 4, 5, "high risk"),
    ],
)
def test_curb65_and_crb65(
    confusion: bool, urea: bool, numbers: tuple[float, float, float, float], crb: int, curb: int, label: str
) -> None:
    inputs = {"confusion": confusion, **vitals(*numbers)}
    assert run("crb_65", inputs).value == crb
    found = run("curb_65", {**inputs, "urea_raised": urea})
    assert (found.value, found.label) == (curb, label)


def test_curb65_without_urea_is_a_range() -> None:
    found = run("curb_65", {"confusion": True, **vitals(30, 120, 70, 80)})
    assert found.value is None
    assert tuple(found.range or ()) == (3, 4)
    assert found.label == "high risk"


NEWS = {
    "respiratory_rate": q(16, "/min"),
    "spo2": q(97, "%"),
    "supplemental_oxygen": False,
    "systolic_bp": q(120, "mm[Hg]"),
    "heart_rate": q(80, "/min"),
    "not_alert": False,
    "temperature": q(37, "Cel"),
}


@pytest.mark.parametrize(
    ("name", "value", "unit", "expected"),
    [
        ("respiratory_rate", 8, "/min", 3),
        ("respiratory_rate", 11, "/min", 1),
        ("respiratory_rate", 20, "/min", 0),
        ("respiratory_rate", 21, "/min", 2),
        ("respiratory_rate", 25, "/min", 3),
        ("spo2", 91, "%", 3),
        ("spo2", 92, "%", 2),
        ("spo2", 94, "%", 1),
        ("spo2", 96, "%", 0),
        ("systolic_bp", 90, "mm[Hg]", 3),
        ("systolic_bp", 91, "mm[Hg]", 2),
        ("systolic_bp", 101, "mm[Hg]", 1),
        ("systolic_bp", 219, "mm[Hg]", 0),
        ("systolic_bp", 220, "mm[Hg]", 3),
        ("heart_rate", 40, "/min", 3),
        ("heart_rate", 41, "/min", 1),
        ("heart_rate", 91, "/min", 1),
        ("heart_rate", 111, "/min", 2),
        ("heart_rate", 131, "/min", 3),
        ("temperature", 35.0, "Cel", 3),
        ("temperature", 35.1, "Cel", 1),
        ("temperature", 38.0, "Cel", 0),
        ("temperature", 38.1, "Cel", 1),
        ("temperature", 39.1, "Cel", 2),
    ],
)
def test_each_item_of_news2(name: str, value: float, unit: str, expected: int) -> None:
    inputs = {**NEWS, name: q(value, unit)}
    assert run("news2", inputs).value == expected
    assert run("news2_single_three", inputs).value == ("present" if expected == 3 else "none")


@pytest.mark.parametrize(
    ("spo2", "oxygen", "expected"),
    [(83, False, 3), (86, False, 1), (90, False, 0), (99, False, 0), (90, True, 2), (93, True, 3), (97, True, 5)],
)
def test_news2_on_the_scale_for_hypercapnic_failure(spo2: float, oxygen: bool, expected: int) -> None:
    inputs = {**NEWS, "spo2": q(spo2, "%"), "supplemental_oxygen": oxygen, "spo2_scale": "scale_2"}
    assert run("news2", inputs).value == expected


def test_news2_of_a_septic_patient() -> None:
    inputs = {
        "respiratory_rate": q(26, "/min"),
        "spo2": q(92, "%"),
        "supplemental_oxygen": True,
        "systolic_bp": q(88, "mm[Hg]"),
        "heart_rate": q(124, "/min"),
        "not_alert": True,
        "temperature": q(39.4, "Cel"),
    }
    # 3 + 2 + 2 + 3 + 2 + 3 + 2, in the order of the chart.
    found = run("news2", inputs)
    assert (found.value, found.label) == (17, "7 points or more")


@pytest.mark.parametrize(
    ("rate", "altered", "systolic", "expected"), [(21, False, 101, 0), (22, False, 100, 2), (22, True, 100, 3)]
)
def test_qsofa(rate: float, altered: bool, systolic: float, expected: int) -> None:
    inputs = {
        "respiratory_rate": q(rate, "/min"),
        "altered_mentation": altered,
        "systolic_bp": q(systolic, "mm[Hg]"),
    }
    assert run("qsofa", inputs).value == expected


SOFA = {
    "pao2_fio2": q(400, "mm[Hg]"),
    "respiratory_support": False,
    "platelets": q(150, "10*9/L"),
    "bilirubin": q(1.1, "mg/dL"),
    "mean_pressure": q(70, "mm[Hg]"),
    "vasoactive": "none",
    "gcs": q(15, "1"),
    "creatinine": q(1.1, "mg/dL"),
    "urine_output": "normal",
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 0),
        ({"pao2_fio2": q(299, "mm[Hg]")}, 2),
        ({"pao2_fio2": q(99, "mm[Hg]")}, 2),  # 3 and 4 points need respiratory support
        ({"pao2_fio2": q(99, "mm[Hg]"), "respiratory_support": True}, 4),
        ({"platelets": q(49, "10*9/L")}, 3),
        ({"bilirubin": q(40, "umol/L")}, 2),
        ({"mean_pressure": q(69, "mm[Hg]")}, 1),
        ({"mean_pressure": q(80, "mm[Hg]"), "vasoactive": "medium"}, 3),
        ({"gcs": q(9, "1")}, 3),
        ({"creatinine": q(2.0, "mg/dL"), "urine_output": "below_500"}, 3),
        ({"creatinine": q(5.1, "mg/dL")}, 4),
    ],
)
def test_sofa(changes: dict[str, Any], expected: int) -> None:
    assert run("sofa", {**SOFA, **changes}).value == expected


def test_sofa_with_two_points_for_certain_says_so_though_the_rest_is_unknown() -> None:
    inputs = {key: value for key, value in SOFA.items() if key not in ("gcs", "pao2_fio2")}
    found = run("sofa", {**inputs, "platelets": q(80, "10*9/L")})
    assert (found.value, found.label) == (None, "2 points or more")


def test_mean_arterial_pressure() -> None:
    found = run("mean_arterial_pressure", {"systolic_bp": q(120, "mm[Hg]"), "diastolic_bp": q(80, "mm[Hg]")})
    assert found.value == pytest.approx(93.333333)
    turned = run("mean_arterial_pressure", {"systolic_bp": q(60, "mm[Hg]"), "diastolic_bp": q(90, "mm[Hg]")})
    assert turned.value is None


CAP: dict[str, Any] = {
    "mechanical_ventilation": False,
    "vasopressor": False,
    "respiratory_rate": q(22, "/min"),
    "hypoxaemia": False,
    "multilobar": False,
    "confusion": False,
    "uraemia": False,
    "wbc": q(14, "10*9/L"),
    "platelets": q(250, "10*9/L"),
    "temperature": q(38.4, "Cel"),
    "hypotension_fluids": False,
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "not_severe"),
        ({"confusion": True, "uraemia": True}, "not_severe"),
        ({"confusion": True, "uraemia": True, "respiratory_rate": q(30, "/min")}, "severe"),
        ({"wbc": q(3.9, "10*9/L"), "platelets": q(99, "10*9/L"), "temperature": q(35.9, "Cel")}, "severe"),
        ({"vasopressor": True}, "severe"),
        ({"hypoxaemia": None, "multilobar": None}, "not_severe"),  # both would make two
        ({"hypoxaemia": None, "multilobar": None, "confusion": True}, None),
    ],
)
def test_severe_pneumonia(changes: dict[str, Any], expected: str | None) -> None:
    assert run("severe_cap", {**CAP, **changes}).value == expected


def test_psi() -> None:
    inputs: dict[str, Any] = {
        "age": q(72.9, "a"),
        "sex": "female",
        "respiratory_rate": q(30, "/min"),
        "systolic_bp": q(110, "mm[Hg]"),
        "temperature": q(40, "Cel"),
        "heart_rate": q(125, "/min"),
    }
    absent = dict.fromkeys(
        [
            "nursing_home",
            "malignancy",
            "liver_disease",
            "cerebrovascular_disease",
            "renal_disease",
            "acidosis",
            "altered_mental_status",
            "hyponatraemia",
            "hyperglycaemia",
            "anaemia",
            "hypoxaemia",
            "pleural_effusion",
        ],
        False,
    )
    found = run("psi_port", {**absent, **inputs, "heart_failure": True, "urea_nitrogen_raised": True})
    # 72 - 10, then 20 + 15 + 10 for the signs, 10 for heart failure, 20 for urea.
    assert (found.value, found.label) == (137, "class V")
