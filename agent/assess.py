"""assess: decisions become claims, next steps and what could not be answered. Text is rendered from templates."""

from __future__ import annotations

from langgraph.runtime import Runtime

from agent import differential, wording
from agent.answers import Draft
from agent.runtime import Services
from agent.state import Board, Json, State, dump
from agent.steps import DECIDE, leaves, ready_steps
from knowledge.claim import NotAnswered
from knowledge.evidence import Decision, Evidence, GuidelinePassage, Statement
from knowledge.protocol import Criterion, Protocol

LOOKUP_PREFIX, EXTRA_PREFIX = "lookup.", "extra."
CHOICE = "protocol.choice"
COUNTED = ("record.search", "record.imaging")


async def assess(state: State, runtime: Runtime[Services]) -> Json:
    """Build the answer from what the plan's steps found."""
    services, board = runtime.context, Board(state)
    draft = Draft(board, services, state["plan"]["protocols"])
    choice = board.slot(CHOICE)
    for body in state["plan"]["steps"]:
        if body["tool"] == DECIDE:
            protocol = services.protocols[body["arguments"]["protocol"]]
            criterion = next(c for c in protocol.criteria if c.id == body["arguments"]["criterion"])
            _criterion(draft, protocol, criterion, body["slot"], state)
        elif body["slot"].startswith(LOOKUP_PREFIX):
            _lookup(draft, body)
        elif body["slot"].startswith(EXTRA_PREFIX):
            _lookup(draft, body, "Further steps the model asked for")
    _told_allergies(draft)
    if choice is not None:
        _choice(draft, choice)
    _failures(draft, state)
    _left(draft, state)
    passages = differential.weigh(draft, state)
    answer = draft.finish()
    critical = board.items("critical")
    return {
        "evidence": {item.id: dump(item) for item in passages},
        "answer": answer.model_dump(mode="json", by_alias=True),
        "critical": [item.id for item in critical],
        "status": "assessed",
    }


def _criterion(draft: Draft, protocol: Protocol, criterion: Criterion, slot: str, state: State) -> None:
    board = draft.board
    decision = board.slot(slot)
    if decision is None:
        return
    if criterion.for_each:
        for item in board.items(slot):
            source = item.source
            assert isinstance(source, Decision)
            subject = board.evidence(source.detail["item"])
            draft.claim(protocol, criterion, item, criterion.claim, {"item": subject})
            for template in criterion.next:
                draft.next_step(protocol, criterion, item, template, [], {"item": subject})
        if decision.value is None:
            _unknown(draft, protocol, criterion, decision, state)
        return
    assert isinstance(decision.source, Decision)
    if decision.value is True:
        draft.claim(protocol, criterion, decision, criterion.claim)
        for template in criterion.next:
            draft.next_step(protocol, criterion, decision, template, decision.source.detail.get("check_first", []))
    elif decision.value is False and "held_by" in decision.source.detail:
        _held(draft, protocol, criterion, decision.source.detail["held_by"])
    elif decision.value is False and criterion.otherwise:
        draft.claim(protocol, criterion, decision, criterion.otherwise.claim)
        for template in criterion.otherwise.next:
            draft.next_step(protocol, criterion, decision, template, [])
    elif decision.value is None and protocol.id in state["plan"]["protocols"]:
        # A red flag of another protocol is raised when it is true; it does not ask questions nobody came with.
        _unknown(draft, protocol, criterion, decision, state)


def _unknown(draft: Draft, protocol: Protocol, criterion: Criterion, decision: Evidence, state: State) -> None:
    """What a criterion is waiting for: the leaves under its unknown slots, in the words the protocol asks with."""
    assert isinstance(decision.source, Decision)
    steps = {body["slot"]: body for body in state["plan"]["steps"]}
    found = [leaf for slot in decision.source.unknown for leaf in leaves(slot, steps, draft.board)]
    found = list(dict.fromkeys(found))
    asked = [draft.ask(slot, steps) for slot in found]
    conflict = any(_is_conflict(draft.board.slot(slot)) for slot in found)
    closed = [slot for slot in decision.source.unknown if _skipped(draft, slot)]
    if closed and len(closed) == len(decision.source.unknown):
        draft.not_answered.append(
            NotAnswered(
                what=criterion.label,
                reason="not_applicable",
                needs=[f"needs: {draft.ask(slot, steps)}" for slot in closed],
                criterion=f"{protocol.id}/{criterion.id}",
                slots=closed,
            )
        )
        return
    draft.not_answered.append(
        NotAnswered(
            what=criterion.label,
            reason="conflict" if conflict else "missing_input",
            needs=list(dict.fromkeys(asked)),
            criterion=f"{protocol.id}/{criterion.id}",
            slots=found,
        )
    )


