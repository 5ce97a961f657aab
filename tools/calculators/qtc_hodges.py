"""QT interval corrected for heart rate (Hodges)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result
from tools.calculators.qt_inputs import BANDS, CDS, QT, RATE, rr
from tools.calculators.reference import Reference, Verified


def qtc_hodges(qt_interval: float, heart_rate: float) -> Outcome:
    """ms; QT in ms, rate per minute."""
    return Outcome(qt_interval + 1.75 * (heart_rate - 60.0), (rr(heart_rate),))


CALCULATOR = Calculator(
    name="qtc_hodges",
    title="QTc (Hodges)",
    synonyms=("QTc Hodges", "corrected QT Hodges", "Hodges formula"),
    purpose="Corrects the QT interval for heart rate by Hodges's formula.",
    specialty="cardiology",
    inputs=(QT, RATE),
    notes=("Formulas differ most at slow and fast rates; serial values are comparable by one formula only",),
    result=Result("QTc (Hodges)", "ms", source=CDS, bands=BANDS),
    references=(
        Reference(
            "Luo S, et al. A comparison of commonly used QT correction formulae: the effect of heart "
            "rate on the QTc of normal ECGs. J Electrocardiol 2004;37 Suppl:81-90 (after Hodges 1983).",
            "derivation",
            pmid="15534815",
            verified=Verified(
                "https://development.cds-platform.com/ckm/clinical-knowledge-manager/demo/view/QTc_Calculation/1?language=en",
                "2026-11-22",
                "Cambio Healthcare Systems, QTc calculation",
                "QT plus 1.75 times heart rate less 60",
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
    compute=qtc_hodges,
)
