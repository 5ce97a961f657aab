"""Known answers of formulas: examples printed by the sources, or worked out by hand or with awk(1)."""

from __future__ import annotations

from typing import Any

import pytest
from vectors import q, worked


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("ideal_body_weight", {"sex": "male", "height": q(64, "[in_i]")}, 59.2),  # the example of healthaide.info
        ("ideal_body_weight", {"sex": "male", "height": q(70, "[in_i]")}, 73.0),
        ("ideal_body_weight", {"sex": "female", "height": 152.4}, 45.5),
        ("adjusted_body_weight", {"sex": "female", "height": q(64, "[in_i]"), "weight": 80}, 64.82),
        ("target_weight", {"target_bmi": 25, "height": q(2, "m")}, 100.0),
        ("mdrd", {"creatinine": 1.0, "age": 60, "sex": "male"}, 76.2208),
        ("mdrd", {"creatinine": 2.0, "age": 75, "sex": "female"}, 24.2894),
        ("schwartz_bedside", {"age": 8, "height": 100, "creatinine": 0.5}, 82.6),
        ("schwartz_bedside", {"age": 8, "height": 100, "creatinine": 0.4}, 103.25),
        ("free_water_deficit", {"age": 17, "sex": "female", "weight": 70, "sodium": 150}, 3.0),
        ("free_water_deficit", {"age": 18, "sex": "female", "weight": 70, "sodium": 150}, 2.5),
        ("free_water_deficit", {"age": 64, "sex": "male", "weight": 70, "sodium": 150}, 3.0),
        ("free_water_deficit", {"age": 65, "sex": "male", "weight": 70, "sodium": 150}, 2.5),
        ("free_water_deficit", {"age": 65, "sex": "female", "weight": 70, "sodium": 150}, 2.25),
        ("sodium_corrected_hillier", {"sodium": 130, "glucose": 400}, 137.2),
        ("sodium_corrected_katz", {"sodium": 130, "glucose": 400}, 134.8),
        ("sodium_corrected_katz", {"sodium": 130, "glucose": q(30, "mmol/L")}, 137.0475),
        ("albumin_corrected_anion_gap", {"sodium": 140, "chloride": 108, "bicarbonate": 22, "albumin": 2.0}, 15.0),
        (
            "albumin_corrected_anion_gap",
            {"sodium": 140, "chloride": 108, "bicarbonate": 22, "albumin": q(40, "g/L")},
            10.0,
        ),
        ("delta_gap", {"sodium": 140, "chloride": 90, "bicarbonate": 15}, 23.0),
        ("delta_ratio", {"sodium": 140, "chloride": 100, "bicarbonate": 12}, 16 / 12),
        ("albumin_corrected_delta_gap", {"sodium": 140, "chloride": 100, "bicarbonate": 12, "albumin": 2.0}, 21.0),
        ("albumin_corrected_delta_ratio", {"sodium": 140, "chloride": 100, "bicarbonate": 12, "albumin": 2.0}, 1.75),
        ("winters_pco2", {"bicarbonate": 12}, 26.0),
        ("winters_pco2", {"bicarbonate": 9}, 21.5),
        ("aa_gradient", {"fio2": 21, "pao2": 90, "paco2": 40}, 9.73),
        ("aa_gradient", {"fio2": q(0.5, "1"), "pao2": 80, "paco2": 40}, 226.5),
        ("maintenance_fluids", {"weight": 10}, 40.0),
        ("maintenance_fluids", {"weight": 15}, 50.0),
        ("maintenance_fluids", {"weight": 20}, 60.0),
        ("maintenance_fluids", {"weight": 30}, 70.0),  # the example of the University of Texas
        ("steroid_conversion", {"from_steroid": "hydrocortisone", "dose": 100, "to_steroid": "prednisolone"}, 25.0),
        ("steroid_conversion", {"from_steroid": "prednisone", "dose": 5, "to_steroid": "dexamethasone"}, 0.75),
        ("steroid_conversion", {"from_steroid": "methylprednisolone", "dose": 4, "to_steroid": "cortisone"}, 25.0),
        ("homa_ir", {"fasting_glucose": 90, "fasting_insulin": 9}, 2.0),
        ("homa_ir", {"fasting_glucose": q(5, "mmol/L"), "fasting_insulin": q(10, "u[IU]/mL")}, 2.224148),
        ("ldl_friedewald", {"total_cholesterol": 230, "hdl": 47, "triglycerides": 123}, 158.4),
        ("apri", {"ast": 65, "ast_upper_limit": 40, "platelets": 458}, 0.354803),
        (
            "nafld_fibrosis_score",
            {
                "age": 50,
                "bmi": 30,
                "impaired_glucose_diabetes": True,
                "ast": 40,
                "alt": 40,
                "platelets": 250,
                "albumin": 4,
            },
            -0.775,  # -1.675 + 1.85 + 2.82 + 1.13 + 0.99 - 3.25 - 2.64
        ),
    ],
)
def test_formulas(name: str, given: dict[str, Any], expected: float) -> None:
    assert worked(name, **given).value == pytest.approx(expected, rel=2e-5)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("bazett", 438.17805),
        ("fridericia", 425.06342),
        ("framingham", 425.66667),
        ("hodges", 421),
        ("rautaharju", 426.66667),
    ],
)
def test_corrected_qt(formula: str, expected: float) -> None:
    """At 60 beats a minute no formula changes anything; at 72 each by its own amount."""
    name = f"qtc_{formula}"
    assert worked(name, qt_interval=400, heart_rate=60).value == pytest.approx(400)
    assert worked(name, qt_interval=400, heart_rate=72).value == pytest.approx(expected)
    assert worked(name, qt_interval=q(0.4, "s"), heart_rate=72).value == pytest.approx(expected)


