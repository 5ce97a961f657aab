"""Is this resource R4? Structure by `fhir.resources` R4B where the two releases agree, required codes by our own table.

fhir.resources has no R4 and does not enforce bindings (gender "bogus" passes), so the required bindings of what we
read stand here. Types that R4B dropped or changed are kept unchecked, which `check` reports.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from tools.ehr.fhirjson import Resource
from tools.errors import BadInput

_ID = re.compile(r"^[A-Za-z0-9\-.]{1,64}$")
_TYPE = re.compile(r"^[A-Z][A-Za-z]{1,63}$")
# R4 types whose R4B form is another or missing; stored as they come.
UNCHECKED = frozenset(
    {
        "Evidence",
        "EvidenceVariable",
        "EffectEvidenceSynthesis",
        "RiskEvidenceSynthesis",
        "MedicinalProduct",
        "MedicinalProductAuthorization",
        "MedicinalProductContraindication",
        "MedicinalProductIndication",
        "MedicinalProductIngredient",
        "MedicinalProductInteraction",
        "MedicinalProductManufactured",
        "MedicinalProductPackaged",
        "MedicinalProductPharmaceutical",
        "MedicinalProductUndesirableEffect",
        "SubstanceSpecification",
        "SubstanceNucleicAcid",
        "SubstancePolymer",
        "SubstanceProtein",
        "SubstanceReferenceInformation",
        "SubstanceSourceMaterial",
    }
)
_EVENT = {"preparation", "in-progress", "not-done", "on-hold", "stopped", "completed", "entered-in-error", "unknown"}
_REQUEST = {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"}
_INTENT = {
    "proposal",
    "plan",
    "order",
    "original-order",
    "reflex-order",
    "filler-order",
    "instance-order",
    "option",
}
# Required bindings and required elements, R4 4.0.1 (element -> allowed codes).
CODES: dict[str, dict[str, set[str]]] = {
    "Patient": {"gender": {"male", "female", "other", "unknown"}},
    "Observation": {
        "status": {
            "registered",
            "preliminary",
            "final",
            "amended",
            "corrected",
            "cancelled",
            "entered-in-error",
            "unknown",
        }
    },
    "DiagnosticReport": {
        "status": {
            "registered",
            "partial",
            "preliminary",
            "final",
            "amended",
            "corrected",
            "appended",
            "cancelled",
            "entered-in-error",
            "unknown",
        }
    },
    "MedicationRequest": {
        "status": {"active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown"},
        "intent": _INTENT,
    },
    "MedicationStatement": {
        "status": {"active", "completed", "entered-in-error", "intended", "stopped", "on-hold", "unknown", "not-taken"}
    },
    "MedicationAdministration": {
        "status": {"in-progress", "not-done", "on-hold", "completed", "entered-in-error", "stopped", "unknown"}
    },
    "MedicationDispense": {
        "status": {
            "preparation",
            "in-progress",
            "cancelled",
            "on-hold",
            "completed",
            "entered-in-error",
            "stopped",
            "declined",
            "unknown",
        }
    },
    "Medication": {"status": {"active", "inactive", "entered-in-error"}},
    "AllergyIntolerance": {"criticality": {"low", "high", "unable-to-assess"}, "type": {"allergy", "intolerance"}},
    "Procedure": {"status": _EVENT},
    "Immunization": {"status": {"completed", "entered-in-error", "not-done"}},
    "DocumentReference": {
        "status": {"current", "superseded", "entered-in-error"},
        "docStatus": {"preliminary", "final", "amended", "entered-in-error"},
    },
    "Encounter": {
        "status": {
            "planned",
            "arrived",
            "triaged",
            "in-progress",
            "onleave",
            "finished",
            "cancelled",
            "entered-in-error",
            "unknown",
        }
    },
    "ServiceRequest": {"status": _REQUEST, "intent": _INTENT | {"directive"}},
    "CarePlan": {"status": _REQUEST, "intent": {"proposal", "plan", "order", "option"}},
    "FamilyMemberHistory": {"status": {"partial", "completed", "entered-in-error", "health-unknown"}},
    "Composition": {"status": {"preliminary", "final", "amended", "entered-in-error"}},
    "Goal": {
        "lifecycleStatus": {
            "proposed",
            "planned",
            "accepted",
            "active",
            "on-hold",
            "completed",
            "cancelled",
            "entered-in-error",
            "rejected",
        }
    },
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "Observation": ("status", "code"),
    "DiagnosticReport": ("status", "code"),
    "Condition": ("subject",),
    "MedicationRequest": ("status", "intent", "subject", "medication"),
    "MedicationStatement": ("status", "subject", "medication"),
    "MedicationAdministration": ("status", "subject", "medication"),
    "MedicationDispense": ("status", "medication"),
    "AllergyIntolerance": ("patient",),
    "Procedure": ("status", "subject"),
    "Immunization": ("status", "patient", "vaccineCode"),
    "DocumentReference": ("status", "content"),
    "Encounter": ("status", "class"),
    "ServiceRequest": ("status", "intent", "subject"),
    "FamilyMemberHistory": ("status", "patient", "relationship"),
}
_CONDITION_CLINICAL = {"active", "recurrence", "relapse", "inactive", "remission", "resolved"}
CONCEPT_CODES: dict[tuple[str, str], tuple[str, set[str]]] = {
    ("Condition", "clinicalStatus"): ("condition-clinical", _CONDITION_CLINICAL),
    ("Condition", "verificationStatus"): (
        "condition-ver-status",
        {"unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"},
    ),
    ("AllergyIntolerance", "clinicalStatus"): ("allergyintolerance-clinical", {"active", "inactive", "resolved"}),
    ("AllergyIntolerance", "verificationStatus"): (
        "allergyintolerance-verification",
        {"unconfirmed", "confirmed", "refuted", "entered-in-error"},
    ),
}
"""Required bindings on CodeableConcepts: (type, element) -> last part of the system, allowed codes."""


def check(resource: Any, where: str = "resource") -> list[str]:
    """Check one resource and say what was left unchecked.

    Raises:
        BadInput: not a resource, an unknown type, a missing element, a code outside a required binding.
    """
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise BadInput(
            f"{where}: no resourceType",
            found=str(resource)[:80],
            expected="a FHIR R4 resource",
            action="check the file",
        )
    kind, name = resource["resourceType"], f"{where} ({resource['resourceType']}/{resource.get('id', 'no id')})"
    if not _TYPE.match(kind) or (kind not in UNCHECKED and model(kind) is None):
        raise BadInput(
            f"{where}: {kind!r} is not an R4 resource type",
            found=kind,
            expected="a FHIR R4 resource type",
            action="check the file",
        )
    if "id" in resource and not (isinstance(resource["id"], str) and _ID.match(resource["id"])):
        raise BadInput(
            f"{name}: id does not fit",
            found=resource["id"],
            expected="1 to 64 of A-Z a-z 0-9 - .",
            action="correct the id",
        )
    _required(resource, name)
    _codes(resource, name)
    return _structure(resource, name)


def _required(resource: Resource, name: str) -> None:
    for element in REQUIRED.get(resource["resourceType"], ()):
        given = (key for key, value in resource.items() if value is not None)
        if not any(key == element or (key.startswith(element) and key[len(element)].isupper()) for key in given):
            raise BadInput(
                f"{name}: {element} is missing",
                found=sorted(resource),
                expected=f"{element} (required in R4)",
                action="correct the resource",
            )


def _codes(resource: Resource, name: str) -> None:
    for element, allowed in CODES.get(resource["resourceType"], {}).items():
        code = resource.get(element)
        if code is not None and (not isinstance(code, str) or code not in allowed):
            raise BadInput(
                f"{name}: {element} is {code!r}",
                found=code,
                expected=f"one of {sorted(allowed)}",
                action="correct the resource",
            )
    for (kind, element), (system, allowed) in CONCEPT_CODES.items():
        concept = resource.get(element) if resource["resourceType"] == kind else None
        for coding in (concept or {}).get("coding", []) if isinstance(concept, dict) else []:
            if str(coding.get("system", "")).endswith(f"/{system}") and coding.get("code") not in allowed:
                raise BadInput(
                    f"{name}: {element} is {coding.get('code')!r}",
                    found=coding.get("code"),
                    expected=f"one of {sorted(allowed)}",
                    action="correct the resource",
                )


def _structure(resource: Resource, name: str) -> list[str]:
    kind = resource["resourceType"]
    if kind in UNCHECKED:
        return [f"{name}: kept without a check of its structure (no R4B model)"]
    from pydantic import ValidationError

    try:
        model(kind).model_validate(resource)
    except ValidationError as error:
        # R4B's Questionnaire asks a linkId of contained groups' items by another rule than R4's own example follows.
        if kind == "Questionnaire":
            return [f"{name}: kept although R4B finds {error.error_count()} faults"]
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInput(
            f"{name}: {place}: {first['msg']}",
            found=str(first.get("input"))[:80],
            expected="FHIR R4",
            action="correct the resource",
        ) from error
    except (RecursionError, TypeError, AttributeError) as error:
        raise BadInput(
            f"{name}: cannot be read as {kind}: {error}", found=kind, expected="FHIR R4", action="correct the resource"
        ) from error
    return []


@functools.cache
def model(kind: str) -> Any:
    """The R4B class of a resource type, or none (data types have classes too, but are no resources)."""
    from fhir.resources.R4B import get_fhir_model_class
    from fhir.resources.R4B.resource import Resource as Base

    try:
        found = get_fhir_model_class(kind)
    except (KeyError, ValueError, LookupError):
        return None
    return found if issubclass(found, Base) else None
