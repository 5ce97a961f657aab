"""Alteplase in acute ischaemic stroke: total dose, bolus and infusion by body weight."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Outcome, Result, Term
from tools.calculators.common import AGE
from tools.calculators.dosing_inputs import DOSING_WEIGHT
from tools.calculators.reference import Reference, Verified

SOURCE = (
    "https://www.rcemlearning.co.uk/modules/stroke-in-the-ed/lessons/management-4/topic/"
    "treatment-guidelines-for-thrombolysis-of-acute-ischaemic-stroke/"
)


def alteplase_stroke_dose(age: float, weight: float) -> Outcome:
    """Total dose in mg, at most 90; weight in kg; age only gates."""
    total = min(0.9 * weight, 90.0)
    terms = (
        Term("Age", age, "a"),
        Term("Bolus, a tenth", 0.1 * total, "mg"),
        Term("Infusion over 60 minutes, the rest", 0.9 * total, "mg"),
    )
    return Outcome(total, terms)


CALCULATOR = Calculator(
    name="alteplase_stroke_dose",
    title="Alteplase dose in ischaemic stroke",
    synonyms=("alteplase dose", "tPA dose", "rt-PA stroke", "thrombolysis dose", "Actilyse"),
    purpose="Works out the total dose, bolus and infusion of alteplase for thrombolysis of an ischaemic stroke from "
    "body weight.",
    specialty="neurology",
    inputs=(AGE.but(monotone=True, plausible=(18, 110)), DOSING_WEIGHT),
    population=ADULTS,
    notes=("The dose of ischaemic stroke, not of myocardial infarction or pulmonary embolism; contraindications are "
           "not looked at here",),
    result=Result("Total dose", "mg", decimals=1),
    references=(
        Reference(
            "RCEM Learning. Stroke in the emergency department: treatment guidelines for thrombolysis.",
            "definition",
            url=SOURCE,
            verified=Verified(
                SOURCE,
                "2026-11-22",
                "RCEM Learning, Royal College of Emergency Medicine; medicalalgorithms.com agrees",
                "0.9 mg/kg, at most 90 mg, over 60 minutes with the first tenth as a bolus",
            ),
        ),
    ),
    compute=alteplase_stroke_dose,
)  # fmt: skip
