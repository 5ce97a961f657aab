"""What of a chest film speaks against its lung fields although they look like lungs: tilt, bars, hidden parts, breath.

On 22 films as they are the tilt is at most 13 degrees and nothing flat is found. What each is worth is for
`tools.segmenters.lungs_trust` to say.
The bounds of `position` are the extremes of 20 frontal films of 15 patients (CC BY, reference masks, all PA: height
0.69 to 1.05 of the width, narrower lung 0.80 or more of the wider). Depth of breath is told by the ribs above the
diaphragm (Radiology Masterclass, Chest X-ray quality, "Inspiration": the fifth to seventh anterior rib crosses it), a
rotated patient by clavicles and spinous processes; neither is looked at here, so both are no more than possible, and
neither lowers a confidence.
Blur, noise and coarse grey values cost the outline next to nothing (`osler bench corruption`) and are no doubts here;
that the film is too poor to be read is the quality gate's to say.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.segmenters.pixels import WHOLE, sampled
from tools.segmenters.segment import Mask

SIDE = 256
SHORT, NARROW = 0.69, 0.75


def doubts(image: NDArray[np.generic], sides: tuple[Mask, Mask]) -> tuple[float, float, float]:
    """Tilt in degrees, share of the film that is not exposed, share of it that is flat over the chest: large is bad."""
    from tools.imaging.sampling import field

    grey = np.asarray(image, dtype=np.float32)
    span = float(grey.max() - grey.min()) or 1.0
    square = (sampled(grey, WHOLE, SIDE) - float(grey.min())) / span
    ratio = image.shape[0] / image.shape[1]
    return _tilt(sides, ratio), 1 - field(square)[2], _covered(square, sides)


def position(sides: tuple[Mask, Mask], ratio: float) -> tuple[str, ...]:
    """What the shape of the fields says of breath and stance; `ratio` is the film's height over its width."""
    if not all(side.any() for side in sides):
        return ()
    both = sides[0] | sides[1]
    tall = _extent(both, 1) * ratio / _extent(both, 0)
    widths = [_extent(side, 0) for side in sides]
    told = []
    if tall < SHORT:
        told.append(
            f"lung fields short (height {tall:.2f} of their width, {SHORT} expected): shallow inspiration or a supine "
            "film possible; ribs were not counted"
        )
    if min(widths) / max(widths) < NARROW:
        told.append(
            f"one lung field narrow ({min(widths) / max(widths):.2f} of the other's width): a rotated patient or loss "
            "of volume possible; clavicles were not looked at"
        )
    return tuple(told)


def _extent(mask: Mask, axis: int) -> int:
    """Pixels from the first to the last, along rows (1) or columns (0)."""
    held = np.flatnonzero(mask.any(axis=axis))
    return int(held[-1] - held[0]) + 1


def _tilt(sides: tuple[Mask, Mask], ratio: float) -> float:
    """Degrees by which the line through the middles of both lungs leans."""
    if not all(side.any() for side in sides):
        return 0.0
    (y0, x0), (y1, x1) = (np.argwhere(side).mean(axis=0) for side in sides)
    return float(np.degrees(np.arctan2(abs(y1 - y0) * ratio, abs(x1 - x0) + 1e-6)))


def _covered(square: NDArray[np.float32], sides: tuple[Mask, Mask]) -> float:
    """Share of the film in flat rectangles at the darkest or brightest value in or next to what the lungs span."""
    from scipy import ndimage

    both = sides[0] | sides[1]
    if not both.any():
        return 0.0
    rows, columns = np.flatnonzero(both.any(axis=1)), np.flatnonzero(both.any(axis=0))
    inside = np.zeros(both.shape, dtype=bool)
    inside[max(0, rows[0] - 8) : rows[-1] + 9, max(0, columns[0] - 8) : columns[-1] + 9] = True
    flat = ndimage.maximum_filter(square, 5) - ndimage.minimum_filter(square, 5) < 1e-3
    worst = 0.0
    for extreme in (square < 0.01, square > 0.99):
        parts, _ = ndimage.label(flat & extreme)
        for number, box in enumerate(ndimage.find_objects(parts), start=1):
            part = parts[box] == number
            if min(part.shape) >= 8 and part.mean() > 0.9 and 0.3 < part.shape[0] / part.shape[1] < 3.5:
                worst = max(worst, float((part & inside[box]).sum()) / both.size)
    return worst
