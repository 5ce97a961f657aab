"""Guideline search: the passages nearest to a question, or an honest nothing."""

from __future__ import annotations

import asyncio

from pydantic import Field

from knowledge.evidence import Derivation, Evidence
from tools.context import ToolContext
from tools.errors import NotAssessable
from tools.spec import Params, ToolOutput, tool

VERSION = "1.0.0"


class SearchParams(Params):
    """What to look for."""

    query: str = Field(description="a question or keywords")
    k: int = Field(default=3, ge=1, le=20, description="how many passages at most")


@tool("guideline.search", version=VERSION, kind="guideline", title="Guideline search")
async def guideline_search(params: SearchParams, ctx: ToolContext) -> ToolOutput:
    """Passages of verified recommendations nearest to a query by meaning and words; none below a measured threshold."""
    if ctx.retriever is None:
        raise NotAssessable("there is no index to search", found="no index", expected="the search index",
                            action="run `osler knowledge index`")
    found = await asyncio.to_thread(ctx.retriever.search, params.query, params.k * 3)
    recommendations = ctx.corpus.recommendations
    # An unverified recommendation supports no claim (safety rule 10), so it is not offered as a passage either.
    ids = [hit.id for hit in found.hits if hit.id in recommendations and recommendations[hit.id].verified][: params.k]
    items = [ctx.corpus.evidence(rec_id) for rec_id in ids]
    shown = f"{len(items)} passages" if items else found.reason or "no verified passage is near enough"
    head = Evidence(
        slot=ctx.slot, value=float(len(items)), unit="1", display=shown, patient=ctx.patient,
        source=Derivation(tool="guideline.search", version=VERSION, references=tuple(ids), warnings=found.notes),
    )
    return ToolOutput(evidence=[head, *items], warnings=list(found.notes))
