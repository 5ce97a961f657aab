"""Drafts of resources: what a form asks for, the resource its answers make, and how that reads and differs.

Nothing is filled in that nobody said: a dose, a frequency, a code or a date is the clinician's, or is asked for. Codes
come from the terminology, and only where a concept has one code of the system; otherwise the resource carries words.
"""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from knowledge.coding import SYSTEMS
from knowledge.terminology import Concept, Terminology
from tools.ehr.elements import words
from tools.ehr.fhirjson import Resource
from tools.ehr.writes.drafts_dose import dosage
from tools.ehr.writes.drafts_more import check_value, communication, composition, observation, unit_of
from tools.ehr.writes.drafts_more import in_words as say_more
from tools.errors import BadInput

Action = Literal[
    "start", "order", "stop", "change", "request", "problem", "note", "observe", "tell", "document", "measured"
]  # fmt: skip
KINDS: dict[Action, str] = {
    "start": "MedicationRequest",
    "order": "MedicationRequest",
    "stop": "MedicationRequest",
    "change": "MedicationRequest",
    "request": "ServiceRequest",
    "problem": "Condition",
    "note": "DocumentReference",
    "observe": "Observation",
    "tell": "Communication",
    "document": "Composition",
    "measured": "Observation",
}
DRAFT = "urn:osler:draft"
"""System of the identifier by which a written resource is found again."""
MOST_TEXT, MOST_NOTE = 500, 200_000
_TERMS = "http://terminology.hl7.org/CodeSystem"
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?)?)?")
_STATUS, _INTENT = ("draft", "active"), ("order", "proposal", "plan")


@dataclass(frozen=True)
class Blank:
    """One field of a form."""

    name: str
    label: str
    required: bool = False
    choices: tuple[str, ...] = ()
    default: str | None = None
    kind: Literal["text", "date", "long"] = "text"


_ORDER = (
    Blank("status", "Status in the record", True, _STATUS, "draft"),
    Blank("intent", "Intent", True, _INTENT, "order"),
)
_DOSE = (Blank("dose", "Dose", True), Blank("timing", "How often, and for how long", True))
_HOW = (Blank("route", "Route"), Blank("over", "Given over, or rate"))
_PRIORITY = Blank("priority", "Priority", choices=("routine", "urgent", "asap", "stat"))
_WHY = (Blank("reason", "Reason"), Blank("note", "Note", kind="long"))
_CODE = Blank("coding", "Code (system|code)")
FORMS: dict[Action, tuple[Blank, ...]] = {
    "start": (Blank("medication", "Drug", True), *_DOSE, *_HOW, *_ORDER, *_WHY),
    "order": (Blank("drug", "Drug", True), _CODE, *_DOSE, *_HOW, _PRIORITY, *_ORDER, *_WHY),
    "stop": (Blank("status", "Stop for good, or hold", True, ("stopped", "on-hold")), Blank("reason", "Reason", True)),
    "change": (*_DOSE, Blank("reason", "Reason", True)),
    "request": (
        Blank("what", "What is asked for", True),
        _CODE,
        Blank("when", "When", kind="date"),
        _PRIORITY,
        *_ORDER,
        *_WHY,
    ),
    "problem": (
        Blank("condition", "Diagnosis", True),
        Blank("code", "Code"),
        Blank("verification", "How sure", True, ("confirmed", "provisional", "differential", "unconfirmed")),
        Blank("onset", "Since when", kind="date"),
        Blank("note", "Note"),
    ),
    "note": (Blank("title", "Title", True), Blank("text", "Text", True, kind="long")),
    "observe": (
        Blank("what", "What was measured", True),
        Blank("value", "Value", True),
        Blank("unit", "Unit", True),
        Blank("when", "When", True, kind="date"),
        Blank("category", "Kind", choices=("vital-signs", "laboratory", "exam", "survey")),
        Blank("status", "Status", True, ("final", "preliminary"), "final"),
        Blank("label", "Name in the flowsheet"),
        Blank("note", "Note", kind="long"),
    ),
    "tell": (
        Blank("recipient", "To whom", True),
        Blank("text", "Text", True, kind="long"),
        _PRIORITY,
        Blank("status", "Status", True, ("preparation", "completed"), "preparation"),
    ),
    "document": (
        Blank("title", "Title", True),
        Blank("text", "Text", True, kind="long"),
        Blank("status", "Status", True, ("preliminary", "final"), "preliminary"),
    ),
    # Of a measure on an image (agent.draft_imaging): the value is corrected where it was measured, never here.
    "measured": (
        Blank("accepted", "What it was measured on was looked at on the image, and accepted", True, ("yes",)),
        Blank("when", "When the image was taken", True, kind="date"),
        Blank("status", "Status", True, ("preliminary", "final"), "preliminary"),
        Blank("note", "Note", kind="long"),
    ),
}


