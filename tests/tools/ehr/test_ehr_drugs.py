"""Medication and allergies: what a list proves and what it does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from knowledge.evidence import Evidence, FhirElement

Ask = Callable[..., Awaitable[list[Evidence]]]
Row = Callable[..., dict[str, Any]]
APIXABAN = {
    "id": "m1",
    "code": "rxnorm:1364430",
    "text": "Apixaban 5 mg tablet",
    "dose": "5 mg twice daily",
    "authored": "2025-05-01",
}
ASPIRIN = {"id": "m2", "code": "rxnorm:1191", "text": "Aspirin 75 mg", "authored": "2024-05-01"}


async def takes(ask: Ask, ctx: Any, concept: str = "doac") -> Evidence:
    return (await ask(ctx, "record.medication", concept=concept))[0]


async def test_a_member_answers_for_its_class(chart: Any, ask: Ask) -> None:
    found = await takes(ask, await chart(medications=[APIXABAN, ASPIRIN]))
    assert (found.value, found.display) == (True, "Apixaban 5 mg tablet")
    assert isinstance(found.source, FhirElement)
    assert found.source.reference == "MedicationRequest/p1-m1"


@pytest.mark.parametrize(
    "patch",
    [
        {"intent": "proposal"},
        {"intent": "plan"},
        {"do_not_perform": True},
        {"status": "cancelled"},
        {"status": "entered-in-error"},
        {"status": "draft"},
        {"status": "stopped"},
        {"status": "completed"},
        {"status": "on-hold"},
        {"authored": "2026-03-03"},
    ],
)
async def test_what_is_not_taken_now_is_not_true(chart: Any, ask: Ask, patch: dict[str, Any]) -> None:
    found = await takes(ask, await chart(medications=[{**APIXABAN, **patch}, ASPIRIN]))
    assert found.value is False
    assert "not among 1 recorded" in found.display


async def test_no_list_is_unknown_and_a_list_is_only_a_list(chart: Any, ask: Ask) -> None:
    found = await takes(ask, await chart())
    assert (found.value, found.display) == (None, "no medication list recorded")
    strange = {"id": "m9", "code": "rxnorm:999999999", "text": "Zorbamab 10 mg", "authored": "2025-01-01"}
    found = await takes(ask, await chart(medications=[ASPIRIN, strange]))
    assert found.value is False
    assert found.display == "direct oral anticoagulant not among 2 recorded (1 not recognised: Zorbamab 10 mg)"


async def test_words_where_no_code_is_known(chart: Any, ask: Ask) -> None:
    found = await takes(ask, await chart(medications=[{**APIXABAN, "code": None, "text": "Eliquis 5 mg"}]))
    assert found.value is True
    assert "matched by words" in found.source.flags  # type: ignore[union-attr]


async def test_statements_references_and_contained_drugs(chart: Any, ask: Ask) -> None:
    drug = {
        "resourceType": "Medication",
        "id": "drug",
        "code": {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1364430"}]},
    }
    request = {
        "resourceType": "MedicationRequest",
        "id": "byref",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": "Medication/drug"},
    }
    assert (await takes(ask, await chart(resources=[drug, request]))).value is True
    wrong = {**drug, "status": "entered-in-error"}
    assert (await takes(ask, await chart(resources=[wrong, request]))).value is None
    statement = {
        "resourceType": "MedicationStatement",
        "id": "st",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "contained": [{**drug, "id": "in"}],
        "medicationReference": {"reference": "#in"},
    }
    assert (await takes(ask, await chart(resources=[statement]))).value is True


async def test_current_list_names_the_rest(chart: Any, ask: Ask) -> None:
    ctx = await chart(
        medications=[
            APIXABAN,
            {**ASPIRIN, "status": "stopped"},
            {**ASPIRIN, "id": "m3", "do_not_perform": True},
            {**APIXABAN, "id": "m4", "intent": "proposal", "text": "Apixaban 2.5 mg"},
        ]
    )
    head, *items = await ask(ctx, "record.medications")
    assert (head.value, head.display) == (1.0, "1 current drug, 1 past")
    assert head.source.flags == ("not to be given: Aspirin 75 mg", "proposal, not an order: Apixaban 2.5 mg")  # type: ignore[union-attr]
    assert [(item.display, item.concept) for item in items] == [("Apixaban 5 mg tablet, 5 mg twice daily", "apixaban")]


async def test_a_drug_named_only_in_a_note_is_flagged(chart: Any, ask: Ask, note: Row) -> None:
    found = await takes(ask, await chart(medications=[ASPIRIN], notes=[note("To discuss: apixaban.")]))
    assert found.value is False
    assert "named in a note" in found.display


# -- allergies -------------------------------------------------------------------------------------------------------

PENICILLIN = {"id": "a1", "code": "snomed:91936005", "text": "Penicillin", "reaction": "rash", "criticality": "low"}
NONE_KNOWN = {"id": "a0", "code": "snomed:716186003", "text": "No known allergy"}


async def allergic(ask: Ask, ctx: Any, concept: str) -> Evidence:
    return (await ask(ctx, "record.allergy", concept=concept))[0]


async def test_an_allergy_to_the_class_is_one_to_the_member(chart: Any, ask: Ask) -> None:
    ctx = await chart(allergies=[PENICILLIN])
    found = await allergic(ask, ctx, "amoxicillin")
    assert (found.value, found.display) == (True, "Penicillin (rash), low criticality")
    other = await allergic(ask, ctx, "contrast")
    assert (other.value, other.display) == (False, "iodinated contrast not among 1 recorded allergy")


async def test_not_recorded_is_not_none_known(chart: Any, ask: Ask) -> None:
    assert (await allergic(ask, await chart(), "contrast")).value is None
    assert (await ask(await chart(), "record.allergies"))[0].display == "allergies not recorded"
    ctx = await chart(allergies=[NONE_KNOWN])
    found = await allergic(ask, ctx, "contrast")
    assert (found.value, found.display) == (False, "no known allergies (recorded)")
    head = (await ask(ctx, "record.allergies"))[0]
    assert (head.value, head.display) == (0.0, "no known allergies (recorded)")


ENALAPRIL = {**PENICILLIN, "id": "a2", "code": "rxnorm:3827", "text": "Enalapril", "reaction": "angioedema"}


@pytest.mark.parametrize(
    ("asked", "allergic_to"),
    [
        ("enalapril", True),
        ("lisinopril", True),
        ("ace_inhibitor", True),
        ("antihypertensive", True),
        ("furosemide", False),
    ],
)
async def test_an_allergy_reaches_its_class_but_no_mere_grouping(
    chart: Any, ask: Ask, asked: str, allergic_to: bool
) -> None:
    found = await allergic(ask, await chart(allergies=[ENALAPRIL]), asked)
    assert found.value is allergic_to


async def test_no_known_food_allergy_says_nothing_of_drugs(chart: Any, ask: Ask) -> None:
    ctx = await chart(allergies=[{**NONE_KNOWN, "code": "snomed:429625007", "text": "No known food allergy"}])
    assert (await allergic(ask, ctx, "contrast")).value is None
    assert (await ask(ctx, "record.allergies"))[0].display == "no known food allergies (recorded)"


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
async def test_withdrawn_allergies_do_not_count_but_are_named(chart: Any, ask: Ask, verification: str) -> None:
    ctx = await chart(allergies=[{**PENICILLIN, "verification": verification}])
    found = await allergic(ask, ctx, "amoxicillin")
    assert found.value is None
    head, *items = await ask(ctx, "record.allergies")
    assert (head.value, items) == (None, [])
    assert any("Penicillin" in flag for flag in head.source.flags)  # type: ignore[union-attr]


async def test_resolved_and_unconfirmed_and_contradicted(chart: Any, ask: Ask) -> None:
    resolved = await chart(
        allergies=[{**PENICILLIN, "status": "resolved"}, {"id": "a2", "code": None, "text": "Latex"}]
    )
    found = await allergic(ask, resolved, "amoxicillin")
    assert found.value is False
    assert "resolved: Penicillin" in found.display
    both = await chart(allergies=[{**PENICILLIN, "verification": "unconfirmed"}, NONE_KNOWN])
    assert (await allergic(ask, both, "amoxicillin")).value is True
    head, *items = await ask(both, "record.allergies")
    assert head.value == 1.0
    assert any(flag.startswith("conflict") for flag in head.source.flags)  # type: ignore[union-attr]
    assert "unconfirmed" in items[0].source.flags  # type: ignore[union-attr]


async def test_an_entry_without_a_name_can_be_anything(chart: Any, ask: Ask) -> None:
    bare = {"resourceType": "AllergyIntolerance", "id": "a", "patient": {"reference": "Patient/p1"}}
    assert (await allergic(ask, await chart(resources=[bare]), "amoxicillin")).value is None
    drug = {"status": "active", "intent": "order", "medicationReference": {"identifier": {"value": "7"}}}
    order = {"resourceType": "MedicationRequest", "id": "m", "subject": {"reference": "Patient/p1"}, **drug}
    assert (await takes(ask, await chart(resources=[order]))).value is None
