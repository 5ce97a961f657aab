"""Drug safety as data (`interactions/*.yaml`): pairs, duplicate classes, renal bands, most a day, each with its source.

The table is partial. What it does not list is not thereby safe, and nothing here says so.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from knowledge.guideline import CorpusError, read_yaml
from knowledge.terminology import Concept, Terminology, default_terminology

FOLDER = Path(__file__).with_name("interactions")
Tier = Literal["contraindicated", "avoid", "monitor", "information"]
TIERS: tuple[Tier, ...] = ("contraindicated", "avoid", "monitor", "information")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Source(_Row):
    """Where an entry was read: the publisher's own text, or another who states it."""

    name: str
    edition: str
    url: str
    read_on: str
    kind: Literal["publisher", "secondary"]
    supports: str = ""


class Bound(_Row):
    """A condition on the dose of one drug of a pair; `whole`: nothing else is asked."""

    drug: str
    per: Literal["dose", "day", "week"]
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    whole: bool = False

    def holds(self, mg: float) -> bool:
        """Whether a dose lies within it."""
        return (
            (self.at_least is None or mg >= self.at_least)
            and (self.above is None or mg > self.above)
            and (self.at_most is None or mg <= self.at_most)
            and (self.below is None or mg < self.below)
        )


class Case(_Row):
    """A tier that holds under a condition; a tool that cannot tell the condition shows it."""

    tier: Tier
    when: str
    mg: Bound | None = None


class Limit(_Row):
    """The most of one drug of a pair that its source still allows a day."""

    drug: str
    mg: float


class Pair(_Row):
    """Two drugs, classes or groups, with what taking them together does. `at`: the heading in the source."""

    a: str
    b: str
    tier: Tier
    when: str = ""
    mg: Bound | None = None
    also: tuple[Case, ...] = ()
    effect: str
    why: str = ""
    watch: str
    at: str = ""
    source: str
    limit: Limit | None = None
    unverified: str = ""

    @property
    def cases(self) -> tuple[Case, ...]:
        """The tier and those that hold under other conditions."""
        return (Case(tier=self.tier, when=self.when, mg=self.mg), *self.also)

    @property
    def strict(self) -> bool:
        """A contraindication that rests on no condition and was read in its source."""
        return self.tier == "contraindicated" and not self.when and not self.unverified


class Duplicate(_Row):
    """A class of which a second member is normally a duplication."""

    id: str
    name: str
    members: tuple[str, ...]
    source: str
    at: str = ""
    unverified: str = ""


class RenalBand(_Row):
    """What a source says within limits of creatinine clearance in mL/min."""

    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    action: Literal["contraindicated", "reduce", "caution"]
    text: str

    def holds(self, clearance: float) -> bool:
        """Whether a clearance lies within it."""
        return (
            (self.at_least is None or clearance >= self.at_least)
            and (self.below is None or clearance < self.below)
            and (self.at_most is None or clearance <= self.at_most)
        )


class RenalRule(_Row):
    """The bands of one drug in one form."""

    drug: str
    source: str
    form: str
    bands: tuple[RenalBand, ...]


class MaxDose(_Row):
    """The most a day for an adult in mg; below `below_kg`, `per_kg` mg for each kg where that is less."""

    drug: str
    mg: float
    basis: Literal["maximum", "usual_upper"]
    source: str
    routes: tuple[str, ...] = ("oral",)
    per_kg: float | None = None
    below_kg: float | None = None
    note: str = ""


