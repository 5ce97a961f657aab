"""What every segmenter is: a card that says what it can be asked for, and one call that answers with segments.

The card is matched first: an image of another modality or region is told so, and nothing is segmented on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from tools.imaging.frame import Image
from tools.imaging.volume import Volume
from tools.segmenters.segment import Point, Segment

Target = Image | Volume
PromptKind = Literal["structure", "box", "point", "scribble", "text"]
PHOTOGRAPH = "photograph"
"""The modality of pictures that are no DICOM: colour photographs of eye or skin (DICOM: OP, XC, DMS, GM)."""


@dataclass(frozen=True)
class Click:
    """A place that belongs to the structure, or does not: (column, row) in 0-based stored pixels, of one slice."""

    at: Point
    inside: bool = True
    slice_: int | None = None


@dataclass(frozen=True)
class Prompts:
    """What a person pointed at besides naming a structure. Boxes are (x0, y0, x1, y1), both ends inside."""

    box: tuple[float, float, float, float] | None = None
    clicks: tuple[Click, ...] = ()
    scribbles: tuple[tuple[Click, ...], ...] = ()
    slice_: int | None = None

    @property
    def kinds(self) -> set[PromptKind]:
        """Which kinds of prompt there are."""
        found: set[PromptKind] = set()
        if self.box is not None:
            found.add("box")
        if self.clicks:
            found.add("point")
        if self.scribbles:
            found.add("scribble")
        return found


@dataclass(frozen=True)
class Card:
    """What a segmenter can be asked for, and what is known of it.

    `modalities`: DICOM codes, or `PHOTOGRAPH`; `anatomy`: regions as `tools.imaging.what` names them, empty where any.
    `structures`: names of `tools.segmenters.structures`, empty where it takes any object that is pointed at.
    `measured`: one line: on what, how many, the figure, the command; or "unmeasured".
    """

    name: str
    version: str
    title: str
    modalities: frozenset[str]
    anatomy: frozenset[str]
    dimensions: Literal[2, 3]
    structures: tuple[str, ...]
    prompts: frozenset[PromptKind]
    licence: str
    source: str
    measured: str
    extra: str | None = None
    weights: str | None = None


class Segmenter(Protocol):
    """A segmenter. Making one is cheap: weights are loaded at the first call of `segment`."""

    card: Card

    def lacks(self) -> str | None:
        """Which extra or weights are missing here and how to get them; None where it can run."""
        ...

    def segment(self, target: Target, structures: Sequence[str], prompts: Prompts | None = None) -> list[Segment]:
        """The structures asked for, masks of the target's shape, those not found left out.

        Raises:
            NotAssessable: nothing like them was found, or what it needs is missing.
            BadInput: the target or a prompt cannot be used.
        """
        ...
