"""Urine anion gap: an indirect look at the excretion of ammonium."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.reference import Reference, Verified
from tools.calculators.renal_inputs import URINE_CHLORIDE, URINE_POTASSIUM
from tools.calculators.urine import URINE_SODIUM


def urine_anion_gap(urine_sodium: float, urine_potassium: float, urine_chloride: float) -> Outcome:
    """Sodium and potassium less chloride, in mmol/L."""
    return Outcome(
        urine_sodium + urine_potassium - urine_chloride,
        (Term("Sodium and potassium", urine_sodium + urine_potassium, "mmol/L"),),
    )


CALCULATOR = Calculator(
    name="urine_anion_gap",
    title="Urine anion gap",
    synonyms=("UAG", "urinary anion gap", "urine net charge"),
    purpose="Tells, in a metabolic acidosis without a raised serum gap, whether the kidney excretes acid: bowel loss "
    "against renal tubular acidosis.",
    specialty="nephrology",
    inputs=(URINE_SODIUM, URINE_POTASSIUM, URINE_CHLORIDE),
    notes=(
        "About metabolic acidosis with a normal serum anion gap only",
        "Less reliable where the urine pH is above 6.5 or other unmeasured ions (drugs, ketones) are present",
    ),
    result=Result(
        "Urine anion gap",
        "mmol/L",
        source="https://lab.waikatodhb.health.nz/test-guide/view/1399/anion-gap-urine",
        bands=(
            Band("not positive: ammonium excretion is raised, as the acidosis asks for"),
            Band("positive: suggests impaired distal acidification", above=0),
        ),
    ),
    references=(
        Reference(
            "Waikato District Health Board: anion gap, urine; after Renal tubular acidosis. Ann Clin Biochem "
            "1999;36:416.",
            "definition",
            url="https://lab.waikatodhb.health.nz/test-guide/view/1399/anion-gap-urine",
            verified=Verified(
                "https://lab.waikatodhb.health.nz/test-guide/view/1399/anion-gap-urine",
                "2026-11-22",
                "Waikato hospital laboratory, New Zealand",
                "the formula, what a negative and a positive gap mean in acidosis, and when it is unreliable",
            ),
        ),
        Reference(
            "Berend K. Review of the diagnostic evaluation of normal anion gap metabolic acidosis. Kidney Dis "
            "2017;3:149-159.",
            "validation",
            doi="10.1159/000479279",
            unverified="only the abstract was read, which does not state the formula",
        ),
    ),
    compute=urine_anion_gap,
)
