"""What no calculator takes: a typed error that says what was expected, for every calculator and every input."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tools.calculators import calculator, run
from tools.calculators.catalog import NAMES
from tools.calculators.inputs import Input
from tools.errors import BadInput, NotAssessable


def refused(name: str, inputs: Any, **more: Any) -> BadInput:
    """The error of a calculator that cannot take what it was given."""
    with pytest.raises(BadInput) as caught:
        run(name, inputs, **more)
    error = caught.value
    assert error.message and error.expected and error.action and error.code == "bad_input"
    json.dumps(error.document())
    return error


def wrong(entry: Input) -> list[Any]:
    """Values that cannot be right, by the kind of the input."""
    if entry.kind == "boolean":
        return [1, 0, "yes", "true", 1.0, [], {}, {"value": True}]
    if entry.kind == "code":
        return [True, 3, "no such code", [], ["male"], {"code": "male"}, 1.5]
    if entry.kind == "date":
        return [20260302, True, "02/03/2026", "20260302", "2026-13-01", "2026-02-30", "2026-W10-1", "yesterday",
                "2026-03-02 or so", [], {"value": "2026-03-02"}]  # fmt: skip
    unit = entry.unit
    bad: list[Any] = [
        True, "12", "twelve", [12], {}, {"value": None, "range": "1-2", "unit": unit},
        {"value": math.nan, "unit": unit}, {"value": math.inf, "unit": unit}, {"value": -math.inf, "unit": unit},
        {"value": "12", "unit": unit}, {"value": True, "unit": unit}, {"value": [12], "unit": unit},
        {"range": [2, 1], "unit": unit}, {"range": [1], "unit": unit}, {"range": [1, 2, 3], "unit": unit},
        {"range": [1, "2"], "unit": unit}, {"range": 5, "unit": unit}, {"value": 1, "unit": unit, "comparator": "~"},
        {"value": 1e300, "unit": unit}, {"value": -1e300, "unit": unit},
    ]  # fmt: skip
    if unit != "1":
        bad += [12, 12.0, {"value": 12}, {"value": 12, "unit": ""}, {"value": 12, "unit": None}]
    if unit not in ("d", "a", "min", "h", "s", "ms", "mo", "wk"):
        bad.append({"value": 12, "unit": "d"})
    return bad


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_is_refused_by_every_input(name: str) -> None:
    declared = calculator(name)
    example = declared.example
    for entry in declared.inputs:
        for value in wrong(entry):
            if entry.assay and isinstance(value, dict) and f"{{{entry.assay}}}" not in str(value.get("unit")):
                continue
            error = refused(name, {**example, entry.name: value})
            assert entry.name in error.message, f"{entry.name} = {value!r}: {error.message}"


@pytest.mark.parametrize("name", NAMES)
def test_every_number_has_limits_on_both_sides(name: str) -> None:
    for entry in calculator(name).inputs:
        if not entry.numeric:
            continue
        assert entry.possible and entry.plausible, f"{entry.name} has no limits"
        low, high = entry.possible
        assert math.isfinite(low) and math.isfinite(high) and low < high
        refused(name, {entry.name: {"value": high * 1.01 + 1, "unit": entry.unit}})
        refused(name, {entry.name: {"value": low - abs(low) * 0.01 - 1, "unit": entry.unit}})


@pytest.mark.parametrize("inputs", [5, "weight", [1], None, True, 1.5])
def test_inputs_are_an_object(inputs: Any) -> None:
    assert "expected inputs by name" in refused("bmi", inputs).message


@pytest.mark.parametrize(
    ("name", "inputs", "told"),
    [
        ("sirs", {"wbc": {"value": 0.0000000111, "unit": "10*9/L"}}, "0.01 to 1000"),
        ("sirs", {"wbc": {"value": 11100, "unit": "10*9/L"}}, "0.01 to 1000"),
        ("qsofa", {"systolic_bp": {"value": 12, "unit": "mm[Hg]"}}, "20 to 350"),
        ("qsofa", {"respiratory_rate": {"value": 0.2, "unit": "/min"}}, "1 to 150"),
        ("news2", {"spo2": {"value": 0.97, "unit": "%"}}, "10 to 100"),
        ("news2", {"temperature": {"value": 98.6, "unit": "Cel"}}, "10 to 47"),
        ("ckd_epi_2021", {"creatinine": {"value": 106, "unit": "mg/dL"}}, "0.05 to 75"),
        ("ckd_epi_2021", {"creatinine": {"value": 1.2, "unit": "umol/L"}}, "0.05 to 75"),
        ("bmi", {"height": {"value": 1.7, "unit": "cm"}}, "20 to 280"),
        ("bmi", {"height": {"value": 170, "unit": "m"}}, "20 to 280"),
        ("sofa", {"gcs": {"value": 2}}, "3 to 15"),
        ("meld_na", {"inr": {"value": 110}}, "0.3 to 30"),
    ],
)
def test_an_impossible_value_or_a_unit_of_the_other_system(name: str, inputs: dict[str, Any], told: str) -> None:
    assert told in refused(name, inputs).message


def test_both_systems_in_one_call_give_what_one_does() -> None:
    mixed = {"weight": {"value": 154.324, "unit": "[lb_av]"}, "height": {"value": 170, "unit": "cm"}}
    assert run("bmi", mixed).value == pytest.approx(70 / 1.7**2, rel=1e-5)


def test_a_child_in_a_score_of_adults_has_no_result_and_is_told_for_whom_it_holds() -> None:
    child = {**calculator("curb_65").example, "age": {"value": 9, "unit": "a"}}
    result = run("curb_65", child)
    assert (result.value, result.range, result.applicable) == (None, None, False)
    assert result.warnings and "adults" in result.warnings[-1]
    assert run("curb_65", {**child, "age": {"value": 17.99, "unit": "a"}}).applicable is False


def test_a_date_of_something_that_happened_is_not_in_the_future() -> None:
    period = {"last_menstrual_period": "2026-12-24"}
    error = refused("estimated_due_date", period, as_of=date(2026, 11, 22))
    assert "2026-11-22" in str(error.expected)
    assert run("estimated_due_date", period, as_of=date(2026, 12, 24)).value == "2027-09-30"
    assert run("estimated_due_date", {"last_menstrual_period": "2026-12-24T08:00:00Z"}).value == "2027-09-30"


def test_a_dose_is_not_read_from_an_indexed_gfr_nor_an_unstable_creatinine() -> None:
    inputs = {"age": {"value": 70, "unit": "a"}, "unstable_creatinine": False}
    indexed = {"value": 40, "unit": "mL/min/{1.73_m2}"}
    assert "1.73" in refused("rivaroxaban_af_dose", {**inputs, "crcl": indexed}).action
    unstable = {**inputs, "crcl": {"value": 40, "unit": "mL/min"}, "unstable_creatinine": True}
    result = run("rivaroxaban_af_dose", unstable)
    assert result.value is None and "not stable" in result.warnings[-1]
    unknown = run("rivaroxaban_af_dose", {**unstable, "unstable_creatinine": None})
    assert (unknown.value, unknown.missing) == (None, ["unstable_creatinine"])


def test_an_assay_that_is_not_named_is_not_assessable() -> None:
    with pytest.raises(NotAssessable, match="FEU"):
        run("years", {"d_dimer": {"value": 400, "unit": "ng/mL"}})


def test_the_command_line_says_it_as_a_document(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "from agent.cli import main; main()"
    call = [sys.executable, "-c", code, "calc", "run", "bmi", '{"weight": {"value": NaN, "unit": "kg"}}', "--json"]
    done = subprocess.run(call, capture_output=True, text=True, check=False, env={"OSLER_HOME": str(tmp_path)})
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "bad_input"
