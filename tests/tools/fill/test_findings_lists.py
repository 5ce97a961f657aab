"""Forms and lists: answers beside an item, one "no" for many items, boxes, and sentences that close a score."""

from __future__ import annotations

import pytest

from tools.fill.findings_lists import answered_no, closing, denied_in_list
from tools.fill.slots import fill

CLOSINGS = [
    "All other items on the thrombosis form: No.",
    "Everything else on the checklist negative.",
    "The rest of the factors are absent.",
    'Remaining boxes are ticked "no" by the nurse.',
    'All else on the form "no".',
    "Other entries no.",
    "None of the other criteria applies.",
]
OPEN = [
    "Remaining items not documented.",
    "Other fields not looked at yet.",
    "Otherwise unremarkable.",
    "PMH depression, nothing else.",
    "Rest of the results will follow.",
    "No other risk factor for stroke.",
]


def _given(calculator: str, note: str) -> dict[str, object]:
    return dict(fill(calculator, note).inputs)


@pytest.mark.parametrize(
    "note",
    [
        "A 70-year-old man. Heart failure: no. COPD present.",
        "A 70-year-old man. Heart failure no. COPD present.",
        "A 70-year-old man. MI, stroke and COPD; heart failure - none.",
        "A 70-year-old man. CHF 0 | COPD 1",
        "A 70-year-old man. Not: stroke, dementia, heart failure. Smoker.",
        "A 70-year-old man. No MI, stroke, dementia, lymphoma, leukaemia, heart failure, AIDS.",
        "A 70-year-old man. No CCF.",
    ],
)
def test_a_finding_is_denied_as_forms_deny_it(note: str) -> None:
    assert _given("charlson", note)["heart_failure"] is False


@pytest.mark.parametrize(
    "note",
    [
        "A 70-year-old man with heart failure, no stroke.",
        "A 70-year-old man. No stroke; heart failure present.",
        "A 70-year-old man. No stroke but heart failure.",
    ],
)
def test_a_denial_does_not_reach_what_is_told(note: str) -> None:
    assert _given("charlson", note)["heart_failure"] is True


def test_what_was_not_tested_fills_nothing() -> None:
    assert "factor_v_leiden" not in _given("caprini", "A 46-year-old man. Factor V Leiden not tested.")
    assert "malignancy" not in _given("psi_port", "A 46-year-old man. Nothing known about cancer, liver or stroke.")


def test_somebody_of_the_family_told_by_who_is_not_the_patient() -> None:
    note = "An 83-year-old woman. She lives with her husband, who is her carer and has heart failure himself."
    assert "heart_failure" not in _given("charlson", note)


@pytest.mark.parametrize("sentence", CLOSINGS)
def test_a_closing_sentence_denies_what_is_not_named(sentence: str) -> None:
    given = fill("caprini", f"A 60-year-old man, BMI 31, varicose veins. {sentence}")
    assert given.inputs["varicose_veins"] is True
    assert given.inputs["spinal_cord_injury"] is False
    quoted = given.filled["spinal_cord_injury"].mention
    assert quoted is not None and quoted.quote.casefold() in sentence.casefold()


@pytest.mark.parametrize("sentence", OPEN)
def test_other_sentences_close_nothing(sentence: str) -> None:
    assert "spinal_cord_injury" not in _given("caprini", f"A 60-year-old man, BMI 31, varicose veins. {sentence}")


def test_a_closing_sentence_says_nothing_of_what_the_note_leaves_open() -> None:
    note = "A 60-year-old man, DVT after a flight. All other items on the form: No."
    assert _given("caprini", note).get("prior_vte") is not False


def test_a_closing_sentence_gives_no_number() -> None:
    assert "bmi" not in _given("caprini", "A 60-year-old man. All other items on the form: No.")


@pytest.mark.parametrize(("legend", "cancer"), [("", None), ('"Empty box = asked and absent."', False)])
def test_an_empty_box_says_no_only_where_the_note_says_so(legend: str, cancer: bool | None) -> None:
    given = _given("wells_dvt", f"A 47-year-old woman.\n[ ] active cancer  [x] collateral veins\n{legend}")
    assert given.get("active_cancer") is cancer
    assert given["collateral_veins"] is True


def test_two_different_answers_are_asked_about() -> None:
    found = fill("glasgow_coma_scale", "Before glucose: eyes none. Afterwards eyes open spontaneously.")
    assert "eye_response" in found.ambiguous and "eye_response" not in found.inputs


def test_results_of_a_sentence_each_stay_together() -> None:
    note = "A 57-year-old woman. Bili 11.2 mg/dL. INR 2.8. Cr 3.4 mg/dL. Na 119 mmol/L. In clinic Cr 0.9, Na 134."
    given = _given("meld_na", note)
    assert given["sodium"] == {"value": 119.0, "unit": "mmol/L"}


@pytest.mark.parametrize(
    ("note", "age", "sex"),
    [
        ("Myxoedema coma (F, 69).", 69, "female"),
        ("Severity audit, M 54, pneumonia.", 54, "male"),
        ("Liver clinic 63M: cirrhosis.", 63, "male"),
        ("Mr F, 59, new AF.", 59, "male"),
        ("Gout clinic, 68M. Urate 9.", 68, "male"),
    ],
)
def test_ages_and_sexes_of_short_notes(note: str, age: float, sex: str) -> None:
    given = _given("ckd_epi_2021", note)
    assert given["age"] == {"value": age, "unit": "a"}
    assert given["sex"] == sex


def test_a_temperature_is_no_age() -> None:
    assert "age" not in _given("ckd_epi_2021", "A woman. Temp F 98.6, creatinine 1.0 mg/dL.")


def test_the_parts() -> None:
    assert answered_no("stroke: none.", 6)
    assert not answered_no("stroke noted", 6)
    assert denied_in_list("No gout, asthma, ulcer.", 17, 22)
    assert not denied_in_list("No gout, asthma on inhalers.", 9, 15)
    assert closing("All is well.") is None
