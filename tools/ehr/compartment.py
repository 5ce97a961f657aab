"""Whose resource is it? The Patient compartment of FHIR R4 (CompartmentDefinition/patient), as element paths.

Being in the compartment is not yet being about the patient: a daughter's result performed by her mother is in the
mother's compartment. `ABOUT` is the element that says whom the resource is about.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tools.ehr.fhirjson import Resource

_SUBJECT = [
    "Account",
    "AdverseEvent",
    "CarePlan",
    "CareTeam",
    "ChargeItem",
    "ClinicalImpression",
    "Communication",
    "CommunicationRequest",
    "Composition",
    "Condition",
    "DeviceRequest",
    "DeviceUseStatement",
    "DiagnosticReport",
    "DocumentManifest",
    "DocumentReference",
    "Encounter",
    "Goal",
    "ImagingStudy",
    "Invoice",
    "List",
    "MeasureReport",
    "Media",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Procedure",
    "QuestionnaireResponse",
    "RequestGroup",
    "RiskAssessment",
    "ServiceRequest",
    "Specimen",
    "Flag",
    "Basic",
]
_PATIENT = [
    "AllergyIntolerance",
    "BodyStructure",
    "Claim",
    "ClaimResponse",
    "Consent",
    "CoverageEligibilityRequest",
    "CoverageEligibilityResponse",
    "DetectedIssue",
    "EpisodeOfCare",
    "ExplanationOfBenefit",
    "FamilyMemberHistory",
    "Immunization",
    "ImmunizationEvaluation",
    "ImmunizationRecommendation",
    "MolecularSequence",
    "NutritionOrder",
    "RelatedPerson",
    "VisionPrescription",
]
ABOUT: dict[str, str] = {
    **dict.fromkeys(_SUBJECT, "subject"),
    **dict.fromkeys(_PATIENT, "patient"),
    "Coverage": "beneficiary",
    "EnrollmentRequest": "candidate",
    "ResearchSubject": "individual",
    "SupplyRequest": "deliverTo",
    "SupplyDelivery": "patient",
}
# What else the CompartmentDefinition counts in: element paths beside the one in ABOUT.
_ALSO: dict[str, tuple[str, ...]] = {
    "AllergyIntolerance": ("recorder", "asserter"),
    "Appointment": ("participant.actor",),
    "AppointmentResponse": ("actor",),
    "AuditEvent": ("agent.who", "entity.what"),
    "Basic": ("author",),
    "CarePlan": ("activity.detail.performer",),
    "CareTeam": ("participant.member",),
    "Claim": ("payee.party",),
    "Communication": ("sender", "recipient"),
    "CommunicationRequest": ("sender", "recipient", "requester"),
    "Composition": ("author", "attester.party"),
    "Condition": ("asserter",),
    "Coverage": ("policyHolder", "subscriber", "payor"),
    "DeviceRequest": ("performer",),
    "DocumentManifest": ("author", "recipient"),
    "DocumentReference": ("author",),
    "ExplanationOfBenefit": ("payee.party",),
    "Group": ("member.entity",),
    "Invoice": ("recipient",),
    "List": ("source",),
    "MedicationAdministration": ("performer.actor",),
    "MedicationDispense": ("receiver",),
    "Observation": ("performer",),
    "Patient": ("link.other",),
    "Person": ("link.target",),
    "Procedure": ("performer.actor",),
    "Provenance": ("target",),
    "QuestionnaireResponse": ("author",),
    "RequestGroup": ("action.participant",),
    "Schedule": ("actor",),
    "ServiceRequest": ("performer",),
}


def walk(value: Any, path: str) -> Iterator[Any]:
    """The values at a dotted path; arrays are walked through."""
    head, _, rest = path.partition(".")
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict) and head in item:
            found = item[head]
            if rest:
                yield from walk(found, rest)
            else:
                yield from found if isinstance(found, list) else [found]


def local_reference(reference: Any, base: str = "") -> tuple[str, str] | None:
    """`(type, id)` of a literal reference to this server; none for fragments, other servers and unresolved URNs."""
    text = reference.get("reference") if isinstance(reference, dict) else reference
    if not isinstance(text, str) or text.startswith(("#", "urn:")):
        return None
    if "://" in text:
        root = base.rstrip("/") + "/"
        if not base or not text.startswith(root):
            return None
        text = text[len(root) :]
    parts = text.split("/")
    if len(parts) in (2, 4) and parts[0] and parts[1] and (len(parts) == 2 or parts[2] == "_history"):
        return parts[0], parts[1]
    return None


def patients_of(resource: Resource, base: str = "", *, about: bool = False) -> set[str]:
    """Ids of the patients in whose compartment a resource is; with `about`, only of whom it is about."""
    kind = str(resource.get("resourceType"))
    if kind == "Patient" and about:
        return {str(resource.get("id"))}
    paths = [ABOUT[kind]] if kind in ABOUT else []
    if not about:
        paths += _ALSO.get(kind, ())
    ids = {str(resource.get("id"))} if kind == "Patient" else set()
    for path in paths:
        for reference in walk(resource, path):
            found = local_reference(reference, base)
            if found and found[0] == "Patient":
                ids.add(found[1])
    return ids
