"""Phoenix Sepsis Score: organ dysfunction of a child with suspected infection."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, points
from tools.calculators.common import AGE, D_DIMER, boolean, choice, quantity
from tools.calculators.critical_inputs import GCS, LACTATE, MEAN_PRESSURE, PAO2_FIO2
from tools.calculators.hepatology import INR
from tools.calculators.infection_inputs import PLATELETS
from tools.calculators.reference import Reference, Verified

VASOACTIVE_DRUGS = {
    "0": "none",
    "1": "one",
    "2": "two or more",
}
OXYGENATION_BY = {"pao2_fio2": "PaO2/FiO2", "spo2_fio2": "SpO2/FiO2"}
AGES = (1 / 12, 1.0, 2.0, 5.0, 12.0)
# Mean pressure up to the first limit counts 1, below the second 2, by row of age.
PRESSURE = ((30, 17), (38, 25), (43, 31), (44, 32), (48, 36), (51, 38))


def phoenix_sepsis(
    age: float,
    oxygenation_by: str,
    pao2_fio2: float,
    spo2_fio2: float,
    respiratory_support: bool,
    mechanical_ventilation: bool,
    vasoactive_drugs: str,
    lactate: float,
    mean_pressure: float,
    platelets: float,
    inr: float,
    d_dimer: float,
    fibrinogen: float,
    gcs: float,
    fixed_pupils: bool,
) -> Outcome:
    """0 to 13 points."""
    one, two = PRESSURE[sum(age >= end for end in AGES)]
    if oxygenation_by == "pao2_fio2":
        poor, worse, worst = pao2_fio2 < 400, pao2_fio2 <= 200, pao2_fio2 < 100
    else:
        poor, worse, worst = spo2_fio2 < 292, spo2_fio2 <= 220, spo2_fio2 < 148
    supported = respiratory_support or mechanical_ventilation
    lungs = (3 if worst else 2) if mechanical_ventilation and worse else int(poor and supported)
    pressure = 2 if mean_pressure < two else int(mean_pressure <= one)
    clotting = (platelets < 100) + (inr > 1.3) + (d_dimer > 2000) + (fibrinogen < 1.0)
    return points(
        ("Respiration", lungs > 0, lungs),
        ("Vasoactive drugs", vasoactive_drugs != "0", int(vasoactive_drugs)),
        ("Lactate", lactate >= 5, 2 if lactate >= 11 else 1),
        ("Mean arterial pressure for age", pressure > 0, pressure),
        ("Coagulation, at most 2", clotting > 0, min(clotting, 2)),
        ("Nervous system", gcs <= 10 or fixed_pupils, 2 if fixed_pupils else 1),
    )


CALCULATOR = Calculator(
    name="phoenix_sepsis",
    title="Phoenix Sepsis Score",
    synonyms=("Phoenix sepsis criteria", "Phoenix score", "pediatric sepsis score", "paediatric sepsis score"),
    purpose=(
        "Scores life-threatening organ dysfunction of a child with suspected infection, which defines "
        "sepsis and septic shock."
    ),
    specialty="paediatrics",
    inputs=(
        AGE.but(plausible=(0, 17.9), cuts=(1 / 12, 1.0, 2.0, 5.0, 12.0)),
        choice("oxygenation_by", "Oxygenation measured by", OXYGENATION_BY, default="pao2_fio2"),
        PAO2_FIO2.but(cuts=(100.0, 200.0, 400.0)),
        PAO2_FIO2.but(
            name="spo2_fio2",
            title="SpO2/FiO2",
            unit="1",
            cuts=(148.0, 220.0, 292.0),
            plausible=(40, 480),
            possible=(5, 500),
            ask="SpO2 in % over inspired oxygen fraction, SpO2 97 % or less?",
            example={"value": 460, "unit": "1"},
        ),
        boolean("respiratory_support", "Respiratory support", ask="On any respiratory support?"),
        boolean("mechanical_ventilation", "Invasive mechanical ventilation", ask="Intubated and ventilated?"),
        choice(
            "vasoactive_drugs",
            "Number of vasoactive drugs",
            VASOACTIVE_DRUGS,
            ask="How many vasoactive infusions?",
            max_age_days=1,
        ),
        LACTATE.but(cuts=(5.0, 11.0)),
        MEAN_PRESSURE.but(cuts=(17.0, 25.0, 30.0, 31.0, 32.0, 36.0, 38.0, 43.0, 44.0, 48.0, 51.0)),
        PLATELETS.but(cuts=(100.0,)),
        INR.but(cuts=(1.3,), max_age_days=2),
        D_DIMER.but(cuts=(2000.0,), monotone=False),
        quantity(
            "fibrinogen",
            "Fibrinogen",
            "g/L",
            plausible=(0.3, 12),
            possible=(0.05, 30),
            cuts=(1.0,),
            max_age_days=2,
            codings=("loinc:3255-7",),
            example={"value": 3, "unit": "g/L"},
        ),
        GCS.but(cuts=(10.0,)),
        boolean("fixed_pupils", "Both pupils fixed", ask="Are both pupils fixed?"),
    ),
    population=Population(
        "children under 18 years, born at 37 weeks or later, after the birth hospitalisation", below={"age": 18}
    ),
    notes=(
        "The publication counts what was not measured as 0, which is the lower end of a range here",
        "Septic shock: sepsis with a point for the circulation",
    ),
    example_inputs={"age": {"value": 3, "unit": "a"}},
    result=Result(
        "Phoenix Sepsis Score",
        noun="points",
        source="doi:10.1001/jama.2024.0179",
        bands=(
            Band("below the limit of sepsis"),
            Band("sepsis, if infection is suspected", 2),
        ),
    ),
    references=(
        Reference(
            (
                "Schlapbach LJ, et al. International consensus criteria for pediatric sepsis and septic shock. "
                "JAMA 2024;331:665-674."
            ),
            "derivation",
            doi="10.1001/jama.2024.0179",
            pmid="38245889",
            verified=Verified(
                "https://medilib.ir/uptodate/show/143960",
                "2026-11-22",
                "UpToDate, table; Journal of Intensive Care 2025 (Japanese guideline, table 6) for the same",
                (
                    "the points of four systems; with suspected infection 2 points or more are sepsis, and a "
                    "cardiovascular point septic shock"
                ),
            ),
        ),
    ),
    compute=phoenix_sepsis,
)
