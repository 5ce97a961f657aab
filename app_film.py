"""A film beside its facts: the picture with what was drawn on it, and the forms that correct it. Pure.

Coordinates are 0-based stored pixels, column first, as the evidence holds them; the browser scales.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app_parts import Json, esc, key
from tools.errors import BadInput

ENDS = {"heart_right": "Heart, right", "heart_left": "Heart, left", "thorax_right": "Chest, right",
        "thorax_left": "Chest, left"}
IMAGE = re.compile(r"image\.\d+")
_PLACE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*,\s*(\d+(?:\.\d+)?)\s*,\s*(in|out)\s*")


@dataclass(frozen=True)
class Layer:
    """Something drawn on a film: an outline (an SVG path), calipers (ends by name), or a model's box."""

    kind: Literal["outline", "calipers", "box"]
    label: str
    evidence: str
    name: str = ""
    path: str = ""
    ends: Mapping[str, tuple[float, float]] | None = None
    midline: float | None = None


@dataclass(frozen=True)
class Film:
    """The pixels of one frame as an 8-bit PNG (a data address), and what is drawn on it.

    `aspect`: width over height as the patient was, where the scale of rows and columns differs.
    """

    sha256: str
    src: str
    columns: int
    rows: int
    aspect: float
    frame: int = 0
    frames: int = 1
    shown: int = 0
    layers: tuple[Layer, ...] = ()
    warnings: tuple[str, ...] = ()


def heads(document: Json) -> list[Json]:
    """The images of a consultation: the first evidence of each description, in order."""
    held = (document["evidence"].get(record["evidence"][0]) for record in document["records"]
            if IMAGE.fullmatch(record["slot"]) and record["evidence"])
    return [item for item in held if item is not None]


def facts(document: Json, slot: str) -> dict[str, Json]:
    """What fills the facts of an image now, by name: `image.1.view` as `view`."""
    record: Json = next((r for r in document["records"] if r["slot"] == slot and r["status"] == "ok"), {"evidence": []})
    items = (document["evidence"].get(i) for i in record["evidence"][1:])
    return {item["slot"].removeprefix(f"{slot}."): item for item in items if item is not None}


def viewer(film: Film, evidence: str, *, edits: str = "") -> str:
    """The film, its tools and what is drawn on it.

    Args:
        edits: evidence id of the calipers whose ends can be moved here.
    """
    drawn = "".join(_layer(layer, film, movable=layer.evidence == edits) for layer in film.layers)
    names = {"outline": "Outlines", "calipers": "Calipers", "box": "A model's opinion"}
    kinds = [kind for kind in names if any(layer.kind == kind for layer in film.layers)]
    switches = "".join(
        f'<label><input type="checkbox" data-layer="{kind}" checked> {names[kind]}</label>' for kind in kinds
    )
    slices = ""
    if film.frames > 1:
        slices = (f'<label class="o-slice">Frame <input type="range" min="1" max="{film.frames}" '
                  f'value="{film.frame + 1}" data-frame="{esc(evidence)}" aria-label="Frame"> '
                  f'<span>{film.frame + 1} of {film.frames}</span></label>')
    reduced = film.shown and film.shown < max(film.columns, film.rows)
    size = f"{film.columns} × {film.rows} pixels" + (f", shown at {film.shown / max(film.columns, film.rows):.0%}"
                                                     if reduced else "")
    told = "".join(f'<p class="o-warn">{esc(text)}</p>' for text in film.warnings)
    drawn_here = "".join(
        f'<button type="button" class="o-link" data-do="open" data-evidence="{esc(layer.evidence)}">'
        f'{esc(layer.name)}</button>' for layer in film.layers if layer.evidence != evidence
    )
    told += f'<p class="o-drawn">Drawn here: {drawn_here}</p>' if drawn_here else ""
    return (
        f'<figure class="o-film" data-film="{esc(film.sha256[:12])}" data-columns="{film.columns}" '
        f'data-rows="{film.rows}"><div class="o-film-view" tabindex="0" role="application" aria-label="Film. Plus and '
        'minus zoom, arrow keys move, 0 shows it whole.">'
        f'<div class="o-film-plane" style="aspect-ratio: {film.aspect:.4f}"><img src="{esc(film.src)}" '
        f'alt="The film" draggable="false"><svg viewBox="-0.5 -0.5 {film.columns} {film.rows}" '
        f'preserveAspectRatio="none">'
        f'{drawn}</svg></div></div><figcaption><span class="o-film-tools">'
        '<button type="button" data-zoom="in" aria-label="Zoom in">+</button>'
        '<button type="button" data-zoom="out" aria-label="Zoom out">&minus;</button>'
        '<button type="button" data-zoom="whole">Whole film</button></span>'
        f'{slices}<span class="o-layers">{switches}</span><span class="o-hint">{size}</span></figcaption>{told}'
        '</figure>'
    )


