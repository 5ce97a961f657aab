"""Known answers of scores, worked out by hand: nothing, everything, and both sides of every limit."""

from __future__ import annotations

from typing import Any

import pytest
from vectors import counted, q, worked

NINE_DVT = (
    "active_cancer",
    "paralysis_plaster",
    "bedridden_surgery",
    "deep_vein_tenderness",
    "entire_leg_swollen",
    "calf_swelling",
    "pitting_oedema",
    "collateral_veins",
    "previous_dvt",
)
SIX_RCRI = (
    "high_risk_surgery",
    "ischaemic_heart_disease",
    "heart_failure",
    "cerebrovascular_disease",
    "insulin_treatment",
)
NECK = ("temperature_above_38", "tender_anterior_nodes", "tonsillar_exudate")
FEVER = ("fever_24h", "purulence", "attended_within_3_days", "severely_inflamed_tonsils")
CALM = {"temperature": 37, "heart_rate": 90, "respiratory_rate": 20, "paco2": 32, "wbc": 12}
TIMI = ("three_risk_factors", "coronary_stenosis", "aspirin_7_days", "severe_angina", "st_deviation", "raised_markers")
MILD_TIA = {"age": 59, "systolic_bp": 139, "diastolic_bp": 89, "clinical_features": "other", "duration": 9}
NO_CHARLSON = {"liver_disease_severity": "none", "diabetes_severity": "none", "solid_tumour": "none"}
BLEED = {"age": 39, "sex": "female", "heart_rate": 69, "systolic_bp": 160, "haemoglobin": 16}
CANCER = {"cancer_site": "other", "platelets": 349, "haemoglobin": 10, "wbc": 11, "bmi": 34.9}
CLOTTING = {"platelets": 100, "fibrin_marker": "none", "pt_prolongation": 2.9, "fibrinogen": 1.0}

