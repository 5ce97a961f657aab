"""Numbers of a note with what they are of: names first ("creatinine of 1.2 mg/dL"), then lists, then numbers that stand
before their name ("1.2 mg/dL creatinine"), then those whose unit tells ("a 70-kg man"). A number is used once.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tools.fill import bodies
from tools.fill.model import Mention, NoteText, When
from tools.fill.numbers import Number, comparator_at, number_at, second_at, skip_plus_minus, unit_at
from tools.fill.patterns import pattern, patterns
from tools.fill.situation import URINE, Situation, words_of
from tools.fill.vocabulary import Name, Vocabulary, vocabulary

_LONGEST_GAP = 70
_REFERENCE = re.compile(words_of("reference_gap")[0], re.IGNORECASE)
_SEPARATOR = pattern("separator")
_JOINT = pattern("joint")
_IN_BRACKETS = pattern("in_brackets")
_BRACKETS = pattern("brackets")
_RANGE_FIRST = patterns("range_first", (("REFERENCE", words_of("reference")[0]),))
_NOT_A_VALUE = pattern("not_a_value")
_BEFORE_NAME = pattern("before_name")
_BESIDE_NAME = pattern("beside_name")
_FROM = pattern("from_word")
_LINK = pattern("trend_link")
_CHANGED = pattern("changed")
_SPACED = pattern("spaced_thousands")
_OTHER_UNIT = pattern("other_unit")
_RATIO = pattern("ratio")
_FLAG = pattern("flag")
_AND = pattern("and_alone")
_ARROW = pattern("arrow")
_UNREAD = "?"
NOT_READ = "written with a unit that is none of this measure"
_MINUS = pattern("minus_before")
_GAP = patterns("gap", (("FILLERS", "|".join(words_of("fillers"))),))[0]


@dataclass(frozen=True)
class Value:
    """A number read at a place, with its unit."""

    value: float | tuple[float, float]
    unit: str | None
    comparator: str | None
    start: int
    end: int
    other: float | None = None

    @property
    def low(self) -> float:
        """The number, or the lower end of the range."""
        return self.value[0] if isinstance(self.value, tuple) else self.value


@functools.lru_cache(maxsize=16)
def measures(note: NoteText, known: Vocabulary | None = None) -> tuple[Mention, ...]:
    """Every measurement of a note, in the order of the text; each number is used once."""
    reader = _Reader(note, known or vocabulary())
    found = bodies.pressures(note, reader.used) + bodies.sizes(note, reader.used) + reader.read()
    found += bodies.by_unit(note, reader.used)
    return tuple(sorted(found, key=lambda mention: mention.start))


class _Reader:
    def __init__(self, note: NoteText, known: Vocabulary) -> None:
        self.note, self.text, self.known = note, note.flat, known
        self.situation = Situation(note)
        self.used: set[int] = set()
        self.found: list[Mention] = []

    def read(self) -> list[Mention]:
        names = self.known.names(self.text)
        index = 0
        while index < len(names):
            group = self._group(names, index)
            if len(group) > 1 and self._list(group):
                index += len(group)
                continue
            following = names[index + 1].start if index + 1 < len(names) else len(self.text)
            self._single(names[index], following)
            index += 1
        return self.found

    def _group(self, names: list[Name], index: int) -> list[Name]:
        group = [names[index]]
        for name in names[index + 1 : index + 12]:
            between = self.text[group[-1].end : name.start]
            if not between.strip() or len(between) > 45 or not _SEPARATOR.fullmatch(between):
                break
            group.append(name)
        return group

    def _list(self, group: list[Name]) -> bool:
        """Several names, then as many numbers."""
        at = self._after(group[-1])
        if ratio := _RATIO.match(self.text, at):  # "BUN/creatinine ratio of 85/3.1"
            at = ratio.end()
        values = list(self._values(at))
        if len(values) != len(group):
            return False
        unit = values[-1].unit
        pairs = []
        for name, value in zip(group, values, strict=True):
            measure = self._fitting(name, value, unit)
            if measure is None:
                return False
            pairs.append((name, value, *measure))
        for name, value, measure_name, used_unit in pairs:
            start = min(name.start, value.start)
            self._add(measure_name, value, used_unit, start, max(name.end, value.end))
        return True

    def _fitting(self, name: Name, value: Value, last: str | None) -> tuple[str, str | None] | None:
        for measure in (self.known.measures[entry] for entry in self._ids(name)):
            for unit in dict.fromkeys((value.unit, last)):
                if unit is not None and measure.believable(value.low, unit):
                    return measure.name, unit
            if value.unit is None and measure.may_be(value.low):
                return measure.name, None
        return None

    def _ids(self, name: Name) -> tuple[str, ...]:
        """What a name means where it stands: sodium among urine studies is urine sodium."""
        if any(entry in URINE for entry in name.measures) and self.situation.fluid(name.start) == "urine":
            return tuple(URINE.get(entry, entry) for entry in name.measures)
        return name.measures

    def _values(self, at: int) -> Iterator[Value]:
        for _ in range(12):
            value = self._value(at)
            if value is None:
                return
            yield value
            link = _JOINT.match(self.text, value.end)
            if link is None:
                return
            at = link.end()

    def _after(self, name: Name) -> int:
        """Where a value of a name may start."""
        at = name.end
        at += len(self.text[at : at + 2]) - len(self.text[at : at + 2].lstrip("+"))
        if name.short and self.text[at : at + 1] == ".":
            at += 1
        for form in _RANGE_FIRST:
            if ranged := form.match(self.text, at):
                return ranged.end()
        for _ in range(2):
            brackets = _IN_BRACKETS.match(self.text, at)
            if brackets:
                at = brackets.end()
            found = _GAP.match(self.text, at)
            at = found.end() if found else at
        return at

    def _single(self, name: Name, following: int) -> None:
        before = self._value_before(name)
        at = self._after(name)
        between = _BRACKETS.sub("", self.text[name.end : at])
        far = at - name.end > _LONGEST_GAP or at > following
        value = None
        if not (far or at in self.used or _REFERENCE.search(between)):
            value = self._value(at, not _FROM.search(between))
        if value is not None and value.unit is None and self._negative(at):
            value = None
        candidates = [entry for entry in (value, before) if entry is not None]
        if value is not None and before is not None and (_BESIDE_NAME.fullmatch(between) or value.end > following):
            candidates.reverse()
        for candidate in candidates:
            chosen = self._measure(name, candidate)
            if chosen is None or _CHANGED.match(self.text, chosen[2].end):
                continue
            if chosen[0] == "weight" and candidate is before and bodies.is_change(self.text, candidate.start):
                continue
            measure, unit, read = chosen
            self._add(measure, read, unit, min(name.start, read.start), max(name.end, read.end))
            if candidate is not before:
                self._trend(measure, read, between)
            return

    def _negative(self, at: int) -> bool:
        """Whether a minus sign stands before the number ("(-1.8 SDS)"); "Cl-108" has a hyphen."""
        return bool(_MINUS.search(self.text[max(0, at - 4) : at])) and self.text[at - 2 : at] != "- "

    def _trend(self, measure: str, value: Value, between: str) -> None:
        """The second number of "rose from 1.2 to 3.4 mg/dL"."""
        link = _ARROW.match(self.text, value.end) or (
            _LINK.match(self.text, value.end) if _FROM.search(between) else None
        )
        second = self._value(link.end()) if link else None
        if second is None:
            return
        known = self.known.measures[measure]
        unit = second.unit if second.unit is not None else value.unit
        if known.believable(second.low, unit) if unit is not None else known.may_be(second.low):
            first = self.found[-1]
            self.found[-1:] = [replace(first, when="earlier", unit=first.unit or unit)]
            self._add(measure, second, unit, second.start, second.end, when="later")
            self._trend(measure, second, "")

    def _measure(self, name: Name, value: Value) -> tuple[str, str | None, Value] | None:
        for measure in (self.known.measures[entry] for entry in self._ids(name)):
            for tried in (value, _otherwise(value), self._without_k(value)):
                if tried is None:
                    continue
                if tried.unit is not None and measure.believable(tried.low, tried.unit):
                    return measure.name, tried.unit, tried
                bare = tried.unit is None and not name.sign and not _NOT_A_VALUE.match(self.text, tried.end)
                if bare and (measure.may_be(tried.low) or (measure.name == "temperature" and _temperature(tried))):
                    return measure.name, _UNREAD if _OTHER_UNIT.match(self.text, tried.end) else None, tried
        return None

    def _without_k(self, value: Value) -> Value | None:
        """The number alone, where its unit is a K that can be the next name ("Na 138 K 4.1")."""
        if value.unit != "10*3/uL" or self.text[value.end - 1] not in "Kk":
            return None
        end = value.start + len(self.text[value.start : value.end - 1].rstrip(" |\t-"))
        return Value(value.value, None, value.comparator, value.start, end)

    def _value_before(self, name: Name) -> Value | None:
        """A number with its unit that ends right before a name."""
        window = self.text[max(0, name.start - 45) : name.start]
        for match in reversed(list(re.finditer(r"(?<![\d.,/])\d[\d.,]*", window))):
            at = name.start - len(window) + match.start()
            if at in self.used:
                continue
            value = self._value(at)
            if value is None or value.unit is None:
                continue
            if _BEFORE_NAME.fullmatch(self.text, value.end, name.start):
                return value
            return None if "(" not in window else self._bracketed(name, window)
        return None

    def _bracketed(self, name: Name, window: str) -> Value | None:
        """The number before a conversion in brackets ("177 cm (5 ft 10 in) tall")."""
        found = re.search(r"(?<![\d.,/])(\d[\d.,]*)\s?[a-z°/]{1,8}\s?\([^()]{1,28}\)\s*$", window, re.IGNORECASE)
        at = name.start - len(window) + found.start(1) if found else -1
        return self._value(at) if found and at not in self.used else None

    def _value(self, at: int, ranges: bool = True) -> Value | None:
        comparator, begin = comparator_at(self.text, at)
        spaced = _SPACED.match(self.text, begin)
        number = number_at(self.text, begin)
        if spaced:
            number = Number(float(spaced[1] + spaced[2]), begin, spaced.end())
        if number is None:
            return None
        end = skip_plus_minus(self.text, number.end)
        flag = _FLAG.match(self.text, end)
        first_unit = unit_at(self.text, flag.end() if flag else end)
        second = second_at(self.text, first_unit[1] if first_unit else end) if ranges else None
        if second is not None and second.value > number.value and not self._reference(second.start):
            unit = unit_at(self.text, second.end)
            if unit is None or first_unit is None or unit[0] == first_unit[0]:
                stop = unit[1] if unit else second.end
                both = unit or first_unit
                if both or not _NOT_A_VALUE.match(self.text, second.end):
                    return Value((number.value, second.value), both[0] if both else None, None, begin, stop)
        unit_name, end = first_unit if first_unit else (None, end)
        return Value(number.value, unit_name, comparator, at if comparator else begin, end, number.other)

    def _reference(self, at: int) -> bool:
        """Whether what looks like the end of a range begins a conversion or a second number ("4.1 and 101")."""
        return bool(_AND.search(self.text[max(0, at - 40) : at]))

    def _add(
        self, measure: str, value: Value, unit: str | None, start: int, end: int, when: When | None = None
    ) -> None:
        if self.note.blocked(start):
            return
        if measure == "blood_pressure":  # one number alone is the upper one
            measure = "systolic_bp"
        self.used.update(range(value.start, value.end))
        known = None if unit == _UNREAD else unit
        mention = self.situation.mention(measure, value.value, known, value.comparator, start, end, when)
        self.found.append(replace(mention, note=NOT_READ) if unit == _UNREAD else mention)


def _otherwise(value: Value) -> Value | None:
    """The number with its comma read as a decimal comma."""
    if value.other is None:
        return None
    return Value(value.other, value.unit, value.comparator, value.start, value.end)


def _temperature(value: Value) -> bool:
    return 30 <= value.low <= 43 or 90 <= value.low <= 110
