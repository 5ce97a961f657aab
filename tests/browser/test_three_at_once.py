"""Three users on three jobs at the same time: nothing of one is seen by another, and how long each waits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from visitor import Visitor

from agent.cli_image import draw_phantom

pytestmark = pytest.mark.browser
JOBS = {
    "demo-af": "Should she be anticoagulated?",
    "demo-hfref": "How large is the heart on this film?",
    "demo-pe": "Does he need a CT pulmonary angiogram to exclude pulmonary embolism?",
}
OWN = {"demo-af": "CHA2DS2-VA", "demo-hfref": "Cardiothoracic ratio", "demo-pe": "D-dimer"}
# From Enter to the first row of the run, and to the answer, by the page's own clock.
CLOCK = """() => {
  const times = window.oslerTimes = {};
  const begin = (event) => { if (event.key === 'Enter') times.asked ??= performance.now(); };
  document.addEventListener('keydown', begin, true);
  new MutationObserver(() => {
    if (!times.asked) return;
    if (document.querySelector('#o-thread .o-run')) times.evidence ??= performance.now();
    if (document.querySelector('#o-thread .o-answer[data-status]')) times.answer ??= performance.now();
  }).observe(document.body, { childList: true, subtree: true });
}"""


def test_three_users_on_three_jobs_at_once(visit: Callable[..., Visitor], tmp_path: Path, shots: Path) -> None:
    users = {patient: visit() for patient in JOBS}
    for patient, user in users.items():
        user.pick(patient)
    film = draw_phantom("demo-hfref", tmp_path / "film.dcm")["path"]
    users["demo-hfref"].page.locator("#o-question input[type=file]").set_input_files(film)
    users["demo-hfref"].page.wait_for_selector("#o-question .thumbnail-item, #o-question img, #o-question .file-icon")
    for patient, user in users.items():
        user.page.locator("#o-question textarea").fill(JOBS[patient])
        user.page.evaluate(CLOCK)
    for user in users.values():
        user.page.locator("#o-question textarea").press("Enter")
    for user in users.values():
        user.answered()
    waits = {patient: _waits(user) for patient, user in users.items()}
    (shots / "three-at-once.json").write_text(json.dumps(waits, indent=1), encoding="utf-8")
    print(f"seconds from question to first evidence and to answer: {json.dumps(waits)}")
    assert all(0 < wait["evidence"] <= wait["answer"] for wait in waits.values())
    _apart(users)

    # Each goes on with a job of their own; nobody's answer moves with another's.
    _correct_creatinine(users["demo-af"])
    _move_caliper(users["demo-hfref"])
    pe = users["demo-pe"].page
    with pe.expect_download() as download:
        pe.click("#o-fhir")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    exported = path.read_text(encoding="utf-8")
    assert json.loads(exported)["entry"][0]["resource"]["subject"] == {"reference": "Patient/demo-pe"}
    assert "demo-af" not in exported and "demo-hfref" not in exported
    versions = {name: user.page.locator(".o-answer").get_attribute("data-version") for name, user in users.items()}
    assert versions == {"demo-af": "2", "demo-hfref": "2", "demo-pe": "1"}
    assert users["demo-pe"].page.locator(".o-change").count() == 0
    _apart(users)
    for patient, user in users.items():
        user.shot(f"three-{patient}")


def _waits(user: Visitor) -> dict[str, float]:
    times = user.page.evaluate("window.oslerTimes")
    return {part: round((times[part] - times["asked"]) / 1000, 2) for part in ("evidence", "answer")}


def _apart(users: dict[str, Visitor]) -> None:
    """Every page names its own patient only, and says what is only its own to say."""
    consultations = {user.page.locator(".o-answer").get_attribute("data-consultation") for user in users.values()}
    assert len(consultations) == len(users)
    for patient, user in users.items():
        named = user.page.evaluate(
            "[...document.querySelectorAll('[data-patient]')].map((part) => part.dataset.patient)"
        )
        assert set(named) == {patient}
        for other, words in OWN.items():
            assert (words in user.thread) is (other == patient), f"{words!r} on the page of {patient}"


def _correct_creatinine(user: Visitor) -> None:
    page = user.page
    page.locator("#o-panel .o-ref.k-fhir", has_text="0.92 mg/dL").first.click()
    page.locator("#o-panel summary", has_text="Correct this value").click()
    page.fill("#o-panel input[name=value]", "1.9")
    _give(user, "Dr A. Reyes")
    assert "Creatinine" in page.locator(".o-change").inner_text()


def _move_caliper(user: Visitor) -> None:
    page = user.page
    page.locator(".o-thumb").click()
    page.wait_for_selector(".o-film")
    page.locator(".o-drawn").get_by_role("button", name="calipers").click()
    end = page.locator('#o-panel input[name="heart_left.x"]')
    end.fill(str(float(end.input_value()) + 30))
    _give(user, "Dr B. Okoro")
    assert "calipers" in page.locator(".o-change").inner_text().lower()


def _give(user: Visitor, name: str) -> None:
    page = user.page
    page.fill("#o-panel input[name=by]", name)
    page.fill("#o-panel input[name=reason]", "looked at again")
    page.get_by_role("button", name="Correct and work out again").click()
    page.wait_for_selector(".o-change")
