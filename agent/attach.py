"""Images that come with a question: read, compared with the patient, kept under their SHA-256."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from agent.state import Json
from tools.context import ImageFile, ToolContext
from tools.errors import UsageError

PICTURED = ("image", "volume")


def attach_images(context: ToolContext, paths: Sequence[Path], folder: Path) -> list[Json]:
    """Keep images and volumes whose identity has been compared with the patient's; what the case holds of each.

    Raises:
        UsageError: no such file, or no patient to compare with.
        BadInput: it cannot be read (`tools.imaging.refusals`).
        NotAssessable: a folder or an archive that holds no image, or more than are looked at.
        IdentityMismatch: it is another patient's.
    """
    from tools.imaging.keeping import keep_all

    if context.record is None:
        raise UsageError(
            "an image needs a patient", found="no patient", expected="--patient", action="name the patient"
        )
    rows = [asdict(kept) for kept in keep_all(paths, context.record.patient, folder)]
    for row in rows:
        # As JSON has it; a row that tells nothing stays as it always was.
        told, series = list(row.pop("told")), row.pop("series")
        row |= ({"told": told} if told else {}) | ({"series": series} if series else {})
    return rows


def image_files(case: Json, folder: Path) -> tuple[ImageFile, ...]:
    """The images and volumes of a case."""
    return tuple(
        ImageFile(
            folder / row["file"], row["sha256"], row["name"], row["kind"], tuple(row.get("told", ())), row.get("series")
        )
        for row in case.get("attachments", [])
        if row["kind"] in PICTURED
    )
