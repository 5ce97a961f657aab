"""Appendicitis Inflammatory Response (AIR) score."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, points
from tools.calculators.common import TEMPERATURE, boolean, choice, quantity
from tools.calculators.critical_inputs import CRP
from tools.calculators.gases import WBC
from tools.calculators.reference import Reference, Verified

GUARDING = {
    "0": "none",
    "1": "light",
    "2": "medium",
    "3": "strong",
}


def air_appendicitis(
    vomiting: bool,
    right_iliac_fossa_pain: bool,
    guarding: str,
    temperature: float,
    wbc: float,
    neutrophil_share: float,
    crp: float,
) -> Outcome:
    """0 to 12 points."""
    return points(
        ("Vomiting", vomiting, 1),
        ("Pain in the right iliac fossa", right_iliac_fossa_pain, 1),
        ("Rebound tenderness or guarding", True, float(guarding)),
        ("Temperature 38.5 °C or more", temperature >= 38.5, 1),
        ("White cells 10 to 14.9 (1), 15 or more (2)", wbc >= 10, 2 if wbc >= 15 else 1),
        ("Neutrophils 70 to 84 % (1), 85 % or more (2)", neutrophil_share >= 70, 2 if neutrophil_share >= 85 else 1),
        ("CRP 10 to 49 mg/L (1), 50 or more (2)", crp >= 10, 2 if crp >= 50 else 1),
    )


CALCULATOR = Calculator(
    name="air_appendicitis",
    title="Appendicitis Inflammatory Response (AIR) score",
    synonyms=("AIR score", "Andersson score", "appendicitis inflammatory response"),
    purpose=(
        "Scores how likely acute appendicitis is from pain, guarding, temperature, white cells, neutrophils and CRP."
    ),
    specialty="surgery",
    inputs=(
        boolean("vomiting", "Vomiting", ask="Vomiting?"),
        boolean("right_iliac_fossa_pain", "Pain in the right iliac fossa", ask="Pain in the right iliac fossa?"),
        choice("guarding", "Rebound tenderness or guarding", GUARDING, ask="Rebound tenderness or guarding?"),
        TEMPERATURE.but(cuts=(38.5,)),
        WBC.but(cuts=(10.0, 15.0)),
        quantity(
            "neutrophil_share",
            "Neutrophils, share of white cells",
            "%",
            plausible=(20, 98),
            possible=(0, 100),
            cuts=(70.0, 85.0),
            max_age_days=2,
            ask="Neutrophils in per cent of the white cells?",
            example={"value": 65, "unit": "%"},
        ),
        CRP.but(cuts=(10.0, 50.0)),
    ),
    result=Result("AIR score", noun="points"),
    references=(
        Reference(
            (
                "Andersson M, Andersson RE. The appendicitis inflammatory response score: a tool for the "
                "diagnosis of acute appendicitis that outperforms the Alvarado score. World J Surg "
                "2008;32:1843-1849."
            ),
            "derivation",
            doi="10.1007/s00268-008-9649-y",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC4949879/table/Tab2",
                "2026-11-22",
                "PubMed Central, table 2 (World Society of Emergency Surgery); FPnotebook for 38.5 °C included",
                "the points of the seven items, 12 in all; the limits of risk could not be read",
            ),
        ),
    ),
    compute=air_appendicitis,
)
