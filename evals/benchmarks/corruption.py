"""`osler bench corruption --data FOLDER`: what 23 ways of spoiling a chest film cost, and whether it is noticed.

Films that no parameter was fitted on, by a seed, at 512 pixels. Of each spoilt film: Dice of both lungs against the
mask spoilt alike, whether the tool abstains (too poor for an outline, or no two lung fields found), and its confidence.
A loss of more than 0.05 is noticed where it abstains or its confidence falls by 0.05 or more; a harmless change (at
most 0.01 lost) is left alone where it neither abstains nor falls by 0.05. The confidence is fitted on other patients'
films (`evals/cxr/fit_trust.py`). The first patients of the shuffled list were looked at while confidence and quality
gate were made ("looked at"); the others, taken first, never were ("held out").
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evals.corruption.kinds import KINDS
from evals.cxr.films import Film, films
from evals.cxr.spoilt import overlap, prepared
from evals.metrics import document, interval, mean
from tools.errors import ToolError
from tools.imaging.frame import Image
from tools.imaging.quality import quality
from tools.segmenters.lungs import REFUSED, lung_fields
from tools.segmenters.pixels import WHOLE, sampled

Json = dict[str, Any]
SEED = 6
FILMS = 11
# How many of the shuffled patients were looked at.
LOOKED_AT = 12
COSTLY, HARMLESS, FALL = 0.05, 0.01, 0.05
GOOD = 0.85


def run(folder: Path, n: int | None = None) -> Json:
    """Spoil `n` films (11) of as many patients in every way."""
    started = time.perf_counter()
    rows = [row for number, film in _chosen(films(folder), n or FILMS) for row in _scored(film, number)]
    held = [row for row in rows if row["part"] == "held out"]
    noticed = _noticed(held)
    harmless = _harmless(held)
    return document(
        "corruption",
        "held out: costly corruptions (> 0.05 Dice) that the chest-film tool notices, of all costly ones",
        0,
        len(noticed["costly"]),
        time.perf_counter() - started,
        score=noticed["share"],
        interval=interval([float(row["noticed"]) for row in noticed["costly"]], [r["id"] for r in noticed["costly"]]),
        interval_method="bootstrap over films, 2000 samples, percentile 95 %",
        by={
            **{part: _summary([r for r in rows if r["part"] == part]) for part in sorted({r["part"] for r in rows})},
            "all": _summary(rows),
            "kinds": {f"{kind} {level}": _kind(rows, kind, level) for kind in KINDS for level in (1, 2, 3)},
        },
        harmless={
            "metric": "held out: harmless corruptions (at most 0.01 Dice) that are left alone",
            "score": _share([row["left_alone"] for row in harmless]),
            "interval": interval([float(row["left_alone"]) for row in harmless], [row["id"] for row in harmless]),
            "n": len(harmless),
        },
        seed=SEED,
        films=len({row["id"] for row in rows}),
        cases=[row for row in rows if row["kind"] != "none" and not (row["noticed"] and row["left_alone"])],
    )


def _chosen(everything: Sequence[Film], n: int) -> list[tuple[int, Film]]:
    """One film of each of `n` patients, none of them among those that anything was fitted on; held out ones first."""
    fitted = {film.patient for film in everything if film.free}
    one = {film.patient: film for film in everything if film.patient not in fitted and (film.mask == 255).any()}
    patients = sorted(one)
    np.random.default_rng(SEED).shuffle(patients)
    numbered = [(number, one[patient]) for number, patient in enumerate(patients)]
    return [*numbered[LOOKED_AT:], *numbered[:LOOKED_AT]][:n]


def _scored(film: Film, number: int) -> list[Json]:
    grey, mask = prepared(film)
    head: Json = {"id": film.name, "part": "looked at" if number < LOOKED_AT else "held out"}
    clean = _read(grey, mask)
    rows = [head | {"kind": "none", "level": 0, "loss": 0.0, "noticed": False, "left_alone": True} | clean]
    for kind, change in KINDS.items():
        for level in range(3):
            random = np.random.default_rng([SEED, number, level])
            found = _read(*change(grey, mask, level, random))
            loss = clean["dice"] - found["dice"]
            fell = found["abstains"] or found["confidence"] <= clean["confidence"] - FALL
            rows.append(
                head
                | {"kind": kind, "level": level + 1, "loss": round(loss, 4)}
                | {"noticed": fell or loss <= COSTLY, "left_alone": not fell or loss > HARMLESS}
                | found
            )
    return rows


def _read(grey: Any, mask: Any) -> Json:
    image = Image(grey, np.round(grey * 255).astype(np.float32), "film", "0" * 64, "PNG", "grey", 8)
    try:
        fields = lung_fields(grey, minimum=0.0)
    except ToolError:
        return {"dice": 0.0, "confidence": 0.0, "abstains": True, "verdict": "none"}
    judged = quality(image)
    both = sampled((fields.right.mask | fields.left.mask).astype(np.float32), WHOLE, 256) >= 0.5
    return {
        "dice": round(overlap(np.asarray(both), mask), 4),
        "confidence": fields.confidence,
        "abstains": judged.outlines == "unusable" or fields.confidence < REFUSED,
        "verdict": judged.verdict,
        "problems": [item.name for item in judged.problems],
        "doubts": list(fields.doubts),
    }


def _noticed(rows: Sequence[Json]) -> Json:
    costly = [row for row in rows if row["loss"] > COSTLY]
    return {"costly": costly, "share": _share([row["noticed"] for row in costly])}


def _harmless(rows: Sequence[Json]) -> list[Json]:
    return [row for row in rows if row["kind"] != "none" and row["loss"] <= HARMLESS]


def _summary(rows: Sequence[Json]) -> Json:
    spoilt = [row for row in rows if row["kind"] != "none"]
    harmless = _harmless(rows)
    clean = [row for row in rows if row["kind"] == "none"]
    shown = [row for row in rows if not row["abstains"]]
    return {
        "films": len(clean),
        "clean: Dice, confidence, abstained": [
            *(mean([row[name] for row in clean]) for name in ("dice", "confidence", "abstains")),
        ],
        "costly": len(_noticed(rows)["costly"]),
        "costly, noticed": _noticed(rows)["share"],
        "costly, abstained": _share([row["abstains"] for row in _noticed(rows)["costly"]]),
        "harmless": len(harmless),
        "harmless, left alone": _share([row["left_alone"] for row in harmless]),
        "expected calibration error, confidence against Dice >= 0.85": _calibration(rows),
        "the same: films as they are, spoilt, shift": _shift(clean, spoilt),
        "answered": _share([not row["abstains"] for row in rows]),
        "answered: Dice >= 0.85": _share([row["dice"] >= GOOD for row in shown]),
        "risk at coverage": {f"{at:.0%}": _risk(rows, at) for at in (0.5, 0.8, 1.0)},
    }  # fmt: skip


def _calibration(rows: Sequence[Json]) -> float:
    sure = np.array([0.0 if row["abstains"] else row["confidence"] for row in rows])
    good = np.array([row["dice"] >= GOOD for row in rows])
    total = 0.0
    for low in np.arange(0, 1, 0.1):
        inside = (sure >= low) & ((sure < low + 0.1) | (low >= 0.9))
        if inside.any():
            total += float(inside.mean() * abs(sure[inside].mean() - good[inside].mean()))
    return round(total, 4)


def _shift(clean: Sequence[Json], spoilt: Sequence[Json]) -> list[float]:
    before, after = _calibration(clean), _calibration(spoilt)
    return [before, after, round(after - before, 4)]


def _risk(rows: Sequence[Json], coverage: float) -> float:
    """Share with Dice below 0.85 among the surest."""
    ordered = sorted(rows, key=lambda row: -(0.0 if row["abstains"] else row["confidence"]))
    kept = ordered[: max(1, round(coverage * len(ordered)))]
    return round(float(np.mean([row["dice"] < GOOD for row in kept])), 4)


def _kind(rows: Sequence[Json], kind: str, level: int) -> list[float | None]:
    """Mean loss of Dice, mean confidence, share abstained."""
    here = [row for row in rows if row["kind"] == kind and row["level"] == level]
    return [
        mean([r["loss"] for r in here]),
        mean([r["confidence"] for r in here]),
        _share([r["abstains"] for r in here]),
    ]


def _share(values: Sequence[bool]) -> float | None:
    return mean([float(value) for value in values])
