"""Decision rules of injury and syncope: each criterion alone, none, and nothing ruled out on what is not known."""

from __future__ import annotations

from typing import Any

import pytest
from vectors import counted

from tools.calculators import calculator

NECK = {"alert_stable": True, "rotates_neck": True, "age": 64}
HEAD = {"minor_head_injury": True, "age": 64}
INFANT = {"age": 1.9}
CHILD = {"age": 2}
KNEE = {"age": 54}
CHALICE = {"age": 1, "gcs": 14}
FAINT = {"haematocrit": 30, "systolic_bp": 90}

# Rule, calm patient, what makes it negative, its negative code, values that make it positive by themselves.
RULES: list[tuple[str, dict[str, Any], str, str, tuple[dict[str, Any], ...]]] = [
    ("canadian_c_spine", NECK, "negative", "positive", ({"age": 65},)),
    ("nexus", {}, "negative", "positive", ()),
    ("canadian_ct_head", HEAD, "negative", "high", ({"age": 65},)),
    ("pecarn_head_under_2", INFANT, "very_low", "high", ()),
    ("pecarn_head_2_and_over", CHILD, "very_low", "high", ()),
    ("ottawa_ankle", {}, "negative", "positive", ()),
    ("ottawa_foot", {}, "negative", "positive", ()),
    ("ottawa_knee", KNEE, "negative", "positive", ({"age": 55},)),
    ("chalice", CHALICE, "negative", "positive", ({"gcs": 13}, {"gcs": 14, "age": 0.9})),
    ("san_francisco_syncope", FAINT, "negative", "positive", ({"haematocrit": 29.9}, {"systolic_bp": 89})),
]
# Findings that do not make the rule positive alone, or only to the lesser degree.
LESSER: dict[str, dict[str, str]] = {
    "canadian_c_spine": dict.fromkeys(
        ("simple_rear_end", "sitting_in_department", "walked_since", "delayed_neck_pain", "rotates_neck"), "negative"
    )
    | {"alert_stable": "negative"},
    "canadian_ct_head": {
        "amnesia_before_impact": "medium",
        "dangerous_mechanism": "medium",
        "minor_head_injury": "negative",
    },
    "pecarn_head_under_2": dict.fromkeys(
        ("scalp_haematoma", "loss_of_consciousness_5s", "severe_mechanism", "not_acting_normally"), "intermediate"
    ),
    "pecarn_head_2_and_over": dict.fromkeys(
        ("loss_of_consciousness", "vomiting", "severe_mechanism", "severe_headache"), "intermediate"
    ),
    "chalice": {"wound_over_5cm": "negative"},
}


@pytest.mark.parametrize(("name", "calm", "negative", "positive", "values"), RULES)
def test_each_criterion_alone(
    name: str, calm: dict[str, Any], negative: str, positive: str, values: tuple[dict[str, Any], ...]
) -> None:
    assert counted(name, **calm).value == negative
    for changed in values:
        assert counted(name, **{**calm, **changed}).value == positive
    for entry in calculator(name).inputs:
        if entry.kind == "boolean":
            expected = LESSER.get(name, {}).get(entry.name, positive)
            # A tender midline only matters where no other low-risk factor is there, as in the calm patient.
            assert counted(name, **{**calm, entry.name: True}).value == expected, entry.name


@pytest.mark.parametrize(("name", "calm", "negative", "positive", "values"), RULES)
def test_nothing_is_ruled_out_while_a_criterion_is_not_known(
    name: str, calm: dict[str, Any], negative: str, positive: str, values: tuple[dict[str, Any], ...]
) -> None:
    for entry in calculator(name).inputs:
        assert counted(name, **{**calm, entry.name: None}).value is None


def test_the_neck_is_not_cleared_without_a_low_risk_factor_or_movement() -> None:
    tender = {**NECK, "midline_tenderness": True}
    assert counted("canadian_c_spine", **tender).value == "positive"
    for factor in ("simple_rear_end", "sitting_in_department", "walked_since", "delayed_neck_pain"):
        assert counted("canadian_c_spine", (factor,), **tender).value == "negative"
    assert counted("canadian_c_spine", **{**NECK, "rotates_neck": False}).value == "positive"


@pytest.mark.parametrize(
    ("name", "given"), [("canadian_c_spine", {**NECK, "alert_stable": False}), ("canadian_ct_head", {"age": 40})]
)
def test_a_patient_the_rule_was_not_made_for_has_no_answer(name: str, given: dict[str, Any]) -> None:
    result = counted(name, **given)
    assert result.value is None
    assert any("holds for" in text for text in result.warnings)


def test_a_wound_counts_in_the_first_year_only() -> None:
    infant = {"age": 0.9, "gcs": 15}
    assert counted("chalice", **infant).value == "negative"
    assert counted("chalice", ("wound_over_5cm",), **infant).value == "positive"


def test_the_two_age_groups_do_not_overlap() -> None:
    assert counted("pecarn_head_under_2", age=2).applicable is False
    assert counted("pecarn_head_2_and_over", age=1.99).applicable is False
    assert counted("chalice", age=16, gcs=15).applicable is False
    assert counted("canadian_ct_head", age=15.9, minor_head_injury=True).applicable is False
