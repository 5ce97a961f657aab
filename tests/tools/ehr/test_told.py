"""What the notes tell and a list lacks: allergies, drugs taken; results against their own laboratory's limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from knowledge.evidence import Evidence, Statement

Ask = Callable[..., Awaitable[list[Evidence]]]
Row = Callable[..., dict[str, Any]]
ASPIRIN = {"id": "m2", "code": "rxnorm:1191", "text": "Aspirin 75 mg", "authored": "2024-05-01"}
PENICILLIN = {"id": "a1", "code": "snomed:91936005", "text": "Penicillin", "status": "active", "recorded": "2026-02-01"}


async def _allergy(ask: Ask, ctx: Any, concept: str = "amoxicillin") -> Evidence:
    return (await ask(ctx, "record.allergy", concept=concept))[0]


@pytest.mark.parametrize(
    "text",
    [
        "Penicillin allergy confirmed: collapse within minutes.",
        "Anaphylaxis to amoxicillin in 2022, adrenaline needed.",
        "Allergic to aspirin and amoxicillin.",
        "No asthma. Allergies: aspirin, penicillin.",
        "Amoxicillin anaphylaxis as a child.",
    ],
)
async def test_an_allergy_of_a_note_counts_and_says_where_it_stands(chart: Any, ask: Ask, note: Row, text: str) -> None:
    found = await _allergy(ask, await chart(notes=[note(text)]))
    assert found.value is True
    assert found.display.endswith("told in the note of 2026-02-20, not on the allergy list")
    assert isinstance(found.source, Statement)
    assert found.source.quote and found.source.quote in text


@pytest.mark.parametrize(
    "text",
    [
        "No penicillin allergy.",
        "Penicillin allergy was ruled out by a challenge.",
        "Penicillin allergy label removed after testing.",
        "Her mother is allergic to penicillin.",
        "Amoxicillin given for a chest infection; the pharmacist asked about an allergy.",
        "Anaphylaxis to nuts in 2019; amoxicillin since without trouble.",
        "Possible allergy to penicillin.",
    ],
)
async def test_what_is_denied_doubted_or_anothers_is_no_allergy(chart: Any, ask: Ask, note: Row, text: str) -> None:
    found = await _allergy(ask, await chart(notes=[note(text)]))
    assert (found.value, found.display) == (None, "allergies not recorded")


async def test_the_newer_statement_decides_and_so_does_a_list_that_refutes(chart: Any, ask: Ask, note: Row) -> None:
    said, denied = "Penicillin allergy: rash.", "No penicillin allergy after all."
    later = {"at": "2026-02-25T09:00:00Z", "id_": "n2"}
    assert (await _allergy(ask, await chart(notes=[note(said), note(denied, **later)]))).value is None
    assert (await _allergy(ask, await chart(notes=[note(denied), note(said, **later)]))).value is True
    refuted = {**PENICILLIN, "verification": "refuted", "recorded": "2026-02-28"}
    assert (await _allergy(ask, await chart(allergies=[refuted], notes=[note(said)]))).value is None
    earlier = {**refuted, "recorded": "2025-01-01"}
    assert (await _allergy(ask, await chart(allergies=[earlier], notes=[note(said)]))).value is True


async def test_the_list_shows_what_only_a_note_tells_once(chart: Any, ask: Ask, note: Row) -> None:
    head, *items = await ask(await chart(notes=[note("Allergic to aspirin.")]), "record.allergies")
    assert head.value is None
    assert [(item.slot, item.concept, item.value) for item in items] == [("s.told-aspirin", "aspirin", True)]
    listed = await ask(await chart(allergies=[PENICILLIN], notes=[note("Penicillin allergy.")]), "record.allergies")
    assert [item.display for item in listed[1:]] == ["Penicillin"]


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("He takes apixaban from his cousin.", "2026-02-20T09:00:00Z", True),
        ("He took one apixaban tablet at about 22:30 last night.", "2026-03-02T08:00:00Z", True),
        ("He took one apixaban tablet at about 22:30 last night.", "2026-02-20T09:00:00Z", False),
        ("He takes no apixaban.", "2026-02-20T09:00:00Z", False),
        ("He takes apixaban.", "2024-02-20T09:00:00Z", False),
        ("Took apixaban until 2024, stopped after a bleed.", "2026-02-20T09:00:00Z", False),
        ("His brother takes apixaban.", "2026-02-20T09:00:00Z", False),
        ("To discuss apixaban.", "2026-02-20T09:00:00Z", False),
    ],
)
async def test_a_drug_that_a_recent_note_says_is_taken(
    chart: Any, ask: Ask, note: Row, text: str, at: str, expected: bool
) -> None:
    ctx = await chart(medications=[ASPIRIN], notes=[note(text, at)])
    found = (await ask(ctx, "record.medication", concept="doac"))[0]
    assert found.value is expected
    assert ("told in the note" in found.display) is expected


async def test_a_later_end_on_the_list_outranks_the_note(chart: Any, ask: Ask, note: Row) -> None:
    ended = {"id": "m1", "code": "rxnorm:1364430", "text": "Apixaban", "status": "stopped", "authored": "2026-02-27"}
    ctx = await chart(medications=[ASPIRIN, ended], notes=[note("He takes apixaban.")])
    assert (await ask(ctx, "record.medication", concept="doac"))[0].value is False


@pytest.mark.parametrize(
    ("more", "value", "shown"),
    [
        ({"high": 1.1}, 2.0, "2.0 times the upper limit"),
        ({}, None, "no upper limit of the laboratory is recorded with it"),
        ({"high": 1.1, "at": "2025-01-01"}, None, "older than 30 days"),
    ],
)
async def test_a_result_in_multiples_of_its_own_limit(
    chart: Any, ask: Ask, creatinine: Row, more: dict[str, Any], value: float | None, shown: str
) -> None:
    row = {**creatinine(2.2, "2026-02-25T09:00:00Z"), **more}
    found = (
        await ask(await chart(observations=[row]), "record.times_upper_limit", concept="creatinine", max_age_days=30)
    )[0]
    assert found.value == value
    assert shown in found.display


async def test_a_step_is_measured_from_the_result_before_it(chart: Any, ask: Ask, creatinine: Row) -> None:
    slow = [creatinine(0.8, "2023-06-01"), creatinine(1.2, "2025-01-01"), creatinine(1.4, "2026-03-01")]
    step = [creatinine(0.8, "2025-01-01"), creatinine(1.4, "2026-03-01")]
    args = {"concept": "creatinine", "ratio": 1.5, "days": 1095, "max_age_days": 1095}
    assert (await ask(await chart(observations=slow), "record.rise", **args))[0].value is True
    assert (await ask(await chart(observations=slow), "record.rise", **args, previous_only=True))[0].value is False
    assert (await ask(await chart(observations=step), "record.rise", **args, previous_only=True))[0].value is True


async def test_an_uncoded_blood_test_is_known_by_the_analyte_in_its_long_name(chart: Any, ask: Ask) -> None:
    row = {"id": "o1", "value": 4.4, "unit": "mmol/L", "at": "2026-03-01T08:00:00Z"}
    blood = {**row, "text": "Potassium [Moles/volume] in Serum or Plasma"}
    urine = {**row, "text": "Potassium [Moles/volume] in Urine"}
    assert (await ask(await chart(observations=[blood]), "record.observation", concept="potassium"))[0].value == 4.4
    assert (await ask(await chart(observations=[urine]), "record.observation", concept="potassium"))[0].value is None
