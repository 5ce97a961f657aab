"""A network over overlapping tiles of a picture or volume, weighted to their centres, as nnU-Net does it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.segmenters.weighted.device import Place
from tools.segmenters.weighted.limits import Watch

STEP = 0.5
# A Gaussian an eighth of the tile wide; nowhere zero, so that each voxel is divided by something.
SIGMA = 1 / 8
# Bytes of scores above which they are kept in half precision.
LARGE = 2 * 1024**3


def starts(size: int, tile: int, step: float = STEP) -> list[int]:
    """Where tiles begin along one axis: evenly, at most `step` of a tile apart, the last at the end."""
    last = size - tile
    count = int(np.ceil(last / (tile * step))) + 1
    return [round(last / (count - 1) * n) for n in range(count)] if count > 1 else [0]


def importance(tile: Sequence[int]) -> NDArray[np.float32]:
    """The weight of each place of a tile: 1 in the middle."""
    weights = np.ones((), dtype=np.float64)
    for size in tile:
        places = (np.arange(size) - size // 2) / (size * SIGMA)
        weights = np.multiply.outer(weights, np.exp(-0.5 * places**2))
    weights /= weights.max()
    return np.asarray(np.maximum(weights, weights[weights > 0].min()), dtype=np.float32)


def over_tiles(
    channels: NDArray[np.float32],
    tile: Sequence[int],
    classes: int,
    network: Callable[[Any], Any],
    at: Place,
    watch: Watch,
    mirror: Sequence[int] = (),
) -> Any:
    """Scores (classes, *size) of an array (channels, *size), as a tensor on the CPU.

    Args:
        mirror: axes of the tile that the network may also be asked about in the mirror; answers are averaged.

    Raises:
        Stopped: between two tiles.
    """
    import torch

    size = channels.shape[1:]
    missing = [max(wanted - here, 0) for wanted, here in zip(tile, size, strict=True)]
    padded = np.pad(channels, [(0, 0), *((lack // 2, lack - lack // 2) for lack in missing)])
    full = padded.shape[1:]
    # Whole bodies with many classes: half the memory, and corners that half precision can still tell from nothing.
    large = classes * math.prod(full) * 4 > LARGE
    weights = torch.from_numpy(np.maximum(importance(tile), 1e-3) if large else importance(tile))
    scores = torch.zeros((classes, *full), dtype=torch.half if large else torch.float)
    total = torch.zeros(full)
    flips = [axes for count in range(len(mirror) + 1) for axes in itertools.combinations(mirror, count)]
    with torch.inference_mode():
        for corner in itertools.product(*(starts(here, wanted) for here, wanted in zip(full, tile, strict=True))):
            watch.check()
            window = tuple(slice(begin, begin + length) for begin, length in zip(corner, tile, strict=True))
            piece = at.tensor(padded[(slice(None), *window)][None])
            answer = torch.zeros((classes, *tile))
            for axes in flips:
                turned = [axis + 2 for axis in axes]
                asked = torch.flip(piece, turned) if turned else piece
                given = network(asked)
                answer += (torch.flip(given, turned) if turned else given)[0].float().cpu()
            scores[(slice(None), *window)] += (answer / len(flips) * weights).to(scores.dtype)
            total[window] += weights
    inner = tuple(slice(lack // 2, lack // 2 + here) for lack, here in zip(missing, size, strict=True))
    scores /= total
    return scores[(slice(None), *inner)]
