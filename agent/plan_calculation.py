"""The steps of a calculation that was asked for: its inputs from record and notes, or worked out, then the result."""

from __future__ import annotations

import functools

from agent.assess import LOOKUP_PREFIX
from agent.runtime import Services
from agent.state import Json
from agent.steps import step
from knowledge.terminology import default_terminology
from tools.calculators import calculator as calculator_of
from tools.calculators import calculators
from tools.calculators.nesting import producers
from tools.fill.record import reads_for
from tools.fill.slots import rule_for

_PERSON = ("age", "sex")


def calculation_steps(name: str, services: Services) -> list[Json]:
    """A calculator with its inputs read, and those that others give worked out where they are not recorded."""
    steps, bindings = _inputs(name, services)
    return [*steps, step(f"{LOOKUP_PREFIX}{name}", f"calc.{name}", {}, bindings)]


def _inputs(name: str, services: Services) -> tuple[list[Json], dict[str, str]]:
    """The steps that fill a calculator's parameters, each once, and the slot of each parameter."""
    steps: dict[str, Json] = {}
    bindings = {}
    for parameter in services.tools[f"calc.{name}"].params.model_fields:
        if parameter in _PERSON:
            bindings[parameter] = f"patient.{parameter}"
            continue
        home = _home(name, parameter)
        slot = f"input.{parameter}" if home != name or _first(parameter) == name else f"input.{parameter}.{name}"
        made = [each.calculator for each in producers(name, parameter) if each.calculator]
        sources = [f"{slot}.recorded" if made else slot]
        steps[sources[0]] = step(sources[0], "record.input", {"calculator": home, "input": parameter})
        for calculator in made[:3]:  # `logic.first` takes four
            below, bound = _inputs(calculator, services)
            steps.update((each["slot"], each) for each in below)
            sources.append(f"{slot}.{calculator}")
            steps[sources[-1]] = step(sources[-1], f"calc.{calculator}", {}, bound)
        if made:
            steps[slot] = step(slot, "logic.first", {}, dict(zip("abcd", sources, strict=False)))
        bindings[parameter] = slot
    return list(steps.values()), bindings


@functools.cache
def _first(parameter: str) -> str:
    """The first calculator of the catalogue with an input of that name."""
    return next(name for name, each in calculators().items() if parameter in {entry.name for entry in each.inputs})


@functools.cache
def _home(name: str, parameter: str) -> str:
    """The calculator by whose rules an input is read: the first that has it where both read it alike, else its own.

    One reading serves all that read it alike, so that a correction of it reaches them all.
    """

    def reading(owner: str) -> tuple[object, ...]:
        declared = calculator_of(owner).input(parameter)
        reads = reads_for(calculator_of(owner), declared, default_terminology())
        rule = rule_for(owner, declared)
        return declared.kind, declared.unit, declared.choices, declared.max_age_days, reads, rule

    first = _first(parameter)
    return first if reading(first) == reading(name) else name
