"""A document of `osler ehr ask` beside the rows of the published query.

Conventions. Numbers agree within 1e-6 of their size; a length of time within one minute, whatever its unit; a rate in
per cent with the query's whole number (it divides whole numbers); a percentile in per cent with its share of one.
Times are compared as instants, a date of birth as a date. Lists are compared as sets, values per period as lists
without order. Yes and no are 1 and 0. `f` is female; a ward is its number. Where the query finds nothing, "none
recorded" is right; a count of none is 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from evals.ehrsql.questions import Question

Json = dict[str, Any]
Verdict = Literal["right", "wrong", "refused"]
_TIME = re.compile(r"^\d{4}-\d\d-\d\d([ Tt]\d\d:\d\d(:\d\d)?.*)?$")
_YES = re.compile(r"^(has_verb|is the) ")
_MINUTES = {"min": 1.0, "minute": 1.0, "h": 60.0, "hour": 60.0, "d": 1440.0, "day": 1440.0, "wk": 10080.0}
_SEX = {"f": "female", "m": "male"}


@dataclass(frozen=True)
class Told:
    """What a document says: whether it is an answer, and its values with their units."""

    answered: bool
    values: list[tuple[Any, str | None]]
    why: str = ""


def told(document: Json) -> Told:
    """Read a document; what was found by searching words is no answer."""
    refused = document.get("not_answered") or []
    if refused:
        why = "; ".join(str(row.get("what") or row.get("said") or row) for row in refused)
        return Told(False, [], why[:200])
    if "search" in document.get("how", "") or "error" in document:
        return Told(False, [], str(document.get("error") or document["how"])[:200])
    rows = []
    for row in document.get("answer", []):
        value = row["value"]
        if isinstance(value, dict):
            value = value.get("value", value.get("text", value.get("display")))
        rows.append((value, row.get("unit")))
    return Told(True, rows)


def gold(rows: list[tuple[Any, ...]]) -> list[Any]:
    """The values of a query's rows; NULL is nothing."""
    return [value for row in rows for value in row if value is not None]


def verdict(question: Question, rows: list[tuple[Any, ...]], said: Told) -> Verdict:
    """Whether an answer agrees with the query's rows."""
    if not said.answered:
        return "refused"
    wanted = gold(rows)
    values = [(value, unit) for value, unit in said.values if value is not None]
    if _YES.match(question.kind):
        if not wanted:
            return "right" if not values else "wrong"
        return "right" if len(values) >= 1 and {value for value, _ in values} == {bool(wanted[0])} else "wrong"
    if not wanted:
        return "right" if all(value in ("none", "no growth", False) and value != 0 for value, _ in values) else "wrong"
    if "microbiology test" in question.kind and "organism name" in question.kind:
        values = [(value, unit) for value, unit in values if value != "no growth"]
    return "right" if _same(question, wanted, values) else "wrong"


def _same(question: Question, wanted: list[Any], values: list[tuple[Any, str | None]]) -> bool:
    if any(isinstance(value, bool) for value, _ in values):
        return False
    if all(isinstance(item, int | float) for item in wanted) and not _identifiers(question):
        return _numbers(question, sorted(float(item) for item in wanted), values)
    left = {_plain(item) for item in wanted}
    return left == {_plain(value) for value, _ in values}


def _identifiers(question: Question) -> bool:
    return "list the ids" in question.kind or "] ward of patient" in question.kind


def _numbers(question: Question, wanted: list[float], values: list[tuple[Any, str | None]]) -> bool:
    found: list[float] = []
    length = "have passed since" in question.kind or "length of" in question.kind
    for value, unit in values:
        try:
            number = float(value)
        except (TypeError, ValueError):
            return False
        if length:
            size = _MINUTES.get((unit or "").rstrip("s"), 0.0)
            number *= size / _MINUTES["hour" if " 24 * (" in question.query else "day"]
        if "percentile" in question.kind and unit == "%":
            number /= 100
        found.append(number)
    if "survival rate" in question.kind:
        return [float(int(number + 1e-9)) for number in found] == wanted
    found.sort()
    if "what is the cost of" in question.kind or "dose of" in question.kind:
        found, wanted = sorted(set(found)), sorted(set(wanted))
    if len(found) != len(wanted):
        return False
    minute = 1.01 / _MINUTES["hour" if " 24 * (" in question.query else "day"] if length else 0.0
    return all(
        abs(one - other) <= max(1e-6 * max(abs(one), abs(other)), 1e-9, minute)
        for one, other in zip(found, wanted, strict=True)
    )


def _plain(value: Any) -> str:
    text = re.sub(r"\s+", " ", str(value).strip().casefold())
    if _TIME.match(text):
        at = datetime.fromisoformat(text.replace("z", "+00:00").replace("t", " "))
        at = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
        return at.isoformat(sep=" ", timespec="minutes")
    text = re.sub(r"^(?:ward|patient/?) ?(?=\d)", "", text)
    try:
        return repr(float(text))
    except ValueError:
        return _SEX.get(text, text)
