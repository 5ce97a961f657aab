"""The ATP III table of points, worked by hand from the printed tables."""

from __future__ import annotations

import pytest
from vectors import worked


@pytest.mark.parametrize(
    ("age", "sex", "chol", "hdl", "sbp", "treated", "smoker", "risk"),
    [
        # men: -4 + 4 + 0 + 0 + 0 = 0 points
        (35, "male", 180, 55, 115, False, False, "1"),
        (34, "male", 180, 55, 115, False, False, "under_1"),
        # 8 + 3 + 1 + 1 = 13
        (55, "male", 220, 45, 135, False, False, "12"),
        # 8 + 4 + 1 + 1 = 14: one step of cholesterol
        (55, "male", 240, 45, 135, False, False, "16"),
        # 8 + 3 + 1 + 2 = 14: treated pressure
        (55, "male", 220, 45, 135, True, False, "16"),
        # 11 + 2 + 1 + 2 + 1 = 17
        (65, "male", 260, 35, 150, False, True, "30_or_more"),
        # women: 8 + 4 + 1 + 2 = 15
        (55, "female", 220, 45, 130, False, False, "3"),
        # 8 + 4 + 1 + 1 = 14
        (55, "female", 220, 45, 129, False, False, "2"),
        # 16 + 2 + 1 + 2 + 6 = 27
        (75, "female", 300, 39, 160, True, True, "30_or_more"),
        # 6 + 4 - 1 + 0 = 9 and 6 + 2 - 1 + 0 = 7
        (50, "female", 239, 60, 119, False, False, "1"),
        (50, "female", 199, 60, 119, False, False, "under_1"),
    ],
)
def test_points_of_the_table(
    age: int, sex: str, chol: int, hdl: int, sbp: int, treated: bool, smoker: bool, risk: str
) -> None:
    result = worked(
        "framingham_points_atp3", age=age, sex=sex, total_cholesterol=chol, hdl=hdl, systolic_bp=sbp,
        bp_treated=treated, smoker=smoker,
    )  # fmt: skip
    assert result.value == risk


def test_it_does_not_hold_from_eighty_years_on() -> None:
    given = {"sex": "male", "total_cholesterol": 200, "hdl": 50, "systolic_bp": 120, "bp_treated": False}
    assert worked("framingham_points_atp3", age=80, smoker=False, **given).applicable is False
