"""Shorthand for known answers: numbers stand in the canonical unit of their input unless a unit is given."""

from __future__ import annotations

from typing import Any

from tools.calculators import calculator, run
from tools.calculators.result import CalcResult


def q(value: float, unit: str) -> dict[str, Any]:
    """A number with its unit."""
    return {"value": value, "unit": unit}


def worked(name: str, **given: Any) -> CalcResult:
    """A calculator on known inputs."""
    declared = calculator(name)
    inputs = {
        key: q(value, declared.input(key).unit)
        if isinstance(value, int | float) and not isinstance(value, bool)
        else value
        for key, value in given.items()
    }
    return run(name, inputs)


def counted(name: str, present: tuple[str, ...] = (), **given: Any) -> CalcResult:
    """A score of which every yes-or-no item but those present is absent."""
    absent = {entry.name: False for entry in calculator(name).inputs if entry.kind == "boolean"}
    return worked(name, **{**absent, **dict.fromkeys(present, True), **given})
