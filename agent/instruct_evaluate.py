"""What a plan comes to on a record now: what was found, whether the condition holds, what is proposed, what is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from agent.instruct_look import TWO_UNITS, Found, holds, in_unit, look_up
from agent.instruct_plan import Act, Plan
from agent.instruct_rules import worked_out
from agent.state import Json
from tools.context import ToolContext

# What an instruction says is to be ordered is ordered: the approval is the signature.
_SAID = {"order": {"status": "active"}, "request": {"status": "active"}}


@dataclass(frozen=True)
class Proposal:
    """One act with its fields as they come out, and the arithmetic behind its dose."""

    number: int
    act: Act
    fields: dict[str, str]
    arithmetic: str | None = None

    def document(self) -> Json:
        """As it is kept with the instruction, to be compared when it is approved."""
        return {"number": self.number, "action": self.act.action, "fields": self.fields, "arithmetic": self.arithmetic}


@dataclass
class Outcome:
    """What came of a plan."""

    found: Found | None
    met: bool | None
    why: str
    proposals: list[Proposal] = field(default_factory=list)
    not_done: list[Json] = field(default_factory=list)


async def evaluate(plan: Plan, ctx: ToolContext, now: datetime) -> Outcome:
    """Work a plan out.

    Args:
        now: what ages and windows are counted from.
    """
    found = await look_up(plan.look, ctx) if plan.look else None
    met, why = holds(plan.condition, found, now)
    outcome = Outcome(found, met, why)
    for number, act in enumerate(plan.acts):
        if act.conditional and met is not True:
            reason = "not_applicable" if met is False else "missing_input"
            outcome.not_done.append({"what": act.text, "reason": reason, "why": why})
            continue
        proposal = _proposed(number, act, found, outcome)
        if proposal is not None:
            outcome.proposals.append(proposal)
    return outcome


def _proposed(number: int, act: Act, found: Found | None, outcome: Outcome) -> Proposal | None:
    fields = {**_SAID.get(act.action, {}), **act.fields}
    if act.rule is None:
        return Proposal(number, act, fields)
    value = found.quantity if found else None
    if act.rule.unit is None and found is not None and found.evidence.concept in TWO_UNITS:
        why = f"{found.evidence.concept} is reported in more than one unit and the dosing rule has none"
        outcome.not_done.append({"what": act.text, "reason": "missing_input", "why": why})
        return None
    scaled = in_unit(value, act.rule.unit, found.evidence.concept if found else None) if value else None
    if scaled is None or scaled.comparator:
        why = f"{found.said if found else 'no value'}: the dosing rule needs a value in {act.rule.unit or 'its unit'}"
        outcome.not_done.append({"what": act.text, "reason": "missing_input", "why": why})
        return None
    said = worked_out(act.rule, scaled.value, scaled.unit)
    if said is None:
        why = f"the dosing rule ({act.rule.text}) gives no dose for {scaled.display}"
        outcome.not_done.append({"what": act.text, "reason": "not_applicable", "why": why})
        return None
    dose, arithmetic = said
    return Proposal(number, act, {**fields, **{key: text for key, text in dose.items() if text}}, arithmetic)
