"""The slices of a volume as a reader expects them: cut along any axis, the right way round, in a window of values.

Axial slices show the patient's right on the left and the front above, coronal ones the right on the left and the head
above, sagittal ones the front on the left and the head above. Nothing is resampled: voxels are turned, never moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from app_film import Slices
from tools.imaging.frame import Array, scaled
from tools.imaging.volume import Volume

# Centre and width in HU, as CT is usually shown; how values are looked at, not how anything is measured.
CT_WINDOWS = {"soft": ("Soft tissue", 40.0, 400.0), "lung": ("Lung", -600.0, 1500.0), "bone": ("Bone", 400.0, 1800.0)}
WHOLE, USUAL = "whole", "usual"
_PLANES = {"S": "Axial", "P": "Coronal", "L": "Sagittal"}
# Where columns and rows of the picture of each plane grow to.
_SHOWN = {"Axial": ("L", "P"), "Coronal": ("L", "I"), "Sagittal": ("P", "I")}
_OPPOSITE = {"L": "R", "R": "L", "P": "A", "A": "P", "S": "I", "I": "S"}
# Anatomy is read with H and F for head and feet, as DICOM's Patient Orientation has them.
_READ = {"S": "H", "I": "F"}
_LUNG = ("lung", "airway", "trachea", "emphysema", "lobe", "bronch")
_BONE = ("bone", "rib", "vertebra", "spine", "skull", "sternum", "femur", "humerus", "sacrum", "scapula", "clavicle")
# Without a stated modality, values below this are those of air in a CT.
_AIR = -500.0
_OBLIQUE_DEG = 15.0
_HELD = 4
_RANGES: dict[str, dict[str, tuple[float, float]]] = {}
Kind = TypeVar("Kind", bound=np.generic)


@dataclass(frozen=True)
class Cut:
    """A volume cut across one of its array axes: the picture's columns and rows, and how the raw slice is turned.

    The raw slice is `values.take(n, axis)`. It is transposed where `swap`, then turned left to right (`mirror`) and
    upside down (`flip`). `letters`: what lies at the left, right, upper and lower edge; `ends`: to where the first and
    the last slice lie. `aspect`: width over height in the patient.
    """

    axis: int
    name: str
    count: int
    columns: int
    rows: int
    aspect: float
    swap: bool
    mirror: bool
    flip: bool
    letters: tuple[str, str, str, str]
    ends: tuple[str, str]

    def turned(self, raw: NDArray[Kind]) -> NDArray[Kind]:
        """A raw slice as it is shown."""
        picture = raw.T if self.swap else raw
        return picture[:: -1 if self.flip else 1, :: -1 if self.mirror else 1]

    @property
    def matrix(self) -> tuple[int, ...]:
        """The SVG matrix from (column, row) of the raw slice to the picture."""
        wide, high = self.columns - 1, self.rows - 1
        across, down = (-1 if self.mirror else 1), (-1 if self.flip else 1)
        e, f = (wide if self.mirror else 0), (high if self.flip else 0)
        return (0, down, across, 0, e, f) if self.swap else (across, 0, 0, down, e, f)


def cut_of(volume: Volume, axis: int) -> Cut:
    """How a volume is cut across an array axis (0: its own slices)."""
    row, column = (n for n in range(3) if n != axis)
    name = _name(volume.axes[axis])
    wide, high = _SHOWN[name]
    swap = volume.axes[column] not in (wide, _OPPOSITE[wide])
    across, down = (row, column) if swap else (column, row)
    size, mm = volume.values.shape, volume.spacing_mm
    right, bottom, last = (_READ.get(one, one) for one in (wide, high, volume.axes[axis]))
    left, top, first = (_read_opposite(one) for one in (wide, high, volume.axes[axis]))
    return Cut(
        axis, name, size[axis], size[across], size[down], size[across] * mm[across] / (size[down] * mm[down]), swap,
        volume.axes[across] != wide, volume.axes[down] != high, (left, right, top, bottom), (first, last),
    )


def _name(letter: str) -> str:
    return _PLANES.get(letter) or _PLANES[_OPPOSITE[letter]]


def _read_opposite(letter: str) -> str:
    other = _OPPOSITE[letter]
    return _READ.get(other, other)


def picture(volume: Volume, cut: Cut, number: int, window: str) -> Array:
    """Slice `number` of a cut as grey values of 0..1, turned as it is shown."""
    low, high = windows(volume)[window]
    return scaled(cut.turned(np.asarray(volume.values.take(number, cut.axis))), low, high)


def windows(volume: Volume) -> dict[str, tuple[float, float]]:
    """What may be shown black and white: a CT's windows, or all but the extremes; and the whole range."""
    if volume.sha256 not in _RANGES:
        low, high = float(volume.values.min()), float(volume.values.max())
        modality = (volume.header.modality or "").upper()
        is_ct = modality == "CT" or (not modality and low < _AIR)
        if is_ct and volume.header.acquisition.rescale_type in (None, "HU"):
            found = {name: (centre - width / 2, centre + width / 2) for name, (_, centre, width) in CT_WINDOWS.items()}
        else:
            thinned = volume.values[:: max(1, len(volume.values) // 16)]
            usual = np.percentile(thinned, [0.5, 99.5])
            found = {USUAL: (float(usual[0]), float(usual[1]))}
        while len(_RANGES) >= _HELD:
            _RANGES.pop(next(iter(_RANGES)), None)
        _RANGES[volume.sha256] = found | {WHOLE: (low, high)}
    return _RANGES[volume.sha256]


def fitting(volume: Volume, structure: str) -> str:
    """The window in which a structure is usually looked at."""
    there, words = windows(volume), structure.lower()
    wanted = "lung" if any(word in words for word in _LUNG) else (
        "bone" if any(word in words for word in _BONE) else "soft")
    return wanted if wanted in there else next(iter(there))


def slices(volume: Volume, cut: Cut, window: str) -> Slices:
    """What the page says and offers beside one slice."""
    offered = []
    for name, (low, high) in windows(volume).items():
        said = f"{low:g} to {high:g}".replace("-", "−")
        if name in CT_WINDOWS:
            label, centre, width = CT_WINDOWS[name]
            said = f"centre {centre:g}, width {width:g} HU".replace("-", "−")
        else:
            label = "Whole range" if name == WHOLE else "Usual"
        offered.append((name, label, said))
    planes = sorted((cut_of(volume, axis).name, axis) for axis in range(3))
    return Slices(
        cut.axis, tuple((axis, name) for name, axis in planes), window, tuple(offered), cut.letters, cut.ends,
        cut.matrix, cut.swap, cut.mirror, cut.flip, _told(volume, cut),
    )


def _told(volume: Volume, cut: Cut) -> tuple[str, ...]:
    """What a reader of this cut has to know of the grid."""
    told = []
    if off := oblique(volume):
        told.append(f"the volume lies {off:.0f}° oblique: the letters are the nearest directions")
    if cut.axis and not volume.uniform:
        told.append("the slices are not evenly spaced: this view is not to scale")
    if cut.axis and not volume.square:
        told.append(f"the gantry was tilted by {volume.tilt_deg:.1f}°: this view is sheared, not corrected for it")
    return tuple(told)


def oblique(volume: Volume) -> float | None:
    """By how many degrees the grid is turned from the patient's axes, where that is much."""
    directions = volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)
    off = float(np.degrees(np.arccos(np.clip(np.abs(directions).max(axis=0), 0, 1))).max())
    return off if off >= _OBLIQUE_DEG else None


def fullest(mask: NDArray[Any], axis: int) -> int | None:
    """The slice that holds most of a mask; None where it is empty."""
    held = np.count_nonzero(mask, axis=tuple(n for n in range(mask.ndim) if n != axis))
    return int(held.argmax()) if held.any() else None
