"""Known answers of the calculators of kidney, prostate, liver and gut, on both sides of every limit, by hand."""

from __future__ import annotations

from typing import Any

import pytest
from vectors import counted, q, worked

# Inputs of the lowest class of each score; a row below changes some of them.
CALM: dict[str, dict[str, Any]] = {
    "kdigo_aki_stage": {"creatinine": 0.9, "baseline_creatinine": 0.9, "lowest_urine_output": "normal"},
    "glasgow_alcoholic_hepatitis": {"age": 40, "wbc": 10, "urea": 4, "inr": 1.2, "bilirubin": 100},
    "kings_college_paracetamol": {"arterial_ph": 7.4, "inr": 2, "creatinine": 90},
    "kings_college_other": {"inr": 2, "age": 30, "bilirubin": 100},
    "bard": {"bmi": 25, "ast": 30, "alt": 60},
    "truelove_witts": {"bloody_stools": 3, "heart_rate": 80, "temperature": 37, "haemoglobin": 13, "esr": 10},
    "harvey_bradshaw": {"well_being": "0", "pain_severity": "0", "liquid_stools": 0, "mass_felt": "0"},
    "mayo_score": {
        "stool_frequency_change": "0",
        "rectal_bleeding_grade": "0",
        "mucosal_appearance": "0",
        "physician_global": "0",
    },
    "mayo_partial": {"stool_frequency_change": "0", "rectal_bleeding_grade": "0", "physician_global": "0"},
    "peld": {"bilirubin": 8, "inr": 1.5, "albumin": 2.8, "age": 3},
}
CREATININE_AND_GRADE = {"inr": 6.6, "creatinine": 301, "encephalopathy_severe": True}
COLITIS = {"bloody_stools": 6}