CASES: list[tuple[str, tuple[str, ...], dict[str, Any], float]] = [
    ("wells_dvt", (), {}, 0),
    ("wells_dvt", ("alternative_diagnosis",), {}, -2),
    ("wells_dvt", NINE_DVT, {}, 9),
    ("wells_dvt", (*NINE_DVT, "alternative_diagnosis"), {}, 7),
    ("rcri", (), {"creatinine": 2.0}, 0),
    ("rcri", (), {"creatinine": 2.01}, 1),
    ("rcri", (), {"creatinine": q(177, "umol/L")}, 0),  # the paper's own 177 µmol/L
    ("rcri", (), {"creatinine": q(178, "umol/L")}, 1),
    ("rcri", SIX_RCRI, {"creatinine": 2.5}, 6),
    ("centor_mcisaac", ("cough",), {"age": 14.9}, 1),
    ("centor_mcisaac", ("cough",), {"age": 15}, 0),
    ("centor_mcisaac", ("cough",), {"age": 44.9}, 0),
    ("centor_mcisaac", ("cough",), {"age": 45}, -1),
    ("centor_mcisaac", NECK, {"age": 10}, 5),
    ("centor_mcisaac", NECK, {"age": 50}, 3),
    ("feverpain", ("cough_or_coryza",), {}, 0),
    ("feverpain", (), {}, 1),
    ("feverpain", FEVER, {}, 5),
    ("sirs", (), CALM, 0),
    ("sirs", (), CALM | {"temperature": 38.1}, 1),
    ("sirs", (), CALM | {"temperature": 35.9}, 1),
    ("sirs", (), CALM | {"heart_rate": 91}, 1),
    ("sirs", (), CALM | {"respiratory_rate": 21}, 1),
    ("sirs", (), CALM | {"paco2": 31}, 1),
    ("sirs", (), CALM | {"respiratory_rate": 25, "paco2": 28}, 1),
    ("sirs", (), CALM | {"wbc": 12.1}, 1),
    ("sirs", (), CALM | {"wbc": 4}, 0),
    ("sirs", (), CALM | {"wbc": 3.9}, 1),
    ("sirs", ("immature_forms",), CALM, 1),
    (
        "sirs",
        (),
        {
            "temperature": q(102, "[degF]"),
            "heart_rate": 120,
            "respiratory_rate": 28,
            "paco2": 40,
            "wbc": q(15000, "/uL"),
        },
        4,
    ),
    ("chads2", (), {"age": 74}, 0),
    ("chads2", (), {"age": 75}, 1),
    ("chads2", ("heart_failure", "hypertension", "diabetes", "stroke_tia"), {"age": 80}, 6),
    ("timi_ua_nstemi", (), {"age": 64}, 0),
    ("timi_ua_nstemi", TIMI, {"age": 65}, 7),
    ("abcd2", (), MILD_TIA, 0),
    ("abcd2", (), MILD_TIA | {"age": 60}, 1),
    ("abcd2", (), MILD_TIA | {"systolic_bp": 140}, 1),
    ("abcd2", (), MILD_TIA | {"systolic_bp": 150, "diastolic_bp": 90}, 1),
    ("abcd2", (), MILD_TIA | {"clinical_features": "speech"}, 1),
    ("abcd2", (), MILD_TIA | {"duration": 10}, 1),
    ("abcd2", (), MILD_TIA | {"duration": 59.9}, 1),
    ("abcd2", (), MILD_TIA | {"duration": q(1, "h")}, 2),
    (
        "abcd2",
        ("diabetes",),
        {"age": 70, "systolic_bp": 150, "diastolic_bp": 80, "clinical_features": "weakness", "duration": 90},
        7,
    ),
    ("bisap", (), {"urea_nitrogen": 25, "age": 60}, 0),
    ("bisap", (), {"urea_nitrogen": q(8.9, "mmol/L"), "age": 60}, 0),
    ("bisap", ("impaired_mental_status", "sirs", "pleural_effusion"), {"urea_nitrogen": q(9, "mmol/L"), "age": 61}, 5),
    ("charlson", (), NO_CHARLSON | {"age": 49}, 0),
    ("charlson", (), NO_CHARLSON | {"age": 50}, 1),
    ("charlson", (), NO_CHARLSON | {"age": 79}, 3),
    ("charlson", (), NO_CHARLSON | {"age": 80}, 4),
    ("charlson", ("connective_tissue_disease", "peptic_ulcer", "chronic_lung_disease"), NO_CHARLSON | {"age": 82}, 7),
    ("charlson", ("hemiplegia", "moderate_severe_ckd", "leukaemia", "lymphoma", "aids"), NO_CHARLSON | {"age": 40}, 14),
    (
        "charlson",
        (),
        {
            "age": 40,
            "liver_disease_severity": "mild",
            "diabetes_severity": "uncomplicated",
            "solid_tumour": "localised",
        },
        4,
    ),
    (
        "charlson",
        (),
        {
            "age": 40,
            "liver_disease_severity": "moderate_severe",
            "diabetes_severity": "end_organ",
            "solid_tumour": "metastatic",
        },
        11,
    ),
    ("caprini", (), {"age": 40, "bmi": 25}, 0),
    ("caprini", (), {"age": 41, "bmi": 25.1}, 2),
    ("caprini", (), {"age": 60.9, "bmi": 25}, 1),
    ("caprini", (), {"age": 61, "bmi": 25}, 2),
    ("caprini", (), {"age": 75, "bmi": 25}, 3),
    (
        "caprini",
        ("major_surgery", "malignancy", "prior_vte", "hip_leg_fracture", "varicose_veins"),
        {"age": 30, "bmi": 22},
        13,
    ),
    ("oakland", (), BLEED, 0),
    ("oakland", (), BLEED | {"age": 40, "sex": "male", "heart_rate": 70, "systolic_bp": 159, "haemoglobin": 15.9}, 9),
    ("oakland", (), BLEED | {"age": 70, "heart_rate": 90, "systolic_bp": 129, "haemoglobin": 12.9}, 15),
    ("oakland", (), BLEED | {"heart_rate": 110, "systolic_bp": 119, "haemoglobin": 10.9}, 20),
    ("oakland", (), BLEED | {"systolic_bp": 89, "haemoglobin": 8.9}, 22),
    (
        "oakland",
        ("previous_admission", "blood_on_examination"),
        {"age": 80, "sex": "male", "heart_rate": 120, "systolic_bp": 80, "haemoglobin": 6.9},
        35,
    ),
    ("khorana", (), CANCER, 0),
    ("khorana", (), CANCER | {"cancer_site": "high", "platelets": 350}, 2),
    ("khorana", ("growth_factors",), CANCER | {"haemoglobin": 9.9}, 1),
    (
        "khorana",
        (),
        CANCER | {"cancer_site": "very_high", "platelets": 400, "haemoglobin": 9.9, "wbc": 11.1, "bmi": 35},
        6,
    ),
    ("dic_isth", (), CLOTTING, 0),
    ("dic_isth", (), CLOTTING | {"platelets": 99}, 1),
    ("dic_isth", (), CLOTTING | {"platelets": 50}, 1),
    ("dic_isth", (), CLOTTING | {"platelets": 49}, 2),
    ("dic_isth", (), CLOTTING | {"fibrin_marker": "moderate"}, 2),
    ("dic_isth", (), CLOTTING | {"pt_prolongation": 3, "fibrinogen": 0.9}, 2),
    ("dic_isth", (), {"platelets": 20, "fibrin_marker": "strong", "pt_prolongation": 7, "fibrinogen": 0.5}, 8),
    ("glasgow_coma_scale", (), {"eye_response": "4", "verbal_response": "5", "motor_response": "6"}, 15),
    ("glasgow_coma_scale", (), {"eye_response": "1", "verbal_response": "1", "motor_response": "1"}, 3),
    ("hit_4ts", (), {"platelet_fall": "2", "timing": "1", "thrombosis": "0", "other_causes": "2"}, 5),
    ("apgar", (), {"appearance": "1", "pulse": "2", "grimace": "1", "activity": "1", "respiration": "1"}, 6),
    (
        "bishop",
        (),
        {"dilation": "3", "effacement": "3", "station": "2", "consistency": "2", "cervical_position": "2"},
        12,
    ),
    ("audit_c", (), {"drinking_frequency": "2", "drinks_per_day": "1", "six_or_more": "1"}, 4),
    ("delirium_4at", (), {"alertness": "0", "amt4": "2", "attention": "2", "acute_change": "0"}, 4),
    ("delirium_4at", (), {"alertness": "4", "amt4": "2", "attention": "2", "acute_change": "4"}, 12),
]


