"""Wells score for pulmonary embolism: clinical pre-test probability."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import HEART_RATE, boolean
from tools.calculators.reference import Reference, Verified


def wells_pe(
    dvt_signs: bool,
    pe_most_likely: bool,
    heart_rate: float,
    immobilisation_surgery: bool,
    prior_vte: bool,
    haemoptysis: bool,
    malignancy: bool,
) -> Outcome:
    """0 to 12.5 points."""
    return points(
        ("Clinical signs of DVT", dvt_signs, 3),
        ("PE the most likely diagnosis", pe_most_likely, 3),
        ("Heart rate above 100/min", heart_rate > 100, 1.5),
        ("Immobilisation or surgery", immobilisation_surgery, 1.5),
        ("Previous DVT or PE", prior_vte, 1.5),
        ("Haemoptysis", haemoptysis, 1),
        ("Malignancy", malignancy, 1),
    )


CALCULATOR = Calculator(
    name="wells_pe",
    title="Wells score for pulmonary embolism",
    synonyms=("Wells", "Wells PE", "pre-test probability of pulmonary embolism", "PE probability"),
    purpose="Scores the clinical probability of pulmonary embolism before any test, where it is suspected.",
    specialty="emergency medicine",
    inputs=(
        boolean("dvt_signs", "Clinical signs of DVT", ask="Leg swelling and pain on palpation of the deep veins?"),
        boolean("pe_most_likely", "PE the most likely diagnosis", ask="Is another diagnosis less likely than PE?"),
        HEART_RATE.but(cuts=(100.0,)),
        boolean(
            "immobilisation_surgery",
            "Immobilisation or surgery",
            ask="Immobile for at least 3 days, or surgery within 4 weeks?",
        ),
        boolean("prior_vte", "Previous DVT or PE", ask="Any previous deep vein thrombosis or pulmonary embolism?"),
        boolean("haemoptysis", "Haemoptysis", ask="Coughing up blood?"),
        boolean("malignancy", "Malignancy", ask="Cancer treated within 6 months or palliative?"),
    ),
    notes=("Two-level reading (4 points or less, more than 4)",),
    result=Result(
        "Wells score",
        noun="points",
        source="doi:10.1055/s-0037-1613830",
        bands=(Band("PE unlikely"), Band("PE likely", above=4)),
    ),
    references=(
        Reference(
            "Wells PS, et al. Derivation of a simple clinical model to categorize patients probability of pulmonary "
            "embolism: increasing the models utility with the SimpliRED D-dimer. Thromb Haemost 2000;83:416-420.",
            "derivation",
            doi="10.1055/s-0037-1613830",
            verified=Verified(
                "http://reference.medscape.com/calculator/wells-score-pe",
                "2026-11-22",
                "Medscape",
                "the seven items with their points, and unlikely at 4 points or less",
            ),
        ),
    ),
    compute=wells_pe,
)
