"""The contract every calculator keeps, whichever it is."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge.terminology import Terminology, load_terminology
from knowledge.units import analytes
from tools import calculators as package
from tools.calculators import calculator, calculators, list_calculators, run
from tools.calculators.base import Calculator
from tools.calculators.catalog import NAMES, SHARED
from tools.errors import UsageError

FOLDER = Path(package.__file__).parent
ADVICE = re.compile(r"\b(should|recommend\w*|give|start|stop|prescribe|avoid|consider|treat)\b", re.IGNORECASE)
CONTRACT = {
    "calculator",
    "version",
    "value",
    "unit",
    "range",
    "label",
    "applicable",
    "inputs",
    "missing",
    "warnings",
    "steps",
    "sensitivity",
    "references",
    "derivation",
}


@pytest.fixture(scope="module")
def terminology() -> Terminology:
    return load_terminology()


@pytest.fixture(params=NAMES)
def declared(request: pytest.FixtureRequest) -> Calculator:
    return calculator(request.param)


def test_every_file_is_listed() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert files == set(NAMES) | set(SHARED)
    assert list(NAMES) == sorted(NAMES)


def test_the_name_is_that_of_file_and_function(declared: Calculator) -> None:
    assert calculators()[declared.name] is declared
    assert declared.compute.__name__ == declared.name
    assert declared.compute.__doc__
    assert sys.modules[f"tools.calculators.{declared.name}"].__doc__


def test_the_function_takes_exactly_the_declared_inputs(declared: Calculator) -> None:
    parameters = inspect.signature(declared.compute).parameters
    assert sorted(parameters) == sorted(entry.name for entry in declared.inputs)


def test_the_example_runs_and_has_the_form_of_the_contract(declared: Calculator) -> None:
    result = run(declared.name, json.loads(json.dumps(declared.example)))
    body = json.loads(json.dumps(result.model_dump()))
    assert set(body) == CONTRACT
    assert body["value"] is not None and body["applicable"] is True and body["missing"] == []
    assert body["warnings"] == []
    assert body["steps"][-1].startswith(declared.result.title)
    assert result.display and result.display != "not known"


def test_an_empty_call_names_everything_that_is_missing(declared: Calculator) -> None:
    result = run(declared.name, {})
    needed = [entry.name for entry in declared.inputs if entry.default is None]
    assert result.missing == needed
    assert result.value is None


def test_every_reference_can_be_found_and_says_what_was_read(declared: Calculator) -> None:
    assert declared.references
    for reference in declared.references:
        assert reference.key.startswith(("doi:10.", "pmid:", "https://", "http://"))
        assert reference.verified is None or (
            reference.verified.url.startswith("http")
            and re.fullmatch(r"\d{4}-\d{2}-\d{2}", reference.verified.read_on)
            and reference.verified.name
            and reference.verified.supports
        )
    assert any(reference.verified for reference in declared.references)


def test_bands_and_codes_name_a_verified_source(declared: Calculator) -> None:
    result = declared.result
    if result.bands or result.codes:
        keys = [reference.key for reference in declared.references if reference.verified]
        assert result.source in keys
    limits = [band.above if band.above is not None else band.at_least for band in result.bands[1:]]
    assert limits == sorted(limits)
    assert set(result.rules_out) <= {code.code for code in result.codes}


def test_no_treatment_advice(declared: Calculator) -> None:
    texts = [band.label for band in declared.result.bands] + list(declared.notes) + [declared.purpose]
    texts += [text for code in declared.result.codes for text in (code.shown, code.meaning)]
    assert [text for text in texts if ADVICE.search(text)] == []


def test_inputs_are_declared_well_enough_to_be_asked_for(declared: Calculator) -> None:
    for entry in declared.inputs:
        assert entry.title and entry.name.isidentifier()
        assert entry.analyte is None or entry.analyte in analytes()
        assert not entry.cuts or entry.possible
        if entry.plausible and entry.possible:
            assert entry.possible[0] <= entry.plausible[0] < entry.plausible[1] <= entry.possible[1]
        if entry.kind == "code":
            assert entry.choices and (entry.default is None or entry.default in entry.choices)
        if entry.assay:
            assert f"{{{entry.assay}}}" in entry.unit


def test_an_input_named_like_a_concept_is_of_its_kind(declared: Calculator, terminology: Terminology) -> None:
    """A plan reads an input by the concept of its name: a dose called `morphine` would be read as "is on morphine"."""
    kinds = {"quantity": {"observation"}, "boolean": {"condition", "symptom", "medication", "drug_class", "procedure"}}
    named = [entry for entry in declared.inputs if entry.name in terminology and entry.name not in ("age", "sex")]
    assert [entry.name for entry in named if terminology.get(entry.name).kind not in kinds.get(entry.kind, set())] == []


def test_the_list_is_the_contract_of_calc_list() -> None:
    rows = json.loads(json.dumps(list_calculators()))
    assert [row["name"] for row in rows] == list(NAMES)
    for row in rows:
        assert {"name", "title", "specialty", "version", "inputs", "example", "references"} <= set(row)


def test_an_unknown_calculator_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="ckd_epi_2021"):
        run("ckd_epi_2020", {})


def test_one_calculation_loads_neither_pydantic_nor_the_unit_parser() -> None:
    code = (
        "import sys; from tools.calculators import run;"
        "run('cockcroft_gault', {'age': {'value': 70, 'unit': 'a'}, 'sex': 'male',"
        " 'weight': {'value': 150, 'unit': '[lb_av]'}, 'creatinine': {'value': 150, 'unit': 'umol/L'}});"
        "print([name for name in ('pydantic', 'pint', 'ucumvert', 'numpy') if name in sys.modules])"
    )
    root = FOLDER.parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
