"""Maddrey discriminant function, modified: severity of alcoholic hepatitis."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, Term
from tools.calculators.common import quantity
from tools.calculators.hepatology import BILIRUBIN
from tools.calculators.reference import Reference, Verified


def maddrey(prothrombin_time: float, control_time: float, bilirubin: float) -> Outcome:
    """Dimensionless; times in seconds, bilirubin in mg/dL."""
    change = 4.6 * (prothrombin_time - control_time)
    return Outcome(change + bilirubin, (Term("4.6 × (prothrombin time − control)", change),))


CALCULATOR = Calculator(
    name="maddrey",
    title="Maddrey discriminant function",
    synonyms=("Maddrey", "MDF", "discriminant function", "alcoholic hepatitis severity"),
    purpose="Grades alcoholic hepatitis from prothrombin time and bilirubin.",
    specialty="hepatology",
    inputs=(
        quantity(
            "prothrombin_time",
            "Prothrombin time",
            "s",
            plausible=(9, 60),
            possible=(5, 300),
            monotone=True,
            max_age_days=7,
            example={"value": 18, "unit": "s"},
        ),
        quantity(
            "control_time",
            "Prothrombin time of the control",
            "s",
            plausible=(9, 16),
            possible=(5, 30),
            monotone=True,
            ask="The laboratory's own control?",
            example={"value": 12, "unit": "s"},
        ),
        BILIRUBIN.but(monotone=True, max_age_days=7),
    ),
    population=Population("adults with alcoholic hepatitis"),
    notes=("The modified function of Carithers; the control is the laboratory's own",),
    result=Result(
        "Discriminant function",
        decimals=1,
        source="https://pmc.ncbi.nlm.nih.gov/articles/PMC5157883",
        bands=(Band("below 32"), Band("32 or more: severe", 32)),
    ),
    references=(
        Reference(
            "Carithers RL Jr, et al. Methylprednisolone therapy in patients with severe alcoholic "
            "hepatitis. Ann Intern Med 1989;110:685-690.",
            "derivation",
            doi="10.7326/0003-4819-110-9-685",
            verified=Verified(
                "https://docsbay.net/supplementary-figure-b-correlation-between-df-and-meld-measures-of-severity-on-admission",
                "2026-11-22",
                "a paper's supplement on Docsbay; Medical Algorithms agrees",
                "4.6 times prothrombin time less control, plus bilirubin in mg/dL",
            ),
        ),
        Reference(
            "Effects of pharmacologic therapy in alcoholic hepatitis as stratified by the Maddrey "
            "discriminant function. PMC5157883.",
            "bands",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC5157883",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC5157883",
                "2026-11-22",
                "PubMed Central, abstract",
                "32 or more marks the patients at highest risk",
            ),
        ),
    ),
    compute=maddrey,
)
