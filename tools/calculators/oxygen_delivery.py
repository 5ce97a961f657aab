"""Oxygen delivery from cardiac output and arterial oxygen content."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import HAEMOGLOBIN, SPO2, quantity
from tools.calculators.gases import PAO2
from tools.calculators.reference import Reference, Verified


def oxygen_delivery(cardiac_output: float, haemoglobin: float, spo2: float, pao2: float) -> Outcome:
    """mL/min; haemoglobin in g/dL."""
    bound, dissolved = 1.34 * haemoglobin * spo2 / 100.0, 0.003 * pao2
    content = bound + dissolved
    return Outcome(10.0 * cardiac_output * content, (Term("Arterial oxygen content", content, "mL/dL"),))


CALCULATOR = Calculator(
    name="oxygen_delivery",
    title="Oxygen delivery",
    synonyms=("DO2", "oxygen delivery", "oxygen flux"),
    purpose=(
        "Works out how much oxygen reaches the tissues each minute from cardiac output and the content of"
        " arterial blood."
    ),
    specialty="critical care",
    inputs=(
        quantity(
            "cardiac_output",
            "Cardiac output",
            "L/min",
            plausible=(1, 15),
            possible=(0.1, 40),
            monotone=True,
            max_age_days=1,
            example={"value": 5, "unit": "L/min"},
        ),
        HAEMOGLOBIN.but(monotone=True, max_age_days=1),
        SPO2.but(title="Arterial oxygen saturation", monotone=True),
        PAO2,
    ),
    notes=("Each gram of haemoglobin is taken to carry 1.34 mL; other sources use 1.36 or 1.39",),
    result=Result("Oxygen delivery", "mL/min"),
    references=(
        Reference(
            "OpenAnesthesia: oxygen delivery and PaO2.",
            "definition",
            url="http://www.openanesthesia.org/o2_delivery_vs-_pao2_21/",
            verified=Verified(
                "http://www.openanesthesia.org/o2_delivery_vs-_pao2_21/",
                "2026-11-22",
                "OpenAnesthesia, of the International Anesthesia Research Society; e-SAFE for a worked example",
                (
                    "cardiac output times arterial oxygen content; content is 1.34 times haemoglobin times "
                    "saturation, plus 0.003 times PaO2"
                ),
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
    compute=oxygen_delivery,
)
