"""The calculators in a browser: asked, answered in the form, chosen anew; gone with their patient; on a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from visitor import NARROW, Visitor

pytestmark = pytest.mark.browser
NOTE = "72-year-old woman, hypertension, TIA in 2019. No heart failure, no diabetes. <b>bold</b> <script>x()</script>"
RESULT = '#o-calc-answer .o-calc[data-calculator="{}"]'


def calculators(user: Visitor, question: str, note: str = "") -> Any:
    """Go to the tab and ask."""
    page = user.page
    page.get_by_role("tab", name="Calculators").click()
    page.locator("#o-calc-note textarea").fill(note)
    page.locator("#o-calc-question :is(input, textarea)").fill(question)
    page.click("#o-calc-go")
    return page


def test_a_score_is_asked_answered_and_leaves_the_chat_as_it_was(visit: Callable[..., Visitor]) -> None:
    user = visit()
    user.pick("demo-af")
    user.ask("Should she be anticoagulated?")
    page = calculators(user, "stroke risk in AF", NOTE)
    page.wait_for_selector(RESULT.format("cha2ds2_vasc"))
    assert "record of Margaret Ellison" in page.locator("#o-calc-answer").inner_text()
    page.locator("#o-calc-use input").uncheck()
    page.click("#o-calc-go")
    page.wait_for_selector('#o-calc-answer .o-value:text-is("5 to 6 points")')
    assert page.locator("#o-calc-answer .o-note").first.inner_text() == NOTE
    assert page.locator("#o-calc-answer .o-note mark").count() >= 5
    user.shot("calc-answer", whole=True)
    page.locator("#o-calc-answer [data-input=vascular_disease] input[value=yes]").check()
    page.locator("#o-calc-answer .o-calc-asks .o-button").click()
    page.wait_for_selector('#o-calc-answer .o-value:text-is("6 points")')
    page.get_by_role("button", name="Rather: CHA2DS2-VA").first.click()
    page.wait_for_selector(RESULT.format("cha2ds2_va"))
    page.get_by_role("tab", name="This patient").click()
    assert page.locator("#o-thread .o-answer[data-status]").is_visible(), "the consultation stands as it was"
    assert page.locator("#o-side").is_visible()

    page.locator("#o-patient input").fill("demo-ckd")
    page.keyboard.press("Enter")
    page.wait_for_selector('.o-banner[data-patient="demo-ckd"]')
    page.get_by_role("tab", name="Calculators").click()
    page.wait_for_selector("#o-calc-answer .o-empty")
    assert page.locator("#o-calc-note textarea").input_value() == "", "nothing of the patient before stays"
    assert page.locator("#o-calc-use input").is_checked()


def test_on_a_phone_the_result_comes_into_view_and_nothing_overflows(visit: Callable[..., Visitor]) -> None:
    user = visit(NARROW, has_touch=True, is_mobile=True, device_scale_factor=2)
    page = calculators(user, "MELD 3.0")
    page.wait_for_selector(RESULT.format("meld_3_0"))
    page.wait_for_function("document.querySelector('#o-calc-answer').getBoundingClientRect().top < innerHeight / 2")
    page.locator("[name=i-bilirubin]").fill("a lot")
    page.locator("#o-calc-answer .o-calc-asks .o-button").tap()
    page.wait_for_selector("#o-calc-answer .o-error")
    assert page.locator("[name=i-bilirubin]").input_value() == "a lot", "what was typed stays"
    for name, value in (
        ("bilirubin", "2.4"),
        ("inr", "1.6"),
        ("creatinine", "1.4"),
        ("sodium", "134"),
        ("albumin", "3"),
    ):
        page.locator(f"[name=i-{name}]").fill(value)
    page.locator("[name=i-sex][value=male]").check()
    page.locator("#o-calc-answer .o-calc-asks .o-button").tap()
    page.wait_for_selector("#o-calc-answer .o-value:not(.o-warn)")
    user.shot("calc-phone", whole=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
