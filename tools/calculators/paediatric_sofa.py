"""Paediatric SOFA: organ dysfunction of a child, with limits by age."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Population, Result, points
from tools.calculators.common import AGE, CREATININE, boolean, choice
from tools.calculators.critical_inputs import GCS, MEAN_PRESSURE, PAO2_FIO2
from tools.calculators.hepatology import BILIRUBIN
from tools.calculators.infection_inputs import PLATELETS
from tools.calculators.reference import Reference, Verified
from tools.calculators.sofa import VASOACTIVE

OXYGENATION_BY = {"pao2_fio2": "PaO2/FiO2", "spo2_fio2": "SpO2/FiO2"}
# Upper ends of the age rows in years; 216 months still belong to the row before adults.
AGES = (1 / 12, 1.0, 2.0, 5.0, 12.0)
PRESSURE = (46, 55, 60, 62, 65, 67, 70)
KIDNEY = (
    (0.8, 1.0, 1.2, 1.6),
    (0.3, 0.5, 0.8, 1.2),
    (0.4, 0.6, 1.1, 1.5),
    (0.6, 0.9, 1.6, 2.3),
    (0.7, 1.1, 1.8, 2.6),
    (1.0, 1.7, 2.9, 4.2),
    (1.2, 2.0, 3.5, 5.0),
)


def _row(age: float) -> int:
    return sum(age >= end for end in AGES) + (age > 18)


def _lungs(ratio: float, limits: tuple[float, ...], support: bool) -> int:
    mild = sum(ratio < limit for limit in limits[:2])
    return mild + (sum(ratio < limit for limit in limits[2:]) if support else 0)


def paediatric_sofa(
    age: float,
    oxygenation_by: str,
    pao2_fio2: float,
    spo2_fio2: float,
    respiratory_support: bool,
    platelets: float,
    bilirubin: float,
    mean_pressure: float,
    vasoactive: str,
    gcs: float,
    creatinine: float,
) -> Outcome:
    """0 to 24 points."""
    row = _row(age)
    by_gas = _lungs(pao2_fio2, (400, 300, 200, 100), respiratory_support)
    by_oximeter = _lungs(spo2_fio2, (292, 264, 221, 148), respiratory_support)
    lungs = by_gas if oxygenation_by == "pao2_fio2" else by_oximeter
    # The row of 2 points needs no support: 200 to 299 of PaO2/FiO2, 221 to 264 of SpO2/FiO2.
    circulation = {"none": int(mean_pressure < PRESSURE[row]), "low": 2, "medium": 3, "high": 4}[vasoactive]
    kidneys = sum(creatinine >= limit for limit in KIDNEY[row])
    return points(
        ("Respiration", lungs > 0, lungs),
        ("Coagulation", platelets < 150, sum(platelets < limit for limit in (150, 100, 50, 20))),
        ("Liver", bilirubin >= 1.2, sum(bilirubin >= limit for limit in (1.2, 2, 6, 12))),
        ("Circulation", circulation > 0, circulation),
        ("Nervous system", gcs < 15, sum(gcs < limit for limit in (15, 13, 10, 6))),
        ("Kidneys", kidneys > 0, kidneys),
    )


CALCULATOR = Calculator(
    name="paediatric_sofa",
    title="Paediatric SOFA (pSOFA)",
    synonyms=("pSOFA", "pediatric SOFA", "paediatric sequential organ failure assessment"),
    purpose=(
        "Scores organ dysfunction of a critically ill child from six systems, with limits of blood "
        "pressure and creatinine for the age."
    ),
    specialty="paediatrics",
    inputs=(
        AGE.but(plausible=(0, 18), cuts=(1 / 12, 1.0, 2.0, 5.0, 12.0, 18.0)),
        choice("oxygenation_by", "Oxygenation measured by", OXYGENATION_BY, default="pao2_fio2"),
        PAO2_FIO2.but(cuts=(100.0, 200.0, 300.0, 400.0)),
        PAO2_FIO2.but(
            name="spo2_fio2",
            title="SpO2/FiO2",
            unit="1",
            cuts=(148.0, 221.0, 264.0, 292.0),
            plausible=(40, 480),
            possible=(5, 500),
            ask="SpO2 in % over inspired oxygen fraction, SpO2 97 % or less?",
            example={"value": 460, "unit": "1"},
        ),
        boolean("respiratory_support", "Respiratory support", ask="On respiratory support?"),
        PLATELETS.but(cuts=(20.0, 50.0, 100.0, 150.0)),
        BILIRUBIN.but(cuts=(1.2, 2.0, 6.0, 12.0), max_age_days=2),
        MEAN_PRESSURE.but(cuts=(46.0, 55.0, 60.0, 62.0, 65.0, 67.0, 70.0)),
        choice("vasoactive", "Vasoactive drug", VASOACTIVE, ask="Which, at what dose?"),
        GCS.but(cuts=(6.0, 10.0, 13.0, 15.0)),
        CREATININE.but(cuts=tuple(sorted({limit for row in KIDNEY for limit in row})), max_age_days=2),
    ),
    population=Population("children and adolescents (under 21 years)", below={"age": 21}),
    notes=("SpO2/FiO2 stands in where there is no arterial gas, with a saturation of 97 % or less",),
    example_inputs={
        "age": {"value": 6, "unit": "a"},
        "creatinine": {"value": 0.5, "unit": "mg/dL"},
        "mean_pressure": {"value": 75, "unit": "mm[Hg]"},
    },
    result=Result("pSOFA", noun="points"),
    references=(
        Reference(
            (
                "Matics TJ, Sanchez-Pinto LN. Adaptation and validation of a pediatric sequential organ failure "
                "assessment score and evaluation of the Sepsis-3 definitions in critically ill children. JAMA "
                "Pediatr 2017;171:e172352."
            ),
            "derivation",
            doi="10.1001/jamapediatrics.2017.2352",
            pmid="28783810",
            verified=Verified(
                "https://medicalcriteria.com/web/psofa/",
                "2026-11-22",
                "Medical Criteria; PMC10561114 table 2 for the creatinine rows",
                "the limits and points of the six systems by age",
            ),
        ),
    ),
    compute=paediatric_sofa,
)
