"""Modified Glasgow (Imrie) criteria of acute pancreatitis."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE
from tools.calculators.corrected_calcium import CALCIUM
from tools.calculators.critical_inputs import LDH
from tools.calculators.gases import PAO2, WBC
from tools.calculators.glasgow_blatchford import UREA
from tools.calculators.hepatology import ALBUMIN
from tools.calculators.reference import Reference, Verified
from tools.calculators.serum_osmolality import GLUCOSE


def glasgow_imrie(
    pao2: float, age: float, wbc: float, calcium: float, urea: float, ldh: float, albumin: float, glucose: float
) -> Outcome:
    """0 to 8 criteria."""
    return points(
        ("PaO2 below 60 mmHg (8 kPa) on air", pao2 < 60, 1),
        ("Age above 55", age > 55, 1),
        ("White cells above 15 (10*9/L)", wbc > 15, 1),
        ("Calcium below 8 mg/dL (2 mmol/L)", calcium < 8, 1),
        ("Urea above 16 mmol/L", urea > 16, 1),
        ("LDH above 600 U/L", ldh > 600, 1),
        ("Albumin below 3.2 g/dL", albumin < 3.2, 1),
        ("Glucose above 180 mg/dL (10 mmol/L)", glucose > 180, 1),
    )


CALCULATOR = Calculator(
    name="glasgow_imrie",
    title="Modified Glasgow criteria (Imrie)",
    synonyms=("Glasgow-Imrie", "Imrie score", "modified Glasgow score", "PANCREAS score", "Glasgow pancreatitis score"),
    purpose="Counts criteria within 48 hours of admission for how severe acute pancreatitis is.",
    specialty="gastroenterology",
    inputs=(
        PAO2.but(cuts=(60.0,), monotone=False, equivalents={"kPa": 7.5}),
        AGE.but(cuts=(55.0,), plausible=(18, 110)),
        WBC.but(cuts=(15.0,)),
        CALCIUM.but(cuts=(8.0,), monotone=False, max_age_days=2, equivalents={"mmol/L": 4.0}),
        UREA.but(cuts=(16.0,)),
        LDH.but(cuts=(600.0,)),
        ALBUMIN.but(cuts=(3.2,), max_age_days=2),
        GLUCOSE.but(cuts=(180.0,), equivalents={"mmol/L": 18.0}),
    ),
    population=ADULTS,
    notes=("The worst value of the first 48 hours counts",),
    result=Result(
        "Modified Glasgow criteria",
        noun="criteria",
        source="https://www.medicalalgorithms.com/glasgow-prognostic-criteria-in-acute-pancreatitis-imrie-criteria",
        bands=(
            Band("severe pancreatitis unlikely"),
            Band("severe pancreatitis likely", 3),
        ),
    ),
    references=(
        Reference(
            (
                "Corfield AP, et al. Prediction of severity in acute pancreatitis: prospective comparison of "
                "three prognostic indices. Lancet 1985;2:403-407; after Imrie and Blamey."
            ),
            "definition",
            url="https://www.medicalalgorithms.com/glasgow-prognostic-criteria-in-acute-pancreatitis-imrie-criteria",
            verified=Verified(
                "https://www.medicalalgorithms.com/glasgow-prognostic-criteria-in-acute-pancreatitis-imrie-criteria",
                "2026-11-22",
                "The Medical Algorithms Company; Gastro Training for the molar limits",
                ("the eight criteria at one point each, worst value of 48 hours; severe pancreatitis is likely from 3"),
            ),
        ),
    ),
    compute=glasgow_imrie,
)