def _layer(layer: Layer, film: Film, *, movable: bool) -> str:
    told = esc(layer.label)
    size = max(film.columns, film.rows) / 100
    if layer.kind == "outline":
        return f'<path class="l-outline" data-kind="outline" d="{esc(layer.path)}"><title>{told}</title></path>'
    if layer.kind == "box":
        left, top, right, bottom = _box(layer)
        return (f'<g class="l-box" data-kind="box"><rect x="{left:g}" y="{top:g}" width="{right - left:g}" '
                f'height="{bottom - top:g}"><title>{told}</title></rect><text x="{left:g}" y="{top - size * .8:g}" '
                f'font-size="{size * 3.4:g}">opinion: {told}</text></g>')
    ends = layer.ends or {}
    lines = ""
    for pair, kind in ((("thorax_right", "thorax_left"), "l-thorax"), (("heart_right", "heart_left"), "l-heart")):
        if all(end in ends for end in pair):
            lines += _lines(ends[pair[0]], ends[pair[1]], layer.midline if kind == "l-heart" else None, kind, pair)
    handles = ""
    if movable:
        handles = "".join(
            f'<circle class="l-end" data-end="{esc(name)}" cx="{x:g}" cy="{y:g}" r="{size * 2.2:g}" tabindex="0" '
            f'role="slider" aria-label="{esc(ENDS.get(name, name))}, column {x:g}" aria-valuenow="{x:g}" '
            f'aria-valuemin="0" aria-valuemax="{film.columns - 1}"></circle>' for name, (x, y) in ends.items()
        )
    return f'<g class="l-calipers" data-kind="calipers"><title>{told}</title>{lines}{handles}</g>'


def _lines(start: tuple[float, float], end: tuple[float, float], middle: float | None, kind: str,
           names: tuple[str, str]) -> str:
    """A horizontal distance; the heart's two halves reach the midline on rows of their own."""
    if middle is None:
        return (f'<line class="{kind}" data-from="{names[0]}" data-to="{names[1]}" x1="{start[0]:g}" y1="{start[1]:g}" '
                f'x2="{end[0]:g}" y2="{end[1]:g}"/>')
    return "".join(
        f'<line class="{kind}" data-from="{name}" x1="{x:g}" y1="{y:g}" x2="{middle:g}" y2="{y:g}"/>'
        for name, (x, y) in zip(names, (start, end), strict=True)
    )


def _box(layer: Layer) -> tuple[float, float, float, float]:
    ends = layer.ends or {}
    return (*ends["start"], *ends["end"])


def calipers(item: Json) -> dict[str, tuple[float, float]]:
    """The ends that a piece of evidence holds; none where it holds no calipers."""
    try:
        body = json.loads(str(item.get("value")))
        return {name: (float(body[name][0]), float(body[name][1])) for name in ENDS}
    except (ValueError, TypeError, KeyError, IndexError):
        return {}


# -- forms -----------------------------------------------------------------------------------------------------------


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
    return (
        f'<div class="o-brush" data-brush="{esc(key(item["id"]))}"><fieldset class="o-radios"><legend>Brush on the film'
        '</legend><label><input type="radio" name="brush" value="" checked> Off</label>'
        '<label><input type="radio" name="brush" value="in"> Add</label>'
        '<label><input type="radio" name="brush" value="out"> Take away</label></fieldset>'
        '<label class="o-field">Radius in pixels<input name="radius" type="range" min="2" max="120" value="24"></label>'
        '<input type="hidden" name="strokes" value="[]"><p class="o-hint"><span class="o-strokes">No stroke yet.'
        '</span> <button type="button" class="o-link" data-undo>Undo the last stroke</button></p>'
        '<label class="o-field"><span>Or points, one a line <i>(column, row, radius, in or out)</i></span>'
        '<textarea name="points" rows="2" placeholder="240, 310, 20, in" spellcheck="false"></textarea></label></div>'
    )


