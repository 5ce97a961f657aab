"""Modifier elements decide first (safety rule 11): may this resource count as a fact, and what must be said with it?

One function per resource type. `usable` is whether it counts as a fact of the patient; `flags` are shown with the
value; `reason` says why it does not count.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.guideline import read_yaml
from tools.ehr.compartment import walk
from tools.ehr.fhirjson import Resource

VALIDATION = "urn:osler:validation"
"""System of the tag of what Osler measured with something unvalidated: in the record to be seen, not to be used."""


@dataclass(frozen=True)
class Verdict:
    """Whether a resource counts, why not, what is shown with it, and whether what it says is so now."""

    usable: bool = True
    reason: str = ""
    flags: tuple[str, ...] = ()
    current: bool = True


def _no(reason: str) -> Verdict:
    return Verdict(False, reason, (reason,), False)


def judge(resource: Resource) -> Verdict:
    """The verdict on a resource; an unknown modifier extension or implicit rule decides before all else."""
    if _unknown_modifier(resource):
        return _no("unknown modifier extension")
    if resource.get("implicitRules"):
        return _no("implicit rules not understood")
    rule = _RULES.get(str(resource.get("resourceType")))
    return rule(resource) if rule else _other(resource)


def _other(resource: Resource) -> Verdict:
    """Any other type, by `modifier_rules.yaml`; one that is not there, by what its status commonly means."""
    rules = _written().get(str(resource.get("resourceType")))
    if resource.get("doNotPerform"):
        return _no("do not perform")
    if resource.get("active") is False:
        return Verdict(flags=("inactive",), current=False)
    if rules is None:
        return _common(resource)
    flags, current = _parts(resource), True
    for element, counts in rules.items():
        code = resource.get(element)
        if code is None and not counts.get("required", True):
            continue
        how = next((name for name in ("fact", "shown", "past", "never") if code in counts.get(name, ())), None)
        if how == "never":
            return _no(_withdrawn(element, str(code)))
        if how is None:
            named = element if element == "status" else f"{element} of it"
            return _no(f"{named} missing" if code is None else f"{named} {code} not understood")
        flags += [] if how == "fact" else [str(code)]
        current = current and how != "past"
    return Verdict(flags=tuple(dict.fromkeys(flags)), current=current)


def _withdrawn(element: str, code: str) -> str:
    if element == "intent":
        return f"{code}, not an order"
    return {"entered-in-error": "entered in error", "not-done": "not done", "unknown": "status unknown"}.get(code, code)


def _common(resource: Resource) -> Verdict:
    status = resource.get("status")
    if status == "entered-in-error":
        return _no("entered in error")
    if status in ("cancelled", "rejected", "not-done", "draft", "proposed", "planned"):
        return _no("not done" if status == "not-done" else str(status))
    if status in ("revoked", "stopped", "on-hold", "inactive", "completed"):
        return Verdict(flags=(str(status),), current=status == "on-hold")
    return Verdict(flags=tuple(_parts(resource)))


def _parts(resource: Resource) -> list[str]:
    """What modifier elements inside say of a part, and what those say that change how the whole is read."""
    flags = []
    for activity in walk(resource, "activity.detail"):
        status, name = activity.get("status"), _words(activity)
        if activity.get("doNotPerform"):
            flags.append(f"not to be done: {name}")
        elif status in ("cancelled", "stopped", "entered-in-error", "on-hold", "completed", "unknown"):
            flags.append(f"{str(status).replace('entered-in-error', 'entered in error')}: {name}")
    for entry in walk(resource, "entry"):
        if isinstance(entry, dict) and entry.get("deleted"):
            flags.append(f"removed from the list: {(entry.get('item') or {}).get('display') or 'an entry'}")
    for forecast in walk(resource, "recommendation"):
        if isinstance(forecast, dict) and (told := code_of(forecast, "forecastStatus")):
            flags.append(f"forecast {told}")
    if any(walk(resource, "characteristic.exclude")):
        flags.append("excludes what it describes")
    for element, told in (("scope", "scope"), ("improvementNotation", "improvement notation")):
        if code := code_of(resource, element):
            flags.append(f"{told} {code}")
    if resource.get("resourceType") == "Basic" and (code := code_of(resource, "code")):
        flags.append(f"basic resource: {code}")
    return flags


def _words(activity: dict[str, Any]) -> str:
    code = activity.get("code") if isinstance(activity.get("code"), dict) else {}
    text = (code or {}).get("text") or next(walk(code, "coding.display"), None) or activity.get("description")
    return str(text or "an activity")


@functools.cache
def _written() -> dict[str, dict[str, Any]]:
    return read_yaml(Path(__file__).with_name("modifier_rules.yaml")) or {}


def _imaging(resource: Resource) -> Verdict:
    status = resource.get("status")
    if status in ("entered-in-error", "cancelled"):
        return _no("entered in error" if status == "entered-in-error" else "cancelled")
    if status == "registered":
        return _no("registered, no image yet")
    if status != "available":
        return _no(f"status {status or 'missing'}")
    return Verdict()


def _unknown_modifier(value: Any) -> bool:
    if isinstance(value, list):
        return any(_unknown_modifier(item) for item in value)
    if not isinstance(value, dict):
        return False
    return bool(value.get("modifierExtension")) or any(
        _unknown_modifier(item) for key, item in value.items() if key != "contained"
    )


def code_of(resource: Resource, element: str) -> str | None:
    """The code of a CodeableConcept: HL7's own where several systems code it, else the first."""
    rows = [row for row in walk(resource, f"{element}.coding") if isinstance(row, dict) and row.get("code") is not None]
    hl7 = (row for row in rows if "hl7.org" in str(row.get("system", "")))
    found = next(hl7, rows[0] if rows else None)
    return str(found["code"]) if found is not None else None


