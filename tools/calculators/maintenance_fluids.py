"""Maintenance fluid rate by the 4-2-1 rule (Holliday and Segar)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import WEIGHT
from tools.calculators.reference import Reference, Verified


def maintenance_fluids(weight: float) -> Outcome:
    """mL/h; weight in kg."""
    first, second, rest = min(weight, 10.0), min(max(weight - 10.0, 0.0), 10.0), max(weight - 20.0, 0.0)
    terms = (
        Term("First 10 kg at 4 mL/kg", 4.0 * first, "mL/h"),
        Term("Next 10 kg at 2 mL/kg", 2.0 * second, "mL/h"),
        Term("Remaining weight at 1 mL/kg", rest, "mL/h"),
    )
    return Outcome(4.0 * first + 2.0 * second + rest, terms)


CALCULATOR = Calculator(
    name="maintenance_fluids",
    title="Maintenance fluids (4-2-1 rule)",
    synonyms=("4-2-1 rule", "Holliday-Segar", "maintenance fluid rate", "maintenance fluids"),
    purpose="Works out the hourly rate of maintenance fluid from weight.",
    specialty="paediatrics",
    inputs=(WEIGHT.but(plausible=(3.5, 150)),),
    notes=("An estimate of need without losses; not for newborns, and heart, kidney and salt balance change it",),
    result=Result("Maintenance rate", "mL/h"),
    references=(
        Reference(
            "Holliday MA, Segar WE. The maintenance need for water in parenteral fluid therapy. "
            "Pediatrics 1957;19:823-832.",
            "derivation",
            pmid="13431307",
            verified=Verified(
                "https://www.utmb.edu/pedi_ed/CORE/Fluids&Electyrolytes/page_04.htm",
                "2026-11-22",
                "University of Texas Medical Branch, paediatrics",
                "4 mL/kg/h for the first 10 kg, 2 for the second, 1 for the rest; 70 mL/h at 30 kg",
            ),
        ),
    ),
    compute=maintenance_fluids,
)
