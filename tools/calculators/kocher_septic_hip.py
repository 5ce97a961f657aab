"""Kocher criteria: septic arthritis of a child's hip."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import TEMPERATURE, boolean, quantity
from tools.calculators.gases import WBC
from tools.calculators.reference import Reference, Verified


def kocher_septic_hip(non_weight_bearing: bool, temperature: float, esr: float, wbc: float) -> Outcome:
    """0 to 4 criteria."""
    return points(
        ("Does not bear weight", non_weight_bearing, 1),
        ("Temperature above 38.5 °C", temperature > 38.5, 1),
        ("Sedimentation rate 40 mm/h or more", esr >= 40, 1),
        ("White cells above 12 (10*9/L)", wbc > 12, 1),
    )


CALCULATOR = Calculator(
    name="kocher_septic_hip",
    title="Kocher criteria",
    synonyms=("Kocher", "Kocher criteria", "septic hip score"),
    purpose=("Counts signs that tell septic arthritis from transient synovitis in a child with an irritable hip."),
    specialty="paediatrics",
    inputs=(
        boolean("non_weight_bearing", "Does not bear weight", ask="Does the child refuse to bear weight on that leg?"),
        TEMPERATURE.but(cuts=(38.5,)),
        quantity(
            "esr",
            "Erythrocyte sedimentation rate",
            "mm/h",
            plausible=(1, 140),
            possible=(0, 250),
            cuts=(40.0,),
            max_age_days=2,
            example={"value": 12, "unit": "mm/h"},
        ),
        WBC.but(cuts=(12.0,)),
    ),
    notes=("The predicted shares were lower in later validations",),
    result=Result(
        "Kocher criteria",
        noun="criteria",
        source="doi:10.2106/00004623-199912000-00002",
        bands=(
            Band("septic arthritis under 0.2 %"),
            Band("septic arthritis 3 %", 1),
            Band("septic arthritis 40 %", 2),
            Band("septic arthritis 93.1 %", 3),
            Band("septic arthritis 99.6 %", 4),
        ),
    ),
    references=(
        Reference(
            (
                "Kocher MS, et al. Differentiating between septic arthritis and transient synovitis of the hip in"
                " children: an evidence-based clinical prediction algorithm. J Bone Joint Surg Am "
                "1999;81:1662-1670."
            ),
            "derivation",
            doi="10.2106/00004623-199912000-00002",
            pmid="10608376",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC3971243/table/Tab1/",
                "2026-11-22",
                "Clin Orthop Relat Res 2014, table 1, on the criteria of 1999 and later validations",
                "four criteria with their limits, of which 40 mm/h counts; septic arthritis in under 0.2, 3, 40, 93 "
                "and 99.6 % by their number (93.1 % at PEM Currents, Cincinnati Children's)",
            ),
        ),
    ),
    compute=kocher_septic_hip,
)
