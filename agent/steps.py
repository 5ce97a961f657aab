"""The steps of a plan: what each needs, which can run now, which have gone stale.

A step is plain JSON {slot, tool, arguments, bindings, when, ask, protocol}. It is *stale* when a slot it read now holds
other evidence than it read. The first run and a recompute after a correction are therefore one mechanism: run what has
not run or is stale, in the order of the bindings, and stop where a result came out the same (same content, same id).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agent.state import Board, Json
from knowledge.evidence import DicomRegion
from knowledge.guideline import Corpus
from knowledge.predicate import evaluate, operands, unvalidated
from knowledge.protocol import Criterion, Protocol, Step
from knowledge.quantity import Quantity

DECIDE = "protocol.decide"
CORRECTION = "correction"
ROWS = "rows"
"""The parameter that takes every item of the list it is bound to, not only its head."""
SAFETY_STEPS: tuple[tuple[str, str, Json], ...] = (
    # What must have been read before a next step may name a drug (safety rule 2).
    ("safety.allergies", "record.allergies", {}),
    ("safety.medications", "record.medications", {}),
    ("safety.pregnancy", "record.pregnancy", {}),
    ("safety.renal", "record.observation", {"concept": "creatinine", "max_age_days": 365}),
    ("safety.potassium", "record.observation", {"concept": "potassium", "max_age_days": 365}),
    ("safety.bleeding", "record.finding", {"concept": "active_bleeding", "window_days": 90}),
)
SAFETY_NAMES = {
    "safety.allergies": "allergies",
    "safety.medications": "current medication",
    "safety.pregnancy": "pregnancy",
    "safety.renal": "renal function",
    "safety.potassium": "potassium",
    "safety.bleeding": "bleeding",
}


def step(
    slot: str,
    tool: str,
    arguments: Json | None = None,
    bindings: dict[str, str] | None = None,
    when: Json | None = None,
    ask: str | None = None,
    protocol: str | None = None,
) -> Json:
    """A step as JSON."""
    return {
        "slot": slot,
        "tool": tool,
        "arguments": arguments or {},
        "bindings": bindings or {},
        "when": when,
        "ask": ask,
        "protocol": protocol,
    }


def indicator_step(protocol: Protocol, indicator: Step) -> Json:
    """An indicator of a protocol as a step."""
    return step(
        indicator.slot,
        indicator.tool,
        dict(indicator.with_),
        dict(indicator.from_),
        indicator.when,
        indicator.ask,
        protocol.id,
    )


def compile_protocols(protocols: Iterable[Protocol]) -> list[Json]:
    """The steps of one or several protocols, merged: one slot is one step (checked when protocols are loaded)."""
    merged: dict[str, Json] = {}
    for protocol in protocols:
        for indicator in protocol.steps:
            merged.setdefault(indicator.slot, indicator_step(protocol, indicator))
        if protocol.names_drugs:
            for slot, tool, arguments in SAFETY_STEPS:
                merged.setdefault(slot, step(slot, tool, arguments, protocol=protocol.id))
        for criterion in protocol.criteria:
            merged[f"{protocol.id}/{criterion.id}"] = decision_step(protocol, criterion)
    return list(merged.values())


def decision_step(protocol: Protocol, criterion: Criterion) -> Json:
    """A criterion as a step: it reads the slots it decides on and those it prints."""
    slots = [*criterion.deciding_slots, *(name for name in criterion.shown_slots if name in protocol.step_by_slot)]
    bindings = {slot: slot for slot in dict.fromkeys(slots)}
    return step(
        f"{protocol.id}/{criterion.id}",
        DECIDE,
        {"protocol": protocol.id, "criterion": criterion.id},
        bindings,
        protocol=protocol.id,
    )


def needs(body: Json) -> dict[str, str]:
    """Every slot a step reads, by parameter; those of its `when` are named `when:SLOT`."""
    found = dict(body["bindings"])
    if body["when"]:
        found.update({f"when:{slot}": slot for slot in operands(body["when"])})
    return found


def tokens(body: Json, board: Board) -> dict[str, str | None]:
    """What the step would read now."""
    return {parameter: board.token(slot) for parameter, slot in needs(body).items()}


def is_stale(body: Json, board: Board) -> bool:
    """Whether a step has not run, or read something else than it would read now. A correction stays as it is."""
    record = board.records.get(body["slot"])
    if record is None:
        return True
    if record.tool == CORRECTION:
        return False
    return (
        record.inputs != tokens(body, board)
        or record.tool != body["tool"]
        or (record.tool != DECIDE and _literal(record.arguments, record.bindings) != body["arguments"])
    )


def _literal(arguments: dict[str, Any], bindings: dict[str, str]) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if key not in bindings}


def ready_steps(steps: list[Json], board: Board) -> list[Json]:
    """The steps that can run now: stale themselves, and nothing they read is waiting to run."""
    waiting = {body["slot"] for body in steps if is_stale(body, board)}
    # What hangs on something waiting waits too, even if nothing has changed for it yet.
    grown = True
    blocked: set[str] = set()
    while grown:
        grown = False
        for body in steps:
            if body["slot"] in blocked:
                continue
            if any(slot in waiting or slot in blocked for slot in needs(body).values() if slot != body["slot"]):
                blocked.add(body["slot"])
                grown = True
    return [body for body in steps if body["slot"] in waiting and body["slot"] not in blocked]


def wanted(body: Json, board: Board, corpus: Corpus) -> bool:
    """Whether the step's branch is open: its `when` is true or unknown."""
    if not body["when"]:
        return True
    return evaluate(body["when"], board.slot, lambda reference: threshold(corpus, reference)) is not False


def threshold(corpus: Corpus, reference: str) -> Quantity:
    """The quantity a `REC.NAME` stands for."""
    value = corpus.value(reference)
    return Quantity(float(value.value), value.unit or "1")


def leaves(slot: str, steps: dict[str, Json], board: Board) -> list[str]:
    """The unknown leaves under a slot: what would have to be asked for to know it."""
    body = steps.get(slot)
    if body is None:
        return []
    evidence = board.slot(slot)
    if evidence is not None and evidence.value is not None:
        if not unvalidated(evidence):
            return []
        # A size on what a program drew is known, but no comparison counts it as known.
        if isinstance(evidence.source, DicomRegion):
            return [slot] if evidence.quantity is not None else []
    below = [leaf for bound in body["bindings"].values() for leaf in leaves(bound, steps, board)]
    return list(dict.fromkeys(below)) or [slot]
