"""QT interval corrected for heart rate (Bazett)."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Result
from tools.calculators.qt_inputs import BANDS, CDS, QT, RATE, rr
from tools.calculators.reference import Reference, Verified


def qtc_bazett(qt_interval: float, heart_rate: float) -> Outcome:
    """ms; QT in ms, rate per minute."""
    seconds = 60.0 / heart_rate
    return Outcome(qt_interval / math.sqrt(seconds), (rr(heart_rate),))


CALCULATOR = Calculator(
    name="qtc_bazett",
    title="QTc (Bazett)",
    synonyms=("QTc Bazett", "corrected QT Bazett", "Bazett formula"),
    purpose="Corrects the QT interval for heart rate by Bazett's formula.",
    specialty="cardiology",
    inputs=(QT, RATE),
    notes=(
        "Corrects too much above 100/min and too little below 60/min",
        "Formulas differ most at slow and fast rates; serial values are comparable by one formula only",
    ),
    result=Result("QTc (Bazett)", "ms", source=CDS, bands=BANDS),
    references=(
        Reference(
            "Bazett HC. An analysis of the time-relations of electrocardiograms. Heart 1920;7:353-370 "
            "(reprinted Ann Noninvasive Electrocardiol 1997;2:177-194).",
            "derivation",
            doi="10.1111/j.1542-474X.1997.tb00325.x",
            verified=Verified(
                "https://development.cds-platform.com/ckm/clinical-knowledge-manager/demo/view/QTc_Calculation/1?language=en",
                "2026-11-22",
                "Cambio Healthcare Systems, QTc calculation",
                "QT over the square root of RR in seconds",
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
    compute=qtc_bazett,
)
