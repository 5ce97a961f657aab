"""Known answers of the formulas of intensive care, anaesthesia and trauma; sums written out beside them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from vectors import q, worked

from tools.calculators import calculator

GAS = {"haemoglobin": 15, "spo2": 98, "pao2": q(13, "kPa")}
HEPATITIS = {
    "age": 50,
    "albumin": q(30, "g/L"),
    "bilirubin_day_0": q(200, "umol/L"),
    "bilirubin_day_7": q(150, "umol/L"),
    "creatinine": 1.0,
    "prothrombin_time": 20,
}
R = 3.19 - 0.101 * 50 + 0.147 * 30 + 0.0165 * 50 - 0.0065 * 200 - 0.0096 * 20
VALUES: list[tuple[str, dict[str, Any], float]] = [
    # University of Iowa: 5 kg, 36 to 25 %, 122 mL.
    (
        "allowable_blood_loss",
        {"weight": 5, "patient_group": "infant", "haematocrit": 36, "lowest_haematocrit": 25},
        122.222,
    ),
    # 50 kg woman, 45 to 30 %: 1083 mL; 60 kg: 1300 mL.
    (
        "allowable_blood_loss",
        {"weight": 50, "patient_group": "adult_female", "haematocrit": 45, "lowest_haematocrit": 30},
        1083.333,
    ),
    (
        "allowable_blood_loss",
        {"weight": 60, "patient_group": "adult_female", "haematocrit": 45, "lowest_haematocrit": 30},
        1300,
    ),
    (
        "allowable_blood_loss",
        {"weight": 80, "patient_group": "adult_male", "haematocrit": 28, "lowest_haematocrit": 28},
        0,
    ),
    ("parkland", {"weight": 75, "burned_area": 20}, 6000),
    ("parkland", {"weight": 70, "burned_area": 30}, 8400),
    ("parkland", {"weight": 70, "burned_area": 30, "volume_factor": "3"}, 6300),
    ("predicted_body_weight", {"sex": "male", "height": 152.4}, 50),
    ("predicted_body_weight", {"sex": "female", "height": q(60, "[in_i]")}, 45.5),
    ("predicted_body_weight", {"sex": "male", "height": 175}, 50 + 2.3 * (175 / 2.54 - 60)),
    ("rsbi", {"respiratory_rate": 25, "tidal_volume": 250}, 100),
    ("rsbi", {"respiratory_rate": 18, "tidal_volume": q(0.45, "L")}, 40),
    ("oxygenation_index", {"mean_airway_pressure": 12, "fio2": 60, "pao2": 80}, 9),
    ("oxygenation_index", {"mean_airway_pressure": 16, "fio2": q(1.0, "1"), "pao2": 100}, 16),
    ("oxygen_saturation_index", {"mean_airway_pressure": 12, "fio2": 60, "spo2": 90}, 8),
    ("driving_pressure", {"plateau_pressure": 24, "peep": 10}, 14),
    ("static_compliance", {"tidal_volume": 420, "plateau_pressure": 24, "peep": 10}, 30),
    ("arterial_oxygen_content", {**GAS, "pao2": 100}, 1.34 * 15 * 0.98 + 0.3),
    ("oxygen_delivery", {**GAS, "pao2": 100, "cardiac_output": 5}, 50 * (1.34 * 15 * 0.98 + 0.3)),
    ("reverse_shock_index_gcs", {"systolic_bp": 120, "heart_rate": 80, "gcs": 15}, 22.5),
    ("reverse_shock_index_gcs", {"systolic_bp": 80, "heart_rate": 120, "gcs": 9}, 6),
    ("age_shock_index", {"age": 70, "heart_rate": 100, "systolic_bp": 100}, 70),
    ("acef_ii", {"age": 55, "creatinine": 0.9, "lvef": 60, "haematocrit": 40, "emergency_surgery": False}, 55 / 60),
    ("acef_ii", {"age": 80, "creatinine": 2.5, "lvef": 25, "haematocrit": 36, "emergency_surgery": False}, 5.2),
    ("acef_ii", {"age": 80, "creatinine": 2.0, "lvef": 40, "haematocrit": 31, "emergency_surgery": True}, 6.0),
    ("lille", HEPATITIS, 1 / (1 + math.exp(R))),
    ("lille", {**HEPATITIS, "creatinine": q(116, "umol/L")}, 1 / (1 + math.exp(R - 0.206))),
    ("lille", {**HEPATITIS, "creatinine": q(115, "umol/L")}, 1 / (1 + math.exp(R))),
]


@pytest.mark.parametrize(("name", "given", "expected"), VALUES)
def test_formulas(name: str, given: dict[str, Any], expected: float) -> None:
    # The equation of the Lille model is in µmol/L; our factor of bilirubin is exact to 4 digits.
    assert worked(name, **given).value == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "lower", "upper", "labels"),
    [
        (
            "rsbi",
            {"respiratory_rate": 26, "tidal_volume": 250},
            {"respiratory_rate": 26.25, "tidal_volume": 250},
            ("below the limit associated with", "at or above the limit associated with"),
        ),
        (
            "oxygenation_index",
            {"mean_airway_pressure": 7.99, "fio2": 100, "pao2": 100},
            {"mean_airway_pressure": 8, "fio2": 100, "pao2": 100},
            ("mild", "moderate"),
        ),
        (
            "oxygenation_index",
            {"mean_airway_pressure": 3.9, "fio2": 100, "pao2": 100},
            {"mean_airway_pressure": 16, "fio2": 100, "pao2": 100},
            ("below", "severe"),
        ),
        (
            "oxygen_saturation_index",
            {"mean_airway_pressure": 12.29, "fio2": 100, "spo2": 100},
            {"mean_airway_pressure": 12.3, "fio2": 100, "spo2": 100},
            ("moderate", "severe"),
        ),
        (
            "lille",
            HEPATITIS,
            {**HEPATITIS, "bilirubin_day_7": q(400, "umol/L")},
            ("6-month survival about 85 %", "6-month survival about 25 %"),
        ),
    ],
)
def test_bands_of_formulas(name: str, lower: dict[str, Any], upper: dict[str, Any], labels: tuple[str, str]) -> None:
    for given, label in zip((lower, upper), labels, strict=True):
        assert str(worked(name, **given).label).startswith(label)


def test_pressures_that_cannot_be_give_no_answer() -> None:
    assert worked("driving_pressure", plateau_pressure=8, peep=10).value is None
    assert worked("static_compliance", tidal_volume=400, plateau_pressure=10, peep=10).value is None


def test_half_of_the_fluid_of_a_burn_is_that_of_the_first_eight_hours() -> None:
    assert "First 8 hours from the burn: 4200 mL" in worked("parkland", weight=70, burned_area=30).steps


def test_the_codes_of_the_trauma_score_are_shown() -> None:
    steps = worked("revised_trauma_score", gcs=12, systolic_bp=80, respiratory_rate=31).steps
    assert "Triage score (sum of the codes): 9" in steps


@pytest.mark.parametrize("day", [0, 7])
def test_the_bilirubin_of_a_day_has_no_code_of_its_own(day: int) -> None:
    # A code would let the newest bilirubin of a record stand for both days, and the fall would be nought.
    assert calculator("lille").input(f"bilirubin_day_{day}").codings == ()
