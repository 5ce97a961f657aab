"""Statistics over a list of results: pure functions, the same answer for the same results.

Kept in every one of them: the comparator (a mean over "<0.01" is a bound or a range, not a number), the material
(capillary, arterial, venous, urine are never taken together), the unit (converted per analyte or left out), and what
was left out with its reason. Nothing is judged by a range of ours.
"""

from __future__ import annotations

import math
import statistics as numbers
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Literal

from knowledge.quantity import Quantity, UnitError, unit_label
from tools.ehr.facts.results import Result, Results, may_be_newer
from tools.ehr.facts.specimens import BLOOD
from tools.ehr.facts.statistic_values import (
    PICKED,
    STATISTICS,
    Comparison,
    LeftOut,
    Outcome,
    Statistic,
    analytes,
    bounded,
    convert_one,
    converted,
)
from tools.ehr.facts.windows import EVER, Window, local_day
from tools.ehr.plausible import impossible_value

_FOLDED: dict[str, Callable[[list[float]], float]] = {
    "mean": lambda values: math.fsum(values) / len(values),
    "median": numbers.median,
    "sum": math.fsum,
    "minimum": min,
    "maximum": max,
}


NONE = "no usable result"


def statistic_of(
    results: Results,
    statistic: Statistic,
    *,
    window: Window = EVER,
    unit: str | None = None,
    material: str | None = None,
    n: int = 1,
    where: Comparison | None = None,
) -> Outcome:
    """A statistic over all results of a concept; entries that do not count are among what was left out."""
    analyte = results.concept.id
    found = summarise(
        results.found, statistic, window=window, unit=unit, material=material, n=n, where=where, analyte=analyte
    )
    away = tuple(
        LeftOut(entry.verdict.reason, entry.reference, entry.at)
        for entry in results.rejected
        if window.holds(entry.at) is not False
    )
    flags = (*found.flags, *_newer(found, away), *(() if results.complete else ("incomplete answer",)))
    reason = found.reason
    if not found.known and not found.used and not found.left_out and reason == NONE:
        outside = sum(1 for item in results.found if window.holds(item.at) is False)
        reason = f"no result in this window ({outside} outside it)" if outside else "not recorded"
    if not found.known and not found.used and not found.parts and away and not found.left_out:
        reason = f"{reason} ({'; '.join(dict.fromkeys(item.reason for item in away))})"
    return replace(found, left_out=(*found.left_out, *away), flags=flags, reason=reason)


def summarise(
    results: Iterable[Result],
    statistic: Statistic,
    *,
    window: Window = EVER,
    unit: str | None = None,
    material: str | None = None,
    n: int = 1,
    where: Comparison | None = None,
    analyte: str | None = None,
) -> Outcome:
    """A statistic over results.

    Args:
        window: only what is dated inside.
        unit: UCUM unit of the value; without it a pick stays as recorded, and a series takes its newest result's unit.
        material: only what was measured in it (`specimens`).
        n: for `nth`: 1 is the oldest, -1 the newest.
        where: only results that satisfy it.
        analyte: concept id, for conversions that need one.
    """
    if statistic not in STATISTICS:
        raise ValueError(f"found statistic {statistic!r}; expected one of {STATISTICS}")
    kept, left = _chosen(results, statistic, window, where, analyte)
    groups = by_material(kept)
    if material is not None:
        left += [
            _left(item, f"measured in {name or 'a material not stated'}")
            for name, items in groups.items()
            if name != material
            for item in items
        ]
        groups = {name: items for name, items in groups.items() if name == material}
    if _mixed(statistic, groups):
        return _apart(groups, statistic, left, unit, n, analyte)
    items = sorted((item for group in groups.values() for item in group), key=_order, reverse=True)
    found = _work_out(items, statistic, unit, n, analyte)
    name = next(iter(groups)) if len(groups) == 1 else None
    flags = (*found.flags, *_newer(found, left))
    return replace(found, left_out=(*found.left_out, *left), material=found.material or name, flags=flags)


def _newer(found: Outcome, left: Iterable[LeftOut]) -> tuple[str, ...]:
    """What was left out though it is newer than the result that is called the newest."""
    if found.statistic not in ("latest", "last_abnormal") or not found.at:
        return ()
    newer = [item.reason for item in left if item.at and item.at > str(found.at)]
    return tuple(dict.fromkeys(f"newer result left out: {reason}" for reason in newer))


def grouped(
    results: Iterable[Result], statistic: Statistic, per: Literal["day", "month", "year"], **more: Any
) -> dict[str, Outcome]:
    """A statistic for each day, month or year in which there are results, oldest first; days as the record writes
    them. Undated results are in none of them."""
    size = {"day": 10, "month": 7, "year": 4}[per]
    rows: dict[str, list[Result]] = {}
    for item in results:
        day = local_day(item.entry)
        if day is not None:
            rows.setdefault(day[:size], []).append(item)
    return {key: summarise(rows[key], statistic, **more) for key in sorted(rows)}


