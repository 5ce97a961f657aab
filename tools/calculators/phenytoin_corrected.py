"""Phenytoin corrected for a low albumin (Sheiner-Tozer)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.hepatology import ALBUMIN
from tools.calculators.reference import Reference, Verified


def phenytoin_corrected(phenytoin_total: float, albumin: float) -> Outcome:
    """The total concentration a normal albumin would give, in mg/L; albumin in g/dL."""
    divisor = 0.2 * albumin + 0.1
    return Outcome(phenytoin_total / divisor, (Term("0.2 × albumin + 0.1", divisor),))


CALCULATOR = Calculator(
    name="phenytoin_corrected",
    title="Phenytoin corrected for albumin (Sheiner-Tozer)",
    synonyms=(
        "Sheiner-Tozer",
        "Sheiner Tozer equation",
        "Winter-Tozer",
        "corrected phenytoin",
        "adjusted phenytoin",
        "albumin-corrected phenytoin",
        "Dilantin level correction",
    ),
    purpose="Corrects a total phenytoin concentration for a low albumin, which leaves more of the drug unbound.",
    specialty="neurology",
    inputs=(
        quantity(
            "phenytoin_total",
            "Total phenytoin",
            "mg/L",
            analyte="phenytoin",
            plausible=(1, 60),
            possible=(0.1, 200),
            monotone=True,
            max_age_days=7,
            example={"value": 8, "unit": "mg/L"},
        ),
        ALBUMIN.but(monotone=True, max_age_days=7, example={"value": 2.5, "unit": "g/dL"}),
    ),
    notes=(
        "Found biased and imprecise in intensive care, head injury and the elderly; a measured free phenytoin is surer",
        "Not for end-stage kidney disease, in which the older equation of its own predicts badly",
    ),
    result=Result("Corrected phenytoin", "mg/L", decimals=1),
    references=(
        Reference(
            "Kiang TKL, Ensom MHH. A comprehensive review on the predictive performance of the Sheiner-Tozer and "
            "derivative equations for the correction of phenytoin concentrations. Ann Pharmacother 2016;50:311-325.",
            "validation",
            doi="10.1177/1060028016628166",
            pmid="26825643",
            verified=Verified(
                "https://pubmed.ncbi.nlm.nih.gov/26825643/",
                "2026-11-22",
                "PubMed, abstract",
                "the equation with its units, and in whom it is biased",
            ),
        ),
        Reference(
            "Characterization of free phenytoin concentrations in end-stage renal disease using the Winter-Tozer "
            "equation. Ann Pharmacother 2017;51:669-674.",
            "validation",
            doi="10.1177/1060028017707541",
            pmid="28470115",
            verified=Verified(
                "https://www.uptodate.com/contents/phenytoin-drug-information/abstract-text/28470115/pubmed",
                "2026-11-22",
                "PubMed abstract at UpToDate",
                "the equation for end-stage kidney disease was not accurate",
            ),
        ),
    ),
    compute=phenytoin_corrected,
)
