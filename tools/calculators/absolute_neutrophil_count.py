"""Absolute neutrophil count from the differential."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.gases import WBC
from tools.calculators.reference import Reference, Verified


def absolute_neutrophil_count(wbc: float, segmented_percent: float, bands_percent: float) -> Outcome:
    """10^9/L; the shares in per cent."""
    share = segmented_percent + bands_percent
    if share > 100:
        return Outcome(None, (Term("Neutrophils", share, "%"),), ("The shares add up to more than 100%",))
    # Rounded at the ninth digit, so that binary noise does not decide at a limit.
    return Outcome(round(wbc * share / 100.0, 9), (Term("Neutrophils", share, "%"),))


CALCULATOR = Calculator(
    name="absolute_neutrophil_count",
    title="Absolute neutrophil count",
    synonyms=("ANC", "neutrophil count", "absolute granulocyte count"),
    purpose="Works out the number of neutrophils from white cells and their differential, to grade a neutropenia.",
    specialty="haematology",
    inputs=(
        WBC.but(monotone=True, cuts=()),
        quantity(
            "segmented_percent",
            "Segmented neutrophils",
            "%",
            plausible=(0, 95),
            possible=(0, 100),
            max_age_days=1,
            example={"value": 55, "unit": "%"},
        ),
        quantity(
            "bands_percent",
            "Band neutrophils",
            "%",
            plausible=(0, 50),
            possible=(0, 100),
            max_age_days=1,
            example={"value": 3, "unit": "%"},
            ask="Share of band forms (0 where the laboratory counts them with the neutrophils)?",
        ),
    ),
    result=Result(
        "Neutrophils",
        "10*9/L",
        decimals=2,
        source="http://www.globalrph.com/anc.htm",
        bands=(
            Band("severe neutropenia"),
            Band("moderate neutropenia", 0.5),
            Band("mild neutropenia", 1.0),
            Band("no neutropenia", 1.5),
        ),
    ),
    references=(
        Reference(
            "GlobalRPh: absolute neutrophil count; after Tefferi A (ed). Primary Hematology. Humana Press, 2001.",
            "definition",
            url="http://www.globalrph.com/anc.htm",
            verified=Verified(
                "http://www.globalrph.com/anc.htm",
                "2026-11-22",
                "GlobalRPh; the same limits in a textbook chapter at Oncohema Key",
                "white cells times the share of segmented and band forms, and the limits 1500, 1000 and 500",
            ),
        ),
    ),
    compute=absolute_neutrophil_count,
)
