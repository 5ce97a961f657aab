"""Fit what signs of a poor outline are worth: `python -m evals.cxr.fit_trust FOLDER` writes lungs_trust.json.

Only films whose licence lets fitted parameters be passed on are read (CC BY; not NC, not ND). Maximum likelihood of a
logistic sum in which no sign may raise the chance, pulled towards few signs (L1) and small weights (L2). The settings
were chosen by leaving out one patient after the other.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.cxr.films import films
from evals.cxr.spoilt import rows
from tools.segmenters.lungs_signs import WORDS
from tools.segmenters.lungs_trust import PARAMETERS, Hinge, Trust

Json = dict[str, Any]
Array = NDArray[np.float64]
GOOD, LOST = 0.85, 0.05
KNOTS = (50, 90)
# No single sign costs more than where most poor outlines show it.
REACH = 1.0
PULL, SPREAD = 0.003, 0.5


def fit(found: Sequence[Json]) -> Trust:
    """The sum that best tells well outlined lungs from others."""
    from scipy.optimize import minimize

    judged = [row for row in found if row["signs"] is not None]
    values = np.array([[row["signs"][name] for name in WORDS] for row in judged])
    good = np.array([row["dice"] >= GOOD and row["loss"] <= LOST for row in judged])
    knots = [np.percentile(values[good], at, axis=0) for at in KNOTS]
    # What most films do not show at all is scaled by the poor ones.
    far = np.maximum(np.percentile(values, 90, axis=0), np.percentile(values[~good], 80, axis=0))
    scale = np.maximum(far - knots[0], 1e-3)
    over = np.concatenate([np.clip((values - knot) / scale, 0, REACH) for knot in knots], axis=1)

    def lost(weights: Array) -> tuple[float, Array]:
        odds = weights[0] - over @ weights[1:]
        wrong = 1 / (1 + np.exp(-odds)) - good
        pulled = PULL * (weights[1:].sum() + SPREAD * (weights[1:] ** 2).sum())
        loss = np.logaddexp(0, np.where(good, -odds, odds)).mean() + pulled
        slope = -over.T @ wrong / len(good) + PULL * (1 + 2 * SPREAD * weights[1:])
        return float(loss), np.concatenate([[wrong.mean()], slope])

    start = np.concatenate([[3.0], np.full(over.shape[1], 0.1)])
    bounds = [(None, None), *[(0, None)] * over.shape[1]]
    solved = minimize(lost, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 1000}).x
    hinges: dict[str, tuple[Hinge, ...]] = {}
    for number, name in enumerate(WORDS):
        weights = [float(solved[1 + number + part * len(WORDS)]) for part in range(len(KNOTS))]
        kept = [
            Hinge(_short(knot[number]), _short(weight / scale[number]), _short(REACH * scale[number]))
            for weight, knot in zip(weights, knots, strict=True)
            if weight > 0.01
        ]
        if kept:
            hinges[name] = tuple(kept)
    whole = [row for row in found if row["kind"] == "none"]
    # Laplace's rule of succession: what the films as they are bear out, and no more.
    well = sum(row["dice"] >= GOOD for row in whole)
    return Trust(_short(float(solved[0])), hinges, _short((well + 1) / (len(whole) + 2)))


def body(trust: Trust, found: Sequence[Json]) -> Json:
    """As written."""
    return {
        "fitted_on": {
            "outlines": len(found),
            "patients": len({row["patient"] for row in found}),
            "recipe": "python -m evals.cxr.fit_trust FOLDER",
        },
        "base": trust.base,
        "ceiling": trust.ceiling,
        "hinges": {name: [[h.knot, h.slope, h.reach] for h in hinges] for name, hinges in trust.hinges.items()},
    }


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def main(folder: Path, target: Path = PARAMETERS) -> None:
    """Read every film that may be used, fit, and write."""
    found = list(rows([film for film in films(folder) if film.free]))
    trust = fit(found)
    target.write_text(json.dumps(body(trust, found), indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(found)} outlines of {len({row['patient'] for row in found})} patients -> {target}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
