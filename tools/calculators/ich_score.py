"""ICH score: 30-day mortality of a spontaneous intracerebral haemorrhage."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, boolean, quantity
from tools.calculators.critical_inputs import GCS
from tools.calculators.reference import Reference, Verified


def ich_score(
    gcs: float, haematoma_volume: float, intraventricular_blood: bool, infratentorial: bool, age: float
) -> Outcome:
    """0 to 6 points; volume in mL."""
    return points(
        ("Glasgow Coma Scale 3 to 4 (2) or 5 to 12 (1)", gcs < 13, 2 if gcs < 5 else 1),
        ("Volume 30 mL or more", haematoma_volume >= 30, 1),
        ("Blood in the ventricles", intraventricular_blood, 1),
        ("Infratentorial origin", infratentorial, 1),
        ("Age 80 or older", age >= 80, 1),
    )


CALCULATOR = Calculator(
    name="ich_score",
    title="ICH score",
    synonyms=("ICH score", "intracerebral hemorrhage score", "intracerebral haemorrhage score", "Hemphill score"),
    purpose=(
        "Estimates death within 30 days of a bleed into the brain that was not caused by injury, from "
        "coma scale, volume, ventricles, site and age."
    ),
    specialty="neurology",
    inputs=(
        GCS.but(cuts=(5.0, 13.0)),
        quantity(
            "haematoma_volume",
            "Volume of the haematoma",
            "mL",
            plausible=(0.5, 200),
            possible=(0, 600),
            cuts=(30.0,),
            max_age_days=1,
            ask="Volume of the haematoma on CT?",
            example={"value": 12, "unit": "mL"},
        ),
        boolean("intraventricular_blood", "Blood in the ventricles", ask="Intraventricular haemorrhage on CT?"),
        boolean("infratentorial", "Infratentorial origin", ask="Does the bleed come from brainstem or cerebellum?"),
        AGE.but(cuts=(80.0,), plausible=(18, 110)),
    ),
    population=ADULTS,
    result=Result(
        "ICH score",
        noun="points",
        source="doi:10.1161/01.str.32.4.891",
        bands=(
            Band("30-day mortality 0 %"),
            Band("30-day mortality 13 %", 1),
            Band("30-day mortality 26 %", 2),
            Band("30-day mortality 72 %", 3),
            Band("30-day mortality 97 %", 4),
            Band("30-day mortality 100 %", 5),
        ),
    ),
    references=(
        Reference(
            (
                "Hemphill JC, et al. The ICH score: a simple, reliable grading scale for intracerebral "
                "hemorrhage. Stroke 2001;32:891-897."
            ),
            "derivation",
            doi="10.1161/01.str.32.4.891",
            pmid="11283388",
            verified=Verified(
                "https://emedicine.medscape.com/article/2172479-print",
                "2026-11-22",
                "Medscape; the abstract of the paper for the same points",
                "the points of the five items and the 30-day mortality of each score: 0, 13, 26, 72, 97 and 100 %",
            ),
        ),
    ),
    compute=ich_score,
)
