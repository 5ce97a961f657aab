"""The whole job in a browser: pick, ask, look, correct, sign, export; by mouse, keyboard and touch, two at once."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from visitor import NARROW, Server, Visitor

pytestmark = pytest.mark.browser
AF = "Should she be anticoagulated?"
CKD = "What stage is her kidney disease, and what treatment should she have to protect her kidneys?"
Visit = Callable[..., Visitor]


def test_the_first_answer_comes_within_ten_seconds_of_the_server(server: Server, visit: Visit) -> None:
    began = time.monotonic()
    user = visit()
    user.pick("demo-af")
    user.page.get_by_role("button", name=AF).click()
    user.answered()
    assert time.monotonic() - began < 10
    assert "CHA2DS2-VA" in user.thread


@pytest.mark.parametrize(("patient", "question", "slot", "value", "changed"), [
    ("demo-af", AF, "Creatinine", "1.9", "clearance"), ("demo-ckd", CKD, "Creatinine", "2.6", "eGFR"),
])
def test_the_whole_job(
    visit: Visit, tmp_path: Path, patient: str, question: str, slot: str, value: str, changed: str
) -> None:
    user = visit()
    page = user.page
    user.shot("start")
    user.pick(patient)
    user.ask(question)
    user.shot(f"{patient}-answer", whole=True)
    assert "not reviewed by a clinician" in user.thread
    assert "Draft, not signed" in user.thread
    guideline = user.cite("passage")
    assert "summary, not the publisher's words" in guideline
    assert "Verified by" in guideline
    user.shot(f"{patient}-guideline")
    calculation = user.cite("derivation")
    assert "Step by step" in calculation
    user.shot(f"{patient}-calculation")
    assert re.search("Resource|Searched", user.cite("fhir"))
    if page.locator("#o-thread .o-cite.k-statement").count():
        user.cite("statement")
        assert page.locator("#o-panel .o-mark").count() == 1
        user.shot(f"{patient}-note")
    why = page.locator("#o-thread .o-why").first
    assert "Decided on" in user.opened(str(why.get_attribute("data-evidence")), why.click)

    page.get_by_role("button", name="All evidence").click()
    page.wait_for_selector('.o-panel[data-opened=""]')
    lab = user.opened(*_row(user, f"{slot} [0-9.]+ mg/dL"))
    assert page.locator("#o-panel svg").count() == 1
    assert "mg/dL" in lab
    page.locator("#o-panel summary", has_text="Correct this value").click()
    page.fill("#o-panel input[name=value]", value)
    page.fill("#o-panel input[name=by]", "Dr A. Reyes")
    page.fill("#o-panel input[name=reason]", "Repeat sample this morning")
    page.get_by_role("button", name="Correct and work out again").click()
    page.wait_for_selector(".o-change")
    change = page.locator(".o-change").inner_text()
    assert f"Corrected: {slot}" in change
    assert "worked out again" in change
    assert changed in change
    assert page.locator(".o-answer").get_attribute("data-version") == "2"
    assert "Original" in page.locator("#o-panel").inner_text()
    user.shot(f"{patient}-changed")

    assert page.locator("#o-by").locator("input, textarea").input_value() == "Dr A. Reyes"
    page.locator("#o-role").locator("input, textarea").fill("physician")
    page.click("#o-sign-button")
    page.wait_for_selector(".o-signed")
    assert "Signed by Dr A. Reyes, physician" in user.thread
    user.shot(f"{patient}-signed")
    with page.expect_download() as download:
        page.click("#o-fhir")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    bundle = json.loads(path.read_text(encoding="utf-8"))
    assert bundle["type"] == "document"
    assert bundle["entry"][0]["resource"]["status"] == "final"
    assert bundle["entry"][0]["resource"]["subject"] == {"reference": f"Patient/{patient}"}


def test_two_users_at_once_never_mix(visit: Visit) -> None:
    one, two = visit(), visit()
    one.pick("demo-af")
    two.pick("demo-ckd")
    for user, question in ((one, AF), (two, CKD)):
        user.page.locator("#o-question textarea").fill(question)
    for user in (one, two):
        user.page.locator("#o-question textarea").press("Enter")
    for user in (one, two):
        user.answered()
    assert _patients(one) == {"demo-af"}
    assert _patients(two) == {"demo-ckd"}
    assert "KDIGO" not in one.thread
    assert "CHA2DS2" not in two.thread
    assert one.page.locator(".o-answer").get_attribute("data-consultation") != (
        two.page.locator(".o-answer").get_attribute("data-consultation"))
    assert "demo-af" in one.cite("fhir")
    assert "demo-af" not in two.cite("fhir")
    for user in (one, two):
        user.page.locator("#o-by").locator("input, textarea").fill(f"Dr {_patients(user)}")
        user.page.locator("#o-role").locator("input, textarea").fill("physician")
    one.page.click("#o-sign-button")
    one.page.wait_for_selector(".o-signed")
    assert "Draft, not signed" in two.thread
    assert two.page.locator(".o-signed").count() == 0


def _patients(user: Visitor) -> set[str]:
    """Every patient that the page of a user names."""
    found = user.page.evaluate("[...document.querySelectorAll('[data-patient]')].map((part) => part.dataset.patient)")
    return set(found)


def test_by_keyboard_alone(visit: Visit) -> None:
    user = visit()
    page = user.page
    _tab_to(page, '[data-patient="demo-af"]')
    page.keyboard.press("Enter")
    page.wait_for_selector('.o-banner[data-patient="demo-af"]')
    _tab_to(page, "#o-question textarea")
    page.keyboard.type(AF)
    page.keyboard.press("Enter")
    user.answered()
    _tab_to(page, "#o-thread .o-cite")
    cited = page.evaluate("document.activeElement.dataset.evidence")
    page.keyboard.press("Enter")
    page.wait_for_selector(f'.o-panel[data-opened="{cited}"]')
    page.wait_for_function("document.activeElement.closest('.o-panel') !== null")
    page.keyboard.press("Escape")
    page.wait_for_function("(cited) => document.activeElement.dataset.evidence === cited", arg=cited)
    _tab_to(page, "#o-by :is(input, textarea)")
    page.keyboard.type("Dr K. Board")
    page.keyboard.press("Tab")
    page.keyboard.type("physician")
    _tab_to(page, "#o-sign-button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".o-signed")
    assert "Signed by Dr K. Board, physician" in user.thread


def _tab_to(page: Any, selector: str, most: int = 260) -> None:
    """Press Tab until something that fits a selector has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab never reaches {selector}")


