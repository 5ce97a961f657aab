"""CDAI: activity of rheumatoid arthritis without a laboratory."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.joint_inputs import PATIENT_GLOBAL, PROVIDER_GLOBAL, STATES, SWOLLEN, TENDER


def cdai_ra(tender_joints: float, swollen_joints: float, patient_global: float, provider_global: float) -> Outcome:
    """0 to 76; global assessments in cm of 10."""
    terms = (
        Term("Joints", tender_joints + swollen_joints),
        Term("Global assessments", patient_global + provider_global),
    )
    # Rounded at the ninth digit: a sum of decimals must not miss a limit by binary noise.
    return Outcome(round(tender_joints + swollen_joints + patient_global + provider_global, 9), terms)


CALCULATOR = Calculator(
    name="cdai_ra",
    title="Clinical Disease Activity Index (CDAI)",
    synonyms=("CDAI", "clinical disease activity index", "rheumatoid arthritis CDAI"),
    purpose="Scores how active rheumatoid arthritis is at the bedside, from joint counts and two global assessments.",
    specialty="rheumatology",
    inputs=(
        TENDER,
        SWOLLEN,
        PATIENT_GLOBAL.but(unit="cm", plausible=(0, 10), possible=(0, 10), example={"value": 3, "unit": "cm"}),
        PROVIDER_GLOBAL,
    ),
    result=Result(
        "CDAI",
        decimals=1,
        source=STATES.key,
        bands=(
            Band("remission"),
            Band("low disease activity", above=2.8),
            Band("moderate disease activity", above=10),
            Band("high disease activity", above=22),
        ),
    ),
    references=(STATES,),
    compute=cdai_ra,
)
