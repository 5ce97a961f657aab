"""Rivaroxaban in non-valvular atrial fibrillation: the dose band of the European label by creatinine clearance."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Code, Outcome, Result, Term
from tools.calculators.common import AGE
from tools.calculators.dosing_inputs import CRCL, LABEL_NOTE, UNSTABLE, if_stable
from tools.calculators.reference import Reference, Verified

SOURCE = "https://pmc.ncbi.nlm.nih.gov/articles/PMC6671778/table/clc23196-tbl-0003"


def rivaroxaban_af_dose(age: float, crcl: float, unstable_creatinine: bool) -> Outcome:
    """`full` from 50 mL/min, `reduced` from 15, `reduced_caution` below 30, `outside` below 15; age only gates."""
    band = "outside" if crcl < 15 else "reduced_caution" if crcl < 30 else "reduced" if crcl < 50 else "full"
    return if_stable(unstable_creatinine, band, Term("Age", age, "a"), Term("Creatinine clearance", crcl, "mL/min"))


CALCULATOR = Calculator(
    name="rivaroxaban_af_dose",
    title="Rivaroxaban dose band in atrial fibrillation (European label)",
    synonyms=("rivaroxaban dose", "Xarelto dose", "rivaroxaban renal dose", "rivaroxaban dose reduction"),
    purpose="Says which dose of rivaroxaban the European label gives an adult with non-valvular atrial fibrillation at "
    "a creatinine clearance.",
    specialty="cardiology",
    inputs=(AGE.but(monotone=False, plausible=(18, 110)), CRCL.but(cuts=(15.0, 30.0, 50.0)), UNSTABLE),
    population=ADULTS,
    notes=("Atrial fibrillation only; other indications have doses of their own; taken with food", LABEL_NOTE),
    result=Result(
        "Label dose",
        source=SOURCE,
        codes=(
            Code("outside", "not for use below 15 mL/min", "creatinine clearance below 15 mL/min"),
            Code("reduced_caution", "15 mg once daily, with caution", "creatinine clearance 15 to 29 mL/min"),
            Code("reduced", "15 mg once daily", "creatinine clearance 30 to 49 mL/min"),
            Code("full", "20 mg once daily", "creatinine clearance 50 mL/min or more"),
        ),
    ),
    references=(
        Reference(
            "Oral anticoagulants by creatinine clearance (Cockcroft-Gault) in atrial fibrillation. Clin Cardiol 2019 "
            "(table 3 of PMC6671778).",
            "definition",
            url=SOURCE,
            verified=Verified(
                SOURCE,
                "2026-11-22",
                "Clinical Cardiology, table 3; Bayer's prescriber aid for caution (knowledge base: rivaroxaban-label)",
                "20 mg once daily; 15 mg with a clearance below 50 mL/min; caution in severe impairment; not below 15",
            ),
        ),
    ),
    compute=rivaroxaban_af_dose,
)
