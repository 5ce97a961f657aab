"""HEART score and the troponin multiple: answers worked out by hand from the published tables."""

from __future__ import annotations

from typing import Any

import pytest

from tools.calculators import run

ITEMS = (
    "history_suspicious",
    "history_highly_suspicious",
    "ecg_abnormal",
    "st_deviation",
    "hypertension",
    "diabetes",
    "hyperlipidaemia",
    "obesity",
    "smoking",
    "family_history",
    "atherosclerotic_disease",
    "troponin_raised",
    "troponin_three_times",
)


def heart(age: float, *present: str, unknown: tuple[str, ...] = ()) -> Any:
    inputs: dict[str, Any] = {name: None if name in unknown else name in present for name in ITEMS}
    return run("heart_score", inputs | {"age": {"value": age, "unit": "a"}})


@pytest.mark.parametrize(
    ("age", "present", "points", "label"),
    [
        (44, (), 0, "low risk"),
        (45, (), 1, "low risk"),
        (65, ("history_suspicious",), 3, "low risk"),
        (58, ("history_suspicious", "ecg_abnormal", "smoking"), 4, "intermediate risk"),
        (58, ("hypertension", "diabetes", "smoking"), 3, "low risk"),  # three risk factors count two
        (40, ("atherosclerotic_disease",), 2, "low risk"),  # known disease alone counts two
        (70, ("history_highly_suspicious", "st_deviation", "troponin_raised"), 7, "high risk"),
        (80, ITEMS, 10, "high risk"),
    ],
)
def test_heart_score(age: float, present: tuple[str, ...], points: float, label: str) -> None:
    result = heart(age, *present)
    assert (result.value, result.label) == (points, label)


def test_an_unknown_item_gives_a_range_never_a_low_score() -> None:
    result = heart(52, "history_suspicious", unknown=("troponin_raised", "troponin_three_times"))
    assert (result.value, result.range) == (None, (2.0, 4.0))


def test_an_unknown_that_cannot_matter_leaves_the_score_exact() -> None:
    result = heart(52, "atherosclerotic_disease", unknown=("smoking", "obesity"))
    assert result.value == 3.0


def test_troponin_is_judged_against_its_own_limit() -> None:
    limit = {"value": 14, "unit": "ng/L"}
    assert run("troponin_ratio", {"troponin": {"value": 42, "unit": "ng/L"}, "limit": limit}).value == 3.0
    assert run("troponin_ratio", {"troponin": {"value": 0.007, "unit": "ng/mL"}, "limit": limit}).value == 0.5


def test_without_the_limit_a_troponin_is_not_assessable() -> None:
    result = run("troponin_ratio", {"troponin": {"value": 42, "unit": "ng/L"}, "limit": None})
    assert (result.value, result.range, result.missing) == (None, None, ["limit"])


def test_below_detection_stays_a_range() -> None:
    troponin = {"value": 3, "unit": "ng/L", "comparator": "<"}
    result = run("troponin_ratio", {"troponin": troponin, "limit": {"value": 12, "unit": "ng/L"}})
    assert result.value is None
    assert result.range == pytest.approx((0.0, 0.25))
