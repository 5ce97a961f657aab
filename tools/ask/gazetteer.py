"""Names a record itself uses: what its results, drugs, diagnoses, procedures, specimens and places are called.

A question's words are looked up among them, longest first, before anything is guessed. A name of the store that the
patient's record lacks is still a name: then "none recorded" is an answer, which it is not about an unknown word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from knowledge.linker import singular
from knowledge.words import fold
from tools.ask.cohort_events import observation_kind
from tools.ask.lexicon import lexicon
from tools.ask.query import Kind
from tools.ehr.compartment import walk
from tools.ehr.elements import words
from tools.ehr.fhirjson import Resource, loads
from tools.ehr.record import PatientRecord
from tools.ehr.store.store import Store

_TOKEN = re.compile(r"[a-z]+|\d*\.\d+|\d+|[^\sa-z0-9]")
READ: dict[str, tuple[Kind, str]] = {
    "Condition": ("condition", "code"),
    "Procedure": ("procedure", "code"),
    "MedicationRequest": ("prescription", "medicationCodeableConcept"),
    "MedicationStatement": ("prescription", "medicationCodeableConcept"),
    "MedicationAdministration": ("administration", "medicationCodeableConcept"),
    "AllergyIntolerance": ("allergy", "code"),
    "Immunization": ("immunisation", "vaccineCode"),
    "Observation": ("result", "code"),
    "Encounter": ("stay", "type"),
}
# One row for each different wording: type, the element that names, category, specimen, places, admission source, route.
_DISTINCT = """
SELECT DISTINCT type, json_extract(body, '$.' || CASE type WHEN 'Immunization' THEN 'vaccineCode' WHEN 'Encounter'
  THEN 'type' WHEN 'Condition' THEN 'code' WHEN 'Procedure' THEN 'code' WHEN 'Observation' THEN 'code'
  WHEN 'AllergyIntolerance' THEN 'code' ELSE 'medicationCodeableConcept' END),
  CASE type WHEN 'Observation' THEN json_extract(body, '$.category') END,
  CASE type WHEN 'Observation' THEN json_extract(body, '$.specimen.display') END,
  CASE type WHEN 'Encounter' THEN json_extract(body, '$.hospitalization.admitSource') END,
  CASE type WHEN 'MedicationRequest' THEN json_extract(body, '$.dosageInstruction[0].route') END
FROM (SELECT json_extract(body, '$.resourceType') AS type, body FROM resource)
WHERE type IN ('Condition', 'Procedure', 'MedicationRequest', 'MedicationStatement',
  'MedicationAdministration', 'AllergyIntolerance', 'Immunization', 'Observation', 'Encounter')
