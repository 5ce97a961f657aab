"""The medication of a record, reconciled: orders, statements, doses given and drugs handed out, drug by drug.

The same drug is recognised by its ingredient (codes, then words of the terminology), else by its code, else by its
name as written. What agrees is one row; what does not is said, and nothing is decided: who takes what is for the
clinician to settle.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from knowledge.terminology import Terminology
from tools.ehr.compartment import local_reference, walk
from tools.ehr.dates import latest
from tools.ehr.elements import words
from tools.ehr.facts.dosage import Dosage, dosages_of
from tools.ehr.record import Entry, PatientRecord, Slice, concepts_of
from tools.notes import linker_for

_LOCAL = re.compile(
    r"\b(?:cream|ointment|gel|lotion|shampoo|topical|cutaneous|eye|ear|ophthalmic|otic|nasal|vaginal|mouthwash)\b",
    re.IGNORECASE,
)
_DRUGS = ("medication", "substance")
Key = tuple[str, ...]


@dataclass
class Drug:
    """One drug with everything the record has of it, each newest first. `refused`: what does not count as a fact."""

    key: Key
    name: str
    orders: list[Entry] = field(default_factory=list)
    statements: list[Entry] = field(default_factory=list)
    given: list[Entry] = field(default_factory=list)
    dispensed: list[Entry] = field(default_factory=list)
    refused: list[Entry] = field(default_factory=list)

    @property
    def current(self) -> list[Entry]:
        """Orders and statements that hold now."""
        return [entry for entry in (*self.orders, *self.statements) if entry.verdict.current]

    @property
    def last_given(self) -> Entry | None:
        """The newest dose that was given or is running."""
        return self.given[0] if self.given else None

    @property
    def not_given(self) -> list[Entry]:
        """Doses charted as not given, newest first."""
        return [entry for entry in self.refused if entry.type == "MedicationAdministration" and _skipped(entry)]

    def conflicts(self, record: PatientRecord, *, charted: bool) -> Iterator[str]:
        """Where the sources do not agree. `charted`: doses given are recorded here at all."""
        active = [entry for entry in self.orders if entry.verdict.current]
        taken = [entry for entry in self.statements if entry.verdict.current]
        denied = [entry for entry in self.refused if entry.verdict.reason == "not taken"]
        barred = [entry for entry in self.refused if entry.verdict.reason == "do not perform"]
        if active and denied:
            yield f"ordered, but said not to be taken{_on(denied[0])}"
        if barred and (self.current or self.given):
            yield "ordered not to be given, and on the list or given all the same"
        if charted and active and not self.given and not all(_needed(entry) for entry in active):
            skipped = f"; charted as not given{_on(self.not_given[0])}" if self.not_given else ""
            yield f"ordered{_on(active[-1])}, no dose recorded as given{skipped}"
        names = {entry.reference for entry in (*self.orders, *self.refused) if entry.type == "MedicationRequest"}
        stray = [entry for entry in self.given if not self._ordered(entry, record, names)]
        if stray:
            yield f"given without an order in the record{_on(stray[0])}"
        ended = [entry for entry in self.orders if not entry.verdict.current]
        if ended and not active and taken and _newer(taken[0], ended[0]):
            yield f"order {ended[0].verdict.flags[0]}, but said to be taken{_on(taken[0])}"
        if not self.orders and taken:
            yield "only stated, no order in the record"
        if self.dispensed and not self.orders and not self.statements:
            yield f"handed out{_on(self.dispensed[0])} without an order or statement in the record"
        yield from self._differ(active, taken)

    def _ordered(self, dose: Entry, record: PatientRecord, names: set[str]) -> bool:
        """Whether a dose belongs to an order: the one it names, else one of the drug that was not written later."""
        named = local_reference(dose.resource.get("request"), record.client.base)
        if named and "/".join(named) in names:
            return True
        last = latest(dose.at)
        return any(entry.moment is None or last is None or entry.moment <= last for entry in self.orders)

    def _differ(self, active: list[Entry], taken: list[Entry]) -> Iterator[str]:
        """Dose or route of what holds now, where an order and a statement say different things."""
        for order in active[:1]:
            for statement in taken[:1]:
                ours, theirs = dosage_of(order), dosage_of(statement)
                if (
                    ours.dose
                    and theirs.dose
                    and ours.dose.unit == theirs.dose.unit
                    and ours.dose.value != theirs.dose.value
                ):
                    yield f"dose ordered {ours.dose_text}, stated {theirs.dose_text}"
                if ours.route and theirs.route and ours.route.casefold() != theirs.route.casefold():
                    yield f"route ordered {ours.route}, stated {theirs.route}"
        routes = dict.fromkeys(dosage_of(entry).route for entry in active if dosage_of(entry).route)
        if len(routes) > 1:
            yield f"ordered by several routes: {', '.join(routes)}"
        if len(active) > 1:
            yield f"{len(active)} current orders"


def dosage_of(entry: Entry) -> Dosage:
    """The first dosage of an entry; several are joined in its text."""
    found = dosages_of(entry.resource)
    if len(found) < 2:
        return found[0] if found else Dosage()
    return Dosage(
        "; ".join(item.shown for item in found if item.shown), as_needed=all(item.as_needed for item in found)
    )


def _needed(entry: Entry) -> bool:
    return dosage_of(entry).as_needed


def _skipped(entry: Entry) -> bool:
    return entry.resource.get("status") == "not-done"


def _on(entry: Entry) -> str:
    return f" on {entry.at[:10]}" if entry.at else ""


def _newer(one: Entry, other: Entry) -> bool:
    return bool(one.moment and other.moment and one.moment >= other.moment)


def why_not(entry: Entry) -> str:
    """Why a dose was not given, in the record's words."""
    return ", ".join(words(item) for item in walk(entry.resource, "statusReason") if words(item))


