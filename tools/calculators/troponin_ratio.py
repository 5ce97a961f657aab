"""Troponin as a multiple of its assay's 99th percentile."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import quantity
from tools.calculators.reference import Reference, Verified


def troponin_ratio(troponin: float, limit: float) -> Outcome:
    """The result over the limit of the same assay."""
    ratio = troponin / limit
    return Outcome(ratio, (Term("Multiple", ratio, how=f"{troponin:g} ng/L / {limit:g} ng/L"),))


CALCULATOR = Calculator(
    name="troponin_ratio",
    title="Troponin over its 99th percentile",
    synonyms=("troponin ratio", "times the upper reference limit"),
    purpose="Says how many times the 99th percentile of its own assay a cardiac troponin is; without that limit a "
    "troponin cannot be judged.",
    specialty="emergency medicine",
    inputs=(
        quantity(
            "troponin",
            "Cardiac troponin",
            "ng/L",
            monotone=True,
            plausible=(0.5, 100000),
            possible=(0.0, 1000000),
            max_age_days=1,
            example={"value": 26, "unit": "ng/L"},
        ),
        quantity(
            "limit",
            "99th percentile of that assay",
            "ng/L",
            plausible=(5, 100),
            possible=(1, 1000),
            ask="The 99th percentile (upper reference limit) of this troponin assay, from the laboratory",
            example={"value": 14, "unit": "ng/L"},
        ),
    ),
    notes=("Both numbers must be of one assay; results of different assays are not comparable",),
    result=Result("Troponin", unit="1", decimals=1),
    references=(
        Reference(
            "Thygesen K, et al. Fourth universal definition of myocardial infarction (2018). Circulation "
            "2018;138:e618-e651.",
            "definition",
            doi="10.1161/CIR.0000000000000617",
            verified=Verified(
                "https://www.rcpjournals.org/highwire/markup/12350/expansion",
                "2026-11-22",
                "Royal College of Physicians journals, table 2",
                "the 99th percentile of the upper reference limit is what a troponin is judged against",
            ),
        ),
    ),
    compute=troponin_ratio,
)