def change(later: Result, earlier: Result, *, percent: bool = False, analyte: str | None = None) -> Outcome:
    """From one result to another, as a difference or in per cent of the earlier."""
    kind = "percent_change" if percent else "change"
    pair = (later, earlier)
    if _mixed(kind, by_material(pair)):
        names = " and ".join(item.material or "a material not stated" for item in pair)
        return Outcome(kind, n=2, used=pair, reason=f"measured in {names}: not compared")
    first, second = later.quantity, earlier.quantity
    if first is None or second is None:
        return Outcome(kind, n=2, used=pair, reason="one of the two is not a number")
    if (later.unit is None) != (earlier.unit is None):
        return Outcome(kind, n=2, used=pair, reason="one of the two has no unit")
    try:
        newer, older = converted(later, first.unit, analyte).bounds, converted(earlier, first.unit, analyte).bounds
    except UnitError:
        return Outcome(kind, n=2, used=pair, reason=f"{second.unit} is not converted to {first.unit}")
    if percent:
        if older[0] != older[1] or older[0] <= 0:
            return Outcome(kind, n=2, used=pair, reason=f"no per cent of {earlier.display}")
        ends = ((newer[0] - older[0]) / older[0] * 100, (newer[1] - older[0]) / older[0] * 100)
        return bounded(kind, ends, "%", pair, strict=_strict(pair))
    return bounded(kind, (newer[0] - older[1], newer[1] - older[0]), later.unit, pair, strict=_strict(pair))


def by_material(results: Iterable[Result]) -> dict[str | None, list[Result]]:
    """Results by what they were measured in. One that does not say takes what others of its code say, if they agree."""
    rows = list(results)
    said: dict[str, set[str]] = {}
    for item in rows:
        if item.coding and item.material:
            said.setdefault(item.coding, set()).add(item.material)
    groups: dict[str | None, list[Result]] = {}
    for item in rows:
        others = said.get(item.coding or "", set())
        own = item.material or (next(iter(others)) if len(others) == 1 else None)
        groups.setdefault(own, []).append(item)
    return groups


def _chosen(
    results: Iterable[Result], statistic: str, window: Window, where: Comparison | None, analyte: str | None
) -> tuple[list[Result], list[LeftOut]]:
    """What counts, and what does not with its reason; what is outside the window is neither."""
    kept: list[Result] = []
    left: list[LeftOut] = []
    ordered = statistic not in ("mean", "median", "sum", "count")
    results = list(results)
    final = {(item.moment, item.coding, item.path) for item in results if not _early(item) and not item.empty}
    for item in results:
        inside = window.holds(item.at)
        if inside is False:
            continue
        reason = None
        if inside is None:
            reason = "undated" if item.moment is None else f"dated {item.at} only: whether it is inside is not known"
        elif ordered and item.moment is None:
            reason = "undated"
        elif _early(item) and item.moment is not None and (item.moment, item.coding, item.path) in final:
            reason = "preliminary, and a later one is there"
        elif item.empty:
            reason = f"no value: {item.empty}"
        elif item.problem and statistic != "count":
            reason = f"not usable: {item.problem}"
        elif statistic in (*_FOLDED, "change", "percent_change") and item.quantity is None and item.range is None:
            reason = f"not a number: {item.display}"
        elif where is not None:
            verdict = where.of(item, analyte)
            if verdict is False:
                continue
            reason = "cannot be compared" if verdict is None else None
        if reason is None:
            kept.append(item)
        else:
            left.append(_left(item, reason))
    return kept, left


def _early(item: Result) -> bool:
    return "preliminary" in item.entry.verdict.flags


def _left(item: Result, reason: str) -> LeftOut:
    return LeftOut(reason, item.entry.reference, item.at, item.display)


def _order(item: Result) -> tuple[float, str]:
    return (item.moment.timestamp() if item.moment else -math.inf, item.entry.reference)


def _mixed(statistic: str, groups: dict[str | None, list[Result]]) -> bool:
    """Whether materials stand in the way: of a series any two, of a single result blood and what is not blood."""
    if statistic == "count" or len(groups) < 2:
        return False
    usual = "blood" if "blood" in groups and "serum or plasma" not in groups else "serum or plasma"
    named = {name or usual for name in groups}
    if len(named) < 2:
        return False
    return not (statistic in ("latest", "first", "nth", "first_abnormal", "last_abnormal") and named <= BLOOD)


