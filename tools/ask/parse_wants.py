"""What is wanted of the events a question names: their time, number, value, existence ..."""

from __future__ import annotations

import re
from typing import Any

from tools.ask.parse_cues import HOW_LONG, LONG_AGO, CannotRead, Cues
from tools.ask.query import (
    Aggregate,
    Name,
    Pick,
    Select,
    Wants,
)
from tools.ask.spans import Marks
from tools.ask.times import period

_EXISTS = re.compile(
    r"^\W*(?:(?:and|so|please|also|(?:can|could|would) you (?:please )?(?:tell|say|check|confirm|verify|"
    r"let|show)(?: (?:me|us))?(?: know)?|tell me|check|confirm|verify|i (?:want|need|would like|'d like)"
    r" to know|do (?:we|you) know|i wonder|let me know|find out|see)[ ,]+)*"
    r"(?:(?P<prep>(?:¦+|in|on|during|since|until|up|to|by|at|of|from|within)[ ,]+)*)(?:if|whether|has|"
    r"have|had|did|does|do|was|were|is|are|any|hasn't|didn't|wasn't|isn't|ever)(?!\w)"
)
_ANY = re.compile(
    r"(?<!\w)(?:(?:is|was|were|are|has|have|had) there|any record of|any evidence of|any history of|\bany\b)(?!\w)|"
    r"[-–—,:] ?(?:is|was|were|are|has|have|had|did) (?:it|that|this|he|she|they|there|any|one|the patient)(?!\w)"
)
# "Has there been one? If so, what was it?" asks for the value.
_IF_SO = re.compile(r"(?<!\w)if (?:so|yes|there (?:is|was|has been|are|were)(?: one| any)?|any)[, ]+(?=\w)")
# A statement, and the question after it.
_THEN_ASKED = re.compile(
    r"[¦\w][.;:] ?(?:so |and )?(?:which|what|when|who|how many|how much)(?= \w)|"
    r"[¦\w],? and (?:what(?:'s|s)?|how high)(?= (?:is|was|does|did|were|it|the)(?!\w))"
)
# "Tell me the result and when it was recorded": the value, with its date.
_BOTH = re.compile(
    r"(?<!\w)(?:(?:tell|give|report|state|show|want|return)(?: me| us)?(?: back)? (?:the |its |both the )"
    r"?(?:result|value|level|"
    r"reading|figure)s?,? (?:and|along with|with|plus) (?:also )?(?:when|the (?:date|time)|its (?:date|time))|"
    r"what and when (?:is|was)|what (?:is|was) it,? and when(?: was it)?|(?:result|value|reading|level) (?:along "
    r"|together )?with "
    r"(?:the|its) (?:\w+ )?(?:date|time))(?!\w)"
)
_SINCE = re.compile(r"(?<!\w)(?:since|passed|elapsed|gone by|ago|went by|has it been|have it been|been)(?!\w)")


def check(select: Select, wants: str, more: dict[str, Any]) -> None:
    numeric = select.kind in ("result", "vital", "intake", "output", "charge")
    if wants == "value" and not numeric and select.kind not in ("culture", "any"):
        raise CannotRead("not_understood", f"a {select.kind} has no value")
    if (
        more.get("aggregate") in ("mean", "median", "max", "min", "sum")
        and wants == "value"
        and select.kind in ("result", "vital")
        and not select.what
    ):
        raise CannotRead("not_understood", "of which result is not said")
    if wants in ("value",) and select.kind in ("result", "vital") and not select.what:
        raise CannotRead("not_understood", "which result is not said")
    if wants in ("value", "difference") and select.kind in ("result", "vital") and len(select.what) > 1:
        raise CannotRead("several_readings", "several results at once: ask for one at a time")
    if wants == "route" and select.kind not in ("prescription", "administration"):
        raise CannotRead("not_understood", f"a {select.kind} has no route")
    if wants == "dose" and select.kind not in ("prescription", "administration"):
        raise CannotRead("not_understood", f"a {select.kind} has no dose")


