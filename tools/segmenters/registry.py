"""Every segmenter, listed as module:attribute and imported only when asked for. Nothing registers itself."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path

from tools.segmenters.contract import Segmenter

SEGMENTERS = (
    "tools.segmenters.film:segmenter",
    "tools.segmenters.ct_threshold:segmenter",
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


def segmenters_for(structure: str, modality: str | None = None) -> list[Segmenter]:
    """Those that can be asked for a structure by name, in the order of the list; of a modality where one is known."""
    return [
        one
        for one in segmenters().values()
        if structure in one.card.structures and (modality is None or modality.upper() in one.card.modalities)
    ]
