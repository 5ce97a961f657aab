"""What is taken, converted, warned about and refused."""

from __future__ import annotations

from typing import Any

import pytest

from tools.calculators import run
from tools.errors import BadInput, NotAssessable


def q(value: Any, unit: str | None, **more: Any) -> dict[str, Any]:
    return {"value": value, "unit": unit, **more}


CKD: dict[str, Any] = {"creatinine": q(1.2, "mg/dL"), "age": q(70, "a"), "sex": "male"}


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("creatinine", q(-1, "mg/dL"), "-1 mg/dL"),
        ("creatinine", q(4000, "mg/dL"), "0.05 to 75 mg/dL"),
        ("creatinine", 1.2, "mg/dL"),
        ("creatinine", q(1.2, None), "without a unit"),
        ("creatinine", q(1.2, "kg"), "mg/dL"),
        ("creatinine", q(1.2, "nonsense"), "mg/dL"),
        ("creatinine", q(float("nan"), "mg/dL"), "finite"),
        ("creatinine", q("1.2", "mg/dL"), "finite number"),
        ("creatinine", q(True, "mg/dL"), "finite number"),
        ("creatinine", q(1.2, "mg/dL", comparator="~"), "comparator"),
        ("creatinine", True, "value"),
        ("age", q(200, "a"), "0 to 130"),
        ("sex", "m", "female, male"),
        ("sex", True, "female, male"),
    ],
)
def test_what_cannot_be_right_is_refused_saying_what_was_expected(name: str, given: Any, told: str) -> None:
    with pytest.raises(BadInput) as caught:
        run("ckd_epi_2021", {**CKD, name: given})
    assert told in caught.value.message
    assert name in caught.value.message
    assert caught.value.found is not None and caught.value.expected and caught.value.action


def test_a_boolean_is_not_text_or_a_number() -> None:
    for wrong in ("yes", 1, 0):
        with pytest.raises(BadInput, match="true, false or null"):
            run("cha2ds2_va", {"hypertension": wrong})


def test_a_misspelt_input_is_refused_rather_than_ignored() -> None:
    with pytest.raises(BadInput, match="creatinin'"):
        run("ckd_epi_2021", {"creatinin": q(1.2, "mg/dL")})


@pytest.mark.parametrize(
    ("value", "unit"),
    [(106.0820368, "umol/L"), (106.0820368, "µmol/L"), (0.1060820368, "mmol/L"), (12, "mg/L")],
)
def test_molar_and_mass_creatinine_agree(value: float, unit: str) -> None:
    expected = run("ckd_epi_2021", CKD).value
    result = run("ckd_epi_2021", {**CKD, "creatinine": q(value, unit)})
    assert result.value == pytest.approx(expected, rel=1e-6)
    assert any("= 1.2 mg/dL" in step for step in result.steps)


def test_age_in_months_and_height_in_inches() -> None:
    assert run("ckd_epi_2021", {**CKD, "age": q(840, "mo")}).value == pytest.approx(run("ckd_epi_2021", CKD).value)
    metric = run("bmi", {"weight": q(70, "kg"), "height": q(170.18, "cm")}).value
    assert run("bmi", {"weight": q(70, "kg"), "height": q(67, "[in_i]")}).value == pytest.approx(metric)


def test_a_unit_outside_the_table_goes_through_ucum() -> None:
    assert run("ckd_epi_2021", {**CKD, "creatinine": q(0.012, "g/L")}).value == pytest.approx(
        run("ckd_epi_2021", CKD).value,
    )


def test_an_absolute_clearance_is_not_an_indexed_gfr() -> None:
    with pytest.raises(BadInput, match=r"1\.73"):
        run("kdigo_gfr_category", {"egfr": q(50, "mL/min")})


@pytest.mark.parametrize("unit", ["ng/mL", "ug/L", "ng/mL{DDU}", "mg/L"])
@pytest.mark.parametrize("name", ["years", "age_adjusted_d_dimer"])
def test_a_d_dimer_that_is_not_feu_is_not_assessable_and_never_doubled(name: str, unit: str) -> None:
    with pytest.raises(NotAssessable) as caught:
        run(name, {"d_dimer": q(200, unit)})
    assert caught.value.found == unit
    assert "FEU" in caught.value.message and "laboratory" in caught.value.action


@pytest.mark.parametrize(("value", "unit"), [(0.4, "mg/L{FEU}"), (400, "ug/L{FEU}"), (0.4, "ug/mL FEU")])
def test_feu_units_convert(value: float, unit: str) -> None:
    result = run("age_adjusted_d_dimer", {"age": q(40, "a"), "d_dimer": q(value, unit)})
    assert result.value == "below"
    assert "D-dimer: 400 ng/mL FEU" in result.steps


def test_unusual_values_are_computed_with_a_warning() -> None:
    result = run("ckd_epi_2021", {**CKD, "creatinine": q(26, "mg/dL")})
    assert result.value is not None
    assert result.warnings == ["Serum creatinine 26 mg/dL is unusual: check the value and its unit"]


def test_a_comparator_is_an_interval() -> None:
    result = run("ckd_epi_2021", {**CKD, "creatinine": q(0.3, "mg/dL", comparator="<")})
    at = run("ckd_epi_2021", {**CKD, "creatinine": q(0.3, "mg/dL")}).value
    assert result.value is None and result.range is not None
    assert result.range[0] == pytest.approx(at)
    assert result.label == "G1"
    assert result.missing == []
    assert result.inputs["creatinine"]["comparator"] == "<"


@pytest.mark.parametrize(
    ("comparator", "limit", "expected"),
    [("<", 500, "excluded"), ("<=", 500, None), (">", 500, None), (">=", 1000, "ctpa"), ("<", 270, "excluded")],
)
def test_a_comparator_at_the_limit_keeps_its_side(comparator: str, limit: float, expected: str | None) -> None:
    result = run(
        "years",
        {
            "dvt_signs": True,
            "haemoptysis": False,
            "pe_most_likely": False,
            "d_dimer": q(limit, "ng/mL{FEU}", comparator=comparator),
        },
    )
    # Above 500 with an item is "ctpa" whatever the value; at most 500 includes 500 itself, which is not below it.
    assert result.value == ("ctpa" if comparator == ">" else expected)


def test_children_get_no_result_from_an_equation_for_adults() -> None:
    result = run("ckd_epi_2021", {**CKD, "age": q(12, "a")})
    assert (result.applicable, result.value, result.range) == (False, None, None)
    assert "adults" in result.warnings[0]


def test_rounding_in_print_never_crosses_a_limit() -> None:
    shown = {}
    for creatinine in (1.2951, 1.2993, 1.3):
        result = run("ckd_epi_2021", {**CKD, "creatinine": q(creatinine, "mg/dL")})
        assert isinstance(result.value, float)
        shown[creatinine] = (result.display, result.value)
    for display, value in shown.values():
        printed = float(display.split()[0])
        assert (printed >= 60) == (value >= 60)
