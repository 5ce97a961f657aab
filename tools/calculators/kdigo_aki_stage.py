"""KDIGO stage of acute kidney injury from creatinine, urine output and dialysis."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, Term
from tools.calculators.common import (
    CREATININE,
    boolean,
    choice,
)
from tools.calculators.reference import Reference, Verified

OUTPUT = {
    "normal": "not below 0.5 mL/kg/h for 6 hours",
    "low_6h": "below 0.5 mL/kg/h for 6 hours or more, but less than 12",
    "low_12h": "below 0.5 mL/kg/h for 12 hours or more",
    "low_24h": "below 0.3 mL/kg/h for 24 hours or more, or no urine for 12 hours or more",
}
BY_OUTPUT = {"normal": 0, "low_6h": 1, "low_12h": 2, "low_24h": 3}


def kdigo_aki_stage(
    creatinine: float,
    baseline_creatinine: float,
    rise_within_48h: bool,
    renal_replacement: bool,
    lowest_urine_output: str,
) -> Outcome:
    """The higher of the stages by creatinine and by urine; creatinine in mg/dL."""
    # 1e-9: a quotient that is exactly a limit must not fall to binary noise.
    ratio = creatinine / baseline_creatinine + 1e-9
    injured = ratio >= 1.5 or rise_within_48h
    by_creatinine = 0
    if renal_replacement or ratio >= 3 or (injured and creatinine >= 4.0):
        by_creatinine = 3
    elif ratio >= 2:
        by_creatinine = 2
    elif injured:
        by_creatinine = 1
    by_urine = BY_OUTPUT[lowest_urine_output]
    terms = (
        Term("Creatinine over baseline", creatinine / baseline_creatinine),
        Term("Stage by creatinine or dialysis", float(by_creatinine)),
        Term("Stage by urine output", float(by_urine)),
    )
    return Outcome(("none", "1", "2", "3")[max(by_creatinine, by_urine)], terms)


CALCULATOR = Calculator(
    name="kdigo_aki_stage",
    title="KDIGO stage of acute kidney injury",
    synonyms=("AKI stage", "KDIGO AKI", "acute kidney injury stage", "AKI staging", "acute renal failure stage"),
    purpose="Stages how severe a sudden loss of kidney function is, from the rise of creatinine over its baseline and "
    "from the urine output.",
    specialty="nephrology",
    inputs=(
        CREATININE.but(max_age_days=7, plausible=(0.2, 20)),
        CREATININE.but(
            name="baseline_creatinine",
            title="Baseline creatinine",
            ask="Creatinine before this illness, known or presumed within the last 7 days?",
            codings=(),
            example={"value": 0.9, "unit": "mg/dL"},
        ),
        boolean(
            "rise_within_48h",
            "Rise of 0.3 mg/dL within 48 hours",
            ask="Did creatinine rise by 0.3 mg/dL (26.5 µmol/L) or more within 48 hours?",
        ),
        boolean("renal_replacement", "Dialysis or haemofiltration begun", ask="Has renal replacement been begun?"),
        choice(
            "lowest_urine_output",
            "Lowest urine output",
            OUTPUT,
            ask="The lowest urine output of this illness, in mL per kg and hour?",
            max_age_days=7,
        ),
    ),
    population=None,
    notes=(
        "For adults: under 18 years an eGFR below 35 mL/min/1.73 m² is also stage 3, which is not looked at here",
        "The stage is that of the worst criterion reached at any time of the illness",
    ),
    result=Result(
        "KDIGO AKI stage",
        source="https://qxmd.com/calculate/definition_17/kdigo-aki-staging",
        codes=(
            Code("none", "no AKI", "none of the criteria is met"),
            Code("1", "stage 1", "1.5 to 1.9 times baseline, a rise of 0.3 mg/dL, or 6 hours of low output"),
            Code("2", "stage 2", "2.0 to 2.9 times baseline, or 12 hours of low output"),
            Code("3", "stage 3", "3 times baseline, 4.0 mg/dL, dialysis, or 24 hours of very low output"),
        ),
    ),
    references=(
        Reference(
            "KDIGO Clinical Practice Guideline for Acute Kidney Injury. Kidney Int Suppl 2012;2:1-138 (table 2, page "
            "19).",
            "definition",
            url="https://qxmd.com/calculate/definition_17/kdigo-aki-staging",
            verified=Verified(
                "https://qxmd.com/calculate/definition_17/kdigo-aki-staging",
                "2026-11-22",
                "QxMD; the same table, adapted from KDIGO 2012, in J Cardiothorac Surg (BioMed Central) "
                "s13019-015-0265-2",
                "the criteria of stages 1 to 3 by creatinine, urine output and renal replacement",
            ),
        ),
    ),
    compute=kdigo_aki_stage,
)
