"""NIfTI-1 and -2 by nibabel: the header says where voxels lie, in a system that grows right, front, head (RAS).

The affine is the sform where its code is above 0, else the qform where its code is; a file with neither does not say
where left and right are (nifti1.h, "3D image orientation and location in space", methods 1 to 3) and is refused.
"""

from __future__ import annotations

import contextlib
import gzip
import logging
import warnings
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotAssessable
from tools.imaging.frame import Header
from tools.imaging.refusals import NotAnImage, UnreadableImage, UnsupportedImage
from tools.imaging.series_pixels import check_voxels
from tools.imaging.volume import SQUARE_DEG, Affine, Volume

GZIP = b"\x1f\x8b"
_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_MM = {"mm": 1.0, "meter": 1000.0, "micron": 0.001, "unknown": 1.0}
_LABEL = 1002
_SAME_MM = 0.01


@dataclass(frozen=True)
class Nifti:
    """What the header of a file says, in LPS millimetres; `image` gives the values when they are asked for."""

    path: Path
    shape: tuple[int, int, int]
    times: int
    affine: Affine = field(repr=False)
    spacing_source: str
    tilt_deg: float
    is_labels: bool
    told: tuple[str, ...]
    image: Any = field(repr=False)

    def close(self) -> None:
        """Close the file."""
        self.image.file_map["image"].fileobj.close()


def is_nifti(path: Path, head: bytes) -> bool:
    """Whether the first bytes are those of a NIfTI file, packed by gzip or not."""
    if head.startswith(GZIP):
        try:
            with gzip.open(path) as file:
                head = file.read(352)
        except (OSError, EOFError, zlib.error):
            return False
    return _version(head) is not None


def _version(head: bytes) -> tuple[int, bool] | None:
    """(1 or 2, whether header and voxels are in one file)."""
    for version, at in ((1, 344), (2, 4)):
        magic = head[at : at + 3]
        if magic in (b"n+%d" % version, b"ni%d" % version):
            return version, magic.startswith(b"n+")
    return None


def _kind(path: Path) -> tuple[bool, int, bool]:
    with path.open("rb") as plain:
        packed = plain.read(2) == GZIP
    with gzip.open(path) if packed else path.open("rb") as file:
        found = _version(file.read(352))
    if found is None:
        raise NotAnImage(
            f"{path.name} is not NIfTI", found="another file", expected="a NIfTI file", action="give the volume itself"
        )
    return packed, *found


def open_nifti(path: Path) -> Nifti:
    """The header of a file, checked.

    Raises:
        UnreadableImage: broken.
        UnsupportedImage: not three-dimensional numbers, or in two files.
        NotAssessable: it does not say where it lies in the patient, or its grid is skewed.
    """
    import nibabel

    logging.getLogger("nibabel").setLevel(logging.CRITICAL + 1)
    with _errors(path), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        packed, version, single = _kind(path)
        if not single:
            raise UnsupportedImage(
                f"{path.name} is not read as a volume",
                found="NIfTI with its header and its voxels in two files",
                expected="NIfTI in one file",
                action="save it as one .nii file",
            )
        kinds: dict[int, Any] = {1: nibabel.Nifti1Image, 2: nibabel.Nifti2Image}
        files = kinds[version].make_file_map()
        # By content: attached files have no name that would tell.
        files["image"].fileobj = gzip.open(path) if packed else path.open("rb")  # noqa: SIM115
        image: Any = kinds[version].from_file_map(files)
        header = image.header
        shape = tuple(int(part) for part in image.shape)
        kind = header.get_data_dtype()
        intent = int(header["intent_code"])
        unit = str(header.get_xyzt_units()[0])
        codes = int(header["sform_code"]), int(header["qform_code"])
        sform, qform = header.get_sform(), header.get_qform(coded=True)[0]
    size, times = _shape(path.name, shape)
    if kind.fields is not None or kind.kind == "c":
        raise UnsupportedImage(
            f"{path.name} is not read as a volume",
            found="colours" if kind.fields is not None else "complex numbers",
            expected="one number for each voxel",
            action="save one channel of it",
        )
    check_voxels(path.name, size[2], size[1], size[0])
    told: list[str] = []
    name, affine = _place(path.name, codes, sform, qform, told)
    if unit == "unknown":
        told.append("the unit of length is not stated: taken as millimetres, NIfTI's convention")
        name += ", unit not stated"
    lps = _TO_LPS @ affine
    lps[:3] *= _MM[unit]
    return Nifti(path, size, times, lps, name, _tilt(path.name, lps), intent == _LABEL, tuple(told), image)


