"""ORBIT: risk of major bleeding on anticoagulation for atrial fibrillation."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, EGFR, HAEMOGLOBIN, SEX, boolean
from tools.calculators.reference import Reference, Verified


def orbit(haemoglobin: float, sex: str, age: float, bleeding: bool, egfr: float, antiplatelet: bool) -> Outcome:
    """0 to 7 points; haemoglobin in g/dL, eGFR in mL/min/1.73 m²."""
    limit = 12.0 if sex == "female" else 13.0
    return points(
        ("Reduced haemoglobin", haemoglobin < limit, 2),
        ("Age 75 or older", age >= 75, 1),
        ("Bleeding history", bleeding, 2),
        ("eGFR below 60", egfr < 60, 1),
        ("Antiplatelet treatment", antiplatelet, 1),
    )


CALCULATOR = Calculator(
    name="orbit",
    title="ORBIT bleeding score",
    synonyms=("ORBIT-AF", "bleeding risk", "bleeding score in atrial fibrillation"),
    purpose="Scores the risk of major bleeding of an adult with atrial fibrillation on anticoagulation.",
    specialty="cardiology",
    inputs=(
        HAEMOGLOBIN.but(cuts=(12.0, 13.0)),
        SEX,
        AGE.but(cuts=(75.0,), plausible=(18, 110)),
        boolean(
            "bleeding",
            "Bleeding history",
            ask="Any previous intracranial bleed, haemorrhagic stroke or gastrointestinal bleed?",
        ),
        EGFR.but(cuts=(60.0,)),
        boolean("antiplatelet", "Antiplatelet treatment", ask="Taking an antiplatelet drug?"),
    ),
    population=ADULTS,
    notes=("Haemoglobin limit: 13 g/dL in men, 12 g/dL in women; haematocrit is not used here",),
    result=Result(
        "ORBIT",
        noun="points",
        source="doi:10.1093/eurheartj/ehv476",
        bands=(Band("low risk"), Band("medium risk", 3), Band("high risk", 4)),
    ),
    references=(
        Reference(
            "O'Brien EC, et al. The ORBIT bleeding score: a simple bedside score to assess bleeding risk in atrial "
            "fibrillation. Eur Heart J 2015;36:3258-3264.",
            "derivation",
            doi="10.1093/eurheartj/ehv476",
            verified=Verified(
                "https://bjgp.org/highwire/markup/43454/expansion",
                "2026-11-22",
                "British Journal of General Practice, table 1",
                "the five items, their limits and points, and low 0 to 2, medium 3, high 4 or more",
            ),
        ),
    ),
    compute=orbit,
)
