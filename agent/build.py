"""Building the services: knowledge, tools, index, model. Checks at load what protocols assume of tools."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from agent.effects import Effects
from agent.models.select import select_model
from agent.runtime import OpenRecord, Services
from agent.settings import Settings
from agent.state import Json
from knowledge.guideline import CorpusError, default_corpus
from knowledge.protocol import Protocol, default_protocols
from knowledge.terminology import Terminology, default_terminology
from tools.catalog import catalog
from tools.spec import ToolSpec

if TYPE_CHECKING:
    from knowledge.retriever import Retriever


def build_services(settings: Settings, open_record: OpenRecord) -> Services:
    """Everything a consultation uses."""
    terminology, protocols, tools = default_terminology(), default_protocols(), catalog()
    check_tools(protocols.values(), tools, terminology)
    model = select_model(settings)
    return Services(
        settings=settings,
        corpus=default_corpus(),
        terminology=terminology,
        protocols=protocols,
        tools=tools,
        effects=Effects(settings.consultations.with_name("effects.sqlite")),
        open_record=open_record,
        retriever=build_retriever(settings),
        model=model,
        vision=model,
    )


def build_retriever(settings: Settings) -> Retriever:
    """The hybrid search over the corpus, its index kept under the home folder."""
    from knowledge.retriever import build_retriever as build

    return build(settings.index)


def check_tools(protocols: Iterable[Protocol], tools: dict[str, ToolSpec[Any]], terminology: Terminology) -> None:
    """A protocol names tools, parameters and concepts that exist.

    Raises:
        CorpusError: it does not.
    """
    for protocol in protocols:
        for step in protocol.steps:
            where = f"{protocol.id}: step {step.slot}"
            spec = tools.get(step.tool)
            if spec is None:
                raise CorpusError(f"{where}: no tool {step.tool!r}; expected one of the catalogue")
            fields = spec.params.model_fields
            given = {*step.with_, *step.from_}
            if extra := given - set(fields):
                raise CorpusError(f"{where}: {step.tool} has no parameter {sorted(extra)}; it has {sorted(fields)}")
            required = {name for name, field in fields.items() if field.is_required()}
            if missing := required - given:
                raise CorpusError(f"{where}: {step.tool} needs {sorted(missing)}")
            concept = step.with_.get("concept")
            if concept is not None and concept not in terminology:
                raise CorpusError(f"{where}: no concept {concept!r} in the terminology")
        named = [drug for criterion in protocol.criteria for step in criterion.next for drug in step.drugs]
        for concept in [*protocol.about, *named]:
            if concept not in terminology:
                raise CorpusError(f"{protocol.id}: no concept {concept!r} in the terminology")


def search_knowledge(settings: Settings, query: str, k: int) -> Json:
    """Passages nearest to a query, or why there are none."""
    found = build_retriever(settings).search(query, k)
    corpus = default_corpus()
    return {
        "query": query,
        "reason": found.reason,
        "confidence": found.confidence,
        "hits": [
            {
                "id": hit.id,
                "score": hit.score,
                "dense": hit.dense,
                "bm25": hit.bm25,
                "passage": corpus.evidence(hit.id).model_dump(mode="json")
                if hit.id in corpus.recommendations
                else None,
            }
            for hit in found.hits
        ],
    }


def build_index(settings: Settings) -> Json:
    """Build (or find) the index, with the vectors of the protocols that the router keeps beside it; its manifest."""
    from agent.route import Router

    retriever = build_retriever(settings)
    Router(default_protocols(), default_terminology(), retriever)
    return asdict(retriever.index.manifest)
