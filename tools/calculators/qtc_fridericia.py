"""QT interval corrected for heart rate (Fridericia)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result
from tools.calculators.qt_inputs import BANDS, CDS, QT, RATE, rr
from tools.calculators.reference import Reference, Verified


def qtc_fridericia(qt_interval: float, heart_rate: float) -> Outcome:
    """ms; QT in ms, rate per minute."""
    seconds = 60.0 / heart_rate
    return Outcome(qt_interval / seconds ** (1.0 / 3.0), (rr(heart_rate),))


CALCULATOR = Calculator(
    name="qtc_fridericia",
    title="QTc (Fridericia)",
    synonyms=("QTc Fridericia", "corrected QT Fridericia", "Fridericia formula"),
    purpose="Corrects the QT interval for heart rate by Fridericia's formula.",
    specialty="cardiology",
    inputs=(QT, RATE),
    notes=("Formulas differ most at slow and fast rates; serial values are comparable by one formula only",),
    result=Result("QTc (Fridericia)", "ms", source=CDS, bands=BANDS),
    references=(
        Reference(
            "Fridericia LS. The duration of systole in the electrocardiogram of normal subjects and of "
            "patients with heart disease (1920; reprinted Ann Noninvasive Electrocardiol 2003;8:343-351).",
            "derivation",
            doi="10.1046/j.1542-474X.2003.08413.x",
            verified=Verified(
                "https://development.cds-platform.com/ckm/clinical-knowledge-manager/demo/view/QTc_Calculation/1?language=en",
                "2026-11-22",
                "Cambio Healthcare Systems, QTc calculation",
                "QT over the cube root of RR in seconds",
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
    compute=qtc_fridericia,
)
