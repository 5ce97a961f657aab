"""Serum-ascites albumin gradient."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.hepatology import ALBUMIN
from tools.calculators.reference import Reference, Verified


def saag(albumin: float, ascites_albumin: float) -> Outcome:
    """g/dL; rounded at the ninth digit, so that binary noise does not decide at 1.1."""
    return Outcome(round(albumin - ascites_albumin, 9), (Term("Albumin in ascites", ascites_albumin, "g/dL"),))


CALCULATOR = Calculator(
    name="saag",
    title="Serum-ascites albumin gradient (SAAG)",
    synonyms=("SAAG", "serum ascites albumin gradient", "ascitic albumin gradient"),
    purpose="Tells ascites of portal hypertension from ascites of other causes by albumin in blood and fluid.",
    specialty="hepatology",
    inputs=(
        ALBUMIN.but(monotone=True, max_age_days=1),
        ALBUMIN.but(
            name="ascites_albumin",
            title="Albumin in ascites",
            codings=(),
            monotone=True,
            plausible=(0.1, 5),
            possible=(0, 8),
            max_age_days=1,
            example={"value": 1.2, "unit": "g/dL"},
        ),
    ),
    notes=("Both samples from the same day",),
    result=Result(
        "SAAG",
        "g/dL",
        decimals=1,
        source="https://qxmd.com/calculate/calculator_249/serum-ascites-to-albumin-gradient-saag",
        bands=(Band("below 1.1: not portal hypertension"), Band("1.1 or more: portal hypertension", 1.1)),
    ),
    references=(
        Reference(
            "Runyon BA, et al. The serum-ascites albumin gradient is superior to the exudate-transudate concept in the "
            "differential diagnosis of ascites. Ann Intern Med 1992;117:215-220.",
            "derivation",
            url="https://qxmd.com/calculate/calculator_249/serum-ascites-to-albumin-gradient-saag",
            verified=Verified(
                "https://qxmd.com/calculate/calculator_249/serum-ascites-to-albumin-gradient-saag",
                "2026-11-22",
                "QxMD; GPnotebook for the citation",
                "serum less ascites albumin; 1.1 g/dL (11 g/L) or more is portal hypertension with 97 % accuracy",
            ),
        ),
    ),
    compute=saag,
)
