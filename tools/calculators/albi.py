"""ALBI: liver function in hepatocellular carcinoma from albumin and bilirubin."""

from __future__ import annotations

import math

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.hepatology import ALBUMIN, BILIRUBIN
from tools.calculators.reference import Reference, Verified


def albi(bilirubin: float, albumin: float) -> Outcome:
    """The linear predictor; bilirubin in umol/L, albumin in g/L."""
    value = 0.66 * math.log10(bilirubin) - 0.085 * albumin
    return Outcome(value, (Term("0.66 × log10 bilirubin", 0.66 * math.log10(bilirubin)),))


CALCULATOR = Calculator(
    name="albi",
    title="ALBI score",
    synonyms=("albumin-bilirubin score", "ALBI grade", "albumin bilirubin grade"),
    purpose="Grades the liver function of a patient with hepatocellular carcinoma from albumin and bilirubin only.",
    specialty="hepatology",
    inputs=(
        BILIRUBIN.but(
            unit="umol/L",
            plausible=(2, 850),
            possible=(0.2, 1710),
            monotone=True,
            example={"value": 17, "unit": "umol/L"},
        ),
        ALBUMIN.but(
            unit="g/L", plausible=(10, 60), possible=(2, 100), monotone=True, example={"value": 40, "unit": "g/L"}
        ),
    ),
    notes=("Some print the factor of albumin as 0.0852, which lowers the score by 0.008 at 40 g/L",),
    result=Result(
        "ALBI",
        decimals=2,
        source="doi:10.1200/JCO.2014.57.9151",
        bands=(Band("grade 1"), Band("grade 2", above=-2.60), Band("grade 3", above=-1.39)),
    ),
    references=(
        Reference(
            "Johnson PJ, et al. Assessment of liver function in patients with hepatocellular carcinoma: a new "
            "evidence-based approach - the ALBI grade. J Clin Oncol 2015;33:550-558.",
            "derivation",
            doi="10.1200/JCO.2014.57.9151",
            verified=Verified(
                "https://github.com/hartwigmedical/actin",
                "2026-11-22",
                "Hartwig Medical Foundation, source of its trial matching; two other public programs citing the paper",
                "the formula in umol/L and g/L, and grades at -2.60 and -1.39",
            ),
        ),
    ),
    compute=albi,
)
