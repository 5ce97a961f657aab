"""HACOR score: failure of non-invasive ventilation."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import HEART_RATE, RESPIRATORY_RATE
from tools.calculators.critical_inputs import GCS, PAO2_FIO2
from tools.calculators.gases import ARTERIAL_PH
from tools.calculators.reference import Reference, Verified


def hacor(heart_rate: float, arterial_ph: float, gcs: float, pao2_fio2: float, respiratory_rate: float) -> Outcome:
    """0 to 25 points."""
    return points(
        ("Heart rate above 120", heart_rate > 120, 1),
        (
            "pH below 7.35 (2), 7.30 (3), 7.25 (4)",
            arterial_ph < 7.35,
            4 if arterial_ph < 7.25 else 3 if arterial_ph < 7.3 else 2,
        ),
        (
            "Coma scale 13 to 14 (2), 11 to 12 (5), 10 or less (10)",
            gcs < 15,
            2 if gcs >= 13 else 5 if gcs >= 11 else 10,
        ),
        (
            "PaO2/FiO2 200 or less (2) to 100 or less (6)",
            pao2_fio2 <= 200,
            2 + sum(pao2_fio2 <= limit for limit in (175, 150, 125, 100)),
        ),
        (
            "Respiratory rate above 30 (1) to above 45 (4)",
            respiratory_rate > 30,
            sum(respiratory_rate > limit for limit in (30, 35, 40, 45)),
        ),
    )


CALCULATOR = Calculator(
    name="hacor",
    title="HACOR score",
    synonyms=("HACOR",),
    purpose=("Scores how likely non-invasive ventilation is to fail in a hypoxaemic patient an hour after it began."),
    specialty="critical care",
    inputs=(
        HEART_RATE.but(cuts=(120.0,)),
        ARTERIAL_PH.but(cuts=(7.25, 7.3, 7.35)),
        GCS.but(cuts=(11.0, 13.0, 15.0)),
        PAO2_FIO2.but(cuts=(100.0, 125.0, 150.0, 175.0, 200.0)),
        RESPIRATORY_RATE.but(cuts=(30.0, 35.0, 40.0, 45.0)),
    ),
    notes=("Read one hour into ventilation",),
    result=Result(
        "HACOR",
        noun="points",
        source="doi:10.1007/s00134-016-4601-3",
        bands=(
            Band("18 % failed"),
            Band("78 % failed", above=5),
        ),
    ),
    references=(
        Reference(
            (
                "Duan J, et al. Assessment of heart rate, acidosis, consciousness, oxygenation, and respiratory "
                "rate to predict noninvasive ventilation failure in hypoxemic patients. Intensive Care Med "
                "2017;43:192-199."
            ),
            "derivation",
            doi="10.1007/s00134-016-4601-3",
            verified=Verified(
                "https://www.medicalalgorithms.com/hacor-score-of-duan-et-al-for-failure-of-noninvasive-ventilation-in-a-hypoxic-patient",
                "2026-11-22",
                "The Medical Algorithms Company; airwayworld.com (NEJM Journal Watch) for the failures",
                "the points of the five items; above 5 after an hour 78 % failed, otherwise 18 %",
            ),
        ),
    ),
    compute=hacor,
)
