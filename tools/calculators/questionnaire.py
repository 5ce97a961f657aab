"""Questionnaires whose items are answered by how often something was so."""

from __future__ import annotations

from tools.calculators.base import Outcome, Term

FREQUENCY = {"0": "not at all", "1": "several days", "2": "more than half the days", "3": "nearly every day"}


def total(items: dict[str, str]) -> Outcome:
    """The sum of the answers, each of which is its points."""
    terms = tuple(Term(name, float(answer), "points") for name, answer in items.items())
    return Outcome(float(sum(int(answer) for answer in items.values())), terms)