def key_of(record: PatientRecord, entry: Entry) -> Key:
    """What a drug is known by: its ingredients, else its code, else its name; local forms stay apart."""
    terms = record.terminology
    found = {concept for coding in entry.codings for concept in concepts_of(terms, coding)}
    found = {concept for concept in found if terms.get(concept).kind in _DRUGS}
    if not found and entry.text:
        found = _named(terms, entry.text)
    route = " ".join(item.route for item in dosages_of(entry.resource))
    local = ("local",) if _LOCAL.search(f"{entry.text} {route}") else ()
    if found:
        return (*sorted(found), *local)
    if entry.codings:
        return (entry.codings[0].short, *local)
    return (" ".join(entry.text.casefold().split()) or entry.reference, *local)


@functools.lru_cache(maxsize=4096)
def _named(terms: Terminology, text: str) -> set[str]:
    """The drugs that words name."""
    return {
        mention.concept
        for mention in linker_for(terms).link(text)
        if mention.how != "typo" and terms.get(mention.concept).kind in _DRUGS
    }


@dataclass
class MedicationList:
    """All drugs, those that are current first, with the slices they were read from."""

    drugs: list[Drug]
    parts: dict[str, Slice]

    @property
    def charted(self) -> bool:
        """Whether doses given are recorded in this record at all."""
        part = self.parts["MedicationAdministration"]
        return bool(part.entries) or any(_skipped(entry) for entry in part.rejected)

    @property
    def problems(self) -> list[str]:
        """Why the list may be incomplete."""
        return list(dict.fromkeys(text for part in self.parts.values() for text in part.problems))


_PLACE = {
    "MedicationRequest": "orders",
    "MedicationStatement": "statements",
    "MedicationAdministration": "given",
    "MedicationDispense": "dispensed",
}


async def medication_list(record: PatientRecord) -> MedicationList:
    """Read all four kinds and join what is the same drug.

    Raises:
        UpstreamError: the server failed.
    """
    parts = {kind: await record.slice(kind) for kind in _PLACE}
    drugs: dict[Key, Drug] = {}
    for kind, part in parts.items():
        for entry, counts in _all(part):
            if entry.verdict.reason == "entered in error":
                continue
            key = key_of(record, entry)
            drug = drugs.setdefault(key, Drug(key, entry.text or "drug without a name"))
            (getattr(drug, _PLACE[kind]) if counts else drug.refused).append(entry)
    ordered = sorted(drugs.values(), key=lambda drug: (not drug.current, drug.name.casefold()))
    return MedicationList(ordered, parts)


def _all(part: Slice) -> Iterable[tuple[Entry, bool]]:
    yield from ((entry, True) for entry in part.entries)
    yield from ((entry, False) for entry in part.rejected)
