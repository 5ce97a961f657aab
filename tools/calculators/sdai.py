"""SDAI: activity of rheumatoid arthritis."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.joint_inputs import CRP, PATIENT_GLOBAL, PROVIDER_GLOBAL, STATES, SWOLLEN, TENDER


def sdai(
    tender_joints: float, swollen_joints: float, patient_global: float, provider_global: float, crp: float
) -> Outcome:
    """0 to 86; global assessments in cm of 10, CRP in mg/dL."""
    terms = (
        Term("Joints", tender_joints + swollen_joints),
        Term("Global assessments", patient_global + provider_global),
        Term("C-reactive protein", crp, "mg/dL"),
    )
    # Rounded at the ninth digit: a sum of decimals must not miss a limit by binary noise.
    return Outcome(round(tender_joints + swollen_joints + patient_global + provider_global + crp, 9), terms)


CALCULATOR = Calculator(
    name="sdai",
    title="Simplified Disease Activity Index (SDAI)",
    synonyms=("SDAI", "simplified disease activity index"),
    purpose="Scores how active rheumatoid arthritis is, from joint counts, two global assessments and C-reactive "
    "protein.",
    specialty="rheumatology",
    inputs=(
        TENDER,
        SWOLLEN,
        PATIENT_GLOBAL.but(unit="cm", plausible=(0, 10), possible=(0, 10), example={"value": 3, "unit": "cm"}),
        PROVIDER_GLOBAL,
        CRP.but(unit="mg/dL", plausible=(0.01, 40), possible=(0, 100), example={"value": 0.8, "unit": "mg/dL"}),
    ),
    result=Result(
        "SDAI",
        decimals=1,
        source=STATES.key,
        bands=(
            Band("remission"),
            Band("low disease activity", above=3.3),
            Band("moderate disease activity", above=11),
            Band("high disease activity", above=26),
        ),
    ),
    references=(STATES,),
    compute=sdai,
)
