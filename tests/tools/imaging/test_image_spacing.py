"""Where a scale comes from, and that none is made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import CT, US, film, instance, saved
from pydicom.dataset import Dataset

from tools.imaging.frame import Spacing
from tools.imaging.reading import read_image


def spacing(tmp_path: Path, **elements: Any) -> Spacing:
    """The spacing read back from a film with these elements."""
    return read_image(saved(instance(film(40, 40), **elements), tmp_path / "film.dcm")).spacing


@pytest.mark.parametrize(
    ("elements", "mm", "source", "calibrated"),
    [
        ({}, None, "none", False),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, (0.2, 0.1), "ImagerPixelSpacing at the detector", False),
        (
            {"ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.2, 0.2]},
            (0.2, 0.2),
            "ImagerPixelSpacing at the detector",
            False,
        ),
        (
            {"PixelSpacing": [0.18, 0.18], "PixelSpacingCalibrationType": "FIDUCIAL"},
            (0.18, 0.18),
            "PixelSpacing calibrated (FIDUCIAL)",
            True,
        ),
        (
            {"ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.18, 0.18]},
            (0.18, 0.18),
            "PixelSpacing calibrated (differs from ImagerPixelSpacing; how is not said)",
            True,
        ),
        (
            {"PixelSpacing": [0.168, 0.168]},
            (0.168, 0.168),
            "PixelSpacing, not said whether calibrated: taken as at the detector",
            False,
        ),
        ({"PixelSpacing": [0, 0]}, None, "none", False),
    ],
)
def test_films(elements: dict[str, Any], mm: Any, source: str, calibrated: bool, tmp_path: Path) -> None:
    assert spacing(tmp_path, **elements) == Spacing(mm, source, calibrated)


def test_slice_thickness_is_no_spacing(tmp_path: Path) -> None:
    made = instance(film(40, 40), CT, Modality="CT", PixelSpacing=[0.7, 0.7], SliceThickness=5)
    assert read_image(saved(made, tmp_path / "ct.dcm")).spacing == Spacing((0.7, 0.7), "PixelSpacing", True)


def test_ultrasound_from_its_region_and_only_from_one(tmp_path: Path) -> None:
    region = Dataset()
    region.RegionSpatialFormat, region.PhysicalUnitsXDirection, region.PhysicalUnitsYDirection = 1, 3, 3
    region.PhysicalDeltaX, region.PhysicalDeltaY = 0.02, 0.03
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 39, 39
    one = instance(film(40, 40), US, Modality="US", PixelSpacing=[1, 1], SequenceOfUltrasoundRegions=[region])
    found = read_image(saved(one, tmp_path / "one.dcm")).spacing
    assert found.mm == pytest.approx((0.3, 0.2)) and "0,0,39,39 only" in found.source
    two = instance(film(40, 40), US, Modality="US", SequenceOfUltrasoundRegions=[region, region])
    image = read_image(saved(two, tmp_path / "two.dcm"))
    assert image.spacing == Spacing() and any("no one scale" in warning for warning in image.warnings)


def test_each_frame_of_an_enhanced_image_has_its_own(tmp_path: Path) -> None:
    groups = []
    for size in (0.5, 0.25):
        measures, group = Dataset(), Dataset()
        measures.PixelSpacing = [size, size]
        group.PixelMeasuresSequence = [measures]
        groups.append(group)
    stack = np.stack([film(40, 40)] * 2)
    made = instance(stack, CT, Modality="CT", PerFrameFunctionalGroupsSequence=groups)
    path = saved(made, tmp_path / "enhanced.dcm")
    assert [read_image(path, frame).spacing.mm for frame in (0, 1)] == [(0.5, 0.5), (0.25, 0.25)]
