"""ASA physical status before anaesthesia."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.common import choice
from tools.calculators.reference import Reference, Verified

SYSTEMIC_DISEASE = {
    "1": "none: a normal healthy patient",
    "2": "mild",
    "3": "severe",
    "4": "severe, a constant threat to life",
    "5": "moribund, not expected to survive without the operation",
    "6": "declared brain-dead, organ donor",
}


def asa_physical_status(systemic_disease: str) -> Outcome:
    """Class 1 to 6."""
    return Outcome(float(systemic_disease))


CALCULATOR = Calculator(
    name="asa_physical_status",
    title="ASA physical status",
    synonyms=("ASA class", "ASA grade", "ASA score", "ASA-PS"),
    purpose="Classes the fitness of a patient before anaesthesia and surgery, from healthy to moribund.",
    specialty="anaesthesia",
    inputs=(
        choice(
            "systemic_disease",
            "Systemic disease",
            SYSTEMIC_DISEASE,
            ask="How severe is the systemic disease?",
            max_age_days=30,
        ),
    ),
    notes=("An emergency operation is marked by an E after the class",),
    result=Result(
        "ASA physical status",
        source="doi:10.1186/1745-6215-13-160",
        bands=(
            Band("normal healthy patient"),
            Band("mild systemic disease", 2),
            Band("severe systemic disease", 3),
            Band("severe systemic disease that is a constant threat to life", 4),
            Band("moribund", 5),
            Band("brain-dead organ donor", 6),
        ),
    ),
    references=(
        Reference(
            (
                "American Society of Anesthesiologists. ASA physical status classification system; as in Trials "
                "2012;13:160, table 1."
            ),
            "definition",
            doi="10.1186/1745-6215-13-160",
            verified=Verified(
                "https://trialsjournal.biomedcentral.com/articles/10.1186/1745-6215-13-160/tables/1",
                "2026-11-22",
                "Trials, table 1",
                "the six classes",
            ),
        ),
        Reference(
            (
                "Mayhew D, et al. A review of ASA physical status: historical perspectives and modern "
                "developments. Anaesthesia 2019;74:373-379."
            ),
            "validation",
            doi="10.1111/anae.14569",
            unverified="the abstract and full text could not be read",
        ),
    ),
    compute=asa_physical_status,
)
