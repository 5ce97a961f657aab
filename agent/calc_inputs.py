"""One input of a calculation from several sources: dialogue, note, record. What is taken, what stands against it, why.

What was said in this dialogue comes first, then the note that came with the question, then the record. Age and sex are
the record's where there is one, since a birth date does not grow old as a note does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from agent.state import Json
from knowledge.units import number, unit_label
from tools.calculators.inputs import Input, read
from tools.errors import ToolError
from tools.fill.model import Ambiguous, Fill, Filled, Mention
from tools.fill.record import Recorded

PERSON = ("age", "sex")
NEAR = 0.02
"""Two numbers that differ by less than this share are one number, rounded differently."""


@dataclass(frozen=True)
class Source:
    """A value for an input and where it comes from; `value` is as `tools.calculators.run` takes it."""

    origin: str
    value: Any
    quote: str | None = None
    start: int | None = None
    end: int | None = None
    reference: str | None = None
    effective_at: str | None = None
    age_days: int | None = None
    assertion: str | None = None
    why: str = ""
    others: tuple[Json, ...] = ()
    inferred: bool = False

    def document(self) -> Json:
        """As `calc ask --json` gives it."""
        value, unit, comparator = self.value, None, None
        if isinstance(value, Mapping):
            unit, comparator = value.get("unit"), value.get("comparator")
            value = value.get("range") or value.get("value")
        return {
            "value": value,
            "unit": unit,
            "comparator": comparator,
            "from": self.origin,
            "quote": self.quote,
            "start": self.start,
            "end": self.end,
            "reference": self.reference,
            "effective_at": self.effective_at,
            "age_days": self.age_days,
            "assertion": self.assertion,
            "why": self.why,
            "alternatives": list(self.others),
        }


@dataclass
class Gathered:
    """What was gathered for the inputs of a calculator and their parts."""

    taken: dict[str, Source] = field(default_factory=dict)
    conflicts: list[Json] = field(default_factory=list)
    assumed: dict[str, str] = field(default_factory=dict)
    asides: dict[str, str] = field(default_factory=dict)

    @property
    def available(self) -> dict[str, Any]:
        """The inputs as `run` takes them."""
        return {name: source.value for name, source in self.taken.items()}


def gather(
    declared: Mapping[str, Input],
    own: set[str],
    given: Mapping[str, Any],
    asked: Fill | None,
    note: Fill | None,
    record: Mapping[str, Recorded],
) -> Gathered:
    """Settle every input; `own` are the calculator's own, the others parts of nested ones."""
    found = Gathered()
    for name, entry in declared.items():
        options = _options(name, entry, given, asked, note, record, found)
        if not options:
            continue
        if name in PERSON:
            options.sort(key=lambda one: (one.origin == "note", one.inferred))
        first, *rest = options
        if first.assertion == "assumed" and name not in own:
            # A part of a nested input is never taken as absent because it was not mentioned.
            continue
        against = [other for other in rest if other.assertion != "assumed" and differ(entry, first, other)]
        for other in against:
            found.conflicts.append(_conflict(entry, first, other))
        agreeing = tuple(other.document() for other in rest if other not in against and other.assertion != "assumed")
        found.taken[name] = _with_others(first, (*first.others, *(o.document() for o in against), *agreeing))
        if first.assertion == "assumed":
            found.assumed[name] = first.why
    return found


