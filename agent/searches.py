"""A question that asks what the record says, or where it mentions something: a look-up and no protocol's business.

One that asks for more than a newest value (a window, a count, a statistic, a change, a time, a name) is put to the
record as it is typed (`record.ask`); what it was looked up by before follows where that gives no answer.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from agent.planners.choice import PROTOCOL_PLANNER, Choice
from knowledge.terminology import Terminology
from tools.ask.gazetteer import Gazetteer
from tools.ask.parse import read
from tools.ask.query import Pick, Query
from tools.ehr.search.query import asks_for_allergy, asks_for_decision, asks_for_imaging, asks_for_newest, is_search
from tools.notes import linker_for

SEARCH, IMAGING, ALLERGIES, ALLERGY = "search", "imaging", "allergies", "allergy:"
ASK, NOTES, ENCOUNTERS = "ask", "notes", "encounters"
_OPEN = ("none", "ask")
_PROTOCOLS = ("one", "several")
_DRUGS = ("medication", "drug_class", "substance")
_PLAIN = ("value", "name", "list", "exists")
# Words that ask a record for more than its newest value; which they are, the typed reading says.
_FRAME = re.compile(
    r"\b(?:how (?:many|much|long|often|old|far back)|who|whose|mean|average|median|highest|lowest|max(?:imum)?|"
    r"min(?:imum)?|peak|nadir|total|sum|first|second|third|difference|chang(?:e|ed)|risen|rose|rise|fallen|fell|dropped|drop|"
    r"increased?|decreased?|gone (?:up|down)|go (?:up|down)|gained?|lost|higher|lower|above|below|over|under|"
    r"(?:more|less) than|since|(?:last|past) \w+|between|within|during|before|after|today|yesterday|overnight|"
    r"this (?:week|month|year|admission|stay|visit)|ago|when (?:was|were|did|has|had)|in (?:19|20)\d\d|"
    r"(?:in|since|last) (?:(?:jan|febr)uary|march|april|may|june|july|august|(?:septem|octo|novem|decem)ber))\b",
    re.IGNORECASE,
)
_AUTHOR = re.compile(r"\bwho (?:wrote|signed|authored|dictated)\b|\bauthors?\b", re.IGNORECASE)
_NOTE = re.compile(r"\b(?:notes?|letters?|entry|entries|documents?)\b", re.IGNORECASE)
_VISITS = re.compile(r"\b(?:clinics?|outpatients?|appointments?|visits?|seen|gp)\b", re.IGNORECASE)


def searched(choice: Choice, question: str, terminology: Terminology, now: datetime | None = None) -> Choice:
    """The choice, turned into a look-up where the question is one and the router saw none."""
    if choice.decided_by != PROTOCOL_PLANNER:
        return choice
    return _typed(_searched(choice, question, terminology), question, terminology, now or datetime.now(UTC))


def _typed(choice: Choice, question: str, terminology: Terminology, now: datetime) -> Choice:
    """The choice, with the question put to the record where it asks for more than a newest value.

    A protocol is left only where the typed reading explains every word and none is of a decision.
    """
    if choice.kind == "calculate" or choice.lookup == (NOTES,):
        return choice
    if asks_for_imaging(question) or asks_for_allergy(question):
        return choice
    reason = "it asks the record for more than a newest value"
    query = read(question, now, terminology, record=Gazetteer(), patient=True)
    if isinstance(query, Query) and _more(query, question):
        if choice.kind == "lookup":
            stays = query.select.kind in ("stay", "icu") and choice.lookup == (SEARCH,)
            before = (ENCOUNTERS,) if stays else choice.lookup
            return replace(choice, lookup=(ASK, *before), reasons=(*choice.reasons, reason))
        if choice.kind in _PROTOCOLS and not _record_only(query, question):
            return choice
        named = [name for item in query.select.what for name in item.concepts if name in terminology]
        fallback = named or [ENCOUNTERS if query.select.kind in ("stay", "icu") else SEARCH]
        return _lookup(choice, (ASK, *dict.fromkeys(fallback)), reason)
    framed = _FRAME.search(question) and not asks_for_decision(question)
    if framed and choice.kind in ("lookup", "none"):
        return replace(choice, lookup=(ASK, *choice.lookup))
    return choice


def _more(query: Query, question: str) -> bool:
    """Whether a typed question asks for more than the newest value, a drug's presence or a whole list."""
    select = query.select
    if query.everyone or query.notes_too or (select.kind == "stay" and _VISITS.search(question)):
        return False
    if query.wants not in _PLAIN or query.aggregate or query.against or query.per or query.top:
        return True
    newest = select.pick in (None, Pick())
    narrowed = select.where or select.relation or select.extreme or select.times or select.together
    return bool(narrowed) or not (newest and select.window.open)


def _record_only(query: Query, question: str) -> bool:
    """Whether a question that a protocol could take asks the record only: "has she had a stroke?" may mean now."""
    told = re.search(r"[.;:!?]\s+\S", question)
    return not (told or asks_for_decision(question) or (query.wants == "exists" and query.select.kind == "condition"))


def _searched(choice: Choice, question: str, terminology: Terminology) -> Choice:
    """What a question that looks something up is looked up by.

    A protocol that was chosen is left only for words that cannot ask for a diagnosis ("did he ever", "when was"); a
    calculation only for the newest result of what is measured ("latest weight" is not the ideal weight).
    """
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
    if choice.kind in _OPEN and _AUTHOR.search(question) and _NOTE.search(question):
        return _lookup(choice, (NOTES,), "it asks who wrote the notes")
    if is_search(question, likely=choice.kind in _OPEN):
        return _lookup(choice, (SEARCH,), "it asks where the record mentions something")
    return choice


def _whole_past(choice: Choice, question: str) -> Choice:
    """A look-up, except where the lists of today do not answer it: "ever" asks for the whole record."""
    if asks_for_imaging(question):
        return _lookup(choice, (IMAGING,), "it asks for the images in the record")
    if choice.lookup == (SEARCH,) and _AUTHOR.search(question) and _NOTE.search(question):
        return _lookup(choice, (NOTES,), "it asks who wrote the notes")
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
