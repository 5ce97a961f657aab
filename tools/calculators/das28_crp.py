"""DAS28 with C-reactive protein: activity of rheumatoid arthritis."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.joint_inputs import CRP, DAS28_BANDS, FORMULAE, PATIENT_GLOBAL, STATES, SWOLLEN, TENDER


def das28_crp(tender_joints: float, swollen_joints: float, crp: float, patient_global: float) -> Outcome:
    """CRP in mg/L, global assessment in mm of 100."""
    terms = (
        Term("Tender joints", 0.56 * math.sqrt(tender_joints)),
        Term("Swollen joints", 0.28 * math.sqrt(swollen_joints)),
        Term("C-reactive protein", 0.36 * math.log(crp + 1.0)),
        Term("Global assessment", 0.014 * patient_global),
        Term("Constant", 0.96),
    )
    return Outcome(math.fsum(float(term.value) for term in terms), terms)


CALCULATOR = Calculator(
    name="das28_crp",
    title="DAS28-CRP",
    synonyms=("DAS28 CRP", "DAS 28 CRP", "disease activity score 28 with CRP"),
    purpose="Scores how active rheumatoid arthritis is, from 28 joints, C-reactive protein and the patient's view.",
    specialty="rheumatology",
    inputs=(TENDER, SWOLLEN, CRP, PATIENT_GLOBAL),
    notes=("The limits are those of the score from the sedimentation rate, with which it is not interchangeable",),
    result=Result("DAS28-CRP", decimals=2, source=STATES.key, bands=DAS28_BANDS),
    references=(FORMULAE, STATES),
    compute=das28_crp,
)
