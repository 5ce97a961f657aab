"""Writes to the record: a draft from an answer's item, a person's approval, one commit (safety rule 19).

A draft is made from what the answer says and rests on; what it does not say is asked for. An approval reads everything
again first: what has changed voids it. The commit carries an identifier of the draft, so that a kill between the write
and the note of it leaves one order, not two.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from agent.draft_checks import Scene, open_encounter, run_checks
from agent.draft_imaging import beside_of, drawn_up, standing, statuses, study_made, study_rows, told_beside
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
)
from agent.resting import references, version_check
from agent.runtime import Services, utc_now
from agent.state import Board, Json, State
from agent.write_audit import Audit
from agent.writes_answer import AnswerGround, Ground
from tools.context import ToolContext
from tools.ehr.client.client import FhirClient
from tools.ehr.writes.drafts import Action, Blank, Setting, accept, build, choices_of, concept_named, difference
from tools.ehr.writes.drafts import in_words as say
from tools.ehr.writes.write import Approval, Writer, WriteRefused
from tools.errors import BadInput, NotAssessable, OslerError, Refused, UpstreamError, UsageError

if TYPE_CHECKING:
    from agent.core import Core

INSTRUCTION = "instruction"
"""The kind of effect under which an instruction is kept (agent.instruct)."""
NEWS = ("committed", "committed before: found in the record")
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

    def _ground(self, consultation: str) -> Ground:
        """What the drafts of a consultation, or of an instruction, rest on."""
        if self.instructed(consultation):
            from agent.instruct_ground import InstructionGround

            return InstructionGround(self._core, self._services, self)
        return AnswerGround(self._core, self._services, self)

    def instructed(self, consultation: str) -> bool:
        """Whether it is the id of an instruction."""
        return bool(self._services.effects.made(consultation, INSTRUCTION))

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
            ground = self._ground(consultation)
            state = await ground.state(consultation)
            await self.source(state["case"])
            found = self.journal.get(consultation, item)
            if found is None:
                found = await ground.begin(state, item, action, target)
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
            context = await self.fresh(state["case"])
            found = _with_choices(found, state)
            drawn = await self._fill(found, state, context, given, by)
            return self.journal.note(drawn, after)

    async def add(self, begun: Draft, state: State, by: str) -> Draft:
        """Keep a draft that was begun elsewhere, its fields held to their form.

        Raises:
            BadInput: a field does not take its value.
        """
        terms = self._services.terminology
        fields = [
            item.model_copy(update={"value": accept(_blank(item), item.value or "", terms)}) for item in begun.fields
        ]
        async with self._turn(begun.consultation):
            drawn = await self._fill(
                begun.model_copy(update={"fields": fields}), state, await self.fresh(state["case"]), {}, by
            )
            return self.journal.note(drawn)

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
            text=f"{draft.text} (Osler {_kind(draft.consultation)} {draft.consultation})",
            support=tuple(found for found in references(draft.rests_on) if found.startswith(_SUPPORT)),
            encounter=await open_encounter(record),
            signed=state["status"] == "signed",
            by=by,
        )
        beside, more = None, []
        if draft.action == "measured":
            measure = standing(state, draft.item)
            resource, beside = await drawn_up(measure, draft.given, setting, context, self._services)
            words = told_beside(say(draft.action, resource, old), beside, measure.validated)
            more = study_rows(beside)
        else:
            resource = build(draft.action, draft.given, setting, self._services.terminology, old)
            words = say(draft.action, resource, old)
        draft = draft.model_copy(update={"resource": resource, "beside": asdict(beside) if beside else None})
        said = self._ground(draft.consultation).checks(draft, state)
        scene = Scene(draft, self._services, context, Board(state), state)
        version = await version_check(await self._core.reader(state["case"]), draft.rests_on)
        return draft.model_copy(
            update={
                "resource": resource,
                "words": words,
                "diff": [FieldChange(**row) for row in (*difference(old, resource), *more)],
                "checks": [version, *await run_checks(scene), *said],
            }
        )

    # -- deciding ----------------------------------------------------------------------------------------------------

    async def approve(self, draft: Draft, by: str, role: str, override: str | None) -> Json:
        """`_approve`, with an audit line of how it ended, refusals included."""
        audit = Audit(self._services.effects, draft, by, role)
        try:
            result = await self._approve(draft, by, role, override)
        except OslerError as error:
            told = isinstance(error, Refused)
            audit.note("8" if isinstance(error, UpstreamError) else "4", f"not written: {error}")
            if told:
                await self._send(audit, draft)
            raise
        done, fresh = result["draft"], result["result"] in NEWS
        audit.note("0" if result["approved"] else "4", result["result"], (done["committed"] or {}).get("reference"))
        if fresh or not result["approved"]:
            result["audit"] = await self._send(audit, draft)
        return result

    async def _send(self, audit: Audit, draft: Draft) -> str:
        state = await self._ground(draft.consultation).state(draft.consultation)
        writer = Writer.over(await self._core.reader(state["case"]))
        try:
            return await writer.audit(audit.event)
        finally:
            await writer.close()

    async def _approve(self, draft: Draft, by: str, role: str, override: str | None) -> Json:
        """Approve a draft and write it. Everything is read again first; what has changed voids the approval.

        Raises:
            NotAssessable: the draft lacks something.
            Refused: it is contraindicated and nobody said why it is given all the same.
            WriteRefused: the server said no; the draft stands as it was.
            UpstreamError: the server did not answer; approving again finds out.
        """
        async with self._turn(draft.consultation):
            state = await self._ground(draft.consultation).state(draft.consultation)
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
        found = await self._ground(draft.consultation).changes(draft, state)
        if found:
            void = draft.model_copy(update={"state": "void", "changes": found})
            return _result(self.journal.note(void, after), False, "void: what it rests on has changed", found)
        fresh = await self._drawn(draft, state, await self.fresh(state["case"]))
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
        draft = await self._drawn(draft, state, await self.fresh(state["case"]), signed)
        approved = draft.model_copy(update={"state": "approved", "decision": decision, "error": None})
        self.journal.note(approved, after)
        sources = references(draft.rests_on)
        try:
            beside = beside_of(draft.beside)
            done = await writer.commit(draft.resource, draft.id, approval, sources, draft.consultation, beside)
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
                state = await self._ground(draft.consultation).state(draft.consultation)
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
            Audit(self._services.effects, draft, by, role).note("0", f"given up: {reason or 'no reason given'}")
            return _result(self.journal.note(gone, after), False, "refused")

    # -- the record ---------------------------------------------------------------------------------------------------

    def written(self, consultation: str) -> dict[str, Json | None]:
        """What this consultation has put into the record, with what was there before: it does not outdate itself."""
        found: dict[str, Json | None] = {}
        for draft in self.journal.all(consultation):
            if draft.committed is not None:
                found.setdefault(draft.committed.reference, draft.target.resource if draft.target else None)
                found |= dict.fromkeys(study_made(draft.resource, draft.beside))
        return found

    def ours(self, consultation: str) -> dict[str, str | None]:
        """The version of each resource as this consultation left it."""
        drafts = self.journal.all(consultation)
        return {draft.committed.reference: draft.committed.version for draft in drafts if draft.committed}

    async def fresh(self, case: Json) -> ToolContext:
        """The record read anew, at the present where the clinical clock is the present."""
        self._services.forget(case["consultation"])
        return await self._services.context({**case, "as_of": utc_now()} if case["clock"] == "now" else case)

    async def source(self, case: Json) -> FhirClient:
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


def _with_choices(draft: Draft, state: State) -> Draft:
    """The draft with what its status may be now: of a measure, `final` only once the answer is signed."""
    if draft.action != "measured":
        return draft
    choices = list(statuses(standing(state, draft.item), state["status"] == "signed"))
    fields = [
        field.model_copy(update={"choices": choices}) if field.name == "status" else field for field in draft.fields
    ]
    return draft.model_copy(update={"fields": fields})


def _kind(consultation: str) -> str:
    return "instruction" if consultation.startswith("i-") else "consultation"


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
