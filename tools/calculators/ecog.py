"""ECOG performance status."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result
from tools.calculators.ecog_grades import ECOG, GRADES
from tools.calculators.reference import Reference, Verified


def ecog(ecog_performance: str) -> Outcome:
    """The grade itself."""
    return Outcome(ecog_performance)


CALCULATOR = Calculator(
    name="ecog",
    title="ECOG performance status",
    synonyms=("ECOG", "WHO performance status", "Zubrod score", "ECOG PS"),
    purpose="Grades how far a patient with cancer is able to work and to look after himself or herself.",
    specialty="oncology",
    inputs=(ECOG,),
    result=Result(
        "ECOG",
        source="https://merckmanuals.com/medical-calculators/IPINHL.htm",
        codes=tuple(Code(grade, f"ECOG {grade}", meaning) for grade, meaning in GRADES.items()),
    ),
    notes=("Grade 5 of the scale means that the patient has died",),
    references=(
        Reference(
            "Merck Manual: International Prognostic Index for non-Hodgkin lymphoma (ECOG performance scale).",
            "definition",
            url="https://merckmanuals.com/medical-calculators/IPINHL.htm",
            verified=Verified(
                "https://merckmanuals.com/medical-calculators/IPINHL.htm",
                "2026-11-22",
                "Merck Manual",
                "what the grades 0 to 4 mean",
            ),
        ),
    ),
    compute=ecog,
)
