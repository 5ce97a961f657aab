"""Forms that correct what is drawn on a film: calipers, outlines, what is pointed at, landmarks. Pure.

Drawing on the film fills the fields, and so does the keyboard. Fields hold stored pixels, column first, 0-based;
slices are numbered from 1 where people read them, from 0 in what is sent on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from app_film import ENDS
from app_parts import Json, esc, fold, key
from tools.errors import BadInput

_NUMBER = r"(-?\d+(?:\.\d+)?)"
_STROKE = re.compile(rf"\s*{_NUMBER}\s*,\s*{_NUMBER}\s*,\s*(\d+(?:\.\d+)?)\s*,\s*(in|out)\s*")
_CLICK = re.compile(rf"\s*{_NUMBER}\s*,\s*{_NUMBER}\s*,\s*([+\-−])\s*")
_PLACE = re.compile(rf"\s*{_NUMBER}\s*,\s*{_NUMBER}\s*")
_BOX = re.compile(r"\s*" + r"\s*,\s*".join([_NUMBER] * 4) + r"\s*")
BRUSHES = (("in", "Add"), ("out", "Take away"))
POINTERS = (("box", "Box"), ("+", "Click inside"), ("-", "Click outside"))
# How landmarks are set, in the order in which they count.
_ORDER = "two for a length; four for two axes or an angle: the ends of the long axis, then those of the short one"


def calipers(item: Json) -> dict[str, tuple[float, float]]:
    """The ends that a piece of evidence holds; none where it holds no calipers."""
    try:
        body = json.loads(str(item.get("value")))
        return {name: (float(body[name][0]), float(body[name][1])) for name in ENDS}
    except (ValueError, TypeError, KeyError, IndexError):
        return {}


def caliper_fields(item: Json) -> str:
    """Each end as a column and a row, filled by dragging as well."""
    rows = "".join(
        f'<tr><th scope="row">{esc(text)}</th>' + "".join(
            f'<td><input name="{name}.{axis}" value="{value:g}" inputmode="decimal" autocomplete="off" '
            f'data-held="{value:g}" aria-label="{esc(text)}, {word}"></td>'
            for axis, word, value in (("x", "column", ends[0]), ("y", "row", ends[1]))) + "</tr>"
        for name, text in ENDS.items() if (ends := calipers(item).get(name))
    )
    return ('<p class="o-hint">Drag an end on the film, move it with the arrow keys, or give its place.</p>'
            f'<table class="o-ends"><thead><tr><th>End</th><th>Column</th><th>Row</th></tr></thead><tbody>{rows}'
            "</tbody></table>")


def read_ends(item: Json, fields: Mapping[str, Any]) -> dict[str, list[float]]:
    """The ends that were moved.

    Raises:
        BadInput: a place that is no number, or nothing was moved.
    """
    moved = {}
    for name, held in calipers(item).items():
        given = [str(fields.get(f"{name}.{axis}") or "").strip() for axis in "xy"]
        try:
            place = [float(part) for part in given]
        except ValueError as error:
            raise BadInput("the place of an end is not a number", found=", ".join(given), expected="column and row",
                           action="drag the end on the film, or give numbers") from error
        if any(abs(new - old) > 0.05 for new, old in zip(place, held, strict=True)):
            moved[name] = place
    if not moved:
        raise BadInput("no end was moved", found="the places as they were", expected="at least one end moved",
                       action="drag an end on the film, or give its place")
    return moved


def brush_fields(item: Json) -> str:
    """A brush over the film, and its keyboard twin: places by number."""
    return _drawing(item, BRUSHES, _radius(24) + _STROKES, _POINTS)


def outline_fields(item: Json, parts: Sequence[str]) -> str:
    """A brush on one of the parts of an outline; or what is meant, pointed at anew; or a part taken away."""
    chosen = ""
    if len(parts) > 1:
        options = "".join(f'<option value="{esc(part)}">{esc(part)}</option>' for part in parts)
        chosen = f'<label class="o-field">Which part<select name="part">{options}</select></label>'
    return _drawing(item, (*BRUSHES, *POINTERS), chosen + _radius(8) + _STROKES, _POINTS + _POINTING)


def pointed_fields(item: Json) -> str:
    """A box, and clicks inside and outside, on one slice."""
    return _drawing(item, POINTERS, "", _POINTING)


def landmark_fields(item: Json) -> str:
    """Landmarks in their order, set by clicking."""
    held = "\n".join(f"{x:g}, {y:g}" for x, y in landmarks(item)[0])
    return _drawing(item, (("mark", "Set landmarks"),), f'<p class="o-hint">{_ORDER}.</p>', (
        f'<label class="o-field"><span>Landmarks, one a line <i>(column, row)</i></span><textarea name="marks" '
        f'rows="4" spellcheck="false" placeholder="240, 310">{esc(held)}</textarea></label>'))


def _drawing(item: Json, tools: Sequence[tuple[str, str]], body: str, by_number: str) -> str:
    """Tools, what goes with them, what was drawn so far; the same by number is folded away."""
    radios = "".join(f'<label><input type="radio" name="brush" value="{esc(value)}"> {text}</label>'
                     for value, text in tools)
    numbers = fold(f"numbers-{item['id']}", "Give places by number", (
        '<p class="o-hint">Columns and rows as stored, from 0. Drawing fills these fields.</p>'
        '<label class="o-field o-on-slice">On slice<input name="slice" type="number" min="1" inputmode="numeric" '
        f'autocomplete="off"></label>{by_number}'), kind="o-numbers")
    return (
        f'<div class="o-brush" data-brush="{esc(key(item["id"]))}"><fieldset class="o-radios"><legend>On the image'
        f'</legend><label><input type="radio" name="brush" value="" checked> Off</label>{radios}</fieldset>{body}'
        '<p class="o-hint"><span class="o-strokes" role="status">Nothing drawn yet.</span> '
        f'<button type="button" class="o-link" data-undo>Undo the last</button></p>{numbers}</div>'
    )


def _radius(usual: int) -> str:
    return (f'<label class="o-field">Radius of the brush in pixels<input name="radius" type="range" min="1" max="120" '
            f'value="{usual}"></label>')


_STROKES = '<input type="hidden" name="strokes" value="[]">'
_POINTS = (
    '<label class="o-field"><span>Points of the brush, one a line <i>(column, row, radius, in or out)</i></span>'
    '<textarea name="points" rows="2" placeholder="240, 310, 20, in" spellcheck="false"></textarea></label>'
)
_POINTING = (
    '<label class="o-field"><span>Box <i>(left, top, right, bottom)</i></span><input name="box" '
    'autocomplete="off" spellcheck="false" placeholder="120, 80, 190, 150"></label>'
    '<label class="o-field"><span>Clicks, one a line <i>(column, row, + or -)</i></span><textarea name="clicks" '
    'rows="2" placeholder="150, 110, +" spellcheck="false"></textarea></label>'
)


def read_strokes(fields: Mapping[str, Any]) -> list[Json]:
    """What the brush drew, and the points given by number.

    Raises:
        BadInput: a line that is no point, or nothing at all.
    """
    strokes = _brushed(fields)
    if not strokes:
        raise BadInput("nothing was drawn", found="no stroke", expected="a stroke of the brush, or a point",
                       action="choose Add or Take away, then draw on the film")
    return strokes


def _brushed(fields: Mapping[str, Any]) -> list[Json]:
    try:
        strokes = json.loads(str(fields.get("strokes") or "[]"))
    except ValueError:
        strokes = None
    if not isinstance(strokes, list):
        raise BadInput("the strokes cannot be read", found=str(fields.get("strokes"))[:60],
                       expected="strokes of a brush", action="draw them again")
    part = str(fields.get("part") or "")
    for line in _lines(fields, "points"):
        x, y, radius, side = _match(_STROKE, line, "column, row, radius, in or out", "240, 310, 20, in").groups()
        strokes.append({"points": [[float(x), float(y)]], "radius": float(radius), "inside": side == "in"}
                       | _slice(fields) | ({"part": part} if part else {}))
    return strokes


def read_outline_fields(fields: Mapping[str, Any]) -> list[Json] | Json | None:
    """How an outline is corrected: strokes, or what is pointed at instead, or a part taken away; None: all of it.

    Raises:
        BadInput: both, neither, or a line that is none.
    """
    if fields.get("rejects"):
        return {"reject": str(fields["reject"])} if fields.get("reject") else None
    strokes, pointed = _brushed(fields), _pointed(fields)
    if bool(strokes) == bool(pointed):
        raise BadInput(
            "it is not clear what is meant" if strokes else "nothing was drawn",
            found="strokes of the brush and something pointed at" if strokes else "nothing",
            expected="strokes of the brush, or a box and clicks",
            action="take one of the two away" if strokes else "choose Add, Take away, Box or Click, then draw",
        )
    part = str(fields.get("part") or "")
    return strokes or (pointed | ({"part": part} if part else {}))


def read_pointed(fields: Mapping[str, Any]) -> Json:
    """A box, clicks, or both.

    Raises:
        BadInput: neither, or a line that is none.
    """
    found = _pointed(fields)
    if not found:
        raise BadInput("nothing is pointed at", found="neither a box nor a click", expected="a box, or a click inside",
                       action="choose Box or Click inside, then draw on the film")
    return found


def _pointed(fields: Mapping[str, Any]) -> Json:
    found: Json = {}
    if text := str(fields.get("box") or "").strip():
        match = _match(_BOX, text, "left, top, right, bottom", "120, 80, 190, 150")
        x, y, u, v = (float(part) for part in match.groups())
        found["box"] = [min(x, u), min(y, v), max(x, u), max(y, v)]
    clicks = []
    for line in _lines(fields, "clicks"):
        column, row, side = _match(_CLICK, line, "column, row, + or -", "150, 110, +").groups()
        clicks.append([float(column), float(row), "+" if side == "+" else "-"])
    if clicks:
        found["points"] = clicks
    return found | _slice(fields) if found else {}


def read_marks(fields: Mapping[str, Any]) -> Json:
    """Landmarks in their order.

    Raises:
        BadInput: a line that is no place; how many there are is for who measures.
    """
    points = [[float(part) for part in _match(_PLACE, line, "column, row", "240, 310").groups()]
              for line in _lines(fields, "marks")]
    if not points:
        raise BadInput("no landmark is set", found="nothing", expected=_ORDER, action="click on the film")
    return {"points": points} | _slice(fields)


def landmarks(item: Json) -> tuple[list[tuple[float, float]], int | None]:
    """The landmarks that a piece of evidence holds, and the slice they are on."""
    body = _json(item)
    try:
        points = [(float(x), float(y)) for x, y in body.get("points", [])]
    except (ValueError, TypeError):
        return [], None
    return points, _on(body)


def pointed_at(item: Json) -> tuple[dict[str, tuple[float, float]], int | None]:
    """What a piece of evidence points at, as ends of marks, and the slice it is on."""
    body = _json(item)
    ends: dict[str, tuple[float, float]] = {}
    try:
        if body.get("box"):
            left, top, right, bottom = (float(part) for part in body["box"])
            ends = {"start": (left, top), "end": (right, bottom)}
        for number, (x, y, side) in enumerate(body.get("points", []), 1):
            ends[f"{side}{number}"] = (float(x), float(y))
    except (ValueError, TypeError):
        return {}, None
    return ends, _on(body)


def _json(item: Json) -> Json:
    try:
        body = json.loads(str(item.get("value")))
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {"points": body if isinstance(body, list) else []}


def _on(body: Json) -> int | None:
    found = body.get("slice")
    return found if isinstance(found, int) else None


def _lines(fields: Mapping[str, Any], name: str) -> list[str]:
    return [line for line in str(fields.get(name) or "").splitlines() if line.strip()]


def _match(pattern: re.Pattern[str], line: str, expected: str, example: str) -> re.Match[str]:
    match = pattern.fullmatch(line)
    if match is None:
        raise BadInput("this is no place on the film", found=line, expected=expected,
                       action=f"write for example {example}")
    return match


def _slice(fields: Mapping[str, Any]) -> Json:
    """The slice that is meant, from 0; nothing on a film."""
    text = str(fields.get("slice") or "").strip()
    if not text:
        return {}
    if not text.isdigit() or int(text) < 1:
        raise BadInput("this is no slice", found=text, expected="its number as shown, from 1",
                       action="leaf to the slice, then draw")
    return {"slice": int(text) - 1}