def form(action: Action, terms: Terminology, drugs: list[str], *, dated: bool = False) -> list[Blank]:
    """The fields of an action; the drugs of the step are the only ones to choose from.

    Args:
        dated: the step is to be done at a time, which must then be given.
    """
    blanks = []
    for blank in FORMS[action]:
        if blank.name == "medication":
            blank = Blank(blank.name, blank.label, True, tuple(members(terms, drugs)))
        elif blank.name == "when" and dated:
            blank = Blank(blank.name, blank.label, True, kind="date")
        blanks.append(blank)
    return blanks


def members(terms: Terminology, drugs: list[str]) -> list[str]:
    """Ids of the medications that drugs or classes stand for."""
    found = [item for drug in drugs if drug in terms for item in terms.expand(drug)]
    return list(dict.fromkeys(item.id for item in found if item.kind == "medication"))


def accept(blank: Blank, text: str, terms: Terminology) -> str | None:
    """A value as it goes into a field; empty takes it back.

    Raises:
        BadInput: it does not fit the field.
    """
    value = text.strip()
    if not value:
        return None
    if blank.name == "medication" and value not in blank.choices:
        value = next((name for name in blank.choices if terms.get(name).name.lower() == value.lower()), value)
    if blank.choices and value not in blank.choices:
        raise BadInput(
            f"{blank.label}: {value!r} is not one of them",
            found=value,
            expected=", ".join(blank.choices),
            action="choose one of these",
        )
    if blank.kind == "date" and not _DATE.fullmatch(value):
        raise BadInput(
            f"{blank.label}: {value!r} is not a date",
            found=value,
            expected="YYYY-MM-DD, or a time with its zone",
            action="correct the date",
        )
    if blank.name in _READ:
        value = _READ[blank.name](value)
    most = MOST_NOTE if blank.kind == "long" else MOST_TEXT
    if len(value) > most:
        raise BadInput(f"{blank.label} is too long", found=f"{len(value)} characters", expected=f"at most {most}")
    return value if blank.kind == "long" else " ".join(value.split())


def code_of(text: str) -> str:
    """A code as `system|code`; the system by its prefix here (`loinc|2823-3`) or its URI.

    Raises:
        BadInput: it names no system or no code.
    """
    system, _, code = text.rpartition("|")
    uri = CODE_SYSTEMS.get(system.strip().lower(), system.strip())
    if not code.strip() or not re.match(r"(https?://|urn:)\S+$", uri):
        raise BadInput(
            f"{text!r} is not a code with its system",
            found=text,
            expected=f"system|code, the system a URI or one of {', '.join(CODE_SYSTEMS)}",
            action="correct the code",
        )
    return f"{uri}|{code.strip()}"


# http://hl7.org/fhir/sid/ndc, http://www.ama-assn.org/go/cpt: hl7.org/fhir/R4/terminologies-systems.html
CODE_SYSTEMS = {**SYSTEMS, "ndc": "http://hl7.org/fhir/sid/ndc", "cpt": "http://www.ama-assn.org/go/cpt"}
_READ: dict[str, Callable[[str], str]] = {"value": check_value, "unit": unit_of, "coding": code_of}


def coded(concept: Concept, system: str) -> Resource:
    """A concept as a CodeableConcept: its words, and its code where it has exactly one of the system."""
    uri = SYSTEMS[system]
    codes = [coding.code for coding in concept.codings if coding.system == uri and not coding.code.endswith("*")]
    body: Resource = {"text": concept.name}
    if len(codes) == 1:
        body["coding"] = [{"system": uri, "code": codes[0]}]
    return body


def choices_of(concept: Concept | None) -> tuple[str, ...]:
    """The SNOMED CT codes of a concept that has several: one of them has to be chosen, or none."""
    codes = [coding.code for coding in concept.codings if coding.system == SYSTEMS["snomed"]] if concept else []
    return tuple(codes) if len(codes) > 1 else ()


def concept_named(text: str, terms: Terminology) -> Concept | None:
    """The condition that a clinician's word names exactly (id, name or synonym)."""
    wanted = text.casefold()
    for concept in terms.concepts.values():
        if concept.kind in ("condition", "symptom") and wanted in (
            concept.id,
            *(word.casefold() for word in concept.words),
        ):
            return concept
    return None


