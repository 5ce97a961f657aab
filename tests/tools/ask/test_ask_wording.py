"""Wording around a question: definitions, the form of the answer, whom it is about, what it is wanted for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from knowledge.terminology import default_terminology
from tools.ask.definitions import definitions, without_form
from tools.ask.gazetteer import Gazetteer
from tools.ask.parse import read
from tools.ask.query import Person, Query, Unread
from tools.ask.spans import persons
from tools.ask.times import whens
from tools.ask.wording import plain_words

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        "Now: 2024-05-06 07:08 UTC.",
        "The time is 07:08 UTC on 2024-05-06.",
        "Today is 6 May 2024, 07:08.",
        "Current date and time: 2024-05-06T07:08:00+00:00",
        "It is now May 6, 2024 at 7:08 am",
        "2024-05-06 07:08 right now; units mg/dL",
        "As of 2024-05-06 at 07:08 UTC",
    ],
)
def test_the_clock_is_read_however_it_is_said(said: str) -> None:
    assert definitions(said, context=True)[0].now == datetime(2024, 5, 6, 7, 8, tzinfo=UTC)


@pytest.mark.parametrize("said", ["birth date 1951-01-20", "admitted on 2024-05-06 07:08", "DOB: 1951-01-20"])
def test_a_date_of_something_else_is_no_clock(said: str) -> None:
    assert definitions(f"What is the MRN of Ann Lee, {said}?")[0].now is None


@pytest.mark.parametrize(
    "said",
    [
        "Lab code for sodium: NAX", 'Sodium has code "NAX".', "NAX is the sodium code", "Code NAX = sodium",
        "The sodium is stored under NAX and ordered by LOINC 2951-2.", "sodium is coded NAX; answer in mmol/L",
        'Use "NAX" for sodium.', "Look up sodium under code NAX", "Serum sodium (sodium) code: NAX",
        "Lab code NAX (sodium)", "NAX stands for sodium",
    ],
)  # fmt: skip
def test_a_code_is_read_however_it_is_given(said: str) -> None:
    assert definitions(said, context=True)[0].codes["sodium"] == ("NAX",)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ('MRN of Ann Lee? If nobody fits, say "Patient not found".', "MRN of Ann Lee?"),
        ("last sodium of S1234567, or -1 if there is none", "last sodium of S1234567"),
        ("age of S1234567, rounded down", "age of S1234567, "),
        ("sodium below -1.5 and -10", "sodium below -1.5 and -10"),
    ],
)
def test_the_form_of_the_answer_is_left_out(said: str, left: str) -> None:
    assert without_form(said).strip(" ,") == left.strip(" ,")


@pytest.mark.parametrize(
    "said",
    [
        "Mary Poppins, DOB 1964-08-27 - MRN?", "MRN for Mary Poppins / 1964-08-27",
        "Born 1964-08-27, name Mary Poppins",
        "I have Mary Poppins here, birth date 1964-08-27: which MRN?", "Which MRN has Mary Poppins (27 August 1964)?",
        "What is Mary Poppins's hospital number? She was born on August 27, 1964.",
    ],
)  # fmt: skip
def test_a_name_and_birth_date_in_any_order(said: str) -> None:
    assert persons(said)[0] == Person(name="Mary Poppins", birth_date="1964-08-27")


def test_two_names_or_another_date_are_nobody() -> None:
    said = "Mary Poppins or Bert Sweep, born 1964-08-27: MRN?"
    assert isinstance(read(said, NOW, default_terminology()), Unread)
    assert persons("Was Mary Poppins seen on 2020-01-02?")[0].birth_date is None


@pytest.mark.parametrize(
    "said",
    ["For the drug chart: what is the last sodium of S1234567?",
     "I'm changing fluids for S1234567 and want the last sodium",
     "Ward round: S1234567, last sodium pls", "S1234567's most up-to-date sodium"],
)  # fmt: skip
def test_what_it_is_wanted_for_does_not_matter(said: str) -> None:
    query = read(said, NOW, default_terminology(), context='The code for sodium is "NAX".')
    assert isinstance(query, Query), query
    assert (query.person.id, query.select.what[0].codes, query.wants) == ("S1234567", ("NAX",), "value")
    assert query.select.pick is not None and query.select.pick.end == "last"


@pytest.mark.parametrize(
    "said",
    [
        "Since 2021: last sodium of S1234567",
        "Without the first stay: last sodium of S1234567",
        "Low sodium of S1234567?",
    ],
)
def test_what_changes_the_meaning_stays(said: str) -> None:
    query = read(said, NOW, default_terminology())
    assert isinstance(query, Unread) or query.select.window.since is not None
    assert plain_words(said) == said


def test_over_the_last_year_is_up_to_now_and_last_year_the_calendar_year() -> None:
    (rolling,), (calendar,) = whens("over the last year", NOW), whens("last year", NOW)
    assert (rolling.window.since, rolling.window.until) == (datetime(2024, 3, 1, 12, tzinfo=UTC), None)
    assert calendar.window.until == datetime(2025, 1, 1, tzinfo=UTC)
    (onwards,) = whens("from 2021 onwards", NOW)
    assert (onwards.window.since, onwards.window.until) == (datetime(2021, 1, 1, tzinfo=UTC), None)


def test_a_name_only_other_patients_use_is_read_as_its_concept() -> None:
    own, store = Gazetteer(), Gazetteer()
    own.add("Atrial fibrillation, paroxysmal", "condition")
    store.add_all(own)
    store.add("Atrial fibrillation", "condition")
    query = read(
        "Has atrial fibrillation been diagnosed?", NOW, default_terminology(), record=own, store=store, patient=True
    )
    assert isinstance(query, Query), query
    assert (query.select.what[0].names, query.select.what[0].concepts) == ((), ("atrial_fibrillation",))
    asked = read("Is there atrial fibrillation?", NOW, default_terminology(), record=own, store=store, patient=True)
    assert isinstance(asked, Query) and asked.notes_too  # a note may say it as well


def test_a_length_in_minutes_is_refused_and_said() -> None:
    query = read("How many minutes since patient 123's last glucose?", NOW, default_terminology(), record=Gazetteer())
    assert isinstance(query, Unread) and "minutes" in query.said


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("How low did the sodium of S1234567 get?", "what lowest value did the sodium of S1234567 get?"),
        ("How tall was S1234567 when last measured?", "How tall was S1234567 last measured?"),
        ("sodium of S1234567 no more than 24 hours ago", "sodium of S1234567 within the last 24 hours"),
        ("drug within 2 days of a biopsy", "drug within 2 days after a biopsy"),
        ("seen no later than 2 months after a biopsy", "seen within 2 months after a biopsy"),
        ("current inpatient count", "number of current patients"),
        ("first two sodium values: the difference?", "first and second sodium values: the difference?"),
    ],
)
def test_a_frame_in_other_words_is_put_into_plain_ones(said: str, plain: str) -> None:
    assert " ".join(plain_words(said).split()) == plain


@pytest.mark.parametrize(
    "said", ["charge for a biopsy", "patent ductus", "nurse on the late shift", "the last measured value", "last week"]
)
def test_a_frame_leaves_other_words_alone(said: str) -> None:
    assert plain_words(said) == said