@pytest.mark.parametrize(
    ("name", "changed", "expected"),
    [
        ("kdigo_aki_stage", {}, "none"),
        ("kdigo_aki_stage", {"creatinine": 1.34}, "none"),
        ("kdigo_aki_stage", {"creatinine": 1.35}, "1"),  # 1.5 times 0.9
        ("kdigo_aki_stage", {"creatinine": q(120, "umol/L")}, "1"),  # 1.357 mg/dL
        ("kdigo_aki_stage", {"creatinine": 1.79}, "1"),
        ("kdigo_aki_stage", {"creatinine": 1.8}, "2"),
        ("kdigo_aki_stage", {"creatinine": 2.69}, "2"),
        ("kdigo_aki_stage", {"creatinine": 2.7}, "3"),
        ("kdigo_aki_stage", {"rise_within_48h": True}, "1"),
        ("kdigo_aki_stage", {"renal_replacement": True}, "3"),
        ("kdigo_aki_stage", {"lowest_urine_output": "low_6h"}, "1"),
        ("kdigo_aki_stage", {"lowest_urine_output": "low_12h"}, "2"),
        ("kdigo_aki_stage", {"lowest_urine_output": "low_24h"}, "3"),
        ("kdigo_aki_stage", {"creatinine": 4, "baseline_creatinine": 3}, "none"),  # chronic, no rise
        ("kdigo_aki_stage", {"creatinine": 4, "baseline_creatinine": 3, "rise_within_48h": True}, "3"),
        ("kdigo_aki_stage", {"creatinine": 3.99, "baseline_creatinine": 3, "rise_within_48h": True}, "1"),
        ("kdigo_aki_stage", {"creatinine": 4, "baseline_creatinine": 2.5}, "3"),
        ("glasgow_alcoholic_hepatitis", {}, 5),
        ("glasgow_alcoholic_hepatitis", {"age": 49}, 5),
        ("glasgow_alcoholic_hepatitis", {"age": 50}, 6),
        ("glasgow_alcoholic_hepatitis", {"wbc": 14.9}, 5),
        ("glasgow_alcoholic_hepatitis", {"wbc": 15}, 6),
        ("glasgow_alcoholic_hepatitis", {"urea": 4.9}, 5),
        ("glasgow_alcoholic_hepatitis", {"urea": 5}, 6),
        ("glasgow_alcoholic_hepatitis", {"inr": 1.49}, 5),
        ("glasgow_alcoholic_hepatitis", {"inr": 1.5}, 6),
        ("glasgow_alcoholic_hepatitis", {"inr": 2.0}, 6),
        ("glasgow_alcoholic_hepatitis", {"inr": 2.1}, 7),
        ("glasgow_alcoholic_hepatitis", {"bilirubin": 124}, 5),
        ("glasgow_alcoholic_hepatitis", {"bilirubin": 125}, 6),
        ("glasgow_alcoholic_hepatitis", {"bilirubin": 250}, 6),
        ("glasgow_alcoholic_hepatitis", {"bilirubin": 251}, 7),
        ("glasgow_alcoholic_hepatitis", {"age": 50, "wbc": 15, "urea": 5, "inr": 2.1, "bilirubin": 251}, 12),
        ("kings_college_paracetamol", {}, "not_met"),
        ("kings_college_paracetamol", {"arterial_ph": 7.30}, "not_met"),
        ("kings_college_paracetamol", {"arterial_ph": 7.29}, "met"),
        ("kings_college_paracetamol", CREATININE_AND_GRADE, "met"),
        ("kings_college_paracetamol", {**CREATININE_AND_GRADE, "inr": 6.5}, "not_met"),
        ("kings_college_paracetamol", {**CREATININE_AND_GRADE, "creatinine": 300}, "not_met"),
        ("kings_college_paracetamol", {**CREATININE_AND_GRADE, "encephalopathy_severe": False}, "not_met"),
        ("kings_college_other", {}, "not_met"),
        ("kings_college_other", {"inr": 6.5}, "not_met"),
        ("kings_college_other", {"inr": 6.6}, "met"),
        ("kings_college_other", {"age": 40, "unfavourable_cause": True, "late_encephalopathy": True}, "not_met"),
        ("kings_college_other", {"age": 41, "unfavourable_cause": True, "late_encephalopathy": True}, "met"),
        ("kings_college_other", {"age": 10, "unfavourable_cause": True, "late_encephalopathy": True}, "not_met"),
        ("kings_college_other", {"age": 9, "unfavourable_cause": True, "late_encephalopathy": True}, "met"),
        ("kings_college_other", {"age": 41, "inr": 3.5, "bilirubin": 301}, "not_met"),
        ("kings_college_other", {"age": 41, "inr": 3.6, "bilirubin": 301}, "met"),
        ("kings_college_other", {"age": 41, "inr": 3.6, "bilirubin": 300}, "not_met"),
        ("kings_college_other", {"inr": 3.6, "bilirubin": 301, "late_encephalopathy": True}, "met"),
        ("bard", {}, 0),
        ("bard", {"bmi": 27.9}, 0),
        ("bard", {"bmi": 28}, 1),
        ("bard", {"ast": 47}, 0),
        ("bard", {"ast": 48}, 2),  # 48 / 60 is 0.8
        ("bard", {"diabetes": True}, 1),
        ("truelove_witts", {}, "mild"),
        ("truelove_witts", {"heart_rate": 89, "temperature": 37.4, "haemoglobin": 11.6, "esr": 19}, "mild"),
        ("truelove_witts", {"bloody_stools": 4}, "moderate"),
        ("truelove_witts", {"heart_rate": 90}, "moderate"),
        ("truelove_witts", {"temperature": 37.5}, "moderate"),
        ("truelove_witts", {"haemoglobin": 11.5}, "moderate"),
        ("truelove_witts", {"esr": 20}, "moderate"),
        ("truelove_witts", {"bloody_stools": 5, "heart_rate": 120}, "moderate"),
        ("truelove_witts", COLITIS, "moderate"),
        ("truelove_witts", {**COLITIS, "heart_rate": 90}, "moderate"),
        ("truelove_witts", {**COLITIS, "heart_rate": 91}, "severe"),
        ("truelove_witts", {**COLITIS, "temperature": 37.8}, "moderate"),
        ("truelove_witts", {**COLITIS, "temperature": 37.9}, "severe"),
        ("truelove_witts", {**COLITIS, "haemoglobin": 10.5}, "moderate"),
        ("truelove_witts", {**COLITIS, "haemoglobin": 10.4}, "severe"),
        ("truelove_witts", {**COLITIS, "esr": 30}, "moderate"),
        ("truelove_witts", {**COLITIS, "esr": 31}, "severe"),
        ("harvey_bradshaw", {}, 0),
        ("harvey_bradshaw", {"well_being": "4"}, 4),
        ("harvey_bradshaw", {"pain_severity": "3"}, 3),
        ("harvey_bradshaw", {"liquid_stools": 7}, 7),
        ("harvey_bradshaw", {"mass_felt": "3"}, 3),
        ("mayo_score", {}, 0),
        ("mayo_score", {"stool_frequency_change": "1", "rectal_bleeding_grade": "2"}, 3),
        ("mayo_score", dict.fromkeys(CALM["mayo_score"], "3"), 12),
        ("mayo_partial", {}, 0),
        ("mayo_partial", {"stool_frequency_change": "1", "rectal_bleeding_grade": "2", "physician_global": "3"}, 6),
        ("mayo_partial", dict.fromkeys(CALM["mayo_partial"], "3"), 9),
        ("peld", {}, 10),  # 10 × (0.998 + 0.753 - 0.707)
        ("peld", {"age": 1}, 10),
        ("peld", {"age": 0.9}, 15),
        ("peld", {"growth_failure": True}, 17),
        ("peld", {"bilirubin": 0.5, "inr": 0.9, "albumin": 0.9}, 0),  # all raised to 1
        ("peld", {"bilirubin": 1, "inr": 1, "albumin": 4.5}, -10),
    ],
)
def test_scores_and_classes(name: str, changed: dict[str, Any], expected: float | str) -> None:
    assert counted(name, **{**CALM[name], **changed}).value == expected