def wants_of(marks: Marks, cues: Cues, kind: str, what: list[Name], text: str) -> tuple[Wants, dict[str, Any]]:
    """What is wanted, and the rest of the query that goes with it."""
    more: dict[str, Any] = {}
    aggregates = list(cues.aggregates)
    aggregate: Aggregate | None = aggregates[0] if len(aggregates) == 1 else None  # type: ignore[assignment]
    if len(aggregates) > 1:
        pairs = [name for name in aggregates if name != "sum"]
        if kind == "charge" or len(pairs) != 1:
            raise CannotRead("several_readings", f"more than one statistic: {', '.join(aggregates)}")
        aggregate = pairs[0]  # type: ignore[assignment]
    per = next(iter(cues.per), None)
    how_long = HOW_LONG.search(text)
    if how_long or LONG_AGO.search(text):
        if how_long and how_long["unit"] and how_long["unit"].strip().lower().startswith(("min", "sec")):
            raise CannotRead("not_understood", "a length of time is given in hours or longer, not in minutes")
        unit = period(how_long["unit"]) if how_long else None
        more["elapsed_in"] = unit
        if LONG_AGO.search(text) or _SINCE.search(text):
            return "elapsed", more
        return "length", more
    exists = _EXISTS.match(text) if not (_IF_SO.search(text) or _THEN_ASKED.search(text)) else None
    if "length" in cues.wants and kind in ("stay", "icu", "ward", "careunit", "procedure"):
        return "length", {}
    if kind == "charge":
        return "value", {**({"aggregate": aggregate} if aggregate else {}), **({"per": per} if per else {})}
    if ("count" in cues.wants and not re.search(r"total number|amount of number", text)) or (
        "count" in cues.wants and not what
    ):
        more["count_of"] = (
            "names"
            if not what
            and kind in ("prescription", "condition", "procedure", "result", "culture")
            and "times" not in text
            and not re.search(r"times|occasions", marks.text)
            else "events"
        )
        if kind in ("intake", "output") and aggregate == "sum":
            return "value", {"aggregate": "sum"}
        if aggregate not in (None, "sum"):
            more["aggregate"] = aggregate
            return (
                ("time", more)
                if "time" in cues.wants and text.lstrip().startswith("when")
                else ("value", {"aggregate": aggregate, **({"per": per} if per else {})})
            )
        if (
            "time" in cues.wants
            and re.search(r"(?<!\w)when(?!\w)", text)
            and aggregate is None
            and "how many" not in text
        ):
            return "time", {}
        return "count", more
    if aggregate is not None:
        more["aggregate"] = aggregate
    if per is not None:
        more["per"] = per
        if aggregate is None:
            raise CannotRead("not_understood", f"per {per}, but not which statistic")
    time = asks_time(cues, text)
    if (
        kind in ("stay", "icu")
        and not time
        and not exists
        and (
            ("admission_type" in cues.stay_fields and re.search(r"(?<!\w)(?:how|what|which|type)(?!\w)", text))
            or re.match(r"^\W*how (?:did|was|were|has|had)", text)
        )
    ):
        return "field", {"field": "admission_type"}
    routed = bool(marks.of("filter")) and not what and not re.match(r"^\W*how", text)
    if "route" in cues.wants and kind in ("prescription", "administration") and not exists and not routed:
        return "route", {}
    if time:
        if kind in ("stay", "icu") and "discharged" in cues.stay_fields:
            more["field"] = "discharged"
        if (
            aggregate is None
            and kind in ("result", "vital")
            and what
            and (
                ("value" in marks.text and re.search(r"what(?:'s| is| was)? .*\band when", text)) or _BOTH.search(text)
            )
        ):
            return "value", {"also": ("time",)}
        return "time", more
    if "dose" in cues.wants and kind in ("prescription", "administration"):
        return "dose", more
    if re.search(r"how much|amount|quantity", text) and kind in ("prescription", "administration") and what:
        return "dose", more
    if (
        "who" in cues.wants
        and not exists
        and re.match(r"^\W*(?:who|by whom|which (?:doctor|physician|nurse|provider|clinician|practitioner))", text)
    ):
        return "who", {}
    if (
        exists
        and kind == "prescription"
        and what
        and re.match(r"^\W*(?:is|are|isn't)(?!\w)", text)
        and not re.search(r"prescri|order|given", text)
    ):
        raise CannotRead(
            "not_understood", "what is taken now stands in the medication list, not among prescriptions alone"
        )
    if (
        exists
        and kind == "condition"
        and not re.search(r"diagnos|(?<!\w)dx(?!\w)", text)
        and not marks.of("when")
        and any(name.concepts and not name.names for name in what)
    ):
        if len(what) != 1 or cues.has("negation"):
            raise CannotRead("not_understood", "a condition not asked for as a diagnosis may stand in notes alone")
        return "exists", {"notes_too": True}
    if (exists and not (aggregate and what and not filtered(marks, cues))) or (
        _ANY.search(text) and not re.match(r"^\W*(?:what|which|how|when)", text)
    ):
        return "exists", {}
    if kind in ("result", "vital", "intake", "output", "charge") and (what or aggregate):
        if kind in ("intake", "output") and aggregate is None:
            if re.search(r"how much|volume|amount|quantity", text):
                return "value", {"aggregate": "sum"}
            return "value", {}
        if re.search(r"what(?:'s| is| was)? .*\band (?:when|what date|its date|the date|date)", marks.text):
            more["also"] = ("time",)
        return "value", more
    if aggregate == "sum" and kind in ("intake", "output"):
        return "value", {"aggregate": "sum"}
    if kind == "culture" and cues.has("organism"):
        return "value", {}
    if aggregate is not None:
        raise CannotRead("not_understood", f"a {aggregate} of {kind} cannot be told")
    if not what or kind in ("culture",):
        if cues.has("new") and kind == "prescription":
            return "difference", {}
        return ("list" if re.search(r"(?<!\w)(?:list|all|every)(?!\w)", text) and not cues.picks else "name"), {}
    if kind in ("prescription", "condition", "procedure", "allergy", "immunisation"):
        return "list", {}
    raise CannotRead("not_understood", "what is wanted is not said")


