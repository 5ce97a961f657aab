"""Aortic valve area by the continuity equation."""

from __future__ import annotations

import math

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.reference import Reference, Verified


def aortic_valve_area(lvot_diameter: float, lvot_vti: float, aortic_vti: float) -> Outcome:
    """cm2; diameter and velocity time integrals in cm."""
    outflow = math.pi * (lvot_diameter / 2.0) ** 2
    terms = (Term("Area of the outflow tract", outflow, "cm2"), Term("Dimensionless index", lvot_vti / aortic_vti))
    return Outcome(outflow * lvot_vti / aortic_vti, terms)


VTI = quantity(
    "lvot_vti",
    "Velocity time integral below the valve (outflow tract)",
    "cm",
    plausible=(5, 40),
    possible=(1, 100),
    monotone=True,
    max_age_days=365,
    example={"value": 20, "unit": "cm"},
)

CALCULATOR = Calculator(
    name="aortic_valve_area",
    title="Aortic valve area (continuity equation)",
    synonyms=("AVA", "continuity equation", "aortic stenosis valve area", "aortic valve area VTI"),
    purpose="Works out how narrow a stenotic aortic valve is, from an echocardiogram.",
    specialty="cardiology",
    inputs=(
        quantity(
            "lvot_diameter",
            "Diameter of the left ventricular outflow tract",
            "cm",
            plausible=(1.4, 3),
            possible=(0.5, 5),
            monotone=True,
            max_age_days=365,
            example={"value": 2.0, "unit": "cm"},
        ),
        VTI,
        VTI.but(
            name="aortic_vti",
            title="Largest velocity time integral across the valve",
            plausible=(15, 180),
            possible=(5, 300),
            example={"value": 50, "unit": "cm"},
        ),
    ),
    notes=(
        "In very small or large people the area is judged in proportion to body surface",
        "American guidelines of 2020 count 1.0 cm² itself as severe",
    ),
    result=Result(
        "Aortic valve area",
        "cm2",
        decimals=2,
        source="http://www.csecho.ca/wp-content/themes/twentyeleven-csecho/cardiomath/?eqnHD=echo&eqnDisp=avavti",
        bands=(
            Band("severe stenosis"),
            Band("moderate stenosis", 1.0),
            Band("mild stenosis or none", above=1.5),
        ),
    ),
    references=(
        Reference(
            "Canadian Society of Echocardiography, CardioMath: aortic valve area (continuity equation using VTI).",
            "definition",
            url="http://www.csecho.ca/wp-content/themes/twentyeleven-csecho/cardiomath/?eqnHD=echo&eqnDisp=avavti",
            verified=Verified(
                "http://www.csecho.ca/wp-content/themes/twentyeleven-csecho/cardiomath/?eqnHD=echo&eqnDisp=avavti",
                "2026-11-22",
                "Canadian Society of Echocardiography; QxMD for the equality of the two flows, BMJ Best Practice for "
                "1.0 itself in the United States",
                "the variables of the equation, and the areas of mild, moderate and severe stenosis",
            ),
        ),
    ),
    compute=aortic_valve_area,
)
