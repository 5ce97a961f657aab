"""Fleischner 2017 and RECIST 1.1 against the tables of their publications."""

from __future__ import annotations

from typing import Any

import pytest
from vectors import q, worked

from tools.calculators import run

INCIDENTAL: dict[str, Any] = {
    "nodule_type": "solid", "multiple": False, "mean_diameter": 5, "solid_part": 0, "risk": "low", "age": 60,
    "known_cancer": False, "immunosuppression": False, "screening": False,
}  # fmt: skip
# World J Radiol 2017;9:304, tables 1 to 4.
SOLID = [
    (False, 5.4, "low", "none"), (False, 5.4, "high", "optional_12"),
    (False, 5.5, "low", "single_low"), (False, 8.4, "low", "single_low"), (False, 8.4, "high", "single_high"),
    (False, 8.5, "low", "work_up"), (False, 30, "high", "work_up"),
    (True, 5, "low", "none"), (True, 5, "high", "optional_12"),
    (True, 6, "low", "multiple_low"), (True, 12, "low", "multiple_low"), (True, 12, "high", "multiple_high"),
]  # fmt: skip
SUBSOLID = [
    ("ground_glass", False, 5, 0, "none"), ("ground_glass", False, 6, 0, "ground_glass"),
    ("part_solid", False, 5, 4, "none"), ("part_solid", False, 9, 5.4, "part_solid"),
    ("part_solid", False, 9, 5.5, "part_solid_large"),
    ("ground_glass", True, 5, 0, "subsolid_multiple_small"), ("part_solid", True, 5, 2, "subsolid_multiple_small"),
    ("ground_glass", True, 7, 0, "subsolid_multiple"), ("part_solid", True, 9, 7, "subsolid_multiple"),
]  # fmt: skip


@pytest.mark.parametrize(("multiple", "size", "risk", "expected"), SOLID)
def test_solid_nodules(multiple: bool, size: float, risk: str, expected: str) -> None:
    found = worked("fleischner_2017", **INCIDENTAL | {"multiple": multiple, "mean_diameter": size, "risk": risk})
    assert found.value == expected and found.applicable is True


@pytest.mark.parametrize(("kind", "multiple", "size", "solid", "expected"), SUBSOLID)
def test_subsolid_nodules_whatever_the_risk(
    kind: str, multiple: bool, size: float, solid: float, expected: str
) -> None:
    given = INCIDENTAL | {"nodule_type": kind, "multiple": multiple, "mean_diameter": size, "solid_part": solid}
    given["risk"] = None
    assert worked("fleischner_2017", **given).value == expected


@pytest.mark.parametrize(
    "change", [{"age": 34}, {"known_cancer": True}, {"immunosuppression": True}, {"screening": True}]
)
def test_fleischner_is_not_for_everybody(change: dict[str, Any]) -> None:
    """Safety rule 16."""
    found = worked("fleischner_2017", **INCIDENTAL | change)
    assert found.applicable is False and found.value is None


@pytest.mark.parametrize("unknown", ["age", "known_cancer", "immunosuppression", "screening"])
def test_what_is_not_known_is_not_taken_as_no(unknown: str) -> None:
    found = worked("fleischner_2017", **INCIDENTAL | {unknown: None})
    assert found.applicable is None and unknown in found.missing


def test_an_unknown_risk_leaves_both_rows_open() -> None:
    found = worked("fleischner_2017", **INCIDENTAL | {"mean_diameter": 7, "risk": None})
    assert found.value is None and found.label is not None and " or " in found.label
    assert worked("fleischner_2017", **INCIDENTAL | {"mean_diameter": 20, "risk": None}).value == "work_up"


def test_a_diameter_known_within_bounds_decides_where_the_bounds_agree() -> None:
    """As a measurement with its interval gives it."""
    for low, high, expected in ((6.1, 7.9, "single_low"), (5.0, 6.5, None)):
        given = INCIDENTAL | {"mean_diameter": {"range": [low, high], "unit": "mm"}, "age": q(60, "a")}
        given["solid_part"] = q(0, "mm")
        assert run("fleischner_2017", given).value == expected


