"""Clinical Dehydration Scale of children with gastroenteritis."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import choice
from tools.calculators.reference import Reference, Verified

GENERAL_APPEARANCE = {
    "0": "normal",
    "1": "thirsty, restless, or lethargic but irritable when touched",
    "2": "drowsy, limp, cold or sweaty",
}
EYES_APPEARANCE = {
    "0": "normal",
    "1": "slightly sunken",
    "2": "very sunken",
}
MUCOUS_MEMBRANES = {
    "0": "moist",
    "1": "sticky",
    "2": "dry",
}
TEARS_AMOUNT = {
    "0": "present",
    "1": "decreased",
    "2": "absent",
}


def clinical_dehydration_scale(
    general_appearance: str, eyes_appearance: str, mucous_membranes: str, tears_amount: str
) -> Outcome:
    """0 to 8 points."""
    return points(
        ("General appearance", True, float(general_appearance)),
        ("Eyes", True, float(eyes_appearance)),
        ("Mucous membranes", True, float(mucous_membranes)),
        ("Tears", True, float(tears_amount)),
    )


CALCULATOR = Calculator(
    name="clinical_dehydration_scale",
    title="Clinical Dehydration Scale",
    synonyms=("CDS", "clinical dehydration scale", "Goldman dehydration scale"),
    purpose=("Scores dehydration of a child with gastroenteritis from appearance, eyes, mucous membranes and tears."),
    specialty="paediatrics",
    inputs=(
        choice(
            "general_appearance", "General appearance", GENERAL_APPEARANCE, ask="General appearance?", max_age_days=1
        ),
        choice("eyes_appearance", "Eyes", EYES_APPEARANCE, ask="Eyes?", max_age_days=1),
        choice("mucous_membranes", "Mucous membranes", MUCOUS_MEMBRANES, ask="Tongue?", max_age_days=1),
        choice("tears_amount", "Tears", TEARS_AMOUNT, ask="Tears?", max_age_days=1),
    ),
    result=Result(
        "Clinical Dehydration Scale",
        noun="points",
        source="doi:10.1186/1471-2431-14-149",
        bands=(
            Band("no dehydration"),
            Band("some dehydration", 1),
            Band("moderate or severe dehydration", 5),
        ),
    ),
    references=(
        Reference(
            (
                "Comparison of clinical and biochemical markers of dehydration with the clinical dehydration "
                "scale in children: a case comparison trial. BMC Pediatr 2014;14:149, table 1."
            ),
            "definition",
            doi="10.1186/1471-2431-14-149",
            verified=Verified(
                "https://bmcpediatr.biomedcentral.com/articles/10.1186/1471-2431-14-149/tables/1",
                "2026-11-22",
                "BMC Pediatrics, table 1; Children's Mercy for the same",
                "the points of the four signs; 0 none, 1 to 4 some, 5 to 8 moderate or severe",
            ),
        ),
    ),
    compute=clinical_dehydration_scale,
)