def read_nifti(path: Path, sha256: str, time: int | None = None) -> Volume:
    """The volume of a file; of a 4-D one, that at `time` (from 0).

    Raises:
        BadInput, NotAssessable: see `open_nifti`; a 4-D file and no time named.
    """
    opened = open_nifti(path)
    told = list(opened.told)
    if opened.times > 1:
        if time is None or not 0 <= time < opened.times:
            raise NotAssessable(
                f"{path.name} holds {opened.times} volumes",
                found=f"{opened.times} volumes" if time is None else f"volume {time} of {opened.times}",
                expected="one volume",
                action=f"name one from 0 to {opened.times - 1}",
            )
        told.append(f"volume {time} of {opened.times} (from 0)")
    with _errors(path), contextlib.closing(opened):
        data: NDArray[Any] = _values(opened, time if opened.times > 1 else None)
    if data.dtype.kind == "f" and not np.isfinite(data).all():
        data = np.nan_to_num(data, nan=0.0, posinf=0.0, neginf=0.0)
        told.append("values that are not numbers are taken as 0")
    return Volume(
        values=data.transpose(2, 1, 0),
        affine=opened.affine,
        name=path.name,
        sha256=sha256,
        format="NIfTI",
        spacing_source=opened.spacing_source,
        tilt_deg=opened.tilt_deg,
        header=Header(),
        warnings=tuple(told),
    )


def _values(opened: Nifti, time: int | None) -> NDArray[Any]:
    """Voxels as float32 after scl_slope and scl_inter."""
    proxy = opened.image.dataobj
    if len(proxy.shape) > 3:
        index = (slice(None), slice(None), slice(None), time or 0, *[0] * (len(proxy.shape) - 4))
        data = np.asarray(proxy[index])
    else:
        data = np.asarray(proxy, dtype=np.float32)
    return data.reshape(opened.shape, order="F").astype(np.float32, copy=False)


def _shape(name: str, shape: tuple[int, ...]) -> tuple[tuple[int, int, int], int]:
    """(columns, rows, slices) and how many volumes; further axes of size 1 do not count."""
    more = [part for part in shape[4:] if part != 1]
    if len(shape) < 3 or min(shape, default=0) < 1 or more or min(shape[:3]) < 2:
        raise UnsupportedImage(
            f"{name} is not read as a volume",
            found=f"shape {' x '.join(str(part) for part in shape)}",
            expected="three axes of at least 2, or a series of such volumes",
            action="give a volume",
        )
    return (shape[0], shape[1], shape[2]), shape[3] if len(shape) > 3 else 1


def _place(
    name: str, codes: tuple[int, int], sform: NDArray[Any], qform: NDArray[Any] | None, told: list[str]
) -> tuple[str, Affine]:
    sform_code, qform_code = codes
    if sform_code > 0:
        if qform_code > 0 and qform is not None and float(np.abs(np.asarray(qform) - sform).max()) > _SAME_MM:
            told.append("sform and qform place the volume differently: the sform is used")
        chosen, source = sform, "NIfTI sform"
    elif qform_code > 0 and qform is not None:
        chosen, source = qform, "NIfTI qform"
    else:
        raise NotAssessable(
            f"{name} does not say where left and right are",
            found="neither a qform nor an sform",
            expected="one of the two",
            action="convert it again from the DICOM series",
        )
    affine: Affine = np.array(chosen, dtype=np.float64)
    if not np.isfinite(affine).all() or abs(float(np.linalg.det(affine[:3, :3]))) < 1e-9:
        raise UnreadableImage(
            f"{name} has no usable geometry",
            found=f"{source} that is singular or not finite",
            expected="an affine of full rank",
            action="convert it again from its source",
        )
    return source, affine


def _tilt(name: str, affine: Affine) -> float:
    """By how much the slice axis leans from the slices' normal, in degrees."""
    unit = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    skew = abs(90.0 - float(np.degrees(np.arccos(np.clip(unit[:, 0] @ unit[:, 1], -1, 1)))))
    if skew >= SQUARE_DEG:
        raise NotAssessable(
            f"the slices of {name} are skewed",
            found=f"rows and columns at {90 - skew:.2f} degrees",
            expected="right angles within a slice",
            action="resample it onto a grid with right angles, or convert it again from its source",
        )
    normal = np.cross(unit[:, 0], unit[:, 1])
    tilt = float(np.degrees(np.arccos(np.clip(abs(unit[:, 2] @ normal), -1, 1))))
    return tilt if tilt >= SQUARE_DEG / 10 else 0.0


class _errors:
    """What nibabel and gzip raise on a broken file is about the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from nibabel.filebasedimages import ImageFileError
        from nibabel.spatialimages import HeaderDataError
        from nibabel.wrapstruct import WrapStructError

        broken = (OSError, EOFError, zlib.error, ValueError, KeyError, IndexError, OverflowError, TypeError)
        if isinstance(error, (*broken, ImageFileError, HeaderDataError, WrapStructError)):
            raise UnreadableImage(
                f"{self.path.name} cannot be read as NIfTI",
                found=f"{type(error).__name__}: {' '.join(str(error).split())[:160]}",
                expected="a whole NIfTI file",
                action="convert it again from its source",
            ) from error
