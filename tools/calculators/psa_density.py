"""Prostate-specific antigen over the volume of the prostate."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.reference import Reference, Verified


def psa_density(psa: float, prostate_volume: float) -> Outcome:
    """ng/mL for each mL of prostate."""
    return Outcome(psa / prostate_volume, (Term("Prostate volume", prostate_volume, "mL"),))


CALCULATOR = Calculator(
    name="psa_density",
    title="PSA density",
    synonyms=("PSAD", "PSA per prostate volume", "prostate specific antigen density"),
    purpose="Sets PSA against the size of the prostate, since a large one gives off more.",
    specialty="urology",
    inputs=(
        quantity(
            "psa",
            "PSA",
            "ng/mL",
            equivalents={"ug/L": 1.0},
            plausible=(0.1, 200),
            possible=(0, 20000),
            monotone=True,
            max_age_days=180,
            example={"value": 6, "unit": "ng/mL"},
        ),
        quantity(
            "prostate_volume",
            "Volume of the prostate",
            "mL",
            equivalents={"cm3": 1.0},
            plausible=(10, 250),
            possible=(3, 700),
            monotone=True,
            max_age_days=365,
            ask="Volume of the prostate by ultrasound or MRI?",
            example={"value": 40, "unit": "mL"},
        ),
    ),
    notes=("Limits between 0.15 and 0.20 are in use; the volume by ultrasound is smaller than by MRI",),
    result=Result("PSA density", "ng/mL/mL", decimals=2),
    references=(
        Reference(
            "Hardman RL, et al. Correlation of PSA density to prostate cancer based on prostate volume by 3.0 T MRI. "
            "Open J Urol 2011;1:28-36.",
            "definition",
            doi="10.4236/oju.2011.13008",
            verified=Verified(
                "http://file.scirp.org/Html/6725.html",
                "2026-11-22",
                "the journal, abstract; radiogyan.com for the quotient and the limits in use",
                "PSA normalised by the volume; ultrasound measures less than MRI (27.7 against 38.3 mL)",
            ),
        ),
    ),
    compute=psa_density,
)
