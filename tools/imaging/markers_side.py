"""Which side a marker establishes, and where markers and header do not go together (safety rule 17)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tools.imaging.burnt_in import BurntIn, burnt_in
from tools.imaging.frame import Image
from tools.imaging.markers import POSITIONS, SIDES, VIEWS
from tools.imaging.what import Fact, What

TRUNK = ("chest", "abdomen", "pelvis", "head", "neck")
NOT_ESTABLISHED = "side not established: no marker was read and the file does not state it"


@dataclass(frozen=True)
class Marked:
    """What the markers say: side, view, position, each None where they say nothing; and what speaks against it."""

    side: str | None = None
    source: str = ""
    view: str | None = None
    position: str | None = None
    warnings: tuple[str, ...] = ()


def marked(image: Image, found: BurntIn, body_part: str | None) -> Marked:
    """The side of a part, or of the trunk which of the patient's sides is at the image's right edge.

    A marker names the patient's side next to it. Heart, stomach and liver are not asked: they may lie the other way.
    """
    told: list[str] = []
    meant = [(place, one) for place in found.markers for one in place.means]
    sides = {(one, "left" if place.box[0] + place.box[2] < image.columns else "right") for place, one in meant
             if one in SIDES and not place.mirrored}  # fmt: skip
    if any(place.mirrored for place, one in meant if one in SIDES):
        told.append("a side marker reads mirrored: the image may have been turned over; side not established")
        sides = set()
    side, source = None, ""
    if body_part in TRUNK or body_part is None:
        at_right = {one if half == "right" else _other(one) for one, half in sides}
        if len(at_right) > 1:
            told.append("the side markers contradict each other: side not established")
        elif at_right:
            side = f"the patient's {at_right.pop()} is at the right edge of the image"
        stated = image.header.patient_orientation[:1]
        if side and stated and stated[0][:1] in ("L", "R"):
            edge = {"L": "left", "R": "right"}[stated[0][:1]]
            if f"patient's {edge}" not in side:
                told.append(f"the side marker and PatientOrientation contradict each other: {side} by the marker")
    elif len({one for one, _ in sides}) == 1:
        side = next(iter(sides))[0]
    if side:
        source = "marker " + ", ".join(f"{one[0].upper()} at image {half}" for one, half in sorted(sides))
    return Marked(side, source, _one(meant, VIEWS), _one(meant, POSITIONS), tuple(told))


def with_markers(image: Image, what: What) -> tuple[What, tuple[str, ...]]:
    """What a film is once its markers are read, and what there is to say of the text on it.

    The header stays where it speaks; a marker fills what it leaves open. Without either the side is not established.
    """
    if not what.is_film:
        return what, ()
    found = burnt_in(image)
    said = marked(image, found, what.body_part.value)
    told = [*found.told, *said.warnings]
    side, view, position = what.side, what.view, what.position
    if side.value is None and said.side:
        side = Fact(said.side, said.source, "likely")
    if view.value is None and said.view:
        view = Fact(said.view, "marker burnt into the pixels", "likely")
    elif said.view and view.value in VIEWS and said.view != view.value:
        told.append(f"a marker says {said.view}, the file says {view.value}")
    if position.value is None and said.position:
        position = Fact(said.position, "marker burnt into the pixels", "likely")
    elif said.position and said.position != position.value:
        told.append(f"a marker says {said.position}, the file says {position.value}")
    if side.value is None and not any("side not established" in line for line in told):
        told.append(NOT_ESTABLISHED)
    return replace(what, side=side, view=view, position=position), tuple(told)


def _one(meant: Sequence[tuple[object, str]], words: tuple[str, ...]) -> str | None:
    said = {one for _, one in meant if one in words}
    return said.pop() if len(said) == 1 else None


def _other(side: str) -> str:
    return "right" if side == "left" else "left"
