"""Diagnoses to weigh, as data: findings for and against, each with the recommendation that says how it weighs.

A finding is a three-valued predicate over slots. True counts on its side. False counts on neither: an absent finding
speaks against a diagnosis only where the protocol says so (`{absent: slot}` under `against`) and cites why. Unknown
is missing, never against.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from knowledge.predicate import Lookup, Reference, check, evaluate, operands

Side = Literal["for", "against"]


class Weighed(BaseModel):
    """A finding with what says how it weighs; without `cites` of its own it rests on those of its diagnosis.

    `decides`: where it holds, the diagnosis is made or, among those against, excluded by what is cited.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)

    when: dict[str, Any]
    cites: tuple[str, ...] = ()
    decides: bool = False

    @field_validator("when")
    @classmethod
    def _well_formed(cls, value: dict[str, Any]) -> dict[str, Any]:
        check(value)
        return value


class Published(BaseModel):
    """How often a publication found the diagnosis with such a score: `from` and `to` are values of one recommendation.

    It is the publication's patients' share, not this patient's probability.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True, populate_by_name=True)

    when: dict[str, Any]
    of: str
    from_: str = Field(alias="from")
    to: str

    @property
    def source(self) -> str:
        """The recommendation that states it."""
        return self.from_.partition(".")[0]


class DifferentialTemplate(BaseModel):
    """A diagnosis to weigh. A bare slot among the findings stands for its presence.

    `must_not_miss`: dangerous if overlooked; the citation says so. `scores`: slots of scores of this diagnosis, shown
    beside it. `published`: shares of a read publication by such a score. `when`: weighed where it is true or unknown.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True, populate_by_name=True)

    condition: str
    when: dict[str, Any] | None = None
    must_not_miss: bool = False
    cites: tuple[str, ...] = ()
    for_: tuple[str | Weighed, ...] = Field(default=(), alias="for")
    against: tuple[str | Weighed, ...] = ()
    scores: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()

    @field_validator("when")
    @classmethod
    def _well_formed(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None:
            check(value)
        return value

    def findings(self) -> list[tuple[Side, Weighed]]:
        """Every finding with its side and its citations, bare slots spelt out."""
        sides: tuple[tuple[Side, tuple[str | Weighed, ...]], ...] = (("for", self.for_), ("against", self.against))
        return [(side, self._whole(finding)) for side, findings in sides for finding in findings]

    def _whole(self, finding: str | Weighed) -> Weighed:
        found = Weighed(when={"present": finding}) if isinstance(finding, str) else finding
        return found if found.cites else found.model_copy(update={"cites": self.cites})

    @property
    def cited(self) -> tuple[str, ...]:
        """Every recommendation it rests on."""
        found = [*self.cites, *(rec for _, finding in self.findings() for rec in finding.cites)]
        return tuple(dict.fromkeys([*found, *(share.source for share in self.published)]))


def witnesses(predicate: dict[str, Any], lookup: Lookup, reference: Reference) -> list[str]:
    """The slots that make a true predicate true; what a `not` keeps out is a condition of it and no finding."""
    key, body = next(iter(predicate.items()))
    if key in ("all", "any", "count"):
        parts = body["of"] if key == "count" else body
        holding = [part for part in parts if evaluate(part, lookup, reference) is True]
        return list(dict.fromkeys(slot for part in holding for slot in witnesses(part, lookup, reference)))
    if key in ("unknown", "not"):
        return []
    return operands(predicate)


def waiting(predicate: dict[str, Any], lookup: Lookup, reference: Reference) -> list[str]:
    """The slots without a definite value on which an unknown predicate waits."""
    key, body = next(iter(predicate.items()))
    if key in ("all", "any", "count"):
        parts = body["of"] if key == "count" else body
        open_ = [part for part in parts if evaluate(part, lookup, reference) is None]
        return list(dict.fromkeys(slot for part in open_ for slot in waiting(part, lookup, reference)))
    if key == "not":
        return waiting(body, lookup, reference)
    return [slot for slot in operands(predicate) if (found := lookup(slot)) is None or found.value is None]


def unguarded(predicate: dict[str, Any]) -> dict[str, Any]:
    """The predicate with its guards taken off, so that what is not known leaves it unknown and not false.

    `{all: [{known: x}, {present: x}]}` is false while x is unknown; what could still come true is then seen.
    """
    key, body = next(iter(predicate.items()))
    if key in ("all", "any"):
        return {key: [unguarded(part) for part in body]}
    if key == "count":
        return {key: {**body, "of": [unguarded(part) for part in body["of"]]}}
    if key == "not":
        return {key: unguarded(body)}
    if key == "known":
        return {"any": [{"present": body}, {"absent": body}]}
    return predicate
