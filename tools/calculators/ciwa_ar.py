"""CIWA-Ar: severity of alcohol withdrawal."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.common import (
    choice,
)
from tools.calculators.questionnaire import total
from tools.calculators.reference import Reference, Verified

NAUSEA = {
    "0": "no nausea and no vomiting",
    "1": "mild nausea, no vomiting",
    "2": "between 0 and 4",
    "3": "between 0 and 4",
    "4": "intermittent nausea with dry heaves",
    "5": "between 4 and 7",
    "6": "between 4 and 7",
    "7": "constant nausea, frequent dry heaves and vomiting",
}


def _anchored(none: str, least: str, middle: str, most: str) -> dict[str, str]:
    """Steps 0 to 7 of which the form names four."""
    below, above = "between 1 and 4", "between 4 and 7"
    return dict(zip("01234567", (none, least, below, below, middle, above, above, most), strict=True))


TREMOR = _anchored("none", "felt at the fingertips, not seen", "moderate, arms held out", "severe, arms at rest too")
SWEATS = _anchored("none seen", "hardly seen, moist palms", "beads on the forehead", "drenching")
ANXIETY = _anchored("at ease", "mildly anxious", "moderately anxious or guarded", "as in acute panic")
AGITATION = _anchored("normal activity", "a little more than normal", "fidgety and restless", "paces or thrashes about")
HEADACHE = {
    "0": "none",
    "1": "very mild",
    "2": "mild",
    "3": "moderate",
    "4": "moderately severe",
    "5": "severe",
    "6": "very severe",
    "7": "extremely severe",
}
PERCEPTION = {
    "0": "none",
    "1": "very mild disturbance",
    "2": "mild disturbance",
    "3": "moderate disturbance",
    "4": "moderately severe hallucinations",
    "5": "severe hallucinations",
    "6": "extremely severe hallucinations",
    "7": "continuous hallucinations",
}
ORIENTATION = {
    "0": "oriented and adds in series",
    "1": "cannot add in series or is uncertain of the date",
    "2": "wrong date by up to 2 days",
    "3": "wrong date by more than 2 days",
    "4": "disoriented for place or person",
}
ITEMS = {
    "nausea_severity": ("Nausea and vomiting", NAUSEA),
    "tremor_severity": ("Tremor", TREMOR),
    "sweats_severity": ("Sweats", SWEATS),
    "anxiety_severity": ("Anxiety", ANXIETY),
    "agitation_severity": ("Agitation", AGITATION),
    "tactile_disturbance": ("Tactile disturbance", PERCEPTION),
    "auditory_disturbance": ("Auditory disturbance", PERCEPTION),
    "visual_disturbance": ("Visual disturbance", PERCEPTION),
    "headache_severity": ("Headache or fullness in the head", HEADACHE),
    "orientation": ("Orientation", ORIENTATION),
}


def ciwa_ar(
    nausea_severity: str,
    tremor_severity: str,
    sweats_severity: str,
    anxiety_severity: str,
    agitation_severity: str,
    tactile_disturbance: str,
    auditory_disturbance: str,
    visual_disturbance: str,
    headache_severity: str,
    orientation: str,
) -> Outcome:
    """0 to 67 points."""
    answers = (
        nausea_severity,
        tremor_severity,
        sweats_severity,
        anxiety_severity,
        agitation_severity,
        tactile_disturbance,
        auditory_disturbance,
        visual_disturbance,
        headache_severity,
        orientation,
    )
    titles = (title for title, _ in ITEMS.values())
    return total(dict(zip(titles, answers, strict=True)))


CALCULATOR = Calculator(
    name="ciwa_ar",
    title="CIWA-Ar",
    synonyms=("CIWA", "CIWA Ar", "clinical institute withdrawal assessment", "alcohol withdrawal scale"),
    purpose="Scores how severe alcohol withdrawal is at this moment, from ten observations.",
    specialty="psychiatry",
    inputs=tuple(
        choice(name, title, choices, ask=f"{title}: how severe now?", max_age_days=1)
        for name, (title, choices) in ITEMS.items()
    ),
    notes=(
        "Only for a patient who can answer and who drank recently; not validated in intensive care",
        "The wording of the steps is ours: who rates by the scale uses its form",
    ),
    result=Result(
        "CIWA-Ar",
        noun="points",
        source="https://pmc.ncbi.nlm.nih.gov/articles/PMC6286444/table/tbl0025",
        bands=(Band("mild withdrawal"), Band("moderate withdrawal", 8), Band("severe withdrawal", above=15)),
    ),
    references=(
        Reference(
            "Sullivan JT, et al. Assessment of alcohol withdrawal: the revised clinical institute withdrawal "
            "assessment "
            "for alcohol scale (CIWA-Ar). Br J Addict 1989;84:1353-1357.",
            "derivation",
            url="https://www.ccjm.org/highwire/markup/2346/expansion",
            verified=Verified(
                "https://www.ccjm.org/highwire/markup/2346/expansion",
                "2026-11-22",
                "Cleveland Clinic Journal of Medicine, table 2; the form at camcops.readthedocs.io (University of "
                "Cambridge) for step 1; CGA Toolkit for the steps of orientation and that it is free to use",
                "nine items of 0 to 7 and one of 0 to 4 with their anchors",
            ),
        ),
        Reference(
            "Instruments for the assessment of alcohol withdrawal syndrome (table 2 of PMC6286444).",
            "bands",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC6286444/table/tbl0025",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC6286444/table/tbl0025",
                "2026-11-22",
                "a review article on PubMed Central",
                "below 8 mild, 8 to 15 moderate, above 15 severe",
            ),
        ),
    ),
    compute=ciwa_ar,
)