def filtered(marks: Marks, cues: Cues) -> bool:
    return bool(marks.of("limit")) or cues.has("normal") or cues.has("abnormal")


def asks_time(cues: Cues, text: str) -> bool:
    if "time" not in cues.wants:
        return False
    for mark in cues.wants["time"]:
        word = text[mark.start : mark.end]
        before = text[max(0, mark.start - 14) : mark.start]
        if word in ("time", "times", "date", "dates") and re.search(
            r"(?:same|last|first|second|third|each|every|any|many|this|that|two|of) $", before
        ):
            if (
                re.search(r"(?:last|first|second|third) $", before)
                and re.match(
                    r"^\W*(?:what|when|can|tell|give|retrieve|in|up|during|on|for|¦|(?:the )?(?:very )?(?:first|"
                    r"last|second))",
                    text,
                )
                and not re.search(r"for the (?:very )?(?:last|first|second) $", before)
            ):
                return True
            if re.search(r"(?:every|each) $", before) and re.match(r"^\W*(?:list|give|show|tell|find|get)", text):
                return True
            continue
        if (
            word == "when"
            and re.search(r"\w{3,} when $", text[: mark.end] + " ")
            and not re.search(
                r"(?:and|me|know|of|just|exactly|year|month|admission|visit|,|¦|\d) ?when $",
                text[: mark.end] + " ",
            )
        ):
            continue
        return True
    return False


def pick_in(cues: Cues, marks: Marks, wants: str) -> Pick | None:
    picks = [mark.value for mark in cues.picks]
    distinct = list(dict.fromkeys(picks))
    if len(distinct) > 1:
        raise CannotRead("several_readings", "more than one of first, last, second ... is named")
    return distinct[0] if distinct else None
