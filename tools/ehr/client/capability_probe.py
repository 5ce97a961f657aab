"""A server's self-test, asked for by a person: does it heed the parameters it is given, and find what is there?

A server may leave a parameter out without a word (R4 lets it). What is tried, and found wanting, is kept with the
server (`Quirks`): from then on the client does that part itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.ehr.client.check import OK, Quirks, checked_search, use_of
from tools.ehr.client.match import owners_of
from tools.ehr.client.trial import WITNESSES, judge
from tools.ehr.compartment import walk
from tools.errors import UpstreamError

if TYPE_CHECKING:
    from tools.ehr.client.client import FhirClient, Parameters

_TRIED: dict[str, tuple[tuple[str, str], ...]] = {
    "Patient": (("name", ""), ("birthdate", "ge"), ("identifier", ""), ("gender", "")),
    "Observation": (
        ("code", ""),
        ("category", ""),
        ("status", ""),
        ("date", "ge"),
        ("date", "lt"),
        ("value-quantity", "gt"),
        ("value-quantity", "lt"),
        ("code:not", ""),
    ),
    "Condition": (("code", ""), ("clinical-status", ""), ("recorded-date", "ge")),
    "MedicationRequest": (("status", ""), ("authoredon", "ge"), ("intent", "")),
    "Encounter": (("status", ""), ("date", "ge")),
    "Procedure": (("code", ""), ("date", "ge")),
    "DiagnosticReport": (("code", ""), ("date", "ge")),
    "DocumentReference": (("type", ""), ("date", "ge")),
}


async def probe(client: FhirClient, patient: str | None = None) -> dict[str, Any]:
    """Try a server out over the resources of one patient, or over some that it shows.

    Raises:
        UpstreamError: there is no server, or it does not let Osler in.
    """
    if client.quirks is None:
        client.quirks = Quirks()
    quirks, capability = client.quirks, await client.capability()
    rows: list[dict[str, Any]] = []
    for kind, tries in _TRIED.items():
        if capability.types and kind not in capability.types:
            continue
        scope = _scope(kind, patient)
        try:
            shown = await client.pages(kind, scope, limit=WITNESSES, page=WITNESSES, owners=owners_of(kind, scope))
        except UpstreamError as error:
            rows.append(_row(kind, "(any)", None, error.message))
            continue
        for name, prefix in tries:
            use = use_of(kind, name, f"{prefix}2000" if prefix else "")
            declared = capability.supports(kind, name)
            try:
                verdict = await judge(client, kind, scope, shown.resources[:WITNESSES], name, prefix)
            except UpstreamError as error:
                verdict = f"failed: {error.message}"
            if verdict is not None and not verdict.startswith("failed"):
                quirks.learn(kind, name, f"{prefix}2000" if prefix else "", verdict)
            rows.append(_row(kind, use, declared, verdict or "nothing there to try it on"))
        if kind == "Observation":
            rows += await _joined(client, quirks, shown.resources, patient)
    bad = [row for row in rows if row["verdict"] not in (OK, "nothing there to try it on")]
    return {
        "server": client.base,
        "software": capability.software or None,
        "fhir_version": capability.fhir_version or None,
        "declares": {"types": len(capability.types), "interactions": sorted(capability.interactions)},
        "tried": rows,
        "does_not_work": [f"{row['type']}?{row['parameter']}: {row['verdict']}" for row in bad],
    }


def _scope(kind: str, patient: str | None) -> Parameters:
    if patient is None:
        return []
    return [("_id" if kind == "Patient" else "patient", patient)]


async def _joined(
    client: FhirClient, quirks: Quirks, there: list[dict[str, Any]], patient: str | None
) -> list[dict[str, Any]]:
    """`_has` and a chain, on a code and a patient that are there."""
    code = next(
        (f"{item.get('system', '')}|{item['code']}" for item in walk(there, "code.coding") if "code" in item), ""
    )
    owner = patient or next((str(text).rpartition("/")[2] for text in walk(there, "subject.reference")), "")
    if not code or not owner:
        return []
    tries = (
        ("Patient", [("_has:Observation:patient:code", code), ("_id", owner)]),
        ("Observation", [("patient.birthdate", "ge1900-01-01"), ("patient", owner)]),
    )
    rows = []
    for kind, parameters in tries:
        name, value = parameters[0]
        try:
            found = await checked_search(client, kind, list(parameters), None)
            verdict = quirks.get(kind, name, value) if found.resources else "nothing there to try it on"
        except UpstreamError as error:
            verdict = f"failed: {error.message}"
        rows.append(_row(kind, use_of(kind, name, value), None, verdict))
    return rows


def _row(kind: str, use: str, declared: bool | None, verdict: str) -> dict[str, Any]:
    return {"type": kind, "parameter": use, "declared": declared, "verdict": verdict}
