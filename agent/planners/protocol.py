"""The protocol planner: no model. What the router made of a question, as the choice that the plan is compiled from; and
what of it is offered to a model, where there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent.planners.choice import Choice
from agent.route import RouteResult
from knowledge.protocol import Protocol
from knowledge.terminology import Terminology


def choice_of(result: RouteResult) -> Choice:
    """A route as a choice."""
    lookup = {"lookup": (*result.concepts, *result.lists), "calculate": result.concepts}.get(result.kind, ())
    if result.kind == "calculate" and result.calculators:
        lookup = ()
    reasons = tuple(dict.fromkeys(part for part in (result.reason, *_first_reasons(result)) if part))
    return Choice(
        result.kind, protocols=result.chosen, lookup=tuple(dict.fromkeys(lookup)), calculators=result.calculators,
        options=_options(result), needs=result.needs, reasons=reasons,
    )


def _first_reasons(result: RouteResult) -> tuple[str, ...]:
    return tuple(f"{row.protocol}: {', '.join(row.reasons)}" for row in result.ranked if row.protocol in result.chosen)


def _options(result: RouteResult) -> tuple[str, ...]:
    """The protocols an open choice is between: the router ranks them first and asks one question for each."""
    return tuple(row.protocol for row in result.ranked[: len(result.needs)]) if result.kind == "ask" else ()


def offer(result: RouteResult, protocols: Mapping[str, Protocol]) -> list[dict[str, Any]]:
    """The ranking as rows for a model: {protocol, title, purpose, score, entry, reasons}, nearest first."""
    return [
        {
            "protocol": row.protocol, "title": protocols[row.protocol].title,
            "purpose": protocols[row.protocol].purpose, "score": row.score, "entry": row.entry,
            "reasons": list(row.reasons),
        }
        for row in result.ranked
        if row.protocol in protocols
    ]


def offered_concepts(result: RouteResult, terminology: Terminology, lists: Sequence[str]) -> list[str]:
    """What a model may have read: concepts that the question names, and the lists of a record. Never a word of it."""
    named = [concept for concept in result.concepts if concept in terminology]
    return list(dict.fromkeys([*named, *lists]))
