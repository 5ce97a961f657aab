"""`osler bench cxr-lungs --data FOLDER`: lung fields on chest films against reference masks, beside two baselines.

Films whose licence allows it were used to fit the shipped parameters: each of these is segmented by a classifier
fitted again without its fifth of the patients; the others by the shipped parameters. The cardiothoracic ratio of the
same runs is compared with one reader's calipers; it is reported beside the score and is no part of it.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from evals.cxr.baselines import mean_shape, otsu
from evals.cxr.films import SIDE, Film, by_side, dice, films
from evals.cxr.fit import fitted
from evals.metrics import document, interval, mean
from tools.errors import ToolError
from tools.segmenters.cardiothoracic import cardiothoracic
from tools.segmenters.classifier import Classifier
from tools.segmenters.heart import heart
from tools.segmenters.lungs import REFUSED, LungFields, lung_fields, shipped
from tools.segmenters.pixels import WHOLE, sampled
from tools.segmenters.segment import Mask

Json = dict[str, Any]
FOLDS = 5
READINGS = Path(__file__).parent.parent / "cxr" / "ctr_readings.yaml"


def run(folder: Path, n: int | None = None) -> Json:
    """Score every film (or the first `n`)."""
    started = time.perf_counter()
    everything = films(folder)
    chosen = everything[:n]
    readings = yaml.safe_load(READINGS.read_text(encoding="utf-8"))
    calipers = {row["film"]: row for row in readings["readings"]}
    rows, ratios, excluded = [], [], []
    for part, classifier in _parts(chosen, everything):
        for film in part:
            if not (film.mask == 255).any():
                excluded.append({"id": film.name, "reason": "no lung in the reference mask"})
                continue
            row, fields = _scored(film, everything, classifier)
            rows.append(row)
            if fields is not None and film.name in calipers:
                ratios.append(_compared(film, fields, calipers[film.name]))
    scores = [row["dice"] for row in rows]
    patients = [row["patient"] for row in rows]
    return document(
        "cxr-lungs",
        "mean Dice of both lung fields at 256 px",
        0,
        len(rows),
        time.perf_counter() - started,
        score=mean(scores),
        interval=interval(scores, patients),
        interval_method="bootstrap over patients, 2000 samples, percentile 95 %",
        excluded=excluded,
        by={
            "right lung": mean([row["right"] for row in rows]),
            "left lung": mean([row["left"] for row in rows]),
            **{f"view {view}": mean([row["dice"] for row in rows if row["view"] == view]) for view in _views(rows)},
            "films that the parameters were fitted on, cross-validated": mean([r["dice"] for r in rows if r["free"]]),
            "other films": mean([row["dice"] for row in rows if not row["free"]]),
        },
        baselines={
            name: {"score": mean([row[name] for row in rows]), "interval": interval([r[name] for r in rows], patients)}
            for name in ("otsu", "mean shape")
        },
        refused=[row["id"] for row in rows if row["confidence"] < REFUSED],
        cardiothoracic_ratio=_agreement(ratios, readings),
        cases=rows,
    )


def _parts(chosen: Sequence[Film], everything: Sequence[Film]) -> list[tuple[list[Film], Callable[[], Classifier]]]:
    """Films, and what gives the classifier that has not seen their patients."""
    free = [film for film in everything if film.free]
    folds = {patient: number % FOLDS for number, patient in enumerate(sorted({film.patient for film in free}))}
    parts: list[tuple[list[Film], Callable[[], Classifier]]] = [
        ([f for f in chosen if f.patient not in folds], shipped)
    ]
    for fold in range(FOLDS):
        held = [film for film in chosen if folds.get(film.patient) == fold]
        rest = [film for film in free if folds[film.patient] != fold]
        parts.append((held, functools.partial(fitted, rest)))
    return [(held, functools.cache(make)) for held, make in parts if held]


def _scored(
    film: Film, everything: Sequence[Film], classifier: Callable[[], Classifier]
) -> tuple[Json, LungFields | None]:
    sides = by_side(film.mask)
    row: Json = {"id": film.name, "patient": film.patient, "view": film.view, "free": film.free}
    row |= {"otsu": dice(otsu(film), film.mask), "mean shape": dice(mean_shape(film, everything), film.mask)}
    try:
        fields = lung_fields(film.pixels(), classifier=classifier(), minimum=0.0)
    except ToolError as error:
        return row | {"dice": 0.0, "right": 0.0, "left": 0.0, "confidence": 0.0, "doubts": [error.message]}, None
    right, left = (_square(segment.mask) for segment in fields.segments)
    row |= {"dice": dice(right | left, film.mask), "confidence": fields.confidence, "doubts": list(fields.doubts)}
    for name, found, number in (("right", right, 1), ("left", left, 2)):
        reference = np.where(sides == number, 255, np.where(sides == -1, 127, 0)).astype(np.uint8)
        row[name] = dice(found, reference)
    return row, fields


def _square(mask: Mask) -> Mask:
    return np.asarray(sampled(mask.astype(np.float32), WHOLE, SIDE) >= 0.5)


def _compared(film: Film, fields: LungFields, reading: Mapping[str, Any]) -> Json:
    pixels = film.pixels()
    heart_read, thorax = reading["heart"], reading["thorax"]
    read = (heart_read[1] - heart_read[0]) / (thorax[1] - thorax[0])
    try:
        found = cardiothoracic([*fields.segments, heart(pixels, fields)])
    except ToolError as error:
        return {"id": film.name, "read": read, "found": None, "error": error.message}
    inside = found.low is not None and found.high is not None and found.low <= read <= found.high
    return {"id": film.name, "read": read, "found": found.value, "inside": inside}


def _agreement(ratios: Sequence[Json], readings: Json) -> Json:
    errors = np.array([row["found"] - row["read"] for row in ratios if row["found"] is not None])
    body: Json = {
        "reference": readings["reader"],
        "validated": False,
        "n": len(errors),
        "not_found": [row["id"] for row in ratios if row["found"] is None],
        "excluded": [{"id": row["film"], "reason": row["reason"]} for row in readings["excluded"]],
    }
    if len(errors):
        inside = sum(bool(row.get("inside")) for row in ratios)
        body |= {
            "mean_absolute_error": round(float(np.abs(errors).mean()), 4),
            "bias": round(float(errors.mean()), 4),
            "standard_deviation": round(float(errors.std(ddof=1)), 4) if len(errors) > 1 else None,
            "largest": round(float(np.abs(errors).max()), 4),
            "reader_inside_range": round(inside / len(errors), 4),
            "by": [{**row, "read": round(row["read"], 3)} for row in ratios],
        }
    return body


def _views(rows: Sequence[Json]) -> list[str]:
    return sorted({row["view"] for row in rows})
