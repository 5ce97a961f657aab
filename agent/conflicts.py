"""Advice that cannot be followed together: one criterion gives a drug that another takes away.

Protocols that meet in one patient are merged; where they contradict each other, the step that gives is struck through,
visibly, with the step that speaks against it, and the contradiction is named as a question for a person.
"""

from __future__ import annotations

from knowledge.claim import NextStep, NotAnswered
from knowledge.terminology import Terminology


def settle(steps: list[NextStep], terminology: Terminology, titles: dict[str, str]) -> list[NotAnswered]:
    """Strike the steps that give what another takes away; returns each contradiction, named.

    Args:
        titles: protocol id to title, to say who advises what.
    """
    found: list[NotAnswered] = []
    taking = [step for step in steps if step.stops and step.status == "shown"]
    for giving in steps:
        if giving.stops or giving.status != "shown":
            continue
        against = [step for step in taking if _overlap(giving, step, terminology)]
        if not against:
            continue
        giving.status = "struck"
        giving.reason = f"conflict: {against[0].text}"
        named = [f"{_title(step, titles)}: {step.text}" for step in [giving, *against]]
        found.append(
            NotAnswered(
                what=f"Advice that cannot be followed together ({_drugs(giving, against, terminology)})",
                reason="conflict",
                needs=named,
                criterion=giving.criterion,
            )
        )
    return found


def _overlap(giving: NextStep, taking: NextStep, terminology: Terminology) -> set[str]:
    return _members(giving, terminology) & _members(taking, terminology)


def _members(step: NextStep, terminology: Terminology) -> set[str]:
    return {concept.id for drug in step.drugs if drug in terminology for concept in terminology.expand(drug)}


def _drugs(giving: NextStep, against: list[NextStep], terminology: Terminology) -> str:
    names = {terminology.get(drug).name for step in [giving, *against] for drug in step.drugs if drug in terminology}
    return ", ".join(sorted(names))


def _title(step: NextStep, titles: dict[str, str]) -> str:
    protocol = (step.criterion or "").partition("/")[0]
    return titles.get(protocol, protocol)
