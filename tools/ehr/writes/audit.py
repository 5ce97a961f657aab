"""AuditEvents of writes: who tried what, and how it ended; made for refused ones too.

Osler's own log always holds them. The record is sent one where a named person decided (a write that was made, voided or
refused); a server that does not take AuditEvents leaves it in Osler's log, which says so.
"""

from __future__ import annotations

from typing import Literal

from tools.ehr.checks.validate import check
from tools.ehr.fhirjson import Resource

OSLER: Resource = {
    "type": "Device",
    "identifier": {"system": "urn:osler:device", "value": "osler"},
    "display": "Osler",
}
"""Osler as a reference of type Device: what assembled a write, never who approved it."""
Outcome = Literal["0", "4", "8", "12"]
"""R4 AuditEvent.outcome: success; minor, serious and major failure."""
_TERMS = "http://terminology.hl7.org/CodeSystem"
_INTERACTION = {"C": "create", "U": "update"}


def audit_event(
    id_: str,
    *,
    at: str,
    action: Literal["C", "U"],
    outcome: Outcome,
    said: str,
    by: str,
    role: str,
    patient: str,
    draft: str,
    reference: str | None,
) -> Resource:
    """The AuditEvent of one decision about a draft.

    Args:
        id_: the id it is kept under, so that sent twice it is one.
        said: how it ended, in words.
        reference: the resource that was written, where one was.
    """
    entities: list[Resource] = [
        {"what": {"reference": f"Patient/{patient}"}, "type": _code("audit-entity-type", "1", "Person")},
        {"what": {"identifier": {"system": "urn:osler:draft", "value": draft}}, "description": said[:1000]},
    ]
    if reference:
        entities.append({"what": {"reference": reference}})
    body: Resource = {
        "resourceType": "AuditEvent",
        "id": id_,
        "type": _code("audit-event-type", "rest", "Restful Operation"),
        "subtype": [{"system": "http://hl7.org/fhir/restful-interaction", "code": _INTERACTION[action]}],
        "action": action,
        "recorded": at,
        "outcome": outcome,
        "outcomeDesc": said[:1000],
        "agent": [
            {
                "type": {"coding": [_code("extra-security-role-type", "humanuser", "human user")]},
                "who": {"display": by},
                "name": by,
                "role": [{"text": role}],
                "requestor": True,
            },
            {"who": OSLER, "requestor": False},
        ],
        "source": {"observer": OSLER},
        "entity": entities,
    }
    check(body, "the audit event")
    return body


def _code(system: str, code: str, display: str) -> Resource:
    return {"system": f"{_TERMS}/{system}", "code": code, "display": display}
