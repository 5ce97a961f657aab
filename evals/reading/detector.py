"""A small detector that stands in for a model that sees: deterministic, and it sees only the pixels it is given.

It marks bright spots that have a size in the picture before it, and asks to see those larger that are too small there
to tell from a speck. It knows nothing of the image behind the picture. How a real model does is another question.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.context import VisionReply

SURE = 6.0
FAINT = 5.0
SMALLEST, LARGEST = 5, 80
NEAR = 0.08
"""What it asks to see around a faint spot to each side, of its picture's edge."""


@dataclass(frozen=True)
class Spot:
    """A bright spot: its box in the picture, how far it stands out of the grain."""

    box: tuple[int, int, int, int]
    height: float

    @property
    def sized(self) -> bool:
        """Whether it can be told from a speck."""
        sides = (self.box[2] - self.box[0], self.box[3] - self.box[1])
        return min(sides) >= SMALLEST and max(sides) <= LARGEST and max(sides) <= 2 * min(sides)


class Detector:
    """A `VisionModel`.

    Args:
        edge: its input size; pictures larger than this would be made smaller.
        asks: whether it ever asks to see a part larger.
    """

    name = "detector"
    revision: str | None = "1"

    def __init__(self, edge: int = 448, *, asks: bool = True) -> None:
        self.edge = edge
        self.asks = asks
        self.calls = 0

    async def read(
        self, images: Sequence[bytes], question: str, schema: dict[str, Any] | None = None, *, instructions: str = ""
    ) -> VisionReply:
        """Look at the pictures."""
        self.calls += 1
        found = [spots(_grey(data, self.edge)) for data in images]
        marked = [
            {"picture": number, "label": "spot", "box": list(spot.box)}
            for number, seen in enumerate(found, start=1)
            for spot in seen
            if spot.sized and spot.height >= SURE
        ]
        said = f"{len(marked)} bright spot(s) are marked." if marked else "Nothing is marked in what was shown."
        body: dict[str, Any] = {"answer": said, "regions": marked[:6]}
        closer = (schema or {}).get("properties", {}).get("closer")
        if closer is not None:
            body["closer"] = [
                _around(spot, round(NEAR * self.edge)) for spot in found[0] if not (spot.sized and spot.height >= SURE)
            ]
            body["closer"] = body["closer"][: closer["maxItems"]] if self.asks else []
        return VisionReply(json.dumps(body), self.name, self.revision)


def spots(picture: NDArray[np.float32]) -> list[Spot]:
    """Bright spots of a picture, the most distinct first."""
    from scipy import ndimage

    ground = ndimage.gaussian_filter(picture, 12.0)
    smooth = ndimage.gaussian_filter(picture, 1.0) - ground
    grain = 1.4826 * float(np.median(np.abs(smooth - np.median(smooth)))) + 1e-6
    height = smooth / grain
    parts, _ = ndimage.label(height >= FAINT)
    found = []
    for number, cut in enumerate(ndimage.find_objects(parts), start=1):
        top = float(height[cut][parts[cut] == number].max())
        # Its size is that of what reaches half its height: the foot of a smoothed speck is wide.
        rows, columns = np.nonzero((height[cut] >= top / 2) & (parts[cut] == number))
        left, upper = cut[1].start + int(columns.min()), cut[0].start + int(rows.min())
        right, lower = cut[1].start + int(columns.max()) + 1, cut[0].start + int(rows.max()) + 1
        found.append(Spot((left, upper, right, lower), top))
    return sorted(found, key=lambda spot: -spot.height)


def _grey(data: bytes, edge: int) -> NDArray[np.float32]:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as picture:
        grey = picture.convert("L")
        if max(grey.size) > edge:
            grey.thumbnail((edge, edge))
        return np.asarray(grey, dtype=np.float32) / np.float32(255)


def _around(spot: Spot, near: int) -> dict[str, Any]:
    left, top, right, bottom = spot.box
    x, y = (left + right) // 2, (top + bottom) // 2
    return {"picture": 1, "label": "faint spot", "box": [max(x - near, 0), max(y - near, 0), x + near, y + near]}
