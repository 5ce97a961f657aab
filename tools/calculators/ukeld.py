"""UKELD: mortality on the waiting list for a liver in the United Kingdom."""

from __future__ import annotations

import math

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    CREATININE,
)
from tools.calculators.hepatology import BILIRUBIN, INR, SODIUM
from tools.calculators.reference import Reference, Verified


def ukeld(inr: float, creatinine: float, bilirubin: float, sodium: float) -> Outcome:
    """Creatinine and bilirubin in umol/L, sodium in mmol/L."""
    value = (
        5.395 * math.log(inr)
        + 1.485 * math.log(creatinine)
        + 3.13 * math.log(bilirubin)
        - 81.565 * math.log(sodium)
        + 435.0
    )
    return Outcome(value, (Term("81.565 × ln sodium", 81.565 * math.log(sodium)),))


CALCULATOR = Calculator(
    name="ukeld",
    title="UKELD",
    synonyms=("UK end-stage liver disease score", "United Kingdom model for end-stage liver disease", "UK MELD"),
    purpose="Scores the mortality of an adult with chronic liver disease considered for a liver transplant in the "
    "United Kingdom.",
    specialty="hepatology",
    inputs=(
        INR.but(monotone=True),
        CREATININE.but(
            unit="umol/L",
            plausible=(18, 1800),
            possible=(5, 6600),
            max_age_days=90,
            example={"value": 90, "unit": "umol/L"},
        ),
        BILIRUBIN.but(
            unit="umol/L",
            plausible=(2, 850),
            possible=(0.2, 1710),
            monotone=True,
            example={"value": 50, "unit": "umol/L"},
        ),
        SODIUM.but(monotone=True),
    ),
    result=Result(
        "UKELD",
        source="https://www.mdcalc.com/united-kingdom-model-end-stage-liver-disease-ukeld",
        bands=(Band("below 49"), Band("49 or more: 9% or more die within a year", 49)),
        decimals=1,
    ),
    references=(
        Reference(
            "Barber K, et al. Elective liver transplant list mortality: development of a United Kingdom end-stage "
            "liver "
            "disease score. Transplantation 2011;92:469-476.",
            "derivation",
            doi="10.1097/TP.0b013e318225db4d",
            verified=Verified(
                "https://www.medicalalgorithms.com/uk-score-for-end-stage-liver-disease-ukeld-of-barber-et-al",
                "2026-11-22",
                "Medical Algorithms Company; of the paper itself the abstract was read on PubMed",
                "the formula with its units",
            ),
        ),
        Reference(
            "MDCalc: United Kingdom Model for End-Stage Liver Disease (UKELD).",
            "bands",
            url="https://www.mdcalc.com/united-kingdom-model-end-stage-liver-disease-ukeld",
            verified=Verified(
                "https://www.mdcalc.com/united-kingdom-model-end-stage-liver-disease-ukeld",
                "2026-11-22",
                "MDCalc; Wikipedia, citing NHS Choices, for the same",
                "49 is the cut-off of eligibility, set at a 9 % risk of dying within a year",
            ),
        ),
    ),
    compute=ukeld,
)