@pytest.mark.parametrize("formula", ["bazett", "fridericia", "framingham", "hodges"])
def test_the_limit_of_the_corrected_qt(formula: str) -> None:
    name = f"qtc_{formula}"
    assert worked(name, qt_interval=500, heart_rate=60).label == "500 ms or less"
    assert worked(name, qt_interval=501, heart_rate=60).label == "above 500 ms: associated with torsades de pointes"


@pytest.mark.parametrize(
    ("name", "given", "label"),
    [
        (
            "fena",
            {"sodium": 140, "creatinine": 10, "urine_sodium": 13.9, "urine_creatinine": 100},
            "below 1%: suggests a prerenal cause",
        ),
        (
            "fena",
            {"sodium": 140, "creatinine": 10, "urine_sodium": 14, "urine_creatinine": 100},
            "1 to 2%: indeterminate",
        ),
        (
            "fena",
            {"sodium": 140, "creatinine": 10, "urine_sodium": 28, "urine_creatinine": 100},
            "1 to 2%: indeterminate",
        ),
        (
            "fena",
            {"sodium": 140, "creatinine": 10, "urine_sodium": 28.1, "urine_creatinine": 100},
            "above 2%: suggests tubular necrosis",
        ),
        (
            "feurea",
            {"urea_nitrogen": 40, "creatinine": 1, "urine_urea_nitrogen": 139, "urine_creatinine": 10},
            "below 35%: suggests a prerenal cause",
        ),
        (
            "feurea",
            {"urea_nitrogen": 40, "creatinine": 1, "urine_urea_nitrogen": 140, "urine_creatinine": 10},
            "35 to 50%: indeterminate",
        ),
        (
            "feurea",
            {"urea_nitrogen": 40, "creatinine": 1, "urine_urea_nitrogen": 200, "urine_creatinine": 10},
            "35 to 50%: indeterminate",
        ),
        (
            "feurea",
            {"urea_nitrogen": 40, "creatinine": 1, "urine_urea_nitrogen": 201, "urine_creatinine": 10},
            "above 50%: suggests tubular necrosis",
        ),
        ("pf_ratio", {"pao2": 50, "fio2": 50}, "100 or less: severe, if ARDS"),
        ("pf_ratio", {"pao2": 80, "fio2": 40}, "above 100 to 200: moderate, if ARDS"),
        ("pf_ratio", {"pao2": 81, "fio2": 40}, "above 200 to 300: mild, if ARDS"),
        ("pf_ratio", {"pao2": 95, "fio2": 21}, "above 300"),
        ("rox_index", {"spo2": 76, "fio2": 50, "respiratory_rate": 40}, "below 3.85 (at 12 hours: failure likely)"),
        ("rox_index", {"spo2": 77, "fio2": 50, "respiratory_rate": 40}, "3.85 to below 4.88"),
        ("rox_index", {"spo2": 98, "fio2": 50, "respiratory_rate": 40}, "4.88 or more (success likely)"),
        ("shock_index", {"heart_rate": 100, "systolic_bp": 100}, "1.0 or less"),
        ("shock_index", {"heart_rate": 101, "systolic_bp": 100}, "above 1.0: higher risk of death and intensive care"),
        ("maddrey", {"prothrombin_time": 17, "control_time": 12, "bilirubin": 8.9}, "below 32"),
        ("maddrey", {"prothrombin_time": 17, "control_time": 12, "bilirubin": 9}, "32 or more: severe"),
        ("r_factor", {"alt": 80, "alt_upper_limit": 40, "alp": 120, "alp_upper_limit": 120}, "cholestatic (2 or less)"),
        ("r_factor", {"alt": 81, "alt_upper_limit": 40, "alp": 120, "alp_upper_limit": 120}, "mixed"),
        (
            "r_factor",
            {"alt": 200, "alt_upper_limit": 40, "alp": 120, "alp_upper_limit": 120},
            "hepatocellular (5 or more)",
        ),
    ],
)
def test_both_sides_of_the_limits(name: str, given: dict[str, Any], label: str) -> None:
    assert worked(name, **given).label == label


