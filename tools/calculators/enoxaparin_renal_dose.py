"""Enoxaparin: the regimen of the European label by creatinine clearance."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Code, Outcome, Result, Term
from tools.calculators.common import AGE
from tools.calculators.dosing_inputs import CRCL, DOSING_WEIGHT, LABEL_NOTE, UNSTABLE, if_stable
from tools.calculators.reference import Reference, Verified

SOURCE = "https://www.vtematters.ie/hcp/clexane/use-in-patients-with-renal-impairment"


def enoxaparin_renal_dose(age: float, crcl: float, weight: float, unstable_creatinine: bool) -> Outcome:
    """`outside` below 15 mL/min, `reduced` below 30, else `usual`; age only gates."""
    band = "outside" if crcl < 15 else "reduced" if crcl < 30 else "usual"
    terms = (
        Term("Age", age, "a"),
        Term("Creatinine clearance", crcl, "mL/min"),
        Term("1 mg/kg (100 IU/kg)", weight, "mg"),
    )
    return if_stable(unstable_creatinine, band, *terms)


CALCULATOR = Calculator(
    name="enoxaparin_renal_dose",
    title="Enoxaparin regimen by creatinine clearance (European label)",
    synonyms=("enoxaparin dose", "Clexane dose", "Lovenox dose", "LMWH renal dose", "enoxaparin renal impairment"),
    purpose="Says which regimen of enoxaparin the European label gives an adult at a creatinine clearance, and what "
    "1 mg/kg is at the body weight.",
    specialty="haematology",
    inputs=(
        AGE.but(monotone=False, plausible=(18, 110)),
        CRCL.but(cuts=(15.0, 30.0)),
        DOSING_WEIGHT.but(cuts=(1.0,), monotone=False),
        UNSTABLE,
    ),
    population=ADULTS,
    notes=(
        "In the reduced regimen: prophylaxis 20 mg (2,000 IU) once daily; venous thrombosis and unstable angina "
        "1 mg/kg (100 IU/kg) once daily; infarction with ST elevation has doses of its own by age",
        "The label's ranges meet at 30 mL/min, which is read as the upper one; 30 to 80 mL/min: no other dose, "
        "careful monitoring",
        LABEL_NOTE,
    ),
    result=Result(
        "Label regimen",
        source=SOURCE,
        codes=(
            Code("outside", "not for use below 15 mL/min", "creatinine clearance below 15 mL/min"),
            Code("reduced", "regimen for severe impairment: once daily", "creatinine clearance 15 to 29 mL/min"),
            Code("usual", "usual regimen", "creatinine clearance 30 mL/min or more"),
        ),
    ),
    references=(
        Reference(
            "Clexane (enoxaparin): use in patients with renal impairment, from the summary of product characteristics.",
            "definition",
            url=SOURCE,
            verified=Verified(
                SOURCE,
                "2026-11-22",
                "vtematters.ie, the company's page for professionals in Ireland",
                "15 to 30 mL/min: 20 mg once daily for prophylaxis, 1 mg/kg once daily for treatment; not below 15",
            ),
        ),
    ),
    compute=enoxaparin_renal_dose,
)
