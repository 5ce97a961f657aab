"""Where a scale comes from. Without a source there is no scale, and no length in millimetres.

Projection radiographs follow DICOM PS3.3 10.7.1.1 (Basic Pixel Spacing Calibration Macro; read 2026-11-22 at
dicom.nema.org): Imager Pixel Spacing is measured at the front of the receptor; Pixel Spacing that differs from it has
been corrected or calibrated; Pixel Spacing alone, without a calibration type, cannot be told to be either.
"""

from __future__ import annotations

import math
from typing import Any

from tools.imaging.frame import Spacing

PROJECTION = {"CR", "DX", "RG", "RF", "XA", "MG", "IO", "PX", "DR", "RTIMAGE"}
_ULTRASOUND = {"US", "IVUS"}
_CM, _TWO_D = 3, 1
_LARGER = 1.001


def spacing_of(dataset: Any, modality: str | None, frame: int) -> tuple[Spacing, list[str]]:
    """The spacing of a frame, and what is odd about it."""
    if modality in _ULTRASOUND:
        return _ultrasound(dataset)
    plane, told = _pair(_pixel_measures(dataset, frame), "PixelSpacing")
    where = "PixelSpacing of the frame"
    if plane is None:
        plane, told = _pair(dataset, "PixelSpacing")
        where = "PixelSpacing"
    imager, told_imager = _pair(dataset, "ImagerPixelSpacing")
    scanned, told_scanned = _pair(dataset, "NominalScannedPixelSpacing")
    told = [*told, *told_imager, *told_scanned]
    if modality in PROJECTION:
        return _projection(dataset, plane, imager, told), told
    if plane is not None and modality == "CT" and is_projection(dataset):
        return Spacing(plane, f"{where} of a localiser, which is a projection"), told
    if plane is not None and modality in ("CT", "MR", "PT", "NM", "SEG", "RTDOSE"):
        return Spacing(plane, where, calibrated=True), told
    kind = _text(dataset, "PixelSpacingCalibrationType")
    if plane is not None and kind in ("GEOMETRY", "FIDUCIAL"):
        return Spacing(plane, f"PixelSpacing calibrated ({kind})", calibrated=True), told
    if scanned is not None:
        return Spacing(scanned, "NominalScannedPixelSpacing on the scanned film"), told
    if plane is not None:
        return Spacing(plane, "PixelSpacing, not said whether calibrated"), told
    return Spacing(), told


def is_projection(dataset: Any) -> bool:
    """Whether a CT image is a localiser: its rays fan out, so that its scale holds at one depth only."""
    kinds = dataset.get("ImageType") or []
    return "LOCALIZER" in ([kinds] if isinstance(kinds, str) else list(kinds))


def _projection(
    dataset: Any, plane: tuple[float, float] | None, imager: tuple[float, float] | None, told: list[str]
) -> Spacing:
    kind = _text(dataset, "PixelSpacingCalibrationType")
    if plane is not None and kind in ("GEOMETRY", "FIDUCIAL"):
        return Spacing(plane, f"PixelSpacing calibrated ({kind})", calibrated=True)
    if plane is not None and imager is not None and max(plane[0] / imager[0], plane[1] / imager[1]) > _LARGER:
        told.append("PixelSpacing is larger than ImagerPixelSpacing: a projection enlarges, so one is wrong; no scale")
        return Spacing()
    if plane is not None and imager is not None and not _same(plane, imager):
        return Spacing(plane, "PixelSpacing calibrated (differs from ImagerPixelSpacing; how is not said)", True)
    if imager is not None:
        return Spacing(imager, "ImagerPixelSpacing at the detector")
    if plane is not None:
        return Spacing(plane, "PixelSpacing, not said whether calibrated: taken as at the detector")
    return Spacing()


def _ultrasound(dataset: Any) -> tuple[Spacing, list[str]]:
    """One calibrated two-dimensional region gives the scale; several, or none, give none for the whole image."""
    regions = [
        region
        for region in dataset.get("SequenceOfUltrasoundRegions") or []
        if region.get("RegionSpatialFormat") == _TWO_D
        and region.get("PhysicalUnitsXDirection") == _CM
        and region.get("PhysicalUnitsYDirection") == _CM
    ]
    if len(regions) != 1:
        told = [f"{len(regions)} calibrated two-dimensional regions: no one scale for the image"] if regions else []
        return Spacing(), told
    rows, columns = (_number(regions[0].get(name)) for name in ("PhysicalDeltaY", "PhysicalDeltaX"))
    if not rows or not columns:
        return Spacing(), ["the ultrasound region has no physical deltas"]
    box = [regions[0].get(f"RegionLocation{name}") for name in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
    if any(_number(part) is None for part in box):
        return Spacing(), ["the ultrasound region does not say where it lies: no scale for the image"]
    where = f"ultrasound region {','.join(str(part) for part in box)}"
    return Spacing((abs(rows) * 10, abs(columns) * 10), f"{where} only", calibrated=True), []


def _pixel_measures(dataset: Any, frame: int) -> Any:
    """The Pixel Measures of a frame of an enhanced multi-frame instance."""
    return functional_group(dataset, "PixelMeasuresSequence", frame)


def functional_group(dataset: Any, name: str, frame: int) -> Any:
    """An item of the frame's own functional groups, else of the shared ones, else None."""
    own = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    for group in [*own[frame : frame + 1], *shared[:1]]:
        if items := group.get(name):
            return items[0]
    return None


def _pair(dataset: Any, name: str) -> tuple[tuple[float, float] | None, list[str]]:
    value = dataset.get(name) if dataset is not None else None
    if value is None or value == "":
        return None, []
    try:
        first, second = (float(part) for part in value)
    except (TypeError, ValueError):
        return None, [f"{name} is not a pair of numbers"]
    if not all(math.isfinite(part) and part > 0 for part in (first, second)):
        return None, [f"{name} is not positive"]
    return (first, second), []


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _text(dataset: Any, name: str) -> str:
    return str(dataset.get(name) or "").strip().upper()


def _same(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(math.isclose(a, b, rel_tol=1e-3) for a, b in zip(one, other, strict=True))
