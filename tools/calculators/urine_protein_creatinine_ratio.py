"""Urine protein-to-creatinine ratio from its two concentrations."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.reference import Reference, Verified
from tools.calculators.urine import URINE_CREATININE


def urine_protein_creatinine_ratio(urine_protein: float, urine_creatinine: float) -> Outcome:
    """mg/g; both in mg/dL."""
    return Outcome(1000.0 * urine_protein / urine_creatinine, (Term("Creatinine", urine_creatinine / 100.0, "g/L"),))


CALCULATOR = Calculator(
    name="urine_protein_creatinine_ratio",
    title="Urine protein-to-creatinine ratio",
    synonyms=("UPCR", "PCR urine", "protein creatinine ratio", "spot urine protein", "proteinuria ratio"),
    purpose="Works out proteinuria from protein and creatinine of one urine sample.",
    specialty="nephrology",
    inputs=(
        quantity(
            "urine_protein",
            "Protein in urine",
            "mg/dL",
            plausible=(1, 3000),
            possible=(0, 20000),
            monotone=True,
            max_age_days=365,
            example={"value": 30, "unit": "mg/dL"},
        ),
        URINE_CREATININE.but(max_age_days=365),
    ),
    notes=("Less sensitive than albumin at low values, and counts other proteins too (myeloma)",),
    result=Result(
        "PCR",
        "mg/g",
        source="doi:10.22265/acnef.0.0.309",
        bands=(
            Band("below 150 mg/g: normal to mildly increased"),
            Band("150 to 500 mg/g: moderately increased", 150),
            Band("above 500 mg/g: severely increased", above=500),
        ),
    ),
    references=(
        Reference(
            "Brissón C, et al. Cut-off value of proteinuria/creatininuria ratio predictor of proteinuria = 150 mg/24 "
            "h. "
            "Rev Colomb Nefrol 2018;5:179-189 (giving the categories of KDIGO 2012).",
            "definition",
            doi="10.22265/acnef.0.0.309",
            verified=Verified(
                "https://www.revistanefrologia.org/index.php/rcn/article/download/309/html?inline=1",
                "2026-11-22",
                "the journal; FPnotebook for the comparison with albumin",
                "the ratio in mg/g, and the KDIGO categories below 150, 150 to 500 and above 500",
            ),
        ),
    ),
    compute=urine_protein_creatinine_ratio,
)
