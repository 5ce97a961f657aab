"""A question that asks what the record says, or where it mentions something: a look-up and no protocol's business."""

from __future__ import annotations

from dataclasses import replace

from agent.planners.choice import PROTOCOL_PLANNER, Choice
from knowledge.terminology import Terminology
from tools.ehr.search.query import asks_for_allergy, asks_for_imaging, asks_for_newest, is_search
from tools.notes import linker_for

SEARCH, IMAGING, ALLERGIES, ALLERGY = "search", "imaging", "allergies", "allergy:"
_OPEN = ("none", "ask")
_PROTOCOLS = ("one", "several")
_DRUGS = ("medication", "drug_class", "substance")


def searched(choice: Choice, question: str, terminology: Terminology) -> Choice:
    """The choice, turned into a look-up where the question is one and the router saw none.

    A protocol that was chosen is left only for words that cannot ask for a diagnosis ("did he ever", "when was"); a
    calculation only for the newest result of what is measured ("latest weight" is not the ideal weight).
    """
    if choice.decided_by != PROTOCOL_PLANNER:
        return choice
    if choice.kind == "lookup":
        return _whole_past(choice, question)
    if asks_for_newest(question) and (named := _named(question, terminology, ("observation",))):
        return _lookup(choice, named, "it asks for the newest result")
    if choice.kind not in (*_OPEN, *_PROTOCOLS):
        return choice
    if asks_for_allergy(question):
        drugs = tuple(f"{ALLERGY}{name}" for name in _named(question, terminology, _DRUGS))
        return _lookup(choice, drugs or (ALLERGIES,), "it asks for allergies")
    if asks_for_imaging(question):
        return _lookup(choice, (IMAGING,), "it asks for the images in the record")
    if is_search(question, likely=choice.kind in _OPEN):
        return _lookup(choice, (SEARCH,), "it asks where the record mentions something")
    return choice


def _whole_past(choice: Choice, question: str) -> Choice:
    """A look-up, except where the lists of today do not answer it: "ever" asks for the whole record."""
    if asks_for_imaging(question):
        return _lookup(choice, (IMAGING,), "it asks for the images in the record")
    if "ever" in question.casefold().split() and is_search(question, likely=False):
        return _lookup(choice, (SEARCH,), "it asks where the record mentions something")
    return choice


def _named(question: str, terminology: Terminology, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The concepts of some kinds that a question names, as they are spelt; a plain "weight" is the one of that id."""
    found = [mention.concept for mention in linker_for(terminology).link(question) if mention.how != "typo"]
    found = found or [word for word in question.casefold().strip(" ?").split() if word in terminology]
    return tuple(dict.fromkeys(name for name in found if terminology.get(name).kind in kinds))


def _lookup(choice: Choice, what: tuple[str, ...], reason: str) -> Choice:
    return replace(
        choice, kind="lookup", protocols=(), options=(), needs=(), calculators=(), lookup=what, reasons=(reason,)
    )
