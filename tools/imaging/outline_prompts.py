"""What a person points at on an image, as evidence holds it: a box and clicks, on one slice of a volume."""

from __future__ import annotations

import json
import math
from typing import Any

from tools.errors import BadInput
from tools.imaging.frame import Image
from tools.segmenters.contract import Click, Prompts, Target

MOST_CLICKS = 200
_EXPECTED = '{"box": [x0, y0, x1, y1]} or {"points": [[x, y, "+"], [x, y, "-"], ...]}'
_KEYS = frozenset({"box", "points", "slice"})


def read_pointed(given: Any, target: Target) -> Prompts:
    """Prompts from JSON or its text, all within the image.

    Raises:
        BadInput: they are none, lie outside, or a volume's slice is missing.
    """
    try:
        body = json.loads(given) if isinstance(given, str) else given
        if not isinstance(body, dict) or set(body) - _KEYS or not {"box", "points"} & set(body):
            raise ValueError("neither box nor points")
        box = None if body.get("box") is None else _box(body["box"])
        clicks = tuple(_click(one) for one in body.get("points") or ())
        at = body.get("slice")
        if at is not None and (not isinstance(at, int) or isinstance(at, bool)):
            raise ValueError("a slice that is no whole number")
    except (ValueError, TypeError, KeyError) as error:
        raise _not_pointed(given, target, str(error)) from error
    places = [(box[0], box[1]), (box[2], box[3])] if box else []
    places += [click.at for click in clicks]
    _within(places, at, given, target)
    if (box is None and not any(click.inside for click in clicks)) or len(clicks) > MOST_CLICKS:
        raise _not_pointed(given, target, f"{len(clicks)} clicks, no box and no click inside" if not box else "")
    return Prompts(box=box, clicks=clicks, slice_=at)


def pointed_text(prompts: Prompts) -> str:
    """Prompts as evidence holds them: the same ones are the same text."""
    body: dict[str, Any] = {}
    if prompts.box is not None:
        body["box"] = [round(part, 1) for part in prompts.box]
    if prompts.clicks:
        body["points"] = [[round(x, 1), round(y, 1), "+" if one.inside else "-"] for one in prompts.clicks
                          for x, y in [one.at]]  # fmt: skip
    if prompts.slice_ is not None:
        body["slice"] = prompts.slice_
    return json.dumps(body, sort_keys=True)


def pointed_shown(prompts: Prompts) -> str:
    """Prompts as people read them."""
    words = []
    if prompts.box is not None:
        x0, y0, x1, y1 = prompts.box
        words.append(f"a box from ({x0:.0f}, {y0:.0f}) to ({x1:.0f}, {y1:.0f})")
    inside = sum(one.inside for one in prompts.clicks)
    if inside:
        words.append(f"{inside} click{'s' if inside > 1 else ''} inside")
    if outside := len(prompts.clicks) - inside:
        words.append(f"{outside} outside")
    where = "" if prompts.slice_ is None else f" on slice {prompts.slice_}"
    return " and ".join(words) + where


def _box(given: Any) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(part) for part in given)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _click(given: Any) -> Click:
    x, y, sign = given if len(given) == 3 else (*given, "+")
    if sign not in ("+", "-"):
        raise ValueError("a click is + or -")
    return Click((float(x), float(y)), sign == "+")


def _within(places: list[tuple[float, float]], at: int | None, given: Any, target: Target) -> None:
    rows, columns = target.pixels.shape if isinstance(target, Image) else target.values.shape[1:]
    outside = [
        place
        for place in places
        if not all(math.isfinite(part) for part in place)
        or not (0 <= place[0] <= columns - 1 and 0 <= place[1] <= rows - 1)
    ]
    if outside:
        raise _not_pointed(given, target, f"{outside[0]} lies outside")
    if isinstance(target, Image) != (at is None) or (at is not None and not 0 <= at < _slices(target)):
        raise _not_pointed(given, target, "no slice" if at is None else f"slice {at}")


def _slices(target: Target) -> int:
    return 0 if isinstance(target, Image) else len(target.values)


def _not_pointed(given: Any, target: Target, why: str) -> BadInput:
    rows, columns = target.pixels.shape if isinstance(target, Image) else target.values.shape[1:]
    where = f"columns 0 to {columns - 1}, rows 0 to {rows - 1}"
    where += "; one image has no slices" if isinstance(target, Image) else f'; "slice": 0 to {_slices(target) - 1}'
    return BadInput(
        "this points at nothing on this image",
        found=f"{str(given)[:80]}: {why}" if why else str(given)[:80],
        expected=f"{_EXPECTED}, {where}",
        action="draw a box around the structure, or click in it",
    )
