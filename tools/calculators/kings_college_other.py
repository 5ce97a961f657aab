"""King's College criteria in acute liver failure not from paracetamol."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, Term
from tools.calculators.common import (
    AGE,
    boolean,
)
from tools.calculators.hepatology import BILIRUBIN, INR
from tools.calculators.reference import Reference, Verified


def kings_college_other(
    inr: float,
    age: float,
    unfavourable_cause: bool,
    late_encephalopathy: bool,
    bilirubin: float,
) -> Outcome:
    """Met by an INR above 6.5 or by three of five; bilirubin in umol/L."""
    minor = {
        "Age below 10 or above 40": age < 10 or age > 40,
        "Unfavourable cause": unfavourable_cause,
        "Jaundice over 7 days before encephalopathy": late_encephalopathy,
        "INR above 3.5": inr > 3.5,
        "Bilirubin above 300 µmol/L": bilirubin > 300,
    }
    terms = (Term("INR above 6.5", inr > 6.5), *(Term(name, holds) for name, holds in minor.items()))
    return Outcome("met" if inr > 6.5 or sum(minor.values()) >= 3 else "not_met", terms)


CALCULATOR = Calculator(
    name="kings_college_other",
    title="King's College criteria (not paracetamol)",
    synonyms=(
        "King's College criteria non-acetaminophen",
        "KCC non-paracetamol",
        "Kings College criteria viral",
        "non-paracetamol acute liver failure criteria",
    ),
    purpose="Tells whether acute liver failure of another cause than paracetamol has the signs of a poor outcome "
    "without a transplant.",
    specialty="hepatology",
    inputs=(
        INR.but(cuts=(3.5, 6.5), max_age_days=1),
        AGE.but(cuts=(10.0, 40.0), monotone=False, plausible=(0, 100), example={"value": 35, "unit": "a"}),
        boolean(
            "unfavourable_cause",
            "Unfavourable cause",
            ask="Hepatitis that is neither A nor B (indeterminate), or an idiosyncratic drug reaction?",
        ),
        boolean(
            "late_encephalopathy",
            "Jaundice over 7 days before encephalopathy",
            ask="Did more than 7 days pass from jaundice to encephalopathy?",
        ),
        BILIRUBIN.but(
            unit="umol/L",
            cuts=(300.0,),
            plausible=(2, 850),
            possible=(0.2, 1710),
            max_age_days=2,
            example={"value": 180, "unit": "umol/L"},
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
                "World Journal of Transplantation; the same at BMJ Best Practice and in Gut",
                "INR above 6.5, or three of age, cause, interval, INR above 3.5 and bilirubin above 300 umol/L",
            ),
        ),
    ),
    compute=kings_college_other,
)
