"""Left ventricular mass indexed to body surface."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    SEX,
    quantity,
)
from tools.calculators.haemodynamic_inputs import BSA
from tools.calculators.reference import Reference, Verified


def lv_mass_index(
    lv_diastolic_diameter: float, septal_thickness: float, posterior_wall_thickness: float, bsa: float, sex: str
) -> Outcome:
    """g/m2; dimensions in cm. Sex only decides the class."""
    outer = (lv_diastolic_diameter + septal_thickness + posterior_wall_thickness) ** 3
    mass = 0.8 * 1.04 * (outer - lv_diastolic_diameter**3) + 0.6
    indexed, limit = mass / bsa, 95.0 if sex == "female" else 115.0
    relative = 2.0 * posterior_wall_thickness / lv_diastolic_diameter
    shape = "concentric" if relative > 0.42 else "eccentric"
    terms = (
        Term("Mass", mass, "g"),
        Term("Relative wall thickness", relative),
        Term("Above the limit for the sex", indexed > limit),
        Term("Shape, where it is above", shape),
    )
    return Outcome(indexed, terms)


WALL = quantity(
    "septal_thickness",
    "Septal thickness in diastole",
    "cm",
    plausible=(0.4, 2.5),
    possible=(0.2, 6),
    monotone=True,
    max_age_days=730,
    example={"value": 1.0, "unit": "cm"},
)

CALCULATOR = Calculator(
    name="lv_mass_index",
    title="Left ventricular mass index",
    synonyms=("LVMI", "LV mass", "Devereux", "left ventricular hypertrophy echocardiography", "ASE cube formula"),
    purpose="Works out whether the left ventricle is thickened (hypertrophy), from an echocardiogram.",
    specialty="cardiology",
    inputs=(
        quantity(
            "lv_diastolic_diameter",
            "Left ventricular diameter in diastole",
            "cm",
            plausible=(3, 8),
            possible=(1, 12),
            max_age_days=730,
            example={"value": 4.8, "unit": "cm"},
        ),
        WALL,
        WALL.but(name="posterior_wall_thickness", title="Posterior wall thickness in diastole"),
        BSA,
        SEX,
    ),
    notes=("Above 95 g/m² in women and 115 g/m² in men; concentric where the relative wall thickness is above 0.42",),
    result=Result("LV mass index", "g/m2"),
    references=(
        Reference(
            "AccessAnesthesiology: quantitative echocardiography (table).",
            "definition",
            url="https://accessanesthesiology.mhmedical.com/content.aspx?bookid=417&sectionid=40109098",
            verified=Verified(
                "https://accessanesthesiology.mhmedical.com/content.aspx?bookid=417&sectionid=40109098",
                "2026-11-22",
                "a textbook at McGraw-Hill; MDApp for limits and shapes",
                "0.8 times 1.04 times the difference of the cubes plus 0.6; the normal ranges by sex; 0.42",
            ),
        ),
    ),
    compute=lv_mass_index,
)
