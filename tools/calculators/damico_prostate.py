"""D'Amico classes of localised prostate cancer."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, Term
from tools.calculators.common import (
    choice,
    quantity,
)
from tools.calculators.reference import Reference, Verified

STAGES = {"t1_t2a": "T1 to T2a", "t2b": "T2b", "t2c_or_more": "T2c or higher"}
GLEASON = {"6": "6 or less", "7": "7", "8": "8 to 10"}


def damico_prostate(psa: float, gleason_sum: str, clinical_t_stage: str) -> Outcome:
    """The worst of three; PSA in ng/mL."""
    by_psa = 0 if psa <= 10 else 1 if psa <= 20 else 2
    by_grade = {"6": 0, "7": 1, "8": 2}[gleason_sum]
    by_stage = {"t1_t2a": 0, "t2b": 1, "t2c_or_more": 2}[clinical_t_stage]
    classes = ("low", "intermediate", "high")
    terms = (
        Term("By PSA", classes[by_psa]),
        Term("By Gleason score", classes[by_grade]),
        Term("By stage", classes[by_stage]),
    )
    return Outcome(classes[max(by_psa, by_grade, by_stage)], terms)


CALCULATOR = Calculator(
    name="damico_prostate",
    title="D'Amico risk classes (prostate cancer)",
    synonyms=("D'Amico", "DAmico classification", "prostate cancer risk group", "Damico risk"),
    purpose="Classes a localised prostate cancer by its risk of coming back, from PSA, Gleason score and stage.",
    specialty="urology",
    inputs=(
        quantity(
            "psa",
            "PSA",
            "ng/mL",
            equivalents={"ug/L": 1.0},
            plausible=(0.1, 200),
            possible=(0, 20000),
            cuts=(10.0, 20.0),
            max_age_days=180,
            example={"value": 7.2, "unit": "ng/mL"},
        ),
        choice("gleason_sum", "Gleason score", GLEASON, ask="The Gleason score of the biopsy?"),
        choice("clinical_t_stage", "Clinical stage", STAGES, ask="The clinical T stage?"),
    ),
    notes=("For cancer without metastases; NCCN counts T2c, and later tables a PSA of 10 itself, as intermediate",),
    result=Result(
        "D'Amico class",
        source="http://www.hindawi.com/journals/au/2012/980841/tab1/",
        codes=(
            Code("low", "low risk", "PSA 10 or less, Gleason 6 or less and T1 to T2a"),
            Code("intermediate", "intermediate risk", "PSA above 10 to 20, Gleason 7 or T2b, and nothing of high risk"),
            Code("high", "high risk", "PSA above 20, Gleason 8 or more, or T2c and higher"),
        ),
    ),
    references=(
        Reference(
            "HDR brachytherapy in the management of high-risk prostate cancer. Adv Urol 2012;2012:980841 (table 1); "
            "the limits of D'Amico AV, et al. JAMA 1998;280:969-974.",
            "definition",
            url="http://www.hindawi.com/journals/au/2012/980841/tab1/",
            verified=Verified(
                "http://www.hindawi.com/journals/au/2012/980841/tab1/",
                "2026-11-22",
                "Advances in Urology, table 1",
                "10 or less, above 10 to 20, above 20; Gleason 6, 7, 8; T1 to T2a, T2b, T2c: which side each is on",
            ),
        ),
        Reference(
            "Common prostate cancer risk stratification systems based on clinicopathologic features. Ontario Health "
            "Technology Assessment 2017;17(6) (table 1).",
            "definition",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC5451271/table/T1",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC5451271/table/T1",
                "2026-11-22",
                "Health Quality Ontario, table 1",
                "the limits of PSA, Gleason score and stage of the three classes, and those of NCCN",
            ),
        ),
    ),
    compute=damico_prostate,
)