class DrugSafety:
    """Everything in the folder, with the terminology it is matched against."""

    def __init__(self, folder: Path, base: Terminology) -> None:
        """Read and check.

        Raises:
            CorpusError: a row that does not fit, or one that names no known drug, group or source.
        """
        self.terminology = _merged(base, read_yaml(folder / "drugs.yaml"))
        try:
            rows = read_yaml(folder / "sources.yaml")
            self.sources = {key: Source.model_validate(row) for key, row in rows.items()}
            self._groups = {row["id"]: row for row in read_yaml(folder / "groups.yaml")}
            self.pairs = tuple(pair for path in sorted(folder.glob("pairs_*.yaml")) for pair in _pairs(read_yaml(path)))
            self.duplicates = tuple(Duplicate.model_validate(row) for row in read_yaml(folder / "duplicates.yaml"))
            self.renal = {rule.drug: rule for rule in map(RenalRule.model_validate, read_yaml(folder / "renal.yaml"))}
            self.most = {row.drug: row for row in map(MaxDose.model_validate, read_yaml(folder / "max_dose.yaml"))}
        except (ValidationError, KeyError) as error:
            raise CorpusError(f"{folder.name}: {error}") from error
        self._check()
        self.named = frozenset().union(*(self.members(name) for pair in self.pairs for name in (pair.a, pair.b)))

    def _check(self) -> None:
        names = [name for pair in self.pairs for name in (pair.a, pair.b)]
        names += [pair.limit.drug for pair in self.pairs if pair.limit]
        names += [case.mg.drug for pair in self.pairs for case in pair.cases if case.mg]
        names += [name for row in self.duplicates for name in row.members]
        names += [*self.renal, *self.most, *self._groups]
        for name in names:
            self.members(name)
        cited = {pair.source for pair in self.pairs} | {row.source for row in self.duplicates}
        cited |= {rule.source for rule in self.renal.values()} | {row.source for row in self.most.values()}
        for source in sorted(cited | {row["source"] for row in self._groups.values()}):
            if source not in self.sources:
                raise CorpusError(f"interactions: found source {source!r}; expected one of sources.yaml")
        for pair in self.pairs:
            if not pair.at and not pair.unverified:
                raise CorpusError(f"interactions: {pair.a} and {pair.b} name no place in {pair.source}")

    @functools.lru_cache(maxsize=1024)  # noqa: B019  (one table lives as long as the process)
    def members(self, name: str) -> frozenset[str]:
        """The concepts of a drug, class or group, itself included where it is a concept.

        Raises:
            CorpusError: there is no such name.
        """
        group = self._groups.get(name)
        if group is not None:
            return frozenset().union(*(self.members(member) for member in group["members"]))
        return frozenset(concept.id for concept in self.terminology.expand(name))

    def called(self, name: str) -> str:
        """What a drug, class or group is called."""
        group = self._groups.get(name)
        return str(group["name"]) if group is not None else self.terminology.get(name).name

    def between(self, one: Iterable[str], other: Iterable[str]) -> list[tuple[Pair, str, str]]:
        """Entries for two orders, given the concepts of each; strongest first, whichever is named first.

        With each entry the drug of the first order and that of the second which it speaks of.
        """
        first, second = frozenset(one), frozenset(other)
        found: dict[Pair, tuple[str, str]] = {}
        for pair in self.pairs:
            left, right = self.members(pair.a), self.members(pair.b)
            for mine, theirs in ((first & left, second & right), (first & right, second & left)):
                couples = ((x, y) for x in sorted(mine) for y in sorted(theirs) if x != y)
                couple = next(couples, None)
                if couple and pair not in found:
                    found[pair] = couple
        ranked = sorted(found, key=lambda pair: (TIERS.index(pair.tier), bool(pair.when), bool(pair.unverified)))
        return [(pair, *found[pair]) for pair in ranked]

    def counts(self) -> dict[str, int]:
        """How many entries there are by tier, and how many were read in their source."""
        by_tier: dict[str, int] = {tier: sum(pair.tier == tier for pair in self.pairs) for tier in TIERS}
        unverified = sum(bool(pair.unverified) for pair in self.pairs)
        return {
            **by_tier,
            "pairs": len(self.pairs),
            "verified": len(self.pairs) - unverified,
            "unverified": unverified,
            "drugs": len(self.named),
        }


def _pairs(file: dict[str, Any]) -> list[Pair]:
    """One entry for each drug on either side of a row."""
    found = []
    for row in file["pairs"]:
        filled = {"source": file["source"], **row}
        for a in _listed(row["a"]):
            for b in _listed(row["b"]):
                found.append(Pair.model_validate({**filled, "a": a, "b": b}))
    return found


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _merged(base: Terminology, rows: list[dict[str, Any]]) -> Terminology:
    """The base with more drugs; a word that names one of them stands for that one alone, not for its class too."""
    own = {word.casefold(): row["id"] for row in rows for word in [row["name"], *row.get("synonyms", [])]}

    def keeps(word: str, concept: str) -> bool:
        return bool(own.get(word.casefold(), concept) == concept)

    concepts: dict[str, Concept] = {}
    for concept in base.concepts.values():
        synonyms = tuple(word for word in concept.synonyms if keeps(word, concept.id))
        lay = tuple(word for word in concept.lay if keeps(word, concept.id))
        concepts[concept.id] = concept.model_copy(update={"synonyms": synonyms, "lay": lay})
    for row in rows:
        known = concepts.get(row["id"])
        if known is None:
            concepts[row["id"]] = Concept.model_validate(row)
        elif known.kind != row["kind"]:
            raise CorpusError(f"drugs.yaml: {row['id']} is {row['kind']!r} here and {known.kind!r} elsewhere")
        else:
            more = {
                key: tuple(dict.fromkeys([*getattr(known, key), *row.get(key, [])])) for key in ("includes", "synonyms")
            }
            concepts[row["id"]] = known.model_copy(update=more)
    merged = Terminology(concepts)
    for concept in concepts.values():
        merged.expand(concept.id)
    return merged


@functools.cache
def drug_safety() -> DrugSafety:
    """The table that comes with Osler, read once."""
    return DrugSafety(FOLDER, default_terminology())
