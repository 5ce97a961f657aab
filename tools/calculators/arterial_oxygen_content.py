"""Arterial oxygen content from haemoglobin, saturation and PaO2."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import HAEMOGLOBIN, SPO2
from tools.calculators.gases import PAO2
from tools.calculators.reference import Reference, Verified


def arterial_oxygen_content(haemoglobin: float, spo2: float, pao2: float) -> Outcome:
    """mL/dL; haemoglobin in g/dL."""
    bound, dissolved = 1.34 * haemoglobin * spo2 / 100.0, 0.003 * pao2
    return Outcome(bound + dissolved, (Term("Bound", bound, "mL/dL"), Term("Dissolved", dissolved, "mL/dL")))


CALCULATOR = Calculator(
    name="arterial_oxygen_content",
    title="Arterial oxygen content",
    synonyms=("CaO2", "oxygen content", "arterial oxygen content"),
    purpose="Works out how much oxygen a decilitre of arterial blood carries.",
    specialty="critical care",
    inputs=(
        HAEMOGLOBIN.but(monotone=True, max_age_days=1),
        SPO2.but(title="Arterial oxygen saturation", monotone=True),
        PAO2,
    ),
    notes=("Each gram of haemoglobin is taken to carry 1.34 mL; other sources use 1.36 or 1.39",),
    result=Result("Arterial oxygen content", "mL/dL", decimals=1),
    references=(
        Reference(
            "OpenAnesthesia: oxygen delivery and PaO2.",
            "definition",
            url="http://www.openanesthesia.org/o2_delivery_vs-_pao2_21/",
            verified=Verified(
                "http://www.openanesthesia.org/o2_delivery_vs-_pao2_21/",
                "2026-11-22",
                "OpenAnesthesia, of the International Anesthesia Research Society; e-SAFE for a worked example",
                "1.34 times haemoglobin times saturation, plus 0.003 times PaO2",
            ),
        ),
        Reference(
            "Critical care formulas, AccessPediatrics.",
            "definition",
            url="https://accesspediatrics.mhmedical.com/content.aspx?bookid=2388&sectionid=186992495",
            verified=Verified(
                "https://accesspediatrics.mhmedical.com/content.aspx?bookid=2388&sectionid=186992495",
                "2026-11-22",
                "AccessPediatrics, McGraw Hill",
                "cardiac output times content times 10; 0.003 for dissolved oxygen, and 1.36 in place of 1.34",
            ),
        ),
    ),
    compute=arterial_oxygen_content,
)
