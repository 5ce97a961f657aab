"""A small terminology of ours: concepts with their codes, synonyms, abbreviations and lay words (`terms/*.yaml`)."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from knowledge.coding import Coding
from knowledge.guideline import CorpusError, read_yaml

TERMS = Path(__file__).with_name("terms")
# A LOINC long common name of a blood test that came without its code: what stands before the property is the analyte.
_LONG_NAME = re.compile(r"(?P<name>[^\[\]]+) \[[^\]]+\] in (?:serum or plasma|serum, plasma or blood|blood)")
ConceptKind = Literal[
    "condition", "observation", "medication", "drug_class", "substance", "symptom", "procedure", "demographic"
]


class Concept(BaseModel):
    """A concept: its codes decide what matches in a record, its words what matches in text."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: str
    kind: ConceptKind
    name: str
    codes: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    lay: tuple[str, ...] = ()
    unit: str | None = None
    grouping: bool = False
    """A set that some rule speaks of, not a class: an allergy to one member says nothing of the others."""

    @functools.cached_property
    def codings(self) -> tuple[Coding, ...]:
        """`codes`, parsed."""
        return tuple(Coding.parse(code) for code in self.codes)

    @property
    def words(self) -> tuple[str, ...]:
        """Every word for it."""
        return tuple(dict.fromkeys([self.name, *self.synonyms, *self.lay]))


class Terminology:
    """All concepts, by id."""

    def __init__(self, concepts: dict[str, Concept]) -> None:
        self.concepts = concepts

    def __contains__(self, concept_id: str) -> bool:
        return concept_id in self.concepts

    def get(self, concept_id: str) -> Concept:
        """A concept by id.

        Raises:
            CorpusError: no such concept.
        """
        concept = self.concepts.get(concept_id)
        if concept is None:
            raise CorpusError(f"found concept {concept_id!r}; expected one of knowledge/terms/*.yaml")
        return concept

    @functools.cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(word.casefold() for concept in self.concepts.values() for word in concept.words)

    @functools.lru_cache(maxsize=2048)  # noqa: B019  (one terminology lives as long as the process)
    def expand(self, concept_id: str) -> tuple[Concept, ...]:
        """The concept and all it includes, itself first."""
        seen: dict[str, Concept] = {}
        queue = [concept_id]
        while queue:
            current = self.get(queue.pop(0))
            if current.id not in seen:
                seen[current.id] = current
                queue += current.includes
        return tuple(seen.values())

    def codings(self, concept_id: str) -> tuple[Coding, ...]:
        """The codes of a concept and of all it includes."""
        return tuple(coding for concept in self.expand(concept_id) for coding in concept.codings)

    def matches(self, concept_id: str, codings: list[Coding], text: str | None = None) -> bool:
        """Whether a coded element is this concept: by code; by its words only where it carries no code we can read."""
        wanted = self.codings(concept_id)
        if any(ours.matches(theirs) for ours in wanted for theirs in codings):
            return True
        if text and not codings:
            bare = " ".join(text.casefold().split())
            # A name that some concept lists whole (mass and substance of lipoprotein(a)) is that concept's alone.
            long = None if bare in self._words else _LONG_NAME.fullmatch(bare)
            name = long.group("name") if long else bare
            return any(name == word.casefold() for concept in self.expand(concept_id) for word in concept.words)
        return False

    def by_coding(self, coding: Coding) -> list[Concept]:
        """The concepts that carry a code."""
        return [concept for concept in self.concepts.values() if any(ours.matches(coding) for ours in concept.codings)]


def load_terminology(folder: Path = TERMS) -> Terminology:
    """Read every file; a concept that stands in several is the union of them.

    Raises:
        CorpusError: a row that does not fit, an `includes` that names nothing, two kinds for one id.
    """
    rows: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.yaml")):
        for row in read_yaml(path) or []:
            known = rows.setdefault(row["id"], {"id": row["id"], "kind": row["kind"], "name": row["name"]})
            if known["kind"] != row["kind"]:
                raise CorpusError(f"{path.name}: {row['id']} is {row['kind']!r} here and {known['kind']!r} elsewhere")
            for key in ("codes", "includes", "synonyms", "lay"):
                known[key] = list(dict.fromkeys([*known.get(key, []), *map(str, row.get(key) or [])]))
            known["unit"] = known.get("unit") or row.get("unit")
            known["grouping"] = known.get("grouping", False) or row.get("grouping", False)
            extra = set(row) - set(Concept.model_fields)
            if extra:
                expected = list(Concept.model_fields)
                raise CorpusError(f"{path.name}: {row['id']} has {sorted(extra)}; expected {expected}")
    concepts = {key: Concept.model_validate(row) for key, row in rows.items()}
    for concept in concepts.values():
        for part in concept.includes:
            if part not in concepts:
                raise CorpusError(f"{concept.id} includes {part!r}, which is not a concept")
        try:
            _ = concept.codings
        except ValueError as error:
            raise CorpusError(f"{concept.id}: {error}") from error
    return Terminology(concepts)


@functools.cache
def default_terminology() -> Terminology:
    """The terminology that comes with Osler, read once."""
    return load_terminology()
