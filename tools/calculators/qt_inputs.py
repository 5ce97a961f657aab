"""What the corrections of the QT interval share."""

from __future__ import annotations

from tools.calculators.base import Band, Term
from tools.calculators.common import HEART_RATE, quantity

QT = quantity(
    "qt_interval",
    "QT interval",
    "ms",
    equivalents={"s": 1000.0},
    plausible=(250, 650),
    possible=(150, 900),
    monotone=True,
    max_age_days=1,
    example={"value": 400, "unit": "ms"},
)
RATE = HEART_RATE.but(plausible=(40, 180), possible=(20, 300))
CDS = "https://development.cds-platform.com/ckm/clinical-knowledge-manager/demo/view/QTc_Calculation/1?language=en"
BANDS = (Band("500 ms or less"), Band("above 500 ms: associated with torsades de pointes", above=500))


def rr(heart_rate: float) -> Term:
    """The interval between two beats in seconds."""
    return Term("RR interval", 60.0 / heart_rate, "s")
