"""The synthetic ward: its published queries find something, and its FHIR resources are what its rows are."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from evals.ehrsql.compare import Told, told, verdict
from evals.ehrsql.fhir import resources
from evals.ehrsql.questions import FILE, NOW, Question, load
from evals.ehrsql.schema import database
from evals.ehrsql.ward import Ward
from tools.ehr.checks.validate import check
from tools.errors import UsageError

DATA = Path(__file__).parents[3] / "shared" / "data" / "ehrsql"
needs_data = pytest.mark.skipif(not (DATA / FILE).is_file(), reason="the EHRSQL questions are not here")


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return load(DATA)


@pytest.fixture(scope="module")
def ward(questions: list[Question]) -> Ward:
    return Ward(questions)


@needs_data
def test_most_queries_find_something_and_some_find_nothing(questions: list[Question], ward: Ward) -> None:
    base = database(ward.tables)
    found = [base.execute(row.sql).fetchall() for row in questions if not row.impossible]
    share = sum(any(value for row in rows for value in row) for rows in found) / len(found)
    assert 0.9 < share < 0.99


@needs_data
def test_same_seed_same_ward(questions: list[Question], ward: Ward) -> None:
    assert Ward(questions).tables == ward.tables
    assert Ward(questions, seed=8).tables != ward.tables


@needs_data
def test_admissions_do_not_overlap_and_nothing_happens_outside_or_later(ward: Ward) -> None:
    for stays in ward.stays.values():
        for early, late in pairwise(stays):
            assert early.end is not None and early.end < late.start
    stays_by_id = {stay.id: stay for rows in ward.stays.values() for stay in rows}
    for table in ("labevents", "chartevents", "diagnoses_icd", "procedures_icd", "microbiologyevents"):
        for row in ward.tables[table]:
            stay = stays_by_id[row["hadm_id"]]
            assert str(stay.start) <= row["charttime"] <= str(stay.end or NOW)


@needs_data
def test_resources_are_valid_and_as_many_as_the_rows(ward: Ward) -> None:
    kinds: Counter[str] = Counter()
    for resource in resources(ward.tables):
        kinds[resource["resourceType"]] += 1
        if kinds[resource["resourceType"]] <= 5:
            check(resource)
    rows = {name: len(found) for name, found in ward.tables.items()}
    assert kinds["Patient"] == rows["patients"]
    assert kinds["Encounter"] == rows["admissions"] + rows["icustays"]
    assert kinds["MedicationRequest"] == rows["prescriptions"]
    measured = ("labevents", "chartevents", "inputevents_cv", "outputevents", "microbiologyevents")
    assert kinds["Observation"] == sum(rows[name] for name in measured)


@needs_data
def test_restores_what_lower_case_took_from_the_query(questions: list[Question]) -> None:
    text = next(row for row in questions if "systolic_bp_lower" in row.query).sql
    assert "90.0" in text and "'2105-12-31 23:59:00'" in text and "_lower" not in text


def test_says_which_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="EHRSQL"):
        load(tmp_path)


def _asked(kind: str, query: str = "") -> Question:
    return Question("x", "", query, kind, False, ("",) * 5, ("",) * 9)


@pytest.mark.parametrize(
    ("kind", "rows", "values", "expected"),
    [
        ("what was the value", [(7.25,)], [(7.25, "mg")], "right"),
        ("what was the value", [(7.25,)], [(7.3, "mg")], "wrong"),
        ("what was the value", [(7.25,)], [(True, None)], "wrong"),
        ("what was the value", [(None,)], [], "right"),
        ("what was the value", [], [(0, "1")], "wrong"),
        ("count the number", [(0,)], [(0, None)], "right"),
        ("count the number", [(0,)], [], "wrong"),
        ("has_verb patient", [(1,)], [(True, None)], "right"),
        ("has_verb patient", [(0,)], [(True, None)], "wrong"),
        ("how many [unit_count] have passed since", [(2.5,)], [(60, "h")], "right"),
        ("how many [unit_count] have passed since", [(2.5,)], [(60, "min")], "wrong"),
        ("what is the survival rate of", [(66,)], [(66.7, "%")], "right"),
        ("what is the name", [("po",), ("iv",), ("po",)], [("IV", None), ("po", None)], "right"),
        ("what is the name", [("po",), ("iv",)], [("po", None)], "wrong"),
        ("when was", [("2103-02-01 10:00:00",)], [("2103-02-01T10:00:00Z", None)], "right"),
        ("when was", [("2103-02-01 10:00:00",)], [("2103-02-01T10:00:00+01:00", None)], "wrong"),
        ("what was the first] ward of patient", [(52,)], [("ward 52", None)], "right"),
        ("what is the gender", [("f",)], [("female", None)], "right"),
    ],
)
def test_verdicts(kind: str, rows: list[tuple[object]], values: list[tuple[object, str | None]], expected: str) -> None:
    assert verdict(_asked(kind), rows, Told(True, values)) == expected


def test_a_search_in_words_or_a_refusal_is_no_answer() -> None:
    assert not told({"how": "search", "answer": [{"value": "x", "unit": None}]}).answered
    assert not told({"how": "structured", "answer": [], "not_answered": [{"what": "the address"}]}).answered
    assert told({"how": "structured", "answer": [{"value": 3, "unit": "1"}]}).values == [(3, "1")]
