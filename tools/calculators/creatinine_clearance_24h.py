"""Measured creatinine clearance from a timed collection of urine."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    CREATININE,
    quantity,
)
from tools.calculators.reference import Reference, Verified
from tools.calculators.urine import URINE_CREATININE


def creatinine_clearance_24h(
    creatinine: float, urine_creatinine: float, urine_volume: float, collection_time: float
) -> Outcome:
    """mL/min; creatinine in mg/dL, volume in mL, time in hours."""
    flow = urine_volume / (collection_time * 60.0)
    terms = (Term("Urine flow", flow, "mL/min"), Term("Urine over serum creatinine", urine_creatinine / creatinine))
    return Outcome(urine_creatinine * flow / creatinine, terms)


CALCULATOR = Calculator(
    name="creatinine_clearance_24h",
    title="Creatinine clearance, measured",
    synonyms=("24-hour creatinine clearance", "measured creatinine clearance", "timed urine clearance", "urine CrCl"),
    purpose="Works out the clearance of creatinine from a timed collection of urine and a blood sample.",
    specialty="nephrology",
    inputs=(
        CREATININE.but(max_age_days=2),
        URINE_CREATININE.but(max_age_days=2),
        quantity(
            "urine_volume",
            "Volume of urine collected",
            "mL",
            plausible=(200, 6000),
            possible=(10, 25000),
            monotone=True,
            max_age_days=2,
            example={"value": 1500, "unit": "mL"},
        ),
        quantity(
            "collection_time",
            "Duration of the collection",
            "h",
            plausible=(2, 24),
            possible=(0.5, 72),
            monotone=True,
            max_age_days=2,
            example={"value": 24, "unit": "h"},
            ask="Over how many hours was the urine collected?",
        ),
    ),
    notes=("Not indexed to body surface; an incomplete collection gives too low a value",),
    result=Result("Creatinine clearance", "mL/min"),
    references=(
        Reference(
            "Leeds Teaching Hospitals, Pathology: creatinine clearance.",
            "definition",
            url="http://www.pathology.leedsth.nhs.uk/testandtubes/ShowTest.asp?ACT=ShowTest&TestID=352",
            verified=Verified(
                "http://www.pathology.leedsth.nhs.uk/testandtubes/ShowTest.asp?ACT=ShowTest&TestID=352",
                "2026-11-22",
                "Leeds Teaching Hospitals NHS Trust; the same at UCSF pathology and the Malaysian ministry of health",
                "urine concentration times urine flow over plasma concentration",
            ),
        ),
    ),
    compute=creatinine_clearance_24h,
)
