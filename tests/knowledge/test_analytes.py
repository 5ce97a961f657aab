"""Conversions that need the substance: masses from formulas, published factors, what is refused."""

from __future__ import annotations

import itertools
import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.molar import (
    ATOMIC_WEIGHTS,
    affine,
    by_key,
    dimension,
    exact_factor,
    molar_mass,
    refusals,
    table,
)
from knowledge.quantity import Quantity, UnitError, convert
from knowledge.units import analytes, ucum
from tools.calculators.convert_units import convert_value
from tools.errors import BadInput, NotAssessable

ROWS = list(table().values())
# Read on 2026-11-22. CSMU: table of conversions, w3.csmu.edu.tw/~chr/Int_unit_conversion.htm; RDS: conversion
# table of the Review of Diabetic Studies, soc-bdr.org; JAMA: its author instructions in the dictionary of units of the
# University of North Carolina, pdfslide.us; EC: conversion table of elephantcare.org.
PUBLISHED = [
    ("acetoacetate", "mg/dL", "mmol/L", 0.09795, "CSMU"),
    ("acetone", "mg/dL", "mmol/L", 0.1722, "CSMU"),
    ("alanine", "mg/dL", "umol/L", 112.2, "CSMU"),
    ("aldosterone", "ng/dL", "nmol/L", 0.02774, "CSMU"),
    ("gamma_aminobutyric_acid", "mg/dL", "umol/L", 97, "JAMA"),
    ("amitriptyline", "ng/mL", "nmol/L", 3.605, "CSMU"),
    ("ammonia", "ug/dL", "umol/L", 0.587, "CSMU"),
    ("androstenedione", "ng/dL", "nmol/L", 0.03492, "CSMU"),
    ("vasopressin", "pg/mL", "pmol/L", 0.923, "CSMU"),
    ("angiotensin_1", "pg/mL", "pmol/L", 0.772, "JAMA"),
    ("angiotensin_2", "pg/mL", "pmol/L", 0.957, "JAMA"),
    ("arginine", "mg/dL", "umol/L", 57.4, "CSMU"),
    ("asparagine", "mg/dL", "umol/L", 75.69, "CSMU"),
    ("bilirubin", "mg/dL", "umol/L", 17.1, "CSMU"),
    ("bromide", "mg/dL", "mmol/L", 0.125, "JAMA"),
    ("c_peptide", "ng/mL", "nmol/L", 0.333, "CSMU"),
    ("calcium", "mg/dL", "mmol/L", 0.2495, "CSMU"),
    ("calcium", "meq/L", "mmol/L", 0.5, "CSMU"),
    ("beta_carotene", "ug/dL", "umol/L", 0.01863, "CSMU"),
    ("total_cholesterol", "mg/dL", "mmol/L", 0.02586, "CSMU"),
    ("citrate", "mg/dL", "umol/L", 52.05, "CSMU"),
    ("coproporphyrin", "ug/d", "nmol/d", 1.527, "CSMU"),
    ("acth", "pg/mL", "pmol/L", 0.22, "CSMU"),
    ("cortisol", "ug/dL", "nmol/L", 27.59, "CSMU"),
    ("cotinine", "ng/mL", "nmol/L", 5.67, "CSMU"),
    ("creatine", "mg/dL", "umol/L", 76.26, "CSMU"),
    ("creatinine", "mg/dL", "umol/L", 88.4, "CSMU"),
    ("dhea", "ng/mL", "nmol/L", 3.467, "CSMU"),
    ("digoxin", "ng/mL", "nmol/L", 1.281, "CSMU"),
    ("adrenaline", "pg/mL", "pmol/L", 5.458, "CSMU"),
    ("oestradiol", "pg/mL", "pmol/L", 3.671, "CSMU"),
    ("oestriol", "ng/mL", "nmol/L", 3.467, "CSMU"),
    ("oestrone", "ng/dL", "pmol/L", 36.99, "CSMU"),
    ("ethanol", "mg/dL", "mmol/L", 0.217, "CSMU"),
    ("11_deoxycortisol", "ug/dL", "nmol/L", 28.86, "RDS"),
    ("paracetamol", "ug/mL", "umol/L", 6.62, "RDS"),
    ("insulin", "u[IU]/mL", "pmol/L", 6.0, "RDS"),
    ("glucose", "mg/dL", "mmol/L", 0.05551, "EC"),
    ("lactate", "mg/dL", "mmol/L", 0.111, "EC"),
    ("magnesium", "mg/dL", "mmol/L", 0.4114, "EC"),
    ("phosphate", "mg/dL", "mmol/L", 0.3229, "EC"),
    ("paco2", "mm[Hg]", "kPa", 0.1333, "EC"),
    ("albumin", "g/dL", "g/L", 10, "EC"),
]
# Molar masses that LOINC's own groups of mass and molar codes carry (GroupAttributes of release 2.82).
LOINC_MASSES = {"total_cholesterol": "386.664", "calcium": "40.078", "acth": "4541.135", "glucose": "180.156",
                "ethanol": "46.07"}  # fmt: skip


