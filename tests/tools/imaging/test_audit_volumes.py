"""Volumes whose values or planes are not what they seem."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from films import saved
from series_made import affine_of, slices

from agent.cli_asked import Asked
from agent.cli_sizes import measure
from tools.errors import NotAssessable
from tools.imaging.comparing import same_scale
from tools.imaging.measures.density import hounsfield
from tools.imaging.measuring import read_target
from tools.imaging.volumes import read_volume

AFFINE = affine_of(np.eye(3))
INSIDE = np.zeros((6, 12, 14), bool)
INSIDE[2:4, 3:9, 4:11] = True


def folder(path: Path, change: Any) -> Path:
    path.mkdir()
    values = np.where(INSIDE, 40, -900).astype(np.int16)
    for number, one in enumerate(slices(values, AFFINE)):
        change(number, one)
        saved(one, path / f"{number}.dcm")
    return path


def nifti(path: Path, values: np.ndarray, affine: np.ndarray) -> Path:
    nibabel.save(nibabel.Nifti1Image(values.transpose(2, 1, 0), np.diag([-1, -1, 1, 1]) @ affine), path)
    return path


def test_one_slice_without_a_rescale_spoils_the_density(tmp_path: Path) -> None:
    def change(number: int, one: Any) -> None:
        if number == 3:
            one.RescaleIntercept = None

    volume = read_volume(folder(tmp_path / "s", change))
    assert "1 of 6 files give no rescale" in " ".join(volume.warnings)
    with pytest.raises(NotAssessable, match="not known to be Hounsfield"):
        hounsfield(volume)
    assert hounsfield(read_volume(folder(tmp_path / "t", lambda *_: None))).min() == -900


def test_a_rescale_slope_of_nothing_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(NotAssessable, match="holds no volume"):
        read_volume(folder(tmp_path / "s", lambda _, one: setattr(one, "RescaleSlope", 0)))


def test_axes_in_another_plane_are_said_to_be(tmp_path: Path) -> None:
    """NIfTI may be stored by sagittal slices: the long axis in those is not the axial one."""
    values = np.where(INSIDE, 1, 0).astype(np.int16)
    axial = nifti(tmp_path / "a.nii", values, AFFINE)
    turned = nifti(tmp_path / "s.nii", values.transpose(2, 0, 1).copy(), AFFINE[:, [1, 2, 0, 3]])
    rows = [measure(Asked(path, "l", path, modality="MR"))["measurements"][0] for path in (axial, turned)]
    assert rows[0]["notes"] == [] and rows[1]["notes"] == ["lengths are in the sagittal plane"]
    from tools.imaging.mask_files import mask_from
    from tools.imaging.measuring import measured

    targets = [read_target(path) for path in (axial, turned)]
    one, other = (measured(t, mask_from(p, t), "l")[0][0] for t, p in zip(targets, (axial, turned), strict=True))
    with pytest.raises(NotAssessable, match="same plane"):
        same_scale(one, other)
    same_scale(one, one)
