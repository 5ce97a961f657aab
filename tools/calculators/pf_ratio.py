"""PaO2/FiO2 ratio."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.gases import FIO2, PAO2
from tools.calculators.reference import Reference, Verified


def pf_ratio(pao2: float, fio2: float) -> Outcome:
    """mmHg; FiO2 in per cent."""
    return Outcome(pao2 / (fio2 / 100.0), (Term("FiO2", fio2 / 100.0),))


CALCULATOR = Calculator(
    name="pf_ratio",
    title="PaO2/FiO2 ratio",
    synonyms=("P/F ratio", "PF ratio", "PaO2/FiO2", "Horowitz index", "oxygenation ratio"),
    purpose="Works out arterial oxygen pressure over the inspired fraction.",
    specialty="critical care",
    inputs=(PAO2, FIO2),
    notes=("The bands are those of the Berlin definition for people with ARDS and PEEP or CPAP of at least 5 cmH2O",),
    result=Result(
        "PaO2/FiO2",
        "mm[Hg]",
        source="doi:10.1001/jama.2012.5669",
        bands=(
            Band("100 or less: severe, if ARDS"),
            Band("above 100 to 200: moderate, if ARDS", above=100),
            Band("above 200 to 300: mild, if ARDS", above=200),
            Band("above 300", above=300),
        ),
    ),
    references=(
        Reference(
            "ARDS Definition Task Force. Acute respiratory distress syndrome: the Berlin definition. "
            "JAMA 2012;307:2526-2533.",
            "definition",
            doi="10.1001/jama.2012.5669",
            verified=Verified(
                "https://ccforum.biomedcentral.com/articles/10.1186/cc11867/tables/1",
                "2026-11-22",
                "Critical Care, table 1, adapted with permission",
                "200 to 300 mild, 100 to 200 moderate, 100 or less severe, with PEEP or CPAP of at least 5 cmH2O",
            ),
        ),
    ),
    compute=pf_ratio,
)
