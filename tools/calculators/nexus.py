"""NEXUS low-risk criteria of the cervical spine."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, points
from tools.calculators.common import boolean
from tools.calculators.reference import Reference, Verified


def nexus(
    midline_tenderness: bool,
    intoxication: bool,
    altered_mental_status: bool,
    focal_deficit: bool,
    distracting_injury: bool,
) -> Outcome:
    """Positive on any of five criteria."""
    items = points(
        ("Midline cervical tenderness", midline_tenderness, 1),
        ("Intoxication", intoxication, 1),
        ("Altered alertness", altered_mental_status, 1),
        ("Focal neurological deficit", focal_deficit, 1),
        ("Painful distracting injury", distracting_injury, 1),
    )
    return Outcome("positive" if items.value else "negative", items.terms)


CALCULATOR = Calculator(
    name="nexus",
    title="NEXUS criteria",
    synonyms=("NEXUS", "NEXUS c-spine", "National Emergency X-Radiography Utilization Study"),
    purpose="Decides from five findings whether the neck can be cleared without imaging after blunt trauma.",
    specialty="emergency medicine",
    inputs=(
        boolean(
            "midline_tenderness",
            "Midline cervical tenderness",
            ask="Tenderness over the posterior midline of the neck?",
        ),
        boolean("intoxication", "Intoxication", ask="Evidence of intoxication?"),
        boolean("altered_mental_status", "Altered alertness", ask="Is alertness altered?"),
        boolean("focal_deficit", "Focal neurological deficit", ask="Any focal neurological deficit?"),
        boolean(
            "distracting_injury", "Painful distracting injury", ask="A painful injury that distracts from the neck?"
        ),
    ),
    result=Result(
        "NEXUS criteria",
        source="https://clinical.stjohnwa.com.au/clinical-skills/assessment/spinal-assessment",
        codes=(
            Code("negative", "negative", "low risk: none of the five criteria"),
            Code("positive", "positive", "at least one criterion present: not low risk"),
        ),
        rules_out=("negative",),
    ),
    references=(
        Reference(
            (
                "Hoffman JR, et al. Validity of a set of clinical criteria to rule out injury to the cervical "
                "spine in patients with blunt trauma. N Engl J Med 2000;343:94-99."
            ),
            "validation",
            url="https://clinical.stjohnwa.com.au/clinical-skills/assessment/spinal-assessment",
            verified=Verified(
                "https://clinical.stjohnwa.com.au/clinical-skills/assessment/spinal-assessment",
                "2026-11-22",
                "St John Western Australia, clinical practice; Skyscape for the study of 34,069 patients",
                "the five criteria with their definitions; all five absent identified all but 8 of 818 injuries",
            ),
        ),
    ),
    compute=nexus,
)
