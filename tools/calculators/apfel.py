"""Apfel score: nausea and vomiting after anaesthesia."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, points
from tools.calculators.common import SEX, boolean
from tools.calculators.reference import Reference, Verified


def apfel(sex: str, smoker: bool, ponv_or_motion_sickness: bool, postoperative_opioids: bool) -> Outcome:
    """0 to 4 points."""
    return points(
        ("Female", sex == "female", 1),
        ("Non-smoker", not smoker, 1),
        ("Previous postoperative vomiting or motion sickness", ponv_or_motion_sickness, 1),
        ("Opioids after the operation", postoperative_opioids, 1),
    )


CALCULATOR = Calculator(
    name="apfel",
    title="Apfel score",
    synonyms=("Apfel", "simplified PONV score", "PONV risk score", "postoperative nausea and vomiting risk"),
    purpose=("Scores how likely an adult is to have nausea and vomiting after an operation under general anaesthesia."),
    specialty="anaesthesia",
    inputs=(
        SEX,
        boolean("smoker", "Current smoker", ask="Does the patient smoke?"),
        boolean(
            "ponv_or_motion_sickness",
            "Previous postoperative vomiting or motion sickness",
            ask="Nausea or vomiting after an operation before, or motion sickness?",
        ),
        boolean("postoperative_opioids", "Opioids after the operation", ask="Opioids expected after the operation?"),
    ),
    population=Population("adults under general anaesthesia"),
    result=Result(
        "Apfel score",
        noun="points",
        source="doi:10.1097/00000542-199909000-00022",
        bands=(
            Band("10 % had nausea or vomiting"),
            Band("21 % had nausea or vomiting", 1),
            Band("39 % had nausea or vomiting", 2),
            Band("61 % had nausea or vomiting", 3),
            Band("79 % had nausea or vomiting", 4),
        ),
    ),
    references=(
        Reference(
            (
                "Apfel CC, et al. A simplified risk score for predicting postoperative nausea and vomiting: "
                "conclusions from cross-validations between two centers. Anesthesiology 1999;91:693-700."
            ),
            "derivation",
            doi="10.1097/00000542-199909000-00022",
            pmid="10485781",
            verified=Verified(
                "https://insights.ovid.com/crossref?an=00000542-199909000-00022",
                "2026-11-22",
                "Ovid, abstract of the paper",
                "four factors in adults under inhalational anaesthesia; 10, 21, 39, 61 and 79 % with 0 to 4 of them",
            ),
        ),
    ),
    compute=apfel,
)
