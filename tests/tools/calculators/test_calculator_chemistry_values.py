"""Known answers of the small calculations of clinical chemistry, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tools.calculators import run


def q(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit}


@pytest.mark.parametrize(
    ("sodium", "chloride", "bicarbonate", "expected", "label"),
    [(140, 104, 24, 12, "not raised"), (140, 104, 20, 16, "not raised"), (138, 100, 10, 28, "raised")],
)
def test_anion_gap(sodium: float, chloride: float, bicarbonate: float, expected: float, label: str) -> None:
    inputs = {"sodium": q(sodium, "mmol/L"), "chloride": q(chloride, "meq/L"), "bicarbonate": q(bicarbonate, "mmol/L")}
    result = run("anion_gap", inputs)
    assert (result.value, result.label) == (expected, label)


@pytest.mark.parametrize(
    ("calcium", "albumin", "expected"),
    [
        (q(8.0, "mg/dL"), q(2.0, "g/dL"), 9.6),
        (q(9.5, "mg/dL"), q(40, "g/L"), 9.5),
        (q(2.0, "mmol/L"), q(20, "g/L"), 9.6156),  # 8.0156 mg/dL; by the formula in mmol/L 2.40, which is 9.62
    ],
)
def test_corrected_calcium(calcium: dict[str, Any], albumin: dict[str, Any], expected: float) -> None:
    assert run("corrected_calcium", {"calcium": calcium, "albumin": albumin}).value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("glucose", "urea", "expected"),
    [
        (q(90, "mg/dL"), q(14, "mg/dL"), 290.0),
        (q(900, "mg/dL"), q(56, "mg/dL"), 350.0),
        (q(5, "mmol/L"), q(5, "mmol/L"), 290.0),
    ],
)
def test_serum_osmolality(glucose: dict[str, Any], urea: dict[str, Any], expected: float) -> None:
    inputs = {"sodium": q(140, "mmol/L"), "glucose": glucose, "urea_nitrogen": urea}
    assert run("serum_osmolality", inputs).value == pytest.approx(expected, abs=0.02)
