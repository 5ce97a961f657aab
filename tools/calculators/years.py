"""YEARS: three clinical items set the D-dimer threshold in suspected pulmonary embolism."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, Term
from tools.calculators.common import D_DIMER, boolean
from tools.calculators.reference import Reference, Verified


def years(dvt_signs: bool, haemoptysis: bool, pe_most_likely: bool, d_dimer: float) -> Outcome:
    """`excluded` below 1000 ng/mL FEU without any item, below 500 with one or more; otherwise `ctpa`."""
    items = {
        "Clinical signs of DVT": dvt_signs,
        "Haemoptysis": haemoptysis,
        "PE the most likely diagnosis": pe_most_likely,
    }
    threshold = 500.0 if any(items.values()) else 1000.0
    terms = (
        *(Term(name, present) for name, present in items.items()),
        Term("YEARS items", float(sum(items.values()))),
        Term("D-dimer threshold", threshold, "ng/mL{FEU}"),
        Term("D-dimer", d_dimer, "ng/mL{FEU}"),
    )
    return Outcome("excluded" if d_dimer < threshold else "ctpa", terms)


CALCULATOR = Calculator(
    name="years",
    title="YEARS algorithm for pulmonary embolism",
    synonyms=("YEARS", "YEARS criteria", "D-dimer threshold for pulmonary embolism"),
    purpose="Combines three clinical items with a D-dimer in fibrinogen equivalent units in an adult with suspected "
    "pulmonary embolism: excluded, or imaging needed.",
    specialty="emergency medicine",
    inputs=(
        boolean("dvt_signs", "Clinical signs of DVT", ask="Clinical signs of deep vein thrombosis?"),
        boolean("haemoptysis", "Haemoptysis", ask="Coughing up blood?"),
        boolean("pe_most_likely", "PE the most likely diagnosis", ask="Is PE the most likely diagnosis?"),
        D_DIMER.but(cuts=(500.0, 1000.0)),
    ),
    result=Result(
        "YEARS",
        source="doi:10.1016/S0140-6736(17)30885-1",
        rules_out=("excluded",),
        codes=(
            Code("excluded", "PE excluded", "D-dimer below the YEARS threshold"),
            Code("ctpa", "PE not excluded", "D-dimer at or above the YEARS threshold"),
        ),
    ),
    references=(
        Reference(
            "van der Hulle T, et al. Simplified diagnostic management of suspected pulmonary embolism (the YEARS "
            "study). Lancet 2017;390:289-297.",
            "derivation",
            doi="10.1016/S0140-6736(17)30885-1",
            verified=Verified(
                "https://pubmed.ncbi.nlm.nih.gov/32869501/",
                "2026-11-22",
                "PubMed, abstract of an external validation",
                "the three items, and exclusion below 1000 ng/mL without and below 500 with any of them",
            ),
        ),
        Reference(
            "External validation of the YEARS diagnostic algorithm in an independent cohort (2020).",
            "validation",
            pmid="32869501",
            verified=Verified(
                "https://pubmed.ncbi.nlm.nih.gov/32869501/",
                "2026-11-22",
                "PubMed",
                "failure rate of 1.2 %; caution between the age-adjusted cut-off and 1000 ng/mL",
            ),
        ),
    ),
    compute=years,
)
