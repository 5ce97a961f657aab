"""Acetylcysteine by vein in paracetamol poisoning: the three infusions of the 21-hour regimen."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Population, Result, Term
from tools.calculators.common import WEIGHT
from tools.calculators.reference import Reference, Verified

SOURCE = "https://globalrph.com/rx-list/acetadote-drug"


def acetylcysteine_iv_dose(weight: float) -> Outcome:
    """Total dose in mg; weight in kg, counted up to 100 kg."""
    counted = min(weight, 100.0)
    terms = (
        Term("First infusion, over 1 hour", 150.0 * counted, "mg", "150 mg/kg"),
        Term("Second infusion, over 4 hours", 50.0 * counted, "mg", "50 mg/kg"),
        Term("Third infusion, over 16 hours", 100.0 * counted, "mg", "100 mg/kg"),
    )
    return Outcome(300.0 * counted, terms)


CALCULATOR = Calculator(
    name="acetylcysteine_iv_dose",
    title="Acetylcysteine by vein, 21-hour regimen (United States label)",
    synonyms=("NAC dose", "acetylcysteine dose", "N-acetylcysteine", "Acetadote", "Parvolex",
              "paracetamol overdose antidote dose"),
    purpose="Works out the three infusions of the antidote of paracetamol (acetaminophen) poisoning from body weight.",
    specialty="emergency medicine",
    inputs=(WEIGHT.but(plausible=(5, 250), max_age_days=30, ask="Body weight, and when it was measured"),),
    population=Population("people of 5 kg or more", at_least={"weight": 5}),
    notes=(
        "Weight counts up to 100 kg (in the British regimen to 110 kg); the volumes to dilute in depend on weight",
        "The label also has a regimen of two infusions from 41 kg with the same total: 200 mg/kg over 4 hours, then "
        "100 mg/kg over 16 hours",
        "Whether it is needed is read from the nomogram and the history, not here",
    ),
    result=Result("Total dose", "mg"),
    references=(
        Reference(
            "Acetadote (acetylcysteine) injection, United States prescribing information: dosage and administration.",
            "definition",
            url=SOURCE,
            verified=Verified(
                SOURCE,
                "2026-11-22",
                "GlobalRPh, text of the label; its dilution page for above 100 kg, Epocrates for the two infusions",
                "150, 50 and 100 mg/kg over 1, 4 and 16 hours; above 100 kg 15, 5 and 10 g; from 5 kg",
            ),
        ),
    ),
    compute=acetylcysteine_iv_dose,
)  # fmt: skip
