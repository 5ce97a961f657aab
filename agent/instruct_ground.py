"""What a draft of an instruction rests on: the plan, worked out again on the record as it is now."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from agent.drafts import Draft, DraftCheck, RestsOn, Target, draft_id
from agent.instruct_evaluate import Outcome, Proposal, evaluate
from agent.instruct_look import SLOT
from agent.instruct_plan import Plan
from agent.resting import changes as moved_since
from agent.resting import resting, stamp
from agent.state import Board, Json, State
from agent.writes_answer import field_of
from tools.context import ToolContext
from tools.ehr.record import Entry
from tools.ehr.writes.drafts import KINDS, Action, form
from tools.errors import UsageError

if TYPE_CHECKING:
    from agent.core import Core
    from agent.runtime import Services
    from agent.writes import Writes

INSTRUCTION = "instruction"
OUTSIDE_HOURS = 24.0
"""A value that an instruction acts on and gives no window for is old after a day; that is said, and stops nothing."""


class InstructionGround:
    """Drafts of an instruction's acts."""

    def __init__(self, core: Core, services: Services, writes: Writes) -> None:
        self._core, self._services, self._writes = core, services, writes

    def body(self, instruction: str) -> Json:
        """The instruction as it was kept: case, plan, proposals, evidence."""
        rows = self._services.effects.made(instruction, INSTRUCTION)
        if not rows:
            raise UsageError(
                f"no instruction {instruction}",
                found=instruction,
                expected="the id of an instruction",
                action="see the id printed by `osler ehr instruct`",
            )
        kept: Json = rows[0]["body"]
        return kept

    async def state(self, consultation: str) -> State:
        """The state that its drafts are made within."""
        return state_of(self.body(consultation))

    async def begin(self, state: State, item: str, action: Action | None, target: str | None) -> Draft:
        """Drafts of an instruction are made when it is read."""
        raise UsageError(
            f"no draft {item} in this instruction",
            found=item,
            expected="the id of one of its drafts",
            action=f"osler draft {state['case']['consultation']}",
        )

    async def first(self, state: State, proposal: Proposal, context: ToolContext) -> Draft | Json:
        """The draft of a proposal as it begins; or why there is none."""
        case, act = state["case"], proposal.act
        fields, target = dict(proposal.fields), None
        if act.action == "stop":
            found = await self._order(fields.pop("drug", ""), context)
            if isinstance(found, str):
                return {"what": act.text, "reason": "conflict", "why": found}
            target = Target(reference=found.reference, version=found.version, resource=found.resource)
            held = act.text.split(" ")[0].lower() in ("hold", "suspend", "withhold")
            fields["status"] = "on-hold" if held else "stopped"
        blanks = form(act.action, self._services.terminology, [])
        rests = resting(list(state["evidence"]), Board(state)) if act.conditional else []
        rests, _ = await stamp(await self._core.reader(case), rests)
        place = target.reference if target else ""
        return Draft(
            id=draft_id(case["consultation"], 0, 1, f"act-{proposal.number}", act.action, place, 0),
            consultation=case["consultation"],
            patient=case["patient"],
            version=1,
            item=f"act-{proposal.number}",
            text=act.text,
            action=act.action,
            kind=target.reference.partition("/")[0] if target else KINDS[act.action],
            state="incomplete",
            target=target,
            fields=[field_of(blank, fields.get(blank.name)) for blank in blanks],
            rests_on=rests,
        )

    async def _order(self, drug: str, context: ToolContext) -> Entry | str:
        """The one current order of a drug."""
        record = context.record
        assert record is not None
        entries = [entry for entry in (await record.medications()).entries if entry.verdict.current]
        words = drug.casefold()
        named = {
            item.id
            for item in context.terminology.concepts.values()
            if item.kind in ("medication", "drug_class")
            and words in (item.id, *(word.casefold() for word in item.words))
        }
        fitting = [
            entry
            for entry in entries
            if words in entry.text.casefold() or any(record.match(concept, entry) for concept in named)
        ]
        if len(fitting) == 1:
            return fitting[0]
        listed = ", ".join(f"{entry.text} ({entry.reference})" for entry in fitting or entries) or "no current order"
        return f"{len(fitting)} current orders are {drug}: {listed}"

    def checks(self, draft: Draft, state: State) -> list[DraftCheck]:
        """The condition, the arithmetic of the dose, and what has to be known about how it was read."""
        body, number = self.body(draft.consultation), int(draft.item.removeprefix("act-"))
        plan, act = Plan.model_validate(body["plan"]), None
        act = plan.acts[number]
        found = [DraftCheck(name="read_as", state="pass", why=plan.told)]
        if act.conditional and plan.condition.kind != "always":
            missing = plan.condition.if_missing and not any(item.reference for item in draft.rests_on)
            found.append(DraftCheck(name="condition", state="warn" if missing else "pass", why=body["why"]))
        if act.conditional and plan.condition.limit is not None and plan.condition.unit is None:
            why = f"the limit {plan.condition.limit:g} came without a unit: taken in the result's own"
            found.append(DraftCheck(name="limit_unit", state="warn", why=why))
        row = next((row for row in body["proposals"] if row["number"] == number), None)
        if row and row["arithmetic"]:
            found.append(DraftCheck(name="dose_rule", state="pass", why=row["arithmetic"]))
        if act.conditional and body["cautions"]:
            found.append(DraftCheck(name="value_flags", state="warn", why="; ".join(body["cautions"])))
        if plan.unread:
            why = f"not understood, nothing done from it: {'; '.join(plan.unread)}"
            found.append(DraftCheck(name="unread", state="warn", why=why))
        return found

    async def changes(self, draft: Draft, state: State) -> list[Json]:
        """The plan worked out again: a newer result, another dose, or a condition that no longer holds."""
        body = self.body(draft.consultation)
        plan, then = Plan.model_validate(body["plan"]), datetime.fromisoformat(body["case"]["as_of"])
        context = await self._writes.fresh(state["case"])
        record = context.record
        if record is not None and (written := self._writes.written(draft.consultation)):
            await record.without(written)
        outcome = await evaluate(plan, context, context.now if state["case"]["clock"] == "now" else then)
        number = int(draft.item.removeprefix("act-"))
        kept = next((row for row in body["proposals"] if row["number"] == number), None)
        now = next((row for row in outcome.proposals if row.number == number), None)
        found = self._moved(draft, outcome)
        if kept is not None and now is None:
            found.append({"slot": "condition", "then": body["why"], "now": outcome.why})
        elif kept is not None and now is not None and kept["fields"] != now.fields:
            found += [
                {"slot": name, "then": kept["fields"].get(name), "now": now.fields.get(name)}
                for name in dict.fromkeys([*kept["fields"], *now.fields])
                if kept["fields"].get(name) != now.fields.get(name)
            ]
        client = await self._core.reader(state["case"])
        rows = await moved_since(client, draft.rests_on, self._writes.ours(draft.consultation))
        return [*found, *(row for row in rows if row["slot"] not in {other["slot"] for other in found})]

    def _moved(self, draft: Draft, outcome: Outcome) -> list[Json]:
        """Whether what was looked up is another result now."""
        if not draft.rests_on or outcome.found is None:
            return []
        now, then = outcome.found.evidence, draft.rests_on[0]
        reference = getattr(now.source, "reference", None)
        if (reference, now.display) == (then.reference, then.display):
            return []
        was = f"{then.display} ({then.effective_at or 'no date'})"
        return [{"slot": then.slot, "then": was, "now": f"{now.display} ({now.effective_at or 'no date'})"}]


def state_of(body: Json) -> State:
    """An instruction in the form of a consultation's state, as far as drafts read it."""
    plan = Plan.model_validate(body["plan"])
    limit = None if plan.condition.kind == "older" else (plan.look.hours if plan.look else None) or OUTSIDE_HOURS
    days = {"max_age_days": limit / 24} if limit else {}
    return {
        "case": body["case"],
        "plan": {"steps": [{"slot": SLOT, "tool": "", "arguments": days}]},
        "records": [],
        "evidence": body["evidence"],
        "answer": {"claims": [], "next_steps": []},
        "status": "review",
    }


def proposals_of(outcome: Outcome) -> list[Json]:
    """The proposals as they are kept."""
    return [proposal.document() for proposal in outcome.proposals]


__all__ = ["INSTRUCTION", "InstructionGround", "RestsOn", "proposals_of", "state_of"]
