"""An order from an answer into the record, in a browser: filled in, checked, approved, seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from visitor import Visitor

pytestmark = pytest.mark.browser


def test_a_draft_becomes_an_order_under_a_name(visit: Callable[..., Visitor]) -> None:
    user = visit()
    page: Any = user.page
    user.pick("demo-af")
    user.ask("Should she be anticoagulated?")
    page.locator('button[data-do="draft"]').first.click()
    page.wait_for_selector(".o-draft")
    assert "Still needed" in page.locator("#o-panel").inner_text()
    user.shot("draft-open")
    page.locator(".o-draft [name=f-medication]").select_option("apixaban")
    page.locator(".o-draft [name=f-dose]").fill("5 mg")
    page.locator(".o-draft [name=f-timing]").fill("twice daily")
    page.locator(".o-draft [name=by]").fill("Dr A. Example")
    page.locator(".o-draft [name=role]").fill("physician")
    page.get_by_role("button", name="Check", exact=True).click()
    page.wait_for_selector(".o-draft-words:has-text('Apixaban, 5 mg, twice daily')")
    assert "Apixaban + Aspirin" in page.locator("#o-panel").inner_text()
    user.shot("draft-checked")
    page.get_by_role("button", name="Approve and write").click()
    page.wait_for_selector(".o-draft-state.s-committed")
    assert "Dr A. Example, physician" in page.locator("#o-panel").inner_text()
    page.wait_for_selector('#o-thread button[data-do="draft"]:has-text("In the record")')
    user.shot("draft-written")
