"""The Agatston score within a region that a person drew, on a gated CT without contrast, about 3 mm, 120 kVp.

Agatston 1990 (doi 10.1016/0735-1097(90)90282-t): on each section, connected pixels of at least 130 HU and 1 mm2; the
area in mm2 times 1 for a peak of 130 to 199 HU, 2 to 299, 3 to 399, 4 from 400; summed over all sections. (The paper
itself was not at hand: the rule was read in reviews that state it, named in docs/segmenters.md.)
No risk group is given here, and zero is not said to exclude disease.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.errors import BadInput
from tools.imaging.volume import Volume, Voxels, measurable
from tools.segmenters.ct_grid import components, sizes
from tools.segmenters.ct_technique import Stated, contrast_free, gated, required, thick, tube

THRESHOLD_HU = 130.0
LEAST_MM2 = 1.0
THICKNESS_MM = (2.5, 3.0)
KVP = 120.0
EXPECTED = "gated by the ECG, no contrast, sections of 2.5 to 3 mm without gaps, 120 kVp"


@dataclass(frozen=True)
class Lesion:
    """One patch of calcium on one section (0-based, in the volume's own order)."""

    slice_: int
    area_mm2: float
    peak_hu: float
    factor: int

    @property
    def score(self) -> float:
        """Area times density factor."""
        return self.area_mm2 * self.factor


@dataclass(frozen=True)
class Calcium:
    """Agatston score (unitless) and volume of calcium in a given region."""

    agatston: float
    volume_mm3: float
    lesions: tuple[Lesion, ...]
    doubts: tuple[str, ...] = ()
    method: str = "Agatston 1990: per section, area of at least 1 mm2 at 130 HU or more, times 1 to 4 by its peak"


def agatston(volume: Volume, region: Voxels, stated: Stated | None = None) -> Calcium:
    """The score within `region`: all that is calcified there counts, vessel or not.

    Raises:
        NotAssessable: the scan was not taken for it, or it is not known how it was taken; `action` asks.
        BadInput: the region does not belong to the volume, is empty, or sections are not the first axis.
    """
    said = stated or Stated()
    measurable(volume)
    required(
        "the Agatston score",
        EXPECTED,
        [gated(volume, said), contrast_free(volume, said), thick(volume, *THICKNESS_MM), tube(volume, KVP)],
    )
    if region.shape != volume.values.shape or not region.any() or volume.axes[0] not in ("S", "I"):
        raise BadInput(
            "the region cannot be scored",
            found=f"{region.shape}, {int(region.sum())} voxels, sections towards {volume.axes[0]}",
            expected=f"{volume.values.shape}, at least one voxel, axial sections",
            action="draw the region on the axial sections of this series",
        )
    lesions, voxels = [], 0
    _, tall, wide = volume.spacing_mm
    for number in np.flatnonzero(region.any(axis=(1, 2))):
        values = volume.values[number]
        labels, count = components(((values >= THRESHOLD_HU) & region[number])[None])
        areas = sizes(labels, count) * tall * wide
        for one in range(1, count + 1):
            if areas[one] >= LEAST_MM2:
                place = labels[0] == one
                peak = float(values[place].max())
                lesions.append(Lesion(int(number), float(areas[one]), peak, factor(peak)))
                voxels += int(place.sum())
    thickness = volume.header.acquisition.slice_thickness_mm or THICKNESS_MM[1]
    step = volume.spacing_mm[0]
    doubts = []
    if step < thickness * 0.99:
        # Overlapping sections count the same calcium more than once.
        doubts.append(
            f"sections overlap ({step:g} mm apart, {thickness:g} mm thick): the sum was scaled by their ratio"
        )
    scale = min(step / thickness, 1.0)
    if thickness < THICKNESS_MM[1]:
        doubts.append(f"sections of {thickness:g} mm: the score was defined on 3 mm and is not scaled to them")
    return Calcium(
        agatston=round(sum(one.score for one in lesions) * scale, 1),
        volume_mm3=round(voxels * volume.voxel_ml * 1000, 1),
        lesions=tuple(lesions),
        doubts=tuple(doubts),
    )


def factor(peak: float) -> int:
    """The density factor of a peak in HU."""
    return 1 if peak < 200 else 2 if peak < 300 else 3 if peak < 400 else 4
