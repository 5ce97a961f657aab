"""Edoxaban in non-valvular atrial fibrillation: whether the label's criteria for the reduced dose are met."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Code, Outcome, Result, Term
from tools.calculators.common import AGE, boolean
from tools.calculators.dosing_inputs import CRCL, DOSING_WEIGHT, LABEL_NOTE, UNSTABLE, if_stable
from tools.calculators.reference import Reference, Verified

SOURCE = "http://lixiana-hcp.co.uk/pi/"
US_SOURCE = "https://www.hematologyadvisor.com/drug/savaysa/"


def edoxaban_af_dose(age: float, crcl: float, weight: float, pgp_inhibitor: bool, unstable_creatinine: bool) -> Outcome:
    """`outside` below 15 mL/min; `reduced` where one criterion is met; else `full`; age only gates."""
    met = {
        "Creatinine clearance 15 to 50 mL/min": 15 <= crcl <= 50,
        "Body weight 60 kg or less": weight <= 60,
        "Ciclosporin, dronedarone, erythromycin or ketoconazole": pgp_inhibitor,
    }
    band = "outside" if crcl < 15 else "reduced" if any(met.values()) else "full"
    terms = (Term("Age", age, "a"), *(Term(name, holds) for name, holds in met.items()))
    return if_stable(unstable_creatinine, band, *terms)


CALCULATOR = Calculator(
    name="edoxaban_af_dose",
    title="Edoxaban dose criteria in atrial fibrillation (European label)",
    synonyms=("edoxaban dose", "Lixiana dose", "Savaysa dose", "edoxaban dose reduction", "reduced dose edoxaban"),
    purpose="Says whether an adult with non-valvular atrial fibrillation meets one of the European label's criteria "
    "for the reduced dose of edoxaban: creatinine clearance, low body weight, an interacting drug.",
    specialty="cardiology",
    inputs=(
        AGE.but(monotone=False, plausible=(18, 110)),
        CRCL.but(cuts=(15.0, 50.0)),
        DOSING_WEIGHT.but(cuts=(60.0,), monotone=False),
        boolean(
            "pgp_inhibitor",
            "Ciclosporin, dronedarone, erythromycin or ketoconazole",
            ask="Is ciclosporin, dronedarone, erythromycin or ketoconazole taken?",
        ),
        UNSTABLE,
    ),
    population=ADULTS,
    notes=(
        "The United States label (Savaysa) differs: reduced for a clearance of 15 to 50 mL/min only, not for weight or "
        "other drugs, and not for use above 95 mL/min",
        "Not for use on dialysis either, whatever clearance is worked out",
        LABEL_NOTE,
    ),
    result=Result(
        "Label dose",
        source=SOURCE,
        codes=(
            Code("outside", "not for use below 15 mL/min", "creatinine clearance below 15 mL/min"),
            Code("reduced", "30 mg once daily", "at least one of three criteria"),
            Code("full", "60 mg once daily", "none of the criteria"),
        ),
    ),
    references=(
        Reference(
            "Lixiana (edoxaban), prescribing information of the United Kingdom: posology.",
            "definition",
            url=SOURCE,
            verified=Verified(
                SOURCE,
                "2026-11-22",
                "Daiichi Sankyo; MIMS Hong Kong agrees; its checklist (copy at paperzz.com) for the lower limit "
                "and dialysis",
                "60 mg; 30 mg with a clearance of 15 to 50, 60 kg or less, or one of four named drugs; not below 15",
            ),
        ),
        Reference(
            "Savaysa (edoxaban), drug monograph: adult dosage in the United States.",
            "definition",
            url=US_SOURCE,
            verified=Verified(
                US_SOURCE,
                "2026-11-22",
                "Hematology Advisor; a copy of the label's highlights agrees",
                "in atrial fibrillation 60 mg above 50 mL/min, 30 mg at 15 to 50, not above 95",
            ),
        ),
    ),
    compute=edoxaban_af_dose,
)
