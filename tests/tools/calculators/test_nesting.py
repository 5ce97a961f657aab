"""Inputs worked out from other inputs: declared as data, no cycle, a tree of derivations, ranges carried up."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.quantity import factor
from tools.calculators import calculator, run
from tools.calculators.catalog import NAMES
from tools.calculators.nesting import nested, parts, producers
from tools.errors import BadInput


def q(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit}


WEIGHT, HEIGHT = q(90, "kg"), q(170, "cm")
RENAL = {"creatinine": q(1.9, "mg/dL"), "age": q(70, "a"), "sex": "male"}
EDGES: set[tuple[str, str]] = {
    (name, producer.calculator)
    for name in NAMES
    for entry in calculator(name).inputs
    for producer in producers(name, entry.name)
    if producer.calculator
}


def test_what_gives_an_input_never_needs_it() -> None:
    below = {name: {made for owner, made in EDGES if owner == name} for name in NAMES}

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        for made in below[name]:
            walk(made, (*path, name))

    for name in NAMES:
        walk(name, ())
    assert len(EDGES) >= 30


def test_a_result_is_in_a_unit_that_the_input_takes() -> None:
    for owner, made in sorted(EDGES):
        result = calculator(made).result
        for entry in calculator(owner).inputs:
            if any(producer.calculator == made for producer in producers(owner, entry.name)):
                assert entry.numeric and result.measured_in is not None, (owner, made)
                assert factor(result.measured_in, entry.unit, entry.analyte)


def test_a_limit_is_on_a_measurement_that_is_read_somewhere() -> None:
    limited = [
        (entry, limit)
        for name in NAMES
        for entry in calculator(name).inputs
        for producer in producers(name, entry.name)
        for limit in producer.limits
    ]
    assert len(limited) >= 7
    for entry, limit in limited:
        assert entry.kind == "boolean"
        assert limit.declared.numeric and (limit.below is None) != (limit.at_least is None)


def test_a_body_mass_index_from_its_parts() -> None:
    by_parts = run("khorana", {"bmi": {"from": "bmi", "inputs": {"weight": WEIGHT, "height": HEIGHT}}})
    direct = run("khorana", {"bmi": q(90 / 1.7**2, "kg/m2")})
    assert (by_parts.range, by_parts.label) == (direct.range, direct.label)
    made = by_parts.derivation["bmi"]
    assert (made["calculator"], made["unit"]) == ("bmi", "kg/m2")
    assert made["value"] == pytest.approx(31.1418685)
    assert made["inputs"] == {"weight": WEIGHT, "height": HEIGHT}
    assert made["steps"][-1].startswith("Body mass index: 31.1 kg/m²")
    assert "Body mass index: 31.1 kg/m², worked out from weight, height" in by_parts.steps
    assert run("khorana", {}).derivation == {}


def test_what_is_available_fills_the_slots_and_says_how() -> None:
    found = nested("kdigo_risk", {**RENAL, "acr": q(120, "mg/g")})
    assert found.derivations["egfr"].calculator == "ckd_epi_2021"
    assert found.inputs["egfr"] == q(found.derivations["egfr"].value, "mL/min/{1.73_m2}")  # type: ignore[arg-type]
    assert run("kdigo_risk", found.inputs).value == "very_high"
    given = nested("kdigo_risk", {**RENAL, "egfr": q(90, "mL/min/{1.73_m2}")})
    assert given.derivations == {} and given.inputs["egfr"]["value"] == 90


def test_a_child_gets_the_equation_of_children() -> None:
    child = {"creatinine": q(0.6, "mg/dL"), "age": q(8, "a"), "sex": "male", "height": q(130, "cm")}
    assert nested("kdigo_gfr_category", child).derivations["egfr"].calculator == "schwartz_bedside"
    assert nested("kdigo_gfr_category", {**child, "height": None}).derivations == {}


def test_a_range_goes_up_the_tree() -> None:
    found = nested("kdigo_gfr_category", {"creatinine": q(1.9, "mg/dL"), "age": q(70, "a")})
    low, high = found.inputs["egfr"]["range"]
    assert low < high
    result = run("kdigo_gfr_category", found.inputs)
    assert result.value is None and "G3b" in str(result.label)


def test_a_missing_part_is_named_and_nothing_is_filled_in() -> None:
    found = nested("khorana", {"weight": WEIGHT})
    assert found.inputs == {} and found.derivations == {}
    assert found.partial["bmi"].missing == ("height",)


def test_two_levels() -> None:
    available = {
        "pao2": q(60, "mm[Hg]"), "fio2": q(50, "%"), "systolic_bp": q(90, "mm[Hg]"), "diastolic_bp": q(45, "mm[Hg]"),
        "respiratory_support": True, "platelets": q(120, "10*9/L"), "bilirubin": q(1, "mg/dL"), "vasoactive": "none",
        "creatinine": q(1, "mg/dL"), **calculator("glasgow_coma_scale").example,
    }  # fmt: skip
    assert set(available) <= set(parts("modified_nutric"))
    made = nested("modified_nutric", available).derivations["sofa_score"]
    assert (made.calculator, made.range) == ("sofa", (5.0, 9.0))
    assert {name: part.calculator for name, part in made.nested.items()} == {
        "pao2_fio2": "pf_ratio",
        "mean_pressure": "mean_arterial_pressure",
        "gcs": "glasgow_coma_scale",
    }
    tree = made.document()["derivation"]["pao2_fio2"]
    assert (tree["inputs"]["pao2"], tree["value"]) == (q(60, "mm[Hg]"), 120.0)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"pao2": q(55, "mm[Hg]")}, True),
        ({"spo2": q(95, "%")}, None),
        ({"spo2": q(95, "%"), "pao2": q(80, "mm[Hg]")}, False),
        ({"pao2": q(7, "kPa")}, True),
        ({"spo2": {"value": 90, "unit": "%", "comparator": "<"}}, True),
    ],
)
def test_a_limit_of_two_measurements(given: dict[str, Any], expected: bool | None) -> None:
    found = nested("psi_port", given)
    assert found.inputs.get("hypoxaemia") is expected
    assert ("hypoxaemia" in found.partial) == (expected is None)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("bmi", {"from": "bsa_mosteller", "inputs": {}}, "expected|cannot come from"),
        ("bmi", {"from": "bmi", "inputs": {"waist": WEIGHT}}, "waist"),
        ("bmi", {"from": "bmi", "inputs": [1]}, "cannot come from"),
        ("bmi", {"from": "bmi", "inputs": {"weight": q(9000, "kg"), "height": HEIGHT}}, "9000 kg"),
        ("wbc", {"from": "bmi", "inputs": {}}, "cannot come from"),
    ],
)
def test_a_part_that_cannot_be_is_refused(name: str, value: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput, match=told) as caught:
        run("khorana", {name: value})
    assert caught.value.action


def test_a_value_in_another_unit_fills_a_slot_through_the_converter() -> None:
    part = {"from": "convert", "inputs": {"value": 150, "unit": "umol/L", "to": "mg/dL", "analyte": "creatinine"}}
    result = run("ckd_epi_2021", {**RENAL, "creatinine": part})
    direct = run("ckd_epi_2021", {**RENAL, "creatinine": q(150, "umol/L")})
    assert result.value == pytest.approx(direct.value)
    assert result.derivation["creatinine"]["calculator"] == "convert"


def test_inside_another_population_nothing_is_worked_out() -> None:
    part = {"from": "ckd_epi_2021", "inputs": {**RENAL, "age": q(9, "a")}}
    result = run("kdigo_gfr_category", {"egfr": part})
    assert result.value is None and result.missing == ["egfr"]
    assert any("adults" in warning for warning in result.warnings)
