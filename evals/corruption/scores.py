"""What a corruption suite reports: how much of the costly was noticed, of the harmless left alone, and calibration.

A loss of more than 0.05 of Dice is noticed where the tool abstains or its confidence falls by 0.05 or more; a harmless
change (at most 0.01 lost) is left alone where it does neither. A row holds id, part, kind, level, structure, dice,
confidence and abstains; the row of level 0 of the same id and structure is the unspoilt one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from evals.metrics import document, interval

Json = dict[str, Any]
COSTLY, HARMLESS, FALL = 0.05, 0.01, 0.05
SURE = 0.5
ABOUT = "noticed: of corruptions that cost more than 0.05 Dice, those where confidence falls by 0.05 or it abstains"


def judged(rows: Sequence[Json]) -> list[Json]:
    """The spoilt rows with `loss`, `fall`, `noticed` and `left_alone`; what was not there to lose is left out."""
    clean = {(row["id"], row["structure"]): row for row in rows if row["level"] == 0}
    out = []
    for row in rows:
        before = clean[row["id"], row["structure"]]
        if row["level"] == 0 or before["abstains"]:
            continue
        loss = round(before["dice"] - row["dice"], 4)
        fall = round(before["confidence"] - row["confidence"], 4)
        fell = row["abstains"] or fall >= FALL
        out.append(row | {"loss": loss, "fall": fall, "noticed": fell, "left_alone": not fell})
    return out


def scored(name: str, rows: Sequence[Json], kinds: Iterable[str], seconds: float, good: float, **more: Any) -> Json:
    """The document of a suite: the score is that of the held-out part."""
    spoilt = judged(rows)
    held = [row for row in spoilt if row["part"] == "held out" and row["loss"] > COSTLY]
    parts = sorted({row["part"] for row in rows})
    return document(
        name,
        f"held out, {ABOUT}",
        0,
        len(held),
        seconds,
        score=share([row["noticed"] for row in held]),
        interval=interval([float(row["noticed"]) for row in held], [row["id"] for row in held]),
        interval_method="bootstrap over images, 2000 samples, percentile 95 %",
        by={
            **{part: _summary(rows, spoilt, part, good) for part in parts},
            "structures": {one: _two([r for r in spoilt if r["structure"] == one]) for one in _names(spoilt)},
            "kinds": {
                f"{kind} {level}": _kind([r for r in spoilt if (r["kind"], r["level"]) == (kind, level)])
                for kind in kinds
                for level in (1, 2, 3)
            },
        },
        images=len({row["id"] for row in rows}),
        cases=[row for row in spoilt if _wrong(row)],
        **more,
    )


def share(values: Sequence[bool]) -> float | None:
    """The share of true ones; None of none."""
    return round(float(np.mean(values)), 4) if values else None


def _wrong(row: Json) -> bool:
    costly, harmless = row["loss"] > COSTLY, row["loss"] <= HARMLESS
    return bool((costly and not row["noticed"]) or (harmless and not row["left_alone"]))


def _names(rows: Sequence[Json]) -> list[str]:
    return list(dict.fromkeys(row["structure"] for row in rows))


def _two(rows: Sequence[Json]) -> Json:
    costly = [row for row in rows if row["loss"] > COSTLY]
    harmless = [row for row in rows if row["loss"] <= HARMLESS]
    return {
        "costly": len(costly),
        "costly, noticed": share([row["noticed"] for row in costly]),
        "harmless": len(harmless),
        "harmless, left alone": share([row["left_alone"] for row in harmless]),
    }


def _summary(rows: Sequence[Json], spoilt: Sequence[Json], part: str, good: float) -> Json:
    clean = [row for row in rows if row["part"] == part and row["level"] == 0 and not row["abstains"]]
    mine = [row for row in spoilt if row["part"] == part]
    return {
        "unspoilt: Dice, confidence": [mean([r["dice"] for r in clean]), mean([r["confidence"] for r in clean])],
        **_two(mine),
        f"calibration: expected error of confidence against Dice >= {good:g}": {
            "unspoilt": calibration(clean, good),
            "spoilt": calibration(mine, good),
        },
        "spoilt, answered": share([not row["abstains"] for row in mine]),
    }


def calibration(rows: Sequence[Json], good: float) -> float | None:
    """The expected calibration error in ten bins of confidence, of what was answered."""
    answered = [row for row in rows if not row["abstains"]]
    sure = np.array([row["confidence"] for row in answered])
    right = np.array([row["dice"] >= good for row in answered])
    total = 0.0
    for number in range(10):
        inside = np.clip((sure * 10).astype(int), 0, 9) == number
        if inside.any():
            total += float(inside.mean() * abs(sure[inside].mean() - right[inside].mean()))
    return round(total, 4) if answered else None


def _kind(rows: Sequence[Json]) -> list[float | None]:
    """Mean loss of Dice, mean fall of confidence, share abstained."""
    return [mean([r["loss"] for r in rows]), mean([r["fall"] for r in rows]), share([r["abstains"] for r in rows])]


def mean(values: Sequence[float]) -> float | None:
    """The mean, rounded; None of none."""
    return round(float(np.mean(values)), 4) if values else None
