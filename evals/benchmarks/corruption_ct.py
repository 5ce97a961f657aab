"""`osler bench corruption --on ct [--data FOLDER]`: what 32 ways of spoiling a CT cost body, lungs, airway and bone.

Drawn trunks have true masks: the first was looked at while confidence was set, the others are held out. Scans of the
folder (TotalSegmentator's samples) were looked at too; their lungs and bone are another program's labels, their body
what was found on the unspoilt scan. `dice` here is the lower of Dice in voxels and of the agreement of the two volumes
in millilitres (2 min / sum), so that a wrong spacing costs what it costs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from evals.corruption.scores import SURE, scored
from evals.corruption.volume_kinds import KINDS, Scan
from evals.corruption.volume_scans import STRUCTURES, drawn, scans
from tools.errors import ToolError
from tools.segmenters.ct_threshold import segmenter
from tools.segmenters.segment import Segment

Json = dict[str, Any]
SEED = 6
HELD_OUT = (1, 3)
GOOD = 0.9


def run(folder: Path | None, n: int | None = None, kinds: tuple[str, ...] = (), tuned: bool = True) -> Json:
    """Spoil `n` held-out drawings (2), the tuned one and the folder's scans in every way (or in some kinds)."""
    started = time.perf_counter()
    given: list[tuple[str, str, Scan]] = [(f"drawn {number}", "held out", drawn(number)) for number in _chosen(n)]
    if tuned:
        given.append(("drawn 0", "drawn, tuned", drawn(0)))
    if folder is not None:
        given += [(name, "scans, tuned", scan) for name, scan in scans(folder)]
    rows = [
        row
        for number, (name, part, scan) in enumerate(given)
        for row in _spoilt(name, part, number, scan, kinds or tuple(KINDS))
    ]
    return scored("corruption on ct", rows, kinds or KINDS, time.perf_counter() - started, GOOD, seed=SEED)


def _chosen(n: int | None) -> tuple[int, ...]:
    return (1, 3, 5, 2, 4)[:n] if n else HELD_OUT


def _spoilt(name: str, part: str, number: int, scan: Scan, kinds: tuple[str, ...]) -> Iterator[Json]:
    head: Json = {"id": name, "part": part}
    for row in _read(scan):
        yield head | {"kind": "none", "level": 0} | row
    for kind in kinds:
        for level in range(3):
            made = KINDS[kind](scan, level, np.random.default_rng([SEED, number, level]))
            for row in _read(made):
                yield head | {"kind": kind, "level": level + 1} | row


def _read(scan: Scan) -> Iterator[Json]:
    """Each structure that is in the picture."""
    try:
        found = {one.structure: one for one in segmenter.segment(scan.volume, STRUCTURES)}
    except ToolError as error:
        found, refused = {}, [error.message]
    else:
        refused = ["not found"]
    for structure, truth in scan.truth.items():
        if truth.any():
            one = found.get(structure)
            yield {"structure": structure} | (_agreement(one, scan) if one is not None else _none(refused))


def _none(why: list[str]) -> Json:
    return {"dice": 0.0, "confidence": 0.0, "abstains": True, "doubts": why}


def _agreement(one: Segment, scan: Scan) -> Json:
    truth, wanted = scan.truth[one.structure], scan.ml[one.structure]
    ml = float(one.mask.sum()) * scan.volume.voxel_ml
    voxels = 2 * int((one.mask & truth).sum()) / max(int(one.mask.sum() + truth.sum()), 1)
    return {
        "dice": round(min(voxels, 2 * min(ml, wanted) / max(ml + wanted, 1e-6)), 4),
        "confidence": one.confidence,
        "abstains": one.confidence < SURE,
        "doubts": list(one.doubts),
    }
