"""From a score to a probability: temperature and Platt scaling, with the data that they were fitted on.

Temperature: Guo 2017 (On Calibration of Modern Neural Networks), sigmoid(logit / T). Platt: Platt 1999, sigmoid(a x
logit + b). Both keep the order of scores; neither mends a model on patients unlike those it was fitted on, so the fit
names them. A score without a fit is shown as uncalibrated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tools.errors import BadInput

FEWEST = 20
"""Fewer cases of either kind say too little to fit on."""


class Fit(BaseModel):
    """How the score of one finding becomes a probability, and what that was learned from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["temperature", "platt"]
    slope: float = Field(gt=0, description="1 / T of temperature scaling, a of Platt scaling")
    offset: float = 0.0
    data: str = Field(min_length=1, description="which images, of whom, labelled how")
    positives: int = Field(ge=1)
    negatives: int = Field(ge=1)

    @model_validator(mode="after")
    def _one_parameter(self) -> Fit:
        if self.method == "temperature" and self.offset != 0:
            raise ValueError("temperature scaling has no offset")
        return self

    def probability(self, score: float) -> float:
        """The probability of a score between 0 and 1."""
        return sigmoid(self.slope * logit(score) + self.offset)


def fit(
    scores: Sequence[float], truth: Sequence[bool], data: str, method: Literal["temperature", "platt"] = "platt"
) -> Fit:
    """Fit by least log loss (Newton's method on a convex function).

    Platt's own targets (one case less than certain) keep the slope finite where the scores separate the classes.

    Raises:
        BadInput: too few cases, scores outside 0 to 1, or scores that fall where the finding is present.
    """
    values, labels = np.asarray(scores, dtype=float), np.asarray(truth, dtype=bool)
    positives, negatives = int(labels.sum()), int((~labels).sum())
    if len(values) != len(labels) or min(positives, negatives) < FEWEST or not ((values >= 0) & (values <= 1)).all():
        raise BadInput(
            "nothing can be fitted on these scores",
            found=f"{len(values)} scores, {positives} with and {negatives} without the finding",
            expected=f"scores from 0 to 1, a truth for each, at least {FEWEST} of either kind",
            action="collect more cases of your own patients",
        )
    x = np.array([logit(float(value)) for value in values])
    target = np.where(labels, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    free = np.array([True, method == "platt"])
    weights = np.array([1.0, 0.0])
    design = np.stack([x, np.ones_like(x)])
    for _ in range(100):
        guess = 1 / (1 + np.exp(-np.clip(weights @ design, -40, 40)))
        gradient = (design @ (guess - target))[free]
        curvature = ((design * (guess * (1 - guess))) @ design.T)[np.ix_(free, free)] + 1e-9 * np.eye(int(free.sum()))
        step = np.linalg.solve(curvature, gradient)
        weights[free] -= np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    if weights[0] <= 0:
        raise BadInput(
            "the score falls where the finding is present: it says nothing about these patients",
            found=f"slope {weights[0]:.2f}",
            expected="a slope above 0",
            action="do not use this model on them",
        )
    offset = float(weights[1]) if method == "platt" else 0.0
    slope = float(weights[0])
    return Fit(method=method, slope=slope, offset=offset, data=data, positives=positives, negatives=negatives)


def logit(score: float) -> float:
    """The log odds of a score, kept finite."""
    held = min(max(score, 1e-7), 1 - 1e-7)
    return math.log(held / (1 - held))


def sigmoid(value: float) -> float:
    """The probability of log odds."""
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0
