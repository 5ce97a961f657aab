"""The services and what each asks to be sent with the call, as the discovery address shows them.

Templates keep to what CDS Hooks 2.0 recommends (search by patient, `_sort`, `_count`): any client can fill them. A
template asks for all of a type: "none found" is only ever said of a complete answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
_OF = "?patient={{context.patientId}}"
_NEWEST = f"{_OF}&_sort=-date&_count=1000"
PATIENT = "patient"


@dataclass(frozen=True)
class Template:
    """One prefetch key. A `needed` one that can be had neither way is a 412; another that is missing is said."""

    kind: str
    query: str
    needed: bool = False


_RECORD = {
    PATIENT: Template("Patient", "Patient/{{context.patientId}}", True),
    "conditions": Template("Condition", f"Condition{_OF}"),
    "allergies": Template("AllergyIntolerance", f"AllergyIntolerance{_OF}"),
    "medicationRequests": Template("MedicationRequest", f"MedicationRequest{_OF}"),
    "medicationStatements": Template("MedicationStatement", f"MedicationStatement{_OF}"),
    "medicationAdministrations": Template("MedicationAdministration", f"MedicationAdministration{_NEWEST}"),
    "medicationDispenses": Template("MedicationDispense", f"MedicationDispense{_NEWEST}"),
    "observations": Template("Observation", f"Observation{_NEWEST}"),
    "procedures": Template("Procedure", f"Procedure{_OF}"),
    "encounters": Template("Encounter", f"Encounter{_OF}"),
    "notes": Template("DocumentReference", f"DocumentReference{_OF}"),
}
_VIEW = {
    **_RECORD,
    "observations": Template("Observation", f"Observation{_NEWEST}", True),
    "reports": Template("DiagnosticReport", f"DiagnosticReport{_NEWEST}"),
    "immunizations": Template("Immunization", f"Immunization{_OF}"),
}
_ORDERS = {
    **_RECORD,
    "allergies": Template("AllergyIntolerance", f"AllergyIntolerance{_OF}", True),
    "medicationRequests": Template("MedicationRequest", f"MedicationRequest{_OF}", True),
    "requests": Template("ServiceRequest", f"ServiceRequest{_OF}"),
}
_SILENCE = (
    "No card does not mean that an order is safe: Osler's tables are partial, and what they do not list is not looked "
    "for. What could not be checked because it was not sent is said in a card."
)


@dataclass(frozen=True)
class Service:
    """One service of the discovery answer."""

    id: str
    hook: str
    title: str
    description: str
    templates: dict[str, Template]

    @property
    def document(self) -> Json:
        """As the discovery address shows it."""
        return {
            "hook": self.hook,
            "title": self.title,
            "description": self.description,
            "id": self.id,
            "prefetch": {key: template.query for key, template in self.templates.items()},
            "usageRequirements": "FHIR R4. Works from the prefetched data alone; what is missing there is read from "
            "fhirServer where the service allows that server. " + _SILENCE,
        }


SERVICES = {
    service.id: service
    for service in (
        Service(
            "osler-patient-view",
            "patient-view",
            "Osler: what cannot wait",
            "Critical results of the last 72 hours, red flags and open steps of the guideline protocols that apply to "
            "the patient, and gaps in care, each with its evidence and guideline.",
            _VIEW,
        ),
        Service(
            "osler-order-select",
            "order-select",
            "Osler: the order just chosen",
            "The selected drugs against allergies, current medication, kidney function and the protocols that apply: "
            "what speaks against them while the order can still be changed.",
            _ORDERS,
        ),
        Service(
            "osler-order-sign",
            "order-sign",
            "Osler: the orders before they are signed",
            "All orders about to be signed against allergies, current medication, each other, kidney function, daily "
            "dose, open requests and the protocols that apply, and what of that could not be checked.",
            _ORDERS,
        ),
    )
}


def discovery() -> Json:
    """The body of GET /cds-services."""
    return {"services": [service.document for service in SERVICES.values()]}
