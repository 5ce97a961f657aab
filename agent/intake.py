"""intake: who asks, which patient, as of when; what came with it; critical results before anything else."""

from __future__ import annotations

from langgraph.runtime import Runtime

from agent.attach import PICTURED
from agent.runtime import Services
from agent.state import RESET, Json, State, dump
from agent.steps import step
from knowledge.evidence import Evidence, Statement
from tools.errors import UsageError

CHOOSE = "protocol.choose"
MAX_QUESTION = 4000
FACTS: dict[str, str] = {
    # Slots every consultation reads: who it is, what is active, what is critical.
    "patient.age": "record.age",
    "patient.sex": "record.sex",
    "problems": "record.problems",
    "medications": "record.medications",
    "allergies": "record.allergies",
    "findings": "notes.findings",
    "labs": "record.labs",
    "critical": "record.critical",
}


async def intake(state: State, runtime: Runtime[Services]) -> Json:
    """Begin a turn: the question becomes evidence, the plan holds the reads every consultation makes.

    Raises:
        UsageError: an empty or endless question.
    """
    services, request, case = runtime.context, state["request"], dict(state["case"])
    question = check_question(request["question"])
    case |= {"turn": case.get("turn", 0) + 1, "version": 1, "question": question}
    services.forget(case["consultation"])
    asked = Evidence(
        slot="question",
        value=question,
        display=question,
        patient=case.get("patient"),
        source=Statement(by=request.get("by") or "clinician", role="asker", turn=case["turn"]),
    )
    record = {
        "id": f"q{case['turn']}",
        "tool": "intake.question",
        "version": "1",
        "slot": "question",
        "arguments": {"question": question},
        "status": "ok",
        "evidence": [asked.id],
        "wave": 0,
        "seconds": 0.0,
    }
    steps = [step("question", "intake.question", {"question": question})]
    if case.get("patient"):
        steps += [step(slot, tool) for slot, tool in FACTS.items()]
    images = [found["sha256"] for found in case.get("attachments", []) if found["kind"] in PICTURED]
    steps += [
        step(f"image.{number}", "image.describe", {"image": key}, {"question": "question"})
        for number, key in enumerate(images, 1)
    ]
    facts = [body["slot"] for body in steps]
    steps.append(step("protocol.choice", CHOOSE, {"protocol": request.get("protocol")}, {slot: slot for slot in facts}))
    return {
        "case": case,
        "request": {},
        "plan": {"protocols": [], "steps": steps, "base": len(steps), "choice": None},
        "records": [{RESET: True}, record],
        "evidence": {RESET: True, asked.id: dump(asked)},
        "messages": [{"role": "user", "content": question, "turn": case["turn"]}],
        "reviews": [{RESET: True}],
        "corrections": [{RESET: True}],
        "checks": [],
        "critical": [],
        "answer": {},
        "status": "planning",
        "ledger": {"model_calls": 0, "tokens": 0},
    }


def check_question(text: str) -> str:
    """A question that can be asked.

    Raises:
        UsageError: it is empty, or longer than `MAX_QUESTION` characters.
    """
    question = " ".join(text.split())
    if not question:
        raise UsageError(
            "the question is empty",
            found=repr(text),
            expected="a question in words",
            action="ask, for example: Should she be anticoagulated?",
        )
    if len(question) > MAX_QUESTION:
        raise UsageError(
            "the question is too long",
            found=f"{len(question)} characters",
            expected=f"at most {MAX_QUESTION}",
            action="put long text into a note (--note FILE)",
        )
    return question