def _apart(
    groups: dict[str | None, list[Result]],
    statistic: str,
    left: list[LeftOut],
    unit: str | None,
    n: int,
    analyte: str | None,
) -> Outcome:
    parts = []
    for name, items in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        ordered = sorted(items, key=_order, reverse=True)
        parts.append(replace(_work_out(ordered, statistic, unit, n, analyte), material=name or "material not stated"))
    told = ", ".join(f"{part.material} ({len(groups[name])})" for part, name in _pairs(parts, groups))
    return Outcome(
        statistic,
        n=sum(len(items) for items in groups.values()),
        used=tuple(item for part in parts for item in part.used),
        left_out=(*left, *(item for part in parts for item in part.left_out)),
        reason=f"measured in different materials, not taken together: {told}",
        parts=tuple(parts),
    )


def _pairs(parts: list[Outcome], groups: dict[str | None, list[Result]]) -> list[tuple[Outcome, str | None]]:
    return list(zip(parts, sorted(groups, key=lambda name: -len(groups[name])), strict=True))


def _work_out(items: list[Result], statistic: str, unit: str | None, n: int, analyte: str | None) -> Outcome:
    """A statistic over results of one material, newest first."""
    if statistic == "count":
        odd = sum(1 for item in items if item.problem)
        flags = (f"{odd} of them not usable as a value",) if odd else ()
        return Outcome("count", float(len(items)), "1", n=len(items), used=tuple(items), flags=flags)
    if not items:
        return Outcome(statistic, reason=NONE)
    if statistic in ("change", "percent_change"):
        if len(items) < 2:
            return Outcome(statistic, n=1, used=tuple(items), reason="one result only: no change")
        ends = [_same_time(items, end, analyte) for end in (items[0], items[-1])]
        for same, _ in ends:
            if len(same) > 1:
                told = " and ".join(item.display for item in same)
                why = f"conflict: {told} at the same time"
                return Outcome(statistic, n=len(items), used=tuple(same), flags=("conflict",), reason=why)
        (later, *_), (earlier, *_) = (same for same, _ in ends)
        if later.moment == earlier.moment:
            return Outcome(statistic, n=len(items), used=(later,), reason="results of one time only: no change")
        found = change(later, earlier, percent=statistic == "percent_change", analyte=analyte)
        found = replace(found, n=len(items), left_out=tuple(item for _, left in ends for item in left))
        return _in_unit(found, unit, analyte) if unit and statistic == "change" else found
    if statistic in _FOLDED:
        return _folded(items, statistic, unit, analyte)
    return _picked(items, statistic, unit, n, analyte)


def _picked(items: list[Result], statistic: str, unit: str | None, n: int, analyte: str | None) -> Outcome:
    left: tuple[LeftOut, ...] = ()
    flags: tuple[str, ...] = ()
    looked = len(items)
    if statistic.endswith("_abnormal"):
        unsaid = [item for item in items if item.judged is None]
        items = [item for item in items if item.judged in ("high", "low", "abnormal")]
        left = tuple(_left(item, "carries neither a flag nor a range of its laboratory") for item in unsaid)
        if not items:
            none = "no result carries a flag or range" if len(unsaid) == looked else "none is called abnormal"
            more = f"; {len(unsaid)} carry neither a flag nor a range" if 0 < len(unsaid) < looked else ""
            return Outcome(statistic, n=looked, left_out=left, reason=none + more)
        if unsaid:
            flags = (f"{len(unsaid)} of {looked} carry neither a flag nor a range",)
    if statistic == "nth":
        if not 1 <= abs(n) <= len(items):
            return Outcome(statistic, n=looked, reason=f"there are {looked} results")
        place = len(items) - n if n > 0 else -n - 1
    else:
        place = 0 if statistic in ("latest", "last_abnormal") else len(items) - 1
    same, superseded = _same_time(items, items[place], analyte)
    left = (*left, *superseded)
    item = same[0]
    if len(same) > 1:
        told = " and ".join(other.display for other in same)
        return Outcome(
            statistic,
            n=looked,
            used=tuple(same),
            left_out=left,
            flags=("conflict",),
            reason=f"conflict: {told} at the same time",
        )
    if statistic in ("latest", "last_abnormal"):
        flags = (*flags, *may_be_newer(item, items))
    return _as_recorded(item, statistic, unit, analyte, n=looked, left=left, flags=flags)


def _same_time(items: list[Result], chosen: Result, analyte: str | None) -> tuple[list[Result], tuple[LeftOut, ...]]:
    """The result chosen, and what differs from it at the same moment; a preliminary one gives way to a final one."""
    rows = [item for item in items if item.moment == chosen.moment]
    final = [item for item in rows if "preliminary" not in item.entry.verdict.flags]
    early = rows if not final else [item for item in rows if item not in final]
    kept = final or rows
    left = tuple(_left(item, "preliminary, and a later one is there") for item in early) if final else ()
    first = chosen if chosen in kept else kept[0]
    return [first, *(item for item in kept if item is not first and not agree(item, first, analyte))], left