def test_friedewald_ends_at_400() -> None:
    lipids = {"total_cholesterol": 250, "hdl": 40}
    assert worked("ldl_friedewald", **lipids, triglycerides=399).value == pytest.approx(130.2)
    refused = worked("ldl_friedewald", **lipids, triglycerides=400)
    assert refused.value is None and "does not hold" in refused.warnings[-1]


def test_no_fall_of_bicarbonate_no_ratio() -> None:
    refused = worked("delta_ratio", sodium=140, chloride=100, bicarbonate=24)
    assert refused.value is None and "no fall" in refused.warnings[-1]


def test_no_deficit_of_water_below_140_is_said() -> None:
    assert "no deficit" in worked("free_water_deficit", age=50, sex="male", weight=70, sodium=136).warnings[-1]


NO_OPIOIDS = dict.fromkeys(
    (
        "codeine_dose",
        "hydrocodone_dose",
        "hydromorphone_dose",
        "methadone_dose",
        "morphine_dose",
        "oxycodone_dose",
        "oxymorphone_dose",
        "tapentadol_dose",
        "tramadol_dose",
        "fentanyl_patch_dose",
        "fentanyl_buccal_dose",
    ),
    0.0,
)


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ({}, 0),
        ({"hydrocodone_dose": 20}, 20),  # both examples of the guideline
        ({"oxycodone_dose": 20}, 30),
        ({"fentanyl_patch_dose": 25}, 60),
        ({"methadone_dose": 10, "tramadol_dose": 100, "codeine_dose": 60}, 47 + 20 + 9),
        (
            {
                "hydromorphone_dose": 8,
                "oxymorphone_dose": 10,
                "tapentadol_dose": 100,
                "morphine_dose": 15,
                "fentanyl_buccal_dose": 100,
            },
            40 + 30 + 40 + 15 + 13,
        ),
    ],
)
def test_morphine_equivalents(taken: dict[str, float], expected: float) -> None:
    assert worked("mme_cdc_2022", **{**NO_OPIOIDS, **taken}).value == pytest.approx(expected)


def test_an_opioid_not_named_is_not_taken_as_none() -> None:
    result = worked("mme_cdc_2022", **{**NO_OPIOIDS, "oxycodone_dose": 20, "tramadol_dose": None})
    assert (result.value, result.missing) == (None, ["tramadol_dose"])


def test_framingham_cvd_2008() -> None:
    common: dict[str, Any] = {"smoker": False, "diabetes": False, "bp_treated": False}
    woman = {"age": 61, "sex": "female", "total_cholesterol": 180, "hdl": 47, "systolic_bp": 124, "smoker": True}
    man = {
        "age": 53,
        "sex": "male",
        "total_cholesterol": 161,
        "hdl": 55,
        "systolic_bp": 125,
        "bp_treated": True,
        "diabetes": True,
    }
    assert worked("framingham_cvd_2008", **{**common, **woman}).value == pytest.approx(10.4842, abs=1e-3)
    assert worked("framingham_cvd_2008", **{**common, **man}).value == pytest.approx(15.6227, abs=1e-3)


@pytest.mark.parametrize(
    ("age", "cholesterol", "smoker", "table"),
    [
        (47, 180, False, 3),
        (47, 220, True, 16),
        (52, 220, False, 6),
        (57, 220, False, 10),
        (57, 260, False, 12),
        (62, 220, False, 10),
        (62, 260, True, 16),
        (67, 220, True, 16),
        (72, 220, False, 12),
    ],
)
def test_framingham_hard_chd_runs_close_to_the_point_tables(
    age: int, cholesterol: int, smoker: bool, table: int
) -> None:
    """Men, HDL 45 mg/dL, 125 mmHg untreated; the tables of NIH publication 01-3305 approximate the equation."""
    given = {"age": age, "sex": "male", "total_cholesterol": cholesterol, "hdl": 45, "systolic_bp": 125}
    assert worked("framingham_hard_chd", **given, bp_treated=False, smoker=smoker).value == pytest.approx(
        table, abs=4.5
    )


def test_framingham_hard_chd() -> None:
    man = {
        "age": 55,
        "sex": "male",
        "total_cholesterol": 220,
        "hdl": 45,
        "systolic_bp": 135,
        "bp_treated": False,
        "smoker": False,
    }
    woman = {
        "age": 79,
        "sex": "female",
        "total_cholesterol": 240,
        "hdl": 50,
        "systolic_bp": 140,
        "bp_treated": True,
        "smoker": True,
    }
    assert worked("framingham_hard_chd", **man).value == pytest.approx(8.68161, abs=1e-4)
    assert worked("framingham_hard_chd", **woman).value == pytest.approx(14.4481, abs=1e-4)


def test_a_pattern_of_normal_enzymes_is_not_named() -> None:
    normal = {"alt": 30, "alt_upper_limit": 40, "alp": 100, "alp_upper_limit": 120}
    assert "no pattern" in worked("r_factor", **normal).warnings[-1]
    assert worked("r_factor", **{**normal, "alt": 400}).warnings == []
