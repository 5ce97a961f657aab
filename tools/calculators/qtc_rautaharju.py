"""QT interval corrected for heart rate (Rautaharju)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result
from tools.calculators.qt_inputs import QT, RATE, rr
from tools.calculators.reference import Reference, Verified


def qtc_rautaharju(qt_interval: float, heart_rate: float) -> Outcome:
    """ms; QT in ms, rate per minute."""
    return Outcome(qt_interval * (120.0 + heart_rate) / 180.0, (rr(heart_rate),))


CALCULATOR = Calculator(
    name="qtc_rautaharju",
    title="QTc (Rautaharju)",
    synonyms=("QTc Rautaharju", "corrected QT Rautaharju", "Rautaharju formula"),
    purpose="Corrects the QT interval for heart rate by Rautaharju's formula.",
    specialty="cardiology",
    inputs=(QT, RATE),
    notes=("Formulas differ most at slow and fast rates; serial values are comparable by one formula only",),
    result=Result("QTc (Rautaharju)", "ms"),
    references=(
        Reference(
            "Francis J. Rautaharju and Dmitrienko formulae for QT interval correction.",
            "definition",
            url="https://johnsonfrancis.org/professional/rautaharju-and-dmitrienko-formulae-for-qt-interval-correction/",
            verified=Verified(
                "https://johnsonfrancis.org/professional/rautaharju-and-dmitrienko-formulae-for-qt-interval-correction/",
                "2026-11-22",
                "Johnson Francis, cardiologist",
                "QT times 120 plus heart rate, over 180",
            ),
        ),
    ),
    compute=qtc_rautaharju,
)
