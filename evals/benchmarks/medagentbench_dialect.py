"""The dialect of MedAgentBench, apart from the product: what its graders expect where it is not R4, or not Osler's way.

Every departure is an override that is recorded with its reason; the product's own resource stays as it was approved.
"""

from __future__ import annotations

import re
from typing import Any

from tools.ask.definitions import definitions, without_form

Json = dict[str, Any]
CLOCK = re.compile(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?")
_DAY = re.compile(r"(?<![\w-])\d{4}-\d{2}-\d{2}(?![\w-])")
_TIME = re.compile(r"(?<![\w:+-])\d{2}:\d{2}(?= (?:UTC|GMT)\b)")
NOT_FOUND = "Patient not found"
MISSING = -1
_VITALS = {
    "coding": [{"system": "http://hl7.org/fhir/observation-category", "code": "vital-signs", "display": "Vital Signs"}]
}
_ROUTES = {"47625008": "IV", "26643006": "oral"}
_MINUTES = {"min": 1 / 60, "h": 1.0, "d": 24.0}


def clock_of(text: str) -> str | None:
    """The clinical clock that a task states: its one full date and time, or as the product reads one."""
    found = list(dict.fromkeys(CLOCK.findall(text)))
    days, times = (set(pattern.findall(text)) for pattern in (_DAY, _TIME))
    if not found and len(days) == len(times) == 1 and not definitions(text)[0].now:
        return f"{days.pop()}T{times.pop()}:00+00:00"
    if not found and (said := definitions(text)[0].now) is not None:
        return said.isoformat()
    return found[0] if len(found) == 1 else None


def patient_of(text: str, known: set[str]) -> str | None:
    """The one patient of the store whose id a task writes."""
    found = {word for word in re.findall(r"\b[A-Z]\d{6,}\b", text) if word in known}
    return found.pop() if len(found) == 1 else None


def question_of(text: str) -> str:
    """A question without what it says about the form of the answer: that is the dialect's, not the record's."""
    return without_form(text).strip() or text


def post(resource: Json, overrides: list[Json]) -> Json:
    """A committed resource as the body the benchmark's tool would have been sent."""
    body = {"MedicationRequest": _medication, "ServiceRequest": _service, "Observation": _observation}.get(
        resource["resourceType"], lambda given, _: given
    )(resource, overrides)
    return {key: value for key, value in body.items() if value is not None}


def _override(overrides: list[Json], field: str, product: Any, dialect: Any, why: str) -> Any:
    overrides.append({"field": field, "product": product, "dialect": dialect, "why": why})
    return dialect


def _common(resource: Json) -> Json:
    return {
        "resourceType": resource["resourceType"],
        "authoredOn": resource.get("authoredOn"),
        "status": resource.get("status"),
        "intent": resource.get("intent"),
        "subject": resource.get("subject"),
    }


def _medication(resource: Json, overrides: list[Json]) -> Json:
    line = (resource.get("dosageInstruction") or [{}])[0]
    row = (line.get("doseAndRate") or [{}])[0]
    dose = row.get("doseQuantity") or {}
    plain: Json = {"doseQuantity": {"value": dose.get("value"), "unit": dose.get("unit")}}
    if ratio := row.get("rateRatio"):
        below = ratio["denominator"]
        hours = float(below["value"]) * _MINUTES.get(str(below.get("code")), 1.0)
        said = {"value": int(hours) if hours == int(hours) else hours, "unit": "h"}
        plain["rateQuantity"] = _override(
            overrides, "rateQuantity", ratio, said, "the dialect's rate is the length of the infusion in hours"
        )
    return {
        **_common(resource),
        "medicationCodeableConcept": resource.get("medicationCodeableConcept"),
        "dosageInstruction": [{"route": _route(line.get("route") or {}, overrides), "doseAndRate": [plain]}],
    }


def _route(route: Json, overrides: list[Json]) -> Any:
    """The dialect's word of a route, by its SNOMED CT code."""
    code = next((row.get("code") for row in route.get("coding") or []), None)
    said, word = route.get("text"), _ROUTES.get(str(code))
    if word is None or word == said:
        return said
    return _override(overrides, "route", route, word, "the dialect's route is a word of its own")


def _service(resource: Json, overrides: list[Json]) -> Json:
    notes = [row["text"] for row in resource.get("note") or []]
    priority = resource.get("priority")
    if priority != "stat":
        priority = _override(overrides, "priority", priority, "stat", "the dialect files every request as stat")
    text = _override(
        overrides, "note", notes, {"text": "\n".join(notes)}, "the dialect's note is one object, R4's a list"
    )
    return {
        **_common(resource),
        "code": resource.get("code"),
        "priority": priority,
        "note": text if notes else None,
        "occurrenceDateTime": resource.get("occurrenceDateTime"),
    }


def _observation(resource: Json, overrides: list[Json]) -> Json:
    parts = [row["valueQuantity"] for row in resource.get("component") or []]
    whole = parts or ([resource["valueQuantity"]] if resource.get("valueQuantity") else [])
    unit = {"mm[Hg]": "mmHg"}.get(
        str(whole[0].get("unit")) if whole else "", str(whole[0].get("unit")) if whole else ""
    )
    said = f"{'/'.join(str(row['value']) for row in whole)} {unit}".strip()
    return {
        "resourceType": "Observation",
        "category": _override(
            overrides, "category", resource.get("category"), [_VITALS], "the dialect's category system is not R4's"
        ),
        "code": _override(
            overrides,
            "code",
            resource.get("code"),
            {"text": (resource.get("code") or {}).get("text")},
            "the dialect codes by flowsheet name only",
        ),
        "effectiveDateTime": resource.get("effectiveDateTime"),
        "status": resource.get("status"),
        "valueString": _override(
            overrides, "valueString", whole, said, "the dialect's blood pressure is a string, R4's has components"
        ),
        "subject": resource.get("subject"),
    }


# -- scoring, as the data's README says -----------------------------------------------------------------------------


def finished(expected: Json, answer: list[Any]) -> bool:
    """Whether an answer list is the one expected, or one also accepted."""
    wanted = expected["finish"]
    if wanted is None:
        return True
    accepted = [wanted, *expected["also_accept"]]
    return any(_equal(row, answer, float(expected.get("tolerance") or 0)) for row in accepted)


def _equal(wanted: list[Any], answer: list[Any], tolerance: float) -> bool:
    if len(wanted) != len(answer):
        return False
    return all(
        abs(float(one) - float(other)) <= tolerance + 1e-9
        if isinstance(one, int | float) and isinstance(other, int | float)
        else one == other
        for one, other in zip(wanted, answer, strict=True)
    )


def posted(expected: Json, posts: list[Json], instruction: str) -> list[str]:
    """What is wrong with the writes; empty where they are exactly those expected."""
    if len(posts) != expected["post_count"]:
        return [f"{len(posts)} writes, expected {expected['post_count']}"]
    left, faults = list(posts), []
    for row in expected["posts"]:
        tried = [(body, _faults(row, body, instruction)) for body in left]
        best = min(tried, key=lambda pair: len(pair[1]), default=None)
        if best is None:
            return ["a write is missing"]
        left.remove(best[0])
        faults += best[1]
    return faults


def _faults(row: Json, body: Json, instruction: str) -> list[str]:
    if body["resourceType"] != row["resource"]:
        return [f"{body['resourceType']} instead of {row['resource']}", *["" for _ in row["fields"]]]
    found = []
    for name, wanted in row["fields"].items():
        got = _field(name, body)
        if name == "category":
            right = got == [_VITALS]
        elif name == "note_contains":
            right = quoted(instruction) in " ".join(str(got or "").split())
        elif isinstance(wanted, str) and "(+-" in wanted:
            value, _, unit = wanted.split(" (")[0].partition(" ")
            close = float(wanted.split("+-")[1].rstrip(")"))
            right = (
                isinstance(got, str) and got.endswith(f" {unit}") and abs(float(got.split()[0]) - float(value)) <= close
            )
        elif isinstance(wanted, str) and wanted.endswith("*"):
            right = str(got or "").startswith(wanted[:-1])
        else:
            right = got == wanted
        if not right:
            found.append(f"{name}: {got!r}, expected {wanted!r}")
    return found


def quoted(instruction: str) -> str:
    """The free text that an instruction quotes."""
    found = re.search(r"[\"“](.{12,})[\"”]", instruction, re.DOTALL)
    return " ".join((found[1] if found else instruction).split())


def _field(name: str, body: Json) -> Any:
    if name == "code" and body["resourceType"] != "Observation":
        concept = body.get("code") or body.get("medicationCodeableConcept") or {}
        coding = (concept.get("coding") or [{}])[0]
        return f"{coding.get('system')}|{coding.get('code')}"
    line = (body.get("dosageInstruction") or [{}])[0]
    row = (line.get("doseAndRate") or [{}])[0]
    if name == "route":
        return line.get("route")
    if name in ("dose", "rate"):
        amount = row.get("doseQuantity" if name == "dose" else "rateQuantity")
        if amount is None or amount.get("value") is None:
            return None
        value = float(amount["value"])
        return f"{int(value) if value.is_integer() else value} {amount['unit']}"
    if name == "subject":
        return (body.get("subject") or {}).get("reference")
    if name == "note_contains":
        return (body.get("note") or {}).get("text")
    return body.get(name)
