"""Places that look like lines of text, found without reading: small, sharp, alike strokes side by side.

For where no OCR is installed, and beside it. Two signs or fewer are no line: a side marker is left alone, and two
signs name nobody. Text with little contrast to what lies behind it, or larger than a twelfth of the image, is not
found (docs/segmenters.md says how often).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.imaging.frame import Array

Box = tuple[int, int, int, int]
"""0-based stored pixels, column first, right and bottom exclusive."""
SIDE = 1200
CONTRAST = 0.25
LEAST = 3
_Piece = tuple[int, int, int, int, float]


def text_lines(pixels: Array) -> list[Box]:
    """Boxes around what looks like lines of text, dark or bright."""
    from tools.imaging.sampling import at_longest

    small = at_longest(pixels, SIDE)
    scale = pixels.shape[1] / small.shape[1]
    found: list[Box] = []
    for bright in (small, (1 - small).astype(np.float32)):
        pieces = _pieces(bright)
        for left, top, right, bottom in {_extended(line, pieces) for line in _lines(pieces)}:
            found.append((int(left * scale), int(top * scale), round(right * scale) + 1, round(bottom * scale) + 1))
    return found


def _pieces(small: NDArray[np.float32]) -> list[_Piece]:
    """Connected strokes of a letter's size that stand out of what is around them, with how much they do."""
    from scipy import ndimage

    longest = max(small.shape)
    stroke = max(5, round(longest * 0.02)) | 1
    raised = small - ndimage.grey_opening(small, size=(stroke, stroke))
    parts, _ = ndimage.label(raised > CONTRAST)
    made = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(parts), start=1):
        tall, wide = rows.stop - rows.start, columns.stop - columns.start
        if not (5 <= tall <= longest / 12 and 1 <= wide <= 2.5 * tall):
            continue
        inside = parts[rows, columns] == number
        if inside.mean() < 0.15:
            continue
        # Letters stand out of their ground by one step; bone and grain do so by degrees.
        made.append((columns.start, rows.start, columns.stop, rows.stop, float(raised[rows, columns][inside].mean())))
    return made


def _lines(pieces: list[_Piece]) -> list[list[_Piece]]:
    """Pieces of like height and contrast next to each other on one line, at least three."""
    lines: list[list[_Piece]] = []
    for piece in sorted(pieces):
        for line in lines:
            if _continues(line[-1], piece):
                line.append(piece)
                break
        else:
            lines.append([piece])
    return [line for line in lines if len(line) >= LEAST]


def _extended(line: list[_Piece], pieces: list[_Piece]) -> Box:
    """The box of a line with everything of a letter's height on the same level next to it: the words beside it."""
    left, top = min(one[0] for one in line), min(one[1] for one in line)
    right, bottom = max(one[2] for one in line), max(one[3] for one in line)
    tall, grown = bottom - top, True
    beside = [one for one in pieces if min(bottom, one[3]) - max(top, one[1]) >= 0.6 * (one[3] - one[1])]
    while grown:
        near = [one for one in beside if one[2] > left - 2 * tall and one[0] < right + 2 * tall]
        wider = min([left, *(one[0] for one in near)]), max([right, *(one[2] for one in near)])
        grown = wider != (left, right)
        left, right = wider
    return left, top, right, bottom


def _continues(last: _Piece, piece: _Piece) -> bool:
    heights = last[3] - last[1], piece[3] - piece[1]
    shared = min(last[3], piece[3]) - max(last[1], piece[1])
    gap = piece[0] - last[2]
    alike = min(heights) >= 0.5 * max(heights) and abs(last[4] - piece[4]) < 0.35
    return alike and shared >= 0.6 * min(heights) and -0.3 * max(heights) <= gap <= 1.2 * max(heights)