"""
_PLACES = """
SELECT DISTINCT json_extract(place.value, '$.location.display'), json_extract(place.value, '$.physicalType')
FROM resource, json_each(resource.body, '$.location') AS place
WHERE json_extract(resource.body, '$.resourceType') = 'Encounter'
"""
_CACHE: dict[tuple[Any, ...], Gazetteer] = {}


@dataclass(frozen=True)
class Held:
    """A name in a question: where, as recorded, and of which kinds; `route` and `via` are kinds of their own here."""

    start: int
    end: int
    names: tuple[str, ...]
    kinds: frozenset[str]


@dataclass
class Gazetteer:
    """Names by their words."""

    names: dict[tuple[str, ...], dict[str, set[str]]] = field(default_factory=dict)
    longest: int = 1

    def add(self, name: str, kind: str) -> None:
        """A name of a kind; one without a letter or of one letter names nothing."""
        name = " ".join(name.split())
        key = tuple(_keys(name))
        if not key or len(name) < 2 or not any(part[0].isalpha() for part in key):
            return
        self.names.setdefault(key, {}).setdefault(name, set()).add(kind)
        self.longest = max(self.longest, len(key))

    def add_all(self, other: Gazetteer) -> None:
        """The names of another."""
        for key, found in other.names.items():
            for name, kinds in found.items():
                self.names.setdefault(key, {}).setdefault(name, set()).update(kinds)
        self.longest = max(self.longest, other.longest)

    def find(self, text: str) -> list[Held]:
        """Every name in lower-case text that is inside no longer one; left to right."""
        parts = [match for match in _TOKEN.finditer(text) if match.group()[-1].isalnum()]
        keys = [_key(match.group()) for match in parts]
        found: list[Held] = []
        for size in range(min(self.longest, len(keys)), 0, -1):
            for at in range(len(keys) - size + 1):
                hit = self.names.get(tuple(keys[at : at + size]))
                if hit is None:
                    continue
                start, end = parts[at].start(), parts[at + size - 1].end()
                if (start and text[start - 1].isalnum()) or (end < len(text) and text[end].isalnum()):
                    continue
                if any(start < other.end and other.start < end for other in found):
                    continue
                names = _nearest(hit, text, start, end)
                kinds = frozenset(kind for name in names for kind in hit[name])
                found.append(Held(start, _to(names, text, start, end), tuple(names), kinds))
        return sorted(found, key=lambda item: item.start)

    def of_kind(self, *kinds: str) -> Iterator[str]:
        """The names of some kinds."""
        for hit in self.names.values():
            for name, held in hit.items():
                if held & set(kinds):
                    yield name


def _key(part: str) -> str:
    return f"{float(part):g}" if part[-1].isdigit() else singular(fold(part))


def _keys(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(text.lower()):
        if match.group()[-1].isalnum():
            yield _key(match.group())


def _marks(text: str) -> str:
    return "".join(text.lower().split())


def _nearest(hit: dict[str, set[str]], text: str, start: int, end: int) -> list[str]:
    """Of names that differ only in signs, those written as the question writes them."""
    if len(hit) == 1:
        return list(hit)
    around = _marks(text[max(0, start - 3) : end + 4])
    exact = [name for name in hit if _marks(name) in around]
    best = max((len(_marks(name)) for name in exact), default=0)
    return [name for name in exact if len(_marks(name)) == best] or list(hit)


def _to(names: list[str], text: str, start: int, end: int) -> int:
    """The end of a name with the signs that belong to it ("96+ hrs", "(iv)")."""
    while (
        end < len(text)
        and text[end] in ")]%+#"
        and any(_marks(text[start : end + 1]) in _marks(name) for name in names)
    ):
        end += 1
    return end


def texts(concept: Any) -> set[str]:
    """How a CodeableConcept (or several) reads: text and displays."""
    found: set[str] = set()
    for item in concept if isinstance(concept, list) else [concept]:
        if isinstance(item, dict):
            found.add(words(item))
            found.update(str(text) for text in walk(item, "coding.display"))
    return found - {""}


def _fill(gazetteer: Gazetteer, row: Resource) -> None:
    kind, element = READ[str(row["resourceType"])]
    if row["resourceType"] == "Observation":
        kind = observation_kind(row)
    for text in texts(row.get(element)) if kind != "stay" else ():
        if kind != "culture" or not lexicon()["kinds"]["culture"].fullmatch(text.lower()):
            gazetteer.add(text, kind)
    if row["resourceType"] == "Observation":
        for component in row.get("component") or []:
            for text in texts(component.get("code")):
                gazetteer.add(text, kind)
        specimen = row.get("specimen")
        if kind == "culture" and isinstance(specimen, dict) and specimen.get("display"):
            gazetteer.add(str(specimen["display"]), "culture")
    for path, as_kind in (("hospitalization.admitSource", "via"), ("dosageInstruction.route", "route")):
        for found in walk(row, path):
            for text in texts(found):
                gazetteer.add(text, as_kind)
    for place in row.get("location") or [] if row["resourceType"] == "Encounter" else []:
        level = words(place.get("physicalType")).casefold()
        name = str((place.get("location") or {}).get("display") or "")
        is_ward = level in ("ward", "wa") or name.casefold().startswith("ward ")
        gazetteer.add(name, "ward" if is_ward else "careunit")


async def of_record(record: PatientRecord) -> Gazetteer:
    """The names of one patient's record."""
    found = Gazetteer()
    for kind in READ:
        if kind.startswith("Medication"):
            continue
        for entry in (await record.slice(kind)).entries:
            _fill(found, entry.resource)
    for entry in (await record.medications()).entries:
        found.add(entry.text, "prescription")
        _fill(found, entry.resource)
    return found


def of_store(store: Store | None, limit: int | None = None) -> Gazetteer:
    """The names of an embedded store, read once for each state of it; of another server none are known.

    Args:
        limit: a store of more resources is not read through (for one patient, the names of the record do).
    """
    if store is None:
        return Gazetteer()
    state = store.rows("SELECT count(*), max(rid), max(updated) FROM resource")[0]
    if limit is not None and state[0] > limit:
        return Gazetteer()
    where = store.rows("PRAGMA database_list")[0][2] or id(store)
    key = (where, *state)
    if key in _CACHE:
        return _CACHE[key]
    rows, places = store.rows(_DISTINCT), store.rows(_PLACES)
    found = Gazetteer()
    for type_, code, category, specimen, source, route in rows:
        element = READ[type_][1]
        row: Resource = {"resourceType": type_, element: _json(code)}
        if category:
            row["category"] = _json(category)
        if specimen:
            row["specimen"] = {"display": specimen}
        if source:
            row["hospitalization"] = {"admitSource": _json(source)}
        if route:
            row["dosageInstruction"] = [{"route": _json(route)}]
        _fill(found, row)
    for name, level in places:
        if name:
            place = {"location": {"display": name}, "physicalType": _json(level)}
            _fill(found, {"resourceType": "Encounter", "location": [place]})
    _CACHE.clear()
    _CACHE[key] = found
    return found


def _json(text: Any) -> Any:
    if not isinstance(text, str) or text[:1] not in "[{":
        return text
    return loads(f'{{"x":{text}}}')["x"]
