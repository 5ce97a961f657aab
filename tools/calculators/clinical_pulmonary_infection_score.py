"""Clinical pulmonary infection score (CPIS) of ventilator-associated pneumonia."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import TEMPERATURE, boolean, choice
from tools.calculators.critical_inputs import PAO2_FIO2
from tools.calculators.gases import WBC
from tools.calculators.reference import Reference, Verified

SECRETIONS = {
    "0": "few",
    "1": "abundant, not purulent",
    "2": "abundant and purulent",
}
INFILTRATE = {
    "0": "none",
    "1": "diffuse or patchy",
    "2": "localised",
}
ASPIRATE_CULTURE = {
    "0": "little or no growth",
    "1": "moderate or heavy growth",
    "2": "growth, and the same organism on Gram stain",
}


def clinical_pulmonary_infection_score(
    temperature: float,
    wbc: float,
    band_forms: bool,
    secretions: str,
    pao2_fio2: float,
    ards: bool,
    infiltrate: str,
    aspirate_culture: str,
) -> Outcome:
    """0 to 12 points."""
    return points(
        ("Temperature", temperature <= 36 or temperature >= 38.5, 1 if 38.5 <= temperature < 39 else 2),
        ("White cells below 4 or above 11 (2 with bands)", wbc < 4 or wbc > 11, 2 if band_forms else 1),
        ("Tracheal secretions", True, float(secretions)),
        ("PaO2/FiO2 240 or less without ARDS", pao2_fio2 <= 240 and not ards, 2),
        ("Infiltrate on the chest film", True, float(infiltrate)),
        ("Culture of the tracheal aspirate", True, float(aspirate_culture)),
    )


CALCULATOR = Calculator(
    name="clinical_pulmonary_infection_score",
    title="Clinical pulmonary infection score",
    synonyms=("CPIS", "VAP score", "Pugin score"),
    purpose=(
        "Scores how likely pneumonia is in a ventilated patient, from temperature, white cells, "
        "secretions, oxygenation, chest film and culture."
    ),
    specialty="critical care",
    inputs=(
        TEMPERATURE.but(cuts=(36.0, 38.5, 39.0)),
        WBC.but(cuts=(4.0, 11.0), max_age_days=1),
        boolean("band_forms", "Band forms 500/µL or more", ask="500 band forms per µL or more?"),
        choice("secretions", "Tracheal secretions", SECRETIONS, ask="Tracheal secretions?"),
        PAO2_FIO2.but(cuts=(240.0,)),
        boolean("ards", "ARDS", ask="Acute respiratory distress syndrome?"),
        choice("infiltrate", "Infiltrate on the chest film", INFILTRATE, ask="Infiltrate on the chest film?"),
        choice(
            "aspirate_culture",
            "Culture of the tracheal aspirate",
            ASPIRATE_CULTURE,
            ask="Culture of the tracheal aspirate?",
        ),
    ),
    result=Result(
        "CPIS",
        noun="points",
        source="pmid:2024824",
        bands=(
            Band("pneumonia less likely"),
            Band("pneumonia more likely", 7),
        ),
    ),
    references=(
        Reference(
            (
                "Pugin J, et al. Diagnosis of ventilator-associated pneumonia by bacteriologic analysis of "
                "bronchoscopic and nonbronchoscopic blind bronchoalveolar lavage fluid. Am Rev Respir Dis "
                "1991;143:1121-1129."
            ),
            "derivation",
            pmid="2024824",
            verified=Verified(
                "https://ebmcalc.com/CPIS.htm",
                "2026-11-22",
                "EBMcalc; IDWiki for the culture and the band forms",
                (
                    "the points of the six items; 7 to 12 makes pneumonia more likely; 36.1 to 36.4 °C is in no row "
                    "and adds nothing here"
                ),
            ),
        ),
    ),
    compute=clinical_pulmonary_infection_score,
)
