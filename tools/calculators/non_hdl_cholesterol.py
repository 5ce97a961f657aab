"""Non-HDL cholesterol: total minus HDL cholesterol."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Population, Result
from tools.calculators.prevent_equations import INPUTS, REFERENCES

_BY_NAME = {declared.name: declared for declared in INPUTS}


def non_hdl_cholesterol(total_cholesterol: float, hdl: float) -> Outcome:
    """In mg/dL."""
    if hdl > total_cholesterol:
        return Outcome(None, (), ("HDL cholesterol is above total cholesterol: one of them is wrong",))
    return Outcome(total_cholesterol - hdl)


CALCULATOR = Calculator(
    name="non_hdl_cholesterol",
    title="Non-HDL cholesterol",
    synonyms=("non-HDL", "non-HDL-C", "non HDL cholesterol"),
    purpose="Cholesterol in all particles that cause atherosclerosis: total minus HDL cholesterol; needs no fasting.",
    specialty="cardiology",
    inputs=(
        _BY_NAME["total_cholesterol"].but(monotone=True),
        _BY_NAME["hdl"].but(monotone=True),
    ),
    population=Population("adults"),
    result=Result("Non-HDL cholesterol", "mg/dL", decimals=0),
    references=REFERENCES,
    compute=non_hdl_cholesterol,
)
