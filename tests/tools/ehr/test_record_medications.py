"""Medication reconciled across orders, statements, doses given and drugs handed out; allergies in full."""

from __future__ import annotations

from typing import Any

import pytest

from tools.ehr.facts.dosage import dosages_of
from tools.ehr.reads.medications import medications

HL7 = "http://terminology.hl7.org/CodeSystem/allergyintolerance"
RX = "http://www.nlm.nih.gov/research/umls/rxnorm"
APIXABAN, WARFARIN = ("1364430", "apixaban 5 MG Oral Tablet"), ("11289", "warfarin")


def drug(coded: tuple[str, str]) -> dict[str, Any]:
    return {"coding": [{"system": RX, "code": coded[0]}], "text": coded[1]}


def order(id_: str, coded: tuple[str, str], at: str = "2026-02-28T10:00:00Z", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": id_,
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": drug(coded),
        "subject": {"reference": "Patient/p1"},
        "authoredOn": at,
        **more,
    }


def statement(id_: str, coded: tuple[str, str], status: str = "active", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationStatement",
        "id": id_,
        "status": status,
        "medicationCodeableConcept": drug(coded),
        "subject": {"reference": "Patient/p1"},
        "dateAsserted": "2026-03-01T09:00:00Z",
        **more,
    }


def dose(id_: str, coded: tuple[str, str], at: str, status: str = "completed", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationAdministration",
        "id": id_,
        "status": status,
        "medicationCodeableConcept": drug(coded),
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": at,
        **more,
    }


