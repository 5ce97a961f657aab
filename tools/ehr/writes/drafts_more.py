"""Resources of drafts beyond orders from an answer: a measurement, a message, an assessment as a Composition.

The codes of vital signs are those R4 fixes for them (hl7.org/fhir/R4/observation-vitalsigns.html); blood pressure is a
panel whose two values are components.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from knowledge.coding import SYSTEMS
from knowledge.quantity import UnitError, check_unit
from knowledge.terminology import Concept, Terminology
from tools.ehr.fhirjson import Resource
from tools.ehr.writes.drafts_dose import number
from tools.errors import BadInput

if TYPE_CHECKING:
    from tools.ehr.writes.drafts import Setting

_TERMS = "http://terminology.hl7.org/CodeSystem"
PRESSURE = "blood_pressure"
VITALS: dict[str, tuple[str, str]] = {
    PRESSURE: ("85354-9", "mm[Hg]"),
    "systolic_bp": ("8480-6", "mm[Hg]"),
    "diastolic_bp": ("8462-4", "mm[Hg]"),
    "heart_rate": ("8867-4", "/min"),
    "respiratory_rate": ("9279-1", "/min"),
    "temperature": ("8310-5", "Cel"),
    "weight": ("29463-7", "kg"),
    "height": ("8302-2", "cm"),
    "bmi": ("39156-5", "kg/m2"),
    "spo2": ("2708-6", "%"),
}
_WRITTEN = {"mmhg": "mm[Hg]", "mm hg": "mm[Hg]", "bpm": "/min", "beats/min": "/min", "beats per minute": "/min",
            "breaths/min": "/min", "per minute": "/min", "/minute": "/min", "c": "Cel", "°c": "Cel", "celsius": "Cel",
            "degrees c": "Cel", "f": "[degF]", "°f": "[degF]", "fahrenheit": "[degF]", "kgs": "kg", "kilograms": "kg",
            "lb": "[lb_av]", "lbs": "[lb_av]", "pounds": "[lb_av]", "in": "[in_i]", "inches": "[in_i]", "percent": "%",
            "meq/l": "meq/L", "mmol/l": "mmol/L", "mg/dl": "mg/dL", "g/dl": "g/dL", "kg/m²": "kg/m2"}  # fmt: skip
_PAIR = re.compile(r"(\d{2,3})\s*(?:/|over|on)\s*(\d{2,3})")
_ONE = re.compile(r"[<>]?\s*-?\d+(?:\.\d+)?")


def unit_of(text: str) -> str:
    """The UCUM code of a written unit.

    Raises:
        BadInput: UCUM has no such unit.
    """
    plain = _WRITTEN.get(" ".join(text.lower().split()), text.strip())
    try:
        check_unit(plain)
    except UnitError as error:
        raise BadInput(
            f"{text!r} is not a unit that is known here",
            found=text,
            expected="a UCUM unit such as mmol/L",
            action="correct the unit",
        ) from error
    return plain


def measured_concept(text: str, terms: Terminology) -> Concept | None:
    """The observation that a word names exactly."""
    wanted = " ".join(text.casefold().split())
    for concept in terms.concepts.values():
        if concept.kind == "observation" and wanted in (concept.id, *(word.casefold() for word in concept.words)):
            return concept
    return None


def check_value(text: str) -> str:
    """A measured value as it goes into the field: a number, or two of a blood pressure.

    Raises:
        BadInput: it is neither.
    """
    plain = " ".join(text.split())
    if pair := _PAIR.fullmatch(plain):
        if int(pair[1]) <= int(pair[2]):
            raise BadInput(
                f"{text}: systolic is not above diastolic",
                found=text,
                expected="systolic/diastolic",
                action="correct the value",
            )
        return f"{pair[1]}/{pair[2]}"
    if _ONE.fullmatch(plain):
        return plain
    raise BadInput(
        f"{text!r} is not a measured value",
        found=text,
        expected="a number, or systolic/diastolic",
        action="correct the value",
    )


def _quantity(text: str, unit: str | None) -> Resource:
    sign = text[0] if text[0] in "<>" else None
    value: Resource = {"value": number(text.lstrip("<> "))}
    if sign:
        value["comparator"] = sign
    return value | ({"unit": unit, "system": SYSTEMS["ucum"], "code": unit} if unit else {})


def _loinc(concept: Concept | None) -> str | None:
    if concept is None:
        return None
    if concept.id in VITALS:
        return VITALS[concept.id][0]
    codes = [coding.code for coding in concept.codings if coding.system == SYSTEMS["loinc"]]
    return codes[0] if codes else None


def _code(text: str, loinc: str | None, name: str | None = None) -> Resource:
    coding = {"system": SYSTEMS["loinc"], "code": loinc, **({"display": name} if name else {})}
    return {**({"coding": [coding]} if loinc else {}), "text": text}


def observation(given: dict[str, str], setting: Setting, terms: Terminology) -> Resource:
    """A measurement that a person made or read, under that person's name."""
    named, value, unit = given.get("what") or "", given.get("value"), given.get("unit")
    concept = measured_concept(named, terms)
    label = given.get("label") or (concept.name if concept else named)
    body: Resource = {
        "resourceType": "Observation",
        "status": given.get("status"),
        "category": [_category(given.get("category") or _kind(concept))],
        "code": _code(label, _loinc(concept), concept.name if concept else None) if named else None,
        "subject": {"reference": f"Patient/{setting.patient}"},
        "encounter": {"reference": setting.encounter} if setting.encounter else None,
        "effectiveDateTime": given.get("when"),
        "issued": setting.at if "T" in setting.at else None,
        "performer": [{"display": setting.by}] if setting.by else None,
        "note": [{"text": given["note"]}] if given.get("note") else None,
    }
    pair = _PAIR.fullmatch(value or "")
    if pair:
        parts = (("systolic_bp", pair[1]), ("diastolic_bp", pair[2]))
        body["component"] = [
            {
                "code": _code(terms.get(name).name, VITALS[name][0]),
                "valueQuantity": _quantity(number_, unit or VITALS[name][1]),
            }
            for name, number_ in parts
        ]
    elif value:
        body["valueQuantity"] = _quantity(value, unit)
    return body


