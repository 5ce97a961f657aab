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

    query: str = Field(min_length=1, description="a question or keywords")
    k: int = Field(default=3, ge=1, le=20, description="how many passages at most")


@tool("guideline.search", version=VERSION, kind="guideline", title="Guideline search",
      references=("reciprocal rank fusion: doi:10.1145/1571941.1572114",))
async def guideline_search(params: SearchParams, ctx: ToolContext) -> ToolOutput:
    """Passages of verified recommendations nearest to a query by meaning and words; none below a measured threshold.

    Finding nothing says what was searched: the corpus holds some guidelines only, so silence is not a recommendation.
    """
    if ctx.retriever is None:
        raise NotAssessable("there is no index to search", found="no index", expected="the search index",
                            action="run `osler knowledge index`")
    found = await asyncio.to_thread(ctx.retriever.search, params.query, len(ctx.retriever.index.passages))
    recommendations = ctx.corpus.recommendations
    # An unverified recommendation supports no claim (safety rule 10), so it is not offered as a passage either.
    hits = [hit for hit in found.hits if hit.id in recommendations and recommendations[hit.id].verified][: params.k]
    items = [ctx.corpus.evidence(hit.id) for hit in hits]
    warnings = list(found.notes)
    if items:
        shown = f"{len(items)} {'passage' if len(items) == 1 else 'passages'}"
    else:
        searched = sum(rec.verified is not None for rec in recommendations.values())
        reason = found.reason or "no verified passage is near enough"
        shown = f"{reason}; {searched} recommendations searched, no others"
        warnings.append(shown)
    head = Evidence(
        slot=ctx.slot, value=float(len(items)), unit="1", display=shown, patient=ctx.patient,
        source=Derivation(
            tool="guideline.search", version=VERSION, references=tuple(hit.id for hit in hits), warnings=found.notes,
        ),
    )
    scores = [{"id": hit.id, "score": round(hit.score, 5), "dense": hit.dense, "bm25": hit.bm25} for hit in hits]
    return ToolOutput(
        evidence=[head, *items], warnings=warnings, detail={"confidence": round(found.confidence, 4), "hits": scores},
    )
