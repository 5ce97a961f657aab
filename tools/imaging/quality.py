"""The quality gate of projection films: named problems with what was measured, and ok, reduced or unusable.

Limits were set on 2026-11-22 on 67 frontal chest films (PNG, JPEG, DICOM; 277 to 2,521 pixels) and on the same films
made worse step by step. `reduced` lies outside what real films show; `unusable` where a film was plainly spoilt.

figure      real films: min, median, max   made worse: median
sharpness   9.5, 43, 276                   blurred (sigma 1 / 1.5 / 2 / 3 of 512 pixels): 2.4 / 0.85 / 0.37 / 0.11
noise       0, 7.8, 20                     noise of 4 / 10 / 20 % of the grey range: 46 / 96 / 150
clipped     0, 0, 3.5 %                    a tenth / two fifths of the film at one end: reduced in 3 of 4 / all unusable
blocks      1.2, 1.5, 1.6                  JPEG of quality 50 / 10 / 1: 3.3 / 18 / 300
direction   1.2, 1.7, 1.7                  moved by 5 / 15 / 41 of 512 pixels: 2.5 / 4.5 / 7.9
levels      10, 127, 12,000                8 bits with a quarter / a tenth / a twentieth of the contrast: 30 / 13 / 7
field       0.93, 1, 1                     set into a black frame: 0.45
unlike      0.92, 1.4, 2.8                 another picture: 3.3

`blocks` and `direction` are of 20 films of 15 patients (CC BY), all of which pass.
Of the 67 real films one is called reduced (it has 10 grey levels) and none unusable. Every blur, noise of 4 % in 20 of
23, and inversion or a quarter turn in 20 of 23 are noticed; a film that stands on its head in 7 of 23.

`unlike` (`tools.imaging.unlike`, added 2026-11-23): the distance from the 20 films above, of other patients. Of the 67
films one more is called reduced by it. Noticed by it: all 67 films inverted, turned by a quarter or on their heads, and
119 of 120 other pictures (CT and MR slices and projections, fundus photographs, ultrasound, test patterns). Of 12
patients' films spoilt in 69 ways, those that cost the lung fields more than 0.05 Dice are called reduced or worse in
0.89 of 177 instead of 0.64, those that cost at most 0.01 in 0.66 of 518 instead of 0.62. It lowers no outline's
confidence: docs/segmenters.md says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tools.imaging.frame import Array, Image
from tools.imaging.likeness import LIKELY, orientation
from tools.imaging.sampling import at_longest, centre, field, stretched
from tools.imaging.unlike import shipped

Verdict = Literal["ok", "reduced", "unusable"]
SCALE = 512
# figure: (reduced, unusable), bad when low and bad when high.
LOW: dict[str, tuple[float, float]] = {"sharpness": (9.0, 0.5), "levels": (32, 8), "shorter_side": (256, 128)}
HIGH: dict[str, tuple[float, float]] = {
    "noise": (30.0, 80.0),
    "clipped_dark": (0.05, 0.25),
    "clipped_bright": (0.05, 0.25),
    # Never unusable by themselves: what is large on the film survives both.
    "blocks": (2.5, np.inf),
    "direction": (2.1, np.inf),
}
FIELD = (0.7, 0.3)
UNLIKE = "unlike the films this was set on"
NOT_MEASURED = (
    "rotation of the patient",
    "depth of inspiration by ribs",
    "whether apices and bases are on the film",
    "whether left and right are exchanged",
)
_NAMES = {
    "sharpness": "blurred",
    "levels": "low contrast",
    "shorter_side": "too small",
    "noise": "noisy",
    "clipped_dark": "dark parts clipped",
    "clipped_bright": "bright parts clipped",
    "blocks": "coarse compression",
    "direction": "blurred in one direction (motion)",
}
# Name: how bad it may be where only an outline is wanted.
_SURVIVED = {_NAMES["sharpness"]: np.inf, _NAMES["noise"]: np.inf, _NAMES["levels"]: np.inf}
_SURVIVED |= {_NAMES["clipped_dark"]: 0.6, _NAMES["clipped_bright"]: 0.6}
_MARGIN = 0.2


@dataclass(frozen=True)
class Problem:
    """One thing wrong, with its figure and the limit it passes."""

    name: str
    measured: float
    limit: float
    verdict: Verdict


@dataclass(frozen=True)
class Quality:
    """The gate's result."""

    verdict: Verdict
    problems: tuple[Problem, ...]
    figures: dict[str, float]
    not_measured: tuple[str, ...] = NOT_MEASURED

    @property
    def faults(self) -> tuple[Problem, ...]:
        """The problems that another film, or the one in the archive, may not have: all but being unlike."""
        return tuple(item for item in self.problems if item.name != UNLIKE)

    @property
    def outlines(self) -> Verdict:
        """The verdict where only the outline of something large is wanted.

        On 15 patients' films, spoilt (`evals/cxr/spoilt.py`), blur and noise past their limits cost the lung fields
        more than 0.05 Dice in 3 of 84, clipping up to half of the film in none of 17, nearly all of it (two grey values
        left) in 8 of 10. How far an outline can be trusted is its own confidence's to say; a film shown inverted or
        turned, clipped away, or of which little is left, has none.
        """
        lost = any(item.verdict == "unusable" and not _survived(item) for item in self.problems)
        return "unusable" if lost else "reduced" if self.problems else "ok"

    @property
    def display(self) -> str:
        """One line for people."""
        named = ", ".join(f"{item.name} ({item.measured:g}, limit {item.limit:g})" for item in self.problems)
        return f"image quality {self.verdict}" + (f": {named}" if named else "; " + self._silent())

    def _silent(self) -> str:
        return f"not measured: {', '.join(self.not_measured)}"


