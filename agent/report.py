"""report: the signed answer. Signing is a side effect and happens once."""

from __future__ import annotations

from langgraph.runtime import Runtime

from agent.runtime import Services
from agent.state import Json, State


async def report(state: State, runtime: Runtime[Services]) -> Json:
    """Keep the signature with what was signed."""
    case = state["case"]
    signature = next(review for review in reversed(state["reviews"]) if review["item"] == "answer")
    runtime.context.effects.once(
        case["consultation"],
        f"signature/{case['turn']}/{case['version']}",
        "signature",
        {
            "by": signature["by"],
            "role": signature["role"],
            "at": signature["at"],
            "patient": case.get("patient"),
            "claims": [claim["id"] for claim in state["answer"]["claims"] if claim["status"] == "shown"],
        },
    )
    return {
        "status": "signed",
        "messages": [{"role": "assistant", "content": "signed", "turn": case["turn"]}],
    }
