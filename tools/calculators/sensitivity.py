"""How near a result is to another band: the smallest change of one input that would move it there.

Numbers are searched on both sides within the plausible range and the crossing is found by bisection; booleans are
flipped, and of several answers the nearest before and after are tried. Where inputs are unknown, what each of them
would settle is given instead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from itertools import pairwise

from knowledge.units import number
from tools.calculators.base import Calculator, Outcome
from tools.calculators.inputs import Input, Reading, Value
from tools.calculators.result import Crossing

_GRID = 96
_NEAR = 1e-13
_ANSWERS = 1e300
Key = Callable[[Value], str | None]


def crossings(calculator: Calculator, readings: Mapping[str, Reading], point: Mapping[str, Value]) -> list[Crossing]:
    """The nearest crossing for each input, nearest first; empty where the result has neither bands nor codes."""
    result = calculator.result
    if not (result.bands or result.codes):
        return []

    population, compute, label = calculator.population, calculator.compute, result.label
    if population and not population.holds(point):
        return []

    def key_of(name: str) -> Key:
        completion = dict(point)
        gate = population if population and name in population.uses else None

        def key(value: Value) -> str | None:
            if gate and not gate.admits(name, value):
                return None
            completion[name] = value
            found = compute(**completion).value
            return found if isinstance(found, str) else label(found)

        return key

    found: list[tuple[float, Crossing]] = []
    for declared in calculator.inputs:
        value, key = point[declared.name], key_of(declared.name)
        here = key(value)
        if here is None:
            continue
        if isinstance(value, bool):
            there = key(not value)
            if there not in (None, here):
                state = "absent" if value else "present"
                text = f"{_to(calculator, there)} if “{declared.title}” were {state}"
                found.append((math.inf, Crossing(declared.name, str(there), text, not value)))
        elif isinstance(value, str) and declared.kind == "code" and declared.name != "sex":
            found += _choices(calculator, declared, value, here, key)
        elif declared.numeric and isinstance(value, int | float):
            for end in declared.plausible or ():
                crossing = _search(calculator, readings[declared.name], float(value), float(end), key)
                if crossing is not None:
                    found.append(crossing)
    return [crossing for _, crossing in sorted(found, key=lambda pair: pair[0])]


def _choices(calculator: Calculator, declared: Input, value: str, here: str, key: Key) -> list[tuple[float, Crossing]]:
    """The nearest answer before and after the one given that moves the result."""
    answers = list(declared.choices)
    at = answers.index(value)
    found = []
    for side in (reversed(answers[:at]), iter(answers[at + 1 :])):
        for answer in side:
            there = key(answer)
            if there not in (None, here):
                text = f"{_to(calculator, there)} if “{declared.title}” were: {declared.choices[answer]}"
                found.append((_ANSWERS, Crossing(declared.name, str(there), text, answer)))
                break
    return found


def _search(
    calculator: Calculator,
    reading: Reading,
    value: float,
    end: float,
    key: Key,
) -> tuple[float, Crossing] | None:
    here, up = key(value), end > value
    if value == end:
        return None
    step = _first_change(reading.input, value, end, key)
    if step is None:
        return None
    near, far = step
    if reading.input.cuts or reading.input.kind == "count":
        # The change is at a cut, or right behind it.
        far = math.nextafter(near, end) if near in reading.input.cuts and reading.input.kind != "count" else far
    else:
        while abs(far - near) > _NEAR * abs(far):
            middle = (near + far) / 2
            if key(middle) == here:
                near = middle
            else:
                far = middle
    there = key(far)
    # A band of a single value ("13 exactly") is passed over: what lies behind it is what a change leads to.
    behind = far + (far - value) * 1e-9
    if (beyond := key(behind)) not in (None, here, there) and reading.input.kind != "count":
        far, there = behind, beyond
    if there is None:
        return None
    limit, direction = _limit(reading, far, up, lambda candidate: key(candidate) == there)
    shown = reading.shown(limit, 12)
    words = {">=": f"{shown} or more", "<=": f"{shown} or less", ">": f"above {shown}", "<": f"below {shown}"}
    text = f"{_to(calculator, there)} if {_title(reading.input)} were {words[direction]}"
    scale, offset = reading.scale
    given = float(number((limit - offset) / scale, 12))
    crossing = Crossing(reading.input.name, there, text, given, reading.unit, direction)
    return abs(limit - value) / (abs(value) or 1.0), crossing


def _first_change(declared: Input, value: float, end: float, key: Key) -> tuple[float, float] | None:
    """The last point looked at that is still in the band, and the next one that is not.

    Where the declaration says that the result is constant between cuts, or never turns back, few points decide.
    """
    here, up = key(value), end > value
    if declared.cuts:
        points = _around_cuts(declared, value, end)
    elif declared.monotone and (last := key(end)) is not None:
        return None if last == here else (value, end)
    else:
        points = [value + (end - value) * (step / _GRID) ** 2 for step in range(1, _GRID + 1)]
    if declared.kind == "count":
        whole = {float(round(point)) for point in points} | {
            float(point) for cut in declared.cuts for point in (math.floor(cut), math.ceil(cut), math.floor(cut) + 1)
        }
        points = sorted(p for p in whole if min(value, end) <= p <= max(value, end) and p != value)
        points = points if up else points[::-1]
    near = value
    for far in points:
        if key(far) not in (None, here):
            return near, far
        near = far
    return None


def _around_cuts(declared: Input, value: float, end: float) -> list[float]:
    """Every cut on the way, and one point in each stretch between them."""
    low, high = min(value, end), max(value, end)
    edges = [low, *(cut for cut in sorted(declared.cuts) if low < cut < high), high]
    points = [*edges, *((first + second) / 2 for first, second in pairwise(edges))]
    return sorted({point for point in points if point != value}, reverse=end < value)


def _limit(reading: Reading, limit: float, up: bool, holds: Callable[[float], bool]) -> tuple[float, str]:
    """The crossing as a number worth printing, in the unit the clinician used, and how it is to be read."""
    scale, offset = reading.scale
    given = (limit - offset) / scale

    def canonical(value: float) -> float:
        return float(f"{value * scale + offset:.12g}")

    for digits in range(1, 5):
        near = float(f"{given:.{digits}g}")
        if math.isclose(near, given, rel_tol=1e-9):
            # The source's own limit: whether it belongs to this side decides between "65 or more" and "above 65".
            return canonical(near), (">=" if up else "<=") if holds(canonical(near)) else (">" if up else "<")
    magnitude = math.floor(math.log10(abs(given))) if given else 0
    for digits in range(2, 13):
        # Rounded away from the patient's value, so that the statement stays true.
        step = 10.0 ** (magnitude - digits + 1)
        rounded = canonical((math.ceil if up else math.floor)(given / step) * step)
        if holds(rounded) and abs(rounded - limit) <= 0.02 * abs(limit):
            return rounded, ">=" if up else "<="
    return limit, ">=" if up else "<="


def dependence(
    calculator: Calculator,
    readings: Mapping[str, Reading],
    completions: list[dict[str, Value]],
    outcomes: list[Outcome],
) -> list[Crossing]:
    """What each unknown boolean or code would settle, where it matters."""
    found = []
    for name, reading in readings.items():
        if not reading.unknown or reading.input.numeric:
            continue
        parts = []
        for choice in dict.fromkeys(completion[name] for completion in completions):
            values = [o.value for c, o in zip(completions, outcomes, strict=True) if c[name] == choice]
            word = {True: "yes", False: "no"}.get(choice, str(choice)) if isinstance(choice, bool) else str(choice)
            parts.append((word, _span(calculator, values)))
        if len({span for _, span in parts}) > 1:
            told = "; ".join(f"{word}: {span}" for word, span in parts)
            found.append(Crossing(name, "", f"“{reading.input.title}” is not known ({told})"))
    return found


def _span(calculator: Calculator, values: list[float | str | date | None]) -> str:
    result = calculator.result
    numbers = [value for value in values if isinstance(value, int | float)]
    if numbers and len(numbers) == len(values):
        low, high = min(numbers), max(numbers)
        return result.shown(low) if math.isclose(low, high) else result.shown_range(low, high)
    shown = dict.fromkeys("no result" if value is None else result.shown(value) for value in values)
    return " or ".join(shown)


def _to(calculator: Calculator, there: str | None) -> str:
    result = calculator.result
    return f"{result.code(there).shown if result.codes and there else there}"


def _title(declared: Input) -> str:
    title = declared.title
    return title if title[:2].isupper() else title[0].lower() + title[1:]
