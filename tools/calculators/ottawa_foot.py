"""Ottawa foot rule: x-ray of an injured midfoot."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, points
from tools.calculators.common import boolean
from tools.calculators.reference import Reference, Verified


def ottawa_foot(fifth_metatarsal_tender: bool, navicular_tender: bool, cannot_bear_weight: bool) -> Outcome:
    """Positive on any of three findings."""
    items = points(
        ("Tender base of the fifth metatarsal", fifth_metatarsal_tender, 1),
        ("Tender navicular", navicular_tender, 1),
        ("Cannot take four steps", cannot_bear_weight, 1),
    )
    return Outcome("positive" if items.value else "negative", items.terms)


CALCULATOR = Calculator(
    name="ottawa_foot",
    title="Ottawa foot rule",
    synonyms=("Ottawa foot rules", "Ottawa midfoot rule"),
    purpose="Decides whether an injured midfoot needs an x-ray for a fracture.",
    specialty="emergency medicine",
    inputs=(
        boolean(
            "fifth_metatarsal_tender",
            "Tender base of the fifth metatarsal",
            ask="Bone tender at the base of the fifth metatarsal?",
        ),
        boolean("navicular_tender", "Tender navicular", ask="Bone tender over the navicular?"),
        boolean(
            "cannot_bear_weight",
            "Cannot take four steps",
            ask="Unable to take four steps both at once and when examined?",
        ),
    ),
    notes=("For pain in the midfoot; adults",),
    result=Result(
        "Ottawa foot rule",
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
                "tenderness of the fifth metatarsal base or the navicular, or inability to take four steps",
            ),
        ),
    ),
    compute=ottawa_foot,
)
