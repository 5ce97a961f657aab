"""Of whom, of which fluid and of what time a number is told (`reading.yaml`)."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import yaml

from tools.fill.model import Found, Mention, NoteText, When

READING = Path(__file__).with_name("reading.yaml")
URINE = {
    "sodium": "urine_sodium",
    "creatinine": "urine_creatinine",
    "urea_nitrogen": "urine_urea_nitrogen",
    "urea": "urine_urea_nitrogen",
    "potassium": "urine_potassium",
    "chloride": "urine_chloride",
    "osmolality": "urine_osmolality",
    "total_protein": "urine_protein",
    "albumin": "albumin_other",
}
_TIMES: tuple[When, ...] = ("earlier", "admission", "later")
_LONG_SENTENCE = 1500
_BEYOND = re.compile(r"[\d,;]")
_NEXT = re.compile(r"\s*(?:of|was|at|:|=)?\s*\d")
_URINARY = ("urine_", "acr", "albumin_other", "creatinine_other")
_INFANT = re.compile(
    r"newborn|neonat|infant|\bbaby\b|preterm|gestation|days?[- ]old|weeks?[- ]old|months?[- ]old", re.IGNORECASE
)
_BLOOD_ONLY = frozenset(("weight", "height", "blood_pressure", "heart_rate", "temperature", "spo2", "respiratory_rate"))


@functools.cache
def _raw() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(READING.read_text(encoding="utf-8"))
    return loaded


@functools.cache
def words_of(name: str) -> tuple[str, ...]:
    """The expressions of one entry of `reading.yaml`."""
    entry = _raw()[name]
    if name.startswith("reference"):
        return (rf"\b(?:{entry})",)
    return tuple(entry) if isinstance(entry, list) else (str(entry),)


@functools.cache
def _pattern(name: str) -> re.Pattern[str]:
    entry = _raw()["others"][name] if name in _raw()["others"] else _raw()[name]
    return re.compile(rf"\b(?:{entry})\b", re.IGNORECASE)


def asked_time(question: str) -> str | None:
    """Which of several values a question asks for: "admission" or "latest"; None where it does not say."""
    return next((name for name, words in _asks() if words.search(question)), None) if question else None


@functools.cache
def _asks() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for name, words in _raw()["asks"].items())


class Situation:
    """What surrounds the numbers of one note."""

    def __init__(self, note: NoteText) -> None:
        self.note, self.text = note, note.flat
        self.infant = bool(_INFANT.search(note.text[:250]))
        self._cues: dict[int, list[tuple[int, int, When]]] = {}

    def mention(
        self,
        measure: str,
        value: Found,
        unit: str | None,
        comparator: str | None,
        start: int,
        end: int,
        when: When | None = None,
    ) -> Mention:
        """A mention with who, when and where."""
        bounds = self.note.sentence(start)
        whose = self._whose(measure, bounds, start, end)
        if measure not in _BLOOD_ONLY and not measure.startswith(_URINARY):
            whose = self.fluid(start) or whose
        at = when if when is not None else self._when(bounds, start, end)
        return Mention(
            measure,
            value,
            unit,
            comparator,
            start,
            end,
            self.note.text[start:end],
            when=at,
            section=self.note.section(start),
            whose=whose,
            assertion="family" if whose == "relative" else "present",
        )

    def fluid(self, start: int) -> str:
        """In which fluid a thing was measured: "urine", "fluid" (some other), or "" for blood."""
        before = self.text[max(self.note.sentence(start)[0], start - 160) : start]
        last = {name: _last(_pattern(name), before) for name in ("urine", "fluid", "reset")}
        if last["urine"] > max(last["reset"], last["fluid"]):
            return "urine"
        return "fluid" if last["fluid"] > last["reset"] else ""

    def _whose(self, measure: str, bounds: tuple[int, int], start: int, end: int) -> str:
        before = self.text[max(bounds[0], start - 160) : start]
        patient = _last(_pattern("patient"), before)
        found, place = "patient", patient
        for name in ("relative", "donor", "newborn", "group", "mass"):
            if name == "mass" and measure not in ("weight", "height"):
                continue
            if name == "newborn" and (self.infant or measure not in ("weight", "height", "head_circumference")):
                continue
            at = _last(_pattern(name), before)
            if at > place:
                found, place = name, at
        if self.note.section(start) == "family history":
            return "relative"
        return found

    def _when(self, bounds: tuple[int, int], start: int, end: int) -> When:
        begin, stop = bounds
        if stop - begin > _LONG_SENTENCE:  # a list without full stops: only what is near counts
            block = start // _LONG_SENTENCE
            begin, stop = max(begin, (block - 1) * _LONG_SENTENCE), min(stop, (block + 2) * _LONG_SENTENCE)
        if begin not in self._cues:
            self._cues[begin] = [
                (*match.span(), name) for name in _TIMES for match in _pattern(name).finditer(self.text, begin, stop)
            ]
        nearest: tuple[int, When] | None = None
        for first, last, name in self._cues[begin]:
            if first >= end and (
                first - end > 40 or _BEYOND.search(self.text[end:first]) or _NEXT.match(self.text, last)
            ):
                continue  # it belongs to another value
            # A cue before the value weighs by its distance; one behind it only when it follows closely.
            distance = start - last if last <= start else (first - end) * 3 + 15 if first >= end else 0
            if nearest is None or distance < nearest[0]:
                nearest = (distance, name)
        if nearest is None and self.note.section(start) in ("discharge", "course"):
            return "later"
        return nearest[1] if nearest else "stated"


def _last(pattern: re.Pattern[str], text: str) -> int:
    found = -1
    for match in pattern.finditer(text):
        found = match.start()
    return found
