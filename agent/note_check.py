"""Checking a note against a patient's record: what is supported, what is contradicted, what the record does not have.

The note may be a clinician's or a model's draft. It is never changed, and nothing of it enters the record.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from knowledge.evidence import Evidence
from tools.errors import BadInput, IdentityMismatch
from tools.notecheck.against import Compared, compare
from tools.notecheck.inside import Clash, clashes
from tools.notecheck.told import told
from tools.notes import note_identity

if TYPE_CHECKING:
    from agent.core import Core

Json = dict[str, Any]
MOST = 200_000


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class CheckedStatement(_Document):
    """A statement of the note, from `start` to `end`, and how it compares with the record.

    `not_in_record` is not known to be wrong; `other_time`: the record has it otherwise, of another time, which
    contradicts nothing.
    """

    kind: Literal["finding", "measurement", "drug", "allergy", "no_allergies", "age", "sex", "identity"]
    start: int
    end: int
    text: str
    concept: str | None = None
    assertion: str | None = None
    value: float | str | None = None
    unit: str | None = None
    outcome: Literal["supported", "contradicted", "not_in_record", "other_time"]
    why: str
    evidence: list[str] = Field(default_factory=list)


class NoteClash(_Document):
    """A contradiction inside the note: the places that cannot both be so."""

    rule: str
    spans: list[tuple[int, int]]
    texts: list[str]
    why: str


class NoteCheck(_Document):
    """What came of checking a note."""

    patient: str
    as_of: str
    sha256: str
    counts: dict[str, int]
    statements: list[CheckedStatement]
    inside: list[NoteClash]
    evidence: dict[str, Evidence]
    limits: str


LIMITS = (
    "Checked are findings, numbers with a concept, drugs and doses, allergies, age and sex that the terminology knows. "
    "Whether a diagnosis or a treatment is the right one is not judged. What the record does not have is not wrong."
)


async def check_note(core: Core, patient: str | None, text: str, as_of: str | None, record: str | None) -> Json:
    """Check a note.

    Raises:
        BadInput: there is no text, or too much.
        UsageError: no such patient.
    """
    if not text.strip() or len(text) > MOST:
        raise BadInput(
            "there is no note to check" if not text.strip() else "the note is too long",
            found=f"{len(text)} characters",
            expected=f"a text of at most {MOST}",
            action="give the note as text",
        )
    name = f"c-note-{uuid.uuid4().hex[:8]}"
    case = await core.new_case(name, patient, as_of, record, "none")
    services = await core.services()
    context = await services.context(case | {"turn": 0})
    try:
        items = told(text, services.terminology)
        inside = clashes(text, items, services.terminology)
        compared, forbidden = await compare(text, items, context)
        identity = _identity(text, context.record.patient) if context.record is not None else []
    finally:
        services.forget(name)
    statements = [*identity, *map(_statement, compared)]
    counts = {
        outcome: sum(item.outcome == outcome for item in statements)
        for outcome in ("supported", "contradicted", "not_in_record", "other_time")
    }
    found = NoteCheck(
        patient=str(case["patient"]),
        as_of=case["as_of"],
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        counts=counts | {"inside": len(inside)},
        statements=sorted(statements, key=lambda item: (item.start, item.end)),
        inside=[_clash(text, clash) for clash in [*inside, *forbidden]],
        evidence={item.id: item for row in compared for item in row.evidence},
        limits=LIMITS,
    )
    return found.model_dump(mode="json")


def _statement(row: Compared) -> CheckedStatement:
    item = row.statement
    return CheckedStatement(
        kind=item.kind,
        start=item.start,
        end=item.end,
        text=item.text,
        concept=item.concept,
        assertion=item.assertion if item.kind in ("finding", "drug", "allergy") else None,
        value=item.value,
        unit=item.unit,
        outcome=row.outcome,
        why=row.why,
        evidence=[found.id for found in row.evidence],
    )


def _clash(text: str, clash: Clash) -> NoteClash:
    return NoteClash(
        rule=clash.rule,
        spans=list(clash.spans),
        texts=[text[start:end] for start, end in clash.spans],
        why=clash.why,
    )


def _identity(text: str, patient: Json) -> list[CheckedStatement]:
    """Whom the note names; nothing where it names nobody."""
    try:
        agrees = note_identity(text, patient)
    except IdentityMismatch as error:
        return [_of_patient("contradicted", str(error))]
    return [_of_patient("supported", f"{', '.join(agrees)} agree with the record")] if agrees else []


def _of_patient(outcome: Literal["supported", "contradicted"], why: str) -> CheckedStatement:
    return CheckedStatement(kind="identity", start=0, end=0, text="", outcome=outcome, why=why)


def as_text(body: Json) -> str:
    """A checked note for people: contradictions first, then what is not in the record, then what is supported."""
    lines = [f"Patient {body['patient']}, as of {body['as_of'][:10]}"]
    if body["inside"]:
        lines += ["", "The note contradicts itself, or says what cannot be"]
        lines += [f"  {_places(clash['spans'])}  {clash['why']}" for clash in body["inside"]]
    for outcome, head in (
        ("contradicted", "Contradicted by the record"),
        ("other_time", "Otherwise in the record, of another time"),
        ("not_in_record", "Not in the record (not known to be wrong)"),
        ("supported", "Supported by the record"),
    ):
        rows = [item for item in body["statements"] if item["outcome"] == outcome]
        if rows:
            lines += ["", head]
        for item in rows:
            found = [body["evidence"][key]["source"].get("reference") for key in item["evidence"]]
            said = f"{item['text'] or item['kind']}: {item['why']}"
            where = f"  [{', '.join(dict.fromkeys(filter(None, found)))}]" if any(found) else ""
            lines.append(f"  {item['start']}-{item['end']}  {said}{where}")
    return "\n".join([*lines, "", body["limits"]])


def _places(spans: list[list[int]]) -> str:
    return ", ".join(f"{start}-{end}" for start, end in spans)
