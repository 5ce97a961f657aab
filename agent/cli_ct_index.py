"""`osler image measure --measure laa950|agatston`: two indices of a CT, under the conditions that each needs.

What the file does not say of breath, contrast and gating is asked for; a person's word is named as such.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.errors import BadInput, NotAssessable, UsageError

if TYPE_CHECKING:
    import numpy as np

    from tools.imaging.measures.model import Measurement
    from tools.imaging.volume import Volume, Voxels
    from tools.segmenters.ct_technique import Stated

INDICES = ("laa950", "agatston")
UNVALIDATED = "unvalidated: right on drawn scans, compared with no reader (docs/segmenters.md); decides nothing"
_WORDS = {"yes": True, "no": False, "unknown": None}


@dataclass(frozen=True)
class Asked:
    """What is asked for, and what a person says of how the scan was taken (yes, no or unknown)."""

    path: Path
    measure: str
    mask: Path | None = None
    label: int | None = None
    series: str | None = None
    inspiration: str = "unknown"
    contrast: str = "unknown"
    gated: str = "unknown"
    modality: str | None = None


def measure(asked: Asked) -> dict[str, Any]:
    """The document of `osler image measure --json` for one index.

    Raises:
        UsageError: no such index, or a word that is not yes, no or unknown.
        NotAssessable: the scan was not taken for it, its values are not in Hounsfield units, or nobody has said how
            it was taken; `action` asks.
        BadInput: one image, or a mask that does not fit.
    """
    if asked.measure not in INDICES:
        raise UsageError(
            f"no measure {asked.measure!r}", found=asked.measure, expected=" or ".join(INDICES), action="name one"
        )
    said = stated(asked)
    volume = _volume(asked)
    row, doubts = (_laa if asked.measure == "laa950" else _agatston)(asked, volume, said)
    # What a person said stands beside what was measured under it.
    words = [f"{name}: {getattr(asked, name)}, by the word of whoever asked" for name in _said(asked)]
    return {
        "measurements": [one.document() | {"validated": False} for one in row],
        "path": str(asked.path),
        "sha256": volume.sha256,
        "modality": volume.header.modality,
        "taken_at": volume.header.taken_at,
        "geometry": volume.geometry(),
        "warnings": list(dict.fromkeys([UNVALIDATED, *words, *doubts, *volume.warnings])),
    }


def stated(asked: Asked) -> Stated:
    """What a person said.

    Raises:
        UsageError: a word that is not yes, no or unknown.
    """
    from tools.segmenters.ct_technique import Stated

    for name in ("inspiration", "contrast", "gated"):
        word = getattr(asked, name)
        if word not in _WORDS:
            raise UsageError(
                f"cannot read --{name} {word}", found=word, expected="yes, no or unknown", action=f"give --{name} yes"
            )
    return Stated(_WORDS[asked.inspiration], _WORDS[asked.contrast], _WORDS[asked.gated])


def _said(asked: Asked) -> list[str]:
    return [name for name in ("inspiration", "contrast", "gated") if getattr(asked, name) != "unknown"]


def _volume(asked: Asked) -> Volume:
    from tools.imaging.measuring import read_target
    from tools.imaging.volume import Volume
    from tools.segmenters.ct_grid import ct_grid

    target = read_target(asked.path, 0, asked.series)
    if not isinstance(target, Volume):
        raise BadInput(
            "this is measured on a CT series",
            found="one image",
            expected="all sections of the series",
            action="give its folder, archive or NIfTI file",
        )
    there = target.header.modality
    if there is None and asked.modality is not None:
        told = f"the modality is {asked.modality.upper()} by the word of whoever asked; the file does not say"
        header = replace(target.header, modality=asked.modality.upper())
        target = replace(target, header=header, warnings=(*target.warnings, told))
    elif there is not None and asked.modality is not None and there != asked.modality.upper():
        raise BadInput(
            "the file says another modality", found=there, expected=asked.modality, action="leave out --modality"
        )
    if (target.header.modality or "") != "CT":
        raise NotAssessable(
            f"{asked.measure} is a measure of CT",
            found=target.header.modality or "the file does not say its modality",
            expected="a CT in Hounsfield units",
            action="give the CT, or state --modality CT where the file does not",
        )
    ct_grid(target)
    return target


def _laa(asked: Asked, volume: Volume, said: Stated) -> tuple[list[Measurement], list[str]]:
    from tools.imaging.measures.model import Measurement
    from tools.segmenters.ct_emphysema import conditions, low_attenuation

    # Before the lungs are looked for: that takes a while.
    conditions(volume, said)
    lungs, whole, doubts = _lungs(asked, volume)
    found = low_attenuation(volume, lungs, said, whole=whole)
    where = {"voxels": int(lungs.sum()), "mask": str(asked.mask) if asked.mask else "osler-ct-threshold"}
    share = Measurement("LAA-950", found.percent, "%", found.method, None, None, where, notes=found.doubts)
    low = Measurement("15th percentile", found.percentile_15, "[hnsf'U]", "of the same voxels", where=where)
    size = Measurement(
        "volume", found.lung_ml, "mL", "voxels of both lungs, airways left out", volume.spacing_source, where=where
    )
    return [one.of("lung") for one in (share, low, size)], doubts


def _lungs(asked: Asked, volume: Volume) -> tuple[Voxels, bool | None, list[str]]:
    """Both lungs without airways, whether they are wholly in the picture, and what speaks against them."""
    from tools.imaging.mask_files import mask_from
    from tools.segmenters.ct_threshold import segmenter

    if asked.mask is not None:
        lungs = mask_from(asked.mask, volume, asked.label)
        return (
            lungs,
            False if _cut(lungs) else None,
            ["the mask of the lungs was given: whether it holds airways is not known"],
        )
    found = segmenter.segment(volume, ("lung",))
    if len(found) < 2:
        raise NotAssessable(
            "LAA-950 is a share of both lungs",
            found=f"only the {found[0].structure}",
            expected="both lungs",
            action="give a mask of the lungs with --mask",
        )
    lungs = found[0].mask | found[1].mask
    return lungs, not _cut(lungs), [doubt for one in found for doubt in one.doubts]


def _cut(mask: np.ndarray[Any, np.dtype[np.bool_]]) -> bool:
    """Whether it reaches the edge of the volume."""
    return any(bool(mask.take(end, axis).any()) for axis in range(3) for end in (0, -1))


def _agatston(asked: Asked, volume: Volume, said: Stated) -> tuple[list[Measurement], list[str]]:
    from tools.imaging.mask_files import mask_from
    from tools.imaging.measures.model import Measurement
    from tools.segmenters.ct_calcium import agatston

    if asked.mask is None:
        raise UsageError(
            "the Agatston score needs the region of the coronary arteries",
            found="no region",
            expected="--mask REGION: what is calcified in it counts, vessel or not",
            action="draw it on the axial sections of this series",
        )
    region = mask_from(asked.mask, volume, asked.label)
    found = agatston(volume, region, said)
    where = {"mask": str(asked.mask), "lesions": len(found.lesions)}
    source = volume.spacing_source
    score = Measurement("Agatston score", found.agatston, "1", found.method, source, where=where, notes=found.doubts)
    size = Measurement(
        "calcium volume", found.volume_mm3, "mm3", "voxels of the same patches", source, where=dict(where)
    )
    told = ["the score is that of the region given, which is not checked to be the coronary arteries"]
    if not found.lesions:
        told.append("no calcium at the threshold in the region: that does not exclude coronary disease")
    return [score, size], told