@dataclass(frozen=True)
class Setting:
    """What a draft is made within: patient, clock, the step it carries out and what that rests on."""

    patient: str
    at: str
    text: str
    support: tuple[str, ...] = ()
    encounter: str | None = None
    signed: bool = False
    by: str | None = None


def build(
    action: Action, given: dict[str, str], setting: Setting, terms: Terminology, old: Resource | None
) -> Resource:
    """The resource that the fields given so far make; a field that is missing is missing in it."""
    body = _BUILDERS[action](given, setting, terms, copy.deepcopy(old or {}))
    return {key: value for key, value in body.items() if value not in (None, [], {}, "")}


def _references(targets: tuple[str, ...]) -> list[Resource]:
    return [{"reference": target} for target in targets]


def _order(kind: str, given: dict[str, str], setting: Setting) -> Resource:
    support = "supportingInformation" if kind == "MedicationRequest" else "supportingInfo"
    notes = [{"text": text} for text in (setting.text, given.get("note")) if text]
    return {
        "resourceType": kind,
        "status": given.get("status"),
        "intent": given.get("intent"),
        "subject": {"reference": f"Patient/{setting.patient}"},
        "encounter": {"reference": setting.encounter} if setting.encounter else None,
        "authoredOn": setting.at,
        "requester": {"display": setting.by} if setting.by else None,
        "reasonCode": [{"text": given["reason"]}] if given.get("reason") else None,
        support: _references(setting.support),
        "note": notes,
    }


def _concept(words_: str | None, code: str | None) -> Resource | None:
    """Words and a code that a person gave, as they were given."""
    if not words_:
        return None
    system, _, value = (code or "").rpartition("|")
    return {**({"coding": [{"system": system, "code": value}]} if value else {}), "text": words_}


def _ordered(given: dict[str, str], setting: Setting, terms: Terminology, old: Resource) -> Resource:
    body = _order("MedicationRequest", given, setting) | {"priority": given.get("priority")}
    body["medicationCodeableConcept"] = _concept(given.get("drug"), given.get("coding"))
    return body | {"dosageInstruction": dosage(given)}


def _start(given: dict[str, str], setting: Setting, terms: Terminology, old: Resource) -> Resource:
    body = _order("MedicationRequest", given, setting)
    drug = given.get("medication")
    body["medicationCodeableConcept"] = coded(terms.get(drug), "rxnorm") if drug else None
    return body | {"dosageInstruction": dosage(given)}


def _stop(given: dict[str, str], setting: Setting, terms: Terminology, old: Resource) -> Resource:
    reason = {"text": given["reason"]} if given.get("reason") else None
    many = old.get("resourceType") == "MedicationStatement"
    return {**old, "status": given.get("status") or old.get("status"), "statusReason": [reason] if many else reason}


def _change(given: dict[str, str], setting: Setting, terms: Terminology, old: Resource) -> Resource:
    place = "dosage" if old.get("resourceType") == "MedicationStatement" else "dosageInstruction"
    notes = [*old.get("note", []), *([{"text": given["reason"]}] if given.get("reason") else [])]
    return {**old, place: dosage(given) or old.get(place), "note": notes}


def _request(given: dict[str, str], setting: Setting, terms: Terminology, old: Resource) -> Resource:
    body = _order("ServiceRequest", given, setting) | {"priority": given.get("priority")}
    body["code"] = _concept(given.get("what"), given.get("coding"))
    return body | {"occurrenceDateTime": given.get("when")}


def _problem(given: dict[str, str], setting: Setting, terms: Terminology, old: Resource) -> Resource:
    named = given.get("condition")
    concept = concept_named(named, terms) if named else None
    code: Resource | None = coded(concept, "snomed") if concept else ({"text": named} if named else None)
    if code and given.get("code"):
        code["coding"] = [{"system": SYSTEMS["snomed"], "code": given["code"]}]
    sure = given.get("verification")
    status = {"coding": [{"system": f"{_TERMS}/condition-ver-status", "code": sure}]} if sure else None
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"system": f"{_TERMS}/condition-clinical", "code": "active"}]},
        "verificationStatus": status,
        "category": [{"coding": [{"system": f"{_TERMS}/condition-category", "code": "problem-list-item"}]}],
        "code": code,
        "subject": {"reference": f"Patient/{setting.patient}"},
        "encounter": {"reference": setting.encounter} if setting.encounter else None,
        "onsetDateTime": given.get("onset"),
        "recordedDate": setting.at,
        "recorder": {"display": setting.by} if setting.by else None,
        "evidence": [{"detail": _references(setting.support)}] if setting.support else None,
        "note": [{"text": text} for text in (setting.text, given.get("note")) if text],
    }


