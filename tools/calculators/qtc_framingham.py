"""QT interval corrected for heart rate (Framingham)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result
from tools.calculators.qt_inputs import BANDS, CDS, QT, RATE, rr
from tools.calculators.reference import Reference, Verified


def qtc_framingham(qt_interval: float, heart_rate: float) -> Outcome:
    """ms; QT in ms, rate per minute."""
    seconds = 60.0 / heart_rate
    return Outcome(qt_interval + 154.0 * (1.0 - seconds), (rr(heart_rate),))


CALCULATOR = Calculator(
    name="qtc_framingham",
    title="QTc (Framingham)",
    synonyms=("QTc Framingham", "corrected QT Framingham", "Framingham formula"),
    purpose="Corrects the QT interval for heart rate by Framingham's formula.",
    specialty="cardiology",
    inputs=(QT, RATE),
    notes=("Formulas differ most at slow and fast rates; serial values are comparable by one formula only",),
    result=Result("QTc (Framingham)", "ms", source=CDS, bands=BANDS),
    references=(
        Reference(
            "Sagie A, et al. An improved method for adjusting the QT interval for heart rate (the "
            "Framingham Heart Study). Am J Cardiol 1992;70:797-801.",
            "derivation",
            doi="10.1016/0002-9149(92)90562-D",
            verified=Verified(
                "https://development.cds-platform.com/ckm/clinical-knowledge-manager/demo/view/QTc_Calculation/1?language=en",
                "2026-11-22",
                "Cambio Healthcare Systems, QTc calculation",
                "QT plus 0.154 s times 1 less RR in seconds",
            ),
        ),
        Reference(
            "Cambio Healthcare Systems: QTc calculation, version 1.",
            "bands",
            url=CDS,
            verified=Verified(
                "https://development.cds-platform.com/ckm/clinical-knowledge-manager/demo/view/QTc_Calculation/1?language=en",
                "2026-11-22",
                "Cambio Healthcare Systems",
                "above 500 ms associated with torsades de pointes in either sex",
            ),
        ),
    ),
    compute=qtc_framingham,
)
