"""Injury Severity Score: squares of the three worst body regions."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import choice
from tools.calculators.reference import Reference, Verified

AIS = {
    "0": "no injury",
    "1": "minor",
    "2": "moderate",
    "3": "serious",
    "4": "severe",
    "5": "critical",
    "6": "unsurvivable",
}


def injury_severity_score(
    ais_head_neck: str, ais_face: str, ais_chest: str, ais_abdomen: str, ais_extremities: str, ais_external: str
) -> Outcome:
    """0 to 75 points."""
    worst = sorted(
        (int(grade) for grade in (ais_head_neck, ais_face, ais_chest, ais_abdomen, ais_extremities, ais_external)),
        reverse=True,
    )
    terms = tuple(
        Term(f"Square of the {place} region", float(grade**2))
        for place, grade in zip(("worst", "second", "third"), worst, strict=False)
    )
    return Outcome(75.0 if worst[0] == 6 else float(sum(grade**2 for grade in worst[:3])), terms)


CALCULATOR = Calculator(
    name="injury_severity_score",
    title="Injury Severity Score",
    synonyms=("ISS", "injury severity", "AIS sum of squares"),
    purpose=("Scores how badly a patient with several injuries is hurt, from the worst injury of each body region."),
    specialty="trauma",
    inputs=(
        choice("ais_head_neck", "Head or neck", AIS, ask="Worst injury (AIS) of: head or neck?"),
        choice("ais_face", "Face", AIS, ask="Worst injury (AIS) of: face?"),
        choice("ais_chest", "Chest", AIS, ask="Worst injury (AIS) of: chest?"),
        choice(
            "ais_abdomen", "Abdomen or pelvic contents", AIS, ask="Worst injury (AIS) of: abdomen or pelvic contents?"
        ),
        choice("ais_extremities", "Limbs or pelvic girdle", AIS, ask="Worst injury (AIS) of: limbs or pelvic girdle?"),
        choice("ais_external", "External (skin)", AIS, ask="Worst injury (AIS) of: external (skin)?"),
    ),
    result=Result("ISS", noun="points"),
    references=(
        Reference(
            (
                "Baker SP, et al. The injury severity score: a method for describing patients with multiple "
                "injuries and evaluating emergency care. J Trauma 1974;14:187-196."
            ),
            "derivation",
            pmid="4814394",
            verified=Verified(
                "https://epomedicine.com/medical-students/trauma-scoring-systems",
                "2026-11-22",
                "Epomedicine; jormazabal.com for the six regions and 75 with any AIS 6",
                (
                    "six regions, the sum of the squares of the three highest, 75 at most and with any unsurvivable "
                    "injury"
                ),
            ),
        ),
    ),
    compute=injury_severity_score,
)