def agree(one: Result, other: Result, analyte: str | None = None) -> bool:
    """Whether two results say the same, in whatever units (to 1 % where they are converted)."""
    first, second = one.quantity, other.quantity
    if first is None or second is None:
        return (one.value, one.range, one.display) == (other.value, other.range, other.display)
    if first.comparator != second.comparator:
        return False
    if one.unit == other.unit:
        return math.isclose(first.value, second.value, rel_tol=1e-9)
    try:
        return math.isclose(first.value, converted(other, first.unit, analyte).value, rel_tol=0.01)
    except UnitError:
        return False


def _as_recorded(
    item: Result,
    statistic: str,
    unit: str | None,
    analyte: str | None,
    *,
    n: int,
    left: tuple[LeftOut, ...] = (),
    flags: tuple[str, ...] = (),
) -> Outcome:
    found = Outcome(
        statistic,
        item.value,
        item.unit,
        item.comparator,
        item.range,
        n,
        (item,),
        left,
        material=item.material,
        flags=tuple(dict.fromkeys([*item.entry.verdict.flags, *item.flags, *flags])),
    )
    return _in_unit(found, unit, analyte) if unit and item.quantity is not None else found


def _in_unit(found: Outcome, unit: str, analyte: str | None) -> Outcome:
    """A found value in another unit."""
    if not isinstance(found.value, int | float) or isinstance(found.value, bool) or found.unit == unit:
        return found
    if found.unit is None:
        return replace(found, value=None, comparator=None, reason=f"no unit recorded: not given in {unit_label(unit)}")
    keys = analytes(found.used[0], analyte)
    try:
        value = convert_one(Quantity(float(found.value), found.unit, found.comparator), unit, keys)
        if found.statistic == "change":
            value = Quantity(
                value.value - convert_one(Quantity(0.0, found.unit), unit, keys).value, unit, found.comparator
            )
    except UnitError:
        told = f"{found.display} is not converted to {unit_label(unit)}"
        return replace(found, value=None, comparator=None, reason=told)
    return replace(found, value=float(f"{value.value:.12g}"), unit=unit)


def _folded(items: list[Result], statistic: str, unit: str | None, analyte: str | None) -> Outcome:
    target = unit or items[0].unit
    used: list[Result] = []
    ends: list[tuple[float, float]] = []
    left: list[LeftOut] = []
    for item in items:
        try:
            found = _ends(item, target, analyte)
        except UnitError:
            given = unit_label(item.unit) if item.unit else "without unit"
            left.append(_left(item, f"{given}, not converted to {unit_label(target or '1') or 'a plain number'}"))
            continue
        ends.append(found)
        used.append(item)
    if not used:
        return Outcome(statistic, n=0, left_out=tuple(left), reason=f"no result in {unit_label(target or '1')}")
    fold = _FOLDED[statistic]
    low, high = fold([pair[0] for pair in ends]), fold([pair[1] for pair in ends])
    if statistic in ("minimum", "maximum"):
        whole = [item for item, pair in zip(used, ends, strict=True) if pair == (low, high)]
        if whole:
            return _as_recorded(whole[0], statistic, unit, analyte, n=len(used), left=tuple(left))
    flags = tuple(dict.fromkeys(flag for item in used for flag in item.entry.verdict.flags))
    strict = statistic in ("mean", "sum") and _strict(used)
    open_low = all(item.comparator in ("<", "<=") for item in used)
    found_ = bounded(statistic, (-math.inf if open_low else low, high), target, tuple(used), strict=strict)
    return replace(found_, left_out=tuple(left), flags=flags)


def _ends(item: Result, target: str | None, analyte: str | None) -> tuple[float, float]:
    """The interval a result's value lies in, in a unit; what cannot be below zero is not."""
    if (item.unit is None) != (target is None):
        raise UnitError(f"found {item.unit!r}; expected {target!r}")
    if item.range is not None:
        pair = tuple(
            convert_one(Quantity(end, item.unit or "1"), target or "1", analytes(item, analyte)).value
            for end in item.range
        )
        return pair[0], pair[1]
    low, high = converted(item, target or "1", analyte).bounds
    if low == -math.inf and impossible_value({(item.coding or "x").rpartition(":")[2]}, -1.0, item.unit):
        low = 0.0
    return low, high


def _strict(items: Iterable[Result]) -> bool:
    return any(item.comparator in ("<", ">") for item in items)


__all__ = [
    "PICKED",
    "STATISTICS",
    "Comparison",
    "LeftOut",
    "Outcome",
    "Statistic",
    "agree",
    "by_material",
    "change",
    "grouped",
    "statistic_of",
    "summarise",
]
