"""LRINEC: laboratory risk of necrotising fasciitis."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import CREATININE, HAEMOGLOBIN
from tools.calculators.critical_inputs import CRP
from tools.calculators.gases import WBC
from tools.calculators.hepatology import SODIUM
from tools.calculators.reference import Reference, Verified
from tools.calculators.serum_osmolality import GLUCOSE


def lrinec(crp: float, wbc: float, haemoglobin: float, sodium: float, creatinine: float, glucose: float) -> Outcome:
    """0 to 13 points."""
    return points(
        ("CRP 150 mg/L or more", crp >= 150, 4),
        ("White cells 15 to 25 (1), above 25 (2)", wbc >= 15, 2 if wbc > 25 else 1),
        ("Haemoglobin 11 to 13.5 (1), below 11 (2)", haemoglobin <= 13.5, 2 if haemoglobin < 11 else 1),
        ("Sodium below 135 mmol/L", sodium < 135, 2),
        ("Creatinine above 1.6 mg/dL (141 µmol/L)", creatinine > 1.6, 2),
        ("Glucose above 180 mg/dL (10 mmol/L)", glucose > 180, 1),
    )


CALCULATOR = Calculator(
    name="lrinec",
    title="LRINEC score",
    synonyms=("LRINEC", "necrotizing fasciitis score", "necrotising fasciitis score"),
    purpose="Scores from six blood tests how likely a severe soft tissue infection is necrotising fasciitis.",
    specialty="infectious disease",
    inputs=(
        CRP.but(cuts=(150.0,)),
        WBC.but(cuts=(15.0, 25.0)),
        HAEMOGLOBIN.but(cuts=(11.0, 13.5), max_age_days=2),
        SODIUM.but(cuts=(135.0,), max_age_days=2),
        CREATININE.but(cuts=(1.6,), max_age_days=2, equivalents={"umol/L": 1.6 / 141}),
        GLUCOSE.but(cuts=(180.0,), equivalents={"mmol/L": 18.0}),
    ),
    notes=("A low score does not exclude necrotising fasciitis",),
    result=Result(
        "LRINEC",
        noun="points",
        source="doi:10.1097/01.CCM.0000129486.35458.7D",
        bands=(
            Band("low risk"),
            Band("moderate risk", 6),
            Band("high risk", 8),
        ),
    ),
    references=(
        Reference(
            (
                "Wong CH, et al. The LRINEC (Laboratory Risk Indicator for Necrotizing Fasciitis) score: a tool "
                "for distinguishing necrotizing fasciitis from other soft tissue infections. Crit Care Med "
                "2004;32:1535-1541."
            ),
            "derivation",
            doi="10.1097/01.CCM.0000129486.35458.7D",
            verified=Verified(
                "https://ww.wikem.org/wiki/EBQ:LRINEC_Score",
                "2026-11-22",
                "WikEM, journal club; sinaiem.org for which limits include their value",
                (
                    "the points of the six tests; up to 5 low, 6 and 7 moderate, 8 and more high risk; one in ten "
                    "with necrotising fasciitis scored below 6"
                ),
            ),
        ),
        Reference(
            (
                "El-Menyar A, et al. The laboratory risk indicator for necrotizing fasciitis (LRINEC) scoring: "
                "the diagnostic and potential prognostic role. Scand J Trauma Resusc Emerg Med 2017;25:28."
            ),
            "validation",
            doi="10.1186/s13049-017-0359-z",
            pmid="28270166",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC5341454",
                "2026-11-22",
                "PubMed Central, abstract",
                "294 patients: sepsis and death more frequent from 6 points",
            ),
        ),
    ),
    compute=lrinec,
)
