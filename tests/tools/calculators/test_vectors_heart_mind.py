"""Known answers of the calculators of heart, growth, mind, withdrawal and end of life, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from vectors import counted, q, worked

from tools.calculators import calculator

# Inputs of the lowest class of each score; a row below changes some of them.
CALM: dict[str, dict[str, Any]] = {
    "h2fpef": {"bmi": 30, "pulmonary_systolic_pressure": 35, "age": 60, "e_over_e_prime": 9},
    "sgarbossa": {},
    "sgarbossa_modified": {},
    "dapt_score": {"age": 64},
    "hemorr2hages": {"age": 75},
    "palliative_prognostic_index": {"palliative_performance": 60, "oral_intake": "normal"},
    "katz_adl": {},
    "amts": {},
    "phq_2": {"interest": "0", "mood": "0"},
    "gad_2": {"nervous": "0", "control": "0"},
    "ciwa_ar": {entry.name: "0" for entry in calculator("ciwa_ar").inputs},
    "cows": {entry.name: "0" for entry in calculator("cows").inputs} | {"heart_rate": 80},
    "damico_prostate": {"psa": 5, "gleason_sum": "6", "clinical_t_stage": "t1_t2a"},
    "gleason_grade_group": {"gleason_primary": "3", "gleason_secondary": "3"},
}
SEVEN = dict.fromkeys(CALM["ciwa_ar"], "7")
# The greatest points of each item; yawning, tremor and the like jump from 2 to 4.
WITHDRAWN = {
    "heart_rate": 121,
    "withdrawal_sweating": "4",
    "withdrawal_restlessness": "5",
    "withdrawal_pupils": "5",
    "withdrawal_aches": "4",
    "withdrawal_nose_tears": "4",
    "withdrawal_stomach": "5",
    "withdrawal_tremor": "4",
    "withdrawal_yawning": "4",
    "withdrawal_anxiety": "4",
    "withdrawal_skin": "5",
}
GROUPS = ((3, 3, "1"), (3, 4, "2"), (4, 3, "3"), (4, 4, "4"), (3, 5, "4"), (5, 3, "4"), (4, 5, "5"), (5, 5, "5"))


@pytest.mark.parametrize(
    ("name", "changed", "expected"),
    [
        ("h2fpef", {}, 0),
        ("h2fpef", {"bmi": 30.1}, 2),
        ("h2fpef", {"two_antihypertensives": True}, 1),
        ("h2fpef", {"atrial_fibrillation": True}, 3),
        ("h2fpef", {"pulmonary_systolic_pressure": 36}, 1),
        ("h2fpef", {"age": 61}, 1),
        ("h2fpef", {"e_over_e_prime": 9.1}, 1),
        ("sgarbossa", {}, 0),
        ("sgarbossa", {"concordant_st_elevation": True}, 5),
        ("sgarbossa", {"concordant_st_depression": True}, 3),
        ("sgarbossa", {"discordant_st_elevation_5mm": True}, 2),
        ("sgarbossa_modified", {}, "not_met"),
        ("sgarbossa_modified", {"concordant_st_elevation": True}, "met"),
        ("sgarbossa_modified", {"concordant_st_depression": True}, "met"),
        ("sgarbossa_modified", {"discordant_st_ratio": True}, "met"),
        ("dapt_score", {}, 0),
        ("dapt_score", {"age": 65}, -1),
        ("dapt_score", {"age": 74}, -1),
        ("dapt_score", {"age": 75}, -2),
        ("dapt_score", {"smoker": True}, 1),
        ("dapt_score", {"diabetes": True}, 1),
        ("dapt_score", {"infarction_at_presentation": True}, 1),
        ("dapt_score", {"previous_pci_infarction": True}, 1),
        ("dapt_score", {"paclitaxel_stent": True}, 1),
        ("dapt_score", {"small_stent": True}, 1),
        ("dapt_score", {"heart_failure_low_ef": True}, 2),
        ("dapt_score", {"vein_graft_stent": True}, 2),
        ("hemorr2hages", {}, 0),
        ("hemorr2hages", {"age": 76}, 1),
        ("hemorr2hages", {"hepatic_renal_disease": True}, 1),
        ("hemorr2hages", {"alcohol_abuse": True}, 1),
        ("hemorr2hages", {"malignancy": True}, 1),
        ("hemorr2hages", {"platelet_problem": True}, 1),
        ("hemorr2hages", {"prior_bleed": True}, 2),
        ("hemorr2hages", {"hypertension_uncontrolled": True}, 1),
        ("hemorr2hages", {"anaemia_present": True}, 1),
        ("hemorr2hages", {"cyp2c9_variant": True}, 1),
        ("hemorr2hages", {"fall_risk": True}, 1),
        ("hemorr2hages", {"stroke": True}, 1),
        ("palliative_prognostic_index", {}, 0),
        ("palliative_prognostic_index", {"palliative_performance": 50}, 2.5),
        ("palliative_prognostic_index", {"palliative_performance": 30}, 2.5),
        ("palliative_prognostic_index", {"palliative_performance": 20}, 4),
        ("palliative_prognostic_index", {"oral_intake": "moderate"}, 1),
        ("palliative_prognostic_index", {"oral_intake": "severe"}, 2.5),
        ("palliative_prognostic_index", {"oedema": True}, 1),
        ("palliative_prognostic_index", {"dyspnoea_at_rest": True}, 3.5),
        ("palliative_prognostic_index", {"delirium": True}, 4),
        ("katz_adl", {}, 0),
        *(("katz_adl", {entry.name: True}, 1) for entry in calculator("katz_adl").inputs),
        ("amts", {}, 0),
        *(("amts", {entry.name: True}, 1) for entry in calculator("amts").inputs),
        ("phq_2", {"interest": "3", "mood": "1"}, 4),
        ("phq_2", {"interest": "3", "mood": "3"}, 6),
        ("gad_2", {"nervous": "1", "control": "3"}, 4),
        ("gad_2", {"nervous": "3", "control": "3"}, 6),
        ("ciwa_ar", {}, 0),
        *(("ciwa_ar", {entry.name: "4"}, 4) for entry in calculator("ciwa_ar").inputs),
        ("ciwa_ar", {**SEVEN, "orientation": "4"}, 67),
        ("cows", {}, 0),
        ("cows", {"heart_rate": 81}, 1),
        ("cows", {"heart_rate": 100}, 1),
        ("cows", {"heart_rate": 101}, 2),
        ("cows", {"heart_rate": 120}, 2),
        ("cows", {"heart_rate": 121}, 4),
        *(("cows", {item: grade}, int(str(grade))) for item, grade in WITHDRAWN.items() if item != "heart_rate"),
        ("cows", WITHDRAWN, 48),
        ("damico_prostate", {}, "low"),
        ("damico_prostate", {"psa": 10}, "low"),
        ("damico_prostate", {"psa": 10.1}, "intermediate"),
        ("damico_prostate", {"psa": q(20, "ug/L")}, "intermediate"),
        ("damico_prostate", {"psa": 20.1}, "high"),
        ("damico_prostate", {"gleason_sum": "7"}, "intermediate"),
        ("damico_prostate", {"gleason_sum": "8"}, "high"),
        ("damico_prostate", {"clinical_t_stage": "t2b"}, "intermediate"),
        ("damico_prostate", {"clinical_t_stage": "t2c_or_more"}, "high"),
        ("damico_prostate", {"psa": 15, "gleason_sum": "8"}, "high"),
        *(
            ("gleason_grade_group", {"gleason_primary": str(first), "gleason_secondary": str(second)}, group)
            for first, second, group in GROUPS
        ),
    ],
)
def test_scores_and_classes(name: str, changed: dict[str, Any], expected: float | str) -> None:
    assert counted(name, **{**CALM[name], **changed}).value == expected


KATZ = [entry.name for entry in calculator("katz_adl").inputs]
AMTS = [entry.name for entry in calculator("amts").inputs]
PARTLY = {**WITHDRAWN, **dict.fromkeys(list(WITHDRAWN)[4:10], "0")}  # 23
BLEEDING = ["alcohol_abuse", "malignancy", "anaemia_present", "fall_risk", "stroke"]


@pytest.mark.parametrize(
    ("name", "changed", "label"),
    [
        ("h2fpef", {"age": 61}, "low probability"),
        ("h2fpef", {"bmi": 31}, "intermediate probability"),
        ("h2fpef", {"bmi": 31, "atrial_fibrillation": True}, "intermediate probability"),
        ("h2fpef", {"bmi": 31, "atrial_fibrillation": True, "age": 61}, "high probability"),
        ("sgarbossa", {"discordant_st_elevation_5mm": True}, "below 3"),
        ("sgarbossa", {"concordant_st_depression": True}, "3 or more: acute infarction likely"),
        ("dapt_score", {"smoker": True}, "below 2: more bleeding, similar ischaemic risk with longer therapy"),
        ("dapt_score", {"smoker": True, "diabetes": True}, "2 or more: fewer ischaemic events with longer therapy"),
        ("hemorr2hages", {}, "1.9 major bleeds in 100 patient-years"),
        *(
            ("hemorr2hages", dict.fromkeys(BLEEDING[:count], True), f"{rate} major bleeds in 100 patient-years")
            for count, rate in ((1, "2.5"), (2, "5.3"), (3, "8.4"), (4, "10.4"), (5, "12.3"))
        ),
        ("palliative_prognostic_index", {"oedema": True, "oral_intake": "moderate"}, "group A"),  # 2
        ("palliative_prognostic_index", {"oral_intake": "severe"}, "group B"),  # 2.5
        ("palliative_prognostic_index", {"delirium": True}, "group B"),  # 4
        (
            "palliative_prognostic_index",
            {"oedema": True, "dyspnoea_at_rest": True},
            "group C: less than 6 weeks expected",
        ),
        (
            "palliative_prognostic_index",
            {"palliative_performance": 50, "dyspnoea_at_rest": True},  # 6
            "group C: less than 6 weeks expected",
        ),
        (
            "palliative_prognostic_index",
            {"palliative_performance": 50, "delirium": True},  # 6.5
            "group C: less than 3 weeks expected",
        ),
        ("katz_adl", {}, "dependent in all"),
        ("katz_adl", {"feeds": True}, "dependent in some"),
        ("katz_adl", dict.fromkeys(KATZ[:5], True), "dependent in some"),
        ("katz_adl", dict.fromkeys(KATZ, True), "independent"),
        ("amts", dict.fromkeys(AMTS[:8], True), "below 9: cognitive impairment likely"),
        ("amts", dict.fromkeys(AMTS[:9], True), "9 or 10"),
        ("amts", dict.fromkeys(AMTS, True), "9 or 10"),
        ("phq_2", {"interest": "2"}, "below 3"),
        ("phq_2", {"interest": "2", "mood": "1"}, "3 or more: positive screen"),
        ("gad_2", {"nervous": "2"}, "below 3"),
        ("gad_2", {"nervous": "2", "control": "1"}, "3 or more: positive screen"),
        ("ciwa_ar", {"tremor_severity": "7"}, "mild withdrawal"),
        ("ciwa_ar", {"tremor_severity": "7", "orientation": "1"}, "moderate withdrawal"),
        ("ciwa_ar", {"tremor_severity": "7", "anxiety_severity": "7", "orientation": "1"}, "moderate withdrawal"),
        ("ciwa_ar", {"tremor_severity": "7", "anxiety_severity": "7", "orientation": "2"}, "severe withdrawal"),
        ("cows", {"withdrawal_tremor": "4"}, "no withdrawal"),
        ("cows", {"withdrawal_skin": "5"}, "mild withdrawal"),
        ("cows", {"withdrawal_skin": "5", "withdrawal_pupils": "5", "heart_rate": 101}, "mild withdrawal"),  # 12
        (
            "cows",
            {"withdrawal_skin": "5", "withdrawal_pupils": "5", "withdrawal_stomach": "3"},  # 13
            "moderate withdrawal",
        ),
        ("cows", {**PARTLY, "withdrawal_yawning": "1"}, "moderate withdrawal"),  # 24
        ("cows", {**PARTLY, "withdrawal_yawning": "2"}, "moderately severe withdrawal"),  # 25
        ("cows", {**WITHDRAWN, **dict.fromkeys(list(WITHDRAWN)[7:10], "0")}, "moderately severe withdrawal"),  # 36
        (
            "cows",
            {**WITHDRAWN, **dict.fromkeys(list(WITHDRAWN)[7:10], "0"), "withdrawal_yawning": "1"},  # 37
            "severe withdrawal",
        ),
    ],
)
def test_bands(name: str, changed: dict[str, Any], label: str) -> None:
    assert counted(name, **{**CALM[name], **changed}).label == label


WALLS = {"lv_diastolic_diameter": 4.8, "septal_thickness": 1, "posterior_wall_thickness": 1}  # a mass of 170.19 g
VALVE = {"lvot_diameter": 2, "lvot_vti": 20}  # the tract passes 62.83 mL


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("cardiac_index", {"cardiac_output": 5, "bsa": 2}, 2.5),
        (
            "systemic_vascular_resistance",
            {"mean_pressure": 93, "central_venous_pressure": 8, "cardiac_output": 5},
            1360,
        ),
        (
            "pulmonary_vascular_resistance",
            {"mean_pulmonary_pressure": 45, "wedge_pressure": 15, "cardiac_output": 4},
            7.5,
        ),
        (
            "fick_cardiac_output",  # 1.34 × 15 × 0.25 is 5.025 mL/dL
            {
                "oxygen_consumption": 250,
                "haemoglobin": 15,
                "arterial_saturation": 95,
                "mixed_venous_saturation": 70,
            },
            4.9751,
        ),
        ("stroke_volume", {"cardiac_output": 5, "heart_rate": 80}, 62.5),
        ("ejection_fraction_from_volumes", {"end_diastolic_volume": 120, "end_systolic_volume": 48}, 60),
        ("aortic_valve_area", {**VALVE, "aortic_vti": 80}, 0.7854),
        ("aortic_valve_area", {"lvot_diameter": q(20, "mm"), "lvot_vti": 20, "aortic_vti": 80}, 0.7854),
        ("lv_mass_index", {**WALLS, "bsa": 1.9, "sex": "male"}, 89.5763),
        ("ankle_brachial_index", {"ankle_pressure": 66, "arm_pressure": 120}, 0.55),
        ("ankle_brachial_index", {"ankle_pressure": 181, "arm_pressure": 200}, 0.91),  # 0.905
        ("ankle_brachial_index", {"ankle_pressure": 180.8, "arm_pressure": 200}, 0.90),  # 0.904
        ("duke_treadmill", {"exercise_time": 9, "st_deviation_mm": 2, "exercise_angina": "1"}, -5),
        ("duke_treadmill", {"exercise_time": 9, "st_deviation_mm": 2, "exercise_angina": "2"}, -9),
        ("duke_treadmill", {"exercise_time": 9, "st_deviation_mm": q(0.2, "mV"), "exercise_angina": "0"}, -1),
        ("fractional_shortening", {"lv_diastolic_diameter": 5, "lv_systolic_diameter": q(32, "mm")}, 36),
        ("carboplatin_calvert", {"target_auc": 5, "gfr": 100}, 625),
        ("mifflin_st_jeor", {"weight": 70, "height": 175, "age": 30, "sex": "male"}, 1648.75),
        ("mifflin_st_jeor", {"weight": 60, "height": 165, "age": 40, "sex": "female"}, 1270.25),
        ("harris_benedict", {"weight": 70, "height": 175, "age": 30, "sex": "male"}, 1702.0125),
        ("harris_benedict", {"weight": 60, "height": 165, "age": 40, "sex": "female"}, 1347.0595),
        ("waist_height_ratio", {"waist": 88, "height": 160}, 0.55),
        ("mid_parental_height", {"father_height": 180, "mother_height": 165, "sex": "male"}, 179),
        ("mid_parental_height", {"father_height": 180, "mother_height": 165, "sex": "female"}, 166),
        ("urine_albumin_creatinine_ratio", {"urine_albumin": 50, "urine_creatinine": 125}, 40),
        ("urine_albumin_creatinine_ratio", {"urine_albumin": q(5, "mg/dL"), "urine_creatinine": 125}, 40),
        (
            "estimated_fetal_weight",  # 10 to the power of 3.3192
            {
                "biparietal_diameter": 8,
                "head_circumference": 30,
                "abdominal_circumference": 30,
                "femur_length": q(60, "mm"),
            },
            2085.4510,
        ),
        ("estimated_average_glucose", {"hba1c": 7}, 154.2),
        ("estimated_average_glucose", {"hba1c": q(53, "mmol/mol")}, 154.2126),  # 7.0004 %
    ],
)
def test_formulas(name: str, given: dict[str, Any], expected: float) -> None:
    assert worked(name, **given).value == pytest.approx(expected, abs=6e-5)


def test_carboplatin_beyond_the_cap_of_an_estimated_gfr_is_said() -> None:
    assert worked("carboplatin_calvert", target_auc=6, gfr=125).warnings == []
    found = worked("carboplatin_calvert", target_auc=6, gfr=160)
    assert found.value == 1110 and any("capped" in text for text in found.warnings)
    assert any(step.endswith("up to 125 mL/min: 900 mg") for step in found.steps)


def test_the_steps_of_headache_in_alcohol_withdrawal_are_those_of_the_form() -> None:
    steps = calculator("ciwa_ar").input("headache_severity").choices
    assert (steps["3"], steps["5"], steps["7"]) == ("moderate", "severe", "extremely severe")


@pytest.mark.parametrize(
    ("name", "given", "label"),
    [
        ("aortic_valve_area", {**VALVE, "aortic_vti": 62.9}, "severe stenosis"),  # 0.999
        ("aortic_valve_area", {**VALVE, "aortic_vti": 62.8}, "moderate stenosis"),  # 1.0005
        ("aortic_valve_area", {**VALVE, "aortic_vti": 41.9}, "moderate stenosis"),  # 1.4996
        ("aortic_valve_area", {**VALVE, "aortic_vti": 41.8}, "mild stenosis or none"),  # 1.503
        ("ankle_brachial_index", {"ankle_pressure": 90, "arm_pressure": 100}, "abnormal"),
        ("ankle_brachial_index", {"ankle_pressure": 91, "arm_pressure": 100}, "borderline"),
        ("ankle_brachial_index", {"ankle_pressure": 99, "arm_pressure": 100}, "borderline"),
        ("ankle_brachial_index", {"ankle_pressure": 100, "arm_pressure": 100}, "normal"),
        ("ankle_brachial_index", {"ankle_pressure": 140, "arm_pressure": 100}, "normal"),
        ("ankle_brachial_index", {"ankle_pressure": 141, "arm_pressure": 100}, "noncompressible arteries"),
        ("duke_treadmill", {"exercise_time": 4, "st_deviation_mm": 3, "exercise_angina": "0"}, "high risk"),
        ("duke_treadmill", {"exercise_time": 4.1, "st_deviation_mm": 3, "exercise_angina": "0"}, "moderate risk"),
        ("duke_treadmill", {"exercise_time": 4.9, "st_deviation_mm": 0, "exercise_angina": "0"}, "moderate risk"),
        ("duke_treadmill", {"exercise_time": 5, "st_deviation_mm": 0, "exercise_angina": "0"}, "low risk"),
        ("waist_height_ratio", {"waist": 63.9, "height": 160}, "below 0.4"),
        ("waist_height_ratio", {"waist": 64, "height": 160}, "healthy"),
        ("waist_height_ratio", {"waist": 79.9, "height": 160}, "healthy"),
        ("waist_height_ratio", {"waist": 80, "height": 160}, "increased central adiposity"),
        ("waist_height_ratio", {"waist": 95.9, "height": 160}, "increased central adiposity"),
        ("waist_height_ratio", {"waist": 96, "height": 160}, "high central adiposity"),
        ("urine_albumin_creatinine_ratio", {"urine_albumin": 30, "urine_creatinine": 100}, "30 mg/g or less"),
        (
            "urine_albumin_creatinine_ratio",
            {"urine_albumin": 31, "urine_creatinine": 100},
            "above 30 mg/g: abnormal",
        ),
        (
            "urine_albumin_creatinine_ratio",
            {"urine_albumin": 300, "urine_creatinine": 100},
            "above 30 mg/g: abnormal",
        ),
        ("urine_albumin_creatinine_ratio", {"urine_albumin": 301, "urine_creatinine": 100}, "above 300 mg/g"),
    ],
)
def test_bands_of_formulas(name: str, given: dict[str, Any], label: str) -> None:
    assert worked(name, **given).label == label


@pytest.mark.parametrize(
    ("name", "given", "warning"),
    [
        (
            "fick_cardiac_output",
            {
                "oxygen_consumption": 250,
                "haemoglobin": 15,
                "arterial_saturation": 70,
                "mixed_venous_saturation": 70,
            },
            "The arterial is not above",
        ),
        (
            "fractional_shortening",
            {"lv_diastolic_diameter": 5, "lv_systolic_diameter": 5},
            "The systolic is not below",
        ),
        (
            "ejection_fraction_from_volumes",
            {"end_diastolic_volume": 100, "end_systolic_volume": 100},
            "The end-systolic is not below",
        ),
        (
            "systemic_vascular_resistance",
            {"mean_pressure": 30, "central_venous_pressure": 30, "cardiac_output": 5},
            "The arterial pressure is not above",
        ),
        (
            "pulmonary_vascular_resistance",
            {"mean_pulmonary_pressure": 15, "wedge_pressure": 16, "cardiac_output": 5},
            "The wedge pressure is above",
        ),
    ],
)
def test_values_that_give_no_answer(name: str, given: dict[str, Any], warning: str) -> None:
    result = worked(name, **given)
    assert result.value is None
    assert any(each.startswith(warning) for each in result.warnings)


@pytest.mark.parametrize(
    ("sex", "bsa", "above"),
    [("female", 1.8, "no"), ("female", 1.79, "yes"), ("male", 1.48, "no"), ("male", 1.47, "yes")],
)
def test_the_mass_of_the_left_ventricle_is_classed_by_sex(sex: str, bsa: float, above: str) -> None:
    steps = worked("lv_mass_index", **WALLS, bsa=bsa, sex=sex).steps
    assert f"Above the limit for the sex: {above}" in steps


def test_the_height_of_both_parents_gives_a_range() -> None:
    steps = worked("mid_parental_height", father_height=180, mother_height=165, sex="male").steps
    assert {"From: 170.5 cm", "To: 187.5 cm"} <= set(steps)
