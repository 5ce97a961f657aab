"""DAPT score: ischaemia against bleeding after a year of two antiplatelet drugs."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, Term, points
from tools.calculators.common import (
    AGE,
    boolean,
)
from tools.calculators.reference import Reference, Verified


def dapt_score(
    age: float,
    smoker: bool,
    diabetes: bool,
    infarction_at_presentation: bool,
    previous_pci_infarction: bool,
    paclitaxel_stent: bool,
    small_stent: bool,
    heart_failure_low_ef: bool,
    vein_graft_stent: bool,
) -> Outcome:
    """-2 to 10 points."""
    items = points(
        ("Smoker", smoker, 1),
        ("Diabetes", diabetes, 1),
        ("Infarction at presentation", infarction_at_presentation, 1),
        ("Earlier PCI or infarction", previous_pci_infarction, 1),
        ("Paclitaxel-eluting stent", paclitaxel_stent, 1),
        ("Stent below 3 mm", small_stent, 1),
        ("Heart failure or ejection fraction below 30%", heart_failure_low_ef, 2),
        ("Stent in a vein graft", vein_graft_stent, 2),
    )
    assert isinstance(items.value, float)
    years = -2.0 if age >= 75 else -1.0 if age >= 65 else 0.0
    return Outcome(items.value + years, (Term("Age", years, "points"), *items.terms))


CALCULATOR = Calculator(
    name="dapt_score",
    title="DAPT score",
    synonyms=("DAPT", "dual antiplatelet therapy score"),
    purpose="Weighs ischaemic events against bleeding for a patient who has had a year of dual antiplatelet therapy "
    "after a coronary stent.",
    specialty="cardiology",
    inputs=(
        AGE.but(cuts=(65.0, 75.0), monotone=False, plausible=(18, 110)),
        boolean("smoker", "Cigarette smoking", ask="Smoking now or within the year before the stent?"),
        boolean("diabetes", "Diabetes"),
        boolean(
            "infarction_at_presentation", "Infarction at presentation", ask="Was the stent placed for an infarction?"
        ),
        boolean("previous_pci_infarction", "Earlier PCI or infarction", ask="A PCI or an infarction before that?"),
        boolean("paclitaxel_stent", "Paclitaxel-eluting stent"),
        boolean("small_stent", "Stent below 3 mm", ask="Is the diameter of the stent below 3 mm?"),
        boolean(
            "heart_failure_low_ef",
            "Heart failure or ejection fraction below 30%",
            ask="Congestive heart failure, or an ejection fraction below 30%?",
        ),
        boolean("vein_graft_stent", "Stent in a vein graft"),
    ),
    population=Population("adults without event in the 12 months of dual antiplatelet therapy after a coronary stent"),
    result=Result(
        "DAPT score",
        noun="points",
        source="https://www.medicalalgorithms.com/dapt-score-of-kereiakes-et-al",
        bands=(
            Band("below 2: more bleeding, similar ischaemic risk with longer therapy"),
            Band("2 or more: fewer ischaemic events with longer therapy", 2),
        ),
    ),
    references=(
        Reference(
            "Medical Algorithms Company: DAPT score (Yeh RW, Kereiakes DJ, et al.).",
            "definition",
            url="https://www.medicalalgorithms.com/dapt-score-of-kereiakes-et-al",
            verified=Verified(
                "https://www.medicalalgorithms.com/dapt-score-of-kereiakes-et-al",
                "2026-11-22",
                "Medical Algorithms Company; the same points at Family Practice Notebook",
                "the nine items with their points, -2 to 10, and 2 as the limit",
            ),
        ),
    ),
    compute=dapt_score,
)
