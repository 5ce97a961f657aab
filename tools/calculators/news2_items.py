"""The items of NEWS2: their inputs, and the points each value gives."""

from __future__ import annotations

from tools.calculators.common import HEART_RATE, RESPIRATORY_RATE, SPO2, SYSTOLIC, TEMPERATURE, boolean
from tools.calculators.inputs import Input
from tools.calculators.reference import Reference, Verified

SCALES = {
    "scale_1": "target 94 to 98%",
    "scale_2": "target 88 to 92%, hypercapnic respiratory failure",
}
INPUTS = (
    RESPIRATORY_RATE.but(cuts=(8.0, 11.0, 20.0, 24.0)),
    SPO2.but(cuts=(83.0, 85.0, 87.0, 91.0, 92.0, 93.0, 94.0, 95.0, 96.0)),
    # The chart scores scale 1 unless a competent decision maker has set scale 2: a method, not a finding.
    Input("spo2_scale", "code", "SpO2 scale", choices=SCALES, default="scale_1", example="scale_1"),
    boolean("supplemental_oxygen", "Supplemental oxygen", ask="Breathing air or supplemental oxygen?"),
    SYSTOLIC.but(cuts=(90.0, 100.0, 110.0, 219.0)),
    HEART_RATE.but(cuts=(40.0, 50.0, 90.0, 110.0, 130.0)),
    boolean(
        "not_alert",
        "Not alert",
        ask="New confusion, or responding only to voice or pain, or unresponsive (not alert on ACVPU)?",
    ),
    TEMPERATURE.but(cuts=(35.0, 36.0, 38.0, 39.0)),
)
CHART = Reference(
    "Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017. Chart 1.",
    "definition",
    url="https://www.rcplondon.ac.uk/national-early-warning-score",
    verified=Verified(
        "https://scribd.com/document/584338409/NEWS2-Chart-1-The-NEWS-scoring-system-0-0",
        "2026-11-22",
        "Royal College of Physicians, chart 1 as uploaded to Scribd",
        "the limits and points of each item on both SpO2 scales",
    ),
)


def _steps(value: float, *limits: tuple[float, int], last: int) -> int:
    """The points of the first limit that the value does not exceed."""
    return next((worth for limit, worth in limits if value <= limit), last)


def saturation_points(spo2: float, scale: str, oxygen: bool) -> int:
    """Points of the saturation; on scale 2 a high one counts only under oxygen."""
    if scale == "scale_1":
        return _steps(spo2, (91, 3), (93, 2), (95, 1), last=0)
    if not oxygen:
        return _steps(spo2, (83, 3), (85, 2), (87, 1), last=0)
    return _steps(spo2, (83, 3), (85, 2), (87, 1), (92, 0), (94, 1), (96, 2), last=3)


def item_points(
    respiratory_rate: float,
    spo2: float,
    spo2_scale: str,
    supplemental_oxygen: bool,
    systolic_bp: float,
    heart_rate: float,
    not_alert: bool,
    temperature: float,
) -> dict[str, int]:
    """Points of each item but the oxygen itself."""
    return {
        "Respiratory rate": _steps(respiratory_rate, (8, 3), (11, 1), (20, 0), (24, 2), last=3),
        "Oxygen saturation": saturation_points(spo2, spo2_scale, supplemental_oxygen),
        "Systolic pressure": _steps(systolic_bp, (90, 3), (100, 2), (110, 1), (219, 0), last=3),
        "Heart rate": _steps(heart_rate, (40, 3), (50, 1), (90, 0), (110, 1), (130, 2), last=3),
        "Consciousness": 3 if not_alert else 0,
        "Temperature": _steps(temperature, (35, 3), (36, 1), (38, 0), (39, 1), last=2),
    }
