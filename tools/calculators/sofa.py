"""SOFA: sequential organ failure assessment, six organ systems."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import CREATININE, boolean, quantity
from tools.calculators.infection_inputs import PLATELETS
from tools.calculators.inputs import Input
from tools.calculators.reference import Reference, Verified

VASOACTIVE = {
    "none": "none",
    "low": "dopamine below 5, or dobutamine at any dose (ug/kg/min)",
    "medium": "dopamine 5.1 to 15, or epinephrine or norepinephrine up to 0.1 ug/kg/min",
    "high": "dopamine above 15, or epinephrine or norepinephrine above 0.1 ug/kg/min",
}
URINE = {"normal": "500 mL or more", "below_500": "below 500 mL", "below_200": "below 200 mL"}


def _below(value: float, *limits: float) -> int:
    """How many of the limits the value is below."""
    return sum(value < limit for limit in limits)


def _from(value: float, *limits: float) -> int:
    """How many of the limits the value reaches."""
    return sum(value >= limit for limit in limits)


def sofa(
    pao2_fio2: float,
    respiratory_support: bool,
    platelets: float,
    bilirubin: float,
    mean_pressure: float,
    vasoactive: str,
    gcs: float,
    creatinine: float,
    urine_output: str,
) -> Outcome:
    """0 to 24 points."""
    lungs = _below(pao2_fio2, 400, 300) + (_below(pao2_fio2, 200, 100) if respiratory_support else 0)
    circulation = {"none": int(mean_pressure < 70), "low": 2, "medium": 3, "high": 4}[vasoactive]
    kidneys = max(_from(creatinine, 1.2, 2.0, 3.5, 5.0), {"normal": 0, "below_500": 3, "below_200": 4}[urine_output])
    return points(
        ("Respiration", lungs > 0, lungs),
        ("Coagulation", platelets < 150, _below(platelets, 150, 100, 50, 20)),
        ("Liver", bilirubin >= 1.2, _from(bilirubin, 1.2, 2.0, 6.0, 12.0)),
        ("Circulation", circulation > 0, circulation),
        ("Central nervous system", gcs < 15, _below(gcs, 15, 13, 10, 6)),
        ("Kidneys", kidneys > 0, kidneys),
    )


CALCULATOR = Calculator(
    name="sofa",
    title="SOFA",
    synonyms=("sequential organ failure assessment", "SOFA score", "organ failure score"),
    purpose="Scores the failure of six organ systems of an adult in hospital.",
    specialty="critical care",
    inputs=(
        quantity(
            "pao2_fio2",
            "PaO2/FiO2",
            "mm[Hg]",
            plausible=(40, 650),
            possible=(10, 800),
            cuts=(100.0, 200.0, 300.0, 400.0),
            max_age_days=1,
            example={"value": 420, "unit": "mm[Hg]"},
        ),
        boolean("respiratory_support", "Respiratory support", ask="Mechanical ventilation or other support?"),
        PLATELETS.but(cuts=(20.0, 50.0, 100.0, 150.0), max_age_days=1),
        quantity(
            "bilirubin",
            "Total bilirubin",
            "mg/dL",
            analyte="bilirubin",
            plausible=(0.1, 40),
            possible=(0.01, 100),
            cuts=(1.2, 2.0, 6.0, 12.0),
            max_age_days=1,
            codings=("loinc:1975-2",),
            example={"value": 0.6, "unit": "mg/dL"},
        ),
        quantity(
            "mean_pressure",
            "Mean arterial pressure",
            "mm[Hg]",
            plausible=(30, 160),
            possible=(10, 250),
            cuts=(70.0,),
            max_age_days=1,
            codings=("loinc:8478-0",),
            example={"value": 88, "unit": "mm[Hg]"},
        ),
        Input("vasoactive", "code", "Vasoactive drug", choices=VASOACTIVE, example="none", ask="Which, at what dose?"),
        quantity(
            "gcs",
            "Glasgow Coma Scale",
            "1",
            plausible=(3, 15),
            possible=(3, 15),
            cuts=(6.0, 10.0, 13.0, 15.0),
            max_age_days=1,
            codings=("loinc:9269-2",),
            example={"value": 15, "unit": "1"},
        ),
        CREATININE.but(cuts=(1.2, 2.0, 3.5, 5.0), max_age_days=1),
        Input("urine_output", "code", "Urine output a day", choices=URINE, example="normal", ask="Urine in 24 hours?"),
    ),
    notes=(
        "Limits in mg/dL; molar values are converted, which differs from the rounded molar limits at the edge",
        "Sepsis-3 counts the rise over the patient's own baseline, taken as 0 where none is known",
    ),
    result=Result(
        "SOFA",
        noun="points",
        source="doi:10.1001/jama.2016.0287",
        bands=(Band("below 2 points"), Band("2 points or more", 2)),
    ),
    references=(
        Reference(
            "Singer M, et al. The Third International Consensus Definitions for Sepsis and Septic Shock (Sepsis-3). "
            "JAMA 2016;315:801-810. Table 1, after Vincent 1996.",
            "definition",
            doi="10.1001/jama.2016.0287",
            pmid="26903338",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC4968574/table/T1",
                "2026-11-22",
                "PubMed Central, table 1 of the paper",
                "the limits and points of the six systems",
            ),
        ),
    ),
    compute=sofa,
)
