"""RECIST and Fleischner on entries that contradict each other, and where their tables end."""

from __future__ import annotations

from typing import Any

from vectors import q, worked

FLEISCHNER: dict[str, Any] = {
    "nodule_type": "solid", "multiple": False, "mean_diameter": 7, "solid_part": 0, "risk": "low", "age": 60,
    "known_cancer": False, "immunosuppression": False, "screening": False,
}  # fmt: skip
RECIST: dict[str, Any] = {
    "baseline_sum": q(80, "mm"), "smallest_sum": q(50, "mm"), "current_sum": q(50, "mm"), "all_targets_measured": True,
    "targets_gone": False, "non_target": "none", "new_lesions": "no",
}  # fmt: skip


def test_entries_that_contradict_each_other_give_no_response() -> None:
    assert worked("recist_1_1", **RECIST).value == "PR"
    for change in (
        {"baseline_sum": q(0, "mm"), "smallest_sum": q(0, "mm"), "current_sum": q(0, "mm")},
        {"targets_gone": True, "current_sum": q(60, "mm")},
        {"current_sum": q(0, "mm")},
    ):
        found = worked("recist_1_1", **RECIST | change)
        assert found.value is None and found.warnings
        # A new lesion is progression all the same.
        assert worked("recist_1_1", **RECIST | change | {"new_lesions": "yes"}).value == "PD"
    nodes = RECIST | {"targets_gone": True, "current_sum": q(19, "mm")}
    assert worked("recist_1_1", **nodes).value == "CR"


def test_a_target_that_is_back_after_all_were_gone() -> None:
    back = RECIST | {"smallest_sum": q(0, "mm"), "current_sum": q(4, "mm")}
    assert "is back" in " ".join(worked("recist_1_1", **back).warnings)
    assert worked("recist_1_1", **back | {"current_sum": q(5, "mm")}).value == "PD"


def test_fleischner_says_where_its_table_ends() -> None:
    assert "mass" in " ".join(worked("fleischner_2017", **FLEISCHNER | {"mean_diameter": 31}).warnings)
    assert not worked("fleischner_2017", **FLEISCHNER | {"mean_diameter": 30}).warnings
    several = worked("fleischner_2017", **FLEISCHNER | {"multiple": True, "mean_diameter": 12})
    assert several.value == "multiple_low" and "most suspicious" in " ".join(several.warnings)
    part = FLEISCHNER | {"nodule_type": "part_solid", "mean_diameter": 7, "solid_part": 9}
    assert worked("fleischner_2017", **part).value is None
    # Below 6 mm the solid part decides nothing.
    assert worked("fleischner_2017", **part | {"mean_diameter": 5, "solid_part": None}).value == "none"
