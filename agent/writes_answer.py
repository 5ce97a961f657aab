"""What a draft of an answer's item rests on: the answer, and the record as it was read for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from agent.branch import refuse_hypothetical
from agent.draft_imaging import measure_at, said_of
from agent.draftable import ALLOWED, SeveralOrders, action_of, item_of, stands
from agent.drafts import OPEN, Draft, DraftCheck, DraftField, RestsOn, Target, draft_id
from agent.export import markdown
from agent.resting import changes as moved_since
from agent.resting import resting, stamp
from agent.state import Board, Json, State
from tools.ehr.record import Entry
from tools.ehr.writes.drafts import KINDS, Action, Blank, form
from tools.errors import UsageError

if TYPE_CHECKING:
    from agent.core import Core
    from agent.runtime import Services
    from agent.writes import Writes


class Ground(Protocol):
    """Where drafts come from, and what they rest on."""

    async def state(self, consultation: str) -> State:
        """The state that drafts are made within.

        Raises:
            UsageError: there is none, or it is one that never writes.
        """
        ...

    async def begin(self, state: State, item: str, action: Action | None, target: str | None) -> Draft:
        """The draft of an item, as it begins."""
        ...

    def checks(self, draft: Draft, state: State) -> list[DraftCheck]:
        """What the source of the draft itself says has to be looked at."""
        ...

    async def changes(self, draft: Draft, state: State) -> list[Json]:
        """Everything the draft rests on, read again: what is otherwise now."""
        ...


class AnswerGround:
    """Drafts of an answer's next steps and claims."""

    def __init__(self, core: Core, services: Services, writes: Writes) -> None:
        self._core, self._services, self._writes = core, services, writes

    async def state(self, consultation: str) -> State:
        """The answered consultation; a copy made for a what-if never writes."""
        state = await self._core.existing(consultation)
        refuse_hypothetical(state["case"], "written to the record")
        return state

    def checks(self, draft: Draft, state: State) -> list[DraftCheck]:
        """What the next step says is to be checked first."""
        unknown = item_of(state, draft.item)[1]["unknown"] if stands(state, draft.item) else []
        return [DraftCheck(name="check_first", state="unknown", why=text) for text in unknown]

    async def begin(self, state: State, item: str, action: Action | None, target: str | None) -> Draft:
        case = state["case"]
        what, part = item_of(state, item)
        chosen = action or action_of(what, part)
        if chosen not in ALLOWED[what] or (chosen == "start" and (not part["drugs"] or part["stops"])):
            raise UsageError(
                f"{chosen} cannot be drafted from this",
                found=f"{chosen} of a {what}",
                expected=" or ".join(ALLOWED[what]),
                action="name another item, or another action",
            )
        held = await self._target(case, part, target) if chosen in ("stop", "change") else None
        place = held.reference if held else ""
        same = [
            found
            for found in self._writes.journal.all(case["consultation"])
            if (found.item, found.action, found.version) == (part["id"], chosen, case["version"])
            and (found.target.reference if found.target else "") == place
        ]
        if live := [found for found in same if found.state in (*OPEN, "committed")]:
            return live[-1]
        rests = resting(part["evidence"], Board(state))
        rests = await self._settled(state, rests)
        blanks = form(chosen, self._services.terminology, part["drugs"], dated=part["kind"] == "monitor")
        found = measure_at(state, part["id"]) if what == "measure" else None
        defaults = {
            **(said_of(found) if found else {}),
            "what": part["text"],
            **({"reason": part["text"]} if held else {}),
            "title": f"Assessment: {case['question']}"[:200],
            "text": markdown(state),
        }
        said = [field_of(blank, defaults.get(blank.name)) for blank in blanks]
        return Draft(
            id=draft_id(case["consultation"], case["turn"], case["version"], part["id"], chosen, place, len(same)),
            consultation=case["consultation"],
            patient=case["patient"],
            version=case["version"],
            item=part["id"],
            text=part["text"],
            action=chosen,
            kind=held.type if held else KINDS[chosen],
            state="incomplete",
            target=Target(reference=place, version=held.version, resource=held.resource) if held else None,
            fields=said,
            rests_on=rests,
        )

    async def _target(self, case: Json, part: Json, target: str | None) -> Entry:
        """The order that is stopped or changed."""
        record = (await self._writes.fresh(case)).record
        assert record is not None
        listed = [entry for entry in (await record.medications()).entries if entry.verdict.current]
        if target is None:
            fitting = [entry for entry in listed if any(record.match(drug, entry) for drug in part["drugs"])]
            cited = [entry for entry in listed if entry.reference in part["references"]]
            fitting = fitting or cited
        else:
            fitting = [entry for entry in listed if entry.reference == target]
        if len(fitting) == 1:
            return fitting[0]
        named = ", ".join(f"{entry.reference} ({entry.text})" for entry in fitting or listed) or "no current medication"
        if fitting:
            several = SeveralOrders(
                "several orders fit this step",
                found=named,
                expected="one order",
                action="name one with --target Type/id",
            )
            several.orders = tuple((entry.reference, entry.text) for entry in fitting)
            raise several
        raise UsageError(
            "no current order fits this step",
            found=target or part["text"],
            expected=named,
            action="name one of these with --target Type/id",
        )

    async def changes(self, draft: Draft, state: State) -> list[Json]:
        """Everything the draft rests on, read again: what is otherwise now."""
        if not stands(state, draft.item):
            return [{"slot": "answer", "then": draft.text, "now": "no longer part of the answer"}]
        part = item_of(state, draft.item)[1]
        held = {item.evidence for item in draft.rests_on}
        now = {item.evidence: item for item in resting(part["evidence"], Board(state))}
        if held != set(now):
            then = {item.evidence: item for item in draft.rests_on}
            gone = [then[key] for key in then if key not in now]
            come = {item.slot: item.display for key, item in now.items() if key not in held}
            return [{"slot": item.slot, "then": item.display, "now": come.get(item.slot)} for item in gone] or [
                {"slot": slot, "then": None, "now": shown} for slot, shown in come.items()
            ]
        slots = {item.slot for item in draft.rests_on}
        rows = [row for row in await self._core.outdated(draft.consultation) if row["slot"] in slots]
        client = await self._core.reader(state["case"])
        found = await moved_since(client, draft.rests_on, self._writes.ours(draft.consultation))
        return [*rows, *(row for row in found if row["slot"] not in {other["slot"] for other in rows})]

    async def _settled(self, state: State, rests: list[RestsOn]) -> list[RestsOn]:
        """What an answer's item rests on, stamped with the versions there are.

        Raises:
            UsageError: the record is no longer what the answer was worked out on.
        """
        slots, ours = {item.slot for item in rests}, self._writes.written(state["case"]["consultation"])
        moved = [row for row in await self._core.outdated(state["case"]["consultation"]) if row["slot"] in slots]
        told = [f"{row['slot']}: {row['then']} -> {row['now']}" for row in moved]
        stamped, otherwise = await stamp(await self._core.reader(state["case"]), rests)
        told += [reference for reference in otherwise if reference not in ours]
        if told:
            raise UsageError(
                "the record has changed since this answer",
                found="; ".join(told),
                expected="the record as it was read",
                action="ask again before writing",
            )
        return stamped


def field_of(blank: Blank, said: str | None) -> DraftField:
    """A field as it begins: what was said, or its default."""
    value = said or blank.default
    origin = None if value is None else ("step" if said else "default")
    return DraftField(
        name=blank.name,
        label=blank.label,
        value=value,
        origin=origin,  # type: ignore[arg-type]
        required=blank.required,
        choices=list(blank.choices),
        kind=blank.kind,
    )
