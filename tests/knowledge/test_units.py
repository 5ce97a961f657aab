"""The light unit table agrees with the full parser, and its factors with the molar masses."""

from __future__ import annotations

import pytest

from knowledge.quantity import Quantity, check_unit, convert
from knowledge.units import AFFINE, SHOWN, WRITTEN, analytes, number, table_factor, ucum, unit_label


@pytest.mark.parametrize(
    ("analyte", "source", "target", "expected"),
    [
        ("creatinine", "umol/L", "mg/dL", 113.12e-4),
        ("glucose", "mmol/L", "mg/dL", 18.0156),
        ("bilirubin", "umol/L", "mg/dL", 584.67e-4),
        ("haemoglobin", "g/L", "g/dL", 0.1),
        ("acr", "mg/mmol", "mg/g", 1 / 0.11312),
        ("weight", "[lb_av]", "kg", 0.45359237),
        ("height", "[in_i]", "cm", 2.54),
        ("age", "mo", "a", 1 / 12),
        ("d_dimer", "mg/L{FEU}", "ng/mL{FEU}", 1000.0),
    ],
)
def test_factors(analyte: str, source: str, target: str, expected: float) -> None:
    factor = table_factor(source, target, analyte)
    assert factor == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("analyte", ["weight", "height", "age", "albumin"])
def test_plain_conversions_are_those_of_ucum(analyte: str) -> None:
    units = analytes()[analyte]
    first = next(unit for unit, factor in units.items() if factor == 1)
    for unit in units:
        by_table = table_factor(unit, first, analyte)
        assert by_table == pytest.approx(convert(Quantity(1, unit), first).value, rel=1e-9)


def test_nothing_is_converted_between_assays_or_without_an_entry() -> None:
    assert table_factor("ng/mL{DDU}", "ng/mL{FEU}", "d_dimer") is None
    assert table_factor("mmol/L", "mg/dL", None) is None
    assert "%" not in analytes().get("hba1c", {})


def test_temperatures_are_affine() -> None:
    scale, offset = AFFINE["[degF]", "Cel"]
    assert [round(value * scale + offset, 6) for value in (32, 98.6, 212)] == [0, 37, 100]


@pytest.mark.parametrize("written", sorted(WRITTEN))
def test_what_people_write_is_read_as_ucum(written: str) -> None:
    assert ucum(f" {written} ") == WRITTEN[written]
    check_unit(WRITTEN[written])


def test_numbers_are_printed_without_noise() -> None:
    shown = [number(value) for value in (1.0, 0.1 + 0.2, 1200.0, 12.5, 1e-7)]
    assert shown == ["1", "0.3", "1200", "12.5", "0.0000001"]
    assert number(1234.5, 2) == "1200"
    assert unit_label("mL/min/{1.73_m2}") == SHOWN["mL/min/{1.73_m2}"] == "mL/min/1.73 m²"
