"""The orders in hand, as CDS Hooks sends them: whose they are, what they order, and how they are counted here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agent.serve.request import Call
from tools.ehr.compartment import patients_of
from tools.ehr.elements import words
from tools.ehr.fhirjson import Resource
from tools.ehr.modifiers import judge
from tools.ehr.shape import readable
from tools.ehr.store.store import BASE
from tools.errors import IdentityMismatch

DRUG, REQUEST = "MedicationRequest", "ServiceRequest"
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_OTHER_ORDERS = ("CommunicationRequest", "DeviceRequest", "NutritionOrder", "Task", "VisionPrescription")


@dataclass(frozen=True)
class Order:
    """One order. `reference` is what a suggestion names; `focus`: it is the one that is being chosen or signed."""

    resource: Resource = field(repr=False)
    reference: str
    focus: bool

    @property
    def kind(self) -> str:
        """The resource type."""
        return str(self.resource["resourceType"])

    @property
    def name(self) -> str:
        """What is ordered, as the order says it."""
        key = "medicationCodeableConcept" if self.kind == DRUG else "code"
        reference = self.resource.get("medicationReference")
        shown = reference.get("display") if isinstance(reference, dict) else None
        return words(self.resource.get(key)) or str(shown or "an order without a name")


@dataclass
class Basket:
    """The orders of a call: those looked at, the resources that come with them, and what could not be read."""

    orders: list[Order] = field(default_factory=list)
    counted: list[Resource] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[Order]:
        """The orders in focus of one type."""
        return [order for order in self.orders if order.kind == kind and order.focus]

    @property
    def references(self) -> set[str]:
        """Every order in hand, by reference."""
        return {order.reference for order in self.orders}


def basket_of(call: Call, as_of: datetime) -> Basket:
    """The orders of `draftOrders`; drug orders are counted as if they were active at the clock.

    Raises:
        IdentityMismatch: an order is for another patient.
    """
    found, base = Basket(), (call.fhirServer or BASE).rstrip("/")
    chosen = None if call.context.selections is None else set(call.context.selections)
    patient = call.context.patientId
    for number, sent in enumerate(call.context.orders, 1):
        resource, wrong = readable(sent)
        kind = str(resource.get("resourceType"))
        if wrong:
            found.aside.append(f"an order in hand that is not FHIR ({kind[:30]}): not looked at")
            continue
        owners = patients_of(resource, base, about=True)
        if owners and owners != {patient}:
            raise IdentityMismatch(
                "draftOrders holds an order for another patient than context.patientId",
                found="two patients",
                expected="orders of one patient",
                action="send the orders of the patient in context",
            )
        if not isinstance(resource.get("id"), str) or not _ID.fullmatch(resource["id"]):
            resource["id"] = f"draft-{number}"
        reference = f"{kind}/{resource['id']}"
        if kind == "Medication":
            found.counted.append(resource)
            continue
        if kind not in (DRUG, REQUEST):
            known = kind in _OTHER_ORDERS
            (found.others if known else found.aside).append(
                f"{kind[:30]} in hand: {'not looked at here' if known else 'no R4 order that is known here'}"
            )
            continue
        order = Order(resource, reference, chosen is None or reference in chosen or resource["id"] in chosen)
        live = _live(resource, patient, as_of)
        verdict = judge(live)
        if resource.get("doNotPerform"):
            continue
        if resource.get("status") in ("cancelled", "stopped", "completed", "revoked", "entered-in-error"):
            continue  # Signed again to end it: nothing new is taken.
        if not verdict.usable:
            found.aside.append(f"{order.name}: not looked at ({verdict.reason})")
            continue
        found.orders.append(order)
        if kind == DRUG:
            found.counted.append(live)
    return found


def _live(resource: Resource, patient: str, as_of: datetime) -> Resource:
    """The order as it would stand once signed."""
    changed = {
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
        "authoredOn": as_of.isoformat(),
    }
    return {**resource, **changed}


def removal_label(orders: Sequence[Order]) -> str:
    """How a suggestion to take orders back is called."""
    return f"Take back: {', '.join(order.name for order in orders)}"
