"""Patients without a point in the acute scores, from which their tests depart."""

from __future__ import annotations

from typing import Any

NIHSS = dict.fromkeys(
    ("consciousness_level", "loc_questions", "loc_commands", "best_gaze", "visual_loss", "facial_weakness"), "0"
) | dict.fromkeys(
    ("left_arm", "right_arm", "left_leg", "right_leg", "limb_ataxia", "sensory_loss", "best_language"), "0"
)
NIHSS |= {"articulation": "0", "neglect": "0"}
WORST_NIHSS = {
    "consciousness_level": "3",
    "loc_questions": "2",
    "loc_commands": "2",
    "best_gaze": "2",
    "visual_loss": "3",
    "facial_weakness": "3",
    "left_arm": "4",
    "right_arm": "4",
    "left_leg": "4",
    "right_leg": "4",
    "limb_ataxia": "2",
    "sensory_loss": "2",
    "best_language": "3",
    "articulation": "2",
    "neglect": "2",
}
AIS = dict.fromkeys(("ais_head_neck", "ais_face", "ais_chest", "ais_abdomen", "ais_extremities", "ais_external"), "0")
CPIS = {"temperature": 37, "wbc": 8, "secretions": "0", "pao2_fio2": 300, "infiltrate": "0", "aspirate_culture": "0"}
CALM: dict[str, dict[str, Any]] = {
    "nihss": NIHSS,
    "ich_score": {"gcs": 15, "haematoma_volume": 29.9, "age": 79},
    "four_score": {"eye_signs": "4", "motor_signs": "4", "brainstem_reflexes": "4", "breathing_pattern": "4"},
    "injury_severity_score": AIS,
    "revised_trauma_score": {"gcs": 15, "systolic_bp": 120, "respiratory_rate": 16},
    "clinical_pulmonary_infection_score": CPIS,
    "lrinec": {"crp": 149, "wbc": 14.9, "haemoglobin": 13.6, "sodium": 135, "creatinine": 1.6, "glucose": 180},
    "pitt_bacteraemia": {"temperature": 37, "mental_state": "alert"},
    "quick_pitt": {"temperature": 36, "systolic_bp": 90, "respiratory_rate": 24},
    "hacor": {"heart_rate": 120, "arterial_ph": 7.35, "gcs": 15, "pao2_fio2": 201, "respiratory_rate": 30},
    "modified_nutric": {"age": 49, "apache_ii_score": 14, "sofa_score": 5},
    "grace_acs": {"age": 29, "heart_rate": 49, "systolic_bp": 200, "creatinine": 0.39, "killip_class": "1"},
    "timi_stemi": {
        "age": 64,
        "systolic_bp": 100,
        "heart_rate": 100,
        "killip_class": "1",
        "weight": 67,
        "time_to_treatment": 4,
    },
    "mascc": {"burden_of_illness": "severe", "age": 60},
    "canadian_syncope_risk": {"age": 50, "qrs_duration": 130, "qtc": 480, "diagnosis_in_department": "other"},
    "alvarado": {"wbc": 10},
    "air_appendicitis": {"guarding": "0", "temperature": 38.4, "wbc": 9.9, "neutrophil_share": 69, "crp": 9},
    "ranson": {
        "age": 55,
        "wbc": 16,
        "glucose": 200,
        "ldh": 350,
        "ast": 250,
        "calcium": 8,
        "pao2": 60,
        "base_deficit": 4,
    },
    "glasgow_imrie": {
        "pao2": 60,
        "age": 55,
        "wbc": 15,
        "calcium": 8,
        "urea": 16,
        "ldh": 600,
        "albumin": 3.2,
        "glucose": 180,
    },
    "rockall": {
        "age": 59,
        "systolic_bp": 120,
        "heart_rate": 99,
        "comorbidity": "none",
        "endoscopic_diagnosis": "none",
    },
    "rockall_pre_endoscopy": {"age": 59, "systolic_bp": 100, "heart_rate": 99, "comorbidity": "none"},
    "smart_cop": {
        "age": 40,
        "systolic_bp": 90,
        "albumin": 3.5,
        "respiratory_rate": 24,
        "heart_rate": 124,
        "spo2": 94,
        "pao2": 80,
        "pao2_fio2": 400,
        "arterial_ph": 7.35,
    },
    "smrt_co": {"age": 40, "systolic_bp": 90, "respiratory_rate": 24, "heart_rate": 124, "spo2": 94},
    "mews": {"systolic_bp": 101, "heart_rate": 51, "respiratory_rate": 9, "temperature": 35, "avpu": "0"},
    "tisdale_qt": {"age": 67, "sex": "male", "potassium": 3.6, "qtc": 449, "qt_drugs": "0"},
    "apfel": {"sex": "male", "smoker": True},
    "aldrete": {
        "limb_movement": "2",
        "recovery_breathing": "2",
        "pressure_change": "2",
        "wakefulness": "2",
        "recovery_saturation": "2",
    },
    "padua_vte": {"age": 69, "bmi": 29.9},
}
