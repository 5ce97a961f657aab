"""`osler bench corruption --on skin`: what 29 ways of spoiling a photograph cost the outline of a skin lesion.

Drawn skin only: no photographs of lesions with outlines were at hand. The drawings are held out: the outline's doubts
were set on others.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.benchmarks.corruption_retina import SEED, Json, compared, refused, spoilt
from evals.corruption.retina_kinds import KINDS, Mask
from evals.corruption.scores import scored
from tools.errors import ToolError
from tools.imaging.phantom_skin import draw_skin
from tools.segmenters.skin import STRUCTURE, skin_lesion

DRAWINGS, FIRST = 6, 600
GOOD = 0.85


def run(folder: Path | None = None, n: int | None = None, kinds: tuple[str, ...] = ()) -> Json:
    """Spoil `n` drawings (6) in every way (or in some kinds); a folder is not read."""
    del folder
    started = time.perf_counter()
    rows: list[dict[str, Any]] = []
    for number in range(n or DRAWINGS):
        made = draw_skin(FIRST + number, hairs=4 * (number % 2), vignette=number % 3 == 2)
        head: Json = {"id": f"drawn {number}", "part": "held out", "structure": STRUCTURE}
        rows += spoilt(head, number, made.rgb, made.lesion, _read, kinds)
    return scored("corruption on skin", rows, kinds or KINDS, time.perf_counter() - started, GOOD, seed=SEED)


def _read(rgb: NDArray[np.uint8], reference: Mask) -> Json:
    try:
        return compared(skin_lesion(rgb).segment, reference)
    except ToolError as error:
        return refused(error)