async def run(chart: Any, *resources: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    ctx = await chart(resources=list(resources))
    output = await medications.call({}, ctx)
    return output.evidence, {row["known_as"][0]: row for row in output.detail.get("drugs", [])}


async def test_one_drug_by_its_ingredient_with_the_last_dose_given(chart: Any) -> None:
    given = dose(
        "g2",
        ("1364430", "Eliquis"),
        "2026-03-02T08:00:00Z",
        dosage={"dose": {"value": 5, "unit": "mg"}, "route": {"text": "oral"}},
    )
    items, drugs = await run(chart, order("o", APIXABAN), dose("g1", APIXABAN, "2026-03-01T20:00:00Z"), given)
    assert items[0].display == "1 current drug"
    assert "last given 2026-03-02, today: 5 mg oral" in items[1].source.flags
    assert drugs["apixaban"]["given"]["count"] == 2
    assert drugs["apixaban"]["differs"] == []


async def test_ordered_but_never_given_is_said_only_where_doses_are_charted(chart: Any) -> None:
    items, drugs = await run(chart, order("o", WARFARIN))
    assert drugs["warfarin"]["differs"] == []
    items, drugs = await run(
        chart,
        order("o", WARFARIN),
        order("p", APIXABAN),
        dose("g", APIXABAN, "2026-03-01T08:00:00Z"),
        dose("n", WARFARIN, "2026-03-01T18:00:00Z", "not-done", statusReason=[{"text": "patient nil by mouth"}]),
    )
    assert drugs["warfarin"]["differs"] == [
        "ordered on 2026-02-28, no dose recorded as given; charted as not given on 2026-03-01"
    ]
    held = next(item for item in items if item.concept == "warfarin")
    assert any("not given 2026-03-01" in flag and "nil by mouth" in flag for flag in held.source.flags)


async def test_as_needed_and_not_given_is_no_conflict(chart: Any) -> None:
    needed = order("o", WARFARIN, dosageInstruction=[{"asNeededBoolean": True, "text": "as needed"}])
    _, drugs = await run(chart, needed, order("p", APIXABAN), dose("g", APIXABAN, "2026-03-01T08:00:00Z"))
    assert drugs["warfarin"]["differs"] == []


async def test_given_without_an_order_is_an_item_of_its_own(chart: Any) -> None:
    items, drugs = await run(chart, dose("g", APIXABAN, "2026-03-01T08:00:00Z"))
    assert items[0].value == 0.0
    assert "1 given or handed out without an order" in items[0].display
    assert items[1].value == "given"
    assert "given without an order in the record on 2026-03-01" in items[1].display
    # An order written after the dose does not cover it.
    _, drugs = await run(chart, dose("g", APIXABAN, "2026-02-01T08:00:00Z"), order("o", APIXABAN))
    assert "given without an order in the record on 2026-02-01" in drugs["apixaban"]["differs"]


async def test_what_is_said_against_what_is_ordered(chart: Any) -> None:
    items, drugs = await run(chart, order("o", WARFARIN), statement("s", WARFARIN, "not-taken"))
    assert drugs["warfarin"]["differs"] == ["ordered, but said not to be taken on 2026-03-01"]
    assert "warfarin: ordered, but said not to be taken on 2026-03-01" in items[0].source.flags
    _, drugs = await run(chart, order("o", WARFARIN, status="stopped"), statement("s", WARFARIN))
    assert drugs["warfarin"]["differs"] == ["order stopped, but said to be taken on 2026-03-01"]
    _, drugs = await run(chart, order("o", WARFARIN, doNotPerform=True), statement("s", WARFARIN))
    assert "ordered not to be given, and on the list or given all the same" in drugs["warfarin"]["differs"]


async def test_doses_and_routes_that_differ(chart: Any) -> None:
    def row(mg: int, route: str) -> dict[str, Any]:
        return {"doseAndRate": [{"doseQuantity": {"value": mg, "unit": "mg"}}], "route": {"text": route}}

    _, drugs = await run(
        chart,
        order("o", APIXABAN, dosageInstruction=[row(5, "oral")]),
        statement("s", APIXABAN, dosage=[row(2.5, "subcutaneous")]),
    )
    assert drugs["apixaban"]["differs"] == [
        "dose ordered 5 mg, stated 2.5 mg",
        "route ordered oral, stated subcutaneous",
    ]


async def test_frequency_and_dose_are_read_from_the_structure(chart: Any) -> None:
    structured = {
        "doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}],
        "route": {"text": "oral"},
        "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
    }
    items, drugs = await run(chart, order("o", APIXABAN, dosageInstruction=[structured]))
    assert items[1].display == "apixaban 5 MG Oral Tablet, 5 mg oral 2 times a day"
    assert drugs["apixaban"]["orders"][0]["frequency"] == "2 times a day"


async def test_a_dose_whose_drug_is_another_resource(chart: Any) -> None:
    medication = {"resourceType": "Medication", "id": "m1", "code": drug(APIXABAN)}
    body = dose("g", APIXABAN, "2026-03-01T08:00:00Z", medicationReference={"reference": "Medication/m1"})
    del body["medicationCodeableConcept"]
    _, drugs = await run(chart, medication, body)
    assert list(drugs) == ["apixaban"]


async def test_what_is_entered_in_error_takes_no_part(chart: Any) -> None:
    items, drugs = await run(chart, dose("g", APIXABAN, "2026-03-01T08:00:00Z", "entered-in-error"))
    assert items[0].display == "no medication list recorded"
    assert not drugs


# -- allergies -------------------------------------------------------------------------------------------------------


def allergy(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "clinicalStatus": {"coding": [{"system": f"{HL7}-clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": f"{HL7}-verification", "code": "confirmed"}]},
        "patient": {"reference": "Patient/p1"},
        **more,
    }


async def test_an_allergy_with_the_worst_severity_route_and_last_time(chart: Any, ask: Any) -> None:
    body = allergy(
        code={"text": "Penicillin"},
        criticality="high",
        lastOccurrence="2019-04-01",
        reaction=[
            {"manifestation": [{"text": "rash"}], "severity": "mild"},
            {"manifestation": [{"text": "anaphylaxis"}], "severity": "severe", "exposureRoute": {"text": "oral"}},
        ],
    )
    found = await ask(await chart(resources=[body]), "record.allergies")
    assert found[1].display == (
        "Penicillin (rash, anaphylaxis), severe, high criticality, exposure: oral, last 2019-04-01"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("No known allergies", "no known allergies (recorded)"),
        ("NKDA", "no known drug allergies (recorded)"),
        ("No known drug allergies", "no known drug allergies (recorded)"),
    ],
)
async def test_no_known_allergies_in_words_is_no_allergy(chart: Any, ask: Any, text: str, shown: str) -> None:
    found = await ask(await chart(resources=[allergy(code={"text": text})]), "record.allergies")
    assert len(found) == 1
    assert (found[0].value, found[0].display) == (0.0, shown)