def _patient(resource: Resource) -> Verdict:
    flags = []
    if resource.get("active") is False:
        flags.append("patient record inactive")
    if resource.get("deceasedBoolean") is True or resource.get("deceasedDateTime"):
        flags.append("deceased")
    if any(link.get("type") == "replaced-by" for link in walk(resource, "link") if isinstance(link, dict)):
        flags.append("replaced by another record of the same person")
    return Verdict(flags=tuple(flags))


def _condition(resource: Resource) -> Verdict:
    verification, clinical = code_of(resource, "verificationStatus"), code_of(resource, "clinicalStatus")
    if verification in ("entered-in-error", "refuted"):
        return _no("entered in error" if verification == "entered-in-error" else "refuted")
    if verification in ("unconfirmed", "provisional", "differential"):
        return _no(f"{verification}, not confirmed")
    if verification not in (None, "confirmed"):
        return _no(f"verification status {verification} not understood")
    if clinical in ("active", None):
        flags = () if clinical else ("clinical status not stated",)
        ended = clinical is None and any(key.startswith("abatement") for key in resource)
        return Verdict(flags=("resolved",) if ended else flags, current=not ended)
    if clinical in ("recurrence", "relapse"):
        return Verdict(flags=(clinical,))
    if clinical in ("resolved", "inactive", "remission"):
        return Verdict(flags=(clinical,), current=False)
    return _no(f"clinical status {clinical} not understood")


def _allergy(resource: Resource) -> Verdict:
    verification, clinical = code_of(resource, "verificationStatus"), code_of(resource, "clinicalStatus")
    if verification in ("entered-in-error", "refuted"):
        return _no("entered in error" if verification == "entered-in-error" else "refuted")
    if verification not in (None, "confirmed", "unconfirmed"):
        return _no(f"verification status {verification} not understood")
    # An unconfirmed allergy is still acted on: leaving it out would be the dangerous error.
    flags = ("unconfirmed",) if verification == "unconfirmed" else ()
    if clinical in ("inactive", "resolved"):
        return Verdict(flags=(*flags, clinical), current=False)
    return Verdict(flags=flags)


def _result(resource: Resource) -> Verdict:
    status = resource.get("status")
    if status in ("final",):
        flags: tuple[str, ...] = ()
    elif status in ("preliminary", "partial", "amended", "corrected", "appended"):
        flags = (str(status),)
    elif status == "registered":
        return _no("registered, no result yet")
    elif status in ("cancelled", "entered-in-error"):
        return _no("entered in error" if status == "entered-in-error" else "cancelled")
    else:
        return _no(f"status {status or 'missing'}")
    if resource.get("focus"):
        return _no("about someone or something else (focus)")
    if any(isinstance(tag, dict) and tag.get("system") == VALIDATION for tag in walk(resource, "meta.tag")):
        return _no("a measure of an image that is not validated: decides nothing")
    absent = code_of(resource, "dataAbsentReason")
    return Verdict(flags=(*flags, f"no value: {absent}") if absent else flags)