@pytest.mark.parametrize(("name", "present", "given", "expected"), CASES)
def test_scores(name: str, present: tuple[str, ...], given: dict[str, Any], expected: float) -> None:
    assert counted(name, present, **given).value == expected


@pytest.mark.parametrize(
    ("name", "lower", "upper", "labels"),
    [
        ("wells_dvt", ("active_cancer",), ("active_cancer", "previous_dvt"), ("DVT unlikely", "DVT likely")),
        ("feverpain", (), ("purulence",), ("13 to 18% isolate streptococci", "34 to 40% isolate streptococci")),
        ("feverpain", FEVER[:2], FEVER[:3], ("34 to 40% isolate streptococci", "62 to 65% isolate streptococci")),
    ],
)
def test_bands_of_items(name: str, lower: tuple[str, ...], upper: tuple[str, ...], labels: tuple[str, str]) -> None:
    assert (counted(name, lower).label, counted(name, upper).label) == labels


@pytest.mark.parametrize(
    ("name", "points", "labels"),
    [
        (
            "phq_9",
            (4, 5, 9, 10, 14, 15, 19, 20),
            ("minimal", *["mild"] * 2, *["moderate"] * 2, *["moderately severe"] * 2, "severe"),
        ),
        ("gad_7", (4, 5, 9, 10, 14, 15), ("minimal", *["mild"] * 2, *["moderate"] * 2, "severe")),
    ],
)
def test_questionnaires(name: str, points: tuple[int, ...], labels: tuple[str, ...]) -> None:
    from tools.calculators import calculator

    items = [entry.name for entry in calculator(name).inputs]
    found = []
    for total in points:
        answers = [str(min(3, max(0, total - 3 * at))) for at in range(len(items))]
        result = worked(name, **dict(zip(items, answers, strict=True)))
        assert result.value == total
        found.append(result.label)
    assert tuple(found) == labels


