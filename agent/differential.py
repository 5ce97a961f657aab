"""The differential: each diagnosis with what speaks for and against it, what is missing, and what to find out next.

All of it is data of the protocols (`differential`); here it is weighed on this patient. No probability is made up:
`probability` stays null, and a share that a publication found with the same score is given as that.

The most useful next item is the missing one that comes first when missing items are ordered by
1. how many diagnoses that must not be missed, and for which something speaks, its answer could make or exclude,
2. how many diagnoses that must not be missed it moves, and red flags it settles by itself, together,
3. how many diagnoses it moves at all,
4. how many other open decisions wait for it,
5. the order in which the protocols ask.
The missing items are those of the differential, and measurements on which a red flag waits.
An item moves a diagnosis if a finding for or against it cannot be told without the item, nothing has settled the
diagnosis yet, and what is known does not only speak against it. What the protocols do not
ask for is not proposed; neither is what a known alternative has answered (a measured pressure for a stated one).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from agent.answers import Draft
from agent.state import Json, State
from agent.steps import leaves, threshold
from knowledge.claim import DifferentialItem, MostUseful, PublishedShare
from knowledge.differential import DifferentialTemplate, unguarded, waiting, witnesses
from knowledge.evidence import Evidence
from knowledge.predicate import evaluate, operands
from knowledge.protocol import Protocol
from knowledge.quantity import Quantity

_RUNNERS_UP = 3


@dataclass
class _Item:
    """A diagnosis as it is put together, from one protocol or several."""

    condition: str
    template: DifferentialTemplate
    sides: dict[str, dict[str, None]] = field(default_factory=lambda: {"for": {}, "against": {}, "absent": {}})
    missing: dict[str, None] = field(default_factory=dict)
    decided_by: set[str] = field(default_factory=set)
    cites: dict[str, dict[str, None]] = field(default_factory=dict)
    considered: dict[str, None] = field(default_factory=dict)
    scores: dict[str, None] = field(default_factory=dict)
    published: PublishedShare | None = None
    must_not_miss: bool = False
    settled: str | None = None

    @property
    def open(self) -> bool:
        """Whether it is still to be told: not settled, and not merely spoken against."""
        return self.settled is None and not (self.sides["against"] and not self.sides["for"])

    @property
    def weighed(self) -> bool:
        """Whether there is anything to say of it."""
        return self.must_not_miss or bool(self.missing) or any(self.sides.values())


def cited(item: Json) -> list[str]:
    """Every piece of evidence that a diagnosis of an answer points at."""
    sources = [passage for passages in item.get("cites", {}).values() for passage in passages]
    sides = [i for side in ("for", "against", "absent", "scores", "considered") for i in item.get(side, [])]
    share = item.get("published")
    return [*sides, *sources, *([share["score"], share["source"]] if share else [])]


def weigh(draft: Draft, state: State) -> list[Evidence]:
    """Put the differential and the most useful next item into a draft; returns the passages they cite."""
    found: dict[str, _Item] = {}
    steps = {body["slot"]: body for body in state["plan"]["steps"]}
    protocols = [draft.services.protocols[protocol_id] for protocol_id in state["plan"].get("protocols", [])]
    for protocol in protocols:
        for template in protocol.differential:
            if template.when is not None and _holds(template.when, draft) is False:
                continue
            item = found.setdefault(template.condition, _Item(template.condition, template))
            _weigh(item, template, draft, steps)
    items = sorted((item for item in found.values() if item.weighed), key=lambda item: not item.must_not_miss)
    draft.differential = [_finished(item, draft, steps) for item in items]
    draft.most_useful = most_useful(items, protocols, draft, steps)
    passages = {i for item in draft.differential for i in cited(item.model_dump(by_alias=True))}
    corpus = draft.services.corpus
    known = {rec: corpus.evidence(rec) for item in items for rec in _recommendations(item, protocols)}
    return [evidence for evidence in known.values() if evidence.id in passages]


def _recommendations(item: _Item, protocols: Iterable[Protocol]) -> list[str]:
    return [rec for p in protocols for template in p.differential if template.condition == item.condition
            for rec in template.cited]  # fmt: skip


def _holds(predicate: dict[str, Any], draft: Draft) -> bool | None:
    return evaluate(predicate, draft.board.slot, lambda name: threshold(draft.services.corpus, name))


def _weigh(item: _Item, template: DifferentialTemplate, draft: Draft, steps: dict[str, Json]) -> None:
    board, corpus = draft.board, draft.services.corpus

    def reference(name: str) -> Quantity:
        return threshold(corpus, name)

    item.must_not_miss = item.must_not_miss or template.must_not_miss
    item.considered.update(dict.fromkeys(corpus.evidence(rec).id for rec in template.cites))
    for side, finding in template.findings():
        holds = evaluate(finding.when, board.slot, reference)
        if holds is None:
            open_ = _asked_for(waiting(finding.when, board.slot, reference), draft, steps)
            item.missing.update(dict.fromkeys(open_))
            # An item that is one of several still missing settles nothing by itself.
            item.decided_by.update(open_ if finding.decides and len(open_) == 1 else ())
            continue
        into: str = side
        if holds:
            item.settled = side if finding.decides else item.settled
            slots = witnesses(finding.when, board.slot, reference)
        elif side == "for":
            slots, into = operands(finding.when), "absent"
        else:
            continue
        told = dict.fromkeys(told for slot in slots for told in _told_by(slot, steps, draft))
        for evidence in (board.slot(slot) for slot in told):
            if evidence is not None and evidence.value is not None:
                item.sides[into][evidence.id] = None
                passages = dict.fromkeys(corpus.evidence(rec).id for rec in finding.cites)
                item.cites.setdefault(evidence.id, {}).update(passages)
    for slot in template.scores:
        score = board.slot(slot)
        if score is not None and (score.value is not None or score.range is not None):
            item.scores[score.id] = None
    for share in template.published:
        score = board.slot(share.of)
        if score is not None and evaluate(share.when, board.slot, reference) is True:
            low, high = reference(share.from_), reference(share.to)
            source = corpus.evidence(share.source).id
            item.published = PublishedShare(
                score=score.id, low=low.value, high=high.value, unit=high.unit, source=source
            )


def _asked_for(slots: list[str], draft: Draft, steps: dict[str, Json]) -> list[str]:
    """The missing items under slots, as the protocols ask for them.

    A narrower item without a question of its own ("troponin T") stands under the broader one that has one ("a
    troponin"): it is missing where the broader one is.
    """
    found: dict[str, None] = {}
    for leaf in dict.fromkeys(leaf for slot in slots for leaf in leaves(slot, steps, draft.board)):
        if steps[leaf]["ask"]:
            found[leaf] = None
        elif steps[leaf]["tool"] == "record.observation":
            broader = _broader(leaf, draft, steps)
            found.update(dict.fromkeys(leaves(broader, steps, draft.board) if broader else [leaf]))
    return [slot for slot in found if slot not in _answered_otherwise(draft, steps)]


def _broader(leaf: str, draft: Draft, steps: dict[str, Json]) -> str | None:
    terminology, narrow = draft.services.terminology, steps[leaf]["arguments"].get("concept")
    for slot, body in steps.items():
        concept = body["arguments"].get("concept")
        if slot == leaf or not body["ask"] or body["tool"] != "record.observation" or concept not in terminology:
            continue
        if narrow in {inner.id for inner in terminology.expand(concept)}:
            return slot
    return None


def _answered_otherwise(draft: Draft, steps: dict[str, Json]) -> set[str]:
    """Items whose alternative is known: the other input of a step that takes the one or the other."""
    return {
        bound
        for slot, body in steps.items()
        if body["tool"] in ("logic.measured_or_stated", "logic.first")
        and (found := draft.board.slot(slot)) is not None
        and found.value is not None
        for bound in body["bindings"].values()
    }


def _told_by(slot: str, steps: dict[str, Json], draft: Draft) -> list[str]:
    """What a clinician would name for a slot: what a comparison compares, what made an either-or true or false."""
    body, found = steps[slot], draft.board.slot(slot)
    if not body["tool"].startswith("logic.") or found is None:
        return [slot]
    known = [(bound, item) for bound in body["bindings"].values() if (item := draft.board.slot(bound)) is not None]
    known = [(bound, item) for bound, item in known if item.value is not None]
    if body["tool"] == "logic.any":
        known = [(bound, item) for bound, item in known if bool(item.value) is bool(found.value)]
    return [leaf for bound, _ in known for leaf in _told_by(bound, steps, draft)] or [slot]


def _finished(item: _Item, draft: Draft, steps: dict[str, Json]) -> DifferentialItem:
    concept = draft.services.terminology.concepts.get(item.condition)
    coding = concept.codings[0].model_dump(mode="json") if concept and concept.codings else None
    absent = [i for i in item.sides["absent"] if i not in item.sides["for"] and i not in item.sides["against"]]
    return DifferentialItem.model_validate(
        {
            "condition": _name(item.condition, draft),
            "coding": {k: v for k, v in coding.items() if v} if coding else None,
            "must_not_miss": item.must_not_miss,
            "settled": item.settled,
            "for": list(item.sides["for"]),
            "against": list(item.sides["against"]),
            "absent": absent,
            "missing": [_words(slot, draft, steps) for slot in item.missing],
            "missing_slots": list(item.missing),
            "cites": {key: list(passages) for key, passages in item.cites.items()},
            "considered": list(item.considered),
            "scores": list(item.scores),
            "published": item.published,
        }
    )


def _name(condition: str, draft: Draft) -> str:
    concept = draft.services.terminology.concepts.get(condition)
    return concept.name if concept else condition.replace("_", " ")


def _words(slot: str, draft: Draft, steps: dict[str, Json]) -> str:
    """What is missing, short: the name of what the step looks for, or how it is asked for."""
    named = steps[slot]["tool"] in (*_TOLD, "record.observation")
    concept = draft.services.terminology.concepts.get(str(steps[slot]["arguments"].get("concept")))
    return concept.name if concept and named else draft.ask(slot, steps)


def most_useful(
    items: list[_Item], protocols: list[Protocol], draft: Draft, steps: dict[str, Json]
) -> MostUseful | None:
    """The missing item that would change most, by the order that stands at the head of this module."""
    order = list(dict.fromkeys(slot for item in items for slot in item.missing))
    settles: dict[str, list[str]] = {}
    for protocol in protocols:
        for label, open_ in _open_red_flags(protocol, draft, steps):
            measured = [slot for slot in open_ if steps[slot]["tool"] == "record.observation"]
            order += [slot for slot in measured if slot not in order]
            if len(open_) == 1 and open_[0] in order:
                settles.setdefault(open_[0], []).append(label)
    if not order:
        return None
    moved = {slot: [item for item in items if slot in item.missing and item.open] for slot in order}
    waits = {slot: sum(slot in gap.slots for gap in draft.not_answered) for slot in order}

    def rank(slot: str) -> tuple[int, int, int, int]:
        dangerous = [item for item in moved[slot] if item.must_not_miss]
        return (len(_decided(slot, items)), len(dangerous) + len(settles.get(slot, [])), len(moved[slot]), waits[slot])

    # The order of the protocols' own steps is how they ask; `sorted` keeps it between equals.
    asked = {slot: place for place, slot in enumerate(steps)}
    ranked = sorted(sorted(order, key=lambda slot: asked.get(slot, len(asked))), key=rank, reverse=True)
    first = ranked[0]
    if not any(rank(first)):
        return None
    conditions = [_name(item.condition, draft) for item in moved[first]]
    dangerous = [_name(item.condition, draft) for item in moved[first] if item.must_not_miss]
    return MostUseful(
        slot=first,
        ask=draft.ask(first, steps),
        kind="question" if steps[first]["tool"] in _TOLD else "measurement",
        settles=settles.get(first, []),
        decides=[_name(item.condition, draft) for item in _decided(first, items)],
        conditions=conditions,
        must_not_miss=dangerous,
        criteria=waits[first],
        because=_because(
            [_name(item.condition, draft) for item in _decided(first, items)],
            settles.get(first, []),
            conditions,
            dangerous,
            waits[first],
        ),
        then=[draft.ask(slot, steps) for slot in ranked[1 : 1 + _RUNNERS_UP]],
    )


_TOLD = frozenset({"record.finding", "record.medication", "record.allergy", "record.pregnancy", "record.sex"})


def _open_red_flags(protocol: Protocol, draft: Draft, steps: dict[str, Json]) -> list[tuple[str, list[str]]]:
    """Red flags that could still come true, each with the missing items it waits for."""
    board, corpus = draft.board, draft.services.corpus

    def reference(name: str) -> Quantity:
        return threshold(corpus, name)

    found = []
    for criterion in protocol.criteria:
        if not criterion.red_flag or criterion.when is None:
            continue
        if any(evaluate(part, board.slot, reference) is True for part in criterion.unless):
            continue
        when = unguarded(criterion.when)
        if evaluate(when, board.slot, reference) is None:
            found.append((criterion.label, _asked_for(waiting(when, board.slot, reference), draft, steps)))
    return [(label, open_) for label, open_ in found if open_]


def _decided(slot: str, items: list[_Item]) -> list[_Item]:
    """Diagnoses that must not be missed, for which something speaks, and which this item could make or exclude."""
    return [
        item
        for item in items
        if item.must_not_miss and item.settled is None and slot in item.decided_by and item.sides["for"]
    ]


def _because(decides: list[str], settles: list[str], conditions: list[str], dangerous: list[str], waits: int) -> str:
    parts = []
    if decides:
        parts.append("it can settle " + " and ".join(decides))
    if settles:
        parts.append("its answer alone settles a red flag: " + "; ".join(settles))
    if conditions:
        names = [
            f"{name} (must not be missed)" if name in dangerous else name for name in conditions if name not in decides
        ]
        if names:
            parts.append("it bears on " + ", ".join(names))
    if waits:
        parts.append("an open decision waits for it" if waits == 1 else f"{waits} open decisions wait for it")
    return "; ".join(parts)
