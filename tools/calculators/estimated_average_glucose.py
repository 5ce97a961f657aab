"""Estimated average glucose from HbA1c (ADAG)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.reference import Reference, Verified


def estimated_average_glucose(hba1c: float) -> Outcome:
    """mg/dL; HbA1c in per cent (NGSP)."""
    return Outcome(28.7 * hba1c - 46.7, (Term("28.7 × HbA1c", 28.7 * hba1c),))


CALCULATOR = Calculator(
    name="estimated_average_glucose",
    title="Estimated average glucose (ADAG)",
    synonyms=("eAG", "ADAG", "average glucose from HbA1c", "A1c to glucose", "mean plasma glucose"),
    purpose="Turns an HbA1c into the average blood glucose of the last three months.",
    specialty="endocrinology",
    inputs=(
        quantity(
            "hba1c",
            "HbA1c",
            "%{NGSP}",
            analyte="hba1c",
            plausible=(4, 16),
            possible=(2.5, 25),
            monotone=True,
            max_age_days=120,
            example={"value": 7.0, "unit": "%{NGSP}"},
            ask="HbA1c, in mmol/mol (IFCC) or % (NGSP)?",
        ),
    ),
    notes=("Misleads where red cells live shorter or longer than usual (anaemia, transfusion, kidney failure)",),
    result=Result("Estimated average glucose", "mg/dL"),
    references=(
        Reference(
            "Nathan DM, et al. Translating the A1C assay into estimated average glucose values. Diabetes Care "
            "2008;31:1473-1478.",
            "derivation",
            doi="10.2337/dc08-0545",
            pmid="18540046",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC2742903",
                "2026-11-22",
                "the journal, abstract",
                "28.7 times HbA1c less 46.7 mg/dL, from 507 people",
            ),
        ),
    ),
    compute=estimated_average_glucose,
)
