"""Child-Pugh score: severity of cirrhosis."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, Term
from tools.calculators.common import boolean
from tools.calculators.hepatology import ALBUMIN, BILIRUBIN, INR
from tools.calculators.reference import Reference, Verified


def _grade(present: bool, severe: bool) -> float:
    if not present:
        return 1.0
    return 3.0 if severe else 2.0


def child_pugh(
    bilirubin: float,
    albumin: float,
    inr: float,
    ascites: bool,
    ascites_severe: bool,
    encephalopathy: bool,
    encephalopathy_severe: bool,
) -> Outcome:
    """5 to 15 points; bilirubin in mg/dL, albumin in g/dL."""
    terms = (
        Term("Bilirubin", 1.0 if bilirubin < 2 else 2.0 if bilirubin <= 3 else 3.0, "points"),
        Term("Albumin", 1.0 if albumin > 3.5 else 2.0 if albumin >= 2.8 else 3.0, "points"),
        Term("INR", 1.0 if inr < 1.7 else 2.0 if inr <= 2.3 else 3.0, "points"),
        Term("Ascites", _grade(ascites, ascites_severe), "points"),
        Term("Encephalopathy", _grade(encephalopathy, encephalopathy_severe), "points"),
    )
    return Outcome(sum(float(term.value) for term in terms), terms)


CALCULATOR = Calculator(
    name="child_pugh",
    title="Child-Pugh score",
    synonyms=("Child-Turcotte-Pugh", "CTP score", "Child Pugh class", "Child class", "severity of cirrhosis"),
    purpose="Grades the severity of cirrhosis in classes A, B and C from bilirubin, albumin, INR, ascites and "
    "encephalopathy.",
    specialty="hepatology",
    inputs=(
        # The table's own correspondence: 34 µmol/L stands for 2 mg/dL, 51 for 3.
        BILIRUBIN.but(cuts=(2.0, 3.0), equivalents={"umol/L": 2 / 34}),
        ALBUMIN.but(cuts=(2.8, 3.5)),
        INR.but(cuts=(1.7, 2.3)),
        boolean("ascites", "Ascites", ask="Is there ascites?"),
        boolean("ascites_severe", "At least moderate ascites", ask="Is ascites at least moderate despite diuretics?"),
        boolean("encephalopathy", "Hepatic encephalopathy", ask="Is there hepatic encephalopathy?"),
        boolean(
            "encephalopathy_severe", "Encephalopathy of grade 3 or 4", ask="Is the encephalopathy of grade 3 or 4?"
        ),
    ),
    population=Population("adults with cirrhosis"),
    notes=("With the limits of the INR; other limits hold for bilirubin in cholestatic disease",),
    example_inputs={"ascites": True},
    result=Result(
        "Child-Pugh",
        noun="points",
        source="doi:10.1002/bjs.1800600817",
        bands=(Band("class A"), Band("class B", 7), Band("class C", 10)),
    ),
    references=(
        Reference(
            "Pugh RN, et al. Transection of the oesophagus for bleeding oesophageal varices. "
            "Br J Surg 1973;60:646-649.",
            "derivation",
            doi="10.1002/bjs.1800600817",
            verified=Verified(
                "https://www.msdmanuals.com/uk/professional/multimedia/table/child-turcotte-pugh-scoring-system",
                "2026-11-22",
                "MSD Manual, table; the classes in Cleveland Clinic Journal of Medicine, table 1 "
                "(www.ccjm.org/highwire/markup/12320/expansion)",
                "the five items with their limits in both units and points; A 5 to 6, B 7 to 9, C 10 or more",
            ),
        ),
    ),
    compute=child_pugh,
)
