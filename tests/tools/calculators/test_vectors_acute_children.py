"""Known answers of the scores of children: limits that depend on age, and both sides of each."""

from __future__ import annotations

import math
from typing import Any

import pytest
from vectors import counted, q, worked

PSOFA = {
    "age": 6,
    "pao2_fio2": 400,
    "spo2_fio2": 300,
    "platelets": 150,
    "bilirubin": 1.1,
    "mean_pressure": 65,
    "vasoactive": "none",
    "gcs": 15,
    "creatinine": 0.69,
}
PHOENIX = {
    "age": 6,
    "pao2_fio2": 400,
    "spo2_fio2": 300,
    "vasoactive_drugs": "0",
    "lactate": 4.9,
    "mean_pressure": 49,
    "platelets": 100,
    "inr": 1.3,
    "d_dimer": 2000,
    "fibrinogen": 1.0,
    "gcs": 11,
}
BALLARD = dict.fromkeys(
    (
        "newborn_posture",
        "square_window",
        "arm_recoil",
        "popliteal_angle",
        "scarf_sign",
        "heel_to_ear",
        "newborn_skin",
        "lanugo",
        "plantar_creases",
        "breast_bud",
        "eye_ear",
        "newborn_genitals",
    ),
    "0",
)
CROUP = {
    "stridor_degree": "0",
    "chest_retractions": "0",
    "air_entry": "0",
    "cyanosis_degree": "0",
    "consciousness": "0",
}
PIM3 = {
    "age": 4,
    "base_excess": 0,
    "systolic_bp": 120,
    "fio2": 23,
    "pao2": 100,
    "recovery": "none",
    "diagnosis_risk": "none",
}
CALM: dict[str, dict[str, Any]] = {
    "paediatric_sofa": PSOFA,
    "phoenix_sepsis": PHOENIX,
    "ballard": BALLARD,
    "paediatric_gcs": {"eye_response": "4", "verbal_response": "5", "motor_response": "6"},
    "paediatric_early_warning": dict.fromkeys(("child_behaviour", "child_circulation", "child_breathing"), "0"),
    "westley_croup": CROUP,
    "pram": {"spo2": 95, "air_entry": "0", "wheeze": "0"},
    "kocher_septic_hip": {"temperature": 38.5, "esr": 39, "wbc": 12},
    "gorelick_dehydration": {},
    "clinical_dehydration_scale": dict.fromkeys(
        ("general_appearance", "eyes_appearance", "mucous_membranes", "tears_amount"), "0"
    ),
    "apls_weight": {},
    "luscombe_weight": {},
    "pim3": PIM3,
}
KIDNEY = [
    (q(20, "d"), (0.8, 1.0, 1.2, 1.6)),
    (q(6, "mo"), (0.3, 0.5, 0.8, 1.2)),
    (q(18, "mo"), (0.4, 0.6, 1.1, 1.5)),
    (q(3, "a"), (0.6, 0.9, 1.6, 2.3)),
    (q(7, "a"), (0.7, 1.1, 1.8, 2.6)),
    (q(15, "a"), (1.0, 1.7, 2.9, 4.2)),
]
LOWEST = [(q(20, "d"), 46), (q(6, "mo"), 55), (q(18, "mo"), 60), (3, 62), (7, 65), (15, 67), (18, 67), (18.1, 70)]
SHOCK = [(q(20, "d"), 30, 17), (q(6, "mo"), 38, 25), (1.5, 43, 31), (3, 44, 32), (7, 48, 36), (15, 51, 38)]
ROWS: list[tuple[str, tuple[str, ...], dict[str, Any], float]] = [
    ("paediatric_sofa", (), {}, 0),
    ("paediatric_sofa", (), {"pao2_fio2": 399}, 1),
    ("paediatric_sofa", (), {"pao2_fio2": 299}, 2),
    ("paediatric_sofa", (), {"pao2_fio2": 150}, 2),
    ("paediatric_sofa", ("respiratory_support",), {"pao2_fio2": 199}, 3),
    ("paediatric_sofa", ("respiratory_support",), {"pao2_fio2": 99}, 4),
    ("paediatric_sofa", (), {"oxygenation_by": "spo2_fio2", "spo2_fio2": 291}, 1),
    ("paediatric_sofa", (), {"oxygenation_by": "spo2_fio2", "spo2_fio2": 263}, 2),
    ("paediatric_sofa", ("respiratory_support",), {"oxygenation_by": "spo2_fio2", "spo2_fio2": 220}, 3),
    ("paediatric_sofa", ("respiratory_support",), {"oxygenation_by": "spo2_fio2", "spo2_fio2": 147}, 4),
    *[("paediatric_sofa", (), {"platelets": at}, to) for at, to in ((149, 1), (99, 2), (49, 3), (19, 4))],
    *[("paediatric_sofa", (), {"bilirubin": at}, to) for at, to in ((1.2, 1), (2, 2), (6, 3), (12, 4))],
    *[("paediatric_sofa", (), {"gcs": at}, to) for at, to in ((14, 1), (13, 1), (12, 2), (9, 3), (6, 3), (5, 4))],
    *[("paediatric_sofa", (), {"vasoactive": dose}, to) for dose, to in (("low", 2), ("medium", 3), ("high", 4))],
    *[
        ("paediatric_sofa", (), {"age": age, "mean_pressure": limit - under, "creatinine": 0.1}, under)
        for age, limit in LOWEST
        for under in (0, 1)
    ],
    *[
        ("paediatric_sofa", (), {"age": age, "mean_pressure": 90, "creatinine": limit - under}, at + (under == 0))
        for age, limits in KIDNEY
        for at, limit in enumerate(limits)
        for under in (0, 0.01)
    ],
    (
        "paediatric_sofa",
        ("respiratory_support",),
        {
            "age": 1.5,
            "bilirubin": 8,
            "creatinine": 2,
            "gcs": 6,
            "pao2_fio2": 120,
            "platelets": 40,
            "vasoactive": "high",
        },
        20,
    ),
    ("phoenix_sepsis", (), {}, 0),
    ("phoenix_sepsis", (), {"pao2_fio2": 150}, 0),
    ("phoenix_sepsis", ("respiratory_support",), {"pao2_fio2": 399}, 1),
    ("phoenix_sepsis", ("respiratory_support",), {"pao2_fio2": 90}, 1),
    ("phoenix_sepsis", ("mechanical_ventilation",), {"pao2_fio2": 201}, 1),
    ("phoenix_sepsis", ("mechanical_ventilation",), {"pao2_fio2": 200}, 2),
    ("phoenix_sepsis", ("mechanical_ventilation",), {"pao2_fio2": 99}, 3),
    ("phoenix_sepsis", ("mechanical_ventilation",), {"oxygenation_by": "spo2_fio2", "spo2_fio2": 291}, 1),
    ("phoenix_sepsis", ("mechanical_ventilation",), {"oxygenation_by": "spo2_fio2", "spo2_fio2": 220}, 2),
    ("phoenix_sepsis", ("mechanical_ventilation",), {"oxygenation_by": "spo2_fio2", "spo2_fio2": 147}, 3),
    ("phoenix_sepsis", (), {"vasoactive_drugs": "1"}, 1),
    ("phoenix_sepsis", (), {"lactate": 5}, 1),
    ("phoenix_sepsis", (), {"lactate": 10.9}, 1),
    ("phoenix_sepsis", (), {"lactate": 11}, 2),
    *[
        ("phoenix_sepsis", (), {"age": age, "mean_pressure": at}, to)
        for age, one, two in SHOCK
        for at, to in ((one + 1, 0), (one, 1), (two, 1), (two - 1, 2))
    ],
    ("phoenix_sepsis", (), {"platelets": 99}, 1),
    ("phoenix_sepsis", (), {"inr": 1.31}, 1),
    ("phoenix_sepsis", (), {"d_dimer": q(2.1, "mg/L{FEU}")}, 1),
    ("phoenix_sepsis", (), {"fibrinogen": q(99, "mg/dL")}, 1),
    ("phoenix_sepsis", (), {"platelets": 50, "inr": 2, "d_dimer": 5000, "fibrinogen": 0.5}, 2),
    ("phoenix_sepsis", (), {"gcs": 10}, 1),
    ("phoenix_sepsis", ("fixed_pupils",), {"gcs": 3}, 2),
    (
        "phoenix_sepsis",
        ("mechanical_ventilation", "fixed_pupils"),
        {"pao2_fio2": 80, "vasoactive_drugs": "2", "lactate": 12, "mean_pressure": 20, "platelets": 20, "inr": 3},
        13,
    ),
    ("ballard", (), {}, 0),
    ("ballard", (), {"plantar_creases": "-2", "eye_ear": "-2", "newborn_skin": "-1"}, -5),
    ("ballard", (), dict.fromkeys(BALLARD, "4") | {"popliteal_angle": "5", "newborn_skin": "5"}, 50),
    ("paediatric_gcs", (), {}, 15),
    ("paediatric_gcs", (), {"eye_response": "1", "verbal_response": "1", "motor_response": "1"}, 3),
    ("paediatric_early_warning", (), {}, 0),
    ("paediatric_early_warning", ("frequent_interventions",), dict.fromkeys(CALM["paediatric_early_warning"], "3"), 11),
    ("westley_croup", (), {}, 0),
    ("westley_croup", (), {"stridor_degree": "2", "chest_retractions": "1"}, 3),
    (
        "westley_croup",
        (),
        {
            "stridor_degree": "2",
            "chest_retractions": "3",
            "air_entry": "2",
            "cyanosis_degree": "5",
            "consciousness": "5",
        },
        17,
    ),
    ("pram", (), {}, 0),
    ("pram", (), {"spo2": 94.9}, 1),
    ("pram", (), {"spo2": 92}, 1),
    ("pram", (), {"spo2": 91.9}, 2),
    ("pram", ("suprasternal_retraction", "scalene_contraction"), {"spo2": 88, "air_entry": "3", "wheeze": "3"}, 12),
    ("kocher_septic_hip", (), {}, 0),
    ("kocher_septic_hip", (), {"temperature": 38.6}, 1),
    ("kocher_septic_hip", (), {"esr": 40}, 1),
    ("kocher_septic_hip", ("non_weight_bearing",), {"wbc": 12.1}, 2),
    ("gorelick_dehydration", ("sunken_eyes", "absent_tears", "dry_mucous_membranes"), {}, 3),
    ("clinical_dehydration_scale", (), {}, 0),
    ("clinical_dehydration_scale", (), dict.fromkeys(CALM["clinical_dehydration_scale"], "2"), 8),
    # BMJ Innovations: 10 kg at 1 year, 25 kg at 6 years.
    ("apls_weight", (), {"age": q(6, "mo")}, 7),
    ("apls_weight", (), {"age": q(11, "mo")}, 9.5),
    ("apls_weight", (), {"age": 1}, 10),
    ("apls_weight", (), {"age": 5.9}, 18),
    ("apls_weight", (), {"age": 6}, 25),
    ("apls_weight", (), {"age": 12}, 43),
    ("luscombe_weight", (), {"age": 1}, 10),
    ("luscombe_weight", (), {"age": 13.9}, 46),
]