@pytest.mark.parametrize(
    "complication",
    [
        "arthralgia",
        "uveitis",
        "erythema_nodosum",
        "aphthous_ulcers",
        "pyoderma_gangrenosum",
        "anal_fissure",
        "new_fistula",
        "abscess",
    ],
)
def test_each_complication_of_crohns_disease_is_a_point(complication: str) -> None:
    assert counted("harvey_bradshaw", (complication,), **CALM["harvey_bradshaw"]).value == 1


@pytest.mark.parametrize(
    ("name", "changed", "label"),
    [
        ("glasgow_alcoholic_hepatitis", {"age": 50, "wbc": 15, "urea": 5}, "below 9"),
        ("glasgow_alcoholic_hepatitis", {"age": 50, "wbc": 15, "urea": 5, "inr": 1.5}, "9 or more: poor prognosis"),
        ("bard", {"bmi": 28}, "0 or 1: advanced fibrosis unlikely"),
        ("bard", {"ast": 48}, "2 to 4: advanced fibrosis more likely"),
        ("harvey_bradshaw", {"liquid_stools": 4}, "remission"),
        ("harvey_bradshaw", {"liquid_stools": 5}, "mild disease"),
        ("harvey_bradshaw", {"liquid_stools": 7}, "mild disease"),
        ("harvey_bradshaw", {"liquid_stools": 8}, "moderate disease"),
        ("harvey_bradshaw", {"liquid_stools": 16}, "moderate disease"),
        ("harvey_bradshaw", {"liquid_stools": 17}, "severe disease"),
        ("mayo_score", {"physician_global": "2"}, "2 or less"),
        ("mayo_score", {"physician_global": "3"}, "mild activity"),
        ("mayo_score", {"physician_global": "3", "mucosal_appearance": "2"}, "mild activity"),
        ("mayo_score", {"physician_global": "3", "mucosal_appearance": "3"}, "moderate activity"),
        ("mayo_score", {**dict.fromkeys(CALM["mayo_score"], "3"), "mucosal_appearance": "1"}, "moderate activity"),
        ("mayo_score", {**dict.fromkeys(CALM["mayo_score"], "3"), "mucosal_appearance": "2"}, "severe activity"),
    ],
)
def test_bands(name: str, changed: dict[str, Any], label: str) -> None:
    assert counted(name, **{**CALM[name], **changed}).label == label


