"""A criterion worked out on this patient: a decision is a node of the evidence graph like any other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent.steps import threshold
from knowledge.evidence import Decision, Derivation, Evidence
from knowledge.guideline import Corpus
from knowledge.predicate import evaluate, operands, unknown_operands
from knowledge.protocol import Criterion, Protocol
from tools.spec import ToolOutput

Lookup = Callable[[str], Evidence | None]
_WORDS = {True: "met", False: "not met", None: "not assessable"}


def decide(
    protocol: Protocol, criterion: Criterion, corpus: Corpus, lookup: Lookup, items: list[Evidence], patient: str | None
) -> ToolOutput:
    """Evaluate a criterion; the output holds the decision first, then an item's decisions, then the passages cited.

    A criterion whose `unless` holds does not fire; one that is unknown is carried in `unknown`, to be checked first.
    """
    passages = [corpus.evidence(rec_id) for rec_id in criterion.cites]
    if criterion.for_each:
        # Each item brings the passage it rests on (a drug's own label) besides what the criterion cites.
        refs = [ref for item in items if isinstance(item.source, Derivation) for ref in item.source.references]
        own = [corpus.evidence(ref) for ref in dict.fromkeys(refs) if ref in corpus.recommendations]
        return _each(protocol, criterion, lookup, items, [*passages, *own], patient)
    value = _evaluate(criterion.when, lookup, corpus)
    blocked = [part for part in criterion.unless if _evaluate(part, lookup, corpus) is True]
    open_ = [part for part in criterion.unless if _evaluate(part, lookup, corpus) is None]
    unknown = unknown_operands(criterion.when, lookup) if value is None and criterion.when else []
    detail: dict[str, Any] = {}
    if value is not False and blocked:
        value, unknown = False, []
        detail["held_by"] = [slot for part in blocked for slot in operands(part)]
    if value is True and criterion.rules_out:
        # Safety rule 6: nothing is ruled out while any input is unknown, or a condition against it is open.
        unknown = [*(unknown_operands(criterion.when, lookup) if criterion.when else []), *_open(open_, lookup)]
        if unknown:
            value = None
    if value is True and open_:
        detail["check_first"] = _open(open_, lookup)
    return ToolOutput(evidence=[_decision(protocol, criterion, value, unknown, detail, patient, lookup), *passages])


def _evaluate(predicate: dict[str, Any] | None, lookup: Lookup, corpus: Corpus) -> bool | None:
    if predicate is None:
        return True
    return evaluate(predicate, lookup, lambda reference: threshold(corpus, reference))


def _open(parts: list[dict[str, Any]], lookup: Lookup) -> list[str]:
    return list(dict.fromkeys(slot for part in parts for slot in unknown_operands(part, lookup)))


def _decision(
    protocol: Protocol,
    criterion: Criterion,
    value: bool | None,
    unknown: list[str],
    detail: dict[str, Any],
    patient: str | None,
    lookup: Lookup,
    item: Evidence | None = None,
) -> Evidence:
    slot = f"{protocol.id}/{criterion.id}"
    bound = [lookup(name) for name in dict.fromkeys([*criterion.deciding_slots, *criterion.shown_slots])]
    inputs = tuple(evidence.id for evidence in bound if evidence is not None)
    template = criterion.claim if value is not False else (criterion.otherwise.claim if criterion.otherwise else None)
    if item is not None:
        slot, inputs = f"{slot}.{item.slot.rpartition('.')[2]}", (item.id,)
    return Evidence(
        slot=slot,
        value=value,
        display=f"{criterion.label}: {_WORDS[value]}",
        patient=patient,
        source=Decision(
            protocol=protocol.id,
            criterion=criterion.id,
            template=template,
            cites=criterion.cites,
            inputs=inputs,
            unknown=tuple(unknown),
            detail=detail,
        ),
    )


def _each(
    protocol: Protocol,
    criterion: Criterion,
    lookup: Lookup,
    items: list[Evidence],
    passages: list[Evidence],
    patient: str | None,
) -> ToolOutput:
    head = lookup(criterion.for_each or "")
    known = None if head is None else bool(items)
    decisions = [_decision(protocol, criterion, True, [], {"item": item.id}, patient, lookup, item) for item in items]
    unknown = [] if head is not None else [criterion.for_each or ""]
    first = _decision(protocol, criterion, known, unknown, {"items": len(items)}, patient, lookup)
    return ToolOutput(evidence=[first, *decisions, *passages])
