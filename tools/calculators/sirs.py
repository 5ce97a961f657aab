"""SIRS criteria: systemic inflammatory response."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import HEART_RATE, RESPIRATORY_RATE, TEMPERATURE, boolean
from tools.calculators.gases import PACO2, WBC
from tools.calculators.reference import Reference, Verified


def sirs(
    temperature: float, heart_rate: float, respiratory_rate: float, paco2: float, wbc: float, immature_forms: bool
) -> Outcome:
    """0 to 4 criteria."""
    return points(
        ("Temperature above 38 or below 36 °C", temperature > 38 or temperature < 36, 1),
        ("Heart rate above 90/min", heart_rate > 90, 1),
        ("Respiratory rate above 20/min or PaCO2 below 32 mmHg", respiratory_rate > 20 or paco2 < 32, 1),
        ("White cells above 12 or below 4, or immature forms above 10%", wbc > 12 or wbc < 4 or immature_forms, 1),
    )


CALCULATOR = Calculator(
    name="sirs",
    title="SIRS criteria",
    synonyms=("SIRS", "systemic inflammatory response syndrome"),
    purpose="Counts the four signs of a systemic inflammatory response of an adult.",
    specialty="emergency medicine",
    inputs=(
        TEMPERATURE.but(cuts=(36.0, 38.0)),
        HEART_RATE.but(cuts=(90.0,)),
        RESPIRATORY_RATE.but(cuts=(20.0,)),
        PACO2.but(cuts=(32.0,), monotone=False),
        WBC.but(cuts=(4.0, 12.0)),
        boolean(
            "immature_forms", "More than 10% immature neutrophils", ask="More than 10% band forms?", max_age_days=2
        ),
    ),
    notes=("Older definition: sepsis is now defined by organ dysfunction (Sepsis-3)",),
    result=Result(
        "SIRS",
        noun="points",
        source="doi:10.1378/chest.101.6.1644",
        bands=(Band("fewer than 2 criteria"), Band("SIRS: 2 criteria or more", 2)),
    ),
    references=(
        Reference(
            "Bone RC, et al. Definitions for sepsis and organ failure and guidelines for the use of "
            "innovative therapies in sepsis. Chest 1992;101:1644-1655.",
            "definition",
            doi="10.1378/chest.101.6.1644",
            pmid="1303622",
            verified=Verified(
                "https://bmcinfectdis.biomedcentral.com/articles/10.1186/1471-2334-14-155/tables/2",
                "2026-11-22",
                "BMC Infectious Diseases, table 2, ACCP/SCCM criteria",
                "the four criteria with their limits; two or more",
            ),
        ),
    ),
    compute=sirs,
)