def test_there_are_enough_and_each_has_a_way_to_convert() -> None:
    assert len(ROWS) >= 240
    assert sum(row.mass is not None for row in ROWS) >= 240
    for row in ROWS:
        assert len(row.units) >= 2, row.id
        first, *others = row.units
        for other in others:
            known = exact_factor(other, first, row.id) or affine(other, first, row.id)
            assert known, f"{row.id}: {other} is not related to {first}"


def test_a_key_belongs_to_one_analyte() -> None:
    keys = [key for row in ROWS for key in (row.id, *row.also, *row.loinc)]
    assert len(keys) == len(set(keys)) == len(by_key())
    codes = [code for row in ROWS for code in row.loinc]
    assert all(re.fullmatch(r"\d{1,5}-\d", code) for code in codes)
    assert sum(bool(row.loinc) for row in ROWS) >= 140


def test_every_loinc_code_has_its_check_digit() -> None:
    """Mod 10 as LOINC computes it: catches a slip in typing a code."""
    for code in sorted({code for row in ROWS for code in row.loinc}):
        digits, check = code.split("-")
        odd = int("".join(reversed(digits[::-1][::2]))) * 2
        total = sum(int(d) for d in str(odd)) + sum(int(d) for d in digits[::-1][1::2])
        assert (10 - total % 10) % 10 == int(check), code


def test_the_factor_is_the_mass_of_the_formula() -> None:
    for row in (row for row in ROWS if row.formula):
        parts = re.findall(r"([A-Z][a-z]?)(\d*)", str(row.formula))
        by_hand = sum(float(ATOMIC_WEIGHTS[symbol]) * int(count or 1) for symbol, count in parts)
        assert exact_factor("mol/L", "g/L", row.id) == pytest.approx(by_hand, rel=1e-12), row.id
        assert exact_factor("mmol/L", "mg/dL", row.id) == pytest.approx(by_hand / 10, rel=1e-12), row.id


@pytest.mark.parametrize(("analyte", "source", "target", "factor", "where"), PUBLISHED)
def test_published_factors(analyte: str, source: str, target: str, factor: float, where: str) -> None:
    assert where
    assert exact_factor(source, target, analyte) == pytest.approx(factor, rel=7e-3)


@pytest.mark.parametrize(("analyte", "mass"), LOINC_MASSES.items())
def test_masses_of_loinc(analyte: str, mass: str) -> None:
    assert table()[analyte].mass == pytest.approx(Decimal(mass), rel=Decimal("3e-5"))


PAIRS = [(row.id, first, second) for row in ROWS for first, second in itertools.permutations(row.units, 2)]


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(PAIRS), st.floats(1e-3, 1e5))
def test_there_and_back(pair: tuple[str, str, str], value: float) -> None:
    analyte, first, second = pair
    there = convert_value(value, first, second, analyte)
    back = convert_value(there.value, second, first, analyte)
    assert back.value == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert convert(Quantity(value, first), second, analyte).value == there.value


@pytest.mark.parametrize(
    "pair",
    [("mg/dL", "g/L"), ("umol/L", "nmol/mL"), ("10*3/uL", "10*9/L"), ("mm[Hg]", "kPa"), ("U/L", "ukat/L"),
     ("m[IU]/L", "u[IU]/mL"), ("cm[H2O]", "Pa"), ("mg/(24.h)", "g/d"), ("meq/L", "eq/dL"), ("/uL", "10*6/L")],
)  # fmt: skip
def test_plain_prefixes_agree_with_the_full_parser(pair: tuple[str, str]) -> None:
    from knowledge.quantity import _parse

    first, second = (_parse(unit) for unit in pair)
    assert exact_factor(*pair, None) == pytest.approx(float((first / second).to("dimensionless").magnitude), rel=1e-4)


