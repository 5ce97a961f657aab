"""Working a calculator out, with what is not known.

Every completion of the unknown inputs is computed (booleans and codes: all values; numbers: one value in every stretch
between `cuts`, or both ends where `monotone`). A result on which all completions agree is exact; numbers that differ
give a range; codes that differ give none. Nothing is taken as absent because it was not said.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from knowledge.units import number, unit_label
from tools.calculators.base import Calculator, Outcome, with_unit
from tools.calculators.inputs import Input, Reading, Value, read
from tools.calculators.result import CalcResult, Crossing
from tools.calculators.sensitivity import crossings, dependence
from tools.errors import BadInput

if TYPE_CHECKING:
    from tools.calculators.nesting import Derived

MOST_COMPLETIONS = 4096


def evaluate(
    calculator: Calculator,
    inputs: Mapping[str, Any],
    derivations: Mapping[str, Derived] | None = None,
    sensitivity: bool = True,
    as_of: date | None = None,
) -> CalcResult:
    """Run a calculator on inputs as given; one may be given by its parts (`{"from": "bmi", "inputs": {…}}`).

    Args:
        derivations: how inputs came about that were worked out from others already.
        as_of: the clinical clock: what has happened has no date after it.
        sensitivity: False leaves out how near the result is to another band, which takes most of the time.

    Raises:
        BadInput: an input that is not one of the calculator's, or cannot be right.
        NotAssessable: an assay that is not stated or is another one.
    """
    if not isinstance(inputs, Mapping):
        raise BadInput(
            f"{calculator.name}: found {type(inputs).__name__}; expected inputs by name",
            found=type(inputs).__name__,
            expected=f"an object with {', '.join(entry.name for entry in calculator.inputs)}",
            action="give the inputs as {name: value}",
        )
    derived = dict(derivations or {})
    if any(isinstance(value, Mapping) and "from" in value for value in inputs.values()):
        from tools.calculators.nesting import expand

        inputs, found_by_parts = expand(calculator, inputs)
        derived |= found_by_parts
    names = [entry.name for entry in calculator.inputs]
    strangers = [name for name in inputs if name not in names]
    if strangers:
        raise BadInput(
            f"{calculator.name}: found input {strangers[0]!r}; expected one of {', '.join(names)}",
            found=strangers[0],
            expected=", ".join(names),
            action="correct the name of the input",
        )
    readings = {entry.name: read(entry, inputs.get(entry.name), as_of) for entry in calculator.inputs}
    warnings = [text for reading in readings.values() for text in reading.warnings]
    warnings += [text for each in derived.values() for text in each.warnings if text not in warnings]
    applicable = _applicable(calculator, readings)
    found = _candidates(calculator, readings)
    if applicable is False:
        assert calculator.population is not None
        warnings.append(f"Holds for {calculator.population.text} only")
        return _document(calculator, readings, None, None, None, False, warnings, [], [], derived)
    if applicable is None:
        assert calculator.population is not None
        warnings.append(f"Holds for {calculator.population.text} only, which is not known here")
    if any(values is None for values in found.values()):
        warnings += [
            f"{reading.input.title} is known only within bounds, which is not enough here"
            for name, reading in readings.items()
            if found[name] is None and reading.interval
        ]
        return _document(calculator, readings, None, None, None, applicable, warnings, [], [], derived)
    grids = itertools.product(*(values for values in found.values() if values is not None))
    completions = [dict(zip(found, values, strict=True)) for values in grids]
    outcomes = [calculator.compute(**completion) for completion in completions]
    value, bounds, label = _agree(calculator, readings, outcomes, warnings)
    shared = set(outcomes[0].warnings).intersection(*(outcome.warnings for outcome in outcomes))
    warnings += [text for text in outcomes[0].warnings if text in shared]
    # With all inputs exact the one completion is what was entered; otherwise the unknowns are what it depends on.
    changes: list[Crossing] = []
    if not sensitivity:
        pass
    elif len(completions) == 1:
        changes = crossings(calculator, readings, completions[0])
    else:
        changes = dependence(calculator, readings, completions, outcomes)
    steps = _steps(calculator, readings, outcomes, derived)
    return _document(calculator, readings, value, bounds, label, applicable, warnings, steps, changes, derived)


def _applicable(calculator: Calculator, readings: Mapping[str, Reading]) -> bool | None:
    population = calculator.population
    verdicts: set[bool | None] = set()
    for name in population.uses if population else ():
        reading = readings[name]
        assert population is not None
        if reading.value is not None:
            verdicts.add(population.admits(name, reading.value))
        else:
            verdicts.add(population.admits_all(name, *_bounds(reading)) if reading.input.numeric else None)
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _bounds(reading: Reading) -> tuple[float, float]:
    floor, ceiling = reading.input.possible or (-math.inf, math.inf)
    return max(reading.low, floor), min(reading.high, ceiling)


def _candidates(calculator: Calculator, readings: Mapping[str, Reading]) -> dict[str, tuple[Value, ...] | None]:
    found = {name: _possible(calculator, reading) for name, reading in readings.items()}
    if math.prod(len(values) for values in found.values() if values is not None) > MOST_COMPLETIONS:
        for name, reading in readings.items():
            if reading.unknown:
                found[name] = None
    return found


def _possible(calculator: Calculator, reading: Reading) -> tuple[Value, ...] | None:
    declared, population = reading.input, calculator.population
    if reading.value is not None:
        return (reading.value,)
    if declared.kind in ("boolean", "code"):
        every: tuple[Value, ...] = (False, True) if declared.kind == "boolean" else tuple(declared.choices)
        return tuple(value for value in every if population is None or population.admits(declared.name, value))
    if not declared.numeric:
        return None
    low, high = _bounds(reading)
    if population:
        # Outside the population there is no result, so what is not known is looked at inside it only.
        low = max(low, population.at_least.get(declared.name, -math.inf))
        high = min(high, math.nextafter(population.below.get(declared.name, math.inf), -math.inf))
    if declared.cuts:
        return _stretches(declared, low, high)
    bounded = math.isfinite(low) and math.isfinite(high)
    if declared.monotone and bounded and (calculator.result.codes or reading.interval):
        return (low, high)
    return None


def _stretches(declared: Input, low: float, high: float) -> tuple[Value, ...]:
    inside = [cut for cut in sorted(declared.cuts) if low < cut < high]
    edges = [low if math.isfinite(low) else inside[0] - 1, *inside, high if math.isfinite(high) else inside[-1] + 1]
    between = [(first + second) / 2 for first, second in itertools.pairwise(edges)]
    return tuple(sorted({*edges, *between}))


def _agree(
    calculator: Calculator,
    readings: Mapping[str, Reading],
    outcomes: list[Outcome],
    warnings: list[str],
) -> tuple[float | str | None, tuple[float, float] | None, str | None]:
    result = calculator.result
    values = [outcome.value for outcome in outcomes]
    unknown = [reading.input.title for reading in readings.values() if reading.unknown]
    codes = sorted({value for value in values if isinstance(value, str)}, key=[c.code for c in result.codes].index)
    numbers = [value for value in values if isinstance(value, int | float)]
    dates = sorted({value for value in values if isinstance(value, date)})
    if dates and None not in values:
        first, last = dates[0].isoformat(), dates[-1].isoformat()
        return (first, None, None) if first == last else (None, None, f"{first} to {last}")
    if len(codes) + len(numbers) == 0 or None in values:
        shown = [result.code(code).shown for code in codes]
        return None, None, " or ".join([*shown, "no result"]) if shown else None
    if codes:
        if len(codes) > 1:
            return None, None, " or ".join(result.code(code).shown for code in codes)
        if codes[0] in result.rules_out and unknown:
            warnings.append(f"Nothing is ruled out while an input is not known: {', '.join(unknown)}")
            return None, None, None
        _no_difference(unknown, warnings)
        return codes[0], None, result.label(codes[0])
    low, high = min(numbers), max(numbers)
    if math.isclose(low, high, rel_tol=1e-12, abs_tol=1e-12):
        _no_difference(unknown, warnings)
        return low, None, result.label(low)
    reached = {result.label(value) for value in numbers}
    # A band between the ends counts even where no completion falls into it: the value may be anywhere in the range.
    reached |= {band.label for band in result.bands if low < (band.above or band.at_least or -math.inf) < high}
    ordered = [band.label for band in result.bands if band.label in reached]
    return None, (low, high), " or ".join(ordered) or None


def _no_difference(unknown: list[str], warnings: list[str]) -> None:
    if unknown:
        warnings.append(f"Not known, but makes no difference here: {', '.join(unknown)}")


def _steps(
    calculator: Calculator,
    readings: Mapping[str, Reading],
    outcomes: list[Outcome],
    derived: Mapping[str, Derived],
) -> list[str]:
    lines = [*calculator.notes, *(each.line for each in derived.values() if each.known)]
    for reading in readings.values():
        declared = reading.input
        if reading.interval:
            low, high = _bounds(reading)
            ends = f"{reading.shown(low, 4)} to {reading.shown(high, 4)}"
            lines.append(f"{declared.title}: known as {ends}")
        elif isinstance(reading.value, float) and reading.unit != declared.unit and not declared.equivalents:
            canonical = f"{number(reading.value, 4)} {unit_label(declared.unit)}".strip()
            lines.append(f"{declared.title}: {reading.shown(reading.value)} = {canonical}")
    if len(outcomes) == 1:
        return [*lines, *(term.render() for term in outcomes[0].terms)]
    shared = []
    for term in outcomes[0].terms:
        others = [next((t for t in outcome.terms if t.name == term.name), None) for outcome in outcomes]
        if all(other is not None and other.value == term.value for other in others):
            shared.append(term.render())
            continue
        if all(other is not None and isinstance(other.value, bool) for other in others):
            shared.append(f"{term.name}: not known")
            continue
        values = [float(t.value) for t in others if t is not None and isinstance(t.value, int | float)]
        if len(values) == len(outcomes):
            ends = f"{number(min(values), 4)} to {number(max(values), 4)}"
            shared.append(f"{term.name}: {with_unit(ends, term.unit, math.nan)}, depending on what is not known")
    return lines + shared


def _document(
    calculator: Calculator,
    readings: Mapping[str, Reading],
    value: float | str | None,
    bounds: tuple[float, float] | None,
    label: str | None,
    applicable: bool | None,
    warnings: list[str],
    steps: list[str],
    changes: list[Any],
    derived: Mapping[str, Derived],
) -> CalcResult:
    result = calculator.result
    shown = result.shown_range(*bounds) if bounds else result.shown(value)
    if value is not None or bounds:
        suffix = f" ({label})" if label and label != shown else ""
        steps = [*steps, f"{result.title}: {shown}{suffix}"]
    return CalcResult(
        calculator=calculator.name,
        version=calculator.version,
        value=value,
        unit=result.measured_in,
        range=bounds,
        label=label,
        applicable=applicable,
        inputs={name: reading.given for name, reading in readings.items()},
        missing=[name for name, reading in readings.items() if reading.unknown],
        warnings=warnings,
        steps=steps,
        sensitivity=changes,
        references=[reference.document() for reference in calculator.references],
        derivation={name: each.document() for name, each in derived.items()},
        display=shown,
    )
