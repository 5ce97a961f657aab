"""`osler bench dicom --data FOLDER`: each file is read as an image or refused by a typed error; all else is a crash."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from evals.metrics import document
from tools.errors import ToolError, UsageError
from tools.imaging.reading import read_image

Json = dict[str, Any]


def run(folders: Iterable[Path]) -> Json:
    """Read the first frame of every file of the folders."""
    started = time.perf_counter()
    cases = [_one(path, folder) for folder in folders for path in files_of(folder)]
    good = sum(case["outcome"] != "crashed" for case in cases)
    outcomes = Counter(case["outcome"] for case in cases)
    return document(
        "dicom",
        "files read, or refused by a typed error",
        good,
        len(cases),
        time.perf_counter() - started,
        by={
            "read": outcomes.pop("read", 0),
            "crashed": outcomes.pop("crashed", 0),
            "refused": sum(outcomes.values()),
            **dict(sorted(outcomes.items())),
        },
        cases=cases,
    )


def files_of(folder: Path) -> list[Path]:
    """The files of a folder, in order.

    Raises:
        UsageError: there is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(
            f"no folder {folder}", found=folder, expected="a folder of image files", action="give --data FOLDER"
        )
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _one(path: Path, folder: Path) -> Json:
    name = str(path.relative_to(folder.parent))
    started = time.perf_counter()
    try:
        image = read_image(path)
    except ToolError as error:
        body = error.document()
        case = {"id": name, "outcome": body["code"], "found": body["found"], "action": body["action"]}
    except Exception as error:  # what this benchmark looks for
        case = {"id": name, "outcome": "crashed", "found": f"{type(error).__name__}: {error}"}
    else:
        size = f"{image.columns} x {image.rows}"
        case = {"id": name, "outcome": "read", "found": f"{image.header.modality or 'no modality'}, {size}"}
    return case | {"seconds": round(time.perf_counter() - started, 3)}
