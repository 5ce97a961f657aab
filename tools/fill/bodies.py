"""Measures with a form of their own: blood pressures, feet and inches, stones, and numbers that their unit tells."""

from __future__ import annotations

import re
from dataclasses import replace

from tools.fill.model import Mention, NoteText
from tools.fill.patterns import pattern
from tools.fill.situation import Situation

_NAMED = pattern("named")
_UNNAMED = pattern("unnamed")
_OTHER_PRESSURE = pattern("other_pressure")
_PRESSURE_RANGE = pattern("pressure_range")
_FEET = pattern("feet")
_SPLIT_METRES = pattern("split_metres")
_STONES = pattern("stones")
_KG = pattern("kg")
_CM = pattern("cm")
_METRES = pattern("metres")
_NEAR_PERSON = pattern("near_person")
_CHANGE = pattern("change")
_DOSE = pattern("dose")
_BEATS = pattern("beats")
_BREATHS = pattern("breaths")
_DEGREES = pattern("degrees")
_ROOM_AIR = pattern("room_air")
_SATURATION = pattern("saturation")
_CYCLE = pattern("cycle")
_MENSTRUATION = pattern("menstruation")


def pressures(note: NoteText, used: set[int]) -> list[Mention]:
    """Systolic over diastolic."""
    situation, found = Situation(note), []
    for match in (*_NAMED.finditer(note.flat), *_UNNAMED.finditer(note.flat)):
        start, end = match.start("systolic"), match.end()
        high, low = float(match["systolic"]), float(match["diastolic"])
        if start in used or note.blocked(start):
            continue
        if not (40 <= high <= 300 and 15 <= low <= 200 and low <= high):
            continue
        begin = match.start() if match["name"] else start
        if _OTHER_PRESSURE.search(note.flat[max(0, begin - 50) : start]):
            continue
        used.update(range(start, end))
        for measure, value in (("systolic_bp", high), ("diastolic_bp", low)):
            found.append(situation.mention(measure, value, "mm[Hg]", None, begin, end))
    for match in _PRESSURE_RANGE.finditer(note.flat):
        start, end = match.span()
        if start in used or note.blocked(start) or _OTHER_PRESSURE.search(note.flat[max(0, start - 50) : start]):
            continue
        used.update(range(start, end))
        for measure, bottom, top in (("systolic_bp", "s1", "s2"), ("diastolic_bp", "d1", "d2")):
            ends = (float(match[bottom]), float(match[top]))
            found.append(situation.mention(measure, ends, "mm[Hg]", None, start, end))
    return found


def sizes(note: NoteText, used: set[int]) -> list[Mention]:
    """Feet and inches, stones and pounds."""
    situation, found = Situation(note), []
    for match in _FEET.finditer(note.flat):
        if (
            match.start() in used
            or note.blocked(match.start())
            or (not match["inches"] and not _tall(note.flat, match))
        ):
            continue
        inches = 12 * float(match["feet"]) + float(match["inches"] or 0)
        if float(match["inches"] or 0) < 12:
            used.update(range(*match.span()))
            found.append(situation.mention("height", inches, "[in_i]", None, match.start(), match.end()))
    for match in _SPLIT_METRES.finditer(note.flat):
        if match.start() not in used and not note.blocked(match.start()) and _tall(note.flat, match):
            used.update(range(*match.span()))
            metres = float(f"{match['metres']}.{match['cm']}")
            found.append(situation.mention("height", metres, "m", None, match.start(), match.end()))
    for match in _STONES.finditer(note.flat):
        if match.start() in used or note.blocked(match.start()) or not (match["pounds"] or _weighs(note.flat, match)):
            continue
        pounds = 14 * float(match["stones"]) + float(match["pounds"] or 0)
        used.update(range(*match.span()))
        found.append(situation.mention("weight", pounds, "[lb_av]", None, match.start(), match.end()))
    return found


def _tall(text: str, match: re.Match[str]) -> bool:
    return bool(re.search(r"tall|height|stature", text[max(0, match.start() - 30) : match.end() + 12], re.IGNORECASE))


