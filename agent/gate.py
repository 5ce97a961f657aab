"""gate: where a person decides. One node type, used at its places; `interrupt` with a list of requests.

Never inside a `Send` branch and never under a broad `except`: both lose interrupts.
"""

from __future__ import annotations

from typing import Any, Literal

from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from agent.additions import extend
from agent.runtime import Services, utc_now
from agent.state import Json, State


async def gate_plan(state: State, runtime: Runtime[Services]) -> Json:
    """Show the plan before it runs, where the settings ask for it. Reads are approved by default."""
    if not runtime.context.settings.review_plan or state["plan"].get("approved") == state["plan"]["choice"]:
        return {}
    if state["plan"]["choice"] is None:
        return {}
    steps = [{"item": body["slot"], "kind": "step", "tool": body["tool"]} for body in state["plan"]["steps"]]
    reply = interrupt([{"item": "plan", "kind": "plan", "protocols": state["plan"]["protocols"], "steps": steps}])
    dropped = set(reply.get("drop", []))
    plan = extend(state["plan"], reply.get("add", []), runtime.context)
    approved = {
        **plan,
        "approved": plan["choice"],
        "steps": [body for body in plan["steps"] if body["slot"] not in dropped],
        "dropped": [*plan.get("dropped", []), *sorted(dropped)],
        "added": [*plan.get("added", []), *reply.get("add", [])],
    }
    return {"plan": approved, "reviews": [_review(reply, "plan")]}


async def gate_claims(
    state: State, runtime: Runtime[Services]
) -> Command[Literal["recompute", "gate_claims", "report"]]:
    """Wait for a signature, a rejection or a correction. Everything before the answer may be looked at meanwhile."""
    reply = interrupt(requests(state))
    if reply["kind"] == "correct":
        return Command(goto="recompute", update={"request": reply})
    review = _review(reply, reply["item"])
    update: dict[str, Any] = {"reviews": [review]}
    if not review["approved"]:
        update["answer"] = reject(state["answer"], reply["item"], reply.get("reason"))
    if reply["item"] == "answer" and review["approved"]:
        return Command(goto="report", update={**update, "status": "signed"})
    return Command(goto="gate_claims", update=update)


def requests(state: State) -> list[Json]:
    """What waits for a person: the answer as a whole, then its parts."""
    decided = {review["item"] for review in state.get("reviews", [])}
    parts = [("claim", item) for item in state["answer"].get("claims", [])]
    parts += [("next_step", item) for item in state["answer"].get("next_steps", [])]
    rows = [
        {"item": item["id"], "kind": kind, "text": item["text"]}
        for kind, item in parts
        if item["status"] == "shown" and item["id"] not in decided
    ]
    return [{"item": "answer", "kind": "signature", "version": state["case"]["version"]}, *rows]


def reject(answer: Json, item: str, reason: str | None) -> Json:
    """The answer with one claim or step rejected by a person; it stays visible."""
    changed = {**answer}
    for key in ("claims", "next_steps"):
        changed[key] = [
            {**part, "status": "rejected", "reason": reason or "rejected"} if part["id"] == item else part
            for part in answer[key]
        ]
    return changed


def _review(reply: Json, item: str) -> Json:
    return {
        "item": item,
        "approved": bool(reply.get("approved", True)),
        "by": reply.get("by"),
        "role": reply.get("role"),
        "reason": reply.get("reason"),
        "at": utc_now(),
    }