def _note(given: dict[str, str], setting: Setting, terms: Terminology, old: Resource) -> Resource:
    text = given.get("text") or ""
    data = base64.b64encode(text.encode()).decode()
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "docStatus": "final" if setting.signed else "preliminary",
        # The type that Osler's FHIR document has as well (agent/export.py).
        "type": {"coding": [{"system": SYSTEMS["loinc"], "code": "51847-2"}], "text": "Evaluation + Plan note"},
        "subject": {"reference": f"Patient/{setting.patient}"},
        "date": setting.at if "T" in setting.at else f"{setting.at}T00:00:00Z",
        "author": [{"display": "Osler"}],
        "authenticator": {"display": setting.by} if setting.by else None,
        "description": given.get("title"),
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data}}] if text else None,
        "context": {"encounter": [{"reference": setting.encounter}]} if setting.encounter else None,
    }


_BUILDERS: dict[str, Callable[[dict[str, str], Setting, Terminology, Resource], Resource]] = {
    "start": _start,
    "stop": _stop,
    "change": _change,
    "request": _request,
    "problem": _problem,
    "note": _note,
    "order": _ordered,
    "observe": lambda given, setting, terms, old: observation(given, setting, terms),
    "tell": lambda given, setting, terms, old: communication(given, setting),
    "document": lambda given, setting, terms, old: composition(given, setting),
}


def carries(resource: Resource, identifier: str | None = None) -> bool:
    """Whether Osler wrote it (this draft of it, where one is named)."""
    held = resource.get("identifier")
    return any(
        isinstance(row, dict) and row.get("system") == DRAFT and identifier in (None, row.get("value"))
        for row in (held if isinstance(held, list) else [held])
    )


# -- reading a draft -------------------------------------------------------------------------------------------------


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a resource with their paths; attachments as the text they hold."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(item, f"{path}[{number}]")
    elif path.endswith(".data") and isinstance(value, str):
        yield path, _opened(value)
    else:
        yield path, value


def _opened(data: str) -> str:
    try:
        text = base64.b64decode(data).decode()
    except ValueError:
        return f"{len(data)} characters of base64"
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]} … ({len(text)} characters)"


def difference(old: Resource | None, new: Resource) -> list[dict[str, Any]]:
    """Field by field, what is otherwise: `{path, before, after}`."""
    before, after = dict(leaves(old or {})), dict(leaves(new))
    skipped = ("resourceType", "id", "meta.versionId", "meta.lastUpdated")
    return [
        {"path": path, "before": before.get(path), "after": after.get(path)}
        for path in dict.fromkeys([*before, *after])
        if path not in skipped and before.get(path) != after.get(path)
    ]


def in_words(action: Action, resource: Resource, old: Resource | None) -> str:
    """A draft as a clinician would say it."""
    drug = words((old or resource).get("medicationCodeableConcept")) or str(
        ((old or resource).get("medicationReference") or {}).get("display") or "drug not chosen"
    )
    dose = next((str(row.get("text")) for row in resource.get("dosageInstruction") or [] if row.get("text")), "")
    state = f"{resource.get('intent', 'order')}, {resource.get('status', 'status not chosen')}"
    if action in ("observe", "tell", "document"):
        return say_more(resource)
    if action == "measured":
        return f"{say_more(resource)} ({resource.get('status')})"
    if action in ("start", "order"):
        return f"New medication ({state}): {drug}, {dose or 'dose not given'}"
    if action == "stop":
        status = resource.get("status")
        chosen = status if status != (old or {}).get("status") else "stop or hold not chosen"
        return f"{ {'stopped': 'Stop', 'on-hold': 'Hold'}.get(str(chosen), str(chosen)) }: {drug}"
    if action == "change":
        was = next((str(row.get("text")) for row in (old or {}).get("dosageInstruction") or []), "no dose recorded")
        return f"Change the dose of {drug}: from {was} to {dose if dose != was else 'a dose not given'}"
    if action == "request":
        when = f", {resource['occurrenceDateTime']}" if resource.get("occurrenceDateTime") else ""
        return f"Request ({state}): {words(resource.get('code')) or 'not said'}{when}"
    if action == "problem":
        sure = next((row.get("code") for row in (resource.get("verificationStatus") or {}).get("coding", [])), None)
        return f"Problem list: {words(resource.get('code')) or 'diagnosis not said'} ({sure or 'not said how sure'})"
    return f"Note: {resource.get('description') or 'no title'} ({resource.get('docStatus')})"
