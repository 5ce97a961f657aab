"""record.microbiology: cultures with what grew and what it is resistant to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import Field

from knowledge.evidence import Evidence
from tools.ehr.facts.microbiology import Culture, Isolate, cultures_of, is_test
from tools.ehr.reads.listing import ListParams, ago, key, listed
from tools.ehr.reads.reading import fact, plural, record_of
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext

_ORDER = ("resistant", "non-susceptible", "intermediate", "susceptible, dose dependent", "susceptible")


class CultureParams(ListParams):
    """Which cultures."""

    specimen: str | None = Field(default=None, description='only specimens whose name holds these words: "blood"')
    organism: str | None = Field(default=None, description="only what grew an organism whose name holds these words")
    drug: str | None = Field(
        default=None, description="only isolates tested against a drug whose name holds these words"
    )


@tool("record.microbiology", version="1.0.0", kind="record", title="Cultures and susceptibilities")
async def microbiology(params: CultureParams, ctx: ToolContext) -> ToolOutput:
    """Every culture, newest first: specimen, when collected and received, preliminary or final, organism or no growth.

    Each isolate follows with what it is resistant, intermediate and susceptible to, as its laboratory judged it.
    """
    found = await cultures_of(record_of(ctx))
    wanted = [culture for culture in found.found if _wanted(culture, params)]
    shown = wanted[: params.limit]
    items: list[Evidence] = []
    rows = []
    for culture in shown:
        own = list(_items(ctx, culture, params))
        items += own
        rows.append(_row(culture, [item.id for item in own]))
    grown = sum(1 for culture in wanted if culture.growth)
    none = sum(1 for culture in wanted if culture.growth is False)
    early = sum(1 for culture in wanted if not culture.final)
    parts = [f"{grown} with growth", f"{none} without growth"] if wanted else []
    parts += [f"{len(wanted) - grown - none} without a word of growth"] if len(wanted) - grown - none else []
    parts += [f"{early} not final"] if early else []
    return listed(
        ctx,
        _bare(found.parts),
        items,
        len(wanted),
        "culture",
        shown=len(shown),
        tail=", ".join(parts),
        detail={"cultures": rows},
        concept="culture",
    )


def _bare(parts: Any) -> list[Any]:
    """The slices with those of their rejected results that are of cultures."""
    return [
        type(part)(part.query, part.entries, [entry for entry in part.rejected if is_test(entry)], part.problems)
        for part in parts
    ]


def _wanted(culture: Culture, params: CultureParams) -> bool:
    def holds(text: str | None, names: list[str]) -> bool:
        return text is None or any(text.casefold() in name.casefold() for name in names)

    drugs = [item.drug for isolate in culture.isolates for item in isolate.susceptibilities]
    return (
        holds(params.specimen, [culture.specimen, culture.name])
        and holds(params.organism, [isolate.organism for isolate in culture.isolates])
        and holds(params.drug, drugs)
    )


def _items(ctx: ToolContext, culture: Culture, params: CultureParams) -> Iterator[Evidence]:
    yield fact(
        ctx,
        culture.head,
        culture.growth,
        culture_text(culture, ago(ctx, culture.head)),
        path=f"{culture.head.type}.code" if culture.isolates else f"{culture.head.type}.value",
        slot=f"{ctx.slot}.{key(culture.head)}",
        concept="culture",
        at=culture.at,
    )
    for number, isolate in enumerate(culture.isolates, 1):
        yield fact(
            ctx,
            isolate.entry,
            isolate.organism,
            isolate_text(isolate, params.drug),
            path=isolate.path,
            slot=f"{ctx.slot}.{key(culture.head)}.{number}",
            flags=("not final",) if not culture.final else (),
            concept="isolate",
            at=culture.at,
        )


def culture_text(culture: Culture, age: str) -> str:
    """A culture in words: what, of what, when, how far, and what grew."""
    said = {True: culture.said, False: f"no growth: {culture.said}", None: culture.said or "no result yet"}[
        culture.growth
    ]
    if culture.growth is False and "growth" in culture.said.casefold():
        said = culture.said
    if culture.growth is False and not culture.final:
        said += " so far"
    taken = (
        f"collected {culture.collected[:16].replace('T', ' ')}" if culture.collected else (culture.at or "undated")[:10]
    )
    received = f", received {culture.received[:16].replace('T', ' ')}" if culture.received else ""
    specimen = f" ({culture.specimen})" if culture.specimen else ", specimen not stated"
    state = culture.status if not culture.final or culture.status != "final" else "final"
    return f"{culture.name}{specimen}, {taken}{received} ({age}), {state or 'status not stated'}: {said}"


def isolate_text(isolate: Isolate, drug: str | None = None) -> str:
    """An isolate in words, what it is resistant to first."""
    rows = [row for row in isolate.susceptibilities if drug is None or drug.casefold() in row.drug.casefold()]
    parts = []
    for verdict in _ORDER:
        names = [f"{row.drug} ({row.value})" if row.value else row.drug for row in rows if row.verdict == verdict]
        if names:
            parts.append(f"{verdict} to {', '.join(names)}")
    unsaid = [f"{row.drug} {row.value}".strip() for row in rows if row.verdict is None]
    if unsaid:
        parts.append(f"not judged by the laboratory: {', '.join(unsaid)}")
    return f"{isolate.organism}: {'; '.join(parts)}" if parts else f"{isolate.organism}: no susceptibilities recorded"


def _row(culture: Culture, evidence: list[str]) -> dict[str, Any]:
    return {
        "reference": culture.head.reference,
        "name": culture.name,
        "specimen": culture.specimen or None,
        "collected": culture.collected,
        "received": culture.received,
        "at": culture.at,
        "status": culture.status,
        "final": culture.final,
        "growth": culture.growth,
        "said": culture.said,
        "isolates": [
            {
                "organism": isolate.organism,
                "reference": isolate.entry.reference,
                "resistant": isolate.to("resistant"),
                "susceptibilities": [
                    {
                        "drug": row.drug,
                        "verdict": row.verdict,
                        "code": row.code,
                        "value": row.value or None,
                        "reference": row.entry.reference,
                        "path": row.path,
                    }
                    for row in isolate.susceptibilities
                ],
            }
            for isolate in culture.isolates
        ],
        "members": len(culture.members),
        "evidence": evidence,
        "count": plural(len(culture.isolates), "isolate"),
    }