def read_strokes(fields: Mapping[str, Any]) -> list[Json]:
    """What the brush drew, and the points given by number.

    Raises:
        BadInput: a line that is no point, or nothing at all.
    """
    try:
        strokes = json.loads(str(fields.get("strokes") or "[]"))
    except ValueError:
        strokes = None
    if not isinstance(strokes, list):
        raise BadInput("the strokes cannot be read", found=str(fields.get("strokes"))[:60],
                       expected="strokes of a brush", action="draw them again")
    for line in str(fields.get("points") or "").splitlines():
        if not line.strip():
            continue
        match = _PLACE.fullmatch(line)
        if match is None:
            raise BadInput("this is no point", found=line, expected="column, row, radius, in or out",
                           action="write for example 240, 310, 20, in")
        x, y, radius = (float(part) for part in match.groups()[:3])
        strokes.append({"points": [[x, y]], "radius": radius, "inside": match.group(4) == "in"})
    if not strokes:
        raise BadInput("nothing was drawn", found="no stroke", expected="a stroke of the brush, or a point",
                       action="choose Add or Take away, then draw on the film")
    return strokes


# -- in the answer ---------------------------------------------------------------------------------------------------


def images(document: Json, films: Mapping[str, Film], by: str) -> str:
    """The images that came with the question: what each is, its scale, whose, how good."""
    rows = "".join(_figure(document, item, films.get(item["slot"]), by) for item in heads(document))
    return (f'<section class="o-block o-images" aria-label="Images"><h3>Images</h3>{rows}</section>' if rows else "")


def _figure(document: Json, item: Json, film: Film | None, by: str) -> str:
    held = facts(document, item["slot"])
    number = item["slot"].partition(".")[2]
    shown = (f'<button type="button" class="o-thumb" data-do="open" data-evidence="{esc(item["id"])}" '
             f'aria-label="Open image {esc(number)}"><img src="{esc(film.src)}" alt="Image {esc(number)}"></button>'
             if film else '<span class="o-thumb o-hint">not kept here any more</span>')
    lines = "".join(fact_line(found) for name, found in held.items() if name in ("spacing", "quality", "identity"))
    body = (f'<div><p class="o-film-name"><button type="button" class="o-link" data-do="open" '
            f'data-evidence="{esc(item["id"])}">Image {esc(number)}: {esc(item.get("value") or "not known what it is")}'
            f'</button></p><ul class="o-film-facts"><li class="o-hint">{esc(item["display"])}</li>{lines}</ul>'
            f'{confirm(held.get("identity"), by)}</div>')
    return f'<div class="o-image" data-slot="{esc(item["slot"])}">{shown}{body}</div>'


def fact_line(item: Json) -> str:
    """One fact of an image, which opens."""
    warn = " o-warn" if item.get("value") in ("unconfirmed", "unusable", "reduced") else ""
    return (f'<li><button type="button" class="o-ref-line{warn}" data-do="open" data-evidence="{esc(item["id"])}">'
            f'{esc(told(item))}</button></li>')


def told(item: Json) -> str:
    """What a fact of an image says, its name first where the words alone would not tell."""
    said, name = str(item["display"]), item["slot"].rpartition(".")[2].replace("_", " ")
    return said if name in said or len(said.split()) > 2 else f"{name}: {said}"


def confirm(identity: Json | None, by: str) -> str:
    """Say whose image it is, where the file does not."""
    if identity is None or identity.get("value") != "unconfirmed":
        return ""
    return (
        f'<form class="o-inline o-confirm" data-do="fix"><input type="hidden" name="evidence" '
        f'value="{esc(identity["id"])}"><input type="hidden" name="value" value="confirmed">'
        f'<input name="by" value="{esc(by)}" placeholder="Your name" aria-label="Your name" autocomplete="name">'
        '<button type="submit" class="o-give">Confirm: this patient\'s image</button></form>'
    )


def layer_boxes(regions: Iterable[Json], sha256: str, frame: int, evidence: str) -> list[Layer]:
    """The places a model's opinion names on a film."""
    return [
        # Right and lower sides are exclusive, pixels' centres are whole numbers: the edges lie half a pixel off.
        Layer("box", str(region["label"]), evidence, "opinion",
              ends={"start": (region["box"][0] - 0.5, region["box"][1] - 0.5),
                    "end": (region["box"][2] - 0.5, region["box"][3] - 0.5)})
        for region in regions if region["image"] == sha256 and region.get("frame", 0) == frame
    ]