def _skipped(draft: Draft, slot: str) -> bool:
    record = draft.board.records.get(slot)
    return record is not None and record.status == "skipped"


def _held(draft: Draft, protocol: Protocol, criterion: Criterion, slots: list[str]) -> None:
    """A criterion that something forbids is named with what forbids it, if the protocol is the one asked for."""
    if protocol.id not in draft.chosen:
        return
    found = [(slot, draft.board.slot(slot)) for slot in slots]
    because = [f"{slot.replace('_', ' ')}: {item.display}" for slot, item in found if item is not None and item.value]
    draft.not_answered.append(
        NotAnswered(
            what=criterion.label,
            reason="not_applicable",
            needs=because,
            criterion=f"{protocol.id}/{criterion.id}",
            slots=slots,
        )
    )


def _is_conflict(evidence: Evidence | None) -> bool:
    return evidence is not None and "conflict" in getattr(evidence.source, "flags", ())


def _lookup(draft: Draft, body: Json, section: str = "Record") -> None:
    board = draft.board
    record = board.records.get(body["slot"])
    if record is None or record.status != "ok":
        return
    head = board.slot(body["slot"])
    if head is None:
        return
    passages = [e for e in map(board.evidence, record.evidence[1:]) if isinstance(e.source, GuidelinePassage)]
    if body["tool"] == "guideline.search":
        for item in passages:
            draft.plain(wording.PASSAGE, item, [head.id])
        return
    if head.kind == "reading":
        draft.plain(wording.READING, head, [])
        return
    found = board.items(body["slot"])
    if body["tool"] in COUNTED or not found:
        # How much there is, and what was left out, belongs to the answer as much as the places themselves.
        found = [head, *found]
    for item in found:
        draft.plain(wording.LOOKUP if item.effective_at else wording.LOOKUP_UNDATED, item, [], section)


def _choice(draft: Draft, choice: Evidence) -> None:
    assert isinstance(choice.source, Decision)
    kind = choice.source.detail.get("kind")
    needs = list(choice.source.detail.get("needs", []))
    if kind == "none" and not draft.claims:
        draft.not_answered.append(
            NotAnswered(
                what="The question as asked",
                reason="out_of_scope",
                needs=needs or ["a question one of the protocols, a look-up or a calculation can answer"],
            )
        )
    if kind == "ask":
        draft.not_answered.append(
            NotAnswered(
                what="Which of these is meant: " + " or ".join(choice.source.detail["options"]),
                reason="missing_input",
                needs=needs or ["say which is meant, or switch the protocol"],
            )
        )


def _told_allergies(draft: Draft) -> None:
    """Where drugs are named: allergies that a note tells and the allergy list lacks, so that somebody enters them."""
    for item in draft.board.items("safety.allergies"):
        if isinstance(item.source, Statement):
            draft.plain(wording.TOLD_ALLERGY, item, [])


def _failures(draft: Draft, state: State) -> None:
    """A tool that failed is named with its reason: an error never reads as a finding."""
    for record in draft.board.records.values():
        if record.status == "error" and record.error:
            draft.not_answered.append(
                NotAnswered(
                    what=f"{record.slot} ({record.tool})",
                    reason="no_evidence",
                    needs=[record.error["message"], *([record.error["action"]] if record.error["action"] else [])],
                    slots=[record.slot],
                )
            )


def _left(draft: Draft, state: State) -> None:
    """Steps the budget did not reach: an honest partial answer."""
    waiting = [body["slot"] for body in ready_steps(state["plan"]["steps"], draft.board)]
    if waiting:
        draft.not_answered.append(
            NotAnswered(
                what="The rest of the plan",
                reason="budget",
                needs=[f"not worked out: {', '.join(waiting)}"],
                slots=waiting,
            )
        )