TRIAL: dict[str, Any] = {
    "baseline_sum": 100, "smallest_sum": 100, "current_sum": 100, "all_targets_measured": True, "targets_gone": False,
    "non_target": "none", "new_lesions": "no",
}  # fmt: skip
TARGETS = [
    # baseline, smallest, now: response of the target lesions
    (100, 100, 70, "PR"), (100, 100, 70.1, "SD"), (100, 100, 119.9, "SD"), (100, 100, 120, "PD"),
    (100, 50, 60, "PD"), (100, 50, 59.9, "PR"), (100, 65, 77, "SD"), (100, 65, 78, "PD"),
    # 20 % alone is not enough below a sum of 25 mm: 5 mm are needed too.
    (20, 20, 24.9, "SD"), (20, 20, 25, "PD"), (30, 10, 14.9, "PR"), (30, 10, 15, "PD"),
]  # fmt: skip


@pytest.mark.parametrize(("baseline", "smallest", "now", "expected"), TARGETS)
def test_target_lesions_against_baseline_and_nadir(baseline: float, smallest: float, now: float, expected: str) -> None:
    given = TRIAL | {"baseline_sum": baseline, "smallest_sum": smallest, "current_sum": now}
    assert worked("recist_1_1", **given).value == expected


# The table of time point responses: target lesions by their sums, non-target, new lesions.
SUMS: dict[str, dict[str, Any]] = {
    "CR": {"current_sum": 8, "targets_gone": True},
    "PR": {"current_sum": 60},
    "SD": {"current_sum": 95},
    "PD": {"current_sum": 130},
    "NE": {"current_sum": 60, "all_targets_measured": False},
}
TABLE = [
    ("CR", "complete", "no", "CR"), ("CR", "none", "no", "CR"), ("CR", "present", "no", "PR"),
    ("CR", "not_evaluated", "no", "PR"), ("PR", "complete", "no", "PR"), ("PR", "present", "no", "PR"),
    ("PR", "not_evaluated", "no", "PR"), ("SD", "present", "no", "SD"), ("SD", "not_evaluated", "no", "SD"),
    ("NE", "present", "no", "NE"), ("PD", "present", "no", "PD"), ("PD", "complete", "yes", "PD"),
    ("CR", "progression", "no", "PD"), ("PR", "progression", "no", "PD"), ("NE", "progression", "no", "PD"),
    ("CR", "complete", "yes", "PD"), ("SD", "present", "yes", "PD"), ("NE", "present", "yes", "PD"),
    ("PR", "present", "equivocal", "PR"),
]  # fmt: skip


@pytest.mark.parametrize(("target", "other", "new", "expected"), TABLE)
def test_the_table_of_time_point_responses(target: str, other: str, new: str, expected: str) -> None:
    found = worked("recist_1_1", **TRIAL | SUMS[target] | {"non_target": other, "new_lesions": new})
    assert found.value == expected


@pytest.mark.parametrize("unknown", ["non_target", "new_lesions"])
def test_no_response_before_the_rest_of_the_disease_is_entered(unknown: str) -> None:
    """Safety rule 16: a shrinking sum is no response while a new lesion is not asked about."""
    found = worked("recist_1_1", **TRIAL | {"current_sum": 60, unknown: None})
    assert found.value is None and unknown in found.missing
    assert found.label is not None and "progressive disease" in found.label
    grown = worked("recist_1_1", **TRIAL | {"current_sum": 130, unknown: None})
    assert grown.value == "PD"


def test_missing_measurements_hide_no_progression() -> None:
    given = TRIAL | {"all_targets_measured": False}
    assert worked("recist_1_1", **given | {"current_sum": 125}).value == "PD"
    assert worked("recist_1_1", **given | {"current_sum": 95}).value == "NE"
    assert worked("recist_1_1", **given | {"current_sum": None}).value is None


def test_an_equivocal_lesion_is_told() -> None:
    found = worked("recist_1_1", **TRIAL | {"current_sum": 60, "new_lesions": "equivocal"})
    assert any("equivocal" in text for text in found.warnings)


@pytest.mark.parametrize(
    ("first", "later", "weeks", "needed", "expected"),
    [
        ("CR", "CR", 4, True, "confirmed_cr"), ("CR", "CR", 3.9, True, "not_confirmed"),
        ("PR", "PR", 8, True, "confirmed_pr"), ("PR", "CR", 8, True, "confirmed_pr"),
        ("CR", "PR", 8, True, "not_confirmed"), ("PR", "SD", 8, True, "not_confirmed"),
        ("PR", "PD", 8, True, "not_confirmed"), ("CR", "NE", 8, True, "not_confirmed"),
        ("PR", "PD", 1, False, "not_needed"),
    ],
)  # fmt: skip
def test_confirmation(first: str, later: str, weeks: float, needed: bool, expected: str) -> None:
    assert worked("recist_confirmation", first=first, later=later, weeks_between=weeks, needed=needed).value == expected
