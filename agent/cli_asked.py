"""What the commands of `osler image` are asked: options as they stand on the command line, and what they mean.

Whose image it is is for whoever gives the file to know: nothing here is put into a consultation or a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tools.errors import UsageError

if TYPE_CHECKING:
    from tools.imaging.measuring import Wanted
    from tools.segmenters.contract import Click, Prompts, Target
    from tools.segmenters.ct_technique import Stated

T = TypeVar("T")
INDICES = ("laa950", "agatston", "fac", "ellipsoid")
_SAID = ("inspiration", "contrast", "gated")


@dataclass(frozen=True)
class Asked:
    """What is asked of one file; `modality`, `date` and how a scan was taken are a person's word."""

    path: Path
    structure: str | None = None
    mask: Path | None = None
    label: int | None = None
    points: str | None = None
    frame: int | None = None
    series: str | None = None
    modality: str | None = None
    date: str | None = None
    box: str | None = None
    clicks: tuple[str, ...] = ()
    slice_: int | None = None
    method: str = "auto"
    resample: str | None = None
    index: str | None = None
    systole: Path | None = None
    lesions: str | None = None
    inspiration: str = "unknown"
    contrast: str = "unknown"
    gated: str = "unknown"

    @property
    def said(self) -> list[str]:
        """What a person said of how the scan was taken: it stands beside what was measured under it."""
        given = {name: getattr(self, name) for name in _SAID}
        return [f"{name}: {word}, by the word of whoever asked" for name, word in given.items() if word != "unknown"]


def target_of(asked: Asked) -> Target:
    """The image or volume.

    Raises:
        UsageError: no such way of resampling.
        OslerError: it cannot be read.
    """
    from tools.imaging.measuring import read_target

    how = None if asked.resample is None else one_of("--resample", asked.resample, {"even": "even", "square": "square"})
    return read_target(asked.path, asked.frame, asked.series, asked.modality, how)  # type: ignore[arg-type]


def wanted_of(asked: Asked) -> Wanted:
    """What is to be measured.

    Raises:
        UsageError: a box or a point is not written as it should be.
    """
    from tools.imaging.measuring import Wanted

    return Wanted(asked.structure, asked.mask, asked.label, asked.points, prompts_of(asked))


def prompts_of(asked: Asked) -> Prompts:
    """The box and the clicks.

    Raises:
        UsageError: not as `--box x0,y0,x1,y1`, `--point x,y[,z],+|-`.
    """
    from tools.segmenters.contract import Prompts

    box = _numbers(asked.box, 4, "--box x0,y0,x1,y1") if asked.box else None
    clicks = tuple(_click(text) for text in asked.clicks)
    return Prompts(box=(box[0], box[1], box[2], box[3]) if box else None, clicks=clicks, slice_=asked.slice_)


def stated_of(asked: Asked) -> Stated:
    """What a person said of how the scan was taken.

    Raises:
        UsageError: a word that is not yes, no or unknown.
    """
    from tools.segmenters.ct_technique import Stated

    words = {"yes": True, "no": False, "unknown": None}
    return Stated(*(one_of(f"--{name}", getattr(asked, name), words) for name in _SAID))


def one_of(option: str, word: str, known: dict[str, T]) -> T:
    """What a word stands for.

    Raises:
        UsageError: it is none of those.
    """
    if word not in known:
        raise UsageError(
            f"cannot read {option} {word}", found=word, expected=", ".join(known), action="give one of these"
        )
    return known[word]


def models() -> Path:
    """The folder of models."""
    from agent.settings import Settings

    return Settings.from_environment().home / "models"


def about(asked: Asked, target: Target) -> dict[str, Any]:
    """What a document says of the image itself."""
    from tools.imaging.comparing import taken_on
    from tools.imaging.describe import grade
    from tools.imaging.frame import Image
    from tools.imaging.what import what_is

    frame, quality = None, None
    if isinstance(target, Image):
        frame, quality = target.frame, grade(target, what_is(target))
    return {
        "path": str(asked.path),
        "sha256": target.sha256,
        "frame": frame,
        "modality": target.header.modality,
        "taken_at": target.header.taken_at or taken_on(target, asked.date),
        "geometry": target.geometry(),
        "quality": quality.verdict if quality else None,
    }


def _click(text: str) -> Click:
    from tools.segmenters.contract import Click

    place, _, sign = text.rpartition(",")
    if sign.strip() not in ("+", "-"):
        raise _not_so(text, "--point x,y,+ or --point x,y,z,- (column, row, slice; + inside, - outside)")
    values = _numbers(place, (2, 3), "--point x,y[,z],+|-")
    if len(values) == 3 and not values[2].is_integer():
        raise _not_so(text, "--point x,y,z,+: a whole slice")
    return Click((values[0], values[1]), sign.strip() == "+", int(values[2]) if len(values) == 3 else None)


def _numbers(text: str, count: int | tuple[int, ...], how: str) -> list[float]:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise _not_so(text, how) from error
    if len(values) not in ((count,) if isinstance(count, int) else count):
        raise _not_so(text, how)
    return values


def _not_so(text: str, how: str) -> UsageError:
    return UsageError(f"cannot read {text!r}", found=text, expected=how, action="0-based stored pixels, column first")