OSMOLES = {"measured_osmolality": 295, "sodium": 140, "glucose": 90, "urea_nitrogen": 14}
DIALYSIS = {"dialysis_time": 4, "ultrafiltration_volume": 3, "post_dialysis_weight": 70}


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("osmolar_gap", OSMOLES, 5),
        ("osmolar_gap", {**OSMOLES, "glucose": q(5, "mmol/L"), "urea_nitrogen": q(5, "mmol/L")}, 4.9932),
        ("osmolar_gap_ethanol", {**OSMOLES, "measured_osmolality": 315, "ethanol": 92}, 5),
        ("osmolar_gap_ethanol", {**OSMOLES, "measured_osmolality": 315, "ethanol": q(20, "mmol/L")}, 4.9700),
        ("urine_anion_gap", {"urine_sodium": 60, "urine_potassium": 40, "urine_chloride": 60}, 40),
        ("urine_anion_gap", {"urine_sodium": 20, "urine_potassium": 20, "urine_chloride": 90}, -50),
        ("ttkg", {"urine_potassium": 40, "potassium": 4, "urine_osmolality": 600, "measured_osmolality": 300}, 5),
        ("phenytoin_corrected", {"phenytoin_total": 8, "albumin": 2.5}, 13.3333),
        ("phenytoin_corrected", {"phenytoin_total": 20, "albumin": 4.5}, 20),
        ("phenytoin_corrected", {"phenytoin_total": q(40, "umol/L"), "albumin": q(25, "g/L")}, 16.8182),
        (
            "creatinine_clearance_24h",
            {"creatinine": 1, "urine_creatinine": 100, "urine_volume": 1440, "collection_time": 24},
            100,
        ),
        (
            "creatinine_clearance_24h",
            {"creatinine": 2, "urine_creatinine": 100, "urine_volume": q(0.72, "L"), "collection_time": 12},
            50,
        ),
        ("fe_magnesium", {"magnesium": 2, "creatinine": 1, "urine_magnesium": 7, "urine_creatinine": 125}, 4),
        ("fe_magnesium", {"magnesium": 1, "creatinine": 2, "urine_magnesium": 3.5, "urine_creatinine": 100}, 10),
        ("tmp_gfr", {"phosphate": 0.8, "creatinine": 1, "urine_phosphate": 20, "urine_creatinine": 100}, 0.6),
        ("tmp_gfr", {"phosphate": 1, "creatinine": 1, "urine_phosphate": 14, "urine_creatinine": 100}, 0.86),
        ("tmp_gfr", {"phosphate": 1, "creatinine": 1, "urine_phosphate": 13.9, "urine_creatinine": 100}, 0.8300),
        ("tmp_gfr", {"phosphate": 1, "creatinine": 1, "urine_phosphate": 5, "urine_creatinine": 100}, 1.1875),
        ("kt_v_daugirdas", {"pre_dialysis_urea": 70, "post_dialysis_urea": 21, **DIALYSIS}, 1.4432),
        ("urea_reduction_ratio", {"pre_dialysis_urea": 50, "post_dialysis_urea": 15}, 70),  # NIDDK's own example
        ("urine_protein_creatinine_ratio", {"urine_protein": 30, "urine_creatinine": 120}, 250),
        ("urine_protein_creatinine_ratio", {"urine_protein": q(0.3, "g/L"), "urine_creatinine": 120}, 250),
        ("psa_density", {"psa": 6, "prostate_volume": 40}, 0.15),
        ("psa_density", {"psa": q(6, "ug/L"), "prostate_volume": q(40, "cm3")}, 0.15),
        ("ckd_epi_cystatin_2012", {"cystatin_c": 0.8, "age": 50, "sex": "male"}, 108.8475),
        ("ckd_epi_cystatin_2012", {"cystatin_c": 1.6, "age": 60, "sex": "female"}, 38.8204),
        ("ckd_epi_cystatin_2012", {"cystatin_c": 0.4, "age": 40, "sex": "male"}, 160.1176),
        (
            "ckd_epi_creatinine_cystatin_2021",
            {"creatinine": 0.9, "cystatin_c": 0.8, "age": 50, "sex": "male"},
            111.0403,
        ),
        (
            "ckd_epi_creatinine_cystatin_2021",
            {"creatinine": 1.4, "cystatin_c": 1.6, "age": 60, "sex": "female"},
            41.1315,
        ),
        (
            "ckd_epi_creatinine_cystatin_2021",
            {"creatinine": 0.45, "cystatin_c": 0.4, "age": 40, "sex": "male"},
            159.5998,
        ),
        (
            "ckd_epi_creatinine_cystatin_2021",
            {"creatinine": 0.35, "cystatin_c": 0.8, "age": 30, "sex": "female"},
            134.5779,
        ),
        ("meld_original", {"bilirubin": 0.5, "inr": 0.9, "creatinine": 0.5}, 6),
        ("meld_original", {"bilirubin": 3, "inr": 2, "creatinine": 2}, 25),
        ("meld_original", {"bilirubin": 3, "inr": 2, "creatinine": 4}, 32),
        ("meld_original", {"bilirubin": 3, "inr": 2, "creatinine": 8}, 32),  # 4 is the most that counts
        ("meld_original", {"bilirubin": 30, "inr": 5, "creatinine": 4}, 40),
        ("meld_xi", {"bilirubin": 0.5, "creatinine": 0.5}, 9),
        ("meld_xi", {"bilirubin": 4, "creatinine": 2}, 25),
        ("meld_xi", {"bilirubin": 4, "creatinine": 4}, 33),
        ("meld_xi", {"bilirubin": 4, "creatinine": 8}, 33),
        ("ukeld", {"inr": 1.5, "creatinine": 100, "bilirubin": 50, "sodium": 135}, 56.1721),
        ("albi", {"bilirubin": 10, "albumin": 40}, -2.74),
        ("ast_alt_ratio", {"ast": 90, "alt": 60}, 1.5),
        ("saag", {"albumin": 3.1, "ascites_albumin": 2.0}, 1.1),
        ("saag", {"albumin": q(31, "g/L"), "ascites_albumin": q(5, "g/L")}, 2.6),
    ],
)
def test_formulas(name: str, given: dict[str, Any], expected: float) -> None:
    assert worked(name, **given).value == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize(
    ("name", "given", "label"),
    [
        ("osmolar_gap", {**OSMOLES, "measured_osmolality": 300}, "10 mosm/kg or less"),
        ("osmolar_gap", {**OSMOLES, "measured_osmolality": 300.1}, "above 10 mosm/kg: raised"),
        ("osmolar_gap_ethanol", {**OSMOLES, "measured_osmolality": 320, "ethanol": 92}, "10 mosm/kg or less"),
        ("osmolar_gap_ethanol", {**OSMOLES, "measured_osmolality": 321, "ethanol": 92}, "above 10 mosm/kg: raised"),
        (
            "urine_anion_gap",
            {"urine_sodium": 60, "urine_potassium": 40, "urine_chloride": 100},
            "not positive: ammonium excretion is raised, as the acidosis asks for",
        ),
        (
            "urine_anion_gap",
            {"urine_sodium": 60, "urine_potassium": 41, "urine_chloride": 100},
            "positive: suggests impaired distal acidification",
        ),
        (
            "fe_magnesium",
            {"magnesium": 2, "creatinine": 1, "urine_magnesium": 7, "urine_creatinine": 125},
            "4% or less",
        ),
        (
            "fe_magnesium",
            {"magnesium": 2, "creatinine": 1, "urine_magnesium": 7.1, "urine_creatinine": 125},
            "above 4%: renal wasting where magnesium is low",
        ),
        (
            "urine_protein_creatinine_ratio",
            {"urine_protein": 14.9, "urine_creatinine": 100},
            "below 150 mg/g: normal to mildly increased",
        ),
        (
            "urine_protein_creatinine_ratio",
            {"urine_protein": 15, "urine_creatinine": 100},
            "150 to 500 mg/g: moderately increased",
        ),
        (
            "urine_protein_creatinine_ratio",
            {"urine_protein": 50, "urine_creatinine": 100},
            "150 to 500 mg/g: moderately increased",
        ),
        (
            "urine_protein_creatinine_ratio",
            {"urine_protein": 50.1, "urine_creatinine": 100},
            "above 500 mg/g: severely increased",
        ),
        ("urea_reduction_ratio", {"pre_dialysis_urea": 100, "post_dialysis_urea": 35.1}, "below 65%"),
        (
            "urea_reduction_ratio",
            {"pre_dialysis_urea": 100, "post_dialysis_urea": 35},
            "65% or more, the minimum some experts name",
        ),
        ("meld_original", {"bilirubin": 1, "inr": 1.3, "creatinine": 1}, "1.9% died within 3 months"),  # 9
        ("meld_original", {"bilirubin": 1, "inr": 1.32, "creatinine": 1}, "6.0% died within 3 months"),  # 10
        ("meld_original", {"bilirubin": 1, "inr": 3.2, "creatinine": 1}, "6.0% died within 3 months"),  # 19
        ("meld_original", {"bilirubin": 1, "inr": 3.22, "creatinine": 1}, "19.6% died within 3 months"),  # 20
        ("meld_original", {"bilirubin": 1, "inr": 4.33, "creatinine": 2}, "19.6% died within 3 months"),  # 29
        ("meld_original", {"bilirubin": 1, "inr": 4.34, "creatinine": 2}, "52.6% died within 3 months"),  # 30
        ("meld_original", {"bilirubin": 1, "inr": 5.85, "creatinine": 4}, "52.6% died within 3 months"),  # 39
        ("meld_original", {"bilirubin": 1, "inr": 5.87, "creatinine": 4}, "71.3% died within 3 months"),  # 40
        ("ukeld", {"inr": 1, "creatinine": 100, "bilirubin": 20, "sodium": 140}, "below 49"),  # 48.15
        (
            "ukeld",
            {"inr": 1.5, "creatinine": 100, "bilirubin": 50, "sodium": 145},  # 50.34
            "49 or more: 9% or more die within a year",
        ),
        ("albi", {"bilirubin": 16, "albumin": 40}, "grade 1"),  # -2.605
        ("albi", {"bilirubin": 17, "albumin": 40}, "grade 2"),  # -2.588
        ("albi", {"bilirubin": 16, "albumin": 26}, "grade 2"),  # -1.415
        ("albi", {"bilirubin": 16, "albumin": 25}, "grade 3"),  # -1.330
        ("ast_alt_ratio", {"ast": 39, "alt": 50}, "below 0.8"),
        (
            "ast_alt_ratio",
            {"ast": 40, "alt": 50},
            "0.8 or more: advanced fibrosis more likely in fatty liver disease",
        ),
        ("saag", {"albumin": 3.1, "ascites_albumin": 2.1}, "below 1.1: not portal hypertension"),
        ("saag", {"albumin": 3.1, "ascites_albumin": 2.0}, "1.1 or more: portal hypertension"),
    ],
)
def test_bands_of_formulas(name: str, given: dict[str, Any], label: str) -> None:
    assert worked(name, **given).label == label


