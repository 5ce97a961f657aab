"""Alvarado score (MANTRELS) of suspected appendicitis."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import boolean
from tools.calculators.gases import WBC
from tools.calculators.reference import Reference, Verified


def alvarado(
    pain_migration: bool,
    anorexia: bool,
    nausea_vomiting: bool,
    rlq_tenderness: bool,
    rebound_tenderness: bool,
    raised_temperature: bool,
    wbc: float,
    left_shift: bool,
) -> Outcome:
    """0 to 10 points."""
    return points(
        ("Pain moved to the right lower quadrant", pain_migration, 1),
        ("Loss of appetite", anorexia, 1),
        ("Nausea or vomiting", nausea_vomiting, 1),
        ("Tender right lower quadrant", rlq_tenderness, 2),
        ("Rebound tenderness", rebound_tenderness, 1),
        ("Raised temperature", raised_temperature, 1),
        ("White cells above 10 (10*9/L)", wbc > 10, 2),
        ("Shift of the white cells to the left", left_shift, 1),
    )


CALCULATOR = Calculator(
    name="alvarado",
    title="Alvarado score",
    synonyms=("Alvarado", "MANTRELS", "appendicitis score"),
    purpose="Scores how likely acute appendicitis is in a patient with pain in the right lower abdomen.",
    specialty="surgery",
    inputs=(
        boolean(
            "pain_migration",
            "Pain moved to the right lower quadrant",
            ask="Did the pain move to the right lower quadrant?",
        ),
        boolean("anorexia", "Loss of appetite", ask="Loss of appetite?"),
        boolean("nausea_vomiting", "Nausea or vomiting", ask="Nausea or vomiting?"),
        boolean("rlq_tenderness", "Tender right lower quadrant", ask="Tender in the right lower quadrant?"),
        boolean("rebound_tenderness", "Rebound tenderness", ask="Rebound tenderness?"),
        boolean("raised_temperature", "Raised temperature", ask="Raised temperature?"),
        WBC.but(cuts=(10.0,)),
        boolean("left_shift", "Shift of the white cells to the left", ask="Left shift of the white cells?"),
    ),
    result=Result(
        "Alvarado score",
        noun="points",
        source="doi:10.1016/S0196-0644(86)80993-3",
        bands=(
            Band("appendicitis not likely"),
            Band("equivocal", 5),
            Band("appendicitis probable", 7),
            Band("appendicitis highly likely", 9),
        ),
    ),
    references=(
        Reference(
            (
                "Alvarado A. A practical score for the early diagnosis of acute appendicitis. Ann Emerg Med "
                "1986;15:557-564."
            ),
            "derivation",
            doi="10.1016/S0196-0644(86)80993-3",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC4949879/table/Tab2",
                "2026-11-22",
                "PubMed Central, table 2 (World Society of Emergency Surgery); BMJ Best Practice for the items",
                (
                    "the eight items and their points; 0 to 4 not likely, 5 and 6 equivocal, 7 and 8 probable, 9 and "
                    "10 highly likely"
                ),
            ),
        ),
    ),
    compute=alvarado,
)
