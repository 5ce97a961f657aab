"""`osler bench zoom`: small lesions on drawn images, looked at with and without parts shown larger.

The loop is the one of `image.read`. The model is a deterministic detector that sees only the pixels it is given
(`evals.reading.detector`), so the figures are of the loop: what it brings back that the model's resolution lost, what
it costs, and what it marks wrongly. They say nothing of any real model.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from evals.metrics import document, share
from evals.reading.detector import Detector
from evals.reading.phantoms import SIDE, Drawn, draw
from knowledge.evidence import ImageRegion
from tools.vlm.look import look, look_part_by_part
from tools.vlm.regions import shared

Json = dict[str, Any]
EDGE = 448
DIAMETERS = (4, 6, 8, 12, 16, 24)
ASKED, TILES = 4, 36
QUESTION = "Is there a nodule?"
WAYS = ("whole image only", "model asks", "grid of parts")


def run(n: int | None = None) -> Json:
    """Draw `n` images (a seventh of them without a lesion) and look at each in three ways."""
    started = time.perf_counter()
    kinds = (*DIAMETERS, 0)
    rows = [_row(number, kinds[number % len(kinds)]) for number in range(n or 140)]
    with_lesion = [row for row in rows if row["diameter"]]
    found = [row for row in with_lesion if row["model asks"]["found"]]
    return document(
        "zoom",
        f"lesions marked by a detector of {EDGE} px that may ask for {ASKED} parts, images of {SIDE} px",
        len(found),
        len(with_lesion),
        time.perf_counter() - started,
        by={way: _of(rows, way) for way in WAYS},
        lost_and_recovered={way: _recovered(with_lesion, way) for way in WAYS[1:]},
        budget={"model asks": ASKED, "grid of parts": TILES},
        model="evals.reading.detector: deterministic, sees only the pixels it is given",
        cases=rows,
    )


def _row(number: int, diameter: int) -> Json:
    drawn = draw(number, diameter)
    row: Json = {"id": drawn.image.name, "diameter": diameter, "contrast": round(drawn.contrast, 3)}
    for way in WAYS:
        row[way] = asyncio.run(_looked(drawn, way))
    return row


async def _looked(drawn: Drawn, way: str) -> Json:
    model = Detector(EDGE)
    if way == "grid of parts":
        looks = await look_part_by_part(model, drawn.image, QUESTION, TILES)
    else:
        looks = [await look(model, drawn.image, QUESTION, ASKED if way == "model asks" else 0)]
    regions = [region for one in looks for region in one.regions]
    return {
        "found": any(_hits(region, drawn) for region in regions),
        "false": sum(not _hits(region, drawn) for region in regions),
        "probes": sum(len(one.probes) for one in looks),
        "calls": model.calls,
        "ended": looks[0].ended,
    }


def _hits(region: ImageRegion, drawn: Drawn) -> bool:
    """Whether a region marks the lesion: it lies on it and is not much larger."""
    if drawn.lesion is None:
        return False
    size = (region.box[2] - region.box[0]) * (region.box[3] - region.box[1])
    return shared(region.box, drawn.lesion) > 0 and size <= 16 * max(drawn.diameter, 6) ** 2


def _of(rows: Sequence[Json], way: str) -> Json:
    sizes = {
        f"{diameter} px": share(sum(row[way]["found"] for row in of), len(of))
        for diameter in DIAMETERS
        if (of := [row for row in rows if row["diameter"] == diameter])
    }
    lesions = [row for row in rows if row["diameter"]]
    without = [row for row in rows if not row["diameter"]]
    probes = [row[way]["probes"] for row in rows]
    return {
        "all sizes": share(sum(row[way]["found"] for row in lesions), len(lesions)),
        **sizes,
        "false marks per image": round(sum(row[way]["false"] for row in rows) / max(len(rows), 1), 3),
        "images without a lesion that were marked": share(sum(row[way]["false"] > 0 for row in without), len(without)),
        "parts shown per image": {"mean": round(sum(probes) / max(len(probes), 1), 2), "most": max(probes, default=0)},
        "calls per image": round(sum(row[way]["calls"] for row in rows) / max(len(rows), 1), 2),
    }


def _recovered(rows: Sequence[Json], way: str) -> Json:
    """Of the lesions that were lost in the whole image, how many were marked."""
    lost = [row for row in rows if not row[WAYS[0]]["found"]]
    return share(sum(row[way]["found"] for row in lost), len(lost))
