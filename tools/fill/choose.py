"""Which of several mentions is taken, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from knowledge.quantity import Quantity, UnitError, convert
from knowledge.units import AFFINE, number, unit_label
from tools.fill.model import Ambiguous, Filled, Mention
from tools.fill.vocabulary import vocabulary

_ORDER = {"admission": 0, "stated": 1, "later": 2, "earlier": 3}
_SCALES: dict[tuple[str, str], tuple[float, float]] = {
    ("10*3/uL", "10*9/L"): (1.0, 0.0),
    ("10*4/uL", "10*9/L"): (10.0, 0.0),
    ("10*5/uL", "10*9/L"): (100.0, 0.0),
    ("/uL", "10*9/L"): (0.001, 0.0),
    ("1", "%"): (100.0, 0.0),
    ("%", "1"): (0.01, 0.0),
    ("s", "ms"): (1000.0, 0.0),
    ("kPa", "mm[Hg]"): (7.50061682704, 0.0),  # 101.325 kPa are 760 mmHg
    ("mg/L", "mg/dL"): (0.1, 0.0),
    ("g/dL", "mg/dL"): (1000.0, 0.0),
    ("mg/dL", "g/L"): (0.01, 0.0),
    ("g/L", "mg/dL"): (100.0, 0.0),
    ("g/dL", "g/L"): (10.0, 0.0),
    ("g/L", "g/dL"): (0.1, 0.0),
    ("ug/L", "ng/L"): (1000.0, 0.0),
    ("ug/d", "mg/d"): (0.001, 0.0),
    ("mg/d", "ug/d"): (1000.0, 0.0),
    ("g/d", "mg/d"): (1000.0, 0.0),
    ("g", "mg"): (1000.0, 0.0),
    ("L", "mL"): (1000.0, 0.0),
}
_ONLY = "the only value that the note gives"
_WHY = {
    "admission": "the first value at presentation",
    "stated": "the first value that the note gives",
    "later": "the note gives none of the time of presentation; this is the first in the course",
    "earlier": "the note gives only an earlier value",
}


def pick(
    measure: str,
    mentions: Sequence[Mention],
    unit: str,
    choose: str = "admission",
    analyte: str | None = None,
    name: str = "",
    also: Sequence[str] = (),
    years: float | None = None,
) -> Filled | Ambiguous | None:
    """One value of a measure, in `unit`.

    Args:
        choose: "admission" | "first" | "latest" | "worst_high" | "worst_low".
        also: further measures that count as this one where the note has none of it.
        years: the patient's age, where it is known: sizes that nobody of that age has are another's or of another time.
    """
    wanted = (measure, *also)
    own = [mention for mention in mentions if mention.concept in wanted and mention.whose == "patient"]
    if not own:
        return None
    name = name or measure
    usable: list[tuple[Mention, Filled]] = []
    doubts: list[str] = []
    for mention in own:
        made = _converted(mention, unit, analyte or mention.concept, name)
        if isinstance(made, str):
            doubts.append(made)
        elif years is not None and not _of_age(mention, made, years):
            doubts.append(f"{mention.quote!r} is not believable at {number(years, 3)} years of age")
        else:
            usable.append((mention, made))
    if not usable:
        return Ambiguous(name, tuple(own), doubts[0])
    usable = [row for row in usable if row[0].concept == measure] or usable
    exact = [row for row in usable if not isinstance(row[0].value, tuple) and row[0].comparator is None]
    rows = exact or usable
    chosen, why = _choose(rows, choose)
    if all(mention.when == "earlier" for mention, _ in rows):
        why = _WHY["earlier"]
    others = tuple(mention for mention, _ in usable if mention is not chosen[0])
    return replace(chosen[1], others=others, why=why)


def _choose(rows: list[tuple[Mention, Filled]], choose: str) -> tuple[tuple[Mention, Filled], str]:
    if choose in ("worst_high", "worst_low"):
        now = [row for row in rows if row[0].when != "earlier"] or rows
        best = (max if choose == "worst_high" else min)(now, key=lambda row: _low(row[1]))
        return best, f"the {'highest' if choose == 'worst_high' else 'lowest'} value that the note gives"
    if choose == "latest":
        now = [row for row in rows if row[0].when != "earlier"] or rows
        return now[-1], "the last value that the note gives" if len(rows) > 1 else _ONLY
    if choose == "first":
        now = [row for row in rows if row[0].when != "earlier"] or rows
        current = [row for row in now if row[0].when == "admission"]
        if current and rows[0][0].concept == "age":
            return current[-1], "what the note calls the present age"
        return now[0], "the first that the note gives" if len(now) > 1 else _ONLY
    best = min(rows, key=lambda row: (_ORDER[row[0].when], row[0].start))
    return best, _WHY[best[0].when] if len(rows) > 1 else _ONLY


def _of_age(mention: Mention, made: Filled, years: float) -> bool:
    known = vocabulary().measures.get(mention.concept)
    return known is None or not known.by_age or known.at_age(_low(made), years)


def _low(filled: Filled) -> float:
    value = filled.value
    return float(value["value"] if value.get("value") is not None else value["range"][0])


def _converted(mention: Mention, unit: str, analyte: str, name: str) -> Filled | str:
    """The mention as the calculator takes it, or why it cannot be."""
    known = vocabulary().measures.get(mention.concept)
    given, inferred = mention.unit, ""
    ends = mention.value if isinstance(mention.value, tuple) else (mention.value, mention.value)
    low, high = (float(end) for end in ends)  # type: ignore[arg-type]
    if mention.note and given is None:
        return f"{mention.quote!r} is {mention.note}"
    if given is None:
        given = known.unit_for(low) if known else "1" if unit == "1" else None
        if given is None and mention.concept == "temperature":
            given = "Cel" if low < 50 else "[degF]"
        if given is None:
            return f"{mention.quote!r} has no unit, and more than one would fit"
        if given != "1":
            inferred = f"{unit_label(given)}, the only usual unit that fits {number(low)}"
    try:
        low, high = (to_unit(end, given, unit, analyte, mention.concept) for end in (low, high))
    except UnitError:
        return f"{mention.quote!r} cannot be turned into {unit_label(unit)}"
    body: dict[str, object] = {"value": low, "unit": unit}
    if high != low:
        body = {"value": None, "range": [low, high], "unit": unit}
    if mention.comparator:
        body["comparator"] = mention.comparator
    changed = "" if given == unit else f"{unit_label(given)} to {unit_label(unit)}"
    return Filled(name, body, mention, (), "", changed, inferred)


def to_unit(value: float, unit: str, wanted: str, analyte: str | None = None, concept: str | None = None) -> float:
    """A number in another unit.

    Raises:
        UnitError: they measure different things.
    """
    if (
        concept is not None
        and concept != analyte
        and {concept, analyte} == {"urea", "urea_nitrogen"}
        and unit != "mmol/L"
    ):
        # One mole is of both; a milligram is of urea or of its nitrogen.
        value, unit = convert(Quantity(value, unit), "mmol/L", concept).value, "mmol/L"
    if unit == wanted:
        return value
    known = _SCALES.get((unit, wanted)) or AFFINE.get((unit, wanted))
    if known is not None:  # without the parser of units, which takes seconds to load
        return float(f"{value * known[0] + known[1]:.12g}")
    return convert(Quantity(value, unit), wanted, analyte).value
