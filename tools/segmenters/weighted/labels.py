"""From the labels of a model to segments of the vocabulary, and back.

A label is understood when it is one of TotalSegmentator's classes, when a person has written beside the model which
structure it stands for, or when its words name exactly one structure. What is not understood is not offered.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tools.errors import ToolError
from tools.segmenters.prompts import structure_of
from tools.segmenters.structures import structure_and_side, structures, totalsegmentator_classes


@dataclass(frozen=True)
class LabelMap:
    """Which labels make up each segment, and which labels stand for nothing that has a name here."""

    segments: tuple[tuple[str, frozenset[str]], ...]
    unnamed: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What can be asked for."""
        return tuple(name for name, _ in self.segments)

    def labels_of(self, segment: str) -> frozenset[str]:
        """The labels whose union is the segment."""
        return dict(self.segments)[segment]


def label_map(labels: Iterable[str], told: Mapping[str, str] | None = None) -> LabelMap:
    """The segments that a model's labels give.

    Args:
        told: labels that a person has named, with the segment each stands for.

    Raises:
        BadInput: a label was given a name that no structure has.
    """
    own = [label for label in labels if label.casefold() not in ("background", "ignore")]
    chosen = {label: name for label, name in (told or {}).items() if label in own}
    for name in chosen.values():
        structure_and_side(name)
    found: dict[str, frozenset[str]] = {}
    for label in own:
        if label not in chosen and (meant := _understood(label)):
            chosen[label] = meant
    for label, name in chosen.items():
        found[name] = found.get(name, frozenset()) | {label}
    there = frozenset(own)
    for segment, classes in _classes().items():
        if classes <= there and segment not in found:
            found[segment] = classes
    used = frozenset().union(*found.values()) if found else frozenset()
    return LabelMap(tuple(sorted(found.items())), tuple(label for label in own if label not in used))


@functools.cache
def _classes() -> dict[str, frozenset[str]]:
    """The classes of TotalSegmentator that make up each segment (the lobes a lung)."""
    names = [name for structure in structures().values() for name in structure.segments()]
    return {name: frozenset(classes) for name in names if (classes := totalsegmentator_classes(name))}


@functools.cache
def _understood(label: str) -> str | None:
    for segment, classes in _classes().items():
        if classes == {label}:
            return segment
    try:
        prompt = structure_of(label.replace("_", " "))
    except ToolError:
        return None
    segments = prompt.segments
    return segments[0] if len(segments) == 1 and not prompt.respelt and prompt.zone is None else None
