"""CURB65: 30-day mortality in community-acquired pneumonia seen in hospital."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, RESPIRATORY_RATE, SYSTOLIC, boolean
from tools.calculators.infection_inputs import CONFUSION, DIASTOLIC
from tools.calculators.reference import Reference, Verified


def curb_65(
    confusion: bool,
    urea_raised: bool,
    respiratory_rate: float,
    systolic_bp: float,
    diastolic_bp: float,
    age: float,
) -> Outcome:
    """0 to 5 points."""
    return points(
        ("New confusion", confusion, 1),
        ("Urea above 7 mmol/L", urea_raised, 1),
        ("Respiratory rate 30/min or more", respiratory_rate >= 30, 1),
        ("Systolic below 90 or diastolic 60 mmHg or less", systolic_bp < 90 or diastolic_bp <= 60, 1),
        ("Age 65 or older", age >= 65, 1),
    )


CALCULATOR = Calculator(
    name="curb_65",
    title="CURB65",
    synonyms=("CURB65", "CURB-65", "CURB 65", "pneumonia severity in hospital"),
    purpose="Scores the risk of death within 30 days of an adult with community-acquired pneumonia, in hospital.",
    specialty="respiratory medicine",
    inputs=(
        CONFUSION,
        # A yes or no: urea and urea nitrogen are both reported in mg/dL, and one read as the other is out by half.
        boolean(
            "urea_raised",
            "Urea above 7 mmol/L",
            ask="Urea above 7 mmol/L (blood urea nitrogen above 20 mg/dL)?",
            max_age_days=2,
        ),
        RESPIRATORY_RATE.but(cuts=(30.0,)),
        SYSTOLIC.but(cuts=(90.0,)),
        DIASTOLIC.but(cuts=(60.0,)),
        AGE.but(cuts=(65.0,), plausible=(18, 110)),
    ),
    population=ADULTS,
    result=Result(
        "CURB65",
        noun="points",
        source="https://www.nice.org.uk/guidance/cg191",
        bands=(Band("low risk"), Band("intermediate risk", 2), Band("high risk", 3)),
    ),
    references=(
        Reference(
            "Lim WS, et al. Defining community acquired pneumonia severity on presentation to hospital: an "
            "international derivation and validation study. Thorax 2003;58:377-382.",
            "derivation",
            doi="10.1136/thorax.58.5.377",
            verified=Verified(
                "https://www.healthcare.uiowa.edu/familymedicine/fpinfo/curb65.htm",
                "2026-11-22",
                "University of Iowa, Family Medicine",
                "the five items, urea nitrogen above 20 mg/dL among them",
            ),
        ),
        Reference(
            "NICE. Pneumonia in adults: diagnosis and management (CG191), section 1.2.",
            "bands",
            url="https://www.nice.org.uk/guidance/cg191",
            verified=Verified(
                "https://www.independentpharmacist.co.uk/cpd-modules/cpd-module-pneumonia/severity-assessment-1278420",
                "2026-11-22",
                "Independent Community Pharmacist, CPD module adapted from NICE CG191",
                "urea above 7 mmol/L adds a point to CRB65; 0 or 1 low, 2 intermediate, 3 to 5 high risk",
            ),
        ),
    ),
    compute=curb_65,
)
