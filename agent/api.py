"""The public API: `ClinicalAssistant` opens consultations, a `Consultation` is asked, corrected, signed, exported."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from langgraph.types import Command

from agent.additions import resolve
from agent.branch import refuse_hypothetical
from agent.calc_ask import aask
from agent.core import Core, require_name
from agent.draft_imaging import offered
from agent.events import Event
from agent.export import document, fhir_bundle, markdown
from agent.export_pdf import pdf
from agent.instruct import acts_in, instruct
from agent.intake import check_question
from agent.note_check import check_note
from agent.portal import Portal
from agent.settings import Settings
from agent.soap import as_text, soap
from agent.state import Json, State, current_records, load
from knowledge.claim import Answer
from knowledge.evidence import Evidence
from knowledge.quantity import Quantity
from knowledge.terminology import default_terminology
from tools.ehr.writes.drafts import Action
from tools.errors import UsageError
from tools.spec import ToolSpec

ReportFormat = Literal["json", "markdown", "fhir", "pdf"]


class ClinicalAssistant:
    """An assistant on this machine.

        osler = ClinicalAssistant()
        consult = osler.consult(patient="demo-af", question="Should she be anticoagulated?")

    Args:
        settings: defaults to the environment (`OSLER_*`).
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.from_environment()
        self.portal = Portal()
        self.core = Core(self.settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close files and the background loop."""
        self.portal.call(self.core.close())
        self.portal.close()

    def consult(
        self,
        question: str,
        patient: str | None = None,
        *,
        as_of: str | None = None,
        record: str | None = None,
        notes: Iterable[str | Path] = (),
        images: Iterable[str | Path] = (),
        protocol: str | None = None,
        model: str | None = None,
        by: str = "clinician",
    ) -> Consultation:
        """Open a consultation. Nothing runs until its answer (or `stream`) is asked for.

        Args:
            patient: id in the record; needed when the record holds several.
            as_of: the clinical clock, ISO 8601 (default: now; a demo patient brings its own).
            record: a Bundle, folder or FHIR base URL (default: the configured record).
            notes: files of free text that came with the question; their identity is checked first.
            images: DICOM, PNG, JPEG, TIFF, folders, ZIP, or archive:SERIES_UID; likewise.
            protocol: force a protocol by id instead of letting the question choose.
            model: "none" for this consultation to do without the configured model.

        Raises:
            UsageError: no question, no such patient, several patients and none named.
            BadInput: an image cannot be read.
            IdentityMismatch: a note or an image is another patient's.
        """
        return self.portal.call(self._consult(question, patient, as_of, record, notes, images, protocol, model, by))

    async def aconsult(self, question: str, patient: str | None = None, **options: Any) -> Consultation:
        """`consult`, for async callers."""
        given: Json = {"as_of": None, "record": None, "notes": (), "images": (), "protocol": None, "model": None}
        given |= {"by": "clinician"} | options
        return await self.portal.acall(self._consult(question, patient, **given))

    async def _consult(
        self,
        question: str,
        patient: str | None,
        as_of: str | None,
        record: str | None,
        notes: Iterable[str | Path],
        images: Iterable[str | Path],
        protocol: str | None,
        model: str | None,
        by: str,
    ) -> Consultation:
        check_question(question)
        if protocol is not None and protocol not in (known := (await self.core.services()).protocols):
            raise UsageError(
                f"no protocol {protocol!r}", found=protocol, expected=sorted(known), action="name one of these, or none"
            )
        case = await self.core.new_case(f"c-{uuid.uuid4().hex[:12]}", patient, as_of, record, model)
        case["attachments"] = [
            *[await self.core.attach(case, Path(note)) for note in notes],
            *await self.core.attach_images(case, list(images)),
        ]
        return self.start(case, question, protocol, by)

    def start(self, case: Json, question: str, protocol: str | None = None, by: str = "clinician") -> Consultation:
        """A consultation on a case already resolved (a replay, another front end)."""
        request = {"kind": "ask", "question": check_question(question), "protocol": protocol, "by": by}
        return Consultation(self, case["consultation"], {"case": case, "request": request})

    def check_note(
        self, patient: str | None, text: str, *, as_of: str | None = None, record: str | None = None
    ) -> Json:
        """Check a note against a patient's record; the note is never changed.

        Returns:
            {"statements": each with its place, outcome (supported, contradicted, not_in_record, other_time), why and
            evidence, "inside": where the note contradicts itself, "counts", "evidence", "limits"}.

        Raises:
            UsageError: no such patient, several patients and none named.
            BadInput: no text, or too much.
        """
        return self.portal.call(check_note(self.core, patient, text, as_of, record))

    async def acheck_note(
        self, patient: str | None, text: str, *, as_of: str | None = None, record: str | None = None
    ) -> Json:
        """`check_note`, for async callers."""
        return await self.portal.acall(check_note(self.core, patient, text, as_of, record))

    def calculate(self, question: str, patient: str | None = None, **options: Any) -> Json:
        """Work out what a question asks for: calculator, inputs with their sources, result, and what is missing.

        Args:
            options: note, record, as_of, unmentioned ("unknown" or "absent"), given (inputs), calculator; see
                `agent.calc_ask.aask`.
        """
        return self.portal.call(aask(self.settings, question, patient=patient, **options))

    async def acalculate(self, question: str, patient: str | None = None, **options: Any) -> Json:
        """`calculate`, for async callers."""
        return await self.portal.acall(aask(self.settings, question, patient=patient, **options))

    def instruct(self, patient: str | None, text: str, **options: Any) -> Json:
        """Turn an instruction in plain words into drafts (`agent.instruct`); `open(id).approve(...)` writes."""
        return self.portal.call(instruct(self.core, patient, text, **options))

    def is_instruction(self, text: str, context: str = "") -> bool:
        """Whether a text asks for something to be written, rather than only asking."""
        return acts_in(text, context)

    def use_tools(self, tools: dict[str, ToolSpec[Any]], *, record: bool = True) -> None:
        """Replace the catalogue: your own tools, or recorded ones (`record=False`: no record is opened)."""
        self.portal.call(self.core.use_tools(tools, record))

    def open(self, consultation: str) -> Consultation:
        """A consultation by its id, also after the process that began it is gone.

        Raises:
            UsageError: no such consultation.
        """
        return self.portal.call(self._open(consultation))

    async def aopen(self, consultation: str) -> Consultation:
        """`open`, for async callers."""
        return await self.portal.acall(self._open(consultation))

    async def _open(self, consultation: str) -> Consultation:
        state = await self.core.state(consultation)
        if not state and not (await self.core.writes()).instructed(consultation):
            raise UsageError(
                f"no consultation {consultation}",
                found=consultation,
                expected="the id of a consultation",
                action="see the id printed by `osler ask`",
            )
        return Consultation(self, consultation, None)


class Consultation:
    """One consultation: one patient, one thread. Safe to drive from several threads; each call is one step."""

    def __init__(self, assistant: ClinicalAssistant, consultation: str, start: Any) -> None:
        self._assistant, self.id, self._start = assistant, consultation, start
        self._core, self._portal = assistant.core, assistant.portal

    # -- asking ------------------------------------------------------------------------------------------------------

    def stream(self) -> Iterator[Event]:
        """Run what is pending and yield typed events as they happen."""
        return self._portal.iterate(self._events())

    def astream(self) -> AsyncIterator[Event]:
        """`stream`, for async callers."""
        return self._portal.aiterate(self._events())

    async def _events(self) -> AsyncIterator[Event]:
        start, self._start = self._start, None
        async for event in self._core.run(self.id, start):
            yield event

    async def _settled(self) -> State:
        async for _ in self._events():
            pass
        return await self._core.state(self.id)

    def run(self) -> Self:
        """Run what is pending to the next gate."""
        self._portal.call(self._settled())
        return self

    async def arun(self) -> Self:
        """`run`, for async callers."""
        await self._portal.acall(self._settled())
        return self

    def ask(self, question: str, by: str = "clinician") -> Self:
        """Another question about the same patient: a new turn, the record read afresh."""
        check_question(question)
        self._start = {"request": {"kind": "ask", "question": question, "protocol": None, "by": by}}
        return self

    @property
    def settings(self) -> Settings:
        """The settings it runs under."""
        return self._assistant.settings

    # -- looking -----------------------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The state at the last step, run to the next gate first where something is pending."""
        return self._portal.call(self._settled())

    @property
    def answer(self) -> Answer:
        """The assessment."""
        return Answer.model_validate(self.state["answer"])

    @property
    def evidence(self) -> dict[str, Evidence]:
        """Every piece of evidence of this turn, by id."""
        return {key: load(value) for key, value in self.state["evidence"].items()}

    def document(self) -> Json:
        """The answer as the JSON document of `osler ask --json`."""
        return document(self.state)

    async def adocument(self) -> Json:
        """`document`, for async callers."""
        return document(await self._portal.acall(self._settled()))

    def outdated(self) -> list[Json]:
        """Read the record again: what the answer rests on and is no longer so (safety rule 20)."""
        return self._portal.call(self._core.outdated(self.id))

    # -- deciding ----------------------------------------------------------------------------------------------------

    def correct(self, evidence: str, value: Any, by: str, reason: str | None = None) -> Json:
        """Correct one piece of evidence; only what depends on it is worked out again.

        Args:
            evidence: id (or slot) of evidence in use.
            value: a `Quantity`, {"value", "unit"}, a boolean, a code, text, or None for "not known".

        Returns:
            {"rerun", "kept", "added", "dropped": slots, "before", "after", "diff"}.

        Raises:
            UsageError: no such evidence, or a derived value without a reason.
            BadInput: an impossible value or a unit that does not fit.
        """
        return self._portal.call(self._correct(evidence, value, by, reason))

    async def acorrect(self, evidence: str, value: Any, by: str, reason: str | None = None) -> Json:
        """`correct`, for async callers."""
        return await self._portal.acall(self._correct(evidence, value, by, reason))

    async def _correct(self, evidence: str, value: Any, by: str, reason: str | None) -> Json:
        await self._settled()
        return await self._core.correct(self.id, evidence, plain_value(value), by, reason)

    def what_if(self, evidence: str, value: Any, by: str = "clinician") -> tuple[Consultation, Json]:
        """A copy in which one value is another, and what that changes; this consultation stays as it is.

        A copy is looked at: it is not signed and has no FHIR document.

        Args:
            evidence, value: as for `correct`.

        Returns:
            The copy, and the changes as `correct` gives them.

        Raises:
            UsageError, BadInput: as `correct`; no copy is left then.
        """
        return self._portal.call(self._what_if(evidence, value, by))

    async def awhat_if(self, evidence: str, value: Any, by: str = "clinician") -> tuple[Consultation, Json]:
        """`what_if`, for async callers."""
        return await self._portal.acall(self._what_if(evidence, value, by))

    async def _what_if(self, evidence: str, value: Any, by: str) -> tuple[Consultation, Json]:
        await self._settled()
        target = f"{self.id}-if-{uuid.uuid4().hex[:6]}"
        found = await self._core.branch(self.id, target, evidence, plain_value(value), by)
        return Consultation(self._assistant, target, None), found

    def pending_plan(self) -> Json | None:
        """The plan that waits to be approved (`Settings.review_plan`): {"protocols", "steps"}, steps that have run left
        out; None where none waits."""
        return self._portal.call(self._pending_plan())

    async def _pending_plan(self) -> Json | None:
        state = await self._core.state(self.id)
        plan = state.get("plan") or {}
        if not self.settings.review_plan or plan.get("choice") is None or plan.get("approved") == plan["choice"]:
            return None
        done = current_records(state)
        steps = [{"item": body["slot"], "tool": body["tool"]} for body in plan["steps"] if body["slot"] not in done]
        return {"consultation": self.id, "protocols": plan["protocols"], "steps": steps}

    def begin(self, by: str, role: str, drop: Iterable[str] = (), add: Iterable[str] = ()) -> Self:
        """Approve the plan that waits; it runs when `stream` or the answer is asked for.

        Args:
            drop: slots of steps that are not to run.
            add: what else is to be done: a protocol, a calculator, a list of the record ("medications"), or what a
                record holds ("potassium"), by id or in words.

        Raises:
            UsageError: no plan waits, a step is not part of it, nothing is meant by what is added, or no name is given.
        """
        require_name(by)
        plan, left_out = self.pending_plan(), list(drop)
        if plan is None:
            raise UsageError(
                "no plan waits here",
                found=self.id,
                expected="a plan to be approved",
                action="set review_plan, then ask",
            )
        unknown = [slot for slot in left_out if slot not in {step["item"] for step in plan["steps"]}]
        if unknown:
            raise UsageError(
                f"{unknown[0]} is no step of this plan",
                found=unknown[0],
                expected="a step that has not run",
                action="see `pending_plan`",
            )
        added = self._portal.call(self._additions(list(add)))
        reply = {"kind": "approve", "approved": True, "by": by, "role": role, "drop": left_out, "add": added}
        self._start = Command(resume=reply)
        return self

    async def _additions(self, words: list[str]) -> list[str]:
        services = await self._core.services()
        return [resolve(text, services) for text in words]

    def approve(self, by: str, role: str, item: str = "answer", override: str | None = None) -> Json:
        """Sign the answer, accept one of its items, or approve a draft, which is then written to the record.

        What it rests on is read again first; what has changed stops it.

        Args:
            override: why a draft is written although it is contraindicated; kept with it.

        Returns:
            {"item", "approved", "rechecked", "result"}, of a draft also {"draft"}.

        Raises:
            NotAssessable: a draft is not complete.
            Refused: a draft is contraindicated, or the server refused the write.
            UpstreamError: the server did not answer; approving again finds out and does not write twice.
        """
        return self._portal.call(self._decide(item, by, role, True, override))

    async def aapprove(self, by: str, role: str, item: str = "answer", override: str | None = None) -> Json:
        """`approve`, for async callers."""
        return await self._portal.acall(self._decide(item, by, role, True, override))

    def draft(
        self,
        step: str | int,
        *,
        action: Action | None = None,
        target: str | None = None,
        fields: Mapping[str, str] | None = None,
        by: str = "clinician",
    ) -> Json:
        """Draft a resource of the record from the answer, or edit the draft there is. Nothing is written.

        Args:
            step: a next step (its number or id), the id of a claim (a problem-list entry), "answer" (the assessment
                as a note), a measure on an image (`measured`), or the id of a draft.
            action: start, stop or change a medication, or request; by default what the step says.
            target: the order that is stopped or changed, where several could be meant.
            fields: values of fields; an empty one takes a value back. The draft names its fields and what it needs.
            by: who edits.

        Returns:
            The draft (`osler schema draft`).

        Raises:
            UsageError: no such item, or the record has changed since the answer.
            BadInput: a field does not take that value.
        """
        return self._portal.call(self._draft(str(step), action, target, fields, by))

    async def adraft(self, step: str | int, **options: Any) -> Json:
        """`draft`, for async callers."""
        given: Json = {"action": None, "target": None, "fields": None, "by": "clinician"} | options
        return await self._portal.acall(self._draft(str(step), **given))

    async def _draft(
        self, item: str, action: Action | None, target: str | None, fields: Mapping[str, str] | None, by: str
    ) -> Json:
        await self._settled()
        require_name(by)
        made = await (await self._core.writes()).draft(self.id, item, action, target, fields or {}, by)
        return made.model_dump(mode="json")

    def measured(self) -> list[Json]:
        """What was measured on images and can be drafted."""
        return offered(self.state)

    def drafts(self) -> list[Json]:
        """The drafts of this consultation as they stand, in the order they were made."""
        return self._portal.call(self._drafts())

    async def adrafts(self) -> list[Json]:
        """`drafts`, for async callers."""
        return await self._portal.acall(self._drafts())

    async def _drafts(self) -> list[Json]:
        return [draft.model_dump(mode="json") for draft in (await self._core.writes()).journal.all(self.id)]

    def reject(self, item: str, by: str, role: str, reason: str) -> Json:
        """Reject one claim or next step; it stays visible with the reason."""
        return self._portal.call(self._decide(item, by, role, False, reason))

    async def _decide(self, item: str, by: str, role: str, approved: bool, reason: str | None) -> Json:
        await self._settled()
        return await self._core.decide(self.id, item, by, role, approved, reason)

    def report(self, format: ReportFormat = "json") -> Any:
        """The answer as JSON (dict), Markdown (text), a FHIR document Bundle (dict) or PDF (bytes)."""
        state = self.state
        if format == "markdown":
            return markdown(state)
        if format == "fhir":
            refuse_hypothetical(state["case"], "exported as a FHIR document")
            return fhir_bundle(state)
        if format == "pdf":
            return pdf(state)
        if format == "json":
            return document(state)
        raise UsageError(
            f"no format {format!r}", found=format, expected="json, markdown, fhir or pdf", action="name one of these"
        )

    def note(self, format: Literal["soap", "json"] = "soap") -> Any:
        """A draft note in SOAP form, assembled from the evidence: Markdown text, or its parts as JSON."""
        if format not in ("soap", "json"):
            raise UsageError(f"no note {format!r}", found=format, expected="soap or json", action="name one of these")
        found = soap(self.state, default_terminology())
        return as_text(found) if format == "soap" else found


def plain_value(value: Any) -> Any:
    """What a correction carries: a `Quantity` as JSON, everything else as it is."""
    if isinstance(value, Quantity) or (is_dataclass(value) and not isinstance(value, type)):
        return {key: part for key, part in asdict(value).items() if part is not None}
    return value
