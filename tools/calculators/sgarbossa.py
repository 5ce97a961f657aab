"""Sgarbossa criteria: infarction in left bundle branch block."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import (
    boolean,
)
from tools.calculators.sgarbossa_inputs import CONCORDANT_DEPRESSION, CONCORDANT_ELEVATION, SMITH


def sgarbossa(
    concordant_st_elevation: bool, concordant_st_depression: bool, discordant_st_elevation_5mm: bool
) -> Outcome:
    """0 to 10 points."""
    return points(
        ("Concordant ST elevation", concordant_st_elevation, 5),
        ("Concordant ST depression in V1 to V3", concordant_st_depression, 3),
        ("Discordant ST elevation of 5 mm", discordant_st_elevation_5mm, 2),
    )


CALCULATOR = Calculator(
    name="sgarbossa",
    title="Sgarbossa criteria",
    synonyms=("Sgarbossa score", "original Sgarbossa", "LBBB infarction criteria"),
    purpose="Scores the signs of an acute myocardial infarction in an ECG with left bundle branch block.",
    specialty="cardiology",
    inputs=(
        CONCORDANT_ELEVATION,
        CONCORDANT_DEPRESSION,
        boolean(
            "discordant_st_elevation_5mm",
            "Discordant ST elevation of 5 mm",
            ask="ST elevation of 5 mm or more in a lead with a negative QRS?",
            max_age_days=1,
        ),
    ),
    notes=("Specific but not sensitive: a low score does not exclude an infarction",),
    result=Result(
        "Sgarbossa",
        noun="points",
        source=SMITH.key,
        bands=(Band("below 3"), Band("3 or more: acute infarction likely", 3)),
    ),
    references=(SMITH,),
    compute=sgarbossa,
)
