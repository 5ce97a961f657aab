"""Glasgow-Blatchford score: need for treatment in upper gastrointestinal bleeding, before endoscopy."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, Term
from tools.calculators.common import HAEMOGLOBIN, HEART_RATE, SEX, SYSTOLIC, boolean, quantity
from tools.calculators.reference import Reference, Verified

UREA = quantity(
    "urea",
    "Blood urea, or urea nitrogen",
    "mmol/L",
    # A result in mg/dL is urea nitrogen, as the United States report it; mmol/L is the same for both.
    analyte="urea_nitrogen",
    plausible=(1, 60),
    possible=(0.1, 150),
    cuts=(6.5, 8.0, 10.0, 25.0),
    max_age_days=1,
    codings=("loinc:3094-0", "loinc:14937-7", "loinc:20977-5"),
    example={"value": 5.0, "unit": "mmol/L"},
    ask="Blood urea of this episode (in mmol/L, or urea nitrogen in mg/dL)",
)


def _steps(value: float, *levels: tuple[float, float]) -> float:
    """The points of the highest level reached; `levels` are (from, points), ascending."""
    return next((worth for limit, worth in reversed(levels) if value >= limit), 0.0)


def _haemoglobin(value: float, sex: str) -> float:
    if value < 10:
        return 6.0
    if value < 12:
        return 1.0 if sex == "female" else 3.0
    return 1.0 if sex == "male" and value < 13 else 0.0


def glasgow_blatchford(
    urea: float,
    haemoglobin: float,
    sex: str,
    systolic_bp: float,
    heart_rate: float,
    melaena: bool,
    syncope: bool,
    liver_disease: bool,
    heart_failure: bool,
) -> Outcome:
    """0 to 23 points; urea in mmol/L, haemoglobin in g/dL, pressure in mmHg."""
    pressure = 3.0 - _steps(systolic_bp, (90, 1), (100, 2), (110, 3))
    terms = (
        Term("Urea", _steps(urea, (6.5, 2), (8, 3), (10, 4), (25, 6)), "points"),
        Term("Haemoglobin", _haemoglobin(haemoglobin, sex), "points"),
        Term("Systolic pressure", pressure, "points"),
        Term("Heart rate 100/min or more", 1.0 if heart_rate >= 100 else 0.0, "points"),
        Term("Melaena", 1.0 if melaena else 0.0, "points"),
        Term("Syncope", 2.0 if syncope else 0.0, "points"),
        Term("Hepatic disease", 2.0 if liver_disease else 0.0, "points"),
        Term("Cardiac failure", 2.0 if heart_failure else 0.0, "points"),
    )
    return Outcome(sum(float(term.value) for term in terms), terms)


CALCULATOR = Calculator(
    name="glasgow_blatchford",
    title="Glasgow-Blatchford score",
    synonyms=("GBS", "Blatchford score", "Glasgow Blatchford", "upper GI bleed score"),
    purpose="Scores the need for transfusion, endoscopic treatment or surgery, and the risk of death, of an adult with "
    "acute upper gastrointestinal bleeding before endoscopy.",
    specialty="gastroenterology",
    inputs=(
        UREA,
        HAEMOGLOBIN.but(cuts=(10.0, 12.0, 13.0), max_age_days=1),
        SEX,
        SYSTOLIC.but(cuts=(90.0, 100.0, 110.0)),
        HEART_RATE.but(cuts=(100.0,)),
        boolean("melaena", "Melaena", ask="Melaena at presentation?"),
        boolean("syncope", "Syncope", ask="Syncope at presentation?"),
        boolean("liver_disease", "Hepatic disease", ask="Known, or clinical or laboratory evidence of, liver disease?"),
        boolean("heart_failure", "Cardiac failure", ask="Known, or clinical or echocardiographic, heart failure?"),
    ),
    population=Population("adults with acute upper gastrointestinal bleeding"),
    notes=("A urea in mg/dL is read as urea nitrogen",),
    result=Result(
        "Glasgow-Blatchford score",
        noun="points",
        source="doi:10.14309/ajg.0000000000001245",
        bands=(Band("very low risk"), Band("not very low risk", 2)),
    ),
    references=(
        Reference(
            "Blatchford O, Murray WR, Blatchford M. A risk score to predict need for treatment for "
            "upper-gastrointestinal haemorrhage. Lancet 2000;356:1318-1321.",
            "derivation",
            doi="10.1016/S0140-6736(00)02816-6",
            verified=Verified(
                "https://bmcgastroenterol.biomedcentral.com/articles/10.1186/s12876-018-0828-5/tables/1",
                "2026-11-22",
                "BMC Gastroenterology, table 1; the definitions of liver disease and heart failure in Frontline "
                "Gastroenterology, table 1",
                "every item with its limits and points",
            ),
        ),
        Reference(
            "Laine L, et al. ACG Clinical Guideline: Upper Gastrointestinal and Ulcer Bleeding. "
            "Am J Gastroenterol 2021;116:899-917.",
            "bands",
            doi="10.14309/ajg.0000000000001245",
            verified=Verified(
                "https://guidelinecentral.com/guideline/325721",
                "2026-11-22",
                "Guideline Central, the statements of the guideline",
                "0 to 1 points are a very low risk",
            ),
        ),
    ),
    compute=glasgow_blatchford,
)
