"""Inputs of haemodynamic and echocardiographic formulas, and the sources they share."""

from __future__ import annotations

from tools.calculators.common import (
    quantity,
)
from tools.calculators.reference import Reference, Verified

CARDIAC_OUTPUT = quantity(
    "cardiac_output",
    "Cardiac output",
    "L/min",
    plausible=(1, 20),
    possible=(0.2, 50),
    monotone=True,
    max_age_days=1,
    example={"value": 5, "unit": "L/min"},
)
BSA = quantity(
    "bsa",
    "Body surface area",
    "m2",
    plausible=(0.2, 3),
    possible=(0.1, 4.5),
    monotone=True,
    max_age_days=365,
    example={"value": 1.9, "unit": "m2"},
)
MEAN_PRESSURE = quantity(
    "mean_pressure",
    "Mean arterial pressure",
    "mm[Hg]",
    plausible=(30, 180),
    possible=(0, 300),
    monotone=True,
    max_age_days=1,
    example={"value": 90, "unit": "mm[Hg]"},
)
CVP = quantity(
    "central_venous_pressure",
    "Central venous (right atrial) pressure",
    "mm[Hg]",
    plausible=(-5, 35),
    possible=(-20, 60),
    monotone=True,
    max_age_days=1,
    example={"value": 6, "unit": "mm[Hg]"},
)
MEAN_PA = quantity(
    "mean_pulmonary_pressure",
    "Mean pulmonary artery pressure",
    "mm[Hg]",
    plausible=(5, 90),
    possible=(0, 150),
    monotone=True,
    max_age_days=1,
    example={"value": 18, "unit": "mm[Hg]"},
)
WEDGE = quantity(
    "wedge_pressure",
    "Pulmonary artery occlusion (wedge) pressure",
    "mm[Hg]",
    plausible=(0, 45),
    possible=(-5, 80),
    monotone=True,
    max_age_days=1,
    example={"value": 10, "unit": "mm[Hg]"},
)
TRUMAN = Reference(
    "Truman State University: hemodynamic monitoring, computed parameters.",
    "definition",
    url="https://shadwige.sites.truman.edu/hemodynamic-monitoring-front-page/pulmonary-artery-catheters/computed-parameters",
    verified=Verified(
        "https://shadwige.sites.truman.edu/hemodynamic-monitoring-front-page/pulmonary-artery-catheters/computed-parameters",
        "2026-11-22",
        "Truman State University, nursing faculty",
        "cardiac index, systemic and pulmonary vascular resistance with the factor 80",
    ),
)
VOLUMES = Reference(
    "Medical Algorithms Company: stroke volume, ejection fraction and cardiac output.",
    "definition",
    url="https://www.medicalalgorithms.com/stroke-volume-calculator",
    verified=Verified(
        "https://www.medicalalgorithms.com/stroke-volume-calculator",
        "2026-11-22",
        "Medical Algorithms Company; the same in a textbook chapter at AccessAnesthesiology",
        "stroke volume, ejection fraction, cardiac output and index from volumes and rate",
    ),
)
