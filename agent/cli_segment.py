"""`osler image segment`: a structure by its name, or what a box, clicks or scribbles point at; no patient needed.

Whose image it is is for whoever gives the file to know: nothing here is put into a consultation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tools.errors import UsageError

if TYPE_CHECKING:
    from tools.segmenters.contract import Prompts, Target
    from tools.segmenters.segment import Segment

UNCHECKED = "unvalidated: an outline by a program, checked by no clinician (docs/segmenters.md); decides nothing"


@dataclass(frozen=True)
class Asked:
    """What was asked for on the command line."""

    path: Path
    structure: str | None = None
    box: str | None = None
    points: tuple[str, ...] = ()
    frame: int = 0
    slice_: int | None = None
    series: str | None = None
    method: Literal["auto", "litemedsam", "walker"] = "auto"
    modality: str | None = None


def segment(asked: Asked, out: Path) -> dict[str, Any]:
    """The document of `osler image segment --json`: DICOM SEG for a DICOM source; PNG or NIfTI with JSON otherwise.

    Raises:
        UsageError: a box or a point is not written as it should be.
        OslerError: the file cannot be read, or nothing there is what was asked for.
    """
    from agent.settings import Settings
    from tools.imaging.measuring import read_target
    from tools.segmenters.prompted import segmented

    prompts = prompts_of(asked)
    target = _stated(read_target(asked.path, asked.frame, asked.series), asked.modality)
    pointed = bool(prompts.kinds)
    structure = asked.structure or (None if pointed else "lungs")
    found = segmented(target, structure, prompts, Settings.from_environment().home / "models", asked.method)
    return {
        "segments": _written(target, found, asked.path, out, pointed),
        **_about(asked.path, target),
        "asked": {
            "structure": structure,
            "box": list(prompts.box) if prompts.box else None,
            "points": list(asked.points),
        },
        "warnings": list(
            dict.fromkeys([*_unvalidated(found), *(d for one in found for d in one.doubts), *target.warnings])
        ),
    }


def method_of(text: str) -> Literal["auto", "litemedsam", "walker"]:
    """The way of outlining what is pointed at.

    Raises:
        UsageError: none of the three.
    """
    if text not in ("auto", "litemedsam", "walker"):
        raise UsageError(
            f"no method {text!r}", found=text, expected="auto, litemedsam or walker", action="leave --method out"
        )
    return text  # type: ignore[return-value]


def prompts_of(asked: Asked) -> Prompts:
    """The box and the points as prompts.

    Raises:
        UsageError: not as `--box x0,y0,x1,y1`, `--point x,y[,z],+|-`.
    """
    from tools.segmenters.contract import Prompts

    box = _numbers(asked.box, 4, "--box x0,y0,x1,y1") if asked.box else None
    clicks = tuple(_click(text) for text in asked.points)
    return Prompts(box=(box[0], box[1], box[2], box[3]) if box else None, clicks=clicks, slice_=asked.slice_)


def segment_text(body: dict[str, Any]) -> str:
    """Segments for people."""
    rows = [
        f"{row['structure']}: {row['voxels']} {'pixels' if 'box' in row else 'voxels'}, "
        f"confidence {row['confidence']}, {row['path']}"
        for row in body["segments"]
    ]
    return "\n".join([*rows, *(f"warning: {text}" for text in body["warnings"])])


def _click(text: str) -> Any:
    from tools.segmenters.contract import Click

    place, _, sign = text.rpartition(",")
    if sign.strip() not in ("+", "-"):
        raise _not_so(text, "--point x,y,+ or --point x,y,z,- (column, row, slice; + inside, - outside)")
    values = _numbers(place, (2, 3), "--point x,y[,z],+|-")
    if len(values) == 3 and not values[2].is_integer():
        raise _not_so(text, "--point x,y,z,+: a whole slice")
    return Click((values[0], values[1]), sign.strip() == "+", int(values[2]) if len(values) == 3 else None)


def _numbers(text: str, count: int | tuple[int, ...], how: str) -> list[float]:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise _not_so(text, how) from error
    if len(values) not in ((count,) if isinstance(count, int) else count):
        raise _not_so(text, how)
    return values


def _not_so(text: str, how: str) -> UsageError:
    return UsageError(f"cannot read {text!r}", found=text, expected=how, action="0-based stored pixels, column first")


def _stated(target: Target, modality: str | None) -> Target:
    """The target with the modality a person states, where the file says none.

    Raises:
        UsageError: the file says another one.
    """
    there = target.header.modality
    if modality is None or there == modality.upper():
        return target
    if there is not None:
        raise UsageError(
            "the file says another modality", found=there, expected=modality, action="leave --modality out"
        )
    told = f"the modality is {modality.upper()} by the word of whoever asked; the file does not say"
    header = replace(target.header, modality=modality.upper())
    return replace(target, header=header, warnings=(*target.warnings, told))


def _written(target: Target, found: list[Segment], source: Path, out: Path, pointed: bool) -> list[dict[str, Any]]:
    """The masks written out, those of one algorithm together."""
    from tools.imaging.frame import Image
    from tools.imaging.seg_out import write_masks
    from tools.imaging.seg_out_volume import write_volume_masks
    from tools.segmenters.structures import laterality_of

    rows: list[dict[str, Any]] = []
    for name, version in dict.fromkeys((one.algorithm, one.version) for one in found):
        mine = [one for one in found if (one.algorithm, one.version) == (name, version)]
        parts = [replace(one, edited=one.edited or pointed) for one in mine]
        if isinstance(target, Image):
            made = write_masks(target, source, parts, out)
        else:
            made = write_volume_masks(target, parts, out)
        for row, one in zip(made, mine, strict=True):
            side = laterality_of(one.structure)
            row |= {"validated": False, "edited": one.edited, "doubts": list(one.doubts)}
            row |= {"laterality": side.model_dump() if side else None}
            row |= {"box": list(one.box)} if isinstance(target, Image) else {}
        rows += made
    return rows


def _about(path: Path, target: Target) -> dict[str, Any]:
    from tools.imaging.describe import grade
    from tools.imaging.frame import Image
    from tools.imaging.what import what_is

    quality = grade(target, what_is(target)) if isinstance(target, Image) else None
    return {
        "path": str(path),
        "sha256": target.sha256,
        "frame": target.frame if isinstance(target, Image) else None,
        "geometry": target.geometry(),
        "quality": quality.verdict if quality else None,
    }


def _unvalidated(found: list[Segment]) -> list[str]:
    from tools.imaging.measure import UNVALIDATED

    films = ("osler-lung-fields", "osler-heart-borders")
    told = [UNVALIDATED] if any(one.algorithm in films for one in found) else []
    return [*told, UNCHECKED] if any(one.algorithm not in films for one in found) else told
