"""A film, or one slice of a volume, beside its facts: the picture with what was drawn on it. Pure.

Coordinates are 0-based stored pixels, column first, as the evidence holds them; the browser scales and turns.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app_parts import Json, esc

ENDS = {"heart_right": "Heart, right", "heart_left": "Heart, left", "thorax_right": "Chest, right",
        "thorax_left": "Chest, left"}
IMAGE = re.compile(r"image\.\d+")
WORDS = {"L": "left", "R": "right", "A": "front", "P": "back", "H": "head", "F": "feet"}
# Parts of an outline are told apart by so many colours, which come again.
TONES = 8


@dataclass(frozen=True)
class Layer:
    """Something drawn on a film: an outline (an SVG path), calipers (ends by name), a model's box, or marks (places,
    lines between them, or a box that somebody pointed at).

    `name` of an outline is its part's; `tone` its colour.
    """

    kind: Literal["outline", "calipers", "box", "marks"]
    label: str
    evidence: str
    name: str = ""
    path: str = ""
    ends: Mapping[str, tuple[float, float]] | None = None
    midline: float | None = None
    tone: int = 0


@dataclass(frozen=True)
class Slices:
    """What one slice of a volume has besides: how the volume is cut, in which window, which way round.

    `planes`: array axis and name of each view. `windows`: name, label and meaning of each. `letters`: what lies at the
    left, right, upper and lower edge; `ends`: where the first and the last slice lie. `matrix`: from the raw slice to
    the picture; `swap`, `mirror`, `flip`: the same as three questions.
    """

    plane: int
    planes: tuple[tuple[int, str], ...]
    window: str
    windows: tuple[tuple[str, str, str], ...]
    letters: tuple[str, str, str, str]
    ends: tuple[str, str]
    matrix: tuple[int, ...] = (1, 0, 0, 1, 0, 0)
    swap: bool = False
    mirror: bool = False
    flip: bool = False
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class Film:
    """The pixels of one frame or slice as an 8-bit PNG (a data address), and what is drawn on it.

    `aspect`: width over height as the patient was, where the scale of rows and columns differs. `own`: what is looked
    at lies on this slice alone.
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
    slices: Slices | None = None
    own: bool = False


@dataclass(frozen=True)
class Look:
    """Which frame or slice somebody asks for; of a volume in which view (array axis) and window. None: the usual."""

    frame: int | None = None
    plane: int = 0
    window: str | None = None


def drawn_from(held: Json, evidence: Json) -> Json:
    """What a correction stands for: the evidence it replaced, and what that had replaced."""
    while evidence["kind"] == "statement" and evidence.get("supersedes") in held["evidence"]:
        evidence = held["evidence"][evidence["supersedes"]]
    return evidence


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
    names = {"outline": "Outlines", "calipers": "Calipers", "marks": "Marks", "box": "A model's opinion"}
    kinds = [kind for kind in names if film.slices or any(layer.kind == kind for layer in film.layers)]
    switches = "".join(
        f'<label data-of="{kind}"><input type="checkbox" data-layer="{kind}" checked> {names[kind]}</label>'
        for kind in kinds
    )
    cut, turn, matrix = film.slices, "", ""
    if cut:
        turn = (f'{" data-own" if film.own else ""} data-plane="{cut.plane}" data-window="{esc(cut.window)}" '
                f'data-turn="{"s" * cut.swap}{"m" * cut.mirror}{"f" * cut.flip}"')
        matrix = f' transform="matrix({" ".join(map(str, cut.matrix))})"'
    what = "Slice" if cut else "Film"
    keys = "Arrows up and down, Page Up and Page Down leaf through. " if film.frames > 1 else ""
    return (
        f'<figure class="o-film" data-film="{esc(film.sha256[:12])}" data-columns="{film.columns}" '
        f'data-rows="{film.rows}" data-evidence="{esc(evidence)}" data-frame="{film.frame}" '
        f'data-frames="{film.frames}" data-edits="{esc(edits)}"{turn}><div class="o-film-view" tabindex="0" '
        f'role="application" aria-label="{what}. {keys}Plus and minus zoom, arrow keys move, 0 shows it whole.">'
        f'<div class="o-film-plane" style="aspect-ratio: {film.aspect:.4f}"><img src="{esc(film.src)}" '
        f'alt="{_alt(film)}" draggable="false"><svg viewBox="-0.5 -0.5 {film.columns} {film.rows}" '
        f'preserveAspectRatio="none"><g class="o-raw"{matrix}>{drawn}</g></svg></div>{_letters(cut)}</div>'
        f'<figcaption>{_slider(film)}<div class="o-film-row">{_choices(cut)}<span class="o-film-tools">'
        '<button type="button" data-zoom="in" aria-label="Zoom in">+</button>'
        '<button type="button" data-zoom="out" aria-label="Zoom out">&minus;</button>'
        f'<button type="button" data-zoom="whole">Whole {what.lower()}</button></span>'
        f'<span class="o-layers">{switches}</span></div></figcaption>'
        f'<div class="o-film-told">{_told(film, evidence)}</div></figure>'
    )


def leaf(evidence: str, figure: str) -> str:
    """A viewer on its way into the page, where it takes the place of what is shown; each is a new one."""
    return (f'<div class="o-leaf" hidden data-evidence="{esc(evidence)}" data-at="{time.monotonic_ns()}" '
            f'data-figure="{esc(figure)}"></div>')


