"""King's College criteria in acute liver failure from paracetamol."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, Term
from tools.calculators.common import (
    CREATININE,
    boolean,
)
from tools.calculators.gases import ARTERIAL_PH
from tools.calculators.hepatology import INR
from tools.calculators.reference import Reference, Verified


def kings_college_paracetamol(
    arterial_ph: float, inr: float, creatinine: float, encephalopathy_severe: bool
) -> Outcome:
    """Met by acidosis alone or by the other three together; creatinine in umol/L."""
    acid = arterial_ph < 7.3
    triad = inr > 6.5 and creatinine > 300 and encephalopathy_severe
    terms = (Term("pH below 7.30", acid), Term("INR above 6.5, creatinine above 300 and grade 3 or 4", triad))
    return Outcome("met" if acid or triad else "not_met", terms)


CALCULATOR = Calculator(
    name="kings_college_paracetamol",
    title="King's College criteria (paracetamol)",
    synonyms=(
        "King's College criteria acetaminophen",
        "KCC paracetamol",
        "Kings College Hospital criteria",
        "O'Grady criteria",
    ),
    purpose="Tells whether acute liver failure after a paracetamol (acetaminophen) overdose has the signs of a poor "
    "outcome without a transplant.",
    specialty="hepatology",
    inputs=(
        ARTERIAL_PH.but(cuts=(7.3,), ask="Arterial pH after fluid resuscitation?"),
        INR.but(cuts=(6.5,), max_age_days=1),
        CREATININE.but(
            unit="umol/L",
            cuts=(300.0,),
            monotone=False,
            plausible=(18, 1800),
            possible=(5, 6600),
            max_age_days=1,
            example={"value": 150, "unit": "umol/L"},
        ),
        boolean(
            "encephalopathy_severe", "Encephalopathy of grade 3 or 4", ask="Is the encephalopathy of grade 3 or 4?"
        ),
    ),
    notes=("Specific but not sensitive: not meeting them does not mean survival",),
    result=Result(
        "King's College criteria",
        source="doi:10.5500/wjt.v15.i3.101865",
        codes=(
            Code("not_met", "not met", "the criteria are not met"),
            Code("met", "met", "the criteria of a poor outcome without a transplant are met"),
        ),
    ),
    references=(
        Reference(
            "King's College criteria for selection of acute hepatic failure patients suitable for liver "
            "transplantation. World J Transplant 2025;15:101865 (table 1).",
            "definition",
            doi="10.5500/wjt.v15.i3.101865",
            verified=Verified(
                "http://www.wjgnet.com/2220-3230/full/v15/i3/101865-T1.htm",
                "2026-11-22",
                "World Journal of Transplantation; the same at BMJ Best Practice, which says how sensitive they are",
                "pH below 7.30, or INR above 6.5 with creatinine above 300 umol/L and grade III or IV",
            ),
        ),
    ),
    compute=kings_college_paracetamol,
)
