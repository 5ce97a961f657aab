"""Anion gap: sodium less chloride and bicarbonate."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import quantity
from tools.calculators.hepatology import SODIUM
from tools.calculators.reference import Reference, Verified

CHLORIDE = quantity(
    "chloride",
    "Chloride",
    "mmol/L",
    analyte="chloride",
    plausible=(70, 130),
    possible=(40, 200),
    monotone=True,
    max_age_days=1,
    codings=("loinc:2075-0",),
    example={"value": 103, "unit": "mmol/L"},
)
BICARBONATE = quantity(
    "bicarbonate",
    "Bicarbonate or total carbon dioxide",
    "mmol/L",
    analyte="bicarbonate",
    plausible=(3, 50),
    possible=(0.5, 80),
    monotone=True,
    max_age_days=1,
    codings=("loinc:1963-8", "loinc:2028-9"),
    example={"value": 25, "unit": "mmol/L"},
)


def anion_gap(sodium: float, chloride: float, bicarbonate: float) -> Outcome:
    """Gap in mmol/L."""
    terms = (Term("Chloride + bicarbonate", chloride + bicarbonate, "mmol/L"),)
    return Outcome(sodium - chloride - bicarbonate, terms)


CALCULATOR = Calculator(
    name="anion_gap",
    title="Anion gap",
    synonyms=("AG", "serum anion gap", "metabolic acidosis gap"),
    purpose="Works out the anion gap of serum from sodium, chloride and bicarbonate, without potassium.",
    specialty="nephrology",
    inputs=(SODIUM.but(monotone=True, max_age_days=1), CHLORIDE, BICARBONATE),
    notes=(
        "Without potassium; a low albumin lowers the gap, which is not corrected here; limits depend on the method",
    ),
    result=Result(
        "Anion gap",
        "mmol/L",
        source="https://www.healthcare.uiowa.edu/path_handbook/handbook/test2734.html",
        bands=(Band("not raised"), Band("raised", above=16)),
    ),
    references=(
        Reference(
            "University of Iowa, Pathology Handbook: anion gap.",
            "definition",
            url="https://www.healthcare.uiowa.edu/path_handbook/handbook/test2734.html",
            verified=Verified(
                "https://www.healthcare.uiowa.edu/path_handbook/handbook/test2734.html",
                "2026-11-22",
                "University of Iowa Health Care, Pathology Handbook",
                "sodium less chloride and bicarbonate; above 16 raised; albumin accounts for most of the normal gap",
            ),
        ),
    ),
    compute=anion_gap,
)
