"""Revised Cardiac Risk Index: cardiac complications of non-cardiac surgery."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, points
from tools.calculators.common import CREATININE, boolean
from tools.calculators.reference import Reference, Verified


def rcri(
    high_risk_surgery: bool,
    ischaemic_heart_disease: bool,
    heart_failure: bool,
    cerebrovascular_disease: bool,
    insulin_treatment: bool,
    creatinine: float,
) -> Outcome:
    """0 to 6 points; creatinine in mg/dL."""
    return points(
        ("High-risk surgery", high_risk_surgery, 1),
        ("Ischaemic heart disease", ischaemic_heart_disease, 1),
        ("Heart failure", heart_failure, 1),
        ("Cerebrovascular disease", cerebrovascular_disease, 1),
        ("Insulin before surgery", insulin_treatment, 1),
        ("Creatinine above 2.0 mg/dL", creatinine > 2.0, 1),
    )


CALCULATOR = Calculator(
    name="rcri",
    title="Revised Cardiac Risk Index (RCRI)",
    synonyms=("RCRI", "revised cardiac risk index", "Lee index", "preoperative cardiac risk"),
    purpose="Scores the risk of a major cardiac complication of non-cardiac surgery from six items.",
    specialty="anaesthesia",
    inputs=(
        boolean(
            "high_risk_surgery",
            "High-risk surgery",
            ask="Intraperitoneal, intrathoracic or suprainguinal vascular surgery?",
        ),
        boolean(
            "ischaemic_heart_disease",
            "Ischaemic heart disease",
            ask="Earlier infarction, positive exercise test, ischaemic chest pain, nitrates, or pathological Q waves?",
        ),
        boolean(
            "heart_failure",
            "Heart failure",
            ask="A history of heart failure, pulmonary oedema, nocturnal dyspnoea, rales or S3 gallop?",
        ),
        boolean(
            "cerebrovascular_disease", "Cerebrovascular disease", ask="Stroke or transient ischaemic attack before?"
        ),
        boolean("insulin_treatment", "Insulin before surgery", ask="Treated with insulin?"),
        CREATININE.but(cuts=(2.0,), equivalents={"umol/L": 2 / 177}, max_age_days=90),
    ),
    population=Population("adults before non-cardiac surgery"),
    result=Result(
        "RCRI",
        noun="points",
        source="doi:10.1161/01.CIR.100.10.1043",
        bands=(
            Band("0.4% major cardiac complications"),
            Band("0.9% major cardiac complications", 1),
            Band("7% major cardiac complications", 2),
            Band("11% major cardiac complications", 3),
        ),
    ),
    references=(
        Reference(
            "Lee TH, et al. Derivation and prospective validation of a simple index for prediction of "
            "cardiac risk of major noncardiac surgery. "
            "Circulation 1999;100:1043-1049.",
            "derivation",
            doi="10.1161/01.CIR.100.10.1043",
            verified=Verified(
                "https://www.ccjm.org/highwire/markup/1343/expansion",
                "2026-11-22",
                "Cleveland Clinic Journal of Medicine, table 1; Guideline Central for the definitions; "
                "Thorax for 177 µmol/L",
                "the six factors and 0.4, 0.9, 7 and 11 % for 0, 1, 2 and 3 or more",
            ),
        ),
    ),
    compute=rcri,
)
