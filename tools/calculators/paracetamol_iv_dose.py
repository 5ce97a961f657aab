"""Paracetamol by vein: the largest single dose of the label by body weight, and the most in a day."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import WEIGHT, boolean
from tools.calculators.reference import Reference, Verified

SOURCE = (
    "https://linked.opendata.cz/describe/?distinct=0&url=http%3A%2F%2Flinked.opendata.cz%2Fresource%2Fsukl%2Fspc%2F"
    "sentence%2FSPC157388_doc-4-2-5-1"
)


def paracetamol_iv_dose(weight: float, hepatotoxicity_risk: bool) -> Outcome:
    """Largest single dose in mg; weight in kg."""
    if weight <= 10:
        single, daily = 7.5 * weight, 30.0 * weight
    elif weight <= 33:
        single, daily = 15.0 * weight, min(60.0 * weight, 2000.0)
    elif weight <= 50:
        single, daily = 15.0 * weight, min(60.0 * weight, 3000.0)
    else:
        single, daily = 1000.0, 3000.0 if hepatotoxicity_risk else 4000.0
    return Outcome(single, (Term("Most in 24 hours, from all sources", daily, "mg"),))


CALCULATOR = Calculator(
    name="paracetamol_iv_dose",
    title="Paracetamol by vein: largest dose by weight (European label)",
    synonyms=("paracetamol dose", "acetaminophen dose", "Perfalgan dose", "IV paracetamol", "maximum paracetamol"),
    purpose="Works out the largest single dose of paracetamol by vein, and the most in a day, that the label states "
    "for a body weight, in adults and children.",
    specialty="anaesthesia",
    inputs=(
        WEIGHT.but(plausible=(2, 250), max_age_days=30, ask="Body weight, and when it was measured", monotone=False),
        boolean(
            "hepatotoxicity_risk",
            "Risk factor for liver injury",
            ask="Liver disease, chronic alcohol use, chronic malnutrition or dehydration?",
        ),
    ),
    notes=(
        "By vein, term newborns and older; no data in those born preterm; paracetamol in other medicines counts",
        "What the European label states, no more (the limits of other labels differ): it is no advice on whether it is "
        "needed",
    ),
    result=Result("Largest single dose", "mg", decimals=1),
    references=(
        Reference(
            "Perfalgan 10 mg/mL (paracetamol), summary of product characteristics: dosing by weight, section 4.2.",
            "definition",
            url=SOURCE,
            verified=Verified(
                SOURCE,
                "2026-11-22",
                "linked.opendata.cz, text of the Czech agency SÚKL",
                "7.5 mg/kg up to 10 kg (30 mg/kg a day), 15 mg/kg up to 33 kg (60 mg/kg, 2 g) and up to 50 kg "
                "(60 mg/kg, 3 g), 1 g above (3 g a day with risk factors of liver injury, else 4 g)",
            ),
        ),
    ),
    compute=paracetamol_iv_dose,
)
