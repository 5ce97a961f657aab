"""`osler ehr ask`: a question to one record, answered with typed values, each with its evidence.

What names a result, a drug, a finding or a list is read as such; whatever that does not answer is searched for in
words. No protocol, no model, no recommendation.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from agent.ask_typed import everyone, patient_called, typed
from agent.choose import LISTS
from agent.record_answer import RecordAnswer
from agent.records import Records
from agent.route_question import Lookup, Reader
from agent.settings import Settings
from agent.state import Json
from knowledge.evidence import Evidence
from knowledge.guideline import default_corpus
from knowledge.terminology import Terminology, default_terminology
from tools.ask.definitions import definitions
from tools.ask.query import Person
from tools.ask.spans import persons
from tools.completeness import warnings_of, watching
from tools.context import ToolContext
from tools.ehr.dates import start_of
from tools.ehr.reads.catalog import TOOLS
from tools.ehr.search.query import asks_for_allergy, asks_for_imaging, is_search
from tools.errors import UsageError
from tools.spec import ToolOutput

_READS = {spec.name: spec for spec in TOOLS}


def ask(
    settings: Settings,
    patient: str | None,
    question: str,
    *,
    record: str | None = None,
    as_of: str | None = None,
    limit: int = 8,
    context: str = "",
) -> Json:
    """Answer a question from one record, or (where it names nobody) from the whole store.

    Args:
        patient: may be left out where the question names one, or is about everyone.
        context: what is defined beside the question: codes, the time, the unit of the answer.

    Raises:
        UsageError: nothing was asked, no such patient, or `as_of` is no date.
        UpstreamError: the server failed.
    """
    if not question.strip():
        raise UsageError("nothing was asked", found="", expected="a question", action='osler ehr ask PATIENT "..."')
    return asyncio.run(_ask(settings, patient, question, record, as_of, limit, context))


async def _ask(
    settings: Settings,
    patient: str | None,
    question: str,
    record: str | None,
    as_of: str | None,
    limit: int,
    context: str,
) -> Json:
    records = Records(settings)
    try:
        client = await records.client(record)
        named = Person() if patient else persons(question)[0]
        clock = _clock(as_of) or definitions(context, context=True)[0].now
        if patient is None and named == Person() and len(await records.patients(record)) != 1:
            return await everyone(client, question, clock or datetime.now(UTC), context)
        if patient is None and named.name:
            patient = await patient_called(client, named, clock or datetime.now(UTC))
        found = await records.resolve(record, patient or named.id)
        clock = clock or start_of(found.as_of) or datetime.now(UTC)
        case = {"patient": found.patient, "record": record, "as_of": clock.isoformat()}
        opened = await records.open(case)
        ctx = ToolContext(found.patient, clock, default_terminology(), default_corpus(), record=opened)
        return await answer(ctx, question, limit, context)
    finally:
        await records.close()


def _clock(text: str | None) -> datetime | None:
    found = start_of(text) if text else None
    if text and found is None:
        raise UsageError(
            "--as-of is no date", found=text, expected="YYYY-MM-DD or a date and time", action="correct it"
        )
    return found


async def answer(ctx: ToolContext, question: str, limit: int = 8, context: str = "") -> Json:
    """The document of an answer: a typed query's values, a list that was read, or where the words stand.

    What was read incompletely for it stands in its notes.
    """
    with watching() as incomplete:
        document = await _answer(ctx, question, limit, context)
    if incomplete:
        document["notes"] = list(dict.fromkeys([*document["notes"], *warnings_of(incomplete)]))
    return document


async def _answer(ctx: ToolContext, question: str, limit: int, context: str) -> Json:
    refused: list[Json] = []
    findings: list[tuple[str, str, Json]] = []
    if not asks_for_imaging(question) and not asks_for_allergy(question):
        tried = await typed(ctx, question, context)
        if tried.document is not None:
            return tried.document
        refused = tried.refused
        findings = [(name, "record.finding", {"concept": name}) for name in tried.findings]
    reads: list[Json] = []
    held: dict[str, Evidence] = {}
    values: list[Json] = []
    how = "structured"
    for name, tool, arguments in findings or _named(question, ctx.terminology, refused):
        output = await _READS[tool].call(arguments, ctx.at(f"answer.{name}", {}))
        values += _values(output, tool, held)
        reads.append({"tool": tool, "arguments": arguments})
    detail: Json = {}
    if not any(row["value"] is not None for row in values):
        how = "search" if not values else "structured, then search"
        arguments = {"text": question, "limit": limit}
        output = await _READS["record.search"].call(arguments, ctx.at("answer.search", {}))
        values += _values(output, "record.search", held)
        reads.append({"tool": "record.search", "arguments": arguments})
        detail = output.detail
    else:
        refused = []
    document = RecordAnswer.model_validate(
        {
            "question": question,
            "patient": ctx.patient,
            "as_of": ctx.now.isoformat(),
            "how": how,
            "answer": values,
            "not_answered": refused,
            "search": detail or None,
            "reads": reads,
            "evidence": held,
        }
    )
    return document.model_dump(mode="json")


def _named(question: str, terminology: Terminology, refused: list[Json]) -> list[tuple[str, str, Json]]:
    return [] if _beyond(refused) else _structured(question, terminology)


def _beyond(refused: list[Json]) -> bool:
    """What words were not understood may change the question: then no list of the record answers it."""
    return any(row["reason"] in ("not_in_records", "not_recorded", "incomplete") for row in refused)


def _structured(question: str, terminology: Terminology) -> list[tuple[str, str, Json]]:
    """The reads that a question names."""
    if asks_for_imaging(question):
        return [("imaging", "record.imaging", {})]
    reader = Reader(terminology)
    if asks_for_allergy(question):
        named = dict.fromkeys(mention.concept for mention in reader.strict.link(question))
        drugs = [name for name in named if terminology.get(name).kind in ("medication", "drug_class", "substance")]
        return [(name, "record.allergy", {"concept": name}) for name in drugs] or [
            ("allergies", "record.allergies", {})
        ]
    lookup = reader.read(question).lookup
    if lookup is None or _better_searched(question, lookup, terminology):
        return []
    rows: list[tuple[str, str, Json]] = [(name, LISTS[name], {}) for name in lookup.lists if name in LISTS]
    for concept in lookup.concepts:
        if concept in terminology:
            rows.append((concept, _tool(terminology.get(concept).kind), {"concept": concept}))
    return rows


def _better_searched(question: str, lookup: Lookup, terminology: Terminology) -> bool:
    """ "First", "ever" and "when" ask for one place of many; only the newest result is a read of its own."""
    kinds = {terminology.get(name).kind for name in lookup.concepts if name in terminology}
    newest = any(word in question.casefold() for word in ("last", "latest", "most recent", "current"))
    return is_search(question) and not (newest and kinds == {"observation"}) and not lookup.lists


def _tool(kind: str) -> str:
    if kind == "observation":
        return "record.observation"
    return "record.medication" if kind in ("medication", "drug_class") else "record.finding"


def _values(output: ToolOutput, tool: str, held: dict[str, Evidence]) -> list[Json]:
    rows = []
    for item in output.evidence:
        held[item.id] = item
        source: Any = item.source
        rows.append(
            {
                "value": item.value,
                "unit": item.unit,
                "display": item.display,
                "date": item.date,
                "concept": item.concept,
                "reference": getattr(source, "reference", None),
                "assertion": getattr(source, "assertion", None),
                "tool": tool,
                "evidence": item.id,
            }
        )
    return rows


def as_text(document: Json) -> str:
    """The answer for people: one line per value, its date and its reference."""
    whom = "everyone" if document["scope"] == "everyone" else f"Patient {document['patient']}"
    lines = [f"{document['question']}  ({whom}, as of {document['as_of'][:10]})"]
    if document["query"]:
        lines.append(document["query"]["read_as"])
    lines.append("")
    lines += [f"Not answered: {row['what']}" for row in document["not_answered"]]
    if document["not_answered"] and document["search"]:
        lines.append("Places where its words stand (no answer):")
    for row in document["answer"]:
        about = f"{row['concept']}: ".replace("_", " ") if row["concept"] else ""
        place = f"  [{row['reference']}]" if row["reference"] else ""
        day = f"{row['date']}  " if row["date"] else ""
        lines.append(f"{day}{about}{row['display']}{place}")
    lines += [f"Note: {note}" for note in document["notes"]]
    if document["coverage"]:
        lines.append(document["coverage"]["complete"])
    return "\n".join(lines)
