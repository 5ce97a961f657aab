"""The part of a mask that a zone names (base, apex, upper pole ...), from its extent from head to feet.

Thirds of a height, not anatomy: a zone is no lobe (`structures.yaml` names the sources).
"""

from __future__ import annotations

import numpy as np

from tools.errors import BadInput, NotAssessable
from tools.imaging.frame import Image
from tools.imaging.spacing import PROJECTION
from tools.imaging.volume import Volume
from tools.segmenters.segment import Mask
from tools.segmenters.structures import zones

_UPRIGHT = 0.7


def part_of(mask: Mask, zone: str, axis: int = 0, head_first: bool = True) -> Mask:
    """The part of a mask that `zone` names along `axis`, whose first index lies to the head unless told otherwise.

    Raises:
        BadInput: no such zone, or an empty mask.
    """
    if zone not in zones():
        raise BadInput(f"no zone {zone!r}", found=zone, expected=", ".join(zones()), action="name one of these")
    others = tuple(n for n in range(mask.ndim) if n != axis)
    held = np.flatnonzero(mask.any(axis=others))
    if not len(held):
        raise BadInput(
            "an empty mask has no zones", found="no pixel", expected="a structure", action="outline it first"
        )
    first, size = int(held[0]), int(held[-1] - held[0]) + 1
    place = np.arange(mask.shape[axis]) - first
    share = (place + 0.5) / size
    if not head_first:
        share = 1 - share
    wanted = zones()[zone]
    inside = (share >= wanted.start) & (share < wanted.end)
    shape = [1] * mask.ndim
    shape[axis] = -1
    return np.asarray(mask & inside.reshape(shape))


def head_to_feet(target: Image | Volume) -> tuple[int, bool]:
    """Along which array axis a target runs from head to feet, and whether its first index lies to the head.

    Raises:
        NotAssessable: it does not, as in an axial slice, or that cannot be told.
    """
    if isinstance(target, Volume):
        for axis, letter in enumerate(target.axes):
            if letter in ("S", "I"):
                return axis, letter == "I"
    else:
        down = _downwards(target)
        if down is not None:
            return 0, down
    raise NotAssessable(
        "a zone runs from head to feet, and this image does not",
        found="an axial or undescribed slice",
        expected="a film, a coronal or sagittal slice, or a volume",
        action="ask for the whole structure, or give the volume",
    )


def _downwards(image: Image) -> bool | None:
    """Whether the rows of an image run to the feet; None where they run elsewhere or nothing is known."""
    stated = image.header.patient_orientation
    if len(stated) > 1 and stated[1][:1] in ("F", "H"):
        return stated[1][:1] == "F"
    cosines = image.header.image_orientation
    if len(cosines) == 6:
        return bool(cosines[5] < 0) if abs(cosines[5]) >= _UPRIGHT else None
    # A film, or a picture of one, is shown head up.
    return True if image.header.modality in (*PROJECTION, None, "OT", "SC") and image.photometric != "RGB" else None
