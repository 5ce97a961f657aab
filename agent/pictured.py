"""A question that asks for a structure's outline or size on an image that came with it: outlined, then measured.

What is outlined by name is; what a person has to point at has a place kept for that. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.instructed import is_instruction
from agent.planners.choice import PROTOCOL_PLANNER, Choice
from agent.state import Json
from agent.steps import step
from knowledge.evidence import DicomRegion, Evidence
from tools.segmenters.asked import EMPHYSEMA, ON_IMAGE, Asked, asked_of
from tools.segmenters.structures import kind_of
from tools.vlm.asked import kinds_named

OUTLINE = "outline:"
"""What is looked up on an image: outline:NUMBER:SHA-256:named or pointed:STRUCTURE; NUMBER_2 for its second one."""
SLOT = "lookup.{}_{}"
REASON = "it asks for an outline or a size on an image that came with it"
_OPEN = ("none", "ask", "lookup")
_MOST = 3
_DIGITS = 12


@dataclass(frozen=True)
class Picture:
    """An image that came with the question, as it was described."""

    number: int
    sha256: str
    kind: str | None
    chest: bool
    volume: bool


def pictures_of(read: Mapping[str, Sequence[Evidence]], case: Json) -> list[Picture]:
    """The images and volumes of a question, by what `image.describe` found of each."""
    volumes = {row["sha256"] for row in case.get("attachments", []) if row["kind"] == "volume"}
    found = []
    for slot, items in read.items():
        if not slot.startswith("image.") or not items or not isinstance(items[0].source, DicomRegion):
            continue
        facts = {item.slot.removeprefix(f"{slot}."): str(item.value or "") for item in items[1:]}
        key = items[0].source.file_sha256 or ""
        chest = facts.get("body_part", "").lower() == "chest"
        kind = kind_of(facts.get("modality", ""))
        found.append(Picture(int(slot.removeprefix("image.")), key, kind, chest, key in volumes))
    return found


def pictured(choice: Choice, question: str, pictures: Sequence[Picture]) -> Choice:
    """The choice, turned into outlines and sizes where the question asks for them.

    A protocol that takes the question keeps it, save where the question says of which image it speaks and the protocol
    is not about images. What is looked up in the record is still looked up where no image is spoken of.
    """
    if choice.decided_by != PROTOCOL_PLANNER or not pictures or is_instruction(choice.reasons):
        return choice
    kinds = {picture.kind for picture in pictures}
    asked = asked_of(question, next(iter(kinds)) if len(kinds) == 1 else None)
    if not any(_takes_over(choice, one, question, pictures) for one in asked):
        return choice
    looked_up: list[str] = []
    left = 0
    for place, structure in enumerate(asked, start=1):
        chosen, more = _chosen(structure, question, pictures)
        left = max(left, more)
        how = "named" if structure.named else "pointed"
        nth = f"_{place}" if place > 1 else ""
        looked_up += [f"{OUTLINE}{one.number}{nth}:{one.sha256[:_DIGITS]}:{how}:{structure.what}" for one in chosen]
    if not looked_up:
        return choice
    before = choice.lookup if choice.kind == "lookup" and not ON_IMAGE.search(question) else ()
    needs = (f"{left} more images fit: ask about them by themselves",) if left else ()
    return Choice("lookup", lookup=(*before, *looked_up), needs=needs, reasons=(REASON,), decided_by=choice.decided_by)


def _chosen(asked: Asked, question: str, pictures: Sequence[Picture]) -> tuple[list[Picture], int]:
    """The images that are meant, and how many more fit; none where another kind of image is spoken of."""
    named = set(kinds_named(question))
    meant = [one for one in pictures if not named or one.kind is None or one.kind in named]
    fit = [one for one in meant if one.kind is None or not asked.seen or one.kind in asked.seen]
    if not fit and not ON_IMAGE.search(question):
        return [], 0
    fit = fit or meant
    # A series is outlined as a whole: its single slices beside it say the same again.
    fit = [one for one in fit if one.volume] or fit
    return fit[:_MOST], max(0, len(fit) - _MOST)


def _takes_over(choice: Choice, asked: Asked, question: str, pictures: Sequence[Picture]) -> bool:
    if choice.kind in _OPEN:
        return True
    film = any(one.chest and not one.volume and one.kind in (None, "XR") for one in pictures)
    about_images = {"chest-film"} if film else set()
    if not asked.named:
        about_images |= {"incidental-lung-nodule", "tumour-response"}
    if about_images & set(choice.protocols):
        return False
    return asked.wants == "outline" or bool(ON_IMAGE.search(question))


def outline_steps(looked_up: str) -> list[Json]:
    """The steps of one image: whose it is, where a person points, the outline, its sizes."""
    number, image, how, structure = looked_up.removeprefix(OUTLINE).split(":", 3)
    picture = f"picture_{number.partition('_')[0]}"
    identity, pointed, outline, sizes = (
        f"{picture}.identity",
        *(SLOT.format(name, number) for name in ("pointed", "outline", "sizes")),
    )
    on = {"image": image, "structure": structure}
    who = {"identity": identity}
    ask = f"Point at the {structure}: a box around it or a click on it, on one slice"
    steps = [
        step(identity, "image.film_fact", {"image": image, "fact": "identity"}),
        step(pointed, "image.point", on, who, ask=ask),
        step(outline, "image.segment", on, {**who, "pointed": pointed}, None if how == "named" else {"known": pointed}),
        step(sizes, "image.sizes", on, {**who, "outline": outline}, {"known": outline}),
    ]
    if structure != EMPHYSEMA:
        return steps
    # How the scan was taken is asked for, never guessed (safety rule 16).
    told = [
        step(f"{picture}.{fact}", "image.scan_fact", {"image": image, "fact": fact}, ask=question)
        for fact, question in (
            ("inspiration", "Was the CT taken in full inspiration?"),
            ("contrast", "Was contrast given into a vein?"),
        )
    ]
    steps[-1] = step(
        sizes,
        "image.sizes",
        on,
        {**steps[-1]["bindings"], **{_fact(one): one["slot"] for one in told}},
        steps[-1]["when"],
    )
    return [*steps[:-1], *told, steps[-1]]


def _fact(body: Json) -> str:
    return str(body["arguments"]["fact"])
