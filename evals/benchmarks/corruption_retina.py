"""`osler bench corruption --on retina --data FOLDER`: what 29 ways of spoiling a fundus photograph cost its vessels.

The folder's photographs are held out: nothing was fitted or set on them. The first drawn one is
what the doubts were set on. Dice is of the vessels in the whole picture against the reader's, spoilt alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.corruption.retina_kinds import KINDS, Mask
from evals.corruption.scores import SURE, scored
from evals.retina.photographs import photographs
from tools.errors import ToolError
from tools.imaging.phantom_fundus import draw_fundus
from tools.segmenters.segment import Segment
from tools.segmenters.vessels import vessels

Json = dict[str, Any]
Reader = Callable[[NDArray[np.uint8], Mask], Json]
STRUCTURE = "retinal vessels"
SEED = 6
PHOTOGRAPHS, DRAWINGS, FIRST = 3, 1, 700
GOOD = 0.7


def run(folder: Path | None, n: int | None = None, drawings: int = DRAWINGS, kinds: tuple[str, ...] = ()) -> Json:
    """Spoil `n` photographs of the folder (3) and the drawings in every way (or in some kinds)."""
    started = time.perf_counter()
    rows = [
        row
        for number, (name, part, rgb, reference) in enumerate(_pictures(folder, n or PHOTOGRAPHS, drawings))
        for row in spoilt({"id": name, "part": part, "structure": STRUCTURE}, number, rgb, reference, _read, kinds)
    ]
    return scored("corruption on retina", rows, kinds or KINDS, time.perf_counter() - started, GOOD, seed=SEED)


def _pictures(folder: Path | None, n: int, drawings: int) -> Iterator[tuple[str, str, NDArray[np.uint8], Mask]]:
    for number in range(drawings):
        random = np.random.default_rng(9000 + number)
        made = draw_fundus(
            FIRST + number,
            grain=random.uniform(0.005, 0.02),
            contrast=random.uniform(0.8, 1.6),
            lesions=number % 2 == 1,
        )
        yield f"drawn {number}", "drawn, the first tuned", made.rgb, made.vessels
    for one in photographs(folder, n) if folder is not None else ():
        known = one.vessels if one.field_of_view is None else one.vessels & one.field_of_view
        yield one.name, "held out", one.rgb, known


def spoilt(
    head: Json, number: int, rgb: NDArray[np.uint8], reference: Mask, read: Reader, kinds: tuple[str, ...] = ()
) -> Iterator[Json]:
    """What `read` says of a photograph, and of it spoilt in every way (or in some kinds)."""
    yield head | {"kind": "none", "level": 0} | read(rgb, reference)
    colours = (rgb / 255).astype(np.float32)
    for kind in kinds or tuple(KINDS):
        for level in range(3):
            random = np.random.default_rng([SEED, number, level])
            made, moved = KINDS[kind](colours, reference, level, random)
            found = read(np.rint(made * 255).astype(np.uint8), moved)
            yield head | {"kind": kind, "level": level + 1} | found


def _read(rgb: NDArray[np.uint8], reference: Mask) -> Json:
    try:
        found = vessels(rgb)
    except ToolError as error:
        return refused(error)
    return compared(found.segment, reference)


def refused(error: ToolError) -> Json:
    """The row of a picture on which nothing was found."""
    return {"dice": 0.0, "confidence": 0.0, "abstains": True, "doubts": [error.message]}


def compared(found: Segment, reference: Mask) -> Json:
    """The row of a segment beside its reference."""
    total = int(found.mask.sum() + reference.sum())
    return {
        "dice": round(2 * int((found.mask & reference).sum()) / max(total, 1), 4),
        "confidence": found.confidence,
        "abstains": found.confidence < SURE,
        "doubts": list(found.doubts),
    }
