"""The EHRSQL benchmark end to end, over three questions of our own in the layout of its file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.benchmarks import ehrsql
from evals.ehrsql import ward
from evals.ehrsql.questions import FILE
from tools.errors import UsageError

NONE = [""] * 9
ROWS = [
    {
        "id": "one",
        "question": "How many current patients are there?",
        "query": "select count( distinct admissions.subject_id ) from admissions where admissions.dischtime is null",
        "q_tag": "count the number of current patients.",
        "is_impossible": False,
        "t_tag": ["rel-hosp-cur", "", "", "", ""],
        "o_tag": NONE,
        "value": {},
    },
    {
        "id": "two",
        "question": "How many patients were prescribed zopiclone in 2103?",
        "query": "select count( distinct admissions.subject_id ) from admissions where admissions.hadm_id in ( select "
        "prescriptions.hadm_id from prescriptions where prescriptions.drug = 'zopiclone' and "
        "strftime('%y',prescriptions.startdate) = '2103' )",
        "q_tag": "count the number of patients who were prescribed {drug_name} [time_filter_global1].",
        "is_impossible": False,
        "t_tag": ["abs-year-in", "", "", "", ""],
        "o_tag": NONE,
        "value": {"drug_name": "zopiclone"},
    },
    {
        "id": "three",
        "question": "When is the canteen open?",
        "query": "null",
        "template": "canteen",
        "is_impossible": True,
    },
]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(ward, "DISTRACTORS", 6)
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / FILE).write_text(json.dumps(ROWS), encoding="utf-8")
    return folder


def test_asks_as_the_command_does_and_compares(data: Path, tmp_path: Path) -> None:
    body = ehrsql.run(data, home=tmp_path / "home")
    assert body["n"] == 2 and body["by"]["unanswerable refused"]["n"] == 1
    verdicts = {row["id"]: row["verdict"] for row in body["cases"]}
    assert verdicts["three"] == "refused"
    assert verdicts["two"] == "right"
    direct = ehrsql.run(data, level="query", home=tmp_path / "home")
    assert [row["verdict"] for row in direct["cases"]] == ["right", "right"]


def test_other_words_for_some_questions(data: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.yaml"
    words.write_text("- {id: two, question: 'Number of patients given a prescription of zopiclone in 2103'}\n", "utf-8")
    body = ehrsql.run(data, paraphrases=words, home=tmp_path / "home")
    assert [row["id"] for row in body["cases"]] == ["two"]
    words.write_text("- {id: nine, question: x}\n", "utf-8")
    with pytest.raises(UsageError, match="paraphrases of no question"):
        ehrsql.run(data, paraphrases=words)


def test_needs_its_data() -> None:
    with pytest.raises(UsageError, match="needs data"):
        ehrsql.run(None)
