"""`osler bench retina --data FOLDER`: vessels on fundus photographs against one reader's, inside the field of view.

The field of view of the score is the one given with the photographs; the product finds its own and is scored where the
given one says. Nothing was fitted on these photographs. The floor is Otsu's threshold on the green channel; a plain
line filter with a fixed threshold stands beside it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.metrics import document, mean
from evals.retina.photographs import Photograph, photographs
from tools.errors import ToolError
from tools.imaging.colour_kind import FUNDUS, colour_kind
from tools.segmenters.vessels import vessels
from tools.segmenters.vessels_features import field_of_view, line_banks, line_strength, lost_light

Json = dict[str, Any]
Mask = NDArray[np.bool_]
LINE_THRESHOLD = 2.5
"""Of the plain line filter, in spreads of its answers; set on drawn photographs."""


def run(folder: Path, n: int | None = None) -> Json:
    """Score every photograph (or the first `n`)."""
    started = time.perf_counter()
    rows = [_scored(one) for one in photographs(folder, n)]
    scores = [row["dice"] for row in rows]
    lowest = min(rows, key=lambda row: float(row["dice"]))
    return document(
        "retina",
        "mean Dice of vessels in the given field of view",
        0,
        len(rows),
        time.perf_counter() - started,
        score=mean(scores),
        interval=interval(scores),
        interval_method="bootstrap over photographs, 2000 samples, percentile 95 %",
        excluded=[],
        by={
            "worst": {"id": lowest["id"], "dice": lowest["dice"]},
            **{name: mean([row[name] for row in rows]) for name in ("sensitivity", "precision", "specificity")},
            "field of view found, Dice": mean([row["field"] for row in rows if row["field"] is not None]),
            "density found and of the reader": [mean([r["density"] for r in rows]), mean([r["read"] for r in rows])],
            "taken for a fundus photograph": sum(row["kind"] == FUNDUS for row in rows),
        },
        baselines={
            name: {"score": mean([row[name] for row in rows]), "interval": interval([row[name] for row in rows])}
            for name in ("otsu on green", "line filter")
        },
        refused=[row["id"] for row in rows if row["refused"]],
        cases=rows,
    )


def interval(values: Sequence[float], samples: int = 2000) -> list[float]:
    """Bootstrap 95 % interval of a mean."""
    if not values:
        return [0.0, 1.0]
    drawn = np.random.default_rng(0).choice(np.asarray(values), (samples, len(values))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return [round(float(low), 4), round(float(high), 4)]


def dice(found: Mask, reference: Mask, where: Mask) -> float:
    """Dice of two masks where it counts; 1 where both are empty."""
    total = int((found & where).sum() + (reference & where).sum())
    return round(2 * int((found & reference & where).sum()) / total, 4) if total else 1.0


def _scored(photograph: Photograph) -> Json:
    lit = field_of_view(photograph.rgb)
    where = lit if photograph.field_of_view is None else photograph.field_of_view
    reference = photograph.vessels & where
    row: Json = {"id": photograph.name, "kind": colour_kind(photograph.rgb).kind, "refused": None}
    row["otsu on green"] = dice(_otsu(photograph.rgb[..., 1], where), reference, where)
    row["line filter"] = dice(_lines(photograph.rgb[..., 1], lit), reference, where)
    try:
        found = vessels(photograph.rgb)
    except ToolError as error:
        mask, row["refused"], row["confidence"] = np.zeros(where.shape, dtype=bool), error.message, 0.0
    else:
        mask, row["confidence"], row["doubts"] = found.segment.mask & where, found.confidence, list(found.doubts)
    hit = int((mask & reference).sum())
    away = where & ~reference
    return row | {
        "dice": dice(mask, reference, where),
        "sensitivity": round(hit / max(int(reference.sum()), 1), 4),
        "precision": round(hit / max(int(mask.sum()), 1), 4),
        "specificity": round(int((away & ~mask).sum()) / max(int(away.sum()), 1), 4),
        "field": None if photograph.field_of_view is None else dice(lit, where, np.ones_like(where)),
        "density": round(float(mask.sum() / where.sum()), 4),
        "read": round(float(reference.sum() / where.sum()), 4),
    }


def _otsu(green: NDArray[np.uint8], where: Mask) -> Mask:
    """Darker than the threshold that splits the green channel best in two classes."""
    counts = np.bincount(green[where], minlength=256).astype(float)
    below, total = np.cumsum(counts), np.cumsum(counts * np.arange(256))
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (total / below - (total[-1] - total) / above) ** 2
    return np.asarray((green <= int(np.nanargmax(between))) & where)


def _lines(green: NDArray[np.uint8], lit: Mask) -> Mask:
    lost, inner = lost_light(green.astype(np.float64), lit)
    return np.asarray((line_strength(line_banks(lost), inner) > LINE_THRESHOLD) & inner)