CALM_APACHE: dict[str, Any] = {
    "age": 44,
    "temperature": 37,
    "mean_pressure": 80,
    "heart_rate": 80,
    "respiratory_rate": 16,
    "fio2": 21,
    "pao2": 80,
    "aa_gradient": 20,
    "arterial_ph": 7.4,
    "sodium": 140,
    "potassium": 4,
    "creatinine": 1.0,
    "haematocrit": 40,
    "wbc": 10,
    "gcs": 15,
    "chronic_health": "none",
}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, 0),
        ({"age": 45}, 2),
        ({"age": 55}, 3),
        ({"age": 65}, 5),
        ({"age": 75}, 6),
        ({"temperature": 38.4}, 0),
        ({"temperature": 38.5}, 1),
        ({"temperature": 39}, 3),
        ({"temperature": 41}, 4),
        ({"temperature": 35.9}, 1),
        ({"temperature": 33.9}, 2),
        ({"temperature": 31.9}, 3),
        ({"temperature": 29.9}, 4),
        ({"mean_pressure": 109}, 0),
        ({"mean_pressure": 110}, 2),
        ({"mean_pressure": 130}, 3),
        ({"mean_pressure": 160}, 4),
        ({"mean_pressure": 69}, 2),
        ({"mean_pressure": 49}, 4),
        ({"heart_rate": 110}, 2),
        ({"heart_rate": 140}, 3),
        ({"heart_rate": 180}, 4),
        ({"heart_rate": 69}, 2),
        ({"heart_rate": 54}, 3),
        ({"heart_rate": 39}, 4),
        ({"respiratory_rate": 25}, 1),
        ({"respiratory_rate": 35}, 3),
        ({"respiratory_rate": 50}, 4),
        ({"respiratory_rate": 11}, 1),
        ({"respiratory_rate": 9}, 2),
        ({"respiratory_rate": 5}, 4),
        ({"pao2": 71}, 0),
        ({"pao2": 70}, 1),
        ({"pao2": 60}, 3),
        ({"pao2": 54}, 4),
        ({"fio2": 50, "pao2": 54}, 0),
        ({"fio2": 50, "aa_gradient": 200}, 2),
        ({"fio2": 50, "aa_gradient": 350}, 3),
        ({"fio2": 50, "aa_gradient": 500}, 4),
        ({"fio2": 49, "aa_gradient": 500}, 0),
        ({"arterial_ph": 7.5}, 1),
        ({"arterial_ph": 7.6}, 3),
        ({"arterial_ph": 7.7}, 4),
        ({"arterial_ph": 7.32}, 2),
        ({"arterial_ph": 7.24}, 3),
        ({"arterial_ph": 7.14}, 4),
        ({"sodium": 150}, 1),
        ({"sodium": 155}, 2),
        ({"sodium": 160}, 3),
        ({"sodium": 180}, 4),
        ({"sodium": 129}, 2),
        ({"sodium": 119}, 3),
        ({"sodium": 110}, 4),
        ({"potassium": 5.5}, 1),
        ({"potassium": 6}, 3),
        ({"potassium": 7}, 4),
        ({"potassium": 3.4}, 1),
        ({"potassium": 2.9}, 2),
        ({"potassium": 2.4}, 4),
        ({"creatinine": 0.5}, 2),
        ({"creatinine": 1.5}, 2),
        ({"creatinine": 2.0}, 3),
        ({"creatinine": 3.5}, 4),
        ({"creatinine": 1.5, "acute_renal_failure": True}, 4),
        ({"creatinine": 3.5, "acute_renal_failure": True}, 8),
        ({"haematocrit": 46}, 1),
        ({"haematocrit": 50}, 2),
        ({"haematocrit": 60}, 4),
        ({"haematocrit": 29.9}, 2),
        ({"haematocrit": 19.9}, 4),
        ({"wbc": 15}, 1),
        ({"wbc": 20}, 2),
        ({"wbc": 40}, 4),
        ({"wbc": 2.9}, 2),
        ({"wbc": 0.9}, 4),
        ({"gcs": 3}, 12),
        ({"chronic_health": "elective"}, 2),
        ({"chronic_health": "other"}, 5),
    ],
)
def test_apache_ii(changed: dict[str, Any], expected: float) -> None:
    assert counted("apache_ii", **{**CALM_APACHE, **changed}).value == expected


def test_apache_ii_of_a_whole_patient() -> None:
    patient = {
        "age": 64,
        "temperature": q(100.8, "[degF]"),
        "mean_pressure": 75.3,
        "heart_rate": 107,
        "respiratory_rate": 22,
        "fio2": 36,
        "arterial_ph": 7.29,
        "sodium": 136,
        "potassium": 4.5,
        "creatinine": 1.8,
        "haematocrit": 34,
        "wbc": 12.3,
        "gcs": 13,
        "pao2": 75,
    }
    given = {**CALM_APACHE, **patient, "acute_renal_failure": True}
    assert counted("apache_ii", **given).value == 3 + 4 + 2 + 2  # age, creatinine doubled, coma scale, pH


def test_a_gradient_that_does_not_count_makes_no_difference() -> None:
    result = counted("apache_ii", **{**CALM_APACHE, "aa_gradient": None})
    assert (result.value, result.missing) == (0, ["aa_gradient"])


def test_unknown_gases_leave_a_range_of_sirs() -> None:
    result = counted("sirs", **{**CALM, "heart_rate": 100, "paco2": None})
    assert (result.value, result.range, result.missing) == (None, (1, 2), ["paco2"])
    assert result.label == "fewer than 2 criteria or SIRS: 2 criteria or more"
