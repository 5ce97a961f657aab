"""MELD 3.0: 90-day mortality in chronic liver disease; liver allocation in the United States since July 2023."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Population, Result, Term
from tools.calculators.common import CREATININE, SEX
from tools.calculators.hepatology import ALBUMIN, BILIRUBIN, INR, SODIUM
from tools.calculators.reference import Reference, Verified


def meld_3_0(bilirubin: float, inr: float, creatinine: float, sodium: float, albumin: float, sex: str) -> Outcome:
    """6 to 40; bilirubin and creatinine in mg/dL, sodium in mmol/L, albumin in g/dL."""
    bili, ratio, crea = max(bilirubin, 1.0), max(inr, 1.0), min(max(creatinine, 1.0), 3.0)
    salt, protein = min(max(sodium, 125.0), 137.0), min(max(albumin, 1.5), 3.5)
    value = (
        (1.33 if sex == "female" else 0.0)
        + 4.56 * math.log(bili)
        + 0.82 * (137.0 - salt)
        - 0.24 * (137.0 - salt) * math.log(bili)
        + 9.09 * math.log(ratio)
        + 11.14 * math.log(crea)
        + 1.85 * (3.5 - protein)
        - 1.83 * (3.5 - protein) * math.log(crea)
        + 6.0
    )
    terms = (
        Term("Bilirubin used", bili, "mg/dL"),
        Term("INR used", ratio),
        Term("Creatinine used", crea, "mg/dL"),
        Term("Sodium used", salt, "mmol/L"),
        Term("Albumin used", protein, "g/dL"),
        Term("Before rounding", value),
    )
    return Outcome(float(min(max(math.floor(value + 0.5), 6), 40)), terms)


CALCULATOR = Calculator(
    name="meld_3_0",
    title="MELD 3.0",
    synonyms=("MELD", "MELD 3", "model for end-stage liver disease", "transplant priority"),
    purpose="Scores the 90-day mortality of an adult with chronic liver disease from bilirubin, INR, creatinine, "
    "sodium, albumin and sex.",
    specialty="hepatology",
    inputs=(
        BILIRUBIN.but(monotone=True),
        INR.but(monotone=True),
        CREATININE.but(max_age_days=90),
        SODIUM.but(monotone=True),
        ALBUMIN.but(monotone=True),
        SEX,
    ),
    population=Population("adults with chronic liver disease who were not dialysed in the last week"),
    notes=("After dialysis twice in a week the creatinine counts as 3.0 mg/dL, which is not done here",),
    result=Result("MELD 3.0"),
    references=(
        Reference(
            "Kim WR, et al. MELD 3.0: the model for end-stage liver disease updated for the modern era. "
            "Gastroenterology 2021;161:1887-1895.",
            "derivation",
            doi="10.1053/j.gastro.2021.08.050",
            verified=Verified(
                "https://modelling.cds-platform.com/ckm/view/ckm-app-challenge-2023/MELD_3_0/3.1?language=en",
                "2026-11-22",
                "Cambio CDS model; every coefficient and bound also in the SAS macro of R. Lopez citing OPTN policy; "
                "the variables, interactions and creatinine bound in the paper's abstract (PMC8608337)",
                "the formula; creatinine 1 to 3, sodium 125 to 137, albumin 1.5 to 3.5, bilirubin and INR from 1",
            ),
        ),
    ),
    compute=meld_3_0,
)