def _kind(concept: Concept | None) -> str:
    return "vital-signs" if concept is not None and concept.id in VITALS else "laboratory"


def _category(code: str) -> Resource:
    display = {"vital-signs": "Vital Signs", "laboratory": "Laboratory", "exam": "Exam", "survey": "Survey"}.get(code)
    return {"coding": [{"system": f"{_TERMS}/observation-category", "code": code, "display": display}]}


def communication(given: dict[str, str], setting: Setting) -> Resource:
    """A message. Osler sends nothing: it stands in the record until a person marks it sent."""
    text = given.get("text")
    return {
        "resourceType": "Communication",
        "status": given.get("status"),
        "priority": given.get("priority"),
        "subject": {"reference": f"Patient/{setting.patient}"},
        "encounter": {"reference": setting.encounter} if setting.encounter else None,
        "sent": setting.at if given.get("status") == "completed" else None,
        "recipient": [{"display": given["recipient"]}] if given.get("recipient") else None,
        "sender": {"display": setting.by} if setting.by else None,
        "about": [{"reference": target} for target in setting.support],
        "payload": [{"contentString": text}] if text else None,
    }


def composition(given: dict[str, str], setting: Setting) -> Resource:
    """A text as a Composition of one section."""
    text, title = given.get("text"), given.get("title")
    escaped = html.escape(text or "", quote=False).replace("\n", "<br/>")
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{escaped}</p></div>'
    section: Resource = {"title": title, "text": {"status": "additional", "div": div}}
    if setting.support:
        section["entry"] = [{"reference": target} for target in setting.support]
    return {
        "resourceType": "Composition",
        "status": given.get("status"),
        "type": {"coding": [{"system": SYSTEMS["loinc"], "code": "51847-2"}], "text": "Evaluation + Plan note"},
        "subject": {"reference": f"Patient/{setting.patient}"},
        "encounter": {"reference": setting.encounter} if setting.encounter else None,
        "date": setting.at,
        "author": [{"type": "Device", "display": "Osler"}],
        "attester": [{"mode": "professional", "time": setting.at, "party": {"display": setting.by}}]
        if setting.by
        else None,
        "title": title,
        "section": [section] if text else None,
    }


def in_words(resource: Resource) -> str:
    """A draft of this page as a clinician would say it."""
    kind = resource["resourceType"]
    if kind == "Communication":
        to = next((row.get("display") for row in resource.get("recipient") or []), "recipient not given")
        text = next((row.get("contentString") for row in resource.get("payload") or []), "no text")
        return f"Message ({resource.get('status')}) to {to}: {text}"
    if kind == "Composition":
        return f"Document: {resource.get('title') or 'no title'} ({resource.get('status')})"
    parts = [row["valueQuantity"] for row in resource.get("component") or []]
    parts = parts or ([resource["valueQuantity"]] if resource.get("valueQuantity") else [])
    shown = "/".join(f"{row.get('comparator', '')}{row['value']}" for row in parts) or "no value"
    said = str(parts[0].get("unit", "")) if parts else ""
    unit = f" {said}" if said not in ("", "1") else ""
    name = (resource.get("code") or {}).get("text") or "what was measured is not given"
    return f"Record {name} {shown}{unit}, {resource.get('effectiveDateTime') or 'time not given'}"
