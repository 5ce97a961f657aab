"""SMART-COP: intensive support in community-acquired pneumonia."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, HEART_RATE, RESPIRATORY_RATE, SPO2, SYSTOLIC, boolean, choice
from tools.calculators.critical_inputs import PAO2_FIO2
from tools.calculators.gases import ARTERIAL_PH, PAO2
from tools.calculators.hepatology import ALBUMIN
from tools.calculators.infection_inputs import CONFUSION
from tools.calculators.reference import Reference, Verified

OXYGENATION_BY = {"spo2": "saturation", "pao2": "PaO2 on air", "pao2_fio2": "PaO2/FiO2"}


def _poor(measured_by: str, young: bool, spo2: float, pao2: float, pao2_fio2: float) -> bool:
    if measured_by == "spo2":
        return spo2 <= (93 if young else 90)
    return pao2 < (70 if young else 60) if measured_by == "pao2" else pao2_fio2 < (333 if young else 250)


def smart_cop(
    age: float,
    systolic_bp: float,
    multilobar: bool,
    albumin: float,
    respiratory_rate: float,
    heart_rate: float,
    confusion: bool,
    oxygenation_by: str,
    spo2: float,
    pao2: float,
    pao2_fio2: float,
    arterial_ph: float,
) -> Outcome:
    """0 to 11 points."""
    return points(
        ("Systolic pressure below 90 mmHg", systolic_bp < 90, 2),
        ("Multilobar infiltrates", multilobar, 1),
        ("Albumin below 3.5 g/dL", albumin < 3.5, 1),
        ("Respiratory rate 25, or 30 above 50 years", respiratory_rate >= (25 if age <= 50 else 30), 1),
        ("Heart rate 125 or more", heart_rate >= 125, 1),
        ("New confusion", confusion, 1),
        ("Poor oxygenation for age", _poor(oxygenation_by, age <= 50, spo2, pao2, pao2_fio2), 2),
        ("Arterial pH below 7.35", arterial_ph < 7.35, 2),
    )


CALCULATOR = Calculator(
    name="smart_cop",
    title="SMART-COP",
    synonyms=("SMART-COP", "SMARTCOP"),
    purpose=("Scores how likely an adult with community-acquired pneumonia is to need ventilation or vasopressors."),
    specialty="respiratory medicine",
    inputs=(
        AGE.but(cuts=(50.0,), plausible=(18, 110)),
        SYSTOLIC.but(cuts=(90.0,)),
        boolean("multilobar", "Multilobar infiltrates", ask="More than one lobe on the chest film?"),
        ALBUMIN.but(cuts=(3.5,), max_age_days=2),
        RESPIRATORY_RATE.but(cuts=(25.0, 30.0)),
        HEART_RATE.but(cuts=(125.0,)),
        CONFUSION,
        choice("oxygenation_by", "Oxygenation measured by", OXYGENATION_BY, default="spo2"),
        SPO2.but(cuts=(90.0, 93.0)),
        PAO2.but(cuts=(60.0, 70.0), monotone=False),
        PAO2_FIO2.but(cuts=(250.0, 333.0)),
        ARTERIAL_PH.but(cuts=(7.35,)),
    ),
    population=ADULTS,
    notes=("Oxygenation counts by the measure chosen; any one of the three is enough in the publication",),
    result=Result(
        "SMART-COP",
        noun="points",
        source="doi:10.1086/589754",
        bands=(
            Band("below the limit that identified 92 % of those with intensive support"),
            Band("at or above that limit", 3),
        ),
    ),
    references=(
        Reference(
            (
                "Charles PG, et al. SMART-COP: a tool for predicting the need for intensive respiratory or "
                "vasopressor support in community-acquired pneumonia. Clin Infect Dis 2008;47:375-384."
            ),
            "derivation",
            doi="10.1086/589754",
            pmid="18558884",
            verified=Verified(
                "https://www.medicalalgorithms.com/smart-cop",
                "2026-11-22",
                "The Medical Algorithms Company; EBMcalc for the DOI",
                (
                    "the points of the eight items with limits by age; 3 or more identified 92 % of those who had "
                    "intensive support"
                ),
            ),
        ),
    ),
    compute=smart_cop,
)