@pytest.mark.parametrize(("name", "present", "changed", "expected"), ROWS)
def test_points(name: str, present: tuple[str, ...], changed: dict[str, Any], expected: float) -> None:
    assert counted(name, present, **{**CALM[name], **changed}).value == expected


@pytest.mark.parametrize(("score", "weeks"), [(0, 24), (15, 30), (16, 30), (17, 30), (18, 31), (19, 31), (20, 32)])
def test_weeks_of_the_ballard_score_are_rounded_down(score: int, weeks: int) -> None:
    """The examples of the author's own page, 15 to 20."""
    signs = list(BALLARD)
    shares = [min(4, max(0, score - 4 * at)) for at in range(len(signs))]
    result = worked("ballard", **{sign: str(share) for sign, share in zip(signs, shares, strict=True)})
    assert result.value == score
    assert any(step.startswith(f"Gestational age by maturity: {weeks} ") for step in result.steps)


LOGIT = -1.7928 - 0.0431 * 120 + 0.1716 * 14.4 + 0.4214 * 0.23


@pytest.mark.parametrize(
    ("changed", "added"),
    [
        ({}, 0),
        ({"fixed_pupils": True}, 3.8233),
        ({"elective_admission": True}, -0.5378),
        ({"mechanical_ventilation": True}, 0.9763),
        ({"base_excess": -10}, 0.671),
        ({"base_excess": 10}, 0.671),
        ({"recovery": "bypass"}, -1.2246),
        ({"recovery": "cardiac"}, -0.8762),
        ({"recovery": "other"}, -1.5164),
        ({"diagnosis_risk": "low"}, -2.1766),
        ({"diagnosis_risk": "high"}, 1.0725),
        ({"diagnosis_risk": "very_high"}, 1.6225),
        ({"fio2": 100, "pao2": 50}, 0.4214 * (2 - 0.23)),
    ],
)
def test_pim3(changed: dict[str, Any], added: float) -> None:
    expected = 100 / (1 + math.exp(-(LOGIT + added)))
    assert counted("pim3", **{**PIM3, **changed}).value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "present", "changed", "label"),
    [
        ("phoenix_sepsis", (), {"lactate": 5}, "below the limit of sepsis"),
        ("phoenix_sepsis", (), {"lactate": 11}, "sepsis, if infection is suspected"),
        ("westley_croup", (), {"stridor_degree": "2"}, "mild croup"),
        ("westley_croup", (), {"stridor_degree": "2", "air_entry": "1"}, "moderate croup"),
        ("westley_croup", (), {"consciousness": "5", "air_entry": "1"}, "severe croup"),
        ("westley_croup", (), {"consciousness": "5", "cyanosis_degree": "5", "air_entry": "2"}, "impending"),
        ("pram", (), {"wheeze": "3"}, "mild"),
        ("pram", ("scalene_contraction",), {"wheeze": "2"}, "moderate"),
        ("pram", ("scalene_contraction", "suprasternal_retraction"), {"wheeze": "3", "air_entry": "1"}, "severe"),
        ("kocher_septic_hip", ("non_weight_bearing",), {"esr": 50}, "septic arthritis 40 %"),
        ("gorelick_dehydration", ("sunken_eyes", "absent_tears"), {}, "fewer signs"),
        ("clinical_dehydration_scale", (), {"tears_amount": "1"}, "some dehydration"),
        ("paediatric_early_warning", ("frequent_interventions",), {"child_behaviour": "1"}, "at or above"),
    ],
)
def test_bands(name: str, present: tuple[str, ...], changed: dict[str, Any], label: str) -> None:
    assert str(counted(name, present, **{**CALM[name], **changed}).label).startswith(label)


def test_children_only() -> None:
    for name in ("phoenix_sepsis", "pim3", "apls_weight", "luscombe_weight"):
        assert counted(name, **{**CALM[name], "age": 18}).applicable is False


def test_what_was_not_measured_leaves_the_lowest_score_of_the_publication() -> None:
    result = counted("phoenix_sepsis", **{**PHOENIX, "lactate": None, "vasoactive_drugs": "1"})
    assert result.range == (1, 3)