def test_hba1c_is_affine_and_needs_its_system() -> None:
    assert convert_value(48, "mmol/mol", "% NGSP", "hba1c").value == pytest.approx(6.54304)
    assert convert_value(6.5, "%{NGSP}", "mmol/mol", "4548-4").value == pytest.approx(47.529, abs=1e-3)
    assert convert_value(7, "%{JDS}", "%{NGSP}", "hba1c").value == pytest.approx(7.3527, abs=1e-3)
    for source, target in (("%", "mmol/mol"), ("mmol/mol", "%"), ("%", "%{NGSP}")):
        with pytest.raises(NotAssessable, match="system"):
            convert_value(7, source, target, "hba1c")


@pytest.mark.parametrize(
    ("analyte", "source", "target", "why"),
    [
        ("lipoprotein_a", "mg/dL", "nmol/L", "size of apolipoprotein"),
        ("10835-7", "mg/dL", "nmol/L", "size of apolipoprotein"),
        ("d_dimer", "ng/mL{DDU}", "ng/mL{FEU}", "calibrations"),
        ("d_dimer", "ng/mL", "ng/mL{FEU}", "calibrations"),
        ("gentamicin", "mg/L", "umol/L", "mixture"),
        ("thiamine", "ug/L", "nmol/L", "hydrochloride"),
        ("prolactin", "ng/mL", "m[IU]/L", "calibration"),
        ("ferritin", "ng/mL", "pmol/L", "iron"),
        ("albumin", "g/dL", "umol/L", "no factor"),
        ("tsh", "m[IU]/L", "ng/mL", "no factor"),
    ],
)
def test_what_has_no_valid_factor_is_refused_with_the_reason(analyte: str, source: str, target: str, why: str) -> None:
    with pytest.raises(NotAssessable, match=why) as caught:
        convert_value(5, source, target, analyte)
    assert caught.value.action and caught.value.found == source
    with pytest.raises(UnitError):
        convert(Quantity(5, source), target, analyte)


def test_the_same_kind_of_unit_needs_no_factor() -> None:
    assert convert_value(5, "mg/L", "mg/dL", "gentamicin").value == 0.5
    assert convert_value(300, "ng/mL", "ug/L", "ferritin").value == 300


@pytest.mark.parametrize(
    ("value", "source", "target", "analyte", "told"),
    [
        (float("nan"), "mg/dL", "mmol/L", "glucose", "finite"),
        (float("inf"), "mg/dL", "mmol/L", "glucose", "finite"),
        ("5", "mg/dL", "mmol/L", "glucose", "finite"),
        (True, "mg/dL", "mmol/L", "glucose", "finite"),
        (5, "", "mmol/L", "glucose", "two UCUM units"),
        (5, None, "mmol/L", "glucose", "two UCUM units"),
        (5, "mg/dL", "mmol/L", "glucos", "known"),
        (5, "mg/dL", "mmol/L", None, "convertible"),
        (5, "mg/dL", "kg", "glucose", "convertible"),
        (5, "furlong", "mmol/L", "glucose", "furlong"),
    ],
)
def test_bad_input(value: object, source: object, target: str, analyte: str | None, told: str) -> None:
    with pytest.raises(BadInput, match=told) as caught:
        convert_value(value, source, target, analyte)
    assert caught.value.expected and caught.value.action


def test_the_steps_say_what_the_factor_rests_on() -> None:
    found = convert_value(106, "µmol/L", "mg/dl", "2160-0")
    assert found.steps == ["Molar mass: C4H7N3O, 113.12 g/mol", "1 µmol/L = 0.011312 mg/dL", "106 µmol/L = 1.199 mg/dL"]
    assert found.value == 1.199072
    assert "(mass is of the nitrogen" in convert_value(14, "mg/dL", "mmol/L", "urea_nitrogen").steps[0]


def test_units_as_people_write_them() -> None:
    written = {"µIU/mL": "u[IU]/mL", "mIU/L": "m[IU]/L", "IU/L": "[IU]/L", "mg/dl": "mg/dL", "μmol/l": "umol/L",
               "mcg/mL": "ug/mL", "% DCCT": "%{NGSP}"}  # fmt: skip
    assert {text: ucum(text) for text in written} == written


def test_a_formula_that_is_none_is_a_mistake_of_the_data() -> None:
    with pytest.raises(ValueError, match="formula"):
        molar_mass("c6h12")
    assert dimension("ng/mL{FEU}") is None
    assert set(refusals()) & {"lipoprotein_a", "d_dimer", "hba1c"} == {"lipoprotein_a", "d_dimer", "hba1c"}
    assert set(analytes()) == set(by_key())
