"""Rules of what is commonly due (`care_gaps.yaml`), and what the record holds of it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from knowledge.guideline import CorpusError, read_yaml
from knowledge.quantity import Quantity
from knowledge.terminology import default_terminology
from tools.ehr.compartment import walk
from tools.ehr.facts.results import results_of
from tools.ehr.facts.windows import hours_of
from tools.ehr.reads.imaging import study_text
from tools.ehr.reads.reading import age_days
from tools.ehr.record import Entry, PatientRecord

TYPES = ("Observation", "DiagnosticReport", "Procedure", "ImagingStudy", "Immunization")


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Length(_Rule):
    """A length of time in UCUM."""

    value: float
    unit: str

    @property
    def days(self) -> float:
        """In days."""
        return hours_of(Quantity(self.value, self.unit)) / 24

    @property
    def shown(self) -> str:
        """In words."""
        found = Quantity(self.value, self.unit).display
        return found[:-1] if self.value == 1 else found


class Group(_Rule):
    """What is looked for: any one of its concepts, codes or words, or of the groups in `any`."""

    name: str
    results: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    not_types: tuple[str, ...] = ()
    within: Length | None = None
    count: int = Field(default=1, ge=1)
    from_age: int | None = None
    any: tuple[Group, ...] = ()

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if not (self.results or self.codes or self.words or self.any):
            raise ValueError(f"{self.name}: found nothing to look for; expected results, codes, words or any")
        return self


class Applies(_Rule):
    """For whom: everything that is given must hold."""

    condition: str | None = None
    drug: tuple[str, ...] = ()
    sex: str | None = None
    age_from: int | None = None
    age_to: int | None = None


class Verified(_Rule):
    """The source actually read."""

    url: str
    read_on: str
    source: str
    name: str
    supports: str


class CareRule(_Rule):
    """One rule."""

    id: str
    title: str
    applies: Applies
    looks_for: tuple[Group, ...] = Field(min_length=1)
    jurisdiction: str
    edition: str
    verified: Verified


@functools.cache
def care_rules() -> tuple[CareRule, ...]:
    """Every rule, read once.

    Raises:
        CorpusError: a rule that does not fit, an id twice, a concept that is none.
    """
    rows = read_yaml(Path(__file__).with_name("care_gaps.yaml"))
    rules = tuple(CareRule.model_validate(row) for row in rows)
    terms = default_terminology()
    seen: set[str] = set()
    for rule in rules:
        named = [
            rule.applies.condition,
            *rule.applies.drug,
            *(name for group in rule.looks_for for name in group.results),
        ]
        unknown = [name for name in named if name and name not in terms]
        if rule.id in seen or unknown:
            raise CorpusError(f"care_gaps.yaml: {rule.id}: found {unknown or 'the id twice'}; expected known concepts")
        seen.add(rule.id)
    return rules


@dataclass(frozen=True)
class Found:
    """What of a group the record holds: newest first; `recent` are those within its time."""

    group: Group
    hits: tuple[Entry, ...]
    recent: tuple[Entry, ...]
    complete: bool

    @property
    def met(self) -> bool:
        """Whether as many as are looked for lie within the time."""
        return len(self.recent) >= self.group.count


async def look(record: PatientRecord, group: Group, age: float | None) -> Found:
    """What the record holds of a group; of several alternatives the one that is met, else the newest."""
    if group.any:
        parts = [await look(record, part, age) for part in group.any if _of_age(part, age)]
        met = next((part for part in parts if part.met), None)
        best = met or max(parts, key=lambda part: (part.hits[0].at or "") if part.hits else "")
        return Found(best.group if best.hits else group, best.hits, best.recent, all(part.complete for part in parts))
    hits: dict[str, Entry] = {}
    complete = True
    for name in group.results:
        if name not in record.terminology:
            continue
        results = await results_of(record, record.terminology.get(name))
        complete = complete and results.complete
        hits |= {item.entry.reference: item.entry for item in results.found if not item.empty and not item.elsewhere}
    if group.words or group.codes:
        kinds = [kind for kind in group.types or TYPES if kind not in group.not_types]
        for kind in kinds:
            part = await record.slice(kind)
            complete = complete and part.complete
            hits |= {entry.reference: entry for entry in part.entries if _named(group, entry) and _done(entry)}
    ordered = sorted(hits.values(), key=lambda entry: (entry.moment is not None, entry.at or ""), reverse=True)
    recent = ordered
    if group.within is not None:
        days = group.within.days
        recent = [item for item in ordered if item.moment and age_days(item.moment, record.as_of, item.at) <= days]
    return Found(group, tuple(ordered), tuple(recent), complete)


def _done(entry: Entry) -> bool:
    """Whether it was done in full: neither broken off, nor held, nor a dose that does not count as one."""
    return not set(entry.verdict.flags) & {"stopped", "on-hold", "subpotent dose"}


def _of_age(group: Group, age: float | None) -> bool:
    return group.from_age is None or age is None or age >= group.from_age


def _named(group: Group, entry: Entry) -> bool:
    if any(coding.short in group.codes for coding in entry.codings):
        return True
    texts = [entry.text, *(str(text) for text in walk(entry.resource, "code.coding.display"))]
    texts += [str(text) for text in walk(entry.resource, "vaccineCode.coding.display")]
    if entry.type == "ImagingStudy":
        texts.append(study_text(entry))
    said = " | ".join(texts).casefold()
    return any(word in said for word in group.words) and not any(word in said for word in group.without)


def as_plain(rule: CareRule) -> dict[str, Any]:
    """The source of a rule as plain data."""
    return {"jurisdiction": rule.jurisdiction, "edition": rule.edition, **rule.verified.model_dump()}
