"""Laws that every calculator keeps, checked from its declaration: units, ends, knots, monotone, sensitivity."""

from __future__ import annotations

import functools
import itertools
import math
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.molar import by_key
from tools.calculators import calculator, run
from tools.calculators.base import Calculator
from tools.calculators.catalog import NAMES
from tools.calculators.evaluate import evaluate
from tools.calculators.inputs import Input, Value, read
from tools.calculators.result import Crossing

DENSE = 240
STEPS_BY_DESIGN = {
    ("paracetamol_iv_dose", "weight"): "the label's table of doses jumps at 10, 33 and 50 kg",
    ("apls_weight", "age"): "one formula for each stage of childhood",
    ("luscombe_weight", "age"): "age counts in completed years",
    ("free_water_deficit", "age"): "the share of water is one for each group of age",
    ("reticulocyte_production_index", "haematocrit"): "the maturation times of a table",
    ("delta_ratio", "bicarbonate"): "a ratio over the fall of bicarbonate, without value where there is none",
    ("albumin_corrected_delta_ratio", "bicarbonate"): "the same",
}
"""Steps in a formula that its publication has."""

ROUNDED = {"meld_3_0": 1.0, "meld_na": 1.0, "meld_original": 1.0, "meld_xi": 1.0, "peld": 1.0,
           "ankle_brachial_index": 0.01}  # fmt: skip
"""Results that their publication rounds, and to what: no step may be larger than that."""


@functools.cache
def example(name: str) -> dict[str, Value]:
    """The example of a calculator, in canonical values."""
    declared = calculator(name)
    return {entry.name: read(entry, declared.example.get(entry.name)).value for entry in declared.inputs}  # type: ignore[misc]


def drawn(name: str, seed: int) -> dict[str, Value]:
    """Canonical inputs within what is plausible; the first is the example."""
    if seed == 0:
        return dict(example(name))
    chance = random.Random(f"{name} {seed}")
    found: dict[str, Value] = {}
    for entry in calculator(name).inputs:
        if entry.kind == "boolean":
            found[entry.name] = chance.random() < 0.4
        elif entry.kind == "code":
            found[entry.name] = chance.choice(list(entry.choices))
        elif entry.kind == "date":
            found[entry.name] = example(name)[entry.name]
        else:
            assert entry.plausible, f"{name}: {entry.name} has no plausible limits"
            low, high = entry.plausible
            value = low + (high - low) * chance.random() ** 1.5
            found[entry.name] = float(round(value)) if entry.kind == "count" else round(value, 2)
    return found


def as_given(declared: Calculator, values: dict[str, Value]) -> dict[str, Any]:
    """Canonical values as a caller gives them."""
    return {
        entry.name: {"value": values[entry.name], "unit": entry.unit} if entry.numeric else _plain(values[entry.name])
        for entry in declared.inputs
    }


def _plain(value: Value) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def outcome(declared: Calculator, values: dict[str, Value]) -> float | str | None:
    """The result for canonical values; None outside the population."""
    if declared.population and not declared.population.holds(values):
        return None
    found = declared.compute(**values).value
    return found if isinstance(found, float | int | str) else None


def band(declared: Calculator, values: dict[str, Value]) -> str | None:
    """The band or code for canonical values."""
    found = outcome(declared, values)
    return found if isinstance(found, str) else declared.result.label(found)


@pytest.mark.parametrize("name", NAMES)
def test_the_unit_does_not_matter(name: str) -> None:
    declared = calculator(name)
    inputs = declared.example
    expected = run(name, inputs).value
    for entry in declared.inputs:
        if not (entry.numeric and isinstance(inputs.get(entry.name), dict)) or entry.assay:
            continue
        row = by_key().get(entry.analyte or "")
        for unit in row.units if row and not row.scales else ():
            if unit == entry.unit:
                continue
            scale = read(entry, {"value": inputs[entry.name]["value"], "unit": inputs[entry.name].get("unit", "1")})
            there = {**inputs, entry.name: {"value": _in(entry, scale.value, unit), "unit": unit}}
            again = evaluate(declared, there, sensitivity=False).value
            assert again == (expected if isinstance(expected, str) else pytest.approx(expected, rel=1e-9, abs=1e-9))


def _in(entry: Input, canonical: Value | None, unit: str) -> float:
    """A canonical number in another unit of its analyte."""
    from knowledge.units import table_factor

    factor = table_factor(entry.unit, unit, entry.analyte)
    assert factor is not None and isinstance(canonical, float)
    return canonical * factor


@pytest.mark.parametrize("name", NAMES)
def test_the_result_is_what_is_declared(name: str) -> None:
    declared = calculator(name)
    codes = {code.code for code in declared.result.codes}
    for seed in range(6):
        values = drawn(name, seed)
        found = outcome(declared, values)
        if found is None:
            continue
        if codes:
            assert found in codes
            continue
        assert isinstance(found, float | int) and math.isfinite(found), f"{found!r} at {values}"
        if declared.result.noun == "points":
            assert found == round(found, 2)


def _numeric(name: str) -> Iterator[tuple[Input, float, float]]:
    for entry in calculator(name).inputs:
        if entry.numeric and entry.plausible:
            yield entry, *entry.plausible


