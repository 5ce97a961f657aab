"""QUICKI: insulin sensitivity from fasting glucose and insulin."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.homa_ir import CALCULATOR as HOMA_IR
from tools.calculators.reference import Reference, Verified


def quicki(fasting_glucose: float, fasting_insulin: float) -> Outcome:
    """Dimensionless; glucose in mg/dL, insulin in mU/L."""
    total = math.log10(fasting_insulin) + math.log10(fasting_glucose)
    terms = (Term("log10 insulin + log10 glucose", total),)
    if total <= 0:
        return Outcome(None, terms, ("The two values are too low for the index",))
    return Outcome(1.0 / total, terms)


CALCULATOR = Calculator(
    name="quicki",
    title="QUICKI",
    synonyms=("quantitative insulin sensitivity check index", "insulin sensitivity index"),
    purpose="Estimates how sensitive the body is to insulin, from fasting glucose and fasting insulin.",
    specialty="endocrinology",
    inputs=(HOMA_IR.input("fasting_glucose"), HOMA_IR.input("fasting_insulin")),
    notes=("Insulin assays differ, and no limit holds for all of them; unreliable under insulin treatment",),
    result=Result("QUICKI", decimals=3),
    references=(
        Reference(
            "Borai A, et al. Selection of the appropriate method for the assessment of insulin resistance. BMC Med Res "
            "Methodol 2011;11:158 (table 2).",
            "definition",
            doi="10.1186/1471-2288-11-158",
            verified=Verified(
                "https://bmcmedresmethodol.biomedcentral.com/articles/10.1186/1471-2288-11-158/tables/2",
                "2026-11-22",
                "the journal, table 2",
                "one over the sum of the logarithms of insulin in mU/L and glucose in mg/dL",
            ),
        ),
    ),
    compute=quicki,
)
