"""A slice of `osler bench ehr-faults`: the judge sees what is unsafe, and the worst servers lead to nothing unsafe."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evals.benchmarks import ehr_faults
from evals.benchmarks.ehr_fault_servers import FAULTS
from evals.benchmarks.ehr_faults import Question, Said, judged

ASKED = [
    Question("record.observation", {"concept": "creatinine"}),
    Question("record.finding", {"concept": "hypertension"}),
    Question("record.medications", {}),
    Question("record.problems", {}),
    Question("record.medication", {"concept": "warfarin"}),
    Question("record.allergies", {}),
]
WORST = (
    "pages of three",
    "ignores the patient",
    "answers with another patient's resources",
    "counts more than there are",
    "loops its pages",
    "total 0 and a next page",
    "the same page again and again",
    "breaks off after the first page",
    "leaves out and remarks it",
    "sends entries without ids",
    "500 on searches",
    "truncated JSON",
    "reads another resource",
    "wrong content type",
)


def test_the_worst_servers_lead_to_nothing_unsafe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ehr_faults, "questions", lambda: ASKED)
    monkeypatch.setattr(ehr_faults, "PATIENTS", ("demo-acs-bleed",))
    rows = asyncio.run(ehr_faults._all([(name, FAULTS[name], None) for name in WORST]))
    assert {row["outcome"] for row in rows if row["fault"] == ehr_faults.EMBEDDED} == {"same"}
    cases = [row for row in rows if row["fault"] != ehr_faults.EMBEDDED]
    assert len(cases) == len(WORST) * len(ASKED)
    assert [row for row in cases if row["outcome"] in ehr_faults.UNSAFE] == []
    of = {name: {row["outcome"] for row in cases if row["fault"] == name} for name in WORST}
    assert of["pages of three"] == of["wrong content type"] == {"same"}
    assert of["truncated JSON"] == of["reads another resource"] == {"refused"}
    assert "incomplete and said" in of["breaks off after the first page"]


def fact(**more: Any) -> dict[str, Any]:
    return {
        "slot": "q",
        "value": 74.0,
        "unit": "umol/L",
        "display": "74",
        "reference": "Observation/1",
        "said": False,
        **more,
    }


OTHERS = {"other-id": "Othername"}


@pytest.mark.parametrize(
    ("said", "true", "outcome"),
    [
        (Said([fact()], ""), Said([fact()], ""), "same"),
        (Said([fact(value=60.0)], ""), Said([fact()], ""), "unnamed"),
        (Said([fact(value=60.0)], "", incomplete=True), Said([fact()], ""), "incomplete and said"),
        (Said([], ""), Said([fact()], ""), "unnamed"),
        (
            Said([fact(value=False, unit=None)], "", incomplete=True),
            Said([fact(value=True)], ""),
            "absent though there",
        ),
        (Said([fact(value=3.0, reference=None)], "", incomplete=True), Said([fact()], ""), "wrong"),
        (Said([fact()], "seen by Othername"), Said([fact()], ""), "another patient's"),
        (Said([], "", error="500"), Said([fact()], ""), "refused"),
        (Said([], "", error="KeyError: 'x'", crash=True), Said([fact()], ""), "crash"),
        (Said([], "", error="hangs", crash=True), Said([fact()], ""), "hangs"),
    ],
)
def test_the_judge(said: Said, true: Said, outcome: str) -> None:
    assert judged(said, true, OTHERS, "p")[0] == outcome
