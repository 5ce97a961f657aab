"""The typed reading of a question to the record as a document: one patient's, or everyone's."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from agent.record_answer import RecordAnswer
from agent.state import Json
from knowledge.evidence import Evidence, FhirElement
from knowledge.terminology import default_terminology
from tools.ask.asking import asked
from tools.ask.cohort import answer_everyone
from tools.ask.gazetteer import Gazetteer, of_store
from tools.ask.parse import read
from tools.ask.query import Person, Query, Unread
from tools.ask.run import TOOL
from tools.ask.said import said
from tools.context import ToolContext
from tools.ehr.client.client import FhirClient
from tools.ehr.reads.person_find import PersonQuery, find_people, fold
from tools.errors import UsageError

_COUNTED = 50


@dataclass
class Tried:
    """The document, or why there is none; `findings`: concepts that notes may say as well as the list of problems."""

    document: Json | None = None
    refused: list[Json] = field(default_factory=list)
    findings: tuple[str, ...] = ()


async def typed(ctx: ToolContext, question: str, context: str = "") -> Tried:
    """Read a question about one patient and run it."""
    record = ctx.record
    if record is None:
        return Tried()
    tried = await asked(record, question, ctx.now, ctx.terminology, context)
    query, found = tried.query, tried.answer
    if isinstance(query, Unread):
        return Tried(refused=[_unread(query)])
    if query.notes_too and query.select.what:
        return Tried(findings=query.select.what[0].concepts)
    if query.everyone or found is None:
        return Tried(await _everyone(record.client, query.model_copy(update={"person": Person(id=ctx.patient)})))
    if found.problem:
        reason = "incomplete" if "not complete" in found.problem else "not_recorded"
        return Tried(refused=[{"what": f"{said(query)}: {found.problem}", "reason": reason}])
    document = {
        "question": question,
        "patient": ctx.patient,
        "as_of": ctx.now.isoformat(),
        "how": "structured",
        "query": _reading(query),
        "answer": [
            {
                "value": row.value,
                "unit": row.unit,
                "display": row.display,
                "date": row.date[:10] if row.date else None,
                "concept": row.evidence.concept,
                "reference": row.evidence.source.reference if isinstance(row.evidence.source, FhirElement) else None,
                "assertion": None,
                "tool": TOOL,
                "evidence": row.evidence.id,
            }
            for row in found.values
        ],
        "notes": found.notes,
        "search": None,
        "reads": [{"tool": TOOL, "arguments": {"question": question}}],
        "evidence": found.held,
    }
    return Tried(RecordAnswer.model_validate(document).model_dump(mode="json"))


def _reading(query: Query) -> Json:
    return {"read_as": said(query), "typed": query.model_dump(mode="json", exclude_defaults=True, exclude={"question"})}


def _unread(query: Unread) -> Json:
    return {"what": query.said or "not understood", "reason": query.reason, "words": list(query.words)}


async def everyone(client: FhirClient, question: str, now: datetime, context: str = "") -> Json:
    """Answer a question that names no patient."""
    store = of_store(client.store)
    query = read(question, now, default_terminology(), record=Gazetteer(), store=store, context=context)
    if isinstance(query, Query) and not query.everyone:
        query = Unread(
            question=question, reason="not_understood", said="whose record is meant is not said: name the patient"
        )
    if isinstance(query, Unread):
        return _document(question, now, not_answered=[_unread(query)], how="not answered")
    return await _everyone(client, query)


async def _everyone(client: FhirClient, query: Query) -> Json:
    found = await answer_everyone(client, query, default_terminology())
    if found.problem:
        row = {"what": f"{said(query)}: {found.problem}", "reason": "not_recorded"}
        return _document(query.question, query.now, not_answered=[row], how="not answered", query=_reading(query))
    held: dict[str, Evidence] = {}
    rows = []
    searches = "; ".join(f"{name} ({number})" for name, number in found.searches.items())
    for value in found.values:
        references = tuple(dict.fromkeys(event.reference for event in value.events))
        trend = tuple({"reference": reference} for reference in references[:_COUNTED])
        source = FhirElement(
            reference=None, query=searches, complete=True, flags=(f"{len(references)} resources counted",), trend=trend
        )
        evidence = Evidence(slot="answer", value=value.value, unit=value.unit, display=value.display, source=source)
        held[evidence.id] = evidence
        rows.append(
            {
                "value": value.value,
                "unit": value.unit,
                "display": value.display,
                "date": value.at,
                "concept": None,
                "reference": None,
                "assertion": None,
                "tool": TOOL,
                "evidence": evidence.id,
            }
        )
    coverage = {
        "patients": found.patients,
        "complete": found.coverage,
        "searches": found.searches,
        "left_out": found.left_out,
    }
    return _document(query.question, query.now, answer=rows, evidence=held, coverage=coverage, query=_reading(query))


def _document(question: str, now: datetime, **more: object) -> Json:
    base: Json = {
        "question": question, "patient": None, "as_of": now.isoformat(), "how": "structured", "scope": "everyone",
        "answer": [], "search": None, "reads": [], "evidence": {},
    }  # fmt: skip
    return RecordAnswer.model_validate({**base, **more}).model_dump(mode="json")


_TITLES = {"mr", "mrs", "ms", "miss", "dr", "master"}


async def patient_called(client: FhirClient, person: Person, now: datetime) -> str:
    """The id of the one patient of a name and birth date.

    Raises:
        UsageError: there is none, or several, or the server did not say whether these are all.
    """
    name = _untitled(person.name or "")
    found = await find_people(client, PersonQuery(name=name, birth_date=person.birth_date or ""), now)
    # A search takes the beginning of a name; whose record is opened is told by whole words only.
    asked_words = {fold(word) for word in name.split()}
    fitting = [
        row
        for row in found.found
        if asked_words
        <= {fold(word) for text in [*row["names"], *row["former_names"]] for word in re.split(r"[\s-]+", text)}
        | {fold(word) for text in row["names"] for word in text.split()}
    ]
    if len(fitting) == 1 and not found.problems:
        return str(fitting[0]["patient"])
    asked = f"{person.name}{f', born {person.birth_date}' if person.birth_date else ''}"
    if not fitting:
        raise UsageError(
            "no such patient",
            found="; ".join([asked, *found.problems]),
            expected="a patient of that name and birth date",
            action="check the name and the date",
        )
    shown = "; ".join(
        f"Patient/{row['patient']} {' or '.join(row['names'])}, born {row['birth_date'] or 'unknown'}, "
        f"{row['sex'] or 'sex unknown'}"
        for row in fitting[:10]
    )
    raise UsageError(
        f"{len(fitting)} patients fit",
        found="; ".join([shown, *found.problems]),
        expected="one patient",
        action="name the patient by id or record number",
    )


def _untitled(name: str) -> str:
    return " ".join(word for word in name.replace(".", " ").split() if word.lower() not in _TITLES)