@pytest.mark.parametrize("name", NAMES)
def test_no_step_at_a_knot_and_monotone_where_declared(name: str) -> None:
    """A formula without cuts moves as little as one likes when an input does; a monotone one never turns back."""
    declared = calculator(name)
    if declared.result.codes or declared.result.dated:
        return
    order = 1 if declared.result.noun != "points" else 0
    for seed in (0, 1):
        values = drawn(name, seed)
        for entry, low, high in _numeric(name):
            if entry.cuts or entry.kind == "count":
                continue
            points = [low + (high - low) * part / 60 for part in range(61)]
            curve = [(x, outcome(declared, {**values, entry.name: x})) for x in points]
            known = [(x, y) for x, y in curve if isinstance(y, float | int)]
            if len(known) < 2:
                continue
            if entry.monotone:
                rises = [b[1] - a[1] for a, b in itertools.pairwise(known)]
                assert min(rises) >= -1e-9 * abs(known[0][1] or 1) or max(rises) <= 1e-9 * abs(known[0][1] or 1), (
                    f"{entry.name} is declared monotone"
                )
            if order and (name, entry.name) not in STEPS_BY_DESIGN:
                _no_step(declared, values, entry, known)


def _no_step(declared: Calculator, values: dict[str, Value], entry: Input, known: list[tuple[float, float]]) -> None:
    """Follow the steepest stretch inwards: a jump stays however short the stretch, a slope vanishes."""
    spread = max(y for _, y in known) - min(y for _, y in known)
    steepest = max(itertools.pairwise(known), key=lambda pair: abs(pair[1][1] - pair[0][1]))
    (left, y_left), (right, y_right) = steepest
    for _ in range(40):
        middle = (left + right) / 2
        y_middle = outcome(declared, {**values, entry.name: middle})
        if not isinstance(y_middle, float | int):
            return
        if abs(y_middle - y_left) >= abs(y_right - y_middle):
            right, y_right = middle, y_middle
        else:
            left, y_left = middle, y_middle
    allowed = max(1e-6 * max(spread, 1e-9), ROUNDED.get(declared.name, 0.0) * (1 + 1e-9))
    assert abs(y_right - y_left) <= allowed, f"{entry.name}: a step at {left}"


def _banded(name: str) -> bool:
    declared = calculator(name)
    return bool(declared.result.bands or declared.result.codes)


BANDED = [name for name in NAMES if _banded(name)]


@pytest.mark.parametrize("name", BANDED)
def test_sensitivity_is_true_and_misses_nothing_at_the_example(name: str) -> None:
    check_sensitivity(name, 0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(BANDED), st.integers(1, 10_000))
def test_sensitivity_is_true_and_misses_nothing(name: str, seed: int) -> None:
    check_sensitivity(name, seed)


def check_sensitivity(name: str, seed: int) -> None:
    """Each crossing that is told holds there and not a printed digit before, and a dense grid finds no other."""
    declared, values = calculator(name), drawn(name, seed)
    result = run(name, as_given(declared, values))
    here = band(declared, values)
    if result.value is None or here is None or result.applicable is not True:
        return
    told: dict[tuple[str, bool], float] = {}
    for change in result.sensitivity:
        entry = declared.input(change.input)
        if not entry.numeric:
            assert isinstance(change.value, bool | str)
            assert band(declared, {**values, change.input: change.value}) == change.to != here
            continue
        assert isinstance(change.value, float | int) and change.direction
        up = change.direction in (">=", ">")
        inside, before = _sides(change, values[change.input], up)
        assert band(declared, {**values, change.input: inside}) == change.to != here, change.text
        assert band(declared, {**values, change.input: before}) != change.to, f"{change.text}, but at {before} too"
        told[change.input, up] = float(change.value)
    for entry, low, high in _numeric(name):
        for end, up in ((low, False), (high, True)):
            first = _first_by_grid(declared, values, entry, end, here)
            if first is None:
                continue
            assert (entry.name, up) in told, f"{entry.name}: missed the change at {first}"
            slack = abs(high - low) / DENSE + 0.02 * abs(first)
            assert (told[entry.name, up] - first) * (1 if up else -1) <= slack, f"{entry.name}: first at {first}"


def _sides(change: Crossing, value: Value, up: bool) -> tuple[float, float]:
    """A point just inside a told crossing, and one a digit of print before it (never behind the patient's own)."""
    assert isinstance(value, float | int) and isinstance(change.value, float | int)
    limit, sign = float(change.value), 1 if up else -1
    hair = max(abs(limit), 1e-9) * 1e-7
    text = f"{limit:.12g}"
    digits = len(text.split(".")[1]) if "." in text else 0
    step = 10.0**-digits if digits else 10.0 ** (len(text.lstrip("-")) - len(text.lstrip("-").rstrip("0")))
    inside = limit + sign * hair if change.direction in (">", "<") else limit
    before = limit - sign * (step if change.direction in (">=", "<=") else 0.0)
    before = before if (before - value) * sign > 0 else float(value)
    return inside, before


def _first_by_grid(declared: Calculator, values: dict[str, Value], entry: Input, end: float, here: str) -> float | None:
    value = values[entry.name]
    assert isinstance(value, float | int)
    low, high = min(value, end), max(value, end)
    points = {value + (end - value) * part / DENSE for part in range(1, DENSE + 1)}
    for cut in entry.cuts:
        points |= {math.nextafter(cut, -math.inf), cut, math.nextafter(cut, math.inf)}
    if entry.kind == "count":
        points = {float(round(point)) for point in points}
    ordered = sorted((p for p in points if low <= p <= high and p != value), reverse=end < value)
    return next((p for p in ordered if band(declared, {**values, entry.name: p}) not in (None, here)), None)
