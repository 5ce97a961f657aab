"""Transferrin saturation."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.reference import Reference, Verified


def transferrin_saturation(serum_iron: float, tibc: float) -> Outcome:
    """Per cent; both in the same unit."""
    return Outcome(100.0 * serum_iron / tibc, (Term("Iron over binding capacity", serum_iron / tibc),))


IRON = quantity(
    "serum_iron",
    "Serum iron",
    "ug/dL",
    analyte="iron",
    plausible=(5, 400),
    possible=(1, 2000),
    monotone=True,
    max_age_days=90,
    example={"value": 60, "unit": "ug/dL"},
)

CALCULATOR = Calculator(
    name="transferrin_saturation",
    title="Transferrin saturation",
    synonyms=("TSAT", "iron saturation", "transferrin sat", "iron/TIBC"),
    purpose="Works out how much of the iron-binding capacity of blood is taken, in iron deficiency and overload.",
    specialty="haematology",
    inputs=(
        IRON,
        IRON.but(
            name="tibc",
            analyte="iron_binding_capacity",
            title="Total iron-binding capacity",
            plausible=(100, 700),
            possible=(30, 1500),
            example={"value": 330, "unit": "ug/dL"},
        ),
    ),
    notes=("Where only the unsaturated capacity is measured, the total is iron plus unsaturated",),
    result=Result("Transferrin saturation", "%"),
    references=(
        Reference(
            "Body iron compartments and their indicators (table 1 of PMC5701713).",
            "definition",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC5701713/table/tbl1",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC5701713/table/tbl1",
                "2026-11-22",
                "a review article on PubMed Central, table 1",
                "iron over total iron-binding capacity, which is iron plus the unsaturated capacity",
            ),
        ),
    ),
    compute=transferrin_saturation,
)
