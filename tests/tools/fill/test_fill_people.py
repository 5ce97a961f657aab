"""Ages and sexes."""

from __future__ import annotations

import pytest

from tools.fill.context import Context
from tools.fill.model import Ambiguous, Filled
from tools.fill.text import note_text


def context(text: str) -> Context:
    return Context(note_text(text))


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("A 62-year-old woman", 62),
        ("62 y/o M with heart failure", 62),
        ("an 87-yo F", 87),
        ("65M presents", 65),
        ("Age: 54 Sex: F", 54),
        ("Mr Smith is 45.", 45),
        ("an obese man of 70 years", 70),
        ("seventy-two-year-old man", 72),
        ("A 6-month-old girl", 0.5),
        ("a 2-year and 3-month-old boy", 2.25),
        ("aged 18 months", 1.5),
        ("A 20-year history of smoking in this 61-year-old lady", 61),
        ("His 45-year-old brother died. He is 50 years old.", 50),
        ("She was diagnosed at age 30. Now 44 years old.", 44),
        ("A 3-month-old boy was admitted. He is currently 13 years old.", 13),
        ("A girl was born at 36 weeks to a healthy 23-year-old mother. She is now 5 years old.", 5),
    ],
)
def test_the_patients_age(text: str, years: float) -> None:
    found = context(text).age()
    assert isinstance(found, Filled) and found.value == {"value": pytest.approx(years), "unit": "a"}
    assert found.mention is not None and found.mention.quote in text


def test_a_decade_is_a_range() -> None:
    found = context("a woman in her sixties").age()
    assert isinstance(found, Filled) and found.value["range"] == [60, 69]


@pytest.mark.parametrize("text", ["aged relatives", "a 3-day history of fever", "no age is given", "at 30 weeks"])
def test_no_age(text: str) -> None:
    assert context(text).age() is None


@pytest.mark.parametrize(
    ("text", "sex", "inferred"),
    [
        ("A 62-year-old woman", "female", False),
        ("A 40-year-old gentleman", "male", False),
        ("62 y/o M with heart failure", "male", False),
        ("Sex: F", "female", False),
        ("The patient felt dizzy. He was admitted; his wife called.", "male", True),
        ("The patient, G2P1, presented at 30 weeks", "female", False),
        ("A 45-year-old patient after hysterectomy", "female", True),
        ("A 50-year-old man whose mother and sisters have diabetes. She was his sister.", "male", False),
    ],
)
def test_the_patients_sex(text: str, sex: str, inferred: bool) -> None:
    found = context(text).sex()
    assert isinstance(found, Filled) and found.value == sex and bool(found.inferred) is inferred


def test_a_note_of_two_people_is_not_settled() -> None:
    assert isinstance(context("She came with pain. He had fever. She left. He stayed.").sex(), Ambiguous)
    assert context("The patient has fever.").sex() is None
