"""Every segmenter, listed as module:attribute and imported only when asked for. Nothing registers itself."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path

from tools.segmenters.contract import Segmenter

SEGMENTERS = (
    "tools.segmenters.film:segmenter",
    "tools.segmenters.ct_threshold:segmenter",
    "tools.segmenters.ct_spine:segmenter",
    "tools.segmenters.vessels:segmenter",
    "tools.segmenters.skin:segmenter",
    "tools.segmenters.pointed:segmenter",
)


@functools.cache
def segmenters() -> dict[str, Segmenter]:
    """All segmenters by name, whether or not what they need is installed here (`lacks`)."""
    found: dict[str, Segmenter] = {}
    for entry in SEGMENTERS:
        module, _, attribute = entry.partition(":")
        made: Segmenter = getattr(importlib.import_module(module), attribute)
        found[made.card.name] = made
    return found


def offered(models: Path | None) -> list[Segmenter]:
    """Those of the list, then those whose weights somebody put into a folder of models."""
    listed = list(segmenters().values())
    if models is None or not models.is_dir():
        return listed
    from tools.segmenters.weighted.catalogue import here

    return [*listed, *here(models)]
