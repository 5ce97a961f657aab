"""Writes to the record: a draft from an answer's item, a person's approval, one commit (safety rule 19).

A draft is made from what the answer says and rests on; what it does not say is asked for. An approval reads everything
again first: what has changed voids it. The commit carries an identifier of the draft, so that a kill between the write
and the note of it leaves one order, not two.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from agent.branch import refuse_hypothetical
from agent.draft_checks import Scene, open_encounter, run_checks
from agent.draftable import ALLOWED, SeveralOrders, action_of, item_of, stands
from agent.drafts import (
    OPEN,
    Commit,
    Draft,
    DraftCheck,
    DraftDecision,
    DraftField,
    Edit,
    FieldChange,
    Journal,
    Missing,
    RestsOn,
    Target,
    draft_id,
)
from agent.export import markdown
from agent.resting import changes, references, resting, stamp, version_check
from agent.runtime import Services, utc_now
from agent.state import Board, Json, State
from tools.context import ToolContext
from tools.ehr.client import FhirClient
from tools.ehr.drafts import KINDS, Action, Blank, Setting, accept, build, choices_of, concept_named, difference, form
from tools.ehr.drafts import in_words as say
from tools.ehr.record import Entry
from tools.ehr.write import Approval, Writer, WriteRefused
from tools.errors import BadInput, NotAssessable, Refused, UpstreamError, UsageError

if TYPE_CHECKING:
    from agent.core import Core

_SUPPORT = ("Condition/", "Observation/", "DiagnosticReport/")
_STORES = (".db", ".sqlite", ".sqlite3")


class Writes:
    """The way to the record. One per core; each call is one step of one consultation."""

    def __init__(self, core: Core, services: Services) -> None:
        self._core, self._services = core, services
        self.journal = Journal(services.effects)

    @contextlib.asynccontextmanager
    async def _turn(self, consultation: str) -> AsyncIterator[None]:
        """One step at a time; what was read for it is not kept for the answer's own tools."""
        async with self._core.turn(consultation):
            try:
                yield
            finally:
                self._services.forget(consultation)

    # -- drafting ----------------------------------------------------------------------------------------------------

    async def draft(
        self,
        consultation: str,
        item: str,
        action: Action | None,
        target: str | None,
        given: Mapping[str, str],
        by: str,
    ) -> Draft:
        """Make the draft of an item, or set fields of the one there is.

        Raises:
            UsageError: no such item, nothing to write in it, or several orders it could be about.
            BadInput: a field does not take that value.
        """
        async with self._turn(consultation):
            state = await self._core.existing(consultation)
            refuse_hypothetical(state["case"], "written to the record")
            await self._source(state["case"])
            found = self.journal.get(consultation, item)
            if found is None:
                found = await self._begin(state, item, action, target)
            if given and found.state not in ("draft", "incomplete"):
                raise UsageError(
                    f"this draft is {found.state}",
                    found=found.state,
                    expected="a draft that is open",
                    action="make a new one",
                )
            if found.state not in ("draft", "incomplete"):
                return found
            after = self.journal.length(found)
            context = await self._fresh(state["case"])
            drawn = await self._fill(found, state, context, given, by)
            return self.journal.note(drawn, after)

    async def _begin(self, state: State, item: str, action: Action | None, target: str | None) -> Draft:
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
            for found in self.journal.all(case["consultation"])
            if (found.item, found.action, found.version) == (part["id"], chosen, case["version"])
            and (found.target.reference if found.target else "") == place
        ]
        if live := [found for found in same if found.state in (*OPEN, "committed")]:
            return live[-1]
        rests = resting(part["evidence"], Board(state))
        rests = await self._settled(state, rests)
        blanks = form(chosen, self._services.terminology, part["drugs"], dated=part["kind"] == "monitor")
        defaults = {
            "what": part["text"],
            **({"reason": part["text"]} if held else {}),
            "title": f"Assessment: {case['question']}"[:200],
            "text": markdown(state),
        }
        said = [_field(blank, defaults.get(blank.name)) for blank in blanks]
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
        record = (await self._fresh(case)).record
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

    async def _fill(self, draft: Draft, state: State, context: ToolContext, given: Mapping[str, str], by: str) -> Draft:
        """Set fields; then the resource, what is missing and the checks are worked out afresh."""
        fields = {field.name: field for field in draft.fields}
        edits = list(draft.edits)
        for name, text in given.items():
            if name not in fields:
                raise UsageError(
                    f"this draft has no field {name!r}",
                    found=name,
                    expected=", ".join(fields),
                    action="set one of these",
                )
            value = accept(_blank(fields[name]), text, self._services.terminology)
            if value == fields[name].value:
                continue
            edits.append(Edit(field=name, before=fields[name].value, after=value, by=by, at=utc_now()))
            fields[name] = fields[name].model_copy(update={"value": value, "origin": "clinician" if value else None})
            if name == "condition":
                concept = concept_named(value or "", self._services.terminology)
                fields["code"] = fields["code"].model_copy(
                    update={"value": None, "choices": list(choices_of(concept)), "origin": None}
                )
        missing = [
            Missing(field=field.name, needs=field.label, choices=field.choices)
            for field in fields.values()
            if field.required and field.value is None
        ]
        made = draft.model_copy(update={"fields": list(fields.values()), "edits": edits, "missing": missing})
        made = made.model_copy(update={"state": "incomplete" if missing else "draft", "error": None})
        return await self._drawn(made, state, context)

    async def _drawn(self, draft: Draft, state: State, context: ToolContext, by: str | None = None) -> Draft:
        """The draft with its resource, difference, words and checks as they come out now."""
        record = context.record
        assert record is not None
        old = draft.target.resource if draft.target else None
        if old is not None and draft.target is not None:
            entries = (await record.medications()).entries
            # As the server has it now, so that an update sends back every digit it was given.
            old = next((e.resource for e in entries if e.reference == draft.target.reference), old)
        setting = Setting(
            patient=record.patient_id,
            at=utc_now() if state["case"]["clock"] == "now" else state["case"]["as_of"],
            text=f"{draft.text} (Osler consultation {draft.consultation})",
            support=tuple(found for found in references(draft.rests_on) if found.startswith(_SUPPORT)),
            encounter=await open_encounter(record),
            signed=state["status"] == "signed",
            by=by,
        )
        resource = build(draft.action, draft.given, setting, self._services.terminology, old)
        item = draft.item
        part = item_of(state, item)[1] if stands(state, item) else {"unknown": []}
        scene = Scene(draft, self._services, context, Board(state), state, part["unknown"])
        version = await version_check(await self._core.reader(state["case"]), draft.rests_on)
        return draft.model_copy(
            update={
                "resource": resource,
                "words": say(draft.action, resource, old),
                "diff": [FieldChange(**row) for row in difference(old, resource)],
                "checks": [version, *await run_checks(scene)],
            }
        )

    # -- deciding ----------------------------------------------------------------------------------------------------

    async def approve(self, draft: Draft, by: str, role: str, override: str | None) -> Json:
        """Approve a draft and write it. Everything is read again first; what has changed voids the approval.

        Raises:
            NotAssessable: the draft lacks something.
            Refused: it is contraindicated and nobody said why it is given all the same.
            WriteRefused: the server said no; the draft stands as it was.
            UpstreamError: the server did not answer; approving again finds out.
        """
        async with self._turn(draft.consultation):
            state = await self._core.existing(draft.consultation)
            refuse_hypothetical(state["case"], "written to the record")
            # Read inside the turn: another approval may have come first.
            draft = self.journal.get(draft.consultation, draft.id) or draft
            after = self.journal.length(draft)
            if draft.state == "committed":
                return _result(draft, True, "committed already: nothing was written again")
            if draft.state not in OPEN:
                raise UsageError(
                    f"this draft is {draft.state}", found=draft.state, expected="an open draft", action="make a new one"
                )
            if draft.missing:
                needs = ", ".join(item.needs for item in draft.missing)
                raise NotAssessable(
                    f"the draft is not complete: {needs}",
                    found=needs,
                    expected="every field that is required",
                    action=f"osler draft {draft.consultation} --item {draft.id} --set {draft.missing[0].field}=...",
                )
            writer = Writer.over(await self._core.reader(state["case"]))
            try:
                if draft.state == "approved" and (there := await writer.written(draft.kind, draft.id)):
                    # A kill, or an answer that never came, after the write was made.
                    return self._committed(draft, there, after, "committed before: found in the record")
                voided = await self._recheck(draft, state, after)
                if isinstance(voided, dict):
                    return voided
                return await self._write(voided, state, writer, Approval(by, role, utc_now(), override), after)
            finally:
                await writer.close()

    async def _recheck(self, draft: Draft, state: State, after: int) -> Draft | Json:
        """The draft as it comes out now; or the refusal, where what it rests on or its checks are otherwise."""
        found = await self._changes(draft, state)
        if found:
            void = draft.model_copy(update={"state": "void", "changes": found})
            return _result(self.journal.note(void, after), False, "void: what it rests on has changed", found)
        fresh = await self._drawn(draft, state, await self._fresh(state["case"]))
        then = {_key(check): check for check in draft.checks}
        now = {_key(check): check for check in fresh.checks}
        moved = [
            {"slot": name, "then": _told(then.get(name)), "now": _told(now.get(name))}
            for name in dict.fromkeys([*then, *now])
            if _outcome(then.get(name)) != _outcome(now.get(name))
        ]
        if moved:
            self.journal.note(fresh.model_copy(update={"state": "draft"}), after)
            return _result(fresh, False, "not approved: a check came out otherwise; look again", moved)
        return fresh

    async def _write(self, draft: Draft, state: State, writer: Writer, approval: Approval, after: int) -> Json:
        if draft.stops and not (approval.override or "").strip():
            raise Refused(
                f"contraindicated: {'; '.join(check.why for check in draft.stops)}",
                found=", ".join(check.name for check in draft.stops),
                expected="no contraindication, or a reason to go on",
                action="choose something else, or override with a reason (--override)",
            )
        if not draft.stops:
            approval = Approval(approval.by, approval.role, approval.at)
        decision = DraftDecision(by=approval.by, role=approval.role, at=approval.at, override=approval.override)
        signed = f"{approval.by} ({approval.role})"
        draft = await self._drawn(draft, state, await self._fresh(state["case"]), signed)
        approved = draft.model_copy(update={"state": "approved", "decision": decision, "error": None})
        self.journal.note(approved, after)
        sources = references(draft.rests_on)
        try:
            done = await writer.commit(draft.resource, draft.id, approval, sources, draft.consultation)
        except (WriteRefused, BadInput) as error:
            back = draft.model_copy(update={"state": "draft", "decision": None, "error": error.document()})
            self.journal.note(back, after + 1)
            raise
        except UpstreamError as error:
            self.journal.note(approved.model_copy(update={"error": error.document()}), after + 1)
            raise
        return self._committed(approved, done.resource, after + 1, "committed")

    def _committed(self, draft: Draft, resource: Json, after: int, result: str) -> Json:
        meta = resource.get("meta") or {}
        commit = Commit(
            reference=f"{draft.kind}/{resource['id']}",
            version=meta.get("versionId"),
            provenance=f"Provenance/osler-{draft.id}",
            at=utc_now(),
        )
        done = draft.model_copy(update={"state": "committed", "committed": commit, "resource": resource, "error": None})
        self.journal.note(done, after)
        return _result(done, True, result)

    async def refuse(self, draft: Draft, by: str, role: str, reason: str | None) -> Json:
        """Give a draft up; it stays in the journal with who and why. One that was sent is looked for first.

        Raises:
            UsageError: it is in the record, or no longer open.
        """
        async with self._turn(draft.consultation):
            draft = self.journal.get(draft.consultation, draft.id) or draft
            after = self.journal.length(draft)
            if draft.state == "approved":
                state = await self._core.existing(draft.consultation)
                writer = Writer.over(await self._core.reader(state["case"]))
                try:
                    there = await writer.written(draft.kind, draft.id)
                finally:
                    await writer.close()
                if there is not None:
                    return self._committed(draft, there, after, "not given up: it is in the record already")
            if draft.state not in OPEN:
                raise UsageError(
                    f"this draft is {draft.state}", found=draft.state, expected="an open draft", action="look at it"
                )
            decision = DraftDecision(by=by, role=role, at=utc_now(), reason=reason)
            gone = draft.model_copy(update={"state": "refused", "decision": decision, "error": None})
            return _result(self.journal.note(gone, after), False, "refused")

    # -- what has changed --------------------------------------------------------------------------------------------

    def written(self, consultation: str) -> dict[str, Json | None]:
        """What this consultation has put into the record, with what was there before: it does not outdate itself."""
        found: dict[str, Json | None] = {}
        for draft in self.journal.all(consultation):
            if draft.committed is not None:
                found.setdefault(draft.committed.reference, draft.target.resource if draft.target else None)
        return found

    def _ours(self, consultation: str) -> dict[str, str | None]:
        """The version of each resource as this consultation left it."""
        drafts = self.journal.all(consultation)
        return {draft.committed.reference: draft.committed.version for draft in drafts if draft.committed}

    async def _changes(self, draft: Draft, state: State) -> list[Json]:
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
        found = await changes(client, draft.rests_on, self._ours(draft.consultation))
        return [*rows, *(row for row in found if row["slot"] not in {other["slot"] for other in rows})]

    async def _settled(self, state: State, rests: list[RestsOn]) -> list[RestsOn]:
        """What an answer's item rests on, stamped with the versions there are.

        Raises:
            UsageError: the record is no longer what the answer was worked out on.
        """
        slots, ours = {item.slot for item in rests}, self.written(state["case"]["consultation"])
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

    async def _fresh(self, case: Json) -> ToolContext:
        """The record read anew, at the present where the clinical clock is the present."""
        self._services.forget(case["consultation"])
        return await self._services.context({**case, "as_of": utc_now()} if case["clock"] == "now" else case)

    async def _source(self, case: Json) -> FhirClient:
        """Where it would be written to.

        Raises:
            UsageError: there is no patient, or the record is a file that was read.
        """
        source = case.get("record") or self._core.settings.fhir_url or ""
        kept = not source or source.startswith(("http://", "https://")) or source.endswith(_STORES)
        if not case.get("patient") or not kept:
            raise UsageError(
                "there is no record to write to",
                found=source or "no patient",
                expected="the embedded store or a FHIR server",
                action="import the record (osler ehr import), or set OSLER_FHIR_URL",
            )
        return await self._core.reader(case)


def _field(blank: Blank, said: str | None) -> DraftField:
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


def _blank(field: DraftField) -> Blank:
    return Blank(field.name, field.label, field.required, tuple(field.choices), kind=field.kind)


def _key(check: DraftCheck) -> str:
    return f"{check.name}: {check.why}" if check.name == "check_first" else check.name


def _outcome(check: DraftCheck | None) -> Any:
    return (check.state, sorted(check.evidence)) if check else None


def _told(check: DraftCheck | None) -> str | None:
    return f"{check.state}: {check.why}" if check else None


def _result(draft: Draft, approved: bool, result: str, rechecked: list[Json] | None = None) -> Json:
    return {
        "item": draft.id,
        "approved": approved,
        "rechecked": rechecked or [],
        "result": result,
        "draft": draft.model_dump(mode="json"),
    }
