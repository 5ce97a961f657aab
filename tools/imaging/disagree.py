"""Where what is said of an image does not fit: a model, a classifier, measures, the header, the record.

Pure functions from evidence to cards. A card holds both statements with the ids of their evidence and names no winner:
each may be wrong, and a person looks at the image. What is not said is no statement: silence disagrees with nothing,
and a model's words that exclude or call normal count for nothing here as elsewhere (safety rule 5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from knowledge.evidence import Evidence, ImageRegion, ModelReading
from tools.vlm.asked import kinds_named
from tools.vlm.limits import EXCLUSION, NORMAL, oversteps

Kind = Literal["finding", "heart size", "side", "kind of image", "lung removed"]
Side = Literal["right", "left"]
SAME_FILM = ("XR", "DX", "CR", "RF", "MG")
_SIDE = re.compile(r"\b(right|left)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Disagreement:
    """Two statements that cannot both hold, and the ids of their evidence."""

    kind: Kind
    about: str
    first: str
    second: str
    evidence: tuple[str, str]
    look: str


@dataclass(frozen=True)
class Says:
    """That something finds a thing present, or absent, on an image or in the record."""

    finding: str
    present: bool
    evidence: Evidence
    who: str


def findings(said: Sequence[Says]) -> list[Disagreement]:
    """Every pair of which one finds present what the other finds absent."""
    return [
        Disagreement(
            "finding", yes.finding, _shown(yes.who, yes.evidence), _shown(no.who, no.evidence),
            (yes.evidence.id, no.evidence.id), "look at the image, and at when each was said",
        )
        for yes in said
        if yes.present
        for no in said
        if not no.present and no.finding == yes.finding
    ]  # fmt: skip


def of_reading(reading: Evidence, words: Mapping[str, Iterable[str]]) -> list[Says]:
    """What a model's words find present: `words` are those for each finding. Words that exclude anything, or call it
    normal, find nothing present, because which of the two they mean is not told apart."""
    text = opinion(reading)
    if {EXCLUSION, NORMAL} & set(oversteps(text)):
        return []
    return [Says(finding, True, reading, "a model") for finding, names in words.items() if _names(text, names)]


def heart_size(enlarged: Says | None, ratio: Evidence, above: float, against: Sequence[str]) -> list[Disagreement]:
    """A heart called enlarged, or not, and a ratio whose whole range says otherwise.

    Args:
        above: from which ratio on a reader calls it abnormal.
        against: why heart size is not judged on this film (safety rule 16); then nothing is compared.
    """
    if enlarged is None or against or ratio.range is None:
        return []
    low, high = ratio.range
    says = f"cardiothoracic ratio {ratio.display} (a reader calls more than {above:g} abnormal)"
    if (enlarged.present and high < above) or (not enlarged.present and low > above):
        return [
            Disagreement("heart size", "Size of the heart", _shown(enlarged.who, enlarged.evidence),
                         f"{says} [{ratio.id}]", (enlarged.evidence.id, ratio.id),
                         "check the calipers on the film; the ratio drawn here is not validated"),
        ]  # fmt: skip
    return []


def sides(reading: Evidence, middle: float, film: Evidence, *, flipped: bool = False) -> list[Disagreement]:
    """A region that a model names right or left and that lies wholly on the other side of the midline.

    Args:
        middle: column of the patient's midline.
        film: what says how the film is turned, or that nothing does.
        flipped: the patient's right is at the image's right.
    """
    if not isinstance(reading.source, ModelReading):
        return []
    found: list[Disagreement] = []
    for region in reading.source.regions:
        named, lies = _one_side(region.label), _lies(region, middle, flipped=flipped)
        if named and lies and named != lies:
            found.append(
                Disagreement(
                    "side", f"Side of “{region.label}”", f"a model: “{region.label}” [{reading.id}]",
                    f"its box lies on the patient's {lies} as the film is shown: {film.display} [{film.id}]",
                    (reading.id, film.id), "find the side marker on the film",
                )
            )  # fmt: skip
    return found


def laterality(side: Evidence, other: Evidence, words: str) -> list[Disagreement]:
    """An image of one side of the body, and words (a question, a report, an opinion) that name only the other."""
    named, stated = _one_side(words), _one_side(str(side.value or ""))
    if not named or not stated or named == stated:
        return []
    return [
        Disagreement("side", "Side of the body", f"the image: {side.display} [{side.id}]",
                     f"“{words}” [{other.id}]", (side.id, other.id), "find out which side was imaged")
    ]  # fmt: skip


def kind_of_image(kind: Evidence, reading: Evidence) -> list[Disagreement]:
    """An image of one kind, and a model that describes another kind."""
    stated, named = str(kind.value or "").upper(), kinds_named(opinion(reading))
    if not stated or not named or stated in named or ("XR" in named and stated in SAME_FILM):
        return []
    return [
        Disagreement("kind of image", "Kind of image", f"the file: {kind.display} [{kind.id}]",
                     _shown("a model", reading), (kind.id, reading.id), "the model may not have seen what the image is")
    ]  # fmt: skip


def lung_removed(
    side: Side, removed: Evidence, lungs: Mapping[Side, Evidence], share: float = 0.5
) -> list[Disagreement]:
    """A record of a lung removed, and an outline of that lung at least half as large as the other's.

    Args:
        lungs: the area of each lung field as evidence, in one unit.
    """
    own, other = lungs.get(side), lungs.get("left" if side == "right" else "right")
    if removed.value is not True or own is None or other is None:
        return []
    areas = (own.quantity, other.quantity)
    if any(area is None or area.value <= 0 for area in areas):
        return []
    if areas[0].value < share * areas[1].value:  # type: ignore[union-attr]
        return []
    return [
        Disagreement("lung removed", f"The {side} lung", f"the record: {removed.display} [{removed.id}]",
                     f"the outline: {own.display} [{own.id}]", (removed.id, own.id),
                     "is it this patient's film, from after the operation, and the right way round?")
    ]  # fmt: skip


def opinion(reading: Evidence) -> str:
    """What a model said, without who said it, and the names of its regions."""
    said = reading.display.partition("“")[2].rpartition("”")[0] or reading.display
    regions = reading.source.regions if isinstance(reading.source, ModelReading) else ()
    return " ".join([said, *(region.label for region in regions)])


def _lies(region: ImageRegion, middle: float, *, flipped: bool) -> Side | None:
    """The patient's side on which a box lies as a whole."""
    if region.box[2] <= middle:
        return "left" if flipped else "right"
    if region.box[0] >= middle:
        return "right" if flipped else "left"
    return None


def _one_side(text: str) -> Side | None:
    named = {found.casefold() for found in _SIDE.findall(text)} | {{"r": "right", "l": "left"}.get(text.casefold(), "")}
    named.discard("")
    return ("right" if named == {"right"} else "left") if len(named) == 1 else None


def _names(text: str, names: Iterable[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) for name in names)


def _shown(who: str, evidence: Evidence) -> str:
    return f"{who}: {evidence.display} [{evidence.id}]"
