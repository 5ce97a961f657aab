"""Ottawa knee rule: x-ray of an injured knee."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Population, Result, points
from tools.calculators.common import AGE, boolean
from tools.calculators.reference import Reference, Verified


def ottawa_knee(
    age: float, isolated_patella_tender: bool, fibular_head_tender: bool, cannot_flex_90: bool, cannot_bear_weight: bool
) -> Outcome:
    """Positive on any of five findings."""
    items = points(
        ("Age 55 or older", age >= 55, 1),
        ("Isolated tenderness of the patella", isolated_patella_tender, 1),
        ("Tender head of the fibula", fibular_head_tender, 1),
        ("Cannot flex to 90 degrees", cannot_flex_90, 1),
        ("Cannot take four steps", cannot_bear_weight, 1),
    )
    return Outcome("positive" if items.value else "negative", items.terms)


CALCULATOR = Calculator(
    name="ottawa_knee",
    title="Ottawa knee rule",
    synonyms=("Ottawa knee rules", "OKR"),
    purpose="Decides whether an injured knee needs an x-ray for a fracture.",
    specialty="emergency medicine",
    inputs=(
        AGE.but(cuts=(55.0,), plausible=(2, 110)),
        boolean(
            "isolated_patella_tender",
            "Isolated tenderness of the patella",
            ask="Is the patella the only tender bone of the knee?",
        ),
        boolean("fibular_head_tender", "Tender head of the fibula", ask="Tender head of the fibula?"),
        boolean("cannot_flex_90", "Cannot flex to 90 degrees", ask="Unable to flex the knee to 90 degrees?"),
        boolean(
            "cannot_bear_weight",
            "Cannot take four steps",
            ask="Unable to take four steps both at once and when examined?",
        ),
    ),
    population=Population("people of 2 years or older with an injured knee", at_least={"age": 2}),
    example_inputs={"age": {"value": 30, "unit": "a"}},
    result=Result(
        "Ottawa knee rule",
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
                    "age 55 or older, two places of tenderness, flexion below 90 degrees, or inability to take four "
                    "steps; sensitivity 100 %; validated in children from 2 years"
                ),
            ),
        ),
    ),
    compute=ottawa_knee,
)
