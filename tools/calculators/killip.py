"""Killip class of an acute myocardial infarction."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.critical_inputs import KILLIP
from tools.calculators.reference import Reference, Verified


def killip(killip_class: str) -> Outcome:
    """Class 1 to 4."""
    return Outcome(float(killip_class))


CALCULATOR = Calculator(
    name="killip",
    title="Killip class",
    synonyms=("Killip", "Killip classification", "Killip-Kimball class"),
    purpose=("Classes the heart failure of a patient with an acute heart attack by the examination on admission."),
    specialty="cardiology",
    inputs=(KILLIP,),
    result=Result(
        "Killip class",
        source="doi:10.1186/s12872-018-0744-1",
        bands=(
            Band("no signs of heart failure"),
            Band("mild to moderate heart failure", 2),
            Band("pulmonary oedema", 3),
            Band("cardiogenic shock", 4),
        ),
    ),
    references=(
        Reference(
            (
                "Blood lactate is a predictor of short-term mortality in patients with myocardial infarction "
                "complicated by heart failure but without cardiogenic shock. BMC Cardiovasc Disord 2018;18, table"
                " 1; after Killip and Kimball 1967."
            ),
            "definition",
            doi="10.1186/s12872-018-0744-1",
            verified=Verified(
                "https://bmccardiovascdisord.biomedcentral.com/articles/10.1186/s12872-018-0744-1/tables/1",
                "2026-11-22",
                "BMC Cardiovascular Disorders, table 1; Healio for the mortality of 1967",
                "the four classes; mortality in 1967 of 6, 17, 38 and 67 to 81 %, lower since",
            ),
        ),
    ),
    compute=killip,
)