def asked_look(fields: Mapping[str, Any]) -> Look:
    """The frame or slice, view and window that the page asks for."""
    frame, plane, window = (str(fields.get(name, "")) for name in ("frame", "plane", "window"))
    return Look(int(frame) if frame.isdigit() else None, int(plane) if plane in ("1", "2") else 0, window or None)


def _alt(film: Film) -> str:
    return "The film" if film.slices is None else f"Slice {film.frame + 1} of {film.frames}"


def _letters(cut: Slices | None) -> str:
    if cut is None:
        return ""
    edges = zip(("left", "right", "top", "bottom"), cut.letters, strict=True)
    said = ", ".join(f"{WORDS[letter]} {edge}" for edge, letter in zip(("left", "right", "above", "below"), cut.letters,
                                                                      strict=True))
    marks = "".join(f'<span class="e-{edge}" aria-hidden="true">{esc(letter)}</span>' for edge, letter in edges)
    return f'<div class="o-letters" role="img" aria-label="{said}">{marks}</div>'


def _slider(film: Film) -> str:
    """The slider through frames or slices."""
    cut = film.slices
    if film.frames < 2:
        return ""
    ends = ("", "") if cut is None else tuple(
        f'<span class="o-end" title="towards the {esc(WORDS[letter])}">{esc(letter)}</span>' for letter in cut.ends)
    word = "Frame" if cut is None else "Slice"
    place = f"{word} {film.frame + 1} of {film.frames}"
    return (
        f'<div class="o-slice">{ends[0]}<input type="range" min="1" max="{film.frames}" value="{film.frame + 1}" '
        f'data-leaf aria-label="{word}" aria-valuetext="{place}">{ends[1]}<span class="o-place">{place}</span></div>'
    )


def _choices(cut: Slices | None) -> str:
    """Views and windows of a volume."""
    if cut is None:
        return ""
    planes = "".join(
        f'<button type="button" data-plane="{axis}" aria-pressed="{str(axis == cut.plane).lower()}">{esc(name)}'
        '</button>' for axis, name in cut.planes)
    shown = "".join(
        f'<button type="button" data-window="{esc(name)}" title="{esc(said)}" '
        f'aria-pressed="{str(name == cut.window).lower()}">{esc(label)}</button>' for name, label, said in cut.windows)
    return (f'<span class="o-film-tools o-choice" role="group" aria-label="View">{planes}</span>'
            f'<span class="o-film-tools o-choice" role="group" aria-label="Window">{shown}</span>')


def _told(film: Film, evidence: str) -> str:
    """Size, warnings, and what else is drawn here."""
    cut = film.slices
    reduced = film.shown and film.shown < max(film.columns, film.rows)
    size = f"{film.columns} × {film.rows} pixels" + (f", shown at {film.shown / max(film.columns, film.rows):.0%}"
                                                     if reduced else "")
    if cut:
        # Evidence counts slices from 0, as they are stored; people from 1.
        size += f"; stored as slice {film.frame}" if cut.plane == 0 else ""
        size += "; " + next(said for name, _, said in cut.windows if name == cut.window)
    told = "".join(f'<p class="o-warn">{esc(text)}</p>' for text in (*film.warnings, *(cut.told if cut else ())))
    held: dict[tuple[str, str], Layer] = {(layer.name, layer.evidence): layer for layer in film.layers}
    parts = "".join(
        f'<button type="button" class="o-link" data-do="open" data-evidence="{esc(layer.evidence)}">{_swatch(layer)}'
        f'{esc(layer.name)}</button>' if layer.evidence != evidence else
        f'<span>{_swatch(layer)}{esc(layer.name)}</span>'
        for layer in held.values() if layer.evidence != evidence or layer.kind == "outline"
    )
    here = f'<p class="o-drawn">Drawn here: {parts}</p>' if parts else ""
    return f'{here}<p class="o-hint">{size}</p>{told}'


def _swatch(layer: Layer) -> str:
    return f'<i class="o-swatch t-{layer.tone % TONES}"></i>' if layer.kind == "outline" else ""


def _layer(layer: Layer, film: Film, *, movable: bool) -> str:
    told = esc(layer.label)
    size = max(film.columns, film.rows) / 100
    if layer.kind == "outline":
        return (f'<path class="l-outline t-{layer.tone % TONES}" data-kind="outline" d="{esc(layer.path)}">'
                f'<title>{told}</title></path>')
    if layer.kind == "marks":
        return _marks(layer, size)
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


def _marks(layer: Layer, size: float) -> str:
    """Places that somebody set: a box, clicks inside (+) and outside (-), or landmarks with lines between pairs."""
    ends = dict(layer.ends or {})
    body = ""
    if "start" in ends and "end" in ends:
        (left, top), (right, bottom) = ends.pop("start"), ends.pop("end")
        body += f'<rect x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}"/>'
    marks = [(name, place) for name, place in ends.items() if name.isdigit()]
    for (_, first), (_, second) in zip(marks[::2], marks[1::2], strict=False):
        body += f'<line x1="{first[0]:g}" y1="{first[1]:g}" x2="{second[0]:g}" y2="{second[1]:g}"/>'
    for name, (x, y) in ends.items():
        kind = "out" if name.startswith("-") else "in"
        body += f'<circle class="{kind}" cx="{x:g}" cy="{y:g}" r="{size * .9:g}"/>'
    return f'<g class="l-marks" data-kind="marks"><title>{esc(layer.label)}</title>{body}</g>'


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
    if any(item["slot"] in gap["slots"] for gap in document["answer"]["not_answered"]):
        lines += '<li class="o-warn">not read for this question: what it shows is not known here</li>'
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
