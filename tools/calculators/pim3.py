"""Paediatric Index of Mortality 3: risk of death on admission to intensive care."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Population, Result, Term
from tools.calculators.common import AGE, SYSTOLIC, boolean, choice, quantity
from tools.calculators.gases import FIO2, PAO2
from tools.calculators.reference import Reference, Verified

RECOVERY = {
    "none": "not the main reason",
    "bypass": "cardiac procedure with bypass",
    "cardiac": "cardiac procedure without bypass",
    "other": "non-cardiac procedure",
}
DIAGNOSIS = {
    "none": "none of these",
    "low": "asthma, bronchiolitis, croup, sleep apnoea, ketoacidosis or seizures",
    "high": (
        "cerebral haemorrhage, cardiomyopathy or myocarditis, hypoplastic left heart, neurodegenerative "
        "disorder or necrotising enterocolitis"
    ),
    "very_high": (
        "cardiac arrest before admission, severe combined immune deficiency, leukaemia or lymphoma after "
        "first induction, marrow transplant or liver failure"
    ),
}
RECOVERY_WEIGHT = {"none": 0.0, "bypass": -1.2246, "cardiac": -0.8762, "other": -1.5164}
DIAGNOSIS_WEIGHT = {"none": 0.0, "low": -2.1766, "high": 1.0725, "very_high": 1.6225}


def pim3(
    age: float,
    fixed_pupils: bool,
    elective_admission: bool,
    mechanical_ventilation: bool,
    base_excess: float,
    systolic_bp: float,
    fio2: float,
    pao2: float,
    recovery: str,
    diagnosis_risk: str,
) -> Outcome:
    """Per cent; FiO2 in per cent, pressures in mmHg. Age only decides whether it applies."""
    terms = (
        Term("Pupils", 3.8233 * fixed_pupils),
        Term("Elective admission", -0.5378 * elective_admission),
        Term("Mechanical ventilation", 0.9763 * mechanical_ventilation),
        Term("Base excess", 0.0671 * abs(base_excess)),
        Term("Systolic pressure", -0.0431 * systolic_bp + 0.1716 * systolic_bp**2 / 1000.0),
        Term("FiO2 over PaO2", 0.4214 * fio2 / pao2),
        Term("Recovery from a procedure", RECOVERY_WEIGHT[recovery]),
        Term("Diagnosis", DIAGNOSIS_WEIGHT[diagnosis_risk]),
    )
    logit = math.fsum(float(term.value) for term in terms) - 1.7928
    return Outcome(100.0 / (1.0 + math.exp(-logit)), (*terms, Term("Logit", logit)))


CALCULATOR = Calculator(
    name="pim3",
    title="Paediatric Index of Mortality 3 (PIM3)",
    synonyms=("PIM3", "PIM 3", "pediatric index of mortality 3", "paediatric index of mortality"),
    purpose=(
        "Estimates the risk of death of a child from what is known in the first hour of contact with "
        "paediatric intensive care."
    ),
    specialty="paediatrics",
    inputs=(
        AGE.but(plausible=(0, 15.99)),
        boolean(
            "fixed_pupils",
            "Both pupils fixed",
            ask="Are both pupils above 3 mm and fixed to light, not by drugs or eye injury?",
        ),
        boolean("elective_admission", "Elective admission", ask="Was the admission to intensive care planned?"),
        boolean(
            "mechanical_ventilation", "Mechanical ventilation", ask="Ventilated in the first hour (mask and CPAP too)?"
        ),
        quantity(
            "base_excess",
            "Base excess",
            "mmol/L",
            plausible=(-25, 20),
            possible=(-50, 50),
            max_age_days=1,
            ask="First base excess, arterial or capillary?",
            example={"value": -2, "unit": "mmol/L"},
        ),
        SYSTOLIC.but(plausible=(0, 200), possible=(0, 350), example={"value": 100, "unit": "mm[Hg]"}),
        FIO2,
        PAO2,
        choice("recovery", "Recovery from a procedure", RECOVERY, ask="Admitted to recover from a procedure: which?"),
        choice(
            "diagnosis_risk",
            "Risk of the diagnosis",
            DIAGNOSIS,
            ask="Is the main diagnosis of low, high or very high risk?",
        ),
    ),
    population=Population("children under 16 years on admission to intensive care", below={"age": 16}),
    notes=(
        "For comparing units, not for decisions about one child",
        (
            "Where nothing was measured the publication takes a pressure of 120, a base excess of 0 and 0.23 "
            "for FiO2 over PaO2"
        ),
    ),
    example_inputs={"age": {"value": 4, "unit": "a"}},
    result=Result("Predicted risk of death", "%", decimals=1),
    references=(
        Reference(
            (
                "Straney L, et al. Paediatric Index of Mortality 3: an updated model for predicting mortality in "
                "pediatric intensive care. Pediatr Crit Care Med 2013;14:673-681."
            ),
            "derivation",
            doi="10.1097/PCC.0b013e31829760cf",
            pmid="23863821",
            verified=Verified(
                "https://github.com/informedica/Informedica.PimPrism.Lib",
                "2026-11-22",
                (
                    "Informedica, program of a paediatric intensive care unit; the abstract of the paper and pim3 of "
                    "the Stata archive for items and coding"
                ),
                "the equation with its thirteen coefficients and the three lists of diagnoses",
            ),
        ),
        Reference(
            (
                "Jung JH, et al. Validation of Pediatric Index of Mortality 3 for predicting mortality among "
                "patients admitted to a pediatric intensive care unit. Acute Crit Care 2018;33:170-177."
            ),
            "validation",
            doi="10.4266/acc.2018.00150",
            verified=Verified(
                "http://www.accjournal.org/journal/view.php?number=1150",
                "2026-11-22",
                "Acute and Critical Care, abstract",
                "validation in Korean children of one unit",
            ),
        ),
    ),
    compute=pim3,
)
