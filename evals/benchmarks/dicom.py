"""`osler bench dicom --data FOLDER`: each file is read as an image or refused by a typed error; all else is a crash.

So are the second, middle and last frames of multi-frame files, and every stack of slices that the folders hold.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from evals.metrics import document
from tools.errors import ToolError, UsageError
from tools.imaging.reading import read_image
from tools.imaging.series import found_in
from tools.imaging.volumes import volume_of

Json = dict[str, Any]


def run(folders: Iterable[Path]) -> Json:
    """Read every file of the folders, frames of multi-frame files and stacks that make volumes included."""
    started = time.perf_counter()
    folders = list(folders)
    cases = [_one(path, folder) for folder in folders for path in files_of(folder)]
    volumes = [case for folder in folders for case in _volumes(folder)]
    good = sum(case["outcome"] != "crashed" for case in (*cases, *volumes))
    outcomes = Counter(case["outcome"] for case in cases)
    several = [case for case in cases if case.get("frames", 1) > 1]
    return document(
        "dicom",
        "files and stacks of slices read, or refused by a typed error",
        good,
        len(cases) + len(volumes),
        time.perf_counter() - started,
        by={
            "read": outcomes.pop("read", 0),
            "crashed": outcomes.pop("crashed", 0),
            "refused": sum(outcomes.values()),
            **dict(sorted(outcomes.items())),
        },
        files=len(cases),
        multi_frame={
            "files": len(several),
            "frames": sum(case["frames"] for case in several),
            "frames tried": sum(case["frames_tried"] for case in several),
            "frames read": sum(case["frames_read"] for case in several),
        },
        volumes={
            **dict(sorted(Counter(case["outcome"] for case in volumes).items())),
            "stacks": len(volumes),
            "slices": sum(case["slices"] for case in volumes),
            "uneven": sum(case.get("uniform") is False for case in volumes),
        },
        kinds=_kinds(cases),
        cases=[*cases, *volumes],
    )


def _kinds(cases: list[Json]) -> Json:
    """How many of each kind of object were read and refused."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        table[case["kind"]]["read" if case["outcome"] in ("read", "crashed") else "refused"] += 1
    return {kind: dict(table[kind]) for kind in sorted(table)}


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
    kind = "other"
    try:
        image = read_image(path)
        kind = image.header.sop_class or image.format
        more = sorted({1, image.frames // 2, image.frames - 1} - {0}) if image.frames > 1 else []
        read = 1 + sum(_frame_read(path, frame) for frame in more)
    except ToolError as error:
        body = error.document()
        case = {"id": name, "outcome": body["code"], "found": body["found"], "action": body["action"]}
    except Exception as error:  # what this benchmark looks for
        case = {"id": name, "outcome": "crashed", "found": f"{type(error).__name__}: {error}"}
    else:
        size = f"{image.columns} x {image.rows}"
        case = {"id": name, "outcome": "read", "found": f"{image.header.modality or 'no modality'}, {size}"}
        case |= {"frames": image.frames, "frames_tried": 1 + len(more), "frames_read": read}
    return case | {"kind": kind, "seconds": round(time.perf_counter() - started, 3)}


def _frame_read(path: Path, frame: int) -> bool:
    try:
        read_image(path, frame)
    except ToolError:
        return False
    return True


def _volumes(folder: Path) -> list[Json]:
    """Every stack of at least two slices in the folder."""
    cases = []
    for stack in found_in(folder).stacks:
        if len(stack.planes) < 2:
            continue
        case: Json = {"id": f"{folder.name}: {stack.id}", "slices": len(stack.planes), "kind": "volume"}
        started = time.perf_counter()
        try:
            volume = volume_of(stack, folder.name)
        except ToolError as error:
            case |= {"outcome": error.code, "found": str(error.found), "action": error.action}
        except Exception as error:  # what this benchmark looks for
            case |= {"outcome": "crashed", "found": f"{type(error).__name__}: {error}"}
        else:
            case |= {"outcome": "read", "found": stack.display, "uniform": volume.uniform}
        cases.append(case | {"seconds": round(time.perf_counter() - started, 3)})
    return cases
