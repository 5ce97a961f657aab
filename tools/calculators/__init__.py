"""Calculators: pure, one file each. Modules are imported when asked for, so that one calculation starts at once."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from tools.calculators.catalog import NAMES
from tools.errors import UsageError

if TYPE_CHECKING:
    from tools.calculators.base import Calculator
    from tools.calculators.result import CalcResult

__all__ = ["calculator", "calculators", "find", "list_calculators", "run"]


@functools.cache
def calculator(name: str) -> Calculator:
    """One calculator.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in NAMES:
        raise UsageError(
            f"found calculator {name!r}; expected one of {', '.join(NAMES)}",
            found=name,
            expected=", ".join(NAMES),
            action="list them with `osler calc list`",
        )
    declared: Calculator = importlib.import_module(f"tools.calculators.{name}").CALCULATOR
    return declared


def calculators() -> dict[str, Calculator]:
    """All of them, by name."""
    return {name: calculator(name) for name in NAMES}


def run(name: str, inputs: Mapping[str, Any], as_of: date | None = None) -> CalcResult:
    """Work a calculator out; an input left out or null is not known.

    Args:
        as_of: the clinical clock, where there is one: what has happened has no date after it.

    Raises:
        UsageError: there is no such calculator.
        BadInput: an input that cannot be right.
        NotAssessable: an assay that is not stated.
    """
    from tools.calculators.evaluate import evaluate

    return evaluate(calculator(name), inputs, as_of=as_of)


def list_calculators() -> list[dict[str, Any]]:
    """The document of `osler calc list`."""
    return [calculator(name).document() for name in NAMES]


def find(question: str) -> list[tuple[str, float]]:
    """Calculators for a question, best first, with a share of certainty from 0 to 1; by names and words alone.

    `tools.calculators.choice.choose` also compares by meaning, and says how sure it is.
    """
    from tools.calculators.choice import rank

    return rank(question)
