"""Safety rule 11 against R4's own list: every modifier element and code of every type that the record can hold.

`r4_modifier_elements.json` holds, per type, the top-level elements that R4 (4.0.1) marks as modifiers, with the codes
of their required bindings. What each code must do is written down here by its meaning.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.ehr.compartment import ABOUT
from tools.ehr.modifiers import judge

R4: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("r4_modifier_elements.json").read_text(encoding="utf-8")
)


def _words(text: str) -> set[str]:
    return set(text.split())


# What was withdrawn, did not happen, is not decided yet, or was only proposed is no fact, in whatever resource.
NEVER = _words(
    """entered-in-error cancelled draft proposed planned not-done rejected unknown preparation refuted unconfirmed
    provisional differential registered superseded proposal option intended not-taken declined pending noshow waitlist
    potential aborted abandoned error failure data-requested data-required needs-action failed health-unknown"""
)
# What counts, but never without being said.
SAID = _words(
    """preliminary partial amended corrected appended resolved inactive remission recurrence relapse on-hold onhold
    revoked stopped suspended retired snapshot changes mitigated unavailable unsatisfactory withdrawn off-study
    tentative"""
)
# Codes whose meaning hangs on the type: what they must do there. `end`: it counts as over.
BY_TYPE: dict[tuple[str, str], str] = {
    ("AllergyIntolerance", "unconfirmed"): "said",
    ("CarePlan", "plan"): "fact",
    ("ChargeItem", "planned"): "never",
    ("MedicationRequest", "plan"): "never",
    ("ServiceRequest", "plan"): "never",
    ("DeviceRequest", "plan"): "never",
    ("NutritionOrder", "plan"): "never",
    ("RequestGroup", "plan"): "never",
    ("GuidanceResponse", "in-progress"): "never",
    ("Account", "active"): "fact",
}
PLAIN = _words(
    """active actual final confirmed current available completed accepted fulfilled booked arrived checked-in triaged
    in-progress onleave finished success order original-order reflex-order filler-order instance-order directive
    working billable not-billable billed issued balanced complete requested received ready increase decrease
    on-study on-study-intervention on-study-observation follow-up"""
)
BEFORE_STUDY = _words("candidate eligible ineligible not-registered pending-on-study potential-candidate screening")


def expected(kind: str, code: str) -> str:
    if (kind, code) in BY_TYPE:
        return BY_TYPE[(kind, code)]
    if kind == "ResearchSubject" and code in BEFORE_STUDY:
        return "never"
    for name, codes in (("never", NEVER), ("said", SAID), ("fact", PLAIN)):
        if code in codes:
            return name
    raise AssertionError(f"{kind}: nobody has said what {code!r} must do")


def value(rule: dict[str, Any], code: str) -> Any:
    return {"coding": [{"code": code}]} if rule["type"] == "CodeableConcept" else code


def plain(kind: str) -> dict[str, Any]:
    """A resource of a type whose modifier elements let it count."""
    body: dict[str, Any] = {"resourceType": kind, **({"status": "final"} if kind == "RiskAssessment" else {})}
    for element, rule in R4[kind].items():
        if "." in element:
            continue
        usual = next((code for code in rule.get("codes", ()) if expected(kind, code) == "fact"), None)
        if usual is not None:
            body[element] = value(rule, usual)
    return body


CODED = [
    (kind, element, code)
    for kind, rules in R4.items()
    for element, rule in rules.items()
    for code in rule.get("codes", ())
    if "." not in element
]


@pytest.mark.parametrize(("kind", "element", "code"), CODED)
def test_each_code_of_each_modifier_element(kind: str, element: str, code: str) -> None:
    verdict = judge({**plain(kind), element: value(R4[kind][element], code)})
    wanted = expected(kind, code)
    assert verdict.usable is (wanted != "never"), verdict
    if wanted == "never":
        assert verdict.reason
        assert "not understood" not in verdict.reason
        assert not verdict.current
    elif wanted == "said":
        assert any(code in flag for flag in verdict.flags), verdict


@pytest.mark.parametrize("kind", sorted(R4))
def test_a_plain_resource_counts_and_what_is_not_understood_does_not(kind: str) -> None:
    body = plain(kind)
    assert judge(body).usable
    assert judge({**body, "modifierExtension": [{"url": "http://x"}]}).reason == "unknown modifier extension"
    assert judge({**body, "note": [{"modifierExtension": [{"url": "http://x"}]}]}).usable is False
    assert judge({**body, "implicitRules": "http://x"}).reason == "implicit rules not understood"


ONE_OF = [
    (kind, element)
    for kind, rules in R4.items()
    for element, rule in rules.items()
    if rule.get("codes") and rule["type"] == "code" and "." not in element
]


@pytest.mark.parametrize(("kind", "element"), ONE_OF)
def test_a_code_that_r4_does_not_have_is_no_fact(kind: str, element: str) -> None:
    assert not judge({**plain(kind), element: "perhaps"}).usable
    if R4[kind][element]["min"]:
        body = plain(kind)
        del body[element]
        assert not judge(body).usable


def test_every_type_about_a_patient_is_in_the_list() -> None:
    unlisted = {"CatalogEntry"}
    assert set(ABOUT) - set(R4) <= unlisted


# Modifier elements that are no code: what they must do.
OTHERS: list[tuple[str, str, dict[str, Any], bool, str]] = [
    ("MedicationRequest", "doNotPerform", {"doNotPerform": True}, False, "do not perform"),
    ("ServiceRequest", "doNotPerform", {"doNotPerform": True}, False, "do not perform"),
    ("CommunicationRequest", "doNotPerform", {"doNotPerform": True}, False, "do not perform"),
    ("Immunization", "isSubpotent", {"isSubpotent": True}, True, "subpotent dose"),
    ("Patient", "active", {"active": False}, True, "patient record inactive"),
    ("Patient", "deceased[x]", {"deceasedBoolean": True}, True, "deceased"),
    ("Patient", "deceased[x]", {"deceasedDateTime": "2025"}, True, "deceased"),
    ("Patient", "link", {"link": [{"type": "replaced-by", "other": {}}]}, True, "replaced by another record"),
    ("Person", "active", {"active": False}, True, "inactive"),
    ("RelatedPerson", "active", {"active": False}, True, "inactive"),
    ("Organization", "active", {"active": False}, True, "inactive"),
    ("BodyStructure", "active", {"active": False}, True, "inactive"),
    ("Basic", "code", {"code": {"coding": [{"code": "referral"}]}}, True, "basic resource: referral"),
    ("Consent", "scope", {"scope": {"coding": [{"code": "adr"}]}}, True, "scope adr"),
    (
        "MeasureReport",
        "improvementNotation",
        {"improvementNotation": {"coding": [{"code": "decrease"}]}},
        True,
        "improvement notation decrease",
    ),
]


@pytest.mark.parametrize(("kind", "element", "body", "usable", "told"), OTHERS)
def test_each_modifier_element_without_codes(
    kind: str, element: str, body: dict[str, Any], usable: bool, told: str
) -> None:
    verdict = judge({**plain(kind), **body})
    assert verdict.usable is usable
    assert any(told in text for text in (*verdict.flags, verdict.reason)), verdict


def test_no_modifier_element_without_codes_is_forgotten() -> None:
    named = {(kind, element) for kind, element, *_ in OTHERS}
    named |= {("CarePlan", "activity.detail.doNotPerform"), ("CarePlan", "activity.detail.status")}
    named |= {("ImmunizationRecommendation", "recommendation.forecastStatus"), ("List", "entry.deleted")}
    uncoded = {(k, name) for k, rules in R4.items() for name, rule in rules.items() if "codes" not in rule}
    assert uncoded | {(k, name) for k, rules in R4.items() for name in rules if "." in name} <= named


PART = R4["CarePlan"]["activity.detail.status"]["codes"]


@pytest.mark.parametrize("code", PART)
def test_each_status_of_a_part_of_a_plan(code: str) -> None:
    verdict = judge({**plain("CarePlan"), "activity": [{"detail": {"status": code, "code": {"text": "walk"}}}]})
    silent = code in ("not-started", "scheduled", "in-progress")
    assert verdict.flags == (() if silent else (f"{code.replace('entered-in-error', 'entered in error')}: walk",))


# Modifier elements inside a resource, and elements that R4 does not mark but that change whose or what it is.
INSIDE: list[tuple[str, dict[str, Any], bool, str]] = [
    (
        "CarePlan",
        {"activity": [{"detail": {"status": "scheduled", "doNotPerform": True, "code": {"text": "aspirin"}}}]},
        True,
        "not to be done: aspirin",
    ),
    ("CarePlan", {"activity": [{"detail": {"status": "cancelled", "description": "walk"}}]}, True, "cancelled: walk"),
    ("List", {"entry": [{"deleted": True, "item": {"display": "warfarin"}}]}, True, "removed from the list: warfarin"),
    (
        "ImmunizationRecommendation",
        {"recommendation": [{"forecastStatus": {"coding": [{"code": "overdue"}]}}]},
        True,
        "forecast overdue",
    ),
    ("Group", {"characteristic": [{"exclude": True}]}, True, "excludes what it describes"),
    ("Observation", {"focus": [{"reference": "Patient/baby"}]}, False, "focus"),
    ("DocumentReference", {"docStatus": "preliminary"}, True, "preliminary"),
    ("DocumentReference", {"docStatus": "entered-in-error"}, False, "entered in error"),
    ("RiskAssessment", {"status": "entered-in-error"}, False, "entered in error"),
    ("RiskAssessment", {"status": "preliminary"}, True, "preliminary"),
]


@pytest.mark.parametrize(("kind", "body", "usable", "told"), INSIDE)
def test_modifier_elements_inside(kind: str, body: dict[str, Any], usable: bool, told: str) -> None:
    verdict = judge({**plain(kind), **body})
    assert verdict.usable is usable
    assert any(told in text for text in (*verdict.flags, verdict.reason)), verdict
