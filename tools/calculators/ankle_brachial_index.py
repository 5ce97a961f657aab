"""Ankle-brachial index of one leg."""

from __future__ import annotations

import math

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.reference import Reference, Verified


def ankle_brachial_index(ankle_pressure: float, arm_pressure: float) -> Outcome:
    """Ratio of systolic pressures, to two decimals as it is to be reported."""
    ratio = ankle_pressure / arm_pressure
    # A guideline names its classes in two decimals (0.90, 0.91 to 0.99): what is reported is what is classed.
    return Outcome(math.floor(100.0 * ratio + 0.5 + 1e-9) / 100.0, (Term("Ratio", ratio),))


PRESSURE = quantity(
    "ankle_pressure",
    "Higher systolic pressure at the ankle",
    "mm[Hg]",
    plausible=(20, 280),
    possible=(0, 350),
    monotone=True,
    max_age_days=365,
    example={"value": 125, "unit": "mm[Hg]"},
    ask="The higher of the two systolic pressures at the ankle of this leg (Doppler)?",
)

CALCULATOR = Calculator(
    name="ankle_brachial_index",
    title="Ankle-brachial index",
    synonyms=("ABI", "ABPI", "ankle brachial pressure index", "ankle-arm index"),
    purpose="Compares the pressure at an ankle with that of the arm, to look for narrowed arteries of the leg.",
    specialty="cardiology",
    inputs=(
        PRESSURE,
        PRESSURE.but(
            name="arm_pressure",
            title="Higher systolic pressure of the arms",
            plausible=(60, 260),
            possible=(30, 350),
            example={"value": 120, "unit": "mm[Hg]"},
            ask="The higher of the systolic pressures of the two arms?",
        ),
    ),
    result=Result(
        "ABI",
        decimals=2,
        source="doi:10.1161/CIR.0000000000000471",
        bands=(
            Band("abnormal"),
            Band("borderline", 0.91),
            Band("normal", 1.0),
            Band("noncompressible arteries", above=1.40),
        ),
    ),
    references=(
        Reference(
            "Gerhard-Herman MD, et al. 2016 AHA/ACC guideline on the management of patients with lower extremity "
            "peripheral artery disease. Circulation 2017;135:e726-e779.",
            "definition",
            doi="10.1161/CIR.0000000000000471",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC5477786/table/array2",
                "2026-11-22",
                "the guideline on PubMed Central",
                "higher ankle over higher arm pressure, two decimals, and the four classes",
            ),
        ),
    ),
    compute=ankle_brachial_index,
)
