"""DAS28 with the sedimentation rate: activity of rheumatoid arthritis."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.joint_inputs import DAS28_BANDS, FORMULAE, PATIENT_GLOBAL, STATES, SWOLLEN, TENDER


def das28_esr(tender_joints: float, swollen_joints: float, esr: float, patient_global: float) -> Outcome:
    """ESR in mm/h, global assessment in mm of 100."""
    terms = (
        Term("Tender joints", 0.56 * math.sqrt(tender_joints)),
        Term("Swollen joints", 0.28 * math.sqrt(swollen_joints)),
        Term("ESR", 0.70 * math.log(esr)),
        Term("Global assessment", 0.014 * patient_global),
    )
    return Outcome(math.fsum(float(term.value) for term in terms), terms)


CALCULATOR = Calculator(
    name="das28_esr",
    title="DAS28-ESR",
    synonyms=("DAS28", "DAS 28", "disease activity score 28", "DAS28 ESR"),
    purpose="Scores how active rheumatoid arthritis is, from 28 joints, the sedimentation rate and the patient's view.",
    specialty="rheumatology",
    inputs=(
        TENDER,
        SWOLLEN,
        quantity(
            "esr",
            "Erythrocyte sedimentation rate",
            "mm/h",
            plausible=(1, 140),
            possible=(1, 200),
            monotone=True,
            max_age_days=14,
            example={"value": 20, "unit": "mm/h"},
        ),
        PATIENT_GLOBAL,
    ),
    notes=("Not to be compared with the score from C-reactive protein",),
    result=Result("DAS28-ESR", decimals=2, source=STATES.key, bands=DAS28_BANDS),
    references=(FORMULAE, STATES),
    compute=das28_esr,
)
