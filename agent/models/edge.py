"""The largest picture that a model in process takes as it is, from the configuration of its image processor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FILES = ("preprocessor_config.json", "processor_config.json")


def input_edge(folder: Path) -> int | None:
    """The edge in pixels to which every picture is brought; None where it follows from the picture, or is not said.

    A picture given larger than this would be made smaller unseen, so the reader makes it smaller itself and knows what
    was lost.
    """
    for name in _FILES:
        try:
            body = json.loads((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        own = body.get("image_processor", body) if isinstance(body, dict) else None
        if isinstance(own, dict) and "size" in own:
            return _edge(own)
    return None


def _edge(own: dict[str, Any]) -> int | None:
    # Models that cut a picture into tiles of their own see more than one tile's edge.
    if own.get("image_grid_pinpoints") or own.get("do_pan_and_scan"):
        return None
    size = own.get("crop_size") if own.get("do_center_crop") else None
    size = size or own["size"]
    if isinstance(size, int):
        return size if size > 0 else None
    if not isinstance(size, dict):
        return None
    edges = [edge for name in ("height", "width") if isinstance(edge := size.get(name), int) and edge > 0]
    return max(edges) if len(edges) == 2 else None
