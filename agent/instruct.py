"""`osler ehr instruct`: an instruction in plain words becomes drafts; each waits for a person's approval.

Read without a model. Nothing is written here: the way to the record is `agent.writes`, as for an answer's drafts, and
at approval the whole plan is worked out again on the record as it is then.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from agent.drafts import Draft
from agent.instruct_codes import mask
from agent.instruct_document import InstructDocument
from agent.instruct_evaluate import evaluate
from agent.instruct_ground import INSTRUCTION, InstructionGround, proposals_of, state_of
from agent.instruct_guard import same_patient
from agent.instruct_parse import read
from agent.state import Json, dump
from knowledge.terminology import default_terminology
from tools.ask.definitions import definitions
from tools.errors import BadInput, UsageError

if TYPE_CHECKING:
    from agent.core import Core

MOST = 8000


async def instruct(
    core: Core,
    patient: str | None,
    text: str,
    *,
    context: str = "",
    as_of: str | None = None,
    record: str | None = None,
    by: str = "clinician",
) -> Json:
    """The document of an instruction; its drafts are kept and wait.

    Raises:
        UsageError: nothing was said, no such patient, or nowhere to write to.
        BadInput: the instruction, or its condition, was not understood: nothing is drafted.
        UpstreamError: the server failed.
    """
    if not text.strip() or len(text) + len(context) > MOST:
        raise UsageError(
            "nothing was said, or too much",
            found=f"{len(text) + len(context)} characters",
            expected=f"1 to {MOST}",
            action='osler ehr instruct PATIENT "if potassium is below 3.5 order ..."',
        )
    if as_of is None and (clock := definitions(context, context=True)[0].now) is not None:
        as_of = clock.isoformat()
    services = await core.services()
    case = await core.new_case(f"i-{uuid.uuid4().hex[:12]}", patient, as_of, record, "none")
    case["question"] = text
    plan = read(text, services.terminology, datetime.fromisoformat(case["as_of"]), context)
    writes = await core.writes()
    if plan.acts:
        await writes.source(case)
    tools = await services.context(case)
    if plan.acts and tools.record is not None:
        record_id, codes = tools.record.patient_id, {item.code for item in plan.definitions}
        same_patient(mask(text).text, tools.record.patient, record_id, codes)
    outcome = await evaluate(plan, tools, tools.now)
    held = [outcome.found.evidence] if outcome.found else []
    body: Json = {
        "case": case,
        "context": context,
        "by": by,
        "plan": plan.model_dump(mode="json"),
        "why": outcome.why,
        "cautions": list(outcome.found.cautions) if outcome.found else [],
        "proposals": proposals_of(outcome),
        "evidence": {item.id: dump(item) for item in held},
    }
    services.effects.once(case["consultation"], INSTRUCTION, INSTRUCTION, body)
    ground, state = InstructionGround(core, services, writes), state_of(body)
    drafts: list[Draft] = []
    for proposal in outcome.proposals:
        begun = await ground.first(state, proposal, tools)
        if not isinstance(begun, Draft):
            outcome.not_done.append(begun)
            continue
        try:
            drafts.append(await writes.add(begun, state, by))
        except BadInput as error:
            outcome.not_done.append({"what": proposal.act.text, "reason": "conflict", "why": str(error)})
    services.forget(case["consultation"])
    document = InstructDocument.model_validate(
        {
            "instruction": case["consultation"],
            "text": text,
            "context": context,
            "patient": case["patient"],
            "as_of": case["as_of"],
            "read_as": plan.told,
            "plan": body["plan"],
            "condition": {"text": plan.condition.text, "met": outcome.met, "why": outcome.why},
            "answer": [_value(item) for item in held],
            "drafts": [draft.model_dump(mode="json") for draft in drafts],
            "not_done": outcome.not_done,
            "unread": list(plan.unread),
            "evidence": body["evidence"] and {item.id: item for item in held},
        }
    )
    return document.model_dump(mode="json")


def acts_in(text: str, context: str = "") -> bool:
    """Whether something to be drafted is read in a text; False where it cannot be read."""
    try:
        return bool(read(text, default_terminology(), datetime.now(UTC), context).acts)
    except BadInput:
        return False


def _value(item: Any) -> Json:
    return {
        "value": item.value,
        "unit": item.unit,
        "display": item.display,
        "date": item.effective_at,
        "concept": item.concept,
        "reference": getattr(item.source, "reference", None),
        "assertion": None,
        "tool": "record.observation",
        "evidence": item.id,
    }
