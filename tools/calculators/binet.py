"""Binet stage of chronic lymphocytic leukaemia."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, Term
from tools.calculators.common import (
    HAEMOGLOBIN,
    boolean,
)
from tools.calculators.fib_4 import PLATELETS
from tools.calculators.reference import Reference, Verified


def binet(haemoglobin: float, platelets: float, three_areas: bool) -> Outcome:
    """A to C; haemoglobin in g/dL, platelets in 10^9/L."""
    anaemic, few = haemoglobin < 10, platelets < 100
    terms = (
        Term("Haemoglobin below 10 g/dL", anaemic),
        Term("Platelets below 100 × 10⁹/L", few),
        Term("3 or more areas", three_areas),
    )
    return Outcome("C" if anaemic or few else "B" if three_areas else "A", terms)


CALCULATOR = Calculator(
    name="binet",
    title="Binet stage (chronic lymphocytic leukaemia)",
    synonyms=("Binet staging", "CLL stage", "CLL staging", "chronic lymphocytic leukemia stage"),
    purpose="Stages chronic lymphocytic leukaemia from haemoglobin, platelets and the areas of enlarged nodes.",
    specialty="haematology",
    inputs=(
        HAEMOGLOBIN.but(cuts=(10.0,), monotone=False, max_age_days=30),
        PLATELETS.but(cuts=(100.0,), monotone=False, max_age_days=30),
        boolean(
            "three_areas",
            "3 or more enlarged areas",
            ask="Are 3 or more of these enlarged: neck, armpits, groins (both sides count as one), spleen, liver?",
            max_age_days=90,
        ),
    ),
    notes=("Anaemia and few platelets of another cause (haemolysis, immune, iron) are not to be counted as stage C",),
    result=Result(
        "Binet stage",
        source="https://gpnotebook.com/en-gb/simplepage.cfm?ID=-1744437234&linkID=21018",
        codes=(
            Code("A", "Binet A", "fewer than 3 areas, haemoglobin 10 g/dL or more and platelets 100 or more"),
            Code("B", "Binet B", "3 or more areas, haemoglobin 10 g/dL or more and platelets 100 or more"),
            Code("C", "Binet C", "haemoglobin below 10 g/dL or platelets below 100, whatever the areas"),
        ),
    ),
    references=(
        Reference(
            "GPnotebook: staging of chronic lymphocytic leukaemia.",
            "definition",
            url="https://gpnotebook.com/en-gb/simplepage.cfm?ID=-1744437234&linkID=21018",
            verified=Verified(
                "https://gpnotebook.com/en-gb/simplepage.cfm?ID=-1744437234&linkID=21018",
                "2026-11-22",
                "GPnotebook; the same table at leukaemiaelearning.org.uk",
                "the five areas, both sides as one, and the limits of stages A, B and C",
            ),
        ),
    ),
    compute=binet,
)
