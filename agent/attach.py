"""Images that come with a question: read, compared with the patient, kept under their SHA-256."""

from __future__ import annotations

import shutil
from pathlib import Path

from agent.state import Json
from tools.context import ToolContext
from tools.errors import UsageError

_SUFFIXES = {"DICOM": ".dcm", "PNG": ".png", "JPEG": ".jpg", "TIFF": ".tif"}


def attach_image(context: ToolContext, path: Path, folder: Path) -> Json:
    """Keep an image whose identity has been compared with the patient's; what the case holds of it.

    Raises:
        UsageError: no such file, or no patient to compare with.
        BadInput: it cannot be read (`tools.imaging.refusals`).
        IdentityMismatch: it is another patient's.
    """
    from tools.imaging.identity import compare_identity
    from tools.imaging.reading import read_image

    if context.record is None:
        raise UsageError(
            "an image needs a patient", found="no patient", expected="--patient", action="name the patient"
        )
    image = read_image(path)
    identity = compare_identity(image.header.who, context.record.patient)
    kept = folder / f"{image.sha256}{_SUFFIXES[image.format]}"
    folder.mkdir(parents=True, exist_ok=True)
    if not kept.exists():
        shutil.copyfile(path, kept)
    return {
        "kind": "image",
        "sha256": image.sha256,
        "name": path.name,
        "file": kept.name,
        "identity": identity.status,
    }
