"""Light's criteria: is a pleural effusion an exudate?"""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.reference import Reference, Verified


def lights_criteria(
    pleural_protein: float, serum_protein: float, pleural_ldh: float, serum_ldh: float, ldh_upper_limit: float
) -> Outcome:
    """An exudate if any of the three holds; protein in g/dL, LDH in U/L."""
    met = {
        "Protein over serum protein above 0.5": pleural_protein / serum_protein > 0.5,
        "LDH over serum LDH above 0.6": pleural_ldh / serum_ldh > 0.6,
        "LDH above two thirds of the upper limit of serum": pleural_ldh * 3.0 > ldh_upper_limit * 2.0,
    }
    terms = (
        Term("Protein ratio", pleural_protein / serum_protein),
        Term("LDH ratio", pleural_ldh / serum_ldh),
        *(Term(name, holds) for name, holds in met.items()),
    )
    return Outcome("exudate" if any(met.values()) else "transudate", terms)


PROTEIN = quantity(
    "serum_protein",
    "Total protein in serum",
    "g/dL",
    plausible=(3, 10),
    possible=(1, 16),
    monotone=True,
    max_age_days=1,
    example={"value": 6.8, "unit": "g/dL"},
)
LDH = quantity(
    "serum_ldh",
    "LDH in serum",
    "U/L",
    plausible=(80, 2000),
    possible=(20, 50000),
    monotone=True,
    max_age_days=1,
    example={"value": 190, "unit": "U/L"},
)

CALCULATOR = Calculator(
    name="lights_criteria",
    title="Light's criteria",
    synonyms=("Light criteria", "Lights criteria", "transudate or exudate", "pleural effusion criteria"),
    purpose="Tells whether the fluid of a pleural effusion is a transudate or an exudate, from protein and LDH.",
    specialty="respiratory medicine",
    inputs=(
        PROTEIN.but(
            name="pleural_protein",
            title="Protein in pleural fluid",
            plausible=(0.2, 8),
            possible=(0, 12),
            example={"value": 2.1, "unit": "g/dL"},
        ),
        PROTEIN,
        LDH.but(
            name="pleural_ldh",
            title="LDH in pleural fluid",
            plausible=(20, 5000),
            possible=(0, 100000),
            example={"value": 90, "unit": "U/L"},
        ),
        LDH,
        LDH.but(
            name="ldh_upper_limit",
            title="Upper limit of normal of LDH in serum",
            plausible=(150, 500),
            possible=(80, 1000),
            example={"value": 240, "unit": "U/L"},
            ask="The laboratory's upper limit of normal for serum LDH?",
        ),
    ),
    notes=("Blood and fluid from the same day; diuretics can make a transudate meet a criterion",),
    result=Result(
        "Pleural fluid",
        source="https://www.ccjm.org/highwire/markup/868/expansion",
        codes=(
            Code("transudate", "transudate", "none of the three criteria is met"),
            Code("exudate", "exudate", "at least one of the three criteria is met"),
        ),
    ),
    references=(
        Reference(
            "Cleveland Clinic Journal of Medicine: transudate or exudate? The Light criteria (table).",
            "definition",
            url="https://www.ccjm.org/highwire/markup/868/expansion",
            verified=Verified(
                "https://www.ccjm.org/highwire/markup/868/expansion",
                "2026-11-22",
                "Cleveland Clinic Journal of Medicine",
                "the three criteria, of which one is enough",
            ),
        ),
    ),
    compute=lights_criteria,
)