def _weighs(text: str, match: re.Match[str]) -> bool:
    return bool(re.search(r"weigh", text[max(0, match.start() - 30) : match.end() + 12], re.IGNORECASE))


def by_unit(note: NoteText, used: set[int]) -> list[Mention]:
    """Numbers without a name whose unit and place tell what they are."""
    situation = Situation(note)
    found = [
        situation.mention(measure, _float(match["value"]), unit, None, match.start("value"), match.end("unit"))
        for measure, unit, form in (
            ("heart_rate", "/min", _BEATS),
            ("respiratory_rate", "/min", _BREATHS),
            ("spo2", "%", _SATURATION),
        )
        for match in form.finditer(note.flat)
        if match.start("value") not in used and not note.blocked(match.start())
    ]
    if _MENSTRUATION.search(note.flat):
        for match in _CYCLE.finditer(note.flat):
            if match.start("value") not in used and not note.blocked(match.start()):
                found.append(situation.mention("cycle_length", _float(match["value"]), "d", None, *match.span()))
    for match in _ROOM_AIR.finditer(note.flat):
        if not note.blocked(match.start()):
            air = situation.mention("fio2", 21.0, "%", None, match.start(), match.end())
            found.append(replace(air, note="room air is 21 % oxygen"))
    for match in _DEGREES.finditer(note.flat):
        value, unit = _float(match["value"]), "Cel" if match["unit"].upper() == "C" else "[degF]"
        if match.start() not in used and (33 <= value <= 43 if unit == "Cel" else 91 <= value <= 110):
            found.append(situation.mention("temperature", value, unit, None, match.start(), match.end()))
    return found + _body(note, used, situation)


def _body(note: NoteText, used: set[int], situation: Situation) -> list[Mention]:
    text, found = note.flat, []
    weights = [match for match in _KG.finditer(text) if match.start() not in used and _bare_weight(text, match)]
    lengths = [match for form in (_CM, _METRES) for match in form.finditer(text) if match.start() not in used]
    for match in weights:
        unit = "kg" if match["unit"].casefold().startswith("k") else "[lb_av]"
        found.append(situation.mention("weight", _float(match["value"]), unit, None, match.start(), match.end()))
    placed = [mention.end for mention in found]
    for match in lengths:
        value = _float(match["value"])
        unit = "m" if match.re is _METRES else "[in_i]" if match["unit"].casefold().startswith("i") else "cm"
        size = value * {"m": 100, "cm": 1, "[in_i]": 2.54}[unit]
        after = text[match.end() : match.end() + 12]
        beside = any(0 <= match.start() - kg.end() <= 30 or 0 <= kg.start() - match.end() <= 30 for kg in weights)
        beside = (
            beside
            or any(abs(match.start() - mention) <= 34 for mention in placed)
            or _after_weight(text, match.start())
        )
        said = re.match(r"[\s-]*(?:tall\b|in height|in length|long\b|in-height)", after, re.IGNORECASE)
        if 30 <= size <= 230 and (beside or said) and not note.blocked(match.start()):
            found.append(situation.mention("height", value, unit, None, match.start(), match.end()))
    return found


def _after_weight(text: str, at: int) -> bool:
    """Whether a weight that was named stands right before ("weighing 9.5 kg and measuring 74 cm")."""
    return bool(re.search(r"weigh\w*[^;]{0,18}\d\s?k?g\b[^.;\d]{0,30}$", text[max(0, at - 70) : at], re.IGNORECASE))


def is_change(text: str, at: int) -> bool:
    """Whether a number of kilograms is what was lost or gained, or what a dose is counted by ("for each 10 kg")."""
    before = text[max(0, at - 60) : at]
    return bool(_CHANGE.search(before) or _DOSE.search(before))


def _bare_weight(text: str, match: re.Match[str]) -> bool:
    if is_change(text, match.start()):
        return False
    around = text[max(0, match.start() - 45) : match.end() + 45]
    return bool(_NEAR_PERSON.search(around)) or bool(re.search(r"\b\d{2,3}(?:[.,]\d+)?\s?(?:cm|inches)\b", around))


def _float(text: str) -> float:
    return float(text.replace(",", "."))
