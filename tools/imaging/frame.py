"""The nouns: an `Image` is one 2-D frame with what its file says about it. Nothing here reads a file.

Coordinates are 0-based stored pixels. Spacings are in DICOM's order: between rows, then between columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
NO_SPACING = "none"


@dataclass(frozen=True)
class Spacing:
    """Millimetres between pixel centres (rows, columns) and the source of that scale; no source, no scale.

    `calibrated` is true only where the file says that the scale holds in the patient; on a projection radiograph
    lengths are otherwise those at the detector.
    """

    mm: tuple[float, float] | None = None
    source: str = NO_SPACING
    calibrated: bool = False


@dataclass(frozen=True, repr=False)
class Who:
    """Whose image the file says it is. Masked when printed."""

    patient_id: str | None = None
    issuer: str | None = None
    names: tuple[str, ...] = ()
    birth_date: str | None = None
    other_ids: tuple[tuple[str, str | None], ...] = ()
    removed: bool = False

    def __repr__(self) -> str:
        held = [name for name in ("patient_id", "names", "birth_date") if getattr(self, name)]
        return f"Who({', '.join(held) or 'nobody'}{', removed' if self.removed else ''})"


@dataclass(frozen=True)
class Acquisition:
    """How a tomogram was taken, as the file states it; None where it states nothing.

    `contrast` is the agent's name where one is stated; `kernel` the reconstruction kernel; `kind` the CT acquisition
    type ("SPIRAL") or the MR sequence name. Slice thickness is not the distance between slices.
    """

    slice_thickness_mm: float | None = None
    kvp: float | None = None
    kernel: str | None = None
    contrast: str | None = None
    tilt_deg: float | None = None
    gating: str | None = None
    kind: str | None = None
    rescale_type: str | None = None
    manufacturer: str | None = None


@dataclass(frozen=True)
class Header:
    """What the file states, as written there; None where it states nothing."""

    modality: str | None = None
    sop_class: str | None = None
    body_part: str | None = None
    anatomy: tuple[str, ...] = ()
    view_position: str | None = None
    view_code: str | None = None
    laterality: str | None = None
    patient_orientation: tuple[str, ...] = ()
    image_orientation: tuple[float, ...] = ()
    patient_position: str | None = None
    descriptions: tuple[str, ...] = ()
    image_type: tuple[str, ...] = ()
    presentation_intent: str | None = None
    burned_in: str | None = None
    taken_at: str | None = None
    study_instance_uid: str | None = None
    series_instance_uid: str | None = None
    sop_instance_uid: str | None = None
    sop_class_uid: str | None = None
    who: Who = Who()
    acquisition: Acquisition = Acquisition()


@dataclass(frozen=True, eq=False)
class Image:
    """One frame.

    `pixels` is what a reader is shown: value-of-interest window applied, MONOCHROME1 turned over, colour as
    luminance, scaled to 0..1 with bright = dense. `values` holds the stored values after rescaling (HU in CT, no
    inversion); None for colour. `colour` is the same frame as RGB (rows, columns, 3); None for grey.
    """

    pixels: Array = field(repr=False)
    values: Array | None = field(repr=False)
    name: str
    sha256: str
    format: str
    photometric: str
    bits: int
    frame: int = 0
    frames: int = 1
    spacing: Spacing = Spacing()
    header: Header = Header()
    lossy: bool | None = None
    warnings: tuple[str, ...] = ()
    colour: NDArray[np.uint8] | None = field(default=None, repr=False)

    @property
    def rows(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    @property
    def columns(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def is_dicom(self) -> bool:
        """Whether the source is a DICOM instance."""
        return self.format == "DICOM"

    def geometry(self) -> dict[str, Any]:
        """The geometry of `osler image info --json`."""
        return {
            "spacing_mm": list(self.spacing.mm) if self.spacing.mm else None,
            "spacing_source": self.spacing.source,
            "orientation": list(self.header.image_orientation or self.header.patient_orientation) or None,
            "uniform": None,
            "tilt_deg": None,
        }


SOFT_TISSUE = (-160.0, 240.0)
"""The window of soft tissue on CT in HU: centre 40, width 400."""


def scaled(array: NDArray[Any], low: float, high: float) -> Array:
    """Values between `low` and `high` as 0..1; all zero where there is no span."""
    if not high > low:
        return np.zeros(array.shape, dtype=np.float32)
    return np.clip((array.astype(np.float64) - low) / (high - low), 0.0, 1.0).astype(np.float32)


def luminance(array: NDArray[Any]) -> NDArray[Any]:
    """Luma of an RGB array (weights of ITU-R BT.601, as Pillow's mode L)."""
    weighted: NDArray[Any] = array[..., :3].astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    return weighted
