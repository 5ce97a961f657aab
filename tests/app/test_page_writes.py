"""Drafts on the page: what is needed is asked for, what was checked is told apart, nothing is written unseen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agent import ClinicalAssistant
from app_desk import Desk
from app_session import Page, View, fresh
from app_writes import act, orders_box, panel

AF = "Should she be anticoagulated?"
WHO = {"by": "Dr A. Example", "role": "physician"}
HOSTILE = '<script>alert(1)</script>" onmouseover="x'


@pytest.fixture(scope="module")
def page(osler: ClinicalAssistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    desk = Desk(osler.settings.beside(tmp_path_factory.mktemp("page-writes")))
    desk.folder = tmp_path_factory.mktemp("exports")
    yield Page(desk)
    desk.close()


@pytest.fixture(scope="module")
def answer(page: Page) -> View:
    return [*page.ask(AF, [], "", page.pick("demo-af", "", fresh()).state)][-1]


def first_step(page: Page, answer: View) -> str:
    steps = page.desk.document(answer.state["consultation"])["answer"]["next_steps"]
    return str(next(step["id"] for step in steps if step["drugs"]))


def test_a_draft_is_filled_in_approved_and_seen_in_the_record(page: Page, answer: View) -> None:
    step = first_step(page, answer)
    assert f'data-item="{step}"' in (answer.thread or "")
    opened = act(page, {"item": step}, answer.state).panel or ""
    assert "Not complete, nothing is written" in opened
    assert "Still needed:" in opened
    assert '<option value="apixaban">' in opened
    assert opened.index("Not checked") < opened.index("passed")

    fields = {"item": step, "f-medication": "apixaban", "f-dose": "5 mg", "f-timing": "twice daily", **WHO}
    nobody = act(page, {**fields, "role": "", "mode": "write"}, {**answer.state, "role": ""})
    assert "role is missing" in (nobody.panel or "")
    checked = act(page, {**fields, "mode": "check"}, answer.state)
    assert "New medication (order, draft): Apixaban, 5 mg, twice daily" in (checked.panel or "")
    assert "In the record" not in (checked.panel or "")

    written = act(page, {**fields, "mode": "write"}, answer.state)
    assert "In the record: Dr A. Example, physician" in (written.panel or "")
    assert "<form" not in (written.panel or "")
    assert "In the record" in (written.thread or "")


def test_a_field_that_does_not_fit_says_so_in_place(page: Page, answer: View) -> None:
    steps = page.desk.document(answer.state["consultation"])["answer"]["next_steps"]
    step = next(row["id"] for row in steps if row["kind"] == "monitor")
    draft = page.desk.osler.open(answer.state["consultation"]).draft(step)
    said = act(page, {"item": draft["id"], "f-when": "in June", "mode": "check", **WHO}, answer.state).panel or ""
    assert "is not a date" in said
    assert "Request (order, draft)" in said


def test_of_several_orders_each_is_a_draft_of_its_own() -> None:
    shown = orders_box("n1", (("MedicationRequest/a", HOSTILE), ("MedicationRequest/b", "Ramipril")))
    assert shown.count('data-item="n1"') == 2
    assert 'data-target="MedicationRequest/b"' in shown
    assert "<script" not in shown


def test_what_a_record_or_a_person_writes_is_printed_not_run() -> None:
    draft: dict[str, Any] = {
        "id": "d1", "state": "draft", "words": HOSTILE, "kind": "MedicationRequest", "decision": None,
        "committed": None, "missing": [], "error": None, "changes": [],
        "checks": [{"name": "allergies", "state": "contraindicated", "why": HOSTILE, "evidence": []}],
        "diff": [{"path": "status", "before": HOSTILE, "after": HOSTILE}],
        "fields": [{"name": "dose", "label": "Dose", "value": HOSTILE, "origin": "clinician", "required": True,
                    "choices": [], "kind": "text"}],
    }
    shown = panel(draft, HOSTILE, HOSTILE)
    assert "<script" not in shown
    assert 'onmouseover="' not in shown
    assert 'name="override"' in shown
