"""Known answers of the calculators of lung, joints, blood, lymphoma, lipids and glucose, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from vectors import counted, q, worked

# Inputs of the lowest class of each score; a row below changes some of them.
CALM: dict[str, dict[str, Any]] = {
    "lights_criteria": {
        "pleural_protein": 2,
        "serum_protein": 7,
        "pleural_ldh": 100,
        "serum_ldh": 200,
        "ldh_upper_limit": 240,
    },
    "mmrc": {},
    "ecog": {},
    "bode": {"bmi": 25, "fev1_percent": 80, "mmrc_grade": "0", "walk_6min": 400},
    "gold_spirometry_grade": {"fev1_fvc": 0.69, "fev1_percent": 90},
    "plasmic": {"platelets": 30, "mcv": 90, "inr": 1.5, "creatinine": 2.0, "active_cancer": True},
    "hscore": {
        "temperature": 37,
        "organomegaly": "none",
        "haemoglobin": 13,
        "wbc": 8,
        "platelets": 250,
        "ferritin": 500,
        "triglycerides": 1,
        "fibrinogen": 4,
        "ast": 20,
    },
    "flipi": {"age": 60, "haemoglobin": 12},
    "binet": {"haemoglobin": 10, "platelets": 100},
    "ipi": {"age": 60, "ecog_performance": "0"},
    "dutch_lipid_clinic": {"family_lipids": "none", "premature_disease": "none", "lipid_signs": "none", "ldl": 3.9},
    "findrisc": {
        "age": 44,
        "bmi": 24.9,
        "waist": 79,
        "sex": "female",
        "daily_activity": True,
        "daily_vegetables": True,
        "diabetes_family": "none",
    },
}
CALM["plasmic"]["transplant_history"] = True
LOW_TWO = {"haemoglobin": 9.2, "wbc": 5}


@pytest.mark.parametrize(
    ("name", "changed", "expected"),
    [
        ("lights_criteria", {}, "transudate"),
        ("lights_criteria", {"pleural_protein": 3.5}, "transudate"),  # a half of 7
        ("lights_criteria", {"pleural_protein": 3.6}, "exudate"),
        ("lights_criteria", {"pleural_ldh": 120}, "transudate"),  # 0.6 of 200
        ("lights_criteria", {"pleural_ldh": 121}, "exudate"),
        ("lights_criteria", {"pleural_ldh": 160, "serum_ldh": 400}, "transudate"),  # two thirds of 240
        ("lights_criteria", {"pleural_ldh": 161, "serum_ldh": 400}, "exudate"),
        *(("mmrc", {"mmrc_grade": grade}, grade) for grade in "01234"),
        *(("ecog", {"ecog_performance": grade}, grade) for grade in "01234"),
        ("bode", {}, 0),
        ("bode", {"fev1_percent": 65}, 0),
        ("bode", {"fev1_percent": 64}, 1),
        ("bode", {"fev1_percent": 50}, 1),
        ("bode", {"fev1_percent": 49}, 2),
        ("bode", {"fev1_percent": 36}, 2),
        ("bode", {"fev1_percent": 35}, 3),
        ("bode", {"walk_6min": 350}, 0),
        ("bode", {"walk_6min": 349}, 1),
        ("bode", {"walk_6min": 250}, 1),
        ("bode", {"walk_6min": 249}, 2),
        ("bode", {"walk_6min": 150}, 2),
        ("bode", {"walk_6min": 149}, 3),
        ("bode", {"mmrc_grade": "1"}, 0),
        ("bode", {"mmrc_grade": "2"}, 1),
        ("bode", {"mmrc_grade": "3"}, 2),
        ("bode", {"mmrc_grade": "4"}, 3),
        ("bode", {"bmi": 21.1}, 0),
        ("bode", {"bmi": 21}, 1),
        ("gold_spirometry_grade", {"fev1_fvc": 0.70}, "none"),
        ("gold_spirometry_grade", {"fev1_fvc": q(70, "%")}, "none"),
        ("gold_spirometry_grade", {"fev1_fvc": q(69, "%")}, "1"),
        ("gold_spirometry_grade", {"fev1_percent": 80}, "1"),
        ("gold_spirometry_grade", {"fev1_percent": 79}, "2"),
        ("gold_spirometry_grade", {"fev1_percent": 50}, "2"),
        ("gold_spirometry_grade", {"fev1_percent": 49}, "3"),
        ("gold_spirometry_grade", {"fev1_percent": 30}, "3"),
        ("gold_spirometry_grade", {"fev1_percent": 29}, "4"),
        ("plasmic", {}, 0),
        ("plasmic", {"platelets": 29}, 1),
        ("plasmic", {"haemolysis": True}, 1),
        ("plasmic", {"active_cancer": False}, 1),
        ("plasmic", {"transplant_history": False}, 1),
        ("plasmic", {"mcv": 89}, 1),
        ("plasmic", {"inr": 1.49}, 1),
        ("plasmic", {"creatinine": 1.99}, 1),
        ("hscore", {}, 0),
        ("hscore", {"immunosuppression": True}, 18),
        ("hscore", {"temperature": 38.3}, 0),
        ("hscore", {"temperature": 38.4}, 33),
        ("hscore", {"temperature": 39.4}, 33),
        ("hscore", {"temperature": 39.5}, 49),
        ("hscore", {"organomegaly": "one"}, 23),
        ("hscore", {"organomegaly": "both"}, 38),
        ("hscore", {"haemoglobin": 9.2}, 0),  # one line
        ("hscore", LOW_TWO, 24),
        ("hscore", {**LOW_TWO, "haemoglobin": 9.3}, 0),
        ("hscore", {**LOW_TWO, "wbc": 5.1}, 0),
        ("hscore", {**LOW_TWO, "platelets": 111}, 24),
        ("hscore", {**LOW_TWO, "platelets": 110}, 34),
        ("hscore", {"ferritin": 1999}, 0),
        ("hscore", {"ferritin": 2000}, 35),
        ("hscore", {"ferritin": 6000}, 35),
        ("hscore", {"ferritin": 6001}, 50),
        ("hscore", {"triglycerides": 1.4}, 0),
        ("hscore", {"triglycerides": 1.5}, 44),
        ("hscore", {"triglycerides": 4}, 44),
        ("hscore", {"triglycerides": 4.1}, 64),
        ("hscore", {"fibrinogen": 2.6}, 0),
        ("hscore", {"fibrinogen": 2.5}, 30),
        ("hscore", {"ast": 29}, 0),
        ("hscore", {"ast": 30}, 19),
        ("hscore", {"haemophagocytosis": True}, 35),
        ("flipi", {}, 0),
        ("flipi", {"age": 61}, 1),
        ("flipi", {"haemoglobin": 11.9}, 1),
        ("flipi", {"advanced_stage": True}, 1),
        ("flipi", {"five_nodal_areas": True}, 1),
        ("flipi", {"ldh_raised": True}, 1),
        ("binet", {}, "A"),
        ("binet", {"three_areas": True}, "B"),
        ("binet", {"haemoglobin": 9.9}, "C"),
        ("binet", {"platelets": 99}, "C"),
        ("binet", {"haemoglobin": q(99, "g/L"), "three_areas": True}, "C"),
        ("ipi", {}, 0),
        ("ipi", {"age": 61}, 1),
        ("ipi", {"ecog_performance": "1"}, 0),
        ("ipi", {"ecog_performance": "2"}, 1),
        ("ipi", {"ecog_performance": "4"}, 1),
        ("ipi", {"ldh_raised": True}, 1),
        ("ipi", {"advanced_stage": True}, 1),
        ("ipi", {"extranodal_sites": True}, 1),
        ("dutch_lipid_clinic", {}, 0),
        ("dutch_lipid_clinic", {"family_lipids": "premature"}, 1),
        ("dutch_lipid_clinic", {"family_lipids": "signs"}, 2),
        ("dutch_lipid_clinic", {"premature_disease": "vascular"}, 1),
        ("dutch_lipid_clinic", {"premature_disease": "coronary"}, 2),
        ("dutch_lipid_clinic", {"lipid_signs": "arcus"}, 4),
        ("dutch_lipid_clinic", {"lipid_signs": "xanthoma"}, 6),
        ("dutch_lipid_clinic", {"ldl": 4.0}, 1),
        ("dutch_lipid_clinic", {"ldl": 4.9}, 1),
        ("dutch_lipid_clinic", {"ldl": 5.0}, 3),
        ("dutch_lipid_clinic", {"ldl": 6.4}, 3),
        ("dutch_lipid_clinic", {"ldl": 6.5}, 5),
        ("dutch_lipid_clinic", {"ldl": 8.4}, 5),
        ("dutch_lipid_clinic", {"ldl": 8.5}, 8),
        ("dutch_lipid_clinic", {"ldl": q(200, "mg/dL")}, 3),  # 5.17 mmol/L
        ("dutch_lipid_clinic", {"causative_mutation": True}, 8),
        ("findrisc", {}, 0),
        ("findrisc", {"age": 45}, 2),
        ("findrisc", {"age": 54}, 2),
        ("findrisc", {"age": 55}, 3),
        ("findrisc", {"age": 64}, 3),
        ("findrisc", {"age": 65}, 4),
        ("findrisc", {"bmi": 25}, 1),
        ("findrisc", {"bmi": 30}, 1),
        ("findrisc", {"bmi": 30.1}, 3),
        ("findrisc", {"waist": 80}, 3),
        ("findrisc", {"waist": 88}, 3),
        ("findrisc", {"waist": 89}, 4),
        ("findrisc", {"sex": "male", "waist": 93}, 0),
        ("findrisc", {"sex": "male", "waist": 94}, 3),
        ("findrisc", {"sex": "male", "waist": 102}, 3),
        ("findrisc", {"sex": "male", "waist": 103}, 4),
        ("findrisc", {"daily_activity": False}, 2),
        ("findrisc", {"daily_vegetables": False}, 1),
        ("findrisc", {"pressure_drug_ever": True}, 2),
        ("findrisc", {"high_glucose_ever": True}, 5),
        ("findrisc", {"diabetes_family": "distant"}, 3),
        ("findrisc", {"diabetes_family": "close"}, 5),
    ],
)
def test_scores_and_classes(name: str, changed: dict[str, Any], expected: float | str) -> None:
    assert counted(name, **{**CALM[name], **changed}).value == expected


@pytest.mark.parametrize(
    ("name", "changed", "label"),
    [
        ("bode", {"bmi": 21, "fev1_percent": 64}, "80% survived 4 years"),
        ("bode", {"fev1_percent": 35}, "67% survived 4 years"),
        ("bode", {"fev1_percent": 35, "bmi": 21}, "67% survived 4 years"),
        ("bode", {"fev1_percent": 35, "mmrc_grade": "3"}, "57% survived 4 years"),
        ("bode", {"fev1_percent": 35, "mmrc_grade": "4"}, "57% survived 4 years"),
        ("bode", {"fev1_percent": 35, "mmrc_grade": "4", "bmi": 21}, "18% survived 4 years"),
        ("plasmic", {"platelets": 29, "mcv": 89, "inr": 1, "creatinine": 1}, "low risk"),
        ("plasmic", {"platelets": 29, "mcv": 89, "inr": 1, "creatinine": 1, "haemolysis": True}, "intermediate risk"),
        (
            "plasmic",
            {"platelets": 29, "mcv": 89, "inr": 1, "creatinine": 1, "haemolysis": True, "active_cancer": False},
            "high risk",
        ),
        (
            "hscore",
            {**LOW_TWO, "platelets": 110, "ferritin": 2000, "triglycerides": 4.1, "haemophagocytosis": True},
            "169 or less",  # 34 + 35 + 64 + 35 is 168
        ),
        (
            "hscore",
            {
                "organomegaly": "both",
                "temperature": 38.4,
                "ferritin": 2000,
                "triglycerides": 4.1,
            },
            "above 169: haemophagocytic syndrome likely",  # 38 + 33 + 35 + 64 is 170
        ),
        ("flipi", {"age": 61}, "low risk"),
        ("flipi", {"age": 61, "haemoglobin": 11.9}, "intermediate risk"),
        ("flipi", {"age": 61, "haemoglobin": 11.9, "ldh_raised": True}, "poor risk"),
        ("ipi", {"age": 61}, "low risk"),
        ("ipi", {"age": 61, "ldh_raised": True}, "low-intermediate risk"),
        ("ipi", {"age": 61, "ldh_raised": True, "advanced_stage": True}, "high-intermediate risk"),
        ("ipi", {"age": 61, "ldh_raised": True, "advanced_stage": True, "ecog_performance": "2"}, "high risk"),
        ("dutch_lipid_clinic", {"premature_disease": "coronary"}, "unlikely"),
        ("dutch_lipid_clinic", {"ldl": 5}, "possible familial hypercholesterolaemia"),
        ("dutch_lipid_clinic", {"ldl": 6.5}, "possible familial hypercholesterolaemia"),
        ("dutch_lipid_clinic", {"lipid_signs": "xanthoma"}, "probable familial hypercholesterolaemia"),
        ("dutch_lipid_clinic", {"ldl": 8.5}, "probable familial hypercholesterolaemia"),
        ("dutch_lipid_clinic", {"ldl": 8.5, "family_lipids": "premature"}, "definite familial hypercholesterolaemia"),
        ("findrisc", {"high_glucose_ever": True, "daily_vegetables": False}, "low: 1 in 100 in 10 years"),
        ("findrisc", {"high_glucose_ever": True, "age": 45}, "slightly elevated: 1 in 25 in 10 years"),
        (
            "findrisc",
            {"high_glucose_ever": True, "diabetes_family": "close", "daily_vegetables": False},
            "slightly elevated: 1 in 25 in 10 years",
        ),
        (
            "findrisc",
            {"high_glucose_ever": True, "diabetes_family": "close", "age": 45},
            "moderate: 1 in 6 in 10 years",
        ),
        (
            "findrisc",
            {"high_glucose_ever": True, "diabetes_family": "close", "age": 65},
            "moderate: 1 in 6 in 10 years",
        ),
        (
            "findrisc",
            {"high_glucose_ever": True, "diabetes_family": "close", "age": 65, "daily_vegetables": False},
            "high: 1 in 3 in 10 years",
        ),
        (
            "findrisc",
            {"high_glucose_ever": True, "diabetes_family": "close", "age": 65, "waist": 89, "daily_activity": False},
            "high: 1 in 3 in 10 years",
        ),
        (
            "findrisc",
            {"high_glucose_ever": True, "diabetes_family": "close", "age": 65, "waist": 89, "bmi": 31},
            "very high: 1 in 2 in 10 years",
        ),
    ],
)
def test_bands(name: str, changed: dict[str, Any], label: str) -> None:
    assert counted(name, **{**CALM[name], **changed}).label == label


JOINTS = {"tender_joints": 4, "swollen_joints": 4}
MANY = {"tender_joints": 9, "swollen_joints": 4}
NO_JOINTS = {"tender_joints": 0, "swollen_joints": 0}


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("das28_esr", {**JOINTS, "esr": 20, "patient_global": 50}, 4.4770),  # 1.12 + 0.56 + 2.097 + 0.7
        ("das28_esr", {**JOINTS, "esr": 20, "patient_global": q(5, "cm")}, 4.4770),
        ("das28_crp", {**JOINTS, "crp": 10, "patient_global": 50}, 4.2032),
        ("das28_crp", {**JOINTS, "crp": q(1, "mg/dL"), "patient_global": 50}, 4.2032),
        ("cdai_ra", {**JOINTS, "patient_global": 5, "provider_global": 3.5}, 16.5),
        ("cdai_ra", {**JOINTS, "patient_global": q(50, "mm"), "provider_global": 3.5}, 16.5),
        ("sdai", {**JOINTS, "patient_global": 5, "provider_global": 3.5, "crp": q(20, "mg/L")}, 18.5),
        ("lean_body_weight", {"weight": 70, "height": 175, "sex": "male"}, 55.8571),
        ("lean_body_weight", {"weight": 60, "height": 165, "sex": "female"}, 39.2868),
        ("bsa_haycock", {"weight": 70, "height": 175}, 1.8468),
        ("bsa_haycock", {"weight": 3.5, "height": 50}, 0.2244),
        ("reticulocyte_production_index", {"reticulocytes": 9, "haematocrit": 45}, 9),
        ("reticulocyte_production_index", {"reticulocytes": 5, "haematocrit": 36}, 4),
        ("reticulocyte_production_index", {"reticulocytes": 9, "haematocrit": 35}, 4.6667),
        ("reticulocyte_production_index", {"reticulocytes": 9, "haematocrit": 26}, 3.4667),
        ("reticulocyte_production_index", {"reticulocytes": 9, "haematocrit": 25}, 2.5),
        ("reticulocyte_production_index", {"reticulocytes": 9, "haematocrit": 16}, 1.6),
        ("reticulocyte_production_index", {"reticulocytes": 9, "haematocrit": 15}, 1.2),
        ("ganzoni_iron_deficit", {"weight": 70, "haemoglobin": 8, "target_haemoglobin": 15}, 1676),
        ("mentzer_index", {"mcv": 60, "red_cell_count": 5}, 12),
        ("transferrin_saturation", {"serum_iron": 60, "tibc": 300}, 20),
        ("transferrin_saturation", {"serum_iron": q(10, "umol/L"), "tibc": q(60, "umol/L")}, 16.6667),
        ("absolute_neutrophil_count", {"wbc": 10, "segmented_percent": 45, "bands_percent": 5}, 5),
        ("quicki", {"fasting_glucose": 90, "fasting_insulin": 10}, 0.3385),
        ("homa_b", {"fasting_glucose": 5, "fasting_insulin": 10}, 133.3333),
        ("homa_b", {"fasting_glucose": 3.6, "fasting_insulin": 1}, 200),
        ("tyg_index", {"triglycerides": 150, "fasting_glucose": 100}, 8.9227),
        ("ldl_sampson", {"total_cholesterol": 200, "hdl": 50, "triglycerides": 150}, 123.3973),
        ("ldl_sampson", {"total_cholesterol": 300, "hdl": 40, "triglycerides": 800}, 114.9184),
    ],
)
def test_formulas(name: str, given: dict[str, Any], expected: float) -> None:
    assert worked(name, **given).value == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize(
    ("name", "given", "label"),
    [
        ("das28_esr", {**NO_JOINTS, "esr": 10, "patient_global": 70}, "remission"),  # 2.592
        ("das28_esr", {**NO_JOINTS, "esr": 10, "patient_global": 71}, "low disease activity"),  # 2.606
        ("das28_esr", {**NO_JOINTS, "esr": 20, "patient_global": 78}, "low disease activity"),  # 3.189
        ("das28_esr", {**NO_JOINTS, "esr": 20, "patient_global": 79}, "moderate disease activity"),  # 3.203
        ("das28_esr", {**MANY, "esr": 20, "patient_global": 54}, "moderate disease activity"),  # 5.093
        ("das28_esr", {**MANY, "esr": 20, "patient_global": 55}, "high disease activity"),  # 5.107
        ("das28_crp", {**NO_JOINTS, "crp": 10, "patient_global": 55}, "remission"),  # 2.593
        ("das28_crp", {**NO_JOINTS, "crp": 10, "patient_global": 56}, "low disease activity"),  # 2.607
        ("das28_crp", {**NO_JOINTS, "crp": 10, "patient_global": 98}, "low disease activity"),  # 3.195
        ("das28_crp", {**NO_JOINTS, "crp": 10, "patient_global": 99}, "moderate disease activity"),  # 3.209
        ("das28_crp", {**MANY, "crp": 10, "patient_global": 74}, "moderate disease activity"),  # 5.099
        ("das28_crp", {**MANY, "crp": 10, "patient_global": 75}, "high disease activity"),  # 5.113
        ("cdai_ra", {**NO_JOINTS, "patient_global": 1.4, "provider_global": 1.4}, "remission"),
        ("cdai_ra", {**NO_JOINTS, "patient_global": 1.4, "provider_global": 1.5}, "low disease activity"),
        ("cdai_ra", {**JOINTS, "patient_global": 1, "provider_global": 1}, "low disease activity"),
        ("cdai_ra", {**JOINTS, "patient_global": 1, "provider_global": 1.1}, "moderate disease activity"),
        ("cdai_ra", {**MANY, "patient_global": 5, "provider_global": 4}, "moderate disease activity"),
        ("cdai_ra", {**MANY, "patient_global": 5, "provider_global": 4.1}, "high disease activity"),
        ("sdai", {**NO_JOINTS, "patient_global": 1.4, "provider_global": 1.4, "crp": 0.5}, "remission"),
        ("sdai", {**NO_JOINTS, "patient_global": 1.4, "provider_global": 1.4, "crp": 0.6}, "low disease activity"),
        ("sdai", {**JOINTS, "patient_global": 1, "provider_global": 1, "crp": 1}, "low disease activity"),
        ("sdai", {**JOINTS, "patient_global": 1, "provider_global": 1, "crp": 1.1}, "moderate disease activity"),
        ("sdai", {**MANY, "patient_global": 5, "provider_global": 4, "crp": 4}, "moderate disease activity"),
        ("sdai", {**MANY, "patient_global": 5, "provider_global": 4, "crp": 4.1}, "high disease activity"),
        ("mentzer_index", {"mcv": 64, "red_cell_count": 5}, "below 13: thalassaemia trait more likely"),
        ("mentzer_index", {"mcv": 65, "red_cell_count": 5}, "13"),
        ("mentzer_index", {"mcv": 66, "red_cell_count": 5}, "above 13: iron deficiency more likely"),
        ("absolute_neutrophil_count", {"wbc": 1, "segmented_percent": 40, "bands_percent": 9}, "severe neutropenia"),
        (
            "absolute_neutrophil_count",
            {"wbc": 1, "segmented_percent": 40, "bands_percent": 10},
            "moderate neutropenia",
        ),
        (
            "absolute_neutrophil_count",
            {"wbc": 2, "segmented_percent": 40, "bands_percent": 9},
            "moderate neutropenia",
        ),
        ("absolute_neutrophil_count", {"wbc": 2, "segmented_percent": 40, "bands_percent": 10}, "mild neutropenia"),
        ("absolute_neutrophil_count", {"wbc": 3, "segmented_percent": 40, "bands_percent": 9}, "mild neutropenia"),
        ("absolute_neutrophil_count", {"wbc": 3, "segmented_percent": 40, "bands_percent": 10}, "no neutropenia"),
    ],
)
def test_bands_of_formulas(name: str, given: dict[str, Any], label: str) -> None:
    assert worked(name, **given).label == label


@pytest.mark.parametrize(
    ("name", "given", "warning"),
    [
        (
            "ganzoni_iron_deficit",
            {"weight": 70, "haemoglobin": 15, "target_haemoglobin": 15},
            "The haemoglobin is not below",
        ),
        (
            "absolute_neutrophil_count",
            {"wbc": 10, "segmented_percent": 95, "bands_percent": 6},
            "The shares add up to more",
        ),
        ("quicki", {"fasting_glucose": 10, "fasting_insulin": 0.1}, "The two values are too low"),
        ("homa_b", {"fasting_glucose": 3.5, "fasting_insulin": 10}, "The glucose is not above 3.5"),
        (
            "ldl_sampson",
            {"total_cholesterol": 300, "hdl": 40, "triglycerides": 801},
            "Triglycerides are above 800 mg/dL",
        ),
        ("ldl_sampson", {"total_cholesterol": 100, "hdl": 100, "triglycerides": 100}, "HDL is not below"),
        ("ldl_sampson", {"total_cholesterol": 60, "hdl": 50, "triglycerides": 150}, "The equation gives no positive"),
    ],
)
def test_values_that_give_no_answer(name: str, given: dict[str, Any], warning: str) -> None:
    result = worked(name, **given)
    assert result.value is None
    assert any(each.startswith(warning) for each in result.warnings)


def test_plasmic_is_not_for_platelets_of_150_or_more() -> None:
    given = {"mcv": 89, "inr": 1, "creatinine": 1, "haemolysis": True, "active_cancer": False}
    given["transplant_history"] = False
    assert worked("plasmic", platelets=149, **given).value == 6
    assert worked("plasmic", platelets=150, **given).value is None