async def test_nothing_recorded_is_not_no_known_allergy(chart: Any, ask: Any) -> None:
    found = (await ask(await chart(), "record.allergies"))[0]
    assert (found.value, found.display) == (None, "allergies not recorded")


async def test_a_statement_counts_by_its_period(chart: Any, ask: Any) -> None:
    over = statement("s", WARFARIN, effectivePeriod={"start": "2025-01-01", "end": "2025-02-01"})
    ctx = await chart(resources=[over])
    assert (await ask(ctx, "record.medications"))[0].display == "0 current drugs, 1 past"
    found = (await ask(ctx, "record.medication", concept="warfarin"))[0]
    assert found.value is False
    assert "ended 2025-02-01" in found.display
    later = statement("s", WARFARIN, "completed", effectivePeriod={"start": "2026-01-01", "end": "2026-04-01"})
    ctx = await chart(resources=[later])
    assert (await ask(ctx, "record.medication", concept="warfarin"))[0].value is True


async def test_a_dose_of_yesterday_is_not_said_not_to_be_taken(chart: Any, ask: Any) -> None:
    given = dose("g", WARFARIN, "2026-03-01T20:00:00Z")
    found = (await ask(await chart(resources=[order("o", APIXABAN), given]), "record.medication", concept="warfarin"))[
        0
    ]
    assert found.value is None
    assert "but given on 2026-03-01 without a current order" in found.display
    long_ago = dose("g", WARFARIN, "2025-03-01T20:00:00Z")
    ctx = await chart(resources=[order("o", APIXABAN), long_ago])
    assert (await ask(ctx, "record.medication", concept="warfarin"))[0].value is False


async def test_only_withdrawn_entries_are_no_list(chart: Any, ask: Any) -> None:
    head = (await ask(await chart(resources=[order("o", WARFARIN, status="entered-in-error")]), "record.medications"))[
        0
    ]
    assert head.value is None
    assert head.display == "no medication list recorded; 1 left out: entered in error"


async def test_a_dose_dated_to_a_day_belongs_to_that_days_order(chart: Any) -> None:
    written = order("o", WARFARIN, at="2026-03-01T10:00:00Z")
    _, drugs = await run(chart, written, dose("g", WARFARIN, "2026-03-01"))
    assert drugs["warfarin"]["differs"] == []


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            {"timing": {"repeat": {"frequency": 3, "frequencyMax": 4, "period": 1, "periodUnit": "d"}}},
            "3 to 4 times a day",
        ),
        (
            {"timing": {"repeat": {"frequency": 1, "period": 4, "periodMax": 6, "periodUnit": "h"}}},
            "once every 4 to 6 hours",
        ),
        ({"timing": {"repeat": {"period": 1, "periodUnit": "wk", "dayOfWeek": ["mon"]}}}, "once a week (mon)"),
        ({"text": "1 tablet", "asNeededBoolean": True}, "1 tablet as needed"),
        ({"text": "1 tablet PRN", "asNeededBoolean": True}, "1 tablet PRN"),
        (
            {
                "doseAndRate": [
                    {
                        "rateRatio": {
                            "numerator": {"value": 100, "unit": "mL"},
                            "denominator": {"value": 1, "unit": "h"},
                        }
                    }
                ]
            },
            "100 mL in 1 h (rate)",
        ),
    ],
)
def test_dosage_in_words(row: dict[str, Any], told: str) -> None:
    assert dosages_of({"resourceType": "MedicationRequest", "dosageInstruction": [row]})[0].shown == told