@pytest.mark.parametrize(
    ("name", "given", "warning"),
    [
        (
            "tmp_gfr",
            {"phosphate": 1, "creatinine": 1, "urine_phosphate": 80, "urine_creatinine": 20},
            "More phosphate in urine",
        ),
        (
            "kt_v_daugirdas",
            {"pre_dialysis_urea": 100, "post_dialysis_urea": 3.2, **DIALYSIS},  # 0.032 is 0.008 × 4
            "Urea fell further",
        ),
        ("kt_v_daugirdas", {"pre_dialysis_urea": 70, "post_dialysis_urea": 70, **DIALYSIS}, "Urea did not fall"),
        ("urea_reduction_ratio", {"pre_dialysis_urea": 70, "post_dialysis_urea": 70}, "Urea did not fall"),
    ],
)
def test_values_that_give_no_answer(name: str, given: dict[str, Any], warning: str) -> None:
    result = worked(name, **given)
    assert result.value is None
    assert any(each.startswith(warning) for each in result.warnings)


def test_the_gradient_of_potassium_warns_where_the_urine_is_not_concentrated() -> None:
    given = {"urine_potassium": 40, "potassium": 4, "measured_osmolality": 300}
    isotonic, concentrated = (
        worked("ttkg", urine_osmolality=300, **given),
        worked("ttkg", urine_osmolality=301, **given),
    )
    assert isotonic.value == pytest.approx(10)
    assert any("does not hold" in each for each in isotonic.warnings)
    assert not any("does not hold" in each for each in concentrated.warnings)
