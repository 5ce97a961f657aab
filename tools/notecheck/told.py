"""What a note states, each statement with the place of its words: findings, measurements, drugs, allergies, age, sex.

Offsets are those of the note as given. Statements about relatives, suppositions and doubts are no statements about the
patient and are left out; so is what stands in a sentence that gives a machine orders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from knowledge.assertion import Assertion, sentences
from knowledge.linker import Mention
from knowledge.terminology import Terminology
from knowledge.units import SHOWN, WRITTEN, ucum
from tools.notes import Finding, Note, findings, linker_for, unwrap

Kind = Literal["finding", "measurement", "drug", "allergy", "no_allergies", "age", "sex"]

_UNITS = {
    "mg/dL", "g/dL", "g/L", "mg/L", "ng/mL", "ng/dL", "ng/L", "pg/mL", "ug/L", "ug/mL", "umol/L", "mmol/L", "nmol/L",
    "pmol/L", "meq/L", "U/L", "mmol/mol", "mg/g", "mg/mmol", "mm[Hg]", "kg", "g", "lb", "cm", "%", "/min", "mL/min",
    "mL/min/{1.73_m2}", "10*9/L", "/uL", "kg/m2", "L/min", "Cel", "°C", "°F",
}  # fmt: skip
_SPELT = {
    "mm hg": "mm[Hg]", "beats per minute": "/min", "breaths per minute": "/min", "per minute": "/min", "mcg/l": "ug/L",
    "iu/l": "U/L", "points": "1",
    **dict.fromkeys(("/mm3", "/mm^3", "mm3", "mm^3", "cells/mm3", "cells/mm^3", "cells/ul"), "/uL"),
    **dict.fromkeys(("c", "°c", "deg c", "degrees c"), "Cel"),
    **dict.fromkeys(("f", "°f", "deg f", "degrees f"), "[degF]"),
}  # fmt: skip
_CANON = {**{unit.casefold(): ucum(unit) for unit in (*_UNITS, *WRITTEN, *SHOWN.values()) if unit}, **_SPELT}
_UNIT = "|".join(sorted((re.escape(unit) for unit in _CANON), key=len, reverse=True))
_WORDS = "level|count|today|now|currently|measured|recorded|is|are|was|were|of|at|came back|up to|down to"
_LINK = rf"(?:\s*(?:\(?(?:{_WORDS})\b|[=:,(~]))*\s*"
_NUMBER = re.compile(
    rf"{_LINK}(?P<sign>[<>]=?\s*)?(?P<value>\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?)(?!\d|\s*[-–/]\s*\d|\s*(?:st|nd|rd|th)\b)"
    rf"\s*(?P<unit>{_UNIT})?(?![A-Za-z])",
    re.IGNORECASE,
)
_PRESSURE = re.compile(
    r"\b(?:BP|blood pressure)\b[^.\d\n]{0,25}?(?P<high>\d{2,3})\s*/\s*(?P<low>\d{2,3})\b", re.IGNORECASE
)
# Everyday words that name a measurement only where a number follows; too common to be terms of their own.
_PLAIN = {
    "weight": re.compile(r"\b(?:weight|weighs|weighing)\b", re.IGNORECASE),
    "height": re.compile(r"\bheight\b", re.IGNORECASE),
    "heart_rate": re.compile(r"\bpulse\b", re.IGNORECASE),
    "respiratory_rate": re.compile(r"\brespirations?\b", re.IGNORECASE),
    "temperature": re.compile(r"\btemperature\b", re.IGNORECASE),
}
_DOSE = re.compile(
    r"\s*(?:tablets?|capsules?|injection|oral|IV|PO)?\s*(?P<value>\d+(?:\.\d+)?)\s*"
    r"(?P<unit>mg|mcg|micrograms?|µg|ug|g|units?|mmol)\b",
    re.IGNORECASE,
)
_DOSE_UNIT = {"mcg": "ug", "microgram": "ug", "micrograms": "ug", "µg": "ug", "unit": "units"}
_AGE = re.compile(
    r"\b(?P<a>\d{1,3})[- ]*(?:years?|yrs?)[- ]*old\b|\b(?P<b>\d{1,3}) ?(?:yo|y/o)\b"
    r"|\baged?:? (?P<c>\d{1,3})\b(?! ?(?:months?|weeks?|days?|mo\b|wk))",
    re.IGNORECASE,
)
_SEX = re.compile(
    r"\b(?:years?|yrs?|months?)[- ]*old(?:[ ,]+[\w-]+){0,3}?[ ,]+(?P<a>man|male|gentleman|boy|woman|female|lady|girl)\b"
    r"|\b(?:this|the|a|pleasant) (?P<b>man|gentleman|woman|lady)\b|\b(?:sex|gender)\s*[:=]\s*(?P<c>male|female)\b",
    re.IGNORECASE,
)
_MALE = {"man", "male", "gentleman", "boy"}
_RELATIVE = (
    r"\b(?:mother|father|parents?|brother|sister|siblings?|son|daughter|wife|husband|partner|spouse|aunt|uncle|cousin|"
    r"grand(?:mother|father|son|daughter)|child(?:ren)?|(?:boy|girl)?friend|fianc[eé]e?|roommate|baby|infant|newborn|twins?|nurse|nephew|niece)\b"
)
RELATIVE = re.compile(_RELATIVE, re.IGNORECASE)
# "his 40-year-old ...", "at age 13", "at the age of 58": not the patient's age now.
_OTHER_AGE = re.compile(r"\b(?:his|her|their|at|at the|from|since|until|by|before|after|the)\s+$", re.IGNORECASE)
_ALLERGY = re.compile(r"\ballerg|\bintoleran|\banaphyla\w+ (?:to|after|with)\b|\bADR\b", re.IGNORECASE)
_NO_ALLERGIES = re.compile(
    r"\b(?:NKDA|NKA|no known (?:drug |medication )?allergies|no (?:drug |medication )?allergies|"
    r"(?:denies|has no|without)(?: any)?(?: known)?(?: drug| medication)? allergies|allergies\s*[:=]\s*(?:none|nil)\b)",
    re.IGNORECASE,
)
EARLIER = re.compile(
    r"\b(?:previous(?:ly)?|prior|earlier|baseline|before|usual(?:ly)?|last (?:year|month|week|visit|time)|ago|"
    r"admission|initial(?:ly)?|had been|from|then|since|yesterday|in (?:19|20)\d\d|later|repeat(?:ed)?|target|goal|"
    r"above|below|less than|more than|over|under|at least|birth)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Told:
    """One statement of a note. `value` with `unit` of a measurement or dose; `earlier`: not said of now."""

    kind: Kind
    start: int
    end: int
    text: str
    concept: str | None = None
    assertion: Assertion = "present"
    value: float | str | None = None
    unit: str | None = None
    comparator: str | None = None
    earlier: bool = False
    now_only: bool = False
    past_only: bool = False
    sentence: tuple[int, int] = (0, 0)


def told(text: str, terminology: Terminology) -> list[Told]:
    """Everything a note states that can be compared, in the order of the text."""
    note = Note("note", text)
    flat = unwrap(text)
    bounds = [
        span
        for span in sentences(flat)
        if not any(start < span[1] and span[0] < end for start, end in note.quarantined)
    ]
    mentions = [
        mention
        for mention in linker_for(terminology).link(flat)
        if mention.how != "typo" and any(start <= mention.start < end for start, end in bounds)
    ]
    found = [
        *_findings(note, terminology, mentions),
        *_measurements(flat, bounds, mentions, terminology),
        *_pressures(flat, bounds),
        *_drugs(flat, bounds, mentions, terminology),
        *_people(flat, bounds),
    ]
    found += [
        Told("no_allergies", m.start(), m.end(), text[m.start() : m.end()], sentence=span)
        for span in bounds
        for m in _NO_ALLERGIES.finditer(flat, *span)
    ]
    whole = {(item.kind, item.concept, item.start): item for item in found}
    return sorted(whole.values(), key=lambda item: (item.start, item.end))


def _sentence(bounds: list[tuple[int, int]], at: int) -> tuple[int, int]:
    return next((span for span in bounds if span[0] <= at < span[1]), (at, at))


def _findings(note: Note, terminology: Terminology, mentions: list[Mention]) -> Iterator[Told]:
    taken: set[tuple[str, int]] = set()
    for item in findings(note, terminology):
        if terminology.get(item.concept).kind not in ("condition", "symptom", "procedure"):
            continue
        mention = _place(item, mentions, taken)
        if mention is None or item.assertion not in ("present", "absent", "historical"):
            continue
        denied = item.assertion == "absent"
        if _ALLERGY.search(item.quote) and not denied:
            continue
        yield Told(
            "finding", mention.start, mention.end, note.text[mention.start : mention.end], item.concept, item.assertion,
            earlier=item.assertion == "historical", now_only=denied and item.now_only,
            past_only=denied and item.past_only, sentence=(item.start, item.end),
        )  # fmt: skip


def _place(item: Finding, mentions: list[Mention], taken: set[tuple[str, int]]) -> Mention | None:
    for mention in mentions:
        key = (mention.concept, mention.start)
        if mention.concept == item.concept and item.start <= mention.start < item.end and key not in taken:
            taken.add(key)
            return mention
    return None


def _measurements(
    flat: str, bounds: list[tuple[int, int]], mentions: list[Mention], terminology: Terminology
) -> Iterator[Told]:
    used: set[int] = set()
    plain = [
        Mention(concept, match.start(), match.end(), match.group(), "extra")
        for concept, pattern in _PLAIN.items()
        for match in pattern.finditer(flat)
        if any(start <= match.start() < end for start, end in bounds)
    ]
    for mention in sorted([*mentions, *plain], key=lambda item: item.start):
        if terminology.get(mention.concept).kind != "observation" or mention.assertion in ("family", "hypothetical"):
            continue
        span = _sentence(bounds, mention.start)
        match = _NUMBER.match(flat, mention.end, span[1])
        if match is None or match.start("value") in used:
            continue
        used.add(match.start("value"))
        unit = match["unit"]
        earlier = bool(EARLIER.search(flat, max(span[0], mention.start - 30), min(span[1], match.end() + 20)))
        yield Told(
            "measurement", mention.start, match.end(), flat[mention.start : match.end()].strip(), mention.concept,
            value=float(match["value"].replace(",", "")), unit=_CANON[unit.casefold()] if unit else None,
            comparator=(match["sign"] or "").strip() or None, earlier=earlier, sentence=span,
        )  # fmt: skip


def _pressures(flat: str, bounds: list[tuple[int, int]]) -> Iterator[Told]:
    for span in bounds:
        for match in _PRESSURE.finditer(flat, *span):
            earlier = bool(EARLIER.search(flat, span[0], match.end()))
            for concept, part in (("systolic_bp", "high"), ("diastolic_bp", "low")):
                yield Told(
                    "measurement", match.start(part), match.end(part), match[part], concept, value=float(match[part]),
                    unit="mm[Hg]", earlier=earlier, sentence=span,
                )  # fmt: skip


def _drugs(
    flat: str, bounds: list[tuple[int, int]], mentions: list[Mention], terminology: Terminology
) -> Iterator[Told]:
    for mention in mentions:
        kind = terminology.get(mention.concept).kind
        if kind not in ("medication", "drug_class", "substance") or mention.assertion in ("family", "hypothetical"):
            continue
        span = _sentence(bounds, mention.start)
        if _ALLERGY.search(flat, *span):
            if not _NO_ALLERGIES.search(flat, *span):
                yield Told(
                    "allergy", mention.start, mention.end, mention.text, mention.concept, mention.assertion,
                    sentence=span,
                )  # fmt: skip
            continue
        if kind != "medication":
            continue
        dose = _DOSE.match(flat, mention.end, span[1])
        unit = dose["unit"].casefold() if dose else None
        yield Told(
            "drug", mention.start, dose.end() if dose else mention.end,
            flat[mention.start : dose.end() if dose else mention.end], mention.concept, mention.assertion,
            value=float(dose["value"]) if dose else None, unit=_DOSE_UNIT.get(unit, unit) if unit else None,
            earlier=mention.assertion == "historical", sentence=span,
        )  # fmt: skip


def _people(flat: str, bounds: list[tuple[int, int]]) -> Iterator[Told]:
    for span in bounds:
        for match in _AGE.finditer(flat, *span):
            near = flat[max(span[0], match.start() - 12) : min(span[1], match.end() + 30)]
            if not RELATIVE.search(near) and not _OTHER_AGE.search(flat[span[0] : match.start()]):
                years = next(group for group in match.groups() if group)
                yield Told(
                    "age", match.start(), match.end(), match.group(), value=float(years), unit="a", sentence=span
                )
        for match in _SEX.finditer(flat, *span):
            word = next(group for group in match.groups() if group).casefold()
            yield Told(
                "sex", match.start(), match.end(), match.group(), value="male" if word in _MALE else "female",
                sentence=span,
            )  # fmt: skip
