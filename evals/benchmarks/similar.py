"""`osler bench similar --data FOLDER`: does the descriptor find a changed copy of a film, and films of the same view.

Every film is turned, cropped and shown at another exposure; the copy should find its own original first among all
films. Purity: of the nearest films of other patients, how many are of the same view (PA, AP, AP supine).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evals.cxr.films import Film, films
from evals.metrics import document, share
from knowledge.index import VectorIndex
from tools.imaging.frame import Array, Image
from tools.imaging.similar import Descriptor

Json = dict[str, Any]
NEAREST = 5


def run(folder: Path, n: int | None = None) -> Json:
    """Every film (or the first `n`)."""
    started = time.perf_counter()
    chosen = films(folder)[:n]
    encoder = Descriptor()
    shown = [film.pixels().astype(np.float32) / np.float32(255) for film in chosen]
    vectors = np.stack([encoder.encode(_image(pixels)) for pixels in shown])
    index = VectorIndex(vectors)
    by: Json = {}
    first = 0
    for name, change in CHANGES.items():
        rows = [index.nearest(encoder.encode(_image(change(pixels))), 1)[0][0] for pixels in shown]
        right = sum(row == at for at, row in enumerate(rows))
        by[f"copy {name}"] = share(right, len(chosen))
        first += right
    body, seconds = _purity(chosen, vectors), time.perf_counter() - started
    return document(
        "similar",
        "changed copies of films that find their own original first",
        first,
        len(chosen) * len(CHANGES),
        seconds,
        by={**by, "same view among the nearest": body},
        encoder=encoder.id,
    )


def _purity(chosen: Sequence[Film], vectors: Array) -> Json:
    """The share of the same view among the nearest films of other patients, beside that among all their films."""
    found, chance = [], []
    per_view: dict[str, list[float]] = {}
    for at, film in enumerate(chosen):
        others = [row for row, other in enumerate(chosen) if other.patient != film.patient]
        near = VectorIndex(vectors[others]).nearest(vectors[at], NEAREST)
        same = [chosen[others[row]].view == film.view for row, _ in near]
        found.append(float(np.mean(same)))
        chance.append(float(np.mean([chosen[row].view == film.view for row in others])))
        per_view.setdefault(film.view, []).append(found[-1])
    return {
        "score": round(float(np.mean(found)), 4),
        "by chance": round(float(np.mean(chance)), 4),
        "nearest": NEAREST,
        "films": dict(Counter(film.view for film in chosen)),
        "by view": {view: round(float(np.mean(rows)), 4) for view, rows in sorted(per_view.items())},
    }


def _image(pixels: Array) -> Image:
    return Image(pixels, None, "film", "0" * 64, "PNG", "MONOCHROME2", 8)


def _turned(degrees: float) -> Callable[[Array], Array]:
    def turn(pixels: Array) -> Array:
        from scipy import ndimage

        return np.asarray(ndimage.rotate(pixels, degrees, reshape=False, order=1, mode="nearest"), dtype=np.float32)

    return turn


def _cropped(share_: float) -> Callable[[Array], Array]:
    def crop(pixels: Array) -> Array:
        rows, columns = (round(size * share_) for size in pixels.shape)
        return pixels[rows : pixels.shape[0] - rows // 2, columns // 2 : pixels.shape[1] - columns]

    return crop


def _exposed(pixels: Array) -> Array:
    return np.asarray(np.clip(pixels, 0, 1) ** np.float32(1.5), dtype=np.float32)


CHANGES: dict[str, Callable[[Array], Array]] = {
    "turned by 5 degrees": _turned(5),
    "turned by 10 degrees": _turned(-10),
    "cropped by 6 % on each side": _cropped(0.06),
    "darker": _exposed,
    "turned by 5 degrees, cropped, darker": lambda pixels: _exposed(_cropped(0.06)(_turned(5)(pixels))),
}
