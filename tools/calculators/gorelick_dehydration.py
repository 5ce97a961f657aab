"""Gorelick scale of dehydration in a young child, ten signs."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, points
from tools.calculators.common import boolean
from tools.calculators.reference import Reference, Verified


def gorelick_dehydration(
    decreased_skin_elasticity: bool,
    abnormal_breathing: bool,
    sunken_eyes: bool,
    reduced_urine: bool,
    weak_radial_pulse: bool,
    tachycardia_above_150: bool,
    ill_appearance: bool,
    slow_capillary_refill: bool,
    absent_tears: bool,
    dry_mucous_membranes: bool,
) -> Outcome:
    """0 to 10 signs."""
    return points(
        ("Decreased skin elasticity", decreased_skin_elasticity, 1),
        ("Deep or rapid breathing", abnormal_breathing, 1),
        ("Sunken eyes", sunken_eyes, 1),
        ("Reduced urine", reduced_urine, 1),
        ("Weak radial pulse", weak_radial_pulse, 1),
        ("Heart rate above 150", tachycardia_above_150, 1),
        ("Ill appearance", ill_appearance, 1),
        ("Capillary refill above 2 seconds", slow_capillary_refill, 1),
        ("No tears", absent_tears, 1),
        ("Dry mucous membranes", dry_mucous_membranes, 1),
    )


CALCULATOR = Calculator(
    name="gorelick_dehydration",
    title="Gorelick dehydration scale",
    synonyms=("Gorelick scale", "Gorelick dehydration score"),
    purpose="Counts ten signs of dehydration in a young child with diarrhoea, vomiting or poor intake.",
    specialty="paediatrics",
    inputs=(
        boolean("decreased_skin_elasticity", "Decreased skin elasticity", ask="Slow recoil of the skin?"),
        boolean("abnormal_breathing", "Deep or rapid breathing", ask="Deep or rapid breathing?"),
        boolean("sunken_eyes", "Sunken eyes", ask="Sunken eyes?"),
        boolean("reduced_urine", "Reduced urine", ask="Urine reduced or absent?"),
        boolean("weak_radial_pulse", "Weak radial pulse", ask="Radial pulse thready, weak or impalpable?"),
        boolean("tachycardia_above_150", "Heart rate above 150", ask="Heart rate above 150 per minute?"),
        boolean("ill_appearance", "Ill appearance", ask="Restless, lethargic or unconscious?"),
        boolean("slow_capillary_refill", "Capillary refill above 2 seconds", ask="Capillary refill above 2 seconds?"),
        boolean("absent_tears", "No tears", ask="Are tears absent?"),
        boolean("dry_mucous_membranes", "Dry mucous membranes", ask="Dry mucous membranes?"),
    ),
    population=Population("children of 1 month to 5 years with diarrhoea, vomiting or poor intake"),
    result=Result(
        "Gorelick scale",
        noun="signs",
        source="https://medicalalgorithms.com/score-of-gorelick-et-al-for-dehydration-in-young-children",
        bands=(
            Band("fewer signs than go with a deficit of 5 %"),
            Band("deficit of 5 % or more likely", 3),
        ),
    ),
    references=(
        Reference(
            (
                "Gorelick MH, et al. Validity and reliability of clinical signs in the diagnosis of dehydration "
                "in children. Pediatrics 1997;99:e6."
            ),
            "derivation",
            url="https://medicalalgorithms.com/score-of-gorelick-et-al-for-dehydration-in-young-children",
            verified=Verified(
                "https://medicalalgorithms.com/score-of-gorelick-et-al-for-dehydration-in-young-children",
                "2026-11-22",
                "The Medical Algorithms Company",
                ("the ten signs at one point each, for 1 month to 5 years; 3 or more go with a deficit of 5 % or more"),
            ),
        ),
        Reference(
            ("Validation of three clinical dehydration scales in children with vomiting or diarrhea (PMC4008432)."),
            "validation",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC4008432",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC4008432",
                "2026-11-22",
                "PubMed Central, abstract",
                "113 children: area under the curve 0.71 for a weight change of 5 %",
            ),
        ),
    ),
    compute=gorelick_dehydration,
)
