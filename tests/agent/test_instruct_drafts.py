"""An instruction's drafts: from the record, held to it at approval, written once, with Provenance and audit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from agent import ClinicalAssistant
from agent.write_audit import lines
from tools.ehr.store.store import Store
from tools.errors import BadInput, Refused, UsageError

Json = dict[str, Any]
WHO = {"by": "Dr A. Example", "role": "physician"}
LOW = (
    "If potassium is below 5 mmol/L order oral potassium chloride: 10 mEq for every 0.1 below 5; "
    "and a morning level at 8 am tomorrow"
)


@pytest.fixture(scope="module")
def desk(osler: ClinicalAssistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClinicalAssistant]:
    with ClinicalAssistant(osler.settings.beside(tmp_path_factory.mktemp("instructions"))) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def opened(desk: ClinicalAssistant) -> Store:
    client = desk.portal.call(desk.core.reader({"record": None}))
    assert client.store is not None
    return client.store


@pytest.fixture
def store(opened: Store) -> Iterator[Store]:
    with sqlite3.connect(":memory:") as held:
        opened._db.backup(held)
        yield opened
        held.backup(opened._db)
        opened._rows.forget()


def states(draft: Json) -> dict[str, str]:
    return {row["name"]: row["state"] for row in draft["checks"]}


def clinical(store: Store) -> dict[str, int]:
    return {kind: count for kind, count in store.counts().items() if kind != "AuditEvent"}


def test_a_dose_by_the_rule_with_its_arithmetic_and_warnings(desk: ClinicalAssistant, store: Store) -> None:
    before = store.counts()
    body = desk.instruct("demo-af", LOW)
    assert store.counts() == before
    drug, level = body["drafts"]
    line = drug["resource"]["dosageInstruction"][0]
    assert line["doseAndRate"][0]["doseQuantity"]["value"] == 70
    assert line["doseAndRate"][0]["doseQuantity"]["code"] == "meq"
    assert line["route"]["coding"][0]["code"] == "26643006"
    assert line["timing"]["repeat"] == {"count": 1}
    assert level["resource"]["occurrenceDateTime"] == "2026-03-03T08:00:00+00:00"
    assert states(drug)["dose_ceiling"] == states(drug)["trigger_age"] == "warn"
    assert any("7 steps of 10 mEq = 70 mEq" in row["why"] for row in drug["checks"])
    assert body["answer"][0]["reference"] == drug["rests_on"][0]["reference"]
    consult = desk.open(body["instruction"])
    done = consult.approve(item=drug["id"], **WHO)
    assert done["approved"]
    again = consult.approve(item=drug["id"], **WHO)
    assert again["result"] == "committed already: nothing was written again"
    proof = store.get("Provenance", f"osler-{drug['id']}")
    assert proof is not None
    assert {row["who"]["display"] for row in proof.resource["agent"]} == {"Osler", "Dr A. Example"}
    assert clinical(store)["MedicationRequest"] == before["MedicationRequest"] + 1
    events = [store.get("AuditEvent", id_) for id_ in store.ids("AuditEvent")]
    assert [row.resource["outcome"] for row in events if row] == ["0"]


def test_a_newer_result_voids_the_draft(desk: ClinicalAssistant, store: Store) -> None:
    body = desk.instruct("demo-af", LOW)
    reference = body["answer"][0]["reference"]
    old = store.get(*reference.split("/"))
    assert old is not None
    newer = {**old.resource, "id": "newer-k", "effectiveDateTime": "2026-03-02T08:00:00Z"}
    newer["valueQuantity"] = {**newer["valueQuantity"], "value": 4.8}
    store.put(newer)
    before = clinical(store)
    said = desk.open(body["instruction"]).approve(item=body["drafts"][0]["id"], **WHO)
    assert (said["approved"], said["draft"]["state"]) == (False, "void")
    assert "4.8" in str(said["rechecked"][0]["now"])
    assert clinical(store) == before
    services = desk.portal.call(desk.core.services())
    assert [row["outcome"] for row in lines(services.effects, body["instruction"])] == ["4"]


def test_a_missing_value_orders_nothing_and_says_so(desk: ClinicalAssistant, store: Store) -> None:
    body = desk.instruct(
        "demo-af", "If magnesium within the last 24 hours is below 1.5 give 2 g magnesium sulfate IV over 2 h"
    )
    assert body["drafts"] == []
    assert body["condition"]["met"] is None
    assert [row["reason"] for row in body["not_done"]] == ["missing_input"]
    missing = desk.instruct("demo-af", "If the NT-proBNP is older than a year order a new one")
    (draft,) = missing["drafts"]
    assert states(draft)["condition"] == "warn"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Record BP 118/77", "Observation"),
        ("Record weight 71.5 kg", "Observation"),
        ("Add gout to the problem list", "Condition"),
        ('Message Dr Smith: "please review the rash"', "Communication"),
        ('File a progress note: "Walked to the bathroom without help today."', "DocumentReference"),
        ("Order orthopaedic referral with free text 'Situation: acute knee injury, please assess.'", "ServiceRequest"),
    ],
)
def test_every_kind_is_written_once_approved(desk: ClinicalAssistant, store: Store, text: str, kind: str) -> None:
    body = desk.instruct("demo-af", text)
    (draft,) = body["drafts"]
    assert draft["kind"] == kind
    assert draft["diff"]
    if draft["missing"]:
        draft = desk.open(body["instruction"]).draft(draft["id"], fields={"verification": "confirmed"})
    done = desk.open(body["instruction"]).approve(item=draft["id"], **WHO)
    assert done["approved"], done
    held = store.get(*done["draft"]["committed"]["reference"].split("/"))
    assert held is not None
    assert held.resource["resourceType"] == kind


def test_a_blood_pressure_has_two_components(desk: ClinicalAssistant) -> None:
    resource = desk.instruct("demo-af", "Record BP 118/77")["drafts"][0]["resource"]
    assert resource["code"]["coding"][0]["code"] == "85354-9"
    assert (
        resource["category"][0]["coding"][0]["system"] == "http://terminology.hl7.org/CodeSystem/observation-category"
    )
    values = {row["code"]["coding"][0]["code"]: row["valueQuantity"] for row in resource["component"]}
    assert {code: (row["value"], row["code"]) for code, row in values.items()} == {
        "8480-6": (118, "mm[Hg]"),
        "8462-4": (77, "mm[Hg]"),
    }


def test_an_impossible_value_needs_a_reason(desk: ClinicalAssistant, store: Store) -> None:
    before = clinical(store)
    body = desk.instruct("demo-af", "Record heart rate 900 bpm")
    with pytest.raises(Refused, match="impossible"):
        desk.open(body["instruction"]).approve(item=body["drafts"][0]["id"], **WHO)
    assert clinical(store) == before


def test_another_instructions_draft_is_not_found(desk: ClinicalAssistant, store: Store) -> None:
    before = clinical(store)
    one, other = desk.instruct("demo-af", "Order a chest x-ray."), desk.instruct("demo-pe", "Order a chest x-ray.")
    with pytest.raises(UsageError):
        desk.open(one["instruction"]).approve(item=other["drafts"][0]["id"], **WHO)
    assert clinical(store) == before


@pytest.mark.parametrize(
    "text",
    [
        "Order a chest x-ray for patient S6545016.",
        "Order a chest x-ray for MRN 9999999.",
        "Order a chest x-ray for John Doe.",
        "Order a chest x-ray for Mrs Nobody.",
    ],
)
def test_another_patient_in_the_words_is_refused(desk: ClinicalAssistant, text: str) -> None:
    with pytest.raises(BadInput, match="names"):
        desk.instruct("demo-af", text)


def test_a_limit_needs_its_unit_where_there_are_two(desk: ClinicalAssistant) -> None:
    body = desk.instruct("demo-af", "If creatinine is above 0.5 order a renal ultrasound.")
    assert (body["drafts"], body["condition"]["met"]) == ([], None)
    assert "more than one unit" in body["condition"]["why"]
    (draft,) = desk.instruct("demo-af", "If creatinine is above 40 umol/L order a renal ultrasound.")["drafts"]
    assert draft["kind"] == "ServiceRequest"
