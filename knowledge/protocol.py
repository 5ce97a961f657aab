"""Protocols: disease- or task-level plans as data (`knowledge/protocols/*.yaml`). See docs/protocols.md for the format.

The same plan object serves every planner and every patient; a new protocol is a new file.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from knowledge.claim import PLACEHOLDER, Certainty, placeholders
from knowledge.differential import DifferentialTemplate
from knowledge.guideline import Corpus, CorpusError, DecisionType, default_corpus, read_yaml
from knowledge.predicate import PredicateError, check, operands, references

PROTOCOLS = Path(__file__).with_name("protocols")
FREE_NUMBER = re.compile(r"(?<![A-Za-z0-9])\d[\d.,]*(?![A-Za-z0-9])|(?<![A-Za-z0-9])\d+(?:\.\d+)?\s*(?=mg|mL|kg|%)")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, populate_by_name=True)


class Step(_Model):
    """An indicator: the slot it fills, the tool that measures it, literal arguments (`with`), bound ones (`from`)."""

    slot: str
    tool: str
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    from_: dict[str, str] = Field(default_factory=dict, alias="from")
    when: dict[str, Any] | None = None
    ask: str | None = None

    @field_validator("when")
    @classmethod
    def _when(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None:
            check(value)
        return value


class NextTemplate(_Model):
    """A next step of a criterion; `drugs` are the concepts it names (safety rule 2 then applies).

    `stops`: the step takes a drug away, so that an allergy to it is no objection.
    """

    kind: Literal["test", "question", "treatment", "refer", "monitor"]
    text: str
    drugs: tuple[str, ...] = ()
    stops: bool = False


class Otherwise(_Model):
    """What is said when a criterion is false (never when it is unknown)."""

    claim: str
    next: tuple[NextTemplate, ...] = ()


class Criterion(_Model):
    """One decision: what it cites, when it holds, and what follows."""

    id: str
    cites: tuple[str, ...]
    when: dict[str, Any] | None = None
    unless: tuple[dict[str, Any], ...] = ()
    for_each: str | None = None
    claim: str
    certainty: Certainty = "established"
    next: tuple[NextTemplate, ...] = ()
    otherwise: Otherwise | None = None
    red_flag: bool = False
    rules_out: bool = False
    section: str = ""
    question: str | None = None

    @model_validator(mode="after")
    def _well_formed(self) -> Criterion:
        if self.for_each is None and self.when is None:
            raise ValueError(f"{self.id}: expected `when` or `for_each`")
        for predicate in [*([self.when] if self.when else []), *self.unless]:
            check(predicate)
        for template in self.templates:
            bare = PLACEHOLDER.sub("", template)
            if FREE_NUMBER.search(bare):
                raise ValueError(f"{self.id}: found a free number in {template!r}; numbers come from {{slots}}")
        return self

    @property
    def label(self) -> str:
        """What this criterion settles, in words."""
        return self.question or self.id.replace("_", " ").capitalize()

    @property
    def templates(self) -> list[str]:
        """Every text of this criterion."""
        texts = [self.claim, *(step.text for step in self.next)]
        if self.otherwise:
            texts += [self.otherwise.claim, *(step.text for step in self.otherwise.next)]
        return texts

    @property
    def deciding_slots(self) -> list[str]:
        """Slots the outcome depends on (`when`, `unless`, `for_each`)."""
        slots = [self.for_each] if self.for_each else []
        for predicate in [*([self.when] if self.when else []), *self.unless]:
            slots += operands(predicate)
        return list(dict.fromkeys(slots))

    @property
    def shown_slots(self) -> list[str]:
        """Names its templates print."""
        return list(dict.fromkeys(name for text in self.templates for name, _ in placeholders(text)))


class Protocol(_Model):
    """A protocol file."""

    id: str
    version: str
    title: str
    purpose: str
    exclusions: str = ""
    decides: tuple[DecisionType, ...]
    about: tuple[str, ...]
    jurisdiction: str
    reviewed_by: str | None = None
    names_drugs: bool = False
    entry: dict[str, Any]
    steps: tuple[Step, ...]
    criteria: tuple[Criterion, ...]
    differential: tuple[DifferentialTemplate, ...] = ()

    @field_validator("entry")
    @classmethod
    def _entry(cls, value: dict[str, Any]) -> dict[str, Any]:
        check(value)
        return value

    @property
    def hash(self) -> str:
        """Same file, same hash, whatever the patient."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @functools.cached_property
    def step_by_slot(self) -> dict[str, Step]:
        """Steps by the slot they fill."""
        return {step.slot: step for step in self.steps}


