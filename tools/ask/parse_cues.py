"""Cue words of a question, the kinds its names are of, and its times put together."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from knowledge.terminology import default_terminology
from tools.ask.lexicon import lexicon
from tools.ask.query import (
    Name,
    Relation,
    Select,
    Stay,
    Window,
)
from tools.ask.spans import _PICK, Mark, Marks, pick_of
from tools.ask.times import When, count, period

_KIND_OF = {
    "observation": "result",
    "condition": "condition",
    "symptom": "condition",
    "medication": "prescription",
    "drug_class": "prescription",
    "substance": "allergy",
    "procedure": "procedure",
}
HOW_LONG = re.compile(
    r"(?:how (?:many|much|long in)|(?:when )?count(?:ing|ed) in|number of(?= \w+ (?:since|elapsed|passed|gone|that))|"
    r"^\W*(?=(?:minutes|hours|days|weeks|months|years) (?:since|elapsed|passed|gone))) ?"
    r"(?:full |whole )?(?P<unit>minutes|hours|hrs|days|weeks|months|years)(?!\w)"
)
LONG_AGO = re.compile(
    r"how (?:long|recently) (?:ago|has it been|is it|since|have|has)|time (?:passed |elapsed )?since|"
    r"how long (?:\w+ ){0,4}since|how old is (?:the|his|her) (?:last|latest|most recent)|"
    r"(?:minutes|hours|days|weeks|months|years) (?:since|elapsed since|passed since|that have (?:gone by|passed) since)"
)
ORDER = ("culture", "intake", "output", "procedure", "condition", "prescription", "result", "vital", "careunit", "ward")


@dataclass
class Cues:
    """Cue words found, by class and part."""

    marks: list[Mark] = field(default_factory=list)
    kinds: dict[str, list[Mark]] = field(default_factory=dict)
    fields: dict[str, list[Mark]] = field(default_factory=dict)
    stay_fields: dict[str, list[Mark]] = field(default_factory=dict)
    wants: dict[str, list[Mark]] = field(default_factory=dict)
    aggregates: dict[str, list[Mark]] = field(default_factory=dict)
    per: dict[str, list[Mark]] = field(default_factory=dict)
    single: dict[str, list[Mark]] = field(default_factory=dict)
    compares: list[Mark] = field(default_factory=list)
    picks: list[Mark] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Whether a word of a single class stands in the question."""
        return bool(self.single.get(name))


class CannotRead(Exception):
    """Why a question was not read."""

    def __init__(self, reason: str, said: str, words: tuple[str, ...] = ()) -> None:
        super().__init__(said)
        self.reason, self.said, self.words = reason, said, words


def find_cues(marks: Marks) -> Cues:
    """All cue words outside of names, times and persons."""
    words, cues = lexicon(), Cues()
    for name in ("kinds", "fields", "fields_of_stay", "wants", "aggregates", "per"):
        target = {"fields_of_stay": "stay_fields"}.get(name, name)
        for part, pattern in words[name].items():
            found = [Mark(hit.start(), hit.end(), name, part) for hit in pattern.finditer(marks.rest)]
            if found:
                getattr(cues, target)[part] = found
                cues.marks += found
    for name in ("abnormal", "normal", "organism", "difference", "compared", "new", "top", "survival", "mortality",
                 "returned", "negation", "percentile", "current_people"):  # fmt: skip
        found = [Mark(hit.start(), hit.end(), name) for hit in words[name].finditer(marks.rest)]
        if found:
            cues.single[name] = found
            cues.marks += found
    for op, pattern in words["comparators"].items():
        cues.compares += [Mark(hit.start(), hit.end(), "compare", op) for hit in pattern.finditer(marks.rest)]
    cues.marks += cues.compares
    cues.picks = [Mark(hit.start(), hit.end(), "pick", pick_of(hit)) for hit in _PICK.finditer(marks.rest)]
    cues.marks += cues.picks
    for pattern in (HOW_LONG, LONG_AGO):
        cues.marks += [Mark(hit.start(), hit.end(), "how long") for hit in pattern.finditer(marks.rest)]
    return cues


def refuse_beyond(marks: Marks, cues: Cues) -> None:
    spared = [mark for mark in cues.marks if mark.what == "kinds" or (mark.what == "wants" and mark.value == "route")]
    found = [
        hit
        for hit in lexicon()["beyond"].finditer(marks.rest)
        if not any(mark.start <= hit.start() and hit.end() <= mark.end for mark in spared)
    ]
    if found:
        words = tuple(hit.group() for hit in found)
        raise CannotRead("not_in_records", f"a record does not say: {', '.join(words)}", words)


def names(marks: Marks) -> list[tuple[Mark, Name, frozenset[str]]]:
    """Names in the question, left to right."""
    return [(mark, *mark.value) for mark in marks.of("name")]


def kind_there(name: Name, kinds: frozenset[str], cues: Cues, terms_kind: str | None) -> str | None:
    """Which kind a name is of here: what the cue words say where the record uses it for several."""
    usable = [kind for kind in kinds if kind not in ("route", "via")]
    said = [kind for kind in usable if kind in cues.kinds]
    if said:
        return min(said, key=lambda kind: ORDER.index(kind) if kind in ORDER else 99)
    if usable:
        return min(usable, key=lambda kind: ORDER.index(kind) if kind in ORDER else 99)
    return terms_kind


def kind_of(name: Name, kinds: frozenset[str], cues: Cues) -> str | None:
    """The kind of a name; of a concept, that of its own kind."""
    terms = default_terminology()
    own = next((_KIND_OF.get(terms.get(concept).kind) for concept in name.concepts if concept in terms), None)
    if name.codes and not kinds:
        return "result"
    if "allergy" in cues.kinds and own in ("prescription", "allergy"):
        return "allergy"
    if "immunisation" in cues.kinds and own in ("prescription", "allergy", None):
        return "immunisation"
    return kind_there(name, kinds, cues, own)


def windows(marks: Marks) -> list[When]:
    """Expressions of time, left to right."""
    return [mark.value for mark in marks.of("when")]


def joined(found: list[When]) -> Window:
    """All of them at once.

    Raises:
        CannotRead: they contradict each other.
    """
    since = until = None
    stay: Stay | None = None
    for item in found:
        window = item.window
        if window.stay is not None:
            if stay is not None and stay != window.stay:
                raise CannotRead("several_readings", "two different stays are named")
            stay = window.stay
        since = max((at for at in (since, window.since) if at), default=None)
        until = min((at for at in (until, window.until) if at), default=None)
    if since is not None and until is not None and since >= until:
        raise CannotRead("several_readings", "the times named contradict each other")
    return Window(since=since, until=until, stay=stay, text="; ".join(item.window.text for item in found))


def relation_of(marks: Marks, to: Select, order: str) -> Relation:
    """A relation with the distance that the question names."""
    more: dict[str, Any] = {}
    if len({mark.value.group() for mark in marks.of("within")}) > 1:
        raise CannotRead("several_readings", "two distances between the events are named")
    for mark in marks.of("within"):
        match = mark.value
        if match["same"]:
            what = match["what"]
            more["within"] = (
                "month" if "month" in what else "day" if what == "day" else "any" if what == "time" else "stay"
            )
            if what == "time":
                order = "with"
        elif match["n"] or match["n2"]:
            more |= {
                "within": "duration",
                "amount": count(match["n"] or match["n2"]),
                "unit": period(match["u"] or match["u2"]),
                "beyond": bool(match["over"]),
            }
        elif match["sim"]:
            order = "with"
    return Relation(to=to, order=order, **more)  # type: ignore[arg-type]
