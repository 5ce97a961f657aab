"""ACEF II: operative mortality of cardiac surgery from age, creatinine and ejection fraction."""

from __future__ import annotations

import math

from tools.calculators.base import ADULTS, Calculator, Outcome, Result, Term
from tools.calculators.common import AGE, CREATININE, boolean
from tools.calculators.critical_inputs import LVEF
from tools.calculators.gases import HAEMATOCRIT
from tools.calculators.reference import Reference, Verified


def acef_ii(age: float, lvef: float, creatinine: float, haematocrit: float, emergency_surgery: bool) -> Outcome:
    """Age in years over ejection fraction in per cent, and additions."""
    terms = (
        Term("Age over ejection fraction", age / lvef),
        Term("Creatinine above 2 mg/dL", 2.0 if creatinine > 2 else 0.0),
        Term("Emergency surgery", 3.0 if emergency_surgery else 0.0),
        Term("Haematocrit below 36 %", 0.2 * max(0.0, 36.0 - haematocrit)),
    )
    return Outcome(math.fsum(float(term.value) for term in terms), terms)


CALCULATOR = Calculator(
    name="acef_ii",
    title="ACEF II",
    synonyms=("ACEF II", "ACEF 2", "age creatinine ejection fraction score"),
    purpose=(
        "Scores the risk of death from cardiac surgery from age, ejection fraction, creatinine, "
        "haematocrit and urgency."
    ),
    specialty="cardiac surgery",
    inputs=(
        AGE.but(plausible=(18, 110)),
        LVEF,
        CREATININE.but(cuts=(2.0,), max_age_days=30),
        HAEMATOCRIT.but(monotone=True, max_age_days=30),
        boolean("emergency_surgery", "Emergency surgery", ask="Emergency surgery?"),
    ),
    population=ADULTS,
    result=Result("ACEF II", decimals=2),
    references=(
        Reference(
            (
                "Ranucci M, et al. The ACEF II risk score for cardiac surgery: updated but still parsimonious. "
                "Eur Heart J 2018;39:2183-2189."
            ),
            "derivation",
            doi="10.1093/eurheartj/ehx228",
            pmid="28498904",
            verified=Verified(
                "https://moh-it.pure.elsevier.com/en/publications/the-acef-ii-risk-score-for-cardiac-surgery-updated-but-still-pars",
                "2026-11-22",
                "abstract of the paper; American College of Cardiology for the same",
                (
                    "age over ejection fraction, 2 for creatinine above 2 mg/dL, 3 for an emergency, 0.2 for each "
                    "point of haematocrit below 36 %"
                ),
            ),
        ),
    ),
    compute=acef_ii,
)
