"""Measured values in plain words: which measurement, its number, its unit."""

from __future__ import annotations

import re

from knowledge.terminology import Terminology
from tools.ehr.writes.drafts_more import PRESSURE, VITALS, unit_of
from tools.errors import BadInput
from tools.notes import linker_for

_PAIR = re.compile(r"(?<![\d./-])(\d{2,3})\s*(?:/|over)\s*(\d{2,3})(?![\d/-])(?:\s*(mm\s?\[?Hg\]?))?", re.I)
_SPELT = re.compile(
    r"\bsystolic\b\D{0,25}(\d{2,3})\b\D{0,30}\bdiastolic\b\D{0,25}(\d{2,3})"
    r"|(\d{2,3})\s*(?:mm\s?Hg)?\s*systolic\b\D{0,20}(\d{2,3})\s*(?:mm\s?Hg)?\s*diastolic",
    re.I,
)
_PRESSURE = re.compile(r"\b(?:bp|blood pressure|b/p|pressure|nibp)\b", re.I)
_NUMBER = re.compile(
    r"(?<![\w/.,-])(\d+(?:\.\d+)?)(?![\w/.,-]*\d)\s*(°?\s?[CF]\b|degrees? [CF]\b|celsius|fahrenheit|bpm|"
    r"beats(?: per |/)min(?:ute)?|"
    r"breaths(?: per |/)min(?:ute)?|/\s?min|per minute|kgs?|kilograms?|lbs?|pounds?|cm|inches|%|percent|"
    r"(?:mg|g|mmol|umol|m?Eq|ng|pg|mcg|ug)/(?:dL|L|mL)|kg/m2)?",
    re.I,
)


# What the terminology leaves to context, as too short or too common to be linked in running text.
_SHORT = (
    (re.compile(r"\bmag\b(?! (?:sulf|sulph|citr|ox|chlor))", re.I), "magnesium"),
    (re.compile(r"\b(?:body ?)?weight\b|\bweighs\b|\bweighed\b", re.I), "weight"),
    (re.compile(r"\b(?:body )?height\b", re.I), "height"),
    (
        re.compile(
            r"(?<![\w])K\+?(?=\s*(?:level|is|was|<|>|≤|≥|below|above|under|over|of|last|within|if|when|per|by|for|on|in|from|and|was|needs|,|\.|;|\?|\)|$))"
        ),
        "potassium",
    ),
    (
        re.compile(r"(?<![\w])Na\+?(?=\s*(?:level|is|was|<|>|≤|≥|below|above|under|over|of|last|within|,|\?|$))"),
        "sodium",
    ),
)


def measurements(text: str, terms: Terminology) -> list[tuple[int, int, str]]:
    """Where a text names measurements: `(start, end, concept)`, in order."""
    found = [
        (mention.start, mention.end, mention.concept)
        for mention in linker_for(terms).link(text)
        if terms.get(mention.concept).kind == "observation"
    ]
    for pattern, concept in _SHORT:
        for match in pattern.finditer(text):
            if concept in terms and not any(start < match.end() and match.start() < end for start, end, _ in found):
                found.append((match.start(), match.end(), concept))
    return sorted(found)


def measured(text: str, terms: Terminology) -> list[tuple[str, str, str | None, str]]:
    """`(concept, value, UCUM unit or None, the words)` of each measurement with a value."""
    found: list[tuple[str, str, str | None, str]] = []
    if len({row[:2] for row in _PAIR.findall(text)}) > 1 and _PRESSURE.search(text):
        raise BadInput(
            "two blood pressures in one sentence: nothing is drafted",
            found=text[:120],
            expected="one",
            action="record each in a sentence of its own",
        )
    pair = _SPELT.search(text)
    if pair:
        high, low = (pair[1], pair[2]) if pair[1] else (pair[3], pair[4])
        found.append((PRESSURE, f"{high}/{low}", VITALS[PRESSURE][1], f"blood pressure {high}/{low}"))
    elif (two := _PAIR.search(text)) and (_PRESSURE.search(text) or two[3]):
        found.append((PRESSURE, f"{two[1]}/{two[2]}", VITALS[PRESSURE][1], f"blood pressure {two[1]}/{two[2]}"))
    taken = (PRESSURE, *(("systolic_bp", "diastolic_bp") if found else ()))
    mentions = [row for row in measurements(text, terms) if row[2] not in taken]
    for number, (_, after, concept) in enumerate(mentions):
        end = mentions[number + 1][0] if number + 1 < len(mentions) else len(text)
        near = _NUMBER.search(text[after : min(end, after + 45)])
        if near is None or _PAIR.match(text, after + near.start()):
            continue
        if re.search(r"[<>≤≥~≈]|\b(?:not|about|around|below|above|under|over|less|more|than|up to|target|goal|aim)\b",
                     text[after : after + near.start()], re.I):  # fmt: skip
            raise BadInput(
                "a value with a comparator, or one that is no result, is not recorded: nothing is drafted",
                found=text[:120],
                expected="the measured value alone",
                action="record it by hand",
            )
        name = terms.get(concept).name
        found.append((concept, near[1], _unit(near[2], concept), f"{name} {near[0].strip()}"))
    return found


def _unit(text: str | None, concept: str) -> str | None:
    """The unit said; a vital sign that has only one usual unit may go without (pulse, saturation, breathing)."""
    if text:
        try:
            return unit_of(re.sub(r"\s+", " ", text.strip()).replace("° ", "°"))
        except BadInput:
            return None
    return VITALS[concept][1] if concept in ("heart_rate", "respiratory_rate", "spo2") else None
