"""Zones: shares of the height of a mask, only where the image runs from head to feet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tools.errors import BadInput, NotAssessable
from tools.imaging.frame import Header, Image
from tools.imaging.volume import Volume
from tools.segmenters.structures_zones import head_to_feet, part_of


def image(**header: object) -> Image:
    return Image(
        pixels=np.zeros((8, 8), dtype=np.float32),
        values=None,
        name="x",
        sha256="0",
        format="DICOM",
        photometric="MONOCHROME2",
        bits=8,
        header=replace(Header(modality="DX"), **header),  # type: ignore[arg-type]
    )


def volume(affine: np.ndarray) -> Volume:
    values = np.zeros((6, 4, 4), dtype=np.float32)
    return Volume(values, affine, "x", "0", "DICOM", "ImagePositionPatient")


def test_thirds_of_the_height_make_up_the_whole() -> None:
    mask = np.zeros((40, 10), dtype=bool)
    mask[5:35, 2:8] = True
    parts = [part_of(mask, zone) for zone in ("upper zone", "mid zone", "lower zone")]
    assert (sum(part.astype(int) for part in parts) == mask).all()
    assert [int(part.any(axis=1).sum()) for part in parts] == [10, 10, 10]
    assert parts[0][5].any() and parts[2][34].any()
    assert (part_of(mask, "base") == parts[2]).all()
    assert part_of(mask, "apex").any(axis=1).sum() == 5
    assert (part_of(mask[::-1], "upper zone", head_first=False)[::-1] == parts[0]).all()


def test_in_a_volume_the_way_to_the_head_is_read_from_its_geometry() -> None:
    assert head_to_feet(volume(np.diag([1.0, 1.0, 5.0, 1.0]))) == (0, False)
    assert head_to_feet(volume(np.diag([1.0, 1.0, -5.0, 1.0]))) == (0, True)
    coronal = np.array([[1.0, 0, 0, 0], [0, 0, 2.0, 0], [0, -1.0, 0, 0], [0, 0, 0, 1.0]])
    assert head_to_feet(volume(coronal)) == (1, True)


def test_a_film_runs_downwards_and_an_axial_slice_does_not() -> None:
    assert head_to_feet(image()) == (0, True)
    assert head_to_feet(image(patient_orientation=("L", "H"))) == (0, False)
    assert head_to_feet(image(modality="CT", image_orientation=(1.0, 0, 0, 0, 0, -1.0))) == (0, True)
    with pytest.raises(NotAssessable):
        head_to_feet(image(modality="CT", image_orientation=(1.0, 0, 0, 0, 1.0, 0)))
    with pytest.raises(NotAssessable):
        head_to_feet(image(modality="CT"))


def test_a_zone_of_nothing_and_no_zone() -> None:
    with pytest.raises(BadInput):
        part_of(np.zeros((4, 4), dtype=bool), "base")
    with pytest.raises(BadInput):
        part_of(np.ones((4, 4), dtype=bool), "hilum")
