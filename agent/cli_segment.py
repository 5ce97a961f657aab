"""`osler image segment`: a structure by its name, or what a box, clicks or scribbles point at; no patient needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.cli_asked import Asked, about, models, one_of, prompts_of, target_of

if TYPE_CHECKING:
    from tools.segmenters.contract import Target
    from tools.segmenters.segment import Segment


def segment(asked: Asked, out: Path) -> dict[str, Any]:
    """The document of `osler image segment --json`: DICOM SEG for a DICOM source; PNG or NIfTI with JSON otherwise.

    Raises:
        UsageError: a box or a point is not written as it should be.
        OslerError: the file cannot be read, or nothing there is what was asked for.
    """
    from tools.imaging.measuring import outlined, unvalidated

    prompts = prompts_of(asked)
    method = one_of("--method", asked.method, {name: name for name in ("auto", "litemedsam", "walker")})
    target = target_of(asked)
    structure = asked.structure or (None if prompts.kinds else "lungs")
    found = outlined(target, structure, prompts, models(), method)  # type: ignore[arg-type]
    told = [*unvalidated(found), *(doubt for one in found for doubt in one.doubts), *target.warnings]
    return {
        "segments": _written(target, found, asked.path, out),
        **about(asked, target),
        "asked": {
            "structure": structure,
            "box": list(prompts.box) if prompts.box else None,
            "points": list(asked.clicks),
        },
        "warnings": list(dict.fromkeys(told)),
    }


def segment_text(body: dict[str, Any]) -> str:
    """Segments for people."""
    rows = [
        f"{row['structure']}: {row['voxels']} {'pixels' if 'box' in row else 'voxels'}, "
        f"confidence {row['confidence']}, {row['path']}"
        for row in body["segments"]
    ]
    return "\n".join([*rows, *(f"warning: {text}" for text in body["warnings"])])


def _written(target: Target, found: list[Segment], source: Path, out: Path) -> list[dict[str, Any]]:
    """The masks written out, those of one algorithm together."""
    from tools.imaging.dicom_out import side_of
    from tools.imaging.frame import Image
    from tools.imaging.seg_out import write_masks
    from tools.imaging.seg_out_volume import write_volume_masks

    rows: list[dict[str, Any]] = []
    for drawn in dict.fromkeys((one.algorithm, one.version) for one in found):
        parts = [one for one in found if (one.algorithm, one.version) == drawn]
        if isinstance(target, Image):
            made = write_masks(target, source, parts, out)
        else:
            made = write_volume_masks(target, parts, out)
        for row, one in zip(made, parts, strict=True):
            side = side_of(one)
            row |= {"validated": False, "doubts": list(one.doubts), "laterality": side.model_dump() if side else None}
            row |= {"box": list(one.box)} if isinstance(target, Image) else {}
        rows += made
    return rows