def test_on_a_phone_the_evidence_is_a_sheet_and_nothing_overflows(visit: Visit) -> None:
    user = visit(NARROW, has_touch=True, is_mobile=True, device_scale_factor=2)
    page = user.page
    user.shot("phone-start")
    user.pick("demo-ckd-aki")
    page.locator(".o-chip").first.tap()
    user.answered()
    user.shot("phone-answer", whole=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    chip = page.locator("#o-thread .o-cite.k-fhir").first
    user.opened(str(chip.get_attribute("data-evidence")), chip.tap)
    box = page.locator(".o-panel").bounding_box()
    assert box["y"] + box["height"] == pytest.approx(NARROW["height"], abs=2)
    user.shot("phone-evidence")
    page.get_by_role("button", name="Close evidence").tap()
    assert page.locator("#o-desk").get_attribute("data-panel") == ""
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_what_is_not_known_is_answered_in_place_in_the_dark(visit: Visit) -> None:
    user = visit(color_scheme="dark")
    page = user.page
    user.pick("demo-mixed")
    page.locator(".o-chip").first.click()
    user.answered()
    ask = page.locator(".o-ask").filter(has=page.locator("input[name=value]")).first
    before = page.locator(".o-answer").get_attribute("data-version")
    ask.locator("input[name=value]").fill("340")
    ask.get_by_role("button", name="Enter").click()
    page.wait_for_timeout(500)
    assert page.locator(".o-answer").get_attribute("data-version") == before, "nobody gave a name yet"
    page.fill("[data-who]", "Dr B. Okoro")
    ask.get_by_role("button", name="Enter").click()
    page.wait_for_selector(".o-change")
    assert "Dr B. Okoro" in page.locator("#o-panel").inner_text()
    assert "340 mg/g" in page.locator(".o-change").inner_text()
    user.shot("dark-inline")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 21, 26)"
    page.get_by_role("button", name="Switch between light and dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(16, 21, 26)"


def test_errors_say_what_to_do_and_keep_the_question(visit: Visit, tmp_path: Path) -> None:
    user = visit()
    page = user.page
    page.locator("#o-patient input").fill("nobody-77")
    page.locator("#o-patient input").press("Enter")
    page.wait_for_selector(".o-error")
    assert "Choose a patient from the list" in page.locator("#o-banner").inner_text()
    user.shot("error-patient")
    user.pick("demo-af")
    page.locator("#o-question textarea").fill("   ")
    page.locator("#o-question textarea").press("Enter")
    page.wait_for_selector('.o-error[data-code="usage"]')
    assert "The question is empty" in user.thread
    note = tmp_path / "letter.txt"
    note.write_text("Patient: Rosa Delgado\nDate of birth: 18 May 1961\nMechanical heart valve.", encoding="utf-8")
    page.locator("#o-question input[type=file]").set_input_files(note)
    page.wait_for_timeout(1000)
    page.locator("#o-question textarea").fill(AF)
    page.locator("#o-question textarea").press("Enter")
    page.wait_for_selector('.o-error[data-code="identity_mismatch"]')
    assert page.locator("#o-question textarea").input_value() == AF
    user.shot("error-note")


def test_an_impossible_correction_is_refused_in_its_form(visit: Visit) -> None:
    user = visit()
    page = user.page
    user.pick("demo-af")
    user.ask(AF)
    user.opened(*_row(user, "Creatinine [0-9.]+ mg/dL"))
    page.locator("#o-panel summary", has_text="Correct this value").click()
    for value in ("4000", "-1"):
        page.fill("#o-panel input[name=value]", value)
        page.fill("#o-panel input[name=by]", "Dr A. Reyes")
        page.get_by_role("button", name="Correct and work out again").click()
        page.wait_for_selector("#o-panel .o-error")
        assert page.locator("#o-panel input[name=value]").input_value() == value, "what was typed stays"
    assert page.locator(".o-answer").get_attribute("data-version") == "1"
    user.shot("error-correction")


def test_another_patient_in_the_middle_of_an_answer_takes_nothing_along(visit: Visit) -> None:
    user = visit()
    page = user.page
    user.pick("demo-af")
    page.locator("#o-question textarea").fill(AF)
    page.locator("#o-question textarea").press("Enter")
    page.wait_for_selector('.o-answer[aria-busy="true"]')
    page.locator("#o-patient input").click()
    page.get_by_role("option", name=re.compile("Rosa Delgado")).click()
    page.wait_for_selector('.o-banner[data-patient="demo-ckd"]')
    page.wait_for_timeout(5000)
    assert _patients(user) == {"demo-ckd"}
    assert "anticoag" not in user.thread
    user.ask(CKD)
    assert _patients(user) == {"demo-ckd"}


def test_a_reload_with_the_consultation_in_the_address_brings_it_back(visit: Visit, server: Server) -> None:
    user = visit()
    user.pick("demo-af")
    user.ask(AF)
    consultation = user.page.locator(".o-answer").get_attribute("data-consultation")
    user.leave_for(f"{server.url}/?consultation={consultation}")
    user.answered()
    assert "CHA2DS2-VA" in user.thread
    assert _patients(user) == {"demo-af"}
    assert "0.92 mg/dL" in user.opened(*_row(user, "Creatinine [0-9.]+ mg/dL"))


def _row(user: Visitor, text: str) -> tuple[str, Callable[[], None]]:
    """A result in the list of all evidence, by how its line begins: its id, and the click that opens it."""
    line = user.page.locator(".o-ref-text", has_text=re.compile(f"^{text}"))
    row = user.page.locator("#o-panel .o-ref.k-fhir").filter(has=line).first
    return str(row.get_attribute("data-evidence")), row.click
