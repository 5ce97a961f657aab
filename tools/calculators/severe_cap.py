"""Severe community-acquired pneumonia by the IDSA/ATS 2007 criteria, still in use in 2019 and 2025."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, Term
from tools.calculators.common import RESPIRATORY_RATE, TEMPERATURE, boolean, quantity
from tools.calculators.infection_inputs import CONFUSION, PLATELETS
from tools.calculators.reference import Reference, Verified


def severe_cap(
    mechanical_ventilation: bool,
    vasopressor: bool,
    respiratory_rate: float,
    hypoxaemia: bool,
    multilobar: bool,
    confusion: bool,
    uraemia: bool,
    wbc: float,
    platelets: float,
    temperature: float,
    hypotension_fluids: bool,
) -> Outcome:
    """`severe` with one major or three minor criteria."""
    major = {"Invasive mechanical ventilation": mechanical_ventilation, "Shock with a vasopressor": vasopressor}
    minor = {
        "Respiratory rate 30/min or more": respiratory_rate >= 30,
        "PaO2/FiO2 250 or less": hypoxaemia,
        "Multilobar infiltrates": multilobar,
        "Confusion": confusion,
        "Urea nitrogen 20 mg/dL or more": uraemia,
        "White cells below 4": wbc < 4,
        "Platelets below 100": platelets < 100,
        "Temperature below 36 °C": temperature < 36,
        "Hypotension that needs aggressive fluids": hypotension_fluids,
    }
    count = sum(minor.values())
    terms = tuple(Term(name, holds) for name, holds in (major | minor).items())
    severe = any(major.values()) or count >= 3
    return Outcome("severe" if severe else "not_severe", (*terms, Term("Minor criteria", float(count))))


CALCULATOR = Calculator(
    name="severe_cap",
    title="Severe community-acquired pneumonia (IDSA/ATS criteria)",
    synonyms=("IDSA/ATS severe pneumonia", "severe CAP criteria", "ATS severity criteria"),
    purpose="Says whether community-acquired pneumonia of an adult is severe: one major or three minor criteria.",
    specialty="respiratory medicine",
    inputs=(
        boolean("mechanical_ventilation", "Invasive mechanical ventilation", ask="Intubated and ventilated?"),
        boolean("vasopressor", "Vasopressor for septic shock", ask="Septic shock on a vasopressor?"),
        RESPIRATORY_RATE.but(cuts=(30.0,)),
        boolean("hypoxaemia", "PaO2/FiO2 250 or less", ask="PaO2/FiO2 of 250 or less, or non-invasive ventilation?"),
        boolean("multilobar", "Multilobar infiltrates", ask="Infiltrates in more than one lobe?"),
        CONFUSION,
        boolean("uraemia", "Urea nitrogen 20 mg/dL or more", ask="Urea nitrogen 20 mg/dL (urea 7.14 mmol/L) or more?"),
        quantity(
            "wbc",
            "White cell count",
            "10*9/L",
            plausible=(0.5, 60),
            possible=(0.01, 1000),
            cuts=(4.0,),
            max_age_days=2,
            codings=("loinc:6690-2",),
            example={"value": 13, "unit": "10*9/L"},
        ),
        PLATELETS.but(cuts=(100.0,)),
        TEMPERATURE.but(cuts=(36.0,)),
        boolean("hypotension_fluids", "Hypotension that needs aggressive fluids", ask="Hypotension despite fluids?"),
    ),
    result=Result(
        "Severity",
        source="doi:10.1164/rccm.201908-1581ST",
        codes=(
            Code("not_severe", "not severe", "no major and fewer than three minor criteria"),
            Code("severe", "severe", "a major or at least three minor criteria"),
        ),
    ),
    references=(
        Reference(
            "Metlay JP, et al. Diagnosis and treatment of adults with community-acquired pneumonia (ATS/IDSA). "
            "Am J Respir Crit Care Med 2019;200:e45-e67.",
            "definition",
            doi="10.1164/rccm.201908-1581ST",
            pmid="31573350",
            verified=Verified(
                "https://bmcinfectdis.biomedcentral.com/articles/10.1186/s12879-022-07552-7/tables/2",
                "2026-11-22",
                "BMC Infectious Diseases, table 2; American Family Physician for one major or three minor criteria",
                "the two major and nine minor criteria with their limits",
            ),
        ),
    ),
    compute=severe_cap,
)
