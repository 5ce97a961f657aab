"""What if, the plan before it runs, and the exports, without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import Settings
from agent.export_pdf import _Writer, printable
from app_desk import Desk
from app_session import Page, View, fresh
from tools.errors import UsageError

AF = "Should she be anticoagulated?"


@pytest.fixture(scope="module")
def page(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    desk = Desk(Settings(home=home))
    desk.folder = tmp_path_factory.mktemp("exports")
    yield Page(desk)
    desk.close()


@pytest.fixture(scope="module")
def careful(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page that shows each plan before it runs."""
    desk = Desk(Settings(home=home, review_plan=True))
    desk.folder = tmp_path_factory.mktemp("exports")
    yield Page(desk)
    desk.close()


def last(views: Iterator[View]) -> View:
    return [*views][-1]


def asked(page: Page) -> View:
    return last(page.ask(AF, [], "", page.pick("demo-af", "", fresh()).state))


def slot_of(page: Page, view: View, slot: str) -> Any:
    document = page.desk.document(view.state["consultation"])
    record = next(r for r in document["records"] if r["slot"] == slot)
    return document["evidence"][record["evidence"][0]]


# -- what if ---------------------------------------------------------------------------------------------------------


def test_what_if_shows_the_changes_and_changes_nothing(page: Page) -> None:
    view = asked(page)
    before = page.desk.document(view.state["consultation"])
    fields = {"evidence": slot_of(page, view, "creatinine")["id"], "value": "1.9", "unit": "mg/dL", "by": "",
              "mode": "if"}
    tried = page.fix(fields, view.state)
    panel = tried.panel or ""
    assert tried.thread is None
    assert "What if: Creatinine" in panel
    assert "<s>0.92 mg/dL</s>" in panel
    assert "the answer stands as it is" in panel
    assert page.desk.document(view.state["consultation"]) == before
    wrong = page.fix(fields | {"value": "-1"}, view.state)
    assert 'data-code="bad_input"' in (wrong.panel or "")


# -- the plan --------------------------------------------------------------------------------------------------------


def test_a_plan_is_shown_before_it_runs_and_steps_are_dropped(careful: Page) -> None:
    view = asked(careful)
    thread = view.thread or ""
    assert "Plan, nothing of it has run yet" in thread
    assert view.answered is False
    steps = re.findall(r'name="(step:[^"]+)"', thread)
    assert "step:cha2ds2_va" in steps
    consultation = re.search(r'name="consultation" value="([^"]+)"', thread)
    assert consultation
    fields: dict[str, Any] = {"consultation": consultation.group(1), "by": "Dr A", "role": "physician"}
    fields |= {name: "yes" for name in steps if name != "step:hypertension"}
    fields |= {"add": "haemoglobin, Chronic kidney disease, problems, body mass index"}
    nobody = last(careful.begin(fields | {"by": " "}, view.state))
    assert "The name is missing" in (nobody.notice or "")
    answer = last(careful.begin(fields, view.state))
    assert answer.answered is True
    document = careful.desk.document(answer.state["consultation"])
    assert document["plan"]["dropped"] == ["hypertension"]
    assert document["plan"]["added"] == ["haemoglobin", "chronic-kidney-disease", "problems", "calc.bmi"]
    assert document["plan"]["protocols"] == ["af-stroke-prevention", "chronic-kidney-disease"]
    done = {record["slot"] for record in document["records"]}
    assert {"lookup.haemoglobin", "lookup.problems", "lookup.bmi"} <= done
    assert "hypertension" not in {record["slot"] for record in document["records"]}
    again = last(careful.begin(fields, view.state))
    assert "No plan waits here" in (again.notice or "")


def test_a_step_that_is_none_is_refused(careful: Page) -> None:
    view = asked(careful)
    found = re.search(r'name="consultation" value="([^"]+)"', view.thread or "")
    assert found
    consult = careful.desk.osler.open(found.group(1))
    with pytest.raises(UsageError, match="no step of this plan"):
        consult.begin("Dr A", "physician", drop=["no-such"])
    with pytest.raises(UsageError, match="cannot be added"):
        consult.begin("Dr A", "physician", add=["xyzzy plugh"])
    assert consult.pending_plan() is not None


# -- PDF -------------------------------------------------------------------------------------------------------------


def test_the_pdf_says_what_the_markdown_says(page: Page) -> None:
    view = asked(page)
    consult = page.desk.osler.open(view.state["consultation"])
    claims = consult.document()["answer"]["claims"]
    consult.reject(claims[0]["id"], "Dr A", "physician", "she <b>declined</b> & left")
    consult.correct("creatinine", {"value": 1.1, "unit": "mg/dL"}, "Dr Łukasz", "repeat")
    consult.reject(consult.document()["answer"]["claims"][1]["id"], "Dr A", "physician", "not <b>so</b>")
    body = consult.report(format="pdf")
    assert body.startswith(b"%PDF-") and body.rstrip().endswith(b"%%EOF")
    assert body == consult.report(format="pdf"), "the same answer gives the same file"
    parts = [part for part in _Writer(consult.state).story() if hasattr(part, "getPlainText")]
    text = " ".join(" ".join(part.getPlainText() for part in parts).split())
    document = consult.document()
    for claim in document["answer"]["claims"]:
        assert " ".join(claim["text"].split()) in text
    assert "rejected: not <b>so</b>" in text, "markup of a person is printed"
    struck = [frag.text for part in parts for frag in part.frags if getattr(frag, "us_lines", None)]
    assert any(claims[1]["text"].split()[0] in text for text in struck)
    assert "Dr Łukasz" in text and "not a medical device" in text
    cited = re.findall(r"^\[\^(\d+)\]: (\S+):", consult.report(format="markdown"), re.MULTILINE)
    for number, slot in cited:
        assert f"[{number}] {slot}" in text


def test_the_pdf_holds_the_differential_with_its_sources(page: Page) -> None:
    consult = page.desk.osler.consult("Could this be a pulmonary embolism?", "demo-pe", model="none").run()
    answer = consult.document()["answer"]
    parts = [part for part in _Writer(consult.state).story() if hasattr(part, "getPlainText")]
    text = " ".join(" ".join(part.getPlainText() for part in parts).split())
    assert len(answer["differential"]) > 3
    for item in answer["differential"]:
        assert item["condition"] in text and all(" ".join(lack.split()) in text for lack in item["missing"])
    assert re.search(r"Pulmonary embolism, must not be missed.*against: .*\[\d+\]", text)
    assert answer["most_useful"]["ask"] in text


def test_letters_the_typeface_lacks_are_said_to_be_missing() -> None:
    assert printable("≥ 2 µg, Łukasz, CO₂") == "≥ 2 µg, Łukasz, CO2"
    assert "�" in printable("李")


def test_every_export_is_a_file(page: Page) -> None:
    view = asked(page)
    assert view.exports is not None
    assert {name: Path(path).stat().st_size > 500 for name, path in view.exports.items()} == {
        "pdf": True, "markdown": True, "note": True, "fhir": True, "json": True}
