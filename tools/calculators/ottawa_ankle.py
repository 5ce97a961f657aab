"""Ottawa ankle rule: x-ray of an injured ankle."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, points
from tools.calculators.common import boolean
from tools.calculators.reference import Reference, Verified


def ottawa_ankle(lateral_malleolus_tender: bool, medial_malleolus_tender: bool, cannot_bear_weight: bool) -> Outcome:
    """Positive on any of three findings."""
    items = points(
        ("Tender lateral malleolus", lateral_malleolus_tender, 1),
        ("Tender medial malleolus", medial_malleolus_tender, 1),
        ("Cannot take four steps", cannot_bear_weight, 1),
    )
    return Outcome("positive" if items.value else "negative", items.terms)


CALCULATOR = Calculator(
    name="ottawa_ankle",
    title="Ottawa ankle rule",
    synonyms=("Ottawa ankle rules", "OAR"),
    purpose="Decides whether an injured ankle with pain around the malleoli needs an x-ray for a fracture.",
    specialty="emergency medicine",
    inputs=(
        boolean(
            "lateral_malleolus_tender",
            "Tender lateral malleolus",
            ask="Bone tender at the posterior edge or tip of the lateral malleolus (last 6 cm)?",
        ),
        boolean(
            "medial_malleolus_tender",
            "Tender medial malleolus",
            ask="Bone tender at the posterior edge or tip of the medial malleolus (last 6 cm)?",
        ),
        boolean(
            "cannot_bear_weight",
            "Cannot take four steps",
            ask="Unable to take four steps both at once and when examined?",
        ),
    ),
    notes=("For pain around the malleoli; adults",),
    result=Result(
        "Ottawa ankle rule",
        source="https://aliemcards.com/cards/ottawa-knee-ankle-foot",
        codes=(
            Code("negative", "negative", "an x-ray is not indicated by the rule"),
            Code("positive", "positive", "an x-ray is indicated by the rule"),
        ),
        rules_out=("negative",),
    ),
    references=(
        Reference(
            "ALiEM Cards: Ottawa knee, ankle and foot rules.",
            "definition",
            url="https://aliemcards.com/cards/ottawa-knee-ankle-foot",
            verified=Verified(
                "https://aliemcards.com/cards/ottawa-knee-ankle-foot",
                "2026-11-22",
                (
                    "Academic Life in Emergency Medicine; University of Maryland emergency medicine for the zones of "
                    "pain"
                ),
                (
                    "tenderness of either malleolus, or inability to take four steps; sensitivity 97.8 % with the "
                    "foot rule"
                ),
            ),
        ),
    ),
    compute=ottawa_ankle,
)
