"""A grid of overlapping parts of an image, as fine as the model's resolution asks for and the budget allows."""

from __future__ import annotations

import math

from tools.imaging.frame import Image
from tools.vlm.render import Box

OVERLAP = 0.15
"""Of a part's edge: what lies on a border of one part lies whole in the next."""
CONTRAST = 0.02
"""Parts whose grey values span less than this are empty: the black beside a film."""


def grid(image: Image, edge: int, most: int) -> list[Box]:
    """At most `most` parts, row by row; none where the whole image is seen in full anyway.

    Parts are as large as `edge`, so that no pixel is lost; where the budget does not reach for these, larger.
    """
    if max(image.columns, image.rows) <= edge or most < 2:
        return []
    size = float(edge)
    while len(boxes := _boxes(image, math.ceil(size))) > most:
        size *= 1.05
    return boxes if len(boxes) > 1 else []


def _boxes(image: Image, size: int) -> list[Box]:
    boxes = [
        (left, top, min(left + size, image.columns), min(top + size, image.rows))
        for top in _starts(image.rows, size)
        for left in _starts(image.columns, size)
    ]
    return [box for box in boxes if _contrast(image, box) >= CONTRAST]


def _starts(length: int, size: int) -> list[int]:
    if length <= size:
        return [0]
    count = math.ceil((length - size) / (size * (1 - OVERLAP))) + 1
    return [round(number * (length - size) / (count - 1)) for number in range(count)]


def _contrast(image: Image, box: Box) -> float:
    left, top, right, bottom = box
    cut = image.pixels[top:bottom, left:right]
    return float(cut.max() - cut.min())
