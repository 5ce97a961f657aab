"""Fondaparinux against venous thromboembolism: the dose by body weight, with its renal limit."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Code, Outcome, Result, Term
from tools.calculators.common import AGE
from tools.calculators.dosing_inputs import CRCL, DOSING_WEIGHT, LABEL_NOTE, UNSTABLE, if_stable
from tools.calculators.reference import Reference, Verified


def fondaparinux_treatment_dose(age: float, weight: float, crcl: float, unstable_creatinine: bool) -> Outcome:
    """`outside` below 30 mL/min; else 5, 7.5 or 10 mg by weight; age only gates."""
    band = "low" if weight < 50 else "middle" if weight <= 100 else "high"
    terms = (Term("Age", age, "a"), Term("Weight", weight, "kg"), Term("Creatinine clearance", crcl, "mL/min"))
    return if_stable(unstable_creatinine, "outside" if crcl < 30 else band, *terms)


CALCULATOR = Calculator(
    name="fondaparinux_treatment_dose",
    title="Fondaparinux dose for venous thromboembolism by weight",
    synonyms=("fondaparinux dose", "Arixtra dose", "fondaparinux weight", "fondaparinux DVT dose"),
    purpose="Says which daily dose of fondaparinux is stated for an adult with deep vein thrombosis or pulmonary "
    "embolism at a body weight, and where the kidney forbids it.",
    specialty="haematology",
    inputs=(
        AGE.but(monotone=False, plausible=(18, 110)),
        DOSING_WEIGHT.but(cuts=(50.0, 100.0), monotone=False),
        CRCL.but(cuts=(30.0,)),
        UNSTABLE,
    ),
    population=ADULTS,
    notes=(
        "Clearance of the drug is a quarter lower at 50 to 80 mL/min and two fifths lower at 30 to 50 mL/min",
        LABEL_NOTE,
    ),
    result=Result(
        "Stated dose",
        source="doi:10.1007/s40138-013-0014-6",
        codes=(
            Code("outside", "contraindicated below 30 mL/min", "creatinine clearance below 30 mL/min"),
            Code("low", "5 mg once daily", "below 50 kg"),
            Code("middle", "7.5 mg once daily", "50 to 100 kg"),
            Code("high", "10 mg once daily", "above 100 kg"),
        ),
    ),
    references=(
        Reference(
            "Clinical uses of fondaparinux, table 4 of a review of anticoagulants. Curr Emerg Hosp Med Rep "
            "2013;1:83-97.",
            "definition",
            doi="10.1007/s40138-013-0014-6",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC3654192/table/Tab4",
                "2026-11-22",
                "PubMed Central, table 4; Davis's Drug Guide states the same weights",
                "below 50 kg 5 mg, 50 to 100 kg 7.5 mg, above 100 kg 10 mg daily; contraindicated below 30 mL/min",
            ),
        ),
    ),
    compute=fondaparinux_treatment_dose,
)
