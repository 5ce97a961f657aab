"""What a quantity can be at all, asked by concept: the `possible` limits the calculators declare for their inputs."""

from __future__ import annotations

from knowledge.quantity import Quantity, UnitError, convert, number, unit_label
from tools.calculators import calculators
from tools.errors import BadInput


def possible(concept: str, quantity: Quantity) -> None:
    """Let a quantity pass that can be; concepts no calculator knows are not judged.

    Raises:
        BadInput: the value lies outside what the concept can have.
    """
    for calculator in calculators().values():
        for declared in calculator.inputs:
            if concept not in (declared.name, declared.analyte) or declared.possible is None or declared.unit is None:
                continue
            try:
                value = convert(quantity, declared.unit, declared.analyte).value
            except UnitError:
                continue
            low, high = declared.possible
            if not low <= value <= high:
                label = unit_label(declared.unit)
                raise BadInput(
                    f"{declared.title} of {quantity.display} is impossible",
                    found=quantity.display,
                    expected=f"{number(low)} to {number(high)} {label}".strip(),
                    action="check the number and its unit",
                )
            return
