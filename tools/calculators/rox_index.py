"""ROX index: saturation over inspired oxygen over respiratory rate."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, Term
from tools.calculators.common import RESPIRATORY_RATE, SPO2
from tools.calculators.gases import FIO2
from tools.calculators.reference import Reference, Verified


def rox_index(spo2: float, fio2: float, respiratory_rate: float) -> Outcome:
    """Dimensionless; SpO2 and FiO2 in per cent."""
    ratio = spo2 / (fio2 / 100.0)
    return Outcome(ratio / respiratory_rate, (Term("SpO2/FiO2", ratio),))


CALCULATOR = Calculator(
    name="rox_index",
    title="ROX index",
    synonyms=("ROX", "respiratory rate oxygenation index"),
    purpose="Relates saturation, inspired oxygen and respiratory rate of an adult with pneumonia on "
    "high-flow nasal oxygen.",
    specialty="critical care",
    inputs=(SPO2.but(monotone=True), FIO2, RESPIRATORY_RATE.but(possible=(1, 150), monotone=True)),
    population=Population("adults with pneumonia on high-flow nasal oxygen"),
    notes=("The limits are those 12 hours after the beginning of high-flow oxygen",),
    example_inputs={"fio2": {"value": 50, "unit": "%"}},
    result=Result(
        "ROX index",
        decimals=2,
        source="doi:10.1164/rccm.201803-0589OC",
        bands=(
            Band("below 3.85 (at 12 hours: failure likely)"),
            Band("3.85 to below 4.88", 3.85),
            Band("4.88 or more (success likely)", 4.88),
        ),
    ),
    references=(
        Reference(
            "Roca O, et al. An index combining respiratory rate and oxygenation to predict outcome of "
            "nasal high-flow therapy. "
            "Am J Respir Crit Care Med 2019;199:1368-1376.",
            "validation",
            doi="10.1164/rccm.201803-0589OC",
            verified=Verified(
                "https://umem.org/educational_pearls/3786/",
                "2026-11-22",
                "University of Maryland Emergency Medicine",
                "SpO2/FiO2 over respiratory rate; at 12 hours 4.88 or more success, below 3.85 failure likely",
            ),
        ),
    ),
    compute=rox_index,
)
