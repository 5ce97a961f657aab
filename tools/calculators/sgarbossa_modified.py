"""Smith-modified Sgarbossa criteria."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, Term
from tools.calculators.common import (
    boolean,
)
from tools.calculators.sgarbossa_inputs import CONCORDANT_DEPRESSION, CONCORDANT_ELEVATION, SMITH


def sgarbossa_modified(
    concordant_st_elevation: bool, concordant_st_depression: bool, discordant_st_ratio: bool
) -> Outcome:
    """Met by any of the three."""
    met = concordant_st_elevation or concordant_st_depression or discordant_st_ratio
    terms = (
        Term("Concordant ST elevation", concordant_st_elevation),
        Term("Concordant ST depression in V1 to V3", concordant_st_depression),
        Term("Discordant ST elevation of a quarter of the S wave", discordant_st_ratio),
    )
    return Outcome("met" if met else "not_met", terms)


CALCULATOR = Calculator(
    name="sgarbossa_modified",
    title="Modified Sgarbossa criteria (Smith)",
    synonyms=("Smith-modified Sgarbossa", "modified Sgarbossa", "Smith criteria LBBB"),
    purpose="Tells whether an ECG with left bundle branch block shows an occluded coronary artery, with the discordant "
    "ST elevation taken in proportion to the S wave.",
    specialty="cardiology",
    inputs=(
        CONCORDANT_ELEVATION,
        CONCORDANT_DEPRESSION,
        boolean(
            "discordant_st_ratio",
            "Discordant ST elevation of a quarter of the S wave",
            ask="ST elevation of 1 mm or more that is at least 25% of the S wave before it, in any lead?",
            max_age_days=1,
        ),
    ),
    result=Result(
        "Modified Sgarbossa",
        source=SMITH.key,
        codes=(
            Code("not_met", "not met", "none of the three criteria is present"),
            Code("met", "met", "at least one criterion of coronary occlusion is present"),
        ),
    ),
    references=(SMITH,),
    compute=sgarbossa_modified,
)
