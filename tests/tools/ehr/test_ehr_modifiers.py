"""Safety rule 11: one case per modifier element and resource."""

from __future__ import annotations

from typing import Any

import pytest

from tools.ehr.modifiers import judge

TERMS = "http://terminology.hl7.org/CodeSystem"


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{TERMS}/{system}", "code": code}]}


def ver(code: str) -> dict[str, Any]:
    return concept("condition-ver-status", code)


def clin(code: str) -> dict[str, Any]:
    return concept("condition-clinical", code)


REQUEST = {"status": "active", "intent": "order"}
NOT_FACT: list[tuple[str, dict[str, Any], str]] = [
    ("Condition", {"verificationStatus": ver("entered-in-error")}, "entered in error"),
    ("Condition", {"verificationStatus": ver("refuted")}, "refuted"),
    ("Condition", {"verificationStatus": ver("unconfirmed")}, "not confirmed"),
    ("Condition", {"verificationStatus": ver("provisional")}, "not confirmed"),
    ("Condition", {"verificationStatus": ver("differential")}, "not confirmed"),
    ("Condition", {"verificationStatus": ver("perhaps")}, "not understood"),
    ("Condition", {"clinicalStatus": clin("perhaps")}, "not understood"),
    ("AllergyIntolerance", {"verificationStatus": ver("entered-in-error")}, "entered in error"),
    ("AllergyIntolerance", {"verificationStatus": ver("refuted")}, "refuted"),
    ("Observation", {"status": "entered-in-error"}, "entered in error"),
    ("Observation", {"status": "cancelled"}, "cancelled"),
    ("Observation", {"status": "registered"}, "no result yet"),
    ("Observation", {"status": "unknown"}, "unknown"),
    ("Observation", {"status": "final", "focus": [{"reference": "Patient/baby"}]}, "focus"),
    ("DiagnosticReport", {"status": "entered-in-error"}, "entered in error"),
    ("DiagnosticReport", {"status": "cancelled"}, "cancelled"),
    ("MedicationRequest", {**REQUEST, "status": "entered-in-error"}, "entered in error"),
    ("MedicationRequest", {**REQUEST, "status": "cancelled"}, "cancelled"),
    ("MedicationRequest", {**REQUEST, "status": "draft"}, "draft"),
    ("MedicationRequest", {**REQUEST, "doNotPerform": True}, "do not perform"),
    ("MedicationRequest", {**REQUEST, "intent": "proposal"}, "proposal"),
    ("MedicationRequest", {**REQUEST, "intent": "plan"}, "plan"),
    ("MedicationRequest", {**REQUEST, "intent": "option"}, "option"),
    ("MedicationRequest", {**REQUEST, "intent": "wish"}, "not understood"),
    ("MedicationStatement", {"status": "entered-in-error"}, "entered in error"),
    ("MedicationStatement", {"status": "not-taken"}, "not taken"),
    ("MedicationStatement", {"status": "intended"}, "intended"),
    ("MedicationAdministration", {"status": "not-done"}, "not done"),
    ("MedicationAdministration", {"status": "entered-in-error"}, "entered in error"),
    ("MedicationDispense", {"status": "entered-in-error"}, "entered in error"),
    ("MedicationDispense", {"status": "declined"}, "declined"),
    ("Medication", {"status": "entered-in-error"}, "entered in error"),
    ("Procedure", {"status": "not-done"}, "not done"),
    ("Procedure", {"status": "entered-in-error"}, "entered in error"),
    ("Procedure", {"status": "preparation"}, "preparation"),
    ("Immunization", {"status": "not-done"}, "not done"),
    ("Immunization", {"status": "entered-in-error"}, "entered in error"),
    ("DocumentReference", {"status": "entered-in-error"}, "entered in error"),
    ("DocumentReference", {"status": "superseded"}, "superseded"),
    ("DocumentReference", {"status": "current", "docStatus": "entered-in-error"}, "entered in error"),
    ("Encounter", {"status": "entered-in-error"}, "entered in error"),
    ("Encounter", {"status": "cancelled"}, "cancelled"),
    ("ServiceRequest", {**REQUEST, "status": "revoked", "intent": "proposal"}, "proposal"),
    ("ServiceRequest", {**REQUEST, "doNotPerform": True}, "do not perform"),
    ("ServiceRequest", {**REQUEST, "status": "entered-in-error"}, "entered in error"),
    ("FamilyMemberHistory", {"status": "entered-in-error"}, "entered in error"),
]


@pytest.mark.parametrize(("kind", "body", "why"), NOT_FACT)
def test_never_a_fact(kind: str, body: dict[str, Any], why: str) -> None:
    verdict = judge({"resourceType": kind, **body})
    assert not verdict.usable
    assert why in verdict.reason


