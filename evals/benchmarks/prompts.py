"""`osler bench prompts --data FOLDER`: organs on CT slices from a box, and after 1, 3 and 5 clicks.

The box is the reference mask's own; each click is the innermost point of the largest error. Beside the methods stand
what any must beat: the box itself, and a disc around the click. Then each organ's largest outline is propagated through
the neighbouring slices. Two people were scanned: intervals speak of organs and slices, not of people. Settings of the
random walker were chosen while looking at 49 of these slices, so its figures are not those of unseen scans.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evals.metrics import document, interval, mean
from evals.pointing.clicks import boxed, clicked, disc, worst
from evals.pointing.organs import Case, Scan, cases, scans
from tools.errors import NotAssessable
from tools.imaging.training import dice
from tools.segmenters import interactive, medsam
from tools.segmenters.propagate import propagate

Json = dict[str, Any]
CLICKS = (1, 3, 5)
_DISTANCES = ((1, 1), (2, 3), (4, 6), (7, 99))


def run(folder: Path, n: int | None = None, network: medsam.LiteMedSAM | None = None) -> Json:
    """Score every organ (or every so manieth, so that about `n` remain)."""
    started = time.perf_counter()
    usable = network if network is not None and network.lacks() is None else None
    rows: list[Json] = []
    excluded: list[Json] = []
    steps: list[tuple[int, float, float]] = []
    for scan in scans(folder):
        found, small = cases(scan)
        excluded += small
        every = max(1, -(-len(found) // max(1, n // 3))) if n else 1
        # One slice after another, so that its embedding is worked out once.
        chosen = sorted(found[::every], key=lambda case: (case.slice_, case.organ))
        rows += [_scored(case, usable) for case in chosen]
        steps += _propagated(scan, every)
    named = [key for key in rows[0] if "/" in key]
    best = "litemedsam/box" if usable else "walker/box"
    return document(
        "prompts",
        f"mean Dice on a slice from the reference's box ({best.partition('/')[0]})",
        0,
        len(rows),
        time.perf_counter() - started,
        score=_mean(rows, best),
        interval=interval([row[best] for row in rows], [_cluster(row) for row in rows]),
        interval_method="bootstrap over organs of a person, 2000 samples, percentile 95 %",
        excluded=excluded,
        by={
            key: {"score": _mean(rows, key), "interval": _interval(rows, key), "failed": _failed(rows, key)}
            for key in named
        },
        organs={
            organ: {"n": len(part), **{key: _mean(part, key) for key in named}}
            for organ, part in sorted(_grouped(rows).items())
        },
        scans={name: {key: _mean(part, key) for key in named} for name, part in _by(rows, "scan").items()},
        propagation=_distances(steps),
        people=2,
        litemedsam=None if usable else (network.lacks() if network is not None else "not asked for"),
        cases=rows,
    )


def _scored(case: Case, network: medsam.LiteMedSAM | None) -> Json:
    shape = case.mask.shape
    place, _ = worst(np.zeros(shape, dtype=bool), case.mask)
    assert place is not None
    row: Json = {"id": case.name, "scan": case.scan, "person": case.person, "organ": case.group}
    row |= {"pixels": int(case.mask.sum())}
    row |= {
        "floor/box itself": dice(boxed(case.box, shape), case.mask),
        "floor/disc": dice(disc(place, shape), case.mask),
    }
    try:
        first = interactive.from_prompts(case.picture, case.box).mask
    except NotAssessable:
        first = np.zeros(shape, dtype=bool)
    row["walker/box"] = dice(first, case.mask)
    found = clicked(case.mask, lambda ins, outs: interactive.from_prompts(case.picture, None, ins, outs).mask, CLICKS)
    row |= {f"walker/{count} clicks": value for count, value in found.items()}
    if network is not None:
        start = network.segment(case.picture, case.box).mask
        row["litemedsam/box"] = dice(start, case.mask)
        found = clicked(
            case.mask,
            lambda ins, outs: interactive.from_prompts(case.picture, None, ins, outs, start).mask,
            CLICKS,
            start,
        )
        row |= {f"litemedsam/box and {count} clicks": value for count, value in found.items()}
    return row


def _propagated(scan: Scan, every: int) -> list[tuple[int, float, float]]:
    """Steps from the largest slice of each organ: distance, Dice, confidence."""
    found = []
    for number, (organ, mask) in enumerate(scan.organs()):
        areas = mask.sum(axis=(1, 2))
        start = int(areas.argmax())
        if number % every or areas[start] < 2 * 30 or (areas > 0).sum() < 5:
            continue
        for step in propagate(scan.shown(organ), start, mask[start]).steps:
            found.append((abs(step.slice_ - start), dice(step.mask, mask[step.slice_]), step.confidence))
    return found


def _distances(steps: Sequence[tuple[int, float, float]]) -> Json:
    rows: Json = {}
    for low, high in _DISTANCES:
        part = [step for step in steps if low <= step[0] <= high]
        if part:
            name = (
                f"{low} slices away"
                if low == high
                else f"{low} to {high} slices away"
                if high < 99
                else f"{low} or more"
            )
            means = np.mean(np.array(part), axis=0)
            rows[name] = {"n": len(part), "dice": round(float(means[1]), 4), "confidence": round(float(means[2]), 4)}
    return rows


def _cluster(row: Json) -> str:
    return f"{row['person']}/{row['organ']}"


def _by(rows: Sequence[Json], key: str) -> dict[str, list[Json]]:
    groups: dict[str, list[Json]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups


def _grouped(rows: Sequence[Json]) -> dict[str, list[Json]]:
    return _by(rows, "organ")


def _mean(rows: Sequence[Json], key: str) -> float | None:
    return mean([row[key] for row in rows])


def _interval(rows: Sequence[Json], key: str) -> list[float]:
    return interval([row[key] for row in rows], [_cluster(row) for row in rows])


def _failed(rows: Sequence[Json], key: str) -> int:
    """How often less than a tenth was found."""
    return sum(row[key] < 0.1 for row in rows)