def quality(image: Image) -> Quality:
    """Judge a projection film; whether an image is one is for the caller to know (`tools.imaging.what`)."""
    figures = measure(image)
    problems = [
        *(_problem(name, figures[name], limits, low=True) for name, limits in LOW.items()),
        *(_problem(name, figures[name], limits, low=False) for name, limits in HIGH.items()),
        _graded("only part of the image is exposed", figures["field"], FIELD, low=True),
        *_placed(image.pixels),
        _graded(UNLIKE, figures["unlike"], (shipped().limit, np.inf), low=False),
    ]
    found = tuple(item for item in problems if item is not None)
    verdicts = {item.verdict for item in found}
    verdict: Verdict = "unusable" if "unusable" in verdicts else "reduced" if verdicts else "ok"
    return Quality(verdict, found, figures)


def _survived(problem: Problem) -> bool:
    """Whether outlines of large things survive it."""
    return problem.measured <= _SURVIVED.get(problem.name, -np.inf)


def measure(image: Image) -> dict[str, float]:
    """The figures, each over the middle of the exposed field.

    sharpness: variance of the Laplacian over variance, x 1000, with the longer side at 512 pixels.
    noise: median absolute diagonal detail / 0.6745 (Donoho & Johnstone 1994, doi:10.1093/biomet/81.3.425), x 1000 of
    the grey range, at the same scale.
    clipped: share of pixels at the darkest and at the brightest value.
    levels: distinct stored values between the 5th and the 95th percentile.
    blocks: steps at every eighth pixel over those between (the lesser of both directions), stored pixels, any phase.
    direction: median absolute second difference along the sharpest of four directions over the least sharp, 512 pixels.
    """
    rows, columns, exposed = field(image.pixels)
    inside = image.pixels[rows, columns]
    middle = centre(inside)
    stored = centre(image.values[rows, columns]) if image.values is not None else np.round(middle * 255)
    low, high = np.percentile(stored, [5, 95])
    small = stretched(centre(at_longest(inside, SCALE)))
    figures = {
        "sharpness": 1000 * _sharpness(small),
        "noise": 1000 * _noise(small),
        "blocks": min(_blocks(inside), _blocks(inside.T)),
        "direction": _direction(small),
        "clipped_dark": float((middle <= middle.min()).mean()),
        "clipped_bright": float((middle >= middle.max()).mean()),
        "levels": float(len(np.unique(stored[(stored >= low) & (stored <= high)]))),
        "shorter_side": float(min(image.pixels.shape)),
        "field": exposed,
        "unlike": shipped().distance(image.pixels),
    }
    return {name: float(f"{value:.3g}") for name, value in figures.items()}


def _sharpness(small: Array) -> float:
    if min(small.shape) < 3 or float(small.var()) == 0.0:
        return 0.0
    around = small[1:-1, :-2] + small[1:-1, 2:] + small[:-2, 1:-1] + small[2:, 1:-1]
    return float((around - 4 * small[1:-1, 1:-1]).var() / small.var())


def _noise(small: Array) -> float:
    even = small[: small.shape[0] // 2 * 2, : small.shape[1] // 2 * 2]
    if even.size == 0:
        return 0.0
    detail = (even[::2, ::2] - even[1::2, ::2] - even[::2, 1::2] + even[1::2, 1::2]) / 2
    return float(np.median(np.abs(detail)) / 0.6745)


def _blocks(inside: Array) -> float:
    """1 where no period of eight pixels stands out; compression (JPEG) works in blocks of eight."""
    steps = np.abs(np.diff(inside, axis=1)).mean(axis=0)
    whole = len(steps) // 8 * 8
    if not whole or not steps.any():
        return 1.0
    phases = steps[:whole].reshape(-1, 8).mean(axis=0)
    strongest = int(phases.argmax())
    rest = float(np.median(np.delete(phases, strongest)))
    return float(phases[strongest]) / max(rest, 1e-3 * float(phases[strongest]))


def _direction(small: Array) -> float:
    found = []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        around = np.roll(small, (down, right), (0, 1)) + np.roll(small, (-down, -right), (0, 1))
        inner = (around - 2 * small)[1:-1, 1:-1] / (down * down + right * right)
        found.append(float(np.median(np.abs(inner))) if inner.size else 0.0)
    # Flat to the last bit: nothing to compare.
    return max(found) / max(min(found), 1e-3 * max(found)) if max(found) > 1e-4 else 1.0


def _problem(name: str, value: float, limits: tuple[float, float], low: bool) -> Problem | None:
    return _graded(_NAMES[name], value, limits, low)


def _graded(name: str, value: float, limits: tuple[float, float], low: bool) -> Problem | None:
    for limit, verdict in ((limits[1], "unusable"), (limits[0], "reduced")):
        if value < limit if low else value > limit:
            return Problem(name, value, limit, "unusable" if verdict == "unusable" else "reduced")
    return None


def _placed(pixels: Array) -> list[Problem]:
    """Shown inverted or turned: only said where the image then plainly looks like a frontal chest film."""
    found = orientation(pixels)
    upright = found.pop("upright")
    name, best = max(found.items(), key=lambda item: item[1])
    if best < LIKELY or best < upright + _MARGIN:
        return []
    return [Problem(f"shown {name}", round(best, 2), round(upright, 2), "unusable")]
