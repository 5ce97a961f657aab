"""record.search: words in, the places of the whole record that hold them out, each with its reference and offsets.

"Not found" is said of the record at the clinical clock, never of the patient's life.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import Field

from knowledge.evidence import Evidence, Statement
from knowledge.units import ucum
from tools.completeness import note
from tools.ehr.dates import start_of
from tools.ehr.elements import quantity
from tools.ehr.reads.imaging import conclusion, study_text
from tools.ehr.reads.reading import fact, nothing, plural, record_of
from tools.ehr.search.index import NOT_SEARCHED, RecordIndex, index_of
from tools.ehr.search.query import SearchQuery, read_query
from tools.ehr.search.rank import Found, Hit, rank
from tools.ehr.search.texts import value_of
from tools.errors import BadInput
from tools.spec import Params, ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext

SHOWN, MOST = 8, 50
QUOTE = 220
_SAID = {
    "absent": "denied there",
    "possible": "mentioned as possible",
    "historical": "in the past",
    "hypothetical": "only supposed",
    "family": "about a relative",
}
KIND = {
    "AllergyIntolerance": "allergy list",
    "CarePlan": "care plan",
    "Condition": "problem list",
    "DiagnosticReport": "report",
    "DocumentReference": "note",
    "FamilyMemberHistory": "family history",
    "ImagingStudy": "imaging study",
    "MedicationAdministration": "drug given",
    "MedicationRequest": "drug order",
    "MedicationStatement": "medication list",
    "Observation": "result",
    "ServiceRequest": "request",
    "attachment": "attached note",
}


class SearchParams(Params):
    """Words, and what narrows them."""

    text: str = Field(min_length=1, max_length=500, description='what to look for, for example "CT of the chest"')
    types: list[str] = Field(default_factory=list, description="only these resource types")
    since: str | None = Field(default=None, description="only what is dated from this day on")
    until: str | None = Field(default=None, description="only what is dated before this day")
    limit: int = Field(default=SHOWN, ge=1, le=MOST, description="how many places to show")


@tool("record.search", version="1.0.0", kind="record", title="Search of the whole record")
async def record_search(params: SearchParams, ctx: ToolContext) -> ToolOutput:
    """Where the record mentions what the words name, notes included, synonyms and coded concepts counted in."""
    record = record_of(ctx)
    query = _narrowed(read_query(params.text, ctx.terminology, ctx.now), params)
    if not query.groups:
        raise BadInput(
            "the words name nothing to look for",
            found=params.text,
            expected="a finding, drug, test, procedure or any other word that can stand in a record",
            action="name what is looked for",
        )
    index = await index_of(record)
    note("the record", index.problems)
    found = rank(index, query)
    hits = found.hits or found.nearest
    shown = hits[: params.limit]
    head = _head(ctx, query, index, found, len(shown))
    items = [_evidence(ctx, query, hit) for hit in shown]
    return ToolOutput(
        evidence=[head, *items],
        warnings=list(index.problems),
        detail={
            "looked_for": query.label,
            "order": query.order,
            "total": len(found.hits),
            "shown": len(shown),
            "searched": {"resources": len(index.counted), "notes": index.notes, "not_searched": sorted(NOT_SEARCHED)},
            "hits": [_row(hit, item) for hit, item in zip(shown, items, strict=True)],
            "left_out": [{"reference": reference, "reason": reason} for reference, reason in found.left_out],
        },
    )


def _narrowed(query: SearchQuery, params: SearchParams) -> SearchQuery:
    since, until = _day(params.since, "since"), _day(params.until, "until")
    return replace(
        query,
        since=since or query.since,
        until=until or query.until,
        types=frozenset(params.types) or query.types,
    )


def _day(text: str | None, name: str) -> datetime | None:
    if text is None:
        return None
    found = start_of(text)
    if found is None:
        raise BadInput(f"{name} is no date", found=text, expected="YYYY, YYYY-MM or YYYY-MM-DD", action="correct it")
    return found


def _head(ctx: ToolContext, query: SearchQuery, index: RecordIndex, found: Found, shown: int) -> Evidence:
    """How many places there are; where there is none, what was searched."""
    searched = f"{plural(len(index.counted), 'resource')} searched, {plural(index.notes, 'note')} among them"
    total, day = len(found.hits), ctx.now.date().isoformat()
    flags = [f"left out: {reason} ({reference})" for reference, reason in found.left_out[:5]]
    if len(found.left_out) > 5:
        flags.append(f"left out: {len(found.left_out) - 5} more")
    aside = f"; left out: {', '.join(_reasons(found))}" if found.left_out else ""
    if total:
        order = {"first": "oldest first", "last": "newest first"}.get(query.order, "best match first")
        count = plural(total, "place") if shown == total else f"{shown} of {total} places shown"
        display = f"{count} in the record as of {day}, {order}{aside}"
    else:
        display = f"not found in the record as of {day} ({searched}){aside}"
        if found.nearest:
            display += "; the nearest places, without all of the words, follow"
    if found.unjudged:
        dates = sorted(document.at[:10] for document in found.unjudged if document.at)
        span = f", {dates[0]} to {dates[-1]}" if dates else ""
        display += (
            f"; {plural(len(found.unjudged), 'result')} carry neither the laboratory's flag nor its range and are not "
            f"judged{span}"
        )
    if found.otherwise:
        display += f"; {plural(found.otherwise, 'result')} judged otherwise by the laboratory's flag or range"
    return nothing(
        ctx,
        f"search of Patient/{ctx.patient}: {query.label}",
        display,
        value=float(total),
        unit="1",
        flags=tuple(flags),
        complete=not index.problems,
        concept=query.label,
    )


def _reasons(found: Found) -> list[str]:
    counts: dict[str, int] = {}
    for _, reason in found.left_out:
        counts[reason] = counts.get(reason, 0) + 1
    return [f"{count} {reason}" for reason, count in counts.items()]


def _evidence(ctx: ToolContext, query: SearchQuery, hit: Hit) -> Evidence:
    """One place as evidence: a sentence of a note as a statement, everything else as an element of its resource."""
    document, passage = hit.document, hit.passage
    slot = f"{ctx.slot}.{document.reference.replace('/', '-')}"
    slot += f".{passage.start}" if document.note is not None or passage.start else ""
    aside = [_SAID[hit.assertion]] if hit.assertion in _SAID else []
    aside += [f"without {', '.join(hit.without)}"] if hit.without else []
    tail = f", {', '.join(aside)}" if aside else ""
    quote = _short(passage.text)
    if document.note is not None:
        note = document.note
        by = ", ".join(part for part in (note.title, note.author) if part)
        return Evidence(
            slot=slot,
            value=passage.text,
            display=f"“{quote}” ({by}{tail})",
            effective_at=note.at,
            patient=ctx.patient,
            concept=query.label,
            source=_statement(hit),
        )
    assert document.entry is not None
    kind = KIND.get(document.kind, document.kind)
    flags = [flag for flag in document.entry.verdict.flags if flag]
    if document.entry.type == "ImagingStudy":
        quote = study_text(document.entry)
    elif document.entry.type == "DiagnosticReport" and passage in document.head and conclusion(document.entry):
        quote = f"{quote}: {_short(conclusion(document.entry))}"
    shown = f"{quote}{', ' + ', '.join(flags) if flags else ''} ({kind}{tail})"
    value, unit = _value(hit)
    return fact(ctx, document.entry, value, shown, path=passage.path, slot=slot, concept=query.label, unit=unit)


def _statement(hit: Hit) -> Statement:
    note, passage = hit.document.note, hit.passage
    assert note is not None
    if passage.path != "content":
        return Statement(by=note.author, reference=note.reference, assertion=hit.assertion)
    end = passage.start + len(passage.text)
    return Statement(
        by=note.author,
        reference=note.reference,
        start=passage.start,
        end=end,
        quote=note.text[passage.start : end],
        assertion=hit.assertion,
    )


def _value(hit: Hit) -> tuple[Any, str | None]:
    """The value of a result; of everything else its words."""
    entry = hit.document.entry
    if entry is not None and entry.type == "Observation":
        measured = quantity(entry.resource.get("valueQuantity"))
        if measured is not None and measured.unit is not None and measured.comparator is None:
            return measured.value, ucum(measured.unit)
        return value_of(entry.resource) or hit.passage.text, None
    return hit.passage.text, None


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= QUOTE else f"{flat[: QUOTE - 1]}…"


def _row(hit: Hit, evidence: Evidence) -> dict[str, Any]:
    """A hit as plain data: offsets are into the text of the element named by `path` (of a note, into its text)."""
    return {
        "reference": hit.document.reference,
        "type": hit.document.kind,
        "date": (hit.document.at or "")[:10] or None,
        "path": hit.passage.path,
        "text": hit.passage.text,
        "start": hit.passage.start,
        "end": hit.passage.start + len(hit.passage.text),
        "matched": [[hit.passage.start + start, hit.passage.start + end] for start, end in hit.spans],
        "assertion": hit.assertion,
        "without": list(hit.without),
        "evidence": evidence.id,
    }
