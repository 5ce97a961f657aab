"""The calculators of the page: what is printed for real answers, and what a form and its buttons do."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest

from agent import ClinicalAssistant
from agent.calc_ask import ask
from agent.settings import Settings
from app_calc import Calculators, Shown, blank
from app_calc_forms import control, read_fields, typed_fields
from app_calc_view import marked
from tools.calculators import calculator
from tools.errors import BadInput

HOSTILE = '<script>alert(1)</script>" onmouseover="x & <img src=x onerror=y>'
NOTE = (
    f"72-year-old woman with atrial fibrillation {HOSTILE}. History of hypertension. Had a TIA in 2019. "
    "No heart failure, no diabetes. Weight 70 kg, creatinine 1.6 mg/dL."
)
AF = "CHA2DS2-VASc"


@pytest.fixture(scope="module")
def calculators(osler: ClinicalAssistant) -> Calculators:
    return Calculators(osler.settings)


@pytest.fixture(scope="module")
def answered(calculators: Calculators) -> Shown:
    return calculators.ask(AF, NOTE, False, "unknown", blank())


def act(calculators: Calculators, fields: dict[str, Any], shown: Shown) -> Shown:
    return calculators.act(fields, "", False, "unknown", shown.state)


def words(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_result_comes_first_then_what_would_change_it_and_what_is_missing(answered: Shown) -> None:
    read = words(answered.html)
    order = ["CHA2DS2-VASc 5 to 6 points High risk", "What would change it", "Would settle it", "Inputs", "The note",
             "Steps and references"]  # fmt: skip
    places = [read.index(part) for part in order]
    assert places == sorted(places)
    assert 'name="i-vascular_disease" value="yes"' in answered.html
    assert "Lip GYH" in read


def test_words_of_the_note_are_marked_where_they_stand_and_its_markup_is_text(answered: Shown) -> None:
    assert "<script" not in answered.html
    assert "<img" not in answered.html
    note = re.search(r'<div class="o-note" tabindex="0">(.*?)</div>', answered.html, re.S)
    assert note is not None
    assert html.unescape(re.sub(r"<[^>]+>", "", note.group(1))) == NOTE, "nothing is lost, nothing is added"
    held = set(re.findall(r"<mark[^>]*>(.*?)</mark>", note.group(1)))
    assert {"72-year-old", "hypertension", "TIA", "heart failure", "diabetes"} <= held


def test_marks_do_not_nest_and_bad_offsets_mark_nothing() -> None:
    spans = [(0, 5, "a", False), (3, 8, "b", True), (3, 8, "c", True), (90, 99, "d", True), (9, 9, "e", True)]
    assert marked("ab <i> cd", spans) == 'ab <mark class="o-mark" title="b, c">&lt;i&gt; c</mark>d'


def test_answers_are_given_back_changed_and_taken_back(calculators: Calculators, answered: Shown) -> None:
    yes = act(calculators, {"i-vascular_disease": "yes"}, answered)
    assert "CHA2DS2-VASc 6 points High risk" in words(yes.html)
    assert "Answered here" in yes.html
    assert "Would settle it" not in yes.html
    changed = act(calculators, {"i-diabetes": "yes", "i-age": "", "u-age": "years"}, yes)
    assert "CHA2DS2-VASc 7 points" in words(changed.html)
    assert "In conflict" in changed.html, "the note says otherwise"
    back = act(calculators, {"drop": "vascular_disease"}, changed)
    assert "6 to 7 points" in back.html
    assert set(back.state["given"]) == {"diabetes"}


def test_another_calculator_keeps_the_answers_it_takes(calculators: Calculators, answered: Shown) -> None:
    yes = act(calculators, {"i-vascular_disease": "yes"}, answered)
    other = act(calculators, {"calculator": "cha2ds2_va"}, yes)
    assert 'data-calculator="cha2ds2_va"' in other.html
    assert other.state["given"] == {"vascular_disease": True}
    assert "Rather: CHA2DS2-VASc" in words(other.html), "and back again"
    other = calculators.ask("BMI", "", False, "unknown", other.state)
    assert other.state["given"] == {}
    assert 'data-calculator="bmi"' in other.html


def test_not_mentioned_can_mean_absent_and_says_so(calculators: Calculators) -> None:
    shown = calculators.ask(AF, NOTE, False, "absent", blank())
    assert "5 points" in shown.html
    assert "Not mentioned, taken as absent" in shown.html


def test_the_open_record_is_used_at_its_clock_and_a_strange_note_is_questioned(calculators: Calculators) -> None:
    held = calculators.moved("demo-af", "", "Margaret Ellison", blank())
    assert held is not None
    assert calculators.moved("demo-af", "", "Margaret Ellison", held) is None
    shown = calculators.ask("Creatinine clearance", "68-year-old man, creatinine 1.6 mg/dL.", True, "unknown", held)
    read = words(shown.html)
    assert "With the record of Margaret Ellison, as of 2 Mar 2026" in read
    assert "Is this note about this patient?" in read
    assert "Record 20 Feb 2026, 10 days old" in read
    assert "Serum creatinine 1.6 mg/dL Note" in read
    assert "In conflict: 0.92 mg/dL Record" in read
    earlier = calculators.moved("demo-af", "2026-02-25", "Margaret Ellison", shown.state)
    assert earlier is not None
    assert (earlier["note"], earlier["body"], earlier["given"]) == ("", None, {}), "nothing of the one before stays"
    shown = calculators.ask("Creatinine clearance", "", True, "unknown", earlier)
    assert "20 Feb 2026, 5 days old" in words(shown.html), "a bare date is the end of that day, as in a consultation"


def test_errors_say_what_was_found_and_lose_nothing_that_was_typed(calculators: Calculators) -> None:
    shown = calculators.ask("MELD 3.0", "", False, "unknown", blank())
    assert "No result" in shown.html
    fields = {"i-bilirubin": "a lot", "u-bilirubin": "mg/dL", "i-inr": "1.4", "i-sex": "female"}
    wrong = act(calculators, fields, shown)
    assert "Total bilirubin: the value is not a number" in wrong.html
    assert 'name="i-inr" value="1.4"' in wrong.html
    assert 'value="female" checked' in wrong.html
    assert wrong.state["given"] == {}
    wrong = act(calculators, fields | {"i-bilirubin": "9000"}, shown)
    assert 'data-code="bad_input"' in wrong.html
    assert 'name="i-bilirubin" value="9000"' in wrong.html
    for question, action in (("", "Write what you want to know"), ("what is the weather", "Say it in other words")):
        said = calculators.ask(question, "", False, "unknown", shown.state)
        assert action in said.html
        assert "osler calc" not in said.html
        assert said.state["body"] is None
    nobody = calculators.ask(AF, "", True, "unknown", blank())
    assert "No patient is open" in nobody.html


def test_a_form_is_read_as_the_calculator_takes_it() -> None:
    inputs = {entry.name: entry for name in ("meld_3_0", "cha2ds2_vasc", "gestational_age")
              for entry in calculator(name).inputs}  # fmt: skip
    fields = {"i-inr": "<1.2", "i-sodium": "135", "u-sodium": "mmol/L", "i-sex": "male", "i-hypertension": "no",
              "i-on_date": "2026-03-02", "i-albumin": " ", "i-unknown": "1"}  # fmt: skip
    assert read_fields(fields, inputs) == {
        "inr": {"value": 1.2, "unit": None, "comparator": "<"}, "sodium": {"value": 135.0, "unit": "mmol/L"},
        "sex": "male", "hypertension": False, "on_date": "2026-03-02",
    }  # fmt: skip
    with pytest.raises(BadInput, match="Sex"):
        read_fields({"i-sex": HOSTILE}, inputs)
    field = control(inputs["sodium"], HOSTILE, typed_fields({"i-sodium": HOSTILE, "by": "x"}))
    assert "<script" not in field
    assert 'type="date"' in control(inputs["on_date"], "?", {})


def test_what_was_worked_out_says_from_what_and_keeps_the_sign_of_a_limit(calculators: Calculators) -> None:
    note = "60-year-old man, creatinine 2.1 mg/dL, urine albumin-to-creatinine ratio <30 mg/g"
    shown = calculators.ask("KFRE", note, False, "unknown", blank())
    read = words(shown.html)
    assert re.search(
        r"Estimated GFR 35\.37 mL/min/1\.73 m² Worked out Estimated GFR: 35\.4 .*from creatinine, age, sex", read
    )
    assert "Values these were worked out from Serum creatinine 2.1 mg/dL" in read
    assert "<30 mg/g Note" in read
    assert 'name="i-creatinine"' in shown.html
    assert 'name="i-egfr"' not in shown.html, "a derived value is not edited, its inputs are"


def test_every_calculator_has_a_page_without_any_input(home: Path) -> None:
    from app_calc_view import answer_page
    from tools.calculators import list_calculators

    for row in list_calculators():
        body = ask(Settings(home=home), row["title"], calculator=row["name"])
        shown = answer_page(body, "", "", (), [], {})
        for missing in body["missing"]:
            assert f'name="i-{missing["input"]}"' in shown, (row["name"], missing["input"])