def _request(resource: Resource) -> Verdict:
    status, intent = resource.get("status"), resource.get("intent")
    if status == "entered-in-error":
        return _no("entered in error")
    if resource.get("doNotPerform"):
        return _no("do not perform")
    if intent in ("proposal", "plan", "option"):
        return _no(f"{intent}, not an order")
    if intent not in ("order", "original-order", "reflex-order", "filler-order", "instance-order", "directive"):
        return _no(f"intent {intent or 'missing'} not understood")
    if status in ("draft", "cancelled", "unknown", None):
        return _no(f"status {status or 'missing'}" if status != "cancelled" else "cancelled")
    if status == "active":
        return Verdict()
    if status in ("on-hold", "stopped", "completed", "revoked"):
        return Verdict(flags=(str(status),), current=False)
    return _no(f"status {status} not understood")


def _statement(resource: Resource) -> Verdict:
    status = resource.get("status")
    if status == "entered-in-error":
        return _no("entered in error")
    if status in ("active", "completed", "stopped", "on-hold"):
        return Verdict(flags=() if status == "active" else (str(status),), current=status == "active")
    words = {"not-taken": "not taken", "intended": "intended, not taken yet"}
    return _no(words.get(str(status), f"status {status or 'missing'}"))


def _event(resource: Resource) -> Verdict:
    status = resource.get("status")
    if status == "entered-in-error":
        return _no("entered in error")
    if status in ("not-done", "preparation", "cancelled", "declined", "unknown", None):
        return _no("not done" if status == "not-done" else f"status {status or 'missing'}")
    if status == "completed":
        flags = ("subpotent dose",) if resource.get("isSubpotent") else ()
        return Verdict(flags=flags, current=False)
    if status in ("in-progress", "on-hold", "stopped"):
        return Verdict(flags=(str(status),), current=status == "in-progress")
    return _no(f"status {status} not understood")


def _document(resource: Resource) -> Verdict:
    status, draft = resource.get("status"), resource.get("docStatus")
    if status == "entered-in-error" or draft == "entered-in-error":
        return _no("entered in error")
    if status == "superseded":
        return _no("superseded")
    if status != "current":
        return _no(f"status {status or 'missing'}")
    return Verdict(flags=(draft,) if draft in ("preliminary", "amended") else ())


def _encounter(resource: Resource) -> Verdict:
    status = resource.get("status")
    if status in ("cancelled", "entered-in-error", "planned", "unknown", None):
        return _no("entered in error" if status == "entered-in-error" else f"status {status or 'missing'}")
    if status not in ("arrived", "triaged", "in-progress", "onleave", "finished"):
        return _no(f"status {status} not understood")
    return Verdict(current=status != "finished")


def _family(resource: Resource) -> Verdict:
    status = resource.get("status")
    if status in ("completed", "partial"):
        return Verdict(flags=("partial",) if status == "partial" else ())
    return _no("entered in error" if status == "entered-in-error" else f"status {status or 'missing'}")


def _medication(resource: Resource) -> Verdict:
    status = resource.get("status")
    if status == "entered-in-error":
        return _no("entered in error")
    if status not in (None, "active", "inactive"):
        return _no(f"status {status} not understood")
    return Verdict(flags=("inactive",) if status == "inactive" else ())


_RULES: dict[str, Callable[[Resource], Verdict]] = {
    "Patient": _patient,
    "Condition": _condition,
    "AllergyIntolerance": _allergy,
    "Observation": _result,
    "DiagnosticReport": _result,
    "MedicationRequest": _request,
    "ServiceRequest": _request,
    "MedicationStatement": _statement,
    "MedicationAdministration": _event,
    "MedicationDispense": _event,
    "Procedure": _event,
    "Immunization": _event,
    "DocumentReference": _document,
    "Encounter": _encounter,
    "FamilyMemberHistory": _family,
    "Medication": _medication,
    "ImagingStudy": _imaging,
}
