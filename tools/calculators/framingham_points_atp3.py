"""Framingham points of ATP III: the printed table that approximates the equation."""

from __future__ import annotations

import math
from bisect import bisect_right

from tools.calculators.base import Calculator, Code, Outcome, Population, Result, Term
from tools.calculators.common import AGE, SEX, SYSTOLIC, boolean
from tools.calculators.lipids import HDL, TOTAL_CHOLESTEROL
from tools.calculators.reference import Reference, Verified

AGES = (35, 40, 45, 50, 55, 60, 65, 70, 75)
CHOLESTEROL = (160, 200, 240, 280)
HDL_STEPS = (40, 50, 60)
PRESSURE = (120, 130, 140, 160)
# Points by step of age, and by decade of age for cholesterol and smoking (20-39, 40-49, 50-59, 60-69, 70-79).
MEN = (
    (-9, -4, 0, 3, 6, 8, 10, 11, 12, 13),
    ((0, 0, 0, 0, 0), (4, 3, 2, 1, 0), (7, 5, 3, 1, 0), (9, 6, 4, 2, 1), (11, 8, 5, 3, 1)),
    (8, 5, 3, 1, 1),
    ((0, 0, 1, 1, 2), (0, 1, 2, 2, 3)),
)
WOMEN = (
    (-7, -3, 0, 3, 6, 8, 10, 12, 14, 16),
    ((0, 0, 0, 0, 0), (4, 3, 2, 1, 1), (8, 6, 4, 2, 1), (11, 8, 5, 3, 2), (13, 10, 7, 4, 2)),
    (9, 7, 4, 2, 1),
    ((0, 1, 2, 3, 4), (0, 3, 4, 5, 6)),
)
# The total from which each risk holds.
RISK_MEN = {0: 1, 5: 2, 7: 3, 8: 4, 9: 5, 10: 6, 11: 8, 12: 10, 13: 12, 14: 16, 15: 20, 16: 25, 17: 30}
RISK_WOMEN = {9: 1, 13: 2, 15: 3, 16: 4, 17: 5, 18: 6, 19: 8, 20: 11, 21: 14, 22: 17, 23: 22, 24: 27, 25: 30}


def framingham_points_atp3(
    age: float,
    sex: str,
    total_cholesterol: float,
    hdl: float,
    systolic_bp: float,
    bp_treated: bool,
    smoker: bool,
) -> Outcome:
    """The risk as a step of the table; values count as whole numbers, as the table has them."""
    by_age, by_cholesterol, by_smoking, by_pressure = MEN if sex == "male" else WOMEN
    years = math.floor(age)
    decade = max(0, years // 10 - 3)
    terms = (
        ("Age", by_age[bisect_right(AGES, years)]),
        ("Total cholesterol", by_cholesterol[bisect_right(CHOLESTEROL, round(total_cholesterol))][decade]),
        ("Smoking", by_smoking[decade] if smoker else 0),
        ("HDL cholesterol", 2 - bisect_right(HDL_STEPS, round(hdl))),
        ("Systolic blood pressure", by_pressure[bp_treated][bisect_right(PRESSURE, round(systolic_bp))]),
    )
    total = sum(points for _, points in terms)
    risks = [risk for least, risk in (RISK_MEN if sex == "male" else RISK_WOMEN).items() if total >= least]
    code = "under_1" if not risks else "30_or_more" if risks[-1] == 30 else str(risks[-1])
    shown = (*(Term(name, float(points), "points") for name, points in terms), Term("Total", float(total), "points"))
    return Outcome(code, shown)


def _codes() -> tuple[Code, ...]:
    steps = sorted({*RISK_MEN.values(), *RISK_WOMEN.values()} - {30})
    return (
        Code("under_1", "below 1 %", "infarction or coronary death in ten years: below 1 %"),
        *(Code(str(step), f"{step} %", f"infarction or coronary death in ten years: {step} %") for step in steps),
        Code("30_or_more", "30 % or more", "infarction or coronary death in ten years: 30 % or more"),
    )


CALCULATOR = Calculator(
    name="framingham_points_atp3",
    title="Framingham points (ATP III table)",
    synonyms=("Framingham point score", "ATP III points", "Framingham points table", "NCEP point score"),
    purpose="Reads the ten-year risk of myocardial infarction or coronary death off the printed table of points of "
    "2001 that approximates the Framingham equation.",
    specialty="cardiology",
    inputs=(
        AGE.but(plausible=(20, 79), monotone=False),
        SEX,
        TOTAL_CHOLESTEROL.but(monotone=False),
        HDL.but(monotone=False),
        SYSTOLIC.but(plausible=(90, 200), possible=(60, 300), max_age_days=365),
        boolean("bp_treated", "Blood pressure treated", ask="Taking medicine for blood pressure?"),
        boolean("smoker", "Current smoker", ask="Smoking now?"),
    ),
    population=Population(
        "adults of 20 to 79 years without coronary disease, its equivalents or diabetes",
        at_least={"age": 20},
        below={"age": 80},
    ),
    notes=(
        "An older table, superseded for current decisions by the PREVENT equations",
        "ATP III counts diabetes as equal to coronary disease; no points are given for it",
    ),
    example_inputs={"age": {"value": 55, "unit": "a"}},
    result=Result(
        "Ten-year risk",
        source="https://www.nhlbi.nih.gov/files/docs/guidelines/atglance.pdf",
        codes=_codes(),
    ),
    references=(
        Reference(
            "National Cholesterol Education Program. ATP III guidelines at-a-glance, NIH Publication 01-3305, 2001: "
            "estimate of 10-year risk (Framingham point scores).",
            "definition",
            url="https://www.nhlbi.nih.gov/files/docs/guidelines/atglance.pdf",
            verified=Verified(
                "https://accessmedicine.mhmedical.com/content.aspx?bookid=3094&sectionid=259068583",
                "2026-11-22",
                "AccessMedicine, giving the NIH tables; the totals of women from 13 points on also at MDApp",
                "points for age, cholesterol by decade, smoking, HDL and pressure, and the risk of each total",
            ),
        ),
    ),
    compute=framingham_points_atp3,
)
