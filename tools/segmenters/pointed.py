"""What a person points at on one slice: a box by LiteMedSAM where it is installed, clicks and scribbles without it.

LiteMedSAM was trained on boxes: clicks are not given to it. Clicks beside a box correct what the box gave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tools.errors import BadInput, NotAssessable
from tools.imaging.frame import SOFT_TISSUE, Image, scaled
from tools.segmenters import interactive, medsam
from tools.segmenters.contract import PHOTOGRAPH, Card, Click, Prompts, Target
from tools.segmenters.segment import Mask, Point, Segment
from tools.segmenters.structures import OBJECT

Array = NDArray[np.float32]
Method = Literal["auto", "litemedsam", "walker"]
# What is shown black and what white in HU, as MedSAM prepares CT (Ma 2024, Nature Communications 15:654).
WINDOWS = {"lung": (-910.0, 590.0), "bone": (-500.0, 1300.0), "soft": SOFT_TISSUE}
_LUNG = ("lung", "airway", "trachea", "lobe")
_BONE = ("bone", "rib", "vertebra", "spine", "skull", "sternum", "femur", "humerus", "sacrum", "scapula", "clavicle")
_GREY = frozenset({"CT", "MR", "CR", "DX", "RG", "DR", "US", "MG", "XA", "RF", "PT", "NM", "OT", "SC"})
# Below, the two sides of the outline hardly differ in brightness; above, the network's mask leaves the box.
_FAINT, _BEYOND, _UNSURE = 0.08, 0.15, 0.7


@dataclass(frozen=True, eq=False)
class Drawn:
    """A mask on one slice, how sure, by what, and what speaks against it."""

    mask: Mask
    confidence: float
    algorithm: str
    version: str
    doubts: tuple[str, ...] = ()


def drawn(pixels: NDArray[np.generic], prompts: Prompts, folder: Path | None, method: Method = "auto") -> Drawn:
    """What the prompts point at on one picture; `folder` is where LiteMedSAM's network is kept.

    Raises:
        BadInput: nothing is pointed at, it lies outside, or clicks are to be given to LiteMedSAM.
        NotAssessable: nothing is found there, or LiteMedSAM is asked for and missing.
    """
    inside, outside = clicks_of(prompts)
    grey = pixels if pixels.ndim == 2 else pixels[..., :3].mean(axis=2)
    if prompts.box is None:
        if method == "litemedsam":
            raise BadInput(
                "LiteMedSAM was trained on boxes, not on points",
                found=f"{len(inside) + len(outside)} clicks and no box",
                expected="a box",
                action="draw a box around it, or leave the method out: clicks work without weights",
            )
        return _by_walker(grey, None, inside, outside, None, ())
    box = medsam.checked_box(prompts.box, (int(grey.shape[0]), int(grey.shape[1])))
    network = None if method == "walker" or folder is None else medsam.network(folder)
    lacks = network.lacks() if network is not None else None
    if method == "litemedsam" and (network is None or lacks):
        raise NotAssessable(
            "LiteMedSAM cannot run here",
            found=f"missing: {lacks or 'a folder to keep it in'}",
            expected="its weights and, once, the package onnx",
            action=medsam.HOW,
        )
    if network is None or lacks:
        return _by_walker(grey, box, inside, outside, None, ())
    found = network.segment(pixels, box)
    doubts = _of_network(found, box)
    if not inside and not outside:
        return Drawn(found.mask, round(found.quality, 2), medsam.ALGORITHM, medsam.VERSION, doubts)
    said = ("the box by LiteMedSAM, corrected at the clicks without it",)
    return _by_walker(grey, None, inside, outside, found.mask, (*doubts, *said))


def clicks_of(prompts: Prompts) -> tuple[list[Point], list[Point]]:
    """Places inside and outside, scribbles as places one pixel apart."""
    every = list(prompts.clicks)
    for stroke in prompts.scribbles:
        for first, second in zip(stroke, stroke[1:] or stroke, strict=False):
            steps = max(1, round(float(np.hypot(second.at[0] - first.at[0], second.at[1] - first.at[1]))))
            for step in range(steps + 1):
                share = step / steps
                at = tuple(one + share * (other - one) for one, other in zip(first.at, second.at, strict=True))
                every.append(Click((at[0], at[1]), first.inside, first.slice_))
    return [one.at for one in every if one.inside], [one.at for one in every if not one.inside]


def picture_of(target: Target, slice_: int | None, structure: str | None = None) -> Array:
    """The picture that is pointed at: an image as it is shown (in colour where it is), a slice of a CT in a window.

    Raises:
        BadInput: a volume and no slice of it, or no such slice.
    """
    if isinstance(target, Image):
        return target.pixels if target.colour is None else target.colour.astype(np.float32)
    if slice_ is None or not 0 <= slice_ < len(target.values):
        raise BadInput(
            "a box or a click in a volume needs its slice",
            found="no slice" if slice_ is None else f"slice {slice_}",
            expected=f"a slice from 0 to {len(target.values) - 1}",
            action="give --slice N, or --point x,y,z,+",
        )
    return scaled(target.values[slice_], *shown_range(target, structure))


def shown_range(target: Target, structure: str | None) -> tuple[float, float]:
    """What is shown black and what white in a volume."""
    if isinstance(target, Image):
        return 0.0, 1.0
    if (target.header.modality or "").upper() == "CT":
        return WINDOWS[_window(structure or "")]
    low, high = np.percentile(target.values, [0.5, 99.5])
    return float(low), float(high)


def _window(structure: str) -> str:
    if any(word in structure for word in _LUNG):
        return "lung"
    return "bone" if any(word in structure for word in _BONE) else "soft"


def _by_walker(
    grey: NDArray[np.generic],
    box: medsam.Box | None,
    inside: Sequence[Point],
    outside: Sequence[Point],
    start: Mask | None,
    told: tuple[str, ...],
) -> Drawn:
    found = interactive.from_prompts(grey, box, inside, outside, start)
    faint = ("its border is faint",) if found.border < _FAINT else ()
    sure = round(float(np.clip(found.border / 0.3, 0.05, 0.9)), 2)
    return Drawn(found.mask, sure, interactive.ALGORITHM, interactive.VERSION, (*told, *faint))


def _of_network(found: medsam.Found, box: medsam.Box) -> tuple[str, ...]:
    if not found.mask.any():
        raise NotAssessable(
            "the network finds nothing in the box",
            found="an empty mask",
            expected="a box around one object",
            action="draw the box closer, or click on the object",
        )
    held = np.zeros(found.mask.shape, dtype=bool)
    held[int(box[1]) : int(np.ceil(box[3])) + 1, int(box[0]) : int(np.ceil(box[2])) + 1] = True
    doubts = []
    if found.quality < _UNSURE:
        doubts.append(f"the network expects little overlap ({found.quality:.2f})")
    if (found.mask & ~held).sum() > _BEYOND * found.mask.sum():
        doubts.append("the outline leaves the box")
    return tuple(doubts)


class Walker:
    """`pointed`: any object from a box, clicks or scribbles, without weights, on one image."""

    card = Card(
        name="pointed",
        version=interactive.VERSION,
        title="Any object that is pointed at, by a random walker",
        modalities=_GREY | {PHOTOGRAPH},
        anatomy=frozenset(),
        dimensions=2,
        structures=(),
        prompts=frozenset({"box", "point", "scribble"}),
        licence="Apache-2.0",
        source="Osler; Grady, CVPR 2005",
        measured=(
            "42 organ slices of CT of 2 people: mean Dice 0.72 from a box, 0.60, 0.78, 0.81 after 1, 3, 5 clicks "
            "(osler bench prompts --n 48)"
        ),
    )

    def lacks(self) -> str | None:
        """It always runs."""
        return None

    def segment(self, target: Target, structures: Sequence[str], prompts: Prompts | None = None) -> list[Segment]:
        """The object; named as it is called, where it is.

        Raises:
            BadInput: nothing is pointed at, or a volume without a slice.
            NotAssessable: nothing can be told from its surroundings there.
        """
        return [_segment(drawn(picture_of(target, None), prompts or Prompts(), None, "walker"), structures)]


class LiteMedSAMBox:
    """`litemedsam`: what a box holds, by LiteMedSAM, on one image."""

    def __init__(self, folder: Path) -> None:
        self.network = medsam.network(folder)
        self.folder = folder
        self.card = Card(
            name=medsam.ALGORITHM,
            version=medsam.VERSION,
            title="LiteMedSAM: what a box holds",
            modalities=_GREY | {PHOTOGRAPH},
            anatomy=frozenset(),
            dimensions=2,
            structures=(),
            prompts=frozenset({"box"}),
            licence="Apache-2.0",
            source="bowang-lab/MedSAM (Ma 2024, Nature Communications 15:654), branch LiteMedSAM",
            measured=(
                "42 organ slices of CT, 2 people: mean Dice 0.70 from a box, 0.73, 0.77, 0.78 with 1, 3, 5 more clicks "
                "(osler bench prompts --n 48)"
            ),
            extra="medsam",
            weights=f"{medsam.WEIGHTS.distribution}: {medsam.WEIGHTS.path}, SHA-256 {medsam.WEIGHTS.sha256}",
        )

    def lacks(self) -> str | None:
        """Weights or a package that is missing."""
        return self.network.lacks()

    def segment(self, target: Target, structures: Sequence[str], prompts: Prompts | None = None) -> list[Segment]:
        """What the box holds.

        Raises:
            BadInput: no box, or a volume without a slice.
            NotAssessable: it cannot run here, or finds nothing.
        """
        asked = prompts or Prompts()
        return [_segment(drawn(picture_of(target, None), asked, self.folder, "litemedsam"), structures)]


def _segment(found: Drawn, structures: Sequence[str]) -> Segment:
    name = structures[0] if structures else OBJECT
    return Segment(name, found.mask, found.confidence, found.algorithm, found.version, doubts=found.doubts)


segmenter = Walker()
