"""Units: exact conversion, assays kept apart, nothing rounded."""

from __future__ import annotations

import math

import pytest

from knowledge.quantity import Quantity, UnitError, annotation, check_unit, convert, factor, number


@pytest.mark.parametrize(
    ("value", "unit", "target", "analyte", "expected"),
    [
        (1.0, "mg/dL", "umol/L", "creatinine", 88.4),
        (97.0, "umol/L", "mg/dL", "creatinine", 1.0973),
        (70.0, "kg", "g", None, 70000.0),
        (154.32, "[lb_av]", "kg", None, 70.0),
        (98.6, "[degF]", "Cel", None, 37.0),
        (13.1, "g/dL", "g/L", None, 131.0),
    ],
)
def test_converts(value: float, unit: str, target: str, analyte: str | None, expected: float) -> None:
    assert convert(Quantity(value, unit), target, analyte).value == pytest.approx(expected, rel=1e-3)


def test_mass_to_substance_needs_the_analyte() -> None:
    with pytest.raises(UnitError, match="analyte"):
        convert(Quantity(1, "mg/dL"), "umol/L")


def test_feu_and_ddu_are_never_converted() -> None:
    with pytest.raises(UnitError, match="assay"):
        factor("ng/mL{DDU}", "ng/mL{FEU}")
    with pytest.raises(UnitError, match="assay"):
        factor("ng/mL", "ng/mL{FEU}")
    assert convert(Quantity(0.5, "mg/L{FEU}"), "ug/L{FEU}").value == pytest.approx(500)


def test_annotations_that_only_count_do_not_matter() -> None:
    assert annotation("{score}") is None
    assert annotation("ng/mL{FEU}") == "FEU"


def test_an_indexed_egfr_is_not_a_clearance() -> None:
    with pytest.raises(UnitError, match="index"):
        convert(Quantity(60, "mL/min/{1.73_m2}"), "mL/min")


def test_unknown_unit_is_refused() -> None:
    with pytest.raises(UnitError, match="UCUM"):
        check_unit("furlongs per fortnight")


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_not_a_number_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Quantity(bad, "mg/dL")


def test_comparator_survives_conversion_and_is_a_bound() -> None:
    low = convert(Quantity(0.5, "mg/L{FEU}", "<"), "ug/L{FEU}")
    assert low.comparator == "<"
    assert low.bounds == (-math.inf, 500.0)
    assert Quantity(3, "mmol/L", ">").bounds == (3.0, math.inf)


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1"), (0.1 + 0.2, "0.3"), (1234567.0, "1234567"), (0.00001, "0.00001")]
)
def test_numbers_are_printed_plainly(value: float, text: str) -> None:
    assert number(value) == text
