"""assess: decisions become claims, next steps and what could not be answered. Text is rendered from templates."""

from __future__ import annotations

from langgraph.runtime import Runtime

from agent import differential, wording
from agent.answers import Draft
from agent.image_conflicts import disagreements
from agent.instructed import is_instruction
from agent.pictured import REASON
from agent.pictured_answer import PICTURED, pictured_answer, pictured_failure, unread
from agent.runtime import Services
from agent.state import Board, Json, State, dump
from agent.steps import DECIDE, leaves, ready_steps
from knowledge.claim import NotAnswered
from knowledge.evidence import Decision, Derivation, Evidence, FhirElement, GuidelinePassage, Statement
from knowledge.protocol import Criterion, Protocol

LOOKUP_PREFIX, EXTRA_PREFIX = "lookup.", "extra."
CHOICE = "protocol.choice"
ASK_SLOT = f"{LOOKUP_PREFIX}ask"
COUNTED = (
    "record.search", "record.imaging", "record.microbiology", "record.pending", "record.since", "record.care_gaps",
    "record.fluids", "record.encounters", "record.procedures", "record.immunizations", "record.notes",
)  # fmt: skip


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
    draft.not_answered += disagreements(board, services)
    draft.not_answered += unread(draft, services.vision is not None and state["case"].get("model") != "none")
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
    if body["slot"] == ASK_SLOT:
        _not_typed(draft, head)
        return
    if body["tool"] in PICTURED:
        pictured_answer(draft, body, head)
        return
    if body["tool"] == "record.ask_value":
        _typed_answer(draft, head, board.items(body["slot"]), section)
        return
    passages = [e for e in map(board.evidence, record.evidence[1:]) if isinstance(e.source, GuidelinePassage)]
    if body["tool"] == "guideline.search":
        for item in passages:
            draft.plain(wording.PASSAGE, item, [head.id])
        return
    if head.kind == "reading":
        for item in [head, *(part for part in board.items(body["slot"]) if part.kind == "reading")]:
            draft.plain(wording.READING, item, [])
        return
    found = board.items(body["slot"])
    if body["tool"] in COUNTED or not found:
        # How much there is, and what was left out, belongs to the answer as much as the places themselves.
        found = [head, *found]
    for item in found:
        draft.plain(_wording(item, item.concept is not None), item, [], section)


def _wording(item: Evidence, named: bool = True) -> str:
    """How a look-up is said: with its name where it has one."""
    if named:
        return wording.LOOKUP if item.effective_at else wording.LOOKUP_UNDATED
    return wording.ENTRY if item.effective_at else wording.ENTRY_UNDATED


def _typed_answer(draft: Draft, head: Evidence, items: list[Evidence], section: str) -> None:
    """The answer to a question as typed: each value cites the entries of the record it rests on."""
    for item in [head, *items]:
        assert isinstance(item.source, Derivation)
        draft.plain(
            _wording(item, item is head),
            item,
            [found for found in item.source.inputs if found in draft.board.by_id],
            section,
        )


def _not_typed(draft: Draft, head: Evidence) -> None:
    """Why a question has no answer as it was typed; what was looked up instead stands among the claims."""
    if head.value is not None:
        return
    assert isinstance(head.source, FhirElement)
    of_record = set(head.source.flags) & {"not_recorded", "incomplete"}
    draft.not_answered.append(
        NotAnswered(
            what="The question word for word",
            reason="no_evidence" if of_record else "out_of_scope",
            needs=[head.display],
            slots=[head.slot],
        )
    )


def _choice(draft: Draft, choice: Evidence) -> None:
    assert isinstance(choice.source, Decision)
    kind = choice.source.detail.get("kind")
    needs = list(choice.source.detail.get("needs", []))
    if is_instruction(choice.source.detail.get("reasons")):
        draft.not_answered.append(
            NotAnswered(
                what="The instruction: nothing was ordered, and no draft was made of it here",
                reason="out_of_scope",
                needs=[f'osler ehr instruct {choice.patient or "PATIENT"} "..." makes drafts of it, for approval'],
            )
        )
    if REASON in choice.source.detail.get("reasons", []) and needs:
        draft.not_answered.append(NotAnswered(what="Images left out", reason="budget", needs=needs))
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
        if record.status == "error" and record.error and record.tool in PICTURED:
            draft.not_answered.append(pictured_failure(record))
        elif record.status == "error" and record.error:
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