SHOWN: list[tuple[str, dict[str, Any], str, bool]] = [
    ("Condition", {"clinicalStatus": clin("resolved"), "verificationStatus": ver("confirmed")}, "resolved", False),
    ("Condition", {"clinicalStatus": clin("inactive")}, "inactive", False),
    ("Condition", {"clinicalStatus": clin("remission")}, "remission", False),
    ("Condition", {"clinicalStatus": clin("relapse")}, "relapse", True),
    ("Condition", {"clinicalStatus": clin("recurrence")}, "recurrence", True),
    ("Condition", {"abatementDateTime": "2020"}, "resolved", False),
    ("AllergyIntolerance", {"clinicalStatus": clin("resolved")}, "resolved", False),
    ("AllergyIntolerance", {"clinicalStatus": clin("inactive")}, "inactive", False),
    ("AllergyIntolerance", {"verificationStatus": ver("unconfirmed")}, "unconfirmed", True),
    ("Observation", {"status": "preliminary"}, "preliminary", True),
    ("Observation", {"status": "amended"}, "amended", True),
    ("Observation", {"status": "corrected"}, "corrected", True),
    (
        "Observation",
        {"status": "final", "dataAbsentReason": concept("data-absent-reason", "not-performed")},
        "no value: not-performed",
        True,
    ),
    ("DiagnosticReport", {"status": "partial"}, "partial", True),
    ("MedicationRequest", {**REQUEST, "status": "on-hold"}, "on-hold", False),
    ("MedicationRequest", {**REQUEST, "status": "stopped"}, "stopped", False),
    ("MedicationRequest", {**REQUEST, "status": "completed"}, "completed", False),
    ("MedicationStatement", {"status": "stopped"}, "stopped", False),
    ("MedicationAdministration", {"status": "in-progress"}, "in-progress", True),
    ("Medication", {"status": "inactive"}, "inactive", True),
    ("Immunization", {"status": "completed", "isSubpotent": True}, "subpotent dose", False),
    ("DocumentReference", {"status": "current", "docStatus": "preliminary"}, "preliminary", True),
    ("DocumentReference", {"status": "current", "docStatus": "amended"}, "amended", True),
    ("Patient", {"active": False}, "patient record inactive", True),
    ("Patient", {"deceasedDateTime": "2025-01-01"}, "deceased", True),
    ("FamilyMemberHistory", {"status": "partial"}, "partial", True),
]


@pytest.mark.parametrize(("kind", "body", "flag", "current"), SHOWN)
def test_counts_but_is_shown(kind: str, body: dict[str, Any], flag: str, current: bool) -> None:
    verdict = judge({"resourceType": kind, **body})
    assert verdict.usable
    assert flag in verdict.flags
    assert verdict.current is current


@pytest.mark.parametrize("kind", sorted({row[0] for row in NOT_FACT} | {"Patient"}))
def test_unknown_modifier_extension_makes_every_type_unusable(kind: str) -> None:
    body = {"resourceType": kind, "status": "final", "modifierExtension": [{"url": "http://x", "valueBoolean": True}]}
    assert judge(body).reason == "unknown modifier extension"


def test_modifier_extension_deep_inside_counts_but_not_in_a_contained_resource() -> None:
    deep = {
        "resourceType": "Observation",
        "status": "final",
        "component": [{"code": {}, "modifierExtension": [{"url": "http://x"}]}],
    }
    assert not judge(deep).usable
    inner = {
        "resourceType": "Observation",
        "status": "final",
        "contained": [{"modifierExtension": [{"url": "http://x"}]}],
    }
    assert judge(inner).usable


def test_implicit_rules_are_not_understood() -> None:
    assert not judge({"resourceType": "Observation", "status": "final", "implicitRules": "http://x"}).usable


def test_plain_facts_count_without_flags() -> None:
    for body in (
        {"resourceType": "Observation", "status": "final"},
        {"resourceType": "MedicationRequest", **REQUEST},
        {"resourceType": "Condition", "clinicalStatus": clin("active"), "verificationStatus": ver("confirmed")},
        {"resourceType": "DocumentReference", "status": "current", "docStatus": "final"},
    ):
        verdict = judge(body)
        assert verdict.usable
        assert verdict.current
        assert verdict.flags == ()


def test_a_status_in_several_systems_is_read_by_hl7s_own() -> None:
    hl7 = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    body = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"system": "urn:local", "code": "I"}, {"system": hl7, "code": "resolved"}]},
    }
    found = judge(body)
    assert (found.usable, found.current, found.flags) == (True, False, ("resolved",))
