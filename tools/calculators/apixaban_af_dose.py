"""Apixaban in non-valvular atrial fibrillation: whether the label's criteria for the reduced dose are met."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Code, Outcome, Result, Term
from tools.calculators.common import AGE, CREATININE, WEIGHT
from tools.calculators.reference import Reference, Verified


def apixaban_af_dose(age: float, weight: float, creatinine: float) -> Outcome:
    """`reduced` where at least two of the three criteria are met; weight in kg, creatinine in mg/dL."""
    met = {
        "Age 80 or older": age >= 80,
        "Body weight 60 kg or less": weight <= 60,
        "Serum creatinine 1.5 mg/dL (133 µmol/L) or more": creatinine >= 1.5,
    }
    terms = (*(Term(name, holds) for name, holds in met.items()), Term("Criteria met", float(sum(met.values()))))
    return Outcome("reduced" if sum(met.values()) >= 2 else "full", terms)


CALCULATOR = Calculator(
    name="apixaban_af_dose",
    title="Apixaban dose criteria in atrial fibrillation",
    synonyms=("apixaban dose", "Eliquis dose", "apixaban dose reduction", "reduced dose apixaban"),
    purpose="Says whether an adult with non-valvular atrial fibrillation meets the label's criteria for the reduced "
    "dose of apixaban: at least two of age, low body weight and raised creatinine.",
    specialty="cardiology",
    inputs=(
        AGE.but(cuts=(80.0,), plausible=(18, 110)),
        WEIGHT.but(cuts=(60.0,)),
        CREATININE.but(cuts=(1.5,)),
    ),
    population=ADULTS,
    notes=(
        "Criteria of the label for atrial fibrillation only; interacting drugs, dialysis and severe renal "
        "impairment have rules of their own",
    ),
    result=Result(
        "Label criteria",
        source="https://uat.mimsdev.com/thailand/drug/info/eliquis/dosage",
        codes=(
            Code("full", "reduced dose criteria not met", "fewer than two criteria"),
            Code("reduced", "reduced dose criteria met", "at least two of three criteria"),
        ),
    ),
    references=(
        Reference(
            "Eliquis (apixaban) product information: dosage in atrial fibrillation, as reproduced by MIMS.",
            "definition",
            url="https://uat.mimsdev.com/thailand/drug/info/eliquis/dosage",
            verified=Verified(
                "https://uat.mimsdev.com/thailand/drug/info/eliquis/dosage",
                "2026-11-22",
                "MIMS, from the product information",
                "at least two of: 80 years or older, 60 kg or less, creatinine 1.5 mg/dL or more",
            ),
        ),
    ),
    compute=apixaban_af_dose,
)
