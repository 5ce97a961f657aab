"""BISAP: bedside index of severity in acute pancreatitis."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, points
from tools.calculators.common import AGE, boolean
from tools.calculators.reference import Reference, Verified
from tools.calculators.serum_osmolality import UREA_NITROGEN


def bisap(
    urea_nitrogen: float, impaired_mental_status: bool, sirs: bool, age: float, pleural_effusion: bool
) -> Outcome:
    """0 to 5 points; urea nitrogen in mg/dL."""
    return points(
        ("Urea nitrogen above 25 mg/dL", urea_nitrogen > 25, 1),
        ("Impaired mental status", impaired_mental_status, 1),
        ("SIRS", sirs, 1),
        ("Age over 60", age > 60, 1),
        ("Pleural effusion", pleural_effusion, 1),
    )


CALCULATOR = Calculator(
    name="bisap",
    title="BISAP score",
    synonyms=("BISAP", "bedside index for severity in acute pancreatitis", "pancreatitis severity"),
    purpose="Scores the risk of death in acute pancreatitis from five findings of the first 24 hours.",
    specialty="gastroenterology",
    inputs=(
        UREA_NITROGEN.but(cuts=(25.0,), equivalents={"mmol/L": 25 / 8.9}),
        boolean("impaired_mental_status", "Impaired mental status", ask="Glasgow Coma Scale below 15?"),
        boolean("sirs", "SIRS", ask="At least two SIRS criteria?"),
        AGE.but(cuts=(60.0,), plausible=(18, 110)),
        boolean("pleural_effusion", "Pleural effusion", ask="Pleural effusion on imaging?"),
    ),
    population=Population("adults with acute pancreatitis"),
    result=Result(
        "BISAP",
        noun="points",
        source="doi:10.1136/gut.2008.152702",
        bands=(Band("mortality below 2%"), Band("mortality above 15%", 3)),
    ),
    references=(
        Reference(
            "Wu BU, et al. The early prediction of mortality in acute pancreatitis: a large "
            "population-based study. Gut 2008;57:1698-1703.",
            "derivation",
            doi="10.1136/gut.2008.152702",
            pmid="18519429",
            verified=Verified(
                "https://msdmanuals.com/iframe/manual/medical-calculators/bisapscore-ja.htm",
                "2026-11-22",
                "MSD Manuals",
                "the five items; below 2 % at 0 to 2, above 15 % at 3 to 5",
            ),
        ),
    ),
    compute=bisap,
)