def _options(
    name: str,
    entry: Input,
    given: Mapping[str, Any],
    asked: Fill | None,
    note: Fill | None,
    record: Mapping[str, Recorded],
    found: Gathered,
) -> list[Source]:
    options: list[Source] = []
    if given.get(name) is not None:
        read(entry, given[name])  # what a person typed is refused, not set aside
        options.append(Source("dialogue", given[name], why="given with the question"))
    if asked is not None and name in asked.filled and entry.kind not in ("boolean",):
        one = asked.filled[name]
        if one.mention is not None and (entry.kind != "code" or name == "sex"):
            options.append(_from_words(one, "dialogue"))
    if note is not None and name in note.filled:
        options.append(_from_words(note.filled[name], "note"))
    elif note is not None and name in note.ambiguous:
        found.asides[name] = note.ambiguous[name].why
    if name in record:
        recorded = record[name]
        if recorded.value is not None:
            options.append(_from_record(recorded))
        elif recorded.named:
            found.asides.setdefault(name, f"in the record: {recorded.why}")
    usable = []
    for option in options:
        problem = "" if option.origin == "dialogue" and option.quote is None else _problem(entry, option.value)
        if problem:
            found.asides[name] = f"{option.origin} not used: {problem}"
        else:
            usable.append(option)
    # An assumption gives way to whatever was stated, and a guess from "she" to what was written.
    return sorted(usable, key=lambda one: (one.assertion == "assumed", one.inferred))


def _from_words(filled: Filled, origin: str) -> Source:
    mention = filled.mention
    if mention is None:
        return Source(origin, filled.value, assertion="assumed", why=filled.why)
    why = " ".join(text for text in (filled.why, filled.converted, filled.inferred) if text)
    return Source(
        origin, filled.value, mention.quote, mention.start, mention.end, None, None, None,
        mention.assertion, why, tuple(_mention(other, origin) for other in filled.others), bool(filled.inferred),
    )  # fmt: skip


def _mention(mention: Mention, origin: str) -> Json:
    return {
        "value": str(mention.value) if isinstance(mention.value, date) else mention.value,
        "unit": mention.unit,
        "from": origin,
        "quote": mention.quote,
        "start": mention.start,
        "end": mention.end,
        "assertion": mention.assertion,
        "when": mention.when,
    }


def possible(ambiguous: Ambiguous, origin: str = "note") -> list[Json]:
    """What a note says without settling an input."""
    return [_mention(mention, origin) for mention in ambiguous.mentions]


def _from_record(recorded: Recorded) -> Source:
    evidence, source = recorded.evidence, recorded.evidence.source
    return Source(
        "record", recorded.value, getattr(source, "quote", None), getattr(source, "start", None),
        getattr(source, "end", None), getattr(source, "reference", None), evidence.effective_at, recorded.age_days,
        getattr(source, "assertion", None), recorded.why,
    )  # fmt: skip


def _problem(entry: Input, value: Any) -> str:
    try:
        read(entry, value)
    except ToolError as error:
        return error.message
    return ""


def differ(entry: Input, one: Source, other: Source) -> bool:
    """Whether two values for an input are not the same."""
    first, second = read(entry, one.value), read(entry, other.value)
    if entry.numeric:
        if entry.name == "age":
            return not (first.low - 1 <= second.high and second.low <= first.high + 1)
        slack = NEAR * max(abs(first.low), abs(second.low), 1e-9)
        return second.low > first.high + slack or second.high < first.low - slack
    return first.value != second.value


def _conflict(entry: Input, first: Source, other: Source) -> Json:
    if entry.name in PERSON and first.origin == "record":
        why = "the record's is taken, from the person's own data; check that the note is about this patient"
    elif first.origin == "dialogue":
        why = "what was said with the question is taken"
    else:
        age = f" ({other.age_days} days old)" if other.age_days else ""
        why = f"the {first.origin} is taken, which came with the question; the {other.origin}'s value{age} is shown"
    return {
        "input": entry.name,
        "title": entry.title,
        "taken": first.document(),
        "other": other.document(),
        "why": why,
    }


def _with_others(source: Source, others: tuple[Json, ...]) -> Source:
    return replace(source, others=others)


def shown(value: Any, unit: str | None = None, comparator: str | None = None) -> str:
    """A value as a clinician reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return f"{number(float(value[0]))} to {number(float(value[1]))} {unit_label(unit or '1')}".strip()
    if isinstance(value, int | float):
        digits = 4 if value % 1 and abs(value) < 1000 else 15  # a converted 54 umol/L is read as 3.157 mg/dL
        return f"{comparator or ''}{number(float(value), digits)} {unit_label(unit or '1')}".strip()
    return str(value)
