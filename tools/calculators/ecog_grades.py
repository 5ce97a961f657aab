"""ECOG performance status as an input."""

from __future__ import annotations

from tools.calculators.common import (
    choice,
)

GRADES = {
    "0": "fully active",
    "1": "no strenuous activity, but walks and does light work",
    "2": "looks after self but cannot work, up more than half of waking hours",
    "3": "limited self-care, in bed or chair more than half of waking hours",
    "4": "no self-care, always in bed or chair",
}
ECOG = choice(
    "ecog_performance", "ECOG performance status", GRADES, ask="How active is the patient (ECOG)?", max_age_days=60
)
