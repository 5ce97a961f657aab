"""Rules for yes-or-no and coded inputs, as data (`findings.yaml`, and the slots of a calculator), read and checked.

A rule is one way to hold, or several under `either`; each way looks for concepts (`any_of`, with all they include;
`exactly`, without; `drugs`, taken now), for `words` (regular expressions) or for a `measure` beyond a limit:

    counts       ever: now or in the past; now: not what is told as past; before: only what is told as past or known
    needs        a pattern that has to stand in the same sentence; `unless`: one that must not
    skip         a pattern that must not stand around the mention itself (30 characters either side)
    within_days  only if the sentence dates it so; undated it is asked, `undated: true` takes it, `undated: false` not
    lasting_days only if the sentence says that it lasted so long; undated likewise
    family       a relative's counts (and only a relative's)
    possible     what is only suspected counts
    beside       concepts one of which the note has to tell elsewhere (a drug, and what it is taken for)
    asks         suggests the finding without settling it: shown and asked, never filled
    part         its denial is not needed for "no" (one of many ways to hold)

`denied` are words that say no at once, `names` further names whose denial says no ("no CCF") but which never say yes,
`history: true` lets "no significant medical history" do so. A coded input has
`codes` (the first that holds) or `topic` and `answers` (words of an answer, beside the topic), `read` (patterns
with a group `code`, and `map`), or `graded` (a measure and limits); `absent` is the code for "no"; with
`one: true` a note that tells two different codes is asked about.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from knowledge.guideline import CorpusError, read_yaml
from knowledge.terminology import default_terminology

SHARED = tuple(Path(__file__).with_name(f"findings{part}.yaml") for part in ("", "_acute", "_more", "_answers"))
Counts = Literal["ever", "now", "before"]
Pattern = re.Pattern[str]


@dataclass(frozen=True)
class Limit:
    """A measure and the limit beyond which it says yes."""

    of: str
    unit: str = "1"
    above: float | None = None
    below: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    choose: str = "admission"

    def holds(self, value: float) -> bool:
        """Whether a value is beyond the limit."""
        return (
            (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
            and (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
        )


@dataclass(frozen=True)
class Way:
    """One way for a finding to hold."""

    any_of: tuple[str, ...] = ()
    exactly: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    words: tuple[Pattern, ...] = ()
    counts: Counts = "ever"
    needs: Pattern | None = None
    unless: Pattern | None = None
    skip: Pattern | None = None
    within_days: float | None = None
    lasting_days: float | None = None
    undated: bool | None = None
    family: bool = False
    possible: bool = False
    beside: tuple[str, ...] = ()
    asks: bool = False
    part: bool = False
    measure: Limit | None = None


@dataclass(frozen=True)
class Rule:
    """How an input is told from a note."""

    ways: tuple[Way, ...] = ()
    denied: tuple[Pattern, ...] = ()
    names: tuple[Pattern, ...] = ()
    history: bool = False
    absent: str | None = None
    one: bool = False
    codes: tuple[tuple[str, Rule], ...] = ()
    read: tuple[Pattern, ...] = ()
    map: tuple[tuple[str, str], ...] = ()
    graded: tuple[Limit, tuple[tuple[float, str], ...], str] | None = None
    judged: str = ""
    """Why no rule can tell it from words ("judged by whoever examines"); such an input is always asked."""


_WAY = {entry.name for entry in fields(Way)}
_RULE = {"either", "denied", "names", "history", "absent", "one", "codes", "read", "map", "graded", "judged", "use",
         "topic", "answers"}  # fmt: skip


@functools.cache
def shared_rules() -> Mapping[str, Any]:
    """The shared rules as they stand, by name; a name starting with "_" is only a part of others."""
    found: dict[str, Any] = {}
    for path in SHARED:
        raw: dict[str, Any] = read_yaml(path)
        twice = set(found) & set(raw)
        if twice:
            raise CorpusError(f"{path.name}: found {sorted(twice)} again; expected each rule in one file")
        found |= {name: rule for name, rule in raw.items() if not name.startswith("_")}
    return found


def rule_of(raw: Mapping[str, Any], where: str) -> Rule:
    """A rule from its data; `use: NAME` starts from a shared one.

    Raises:
        CorpusError: a key, a concept or a shared rule that there is not.
    """
    if "use" in raw:
        if raw["use"] not in shared_rules():
            raise CorpusError(f"{where}: found use: {raw['use']!r}; expected one of findings*.yaml")
        raw = {**shared_rules()[raw["use"]], **{key: value for key, value in raw.items() if key != "use"}}
    unknown = set(raw) - _WAY - _RULE
    if unknown:
        raise CorpusError(f"{where}: found {sorted(unknown)}; expected {sorted(_WAY | _RULE)}")
    alone = {key: value for key, value in raw.items() if key in _WAY}
    either = [*([alone] if alone else []), *raw.get("either", ())]
    graded = raw.get("graded")
    codes = raw.get("codes") or {}
    if "topic" in raw:
        about = "(?:" + "|".join(raw["topic"]) + ")"
        codes = {
            code: {"words": [rf"{about}[^.;,]{{0,40}}?(?:{said})", rf"(?:{said})[^.;,]{{0,25}}{about}"]}
            for code, said in raw["answers"].items()
        }
        either.append({"words": raw["topic"]})
    return Rule(
        ways=tuple(_way(entry, where) for entry in either),
        denied=_patterns(raw.get("denied", ())),
        names=_patterns(raw.get("names", ())),
        history=bool(raw.get("history", False)),
        one=bool(raw.get("one", False)),
        absent=_text(raw.get("absent")),
        codes=tuple((str(code), rule_of(entry, f"{where}.{code}")) for code, entry in codes.items()),
        read=_patterns(raw.get("read", ())),
        map=tuple((str(key).casefold(), str(value)) for key, value in (raw.get("map") or {}).items()),
        graded=graded and (Limit(**graded["measure"]), tuple((float(a), str(b)) for a, b in graded["from"]),
                           str(graded["below"])),
        judged=str(raw.get("judged", "")),
    )  # fmt: skip


def _way(raw: Mapping[str, Any], where: str) -> Way:
    unknown = set(raw) - _WAY
    if unknown:
        raise CorpusError(f"{where}: found {sorted(unknown)}; expected {sorted(_WAY)}")
    known = default_terminology()
    for name in ("any_of", "exactly", "drugs", "beside"):
        for concept in raw.get(name, ()):
            if concept not in known:
                raise CorpusError(f"{where}: found concept {concept!r}; expected one of knowledge/terms/*.yaml")
    changed: dict[str, Any] = {
        name: tuple(raw[name]) for name in ("any_of", "exactly", "drugs", "beside") if name in raw
    }
    changed["words"] = _patterns(raw.get("words", ()))
    changed |= {name: _patterns([raw[name]])[0] for name in ("needs", "unless", "skip") if raw.get(name)}
    if raw.get("measure"):
        changed["measure"] = Limit(**raw["measure"])
    return Way(**{**raw, **changed})


def _patterns(raw: Any) -> tuple[Pattern, ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in raw)


def _text(raw: Any) -> str | None:
    return None if raw is None else str(raw)
