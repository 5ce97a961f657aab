"""How two events of one patient stand to each other."""

from __future__ import annotations

from tools.ask.cohort_relate import later
from tools.ask.events import Event
from tools.ask.query import Relation


def stands(first: Event, second: Event, relation: Relation) -> bool:
    """Whether the second event stands to the first as a relation says."""
    if first.at is None or second.at is None:
        return False
    if relation.order == "after" and not first.at < second.at:
        return False
    if relation.order == "before" and not second.at < first.at:
        return False
    if relation.within == "stay":
        return bool(first.stays and second.stays and first.stays[-1] == second.stays[-1])
    if relation.within == "day":
        return first.at.date() == second.at.date()
    if relation.within == "month":
        return (first.at.year, first.at.month) == (second.at.year, second.at.month)
    if relation.within == "duration":
        early, late = sorted((first.at, second.at))
        return (late <= later(early, relation.amount or 0, relation.unit or "day")) != relation.beyond
    return relation.order != "with" or first.at == second.at
