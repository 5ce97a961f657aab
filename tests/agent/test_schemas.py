"""The schemas in docs/ are those of the types, and real documents fit them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from agent import ClinicalAssistant
from agent.schemas import (
    ApprovalDocument,
    AskDocument,
    ChangeDocument,
    ErrorDocument,
    schema_of,
)
from tools.calculators import calculator, run
from tools.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "schemas"
NAMES = schema_of(None)


@pytest.mark.parametrize("name", NAMES)
def test_the_docs_hold_the_schema_of_the_type(name: str) -> None:
    stored = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert stored == schema_of(name), "docs/schemas is out of date; run: make docs"


def test_the_docs_hold_no_other_schema() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    plugged = project["entry-points"]["osler.schemas"]
    assert {path.stem for path in FOLDER.glob("*.json")} == {*NAMES, *plugged}


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        schema_of("answers")
    assert "not_answered" in str(caught.value.expected)


def test_documents_of_a_consultation_fit(osler: ClinicalAssistant) -> None:
    consult = osler.consult("Should she be anticoagulated?", "demo-af")
    shown = AskDocument.model_validate(consult.document())
    assert shown.answer.claims and shown.plan.protocols == ["af-stroke-prevention"]
    assert {key: item.id for key, item in shown.evidence.items()} == {key: key for key in shown.evidence}
    change = ChangeDocument.model_validate(consult.correct("creatinine", {"value": 1.9, "unit": "mg/dL"}, "Dr A"))
    assert "creatinine" in change.corrected and change.diff
    approval = ApprovalDocument.model_validate(consult.approve("Dr A", "physician"))
    assert approval.approved
    again = AskDocument.model_validate(consult.document() | {"outdated": consult.outdated()})
    assert again.version == 2 and again.reviews[-1].by == "Dr A" and again.corrections[0].slots


def test_a_calculators_result_has_the_keys_of_its_schema() -> None:
    schema = schema_of("calc_result")
    assert isinstance(schema, dict)
    body = run("bmi", calculator("bmi").example).model_dump()
    assert set(body) == set(schema["properties"]) == set(schema["required"])


def test_an_error_fits() -> None:
    error = UsageError("no such thing", found=3, expected="another", action="do")
    assert ErrorDocument.model_validate({"error": error.document()}).error.found == "3"
