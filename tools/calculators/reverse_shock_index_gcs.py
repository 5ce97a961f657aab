"""Reverse shock index times Glasgow Coma Scale (rSIG)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import HEART_RATE, SYSTOLIC
from tools.calculators.critical_inputs import GCS
from tools.calculators.reference import Reference, Verified


def reverse_shock_index_gcs(systolic_bp: float, heart_rate: float, gcs: float) -> Outcome:
    """Lower is worse."""
    reverse = systolic_bp / heart_rate
    return Outcome(reverse * gcs, (Term("Reverse shock index", reverse),))


CALCULATOR = Calculator(
    name="reverse_shock_index_gcs",
    title="Reverse shock index times Glasgow Coma Scale (rSIG)",
    synonyms=("rSIG", "reverse shock index", "rSI x GCS"),
    purpose=("Combines pressure, heart rate and coma scale of an injured patient for the risk of death in hospital."),
    specialty="trauma",
    inputs=(
        SYSTOLIC.but(monotone=True),
        HEART_RATE.but(monotone=True, possible=(1, 400)),
        GCS.but(monotone=True),
    ),
    result=Result("rSIG", decimals=1),
    references=(
        Reference(
            (
                "Kimura A, Tanaka N. Reverse shock index multiplied by Glasgow Coma Scale score (rSIG) is a "
                "simple measure with high discriminant ability for mortality risk in trauma patients. Crit Care "
                "2018;22:87."
            ),
            "derivation",
            doi="10.1186/s13054-018-2014-0",
            pmid="29642920",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC5896075",
                "2026-11-22",
                "PubMed Central, abstract",
                (
                    "systolic pressure over heart rate times coma scale; the best discrimination of death below 55 "
                    "years in 168,517 patients; lower is worse"
                ),
            ),
        ),
    ),
    compute=reverse_shock_index_gcs,
)