def check_protocol(protocol: Protocol, corpus: Corpus) -> None:
    """Everything about a protocol that can be checked without tools.

    Raises:
        CorpusError: a slot nobody fills, a citation that is unknown or unverified, a threshold that is not in a cited
            recommendation, a cycle.
    """
    slots = [step.slot for step in protocol.steps]
    if len(set(slots)) != len(slots):
        raise CorpusError(f"{protocol.id}: found a slot filled twice in {slots}")
    known = set(slots)
    for step in protocol.steps:
        needed = [*step.from_.values(), *(operands(step.when) if step.when else [])]
        for slot in needed:
            if slot not in known:
                raise CorpusError(f"{protocol.id}: step {step.slot} needs slot {slot!r}; no step fills it")
    _order(protocol)
    for criterion in protocol.criteria:
        where = f"{protocol.id}/{criterion.id}"
        if not criterion.cites:
            raise CorpusError(f"{where}: expected at least one citation")
        for rec_id in criterion.cites:
            rec = corpus.recommendations.get(rec_id)
            if rec is None or rec.verified is None:
                raise CorpusError(f"{where}: found citation {rec_id!r}; expected a verified recommendation")
        for slot in criterion.deciding_slots:
            if slot not in known:
                raise CorpusError(f"{where}: looks at slot {slot!r}; no step fills it")
        for name in criterion.shown_slots:
            if name not in known and name != "item" and name not in criterion.cites:
                raise CorpusError(f"{where}: prints {name!r}; expected a slot or a recommendation it cites")
        for predicate in [*([criterion.when] if criterion.when else []), *criterion.unless]:
            for reference in references(predicate):
                corpus.value(reference)
                if reference.partition(".")[0] not in criterion.cites:
                    raise CorpusError(f"{where}: compares with {reference!r}, which it does not cite")
        for text in criterion.templates:
            for name, path in placeholders(text):
                if name in criterion.cites and path not in ("display", "source", "date"):
                    corpus.value(f"{name}.{path}")
    for template in protocol.differential:
        _check_differential(f"{protocol.id}: differential, {template.condition}", template, known, corpus)


def _check_differential(where: str, template: DifferentialTemplate, slots: set[str], corpus: Corpus) -> None:
    weighed = [slot for _, finding in template.findings() for slot in operands(finding.when)]
    for slot in [*template.scores, *weighed, *(operands(template.when) if template.when else [])]:
        if slot not in slots:
            raise CorpusError(f"{where}: looks at slot {slot!r}; no step fills it")
    for rec_id in template.cited:
        rec = corpus.recommendations.get(rec_id)
        if rec is None or rec.verified is None:
            raise CorpusError(f"{where}: found citation {rec_id!r}; expected a verified recommendation")
    if template.must_not_miss and not template.cites:
        raise CorpusError(f"{where}: must not be missed, and nothing is cited for it")
    for side, finding in template.findings():
        if not finding.cites:
            raise CorpusError(f"{where}: {finding.when} speaks {side} it without a citation")
        for reference in references(finding.when):
            corpus.value(reference)
            if reference.partition(".")[0] not in finding.cites:
                raise CorpusError(f"{where}: compares with {reference!r}, which it does not cite")
    for share in template.published:
        for reference in [share.from_, share.to, *references(share.when)]:
            corpus.value(reference)
            if reference.partition(".")[0] != share.source:
                raise CorpusError(f"{where}: {reference!r} is not of {share.source}, which states the share")
        for slot in [share.of, *operands(share.when)]:
            if slot not in slots:
                raise CorpusError(f"{where}: looks at slot {slot!r}; no step fills it")


def _order(protocol: Protocol) -> list[str]:
    done: list[str] = []
    waiting = {
        step.slot: {*step.from_.values(), *(operands(step.when) if step.when else [])} for step in protocol.steps
    }
    while waiting:
        ready = [slot for slot, needs in waiting.items() if needs <= set(done)]
        if not ready:
            raise CorpusError(f"{protocol.id}: found a cycle among {sorted(waiting)}")
        done += ready
        for slot in ready:
            del waiting[slot]
    return done


def load_protocols(folder: Path = PROTOCOLS, corpus: Corpus | None = None) -> dict[str, Protocol]:
    """Read and check every protocol of a folder; the same slot means the same step in all of them.

    Raises:
        CorpusError: a file that does not fit, or two protocols that fill one slot differently.
    """
    corpus = corpus or default_corpus()
    protocols: dict[str, Protocol] = {}
    owners: dict[str, tuple[str, Step]] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            protocol = Protocol.model_validate(read_yaml(path))
        except (ValueError, PredicateError) as error:
            raise CorpusError(f"{path.name}: {error}") from error
        check_protocol(protocol, corpus)
        for step in protocol.steps:
            other = owners.setdefault(step.slot, (protocol.id, step))
            same = (other[1].tool, other[1].with_, other[1].from_, other[1].when)
            if same != (step.tool, step.with_, step.from_, step.when):
                raise CorpusError(f"slot {step.slot!r} is filled differently in {other[0]} and {protocol.id}")
        protocols[protocol.id] = protocol
    return protocols


@functools.cache
def default_protocols() -> dict[str, Protocol]:
    """The protocols that come with Osler, read once."""
    return load_protocols()
