"""What an image is: modality, region, view, side, position of the patient; each with where that was read, or unknown.

The header decides where it speaks. Of the pixels little is said, and only as likely: that they look like an upright
frontal chest film, or, in colour, like a photograph of the fundus or of skin. Markers burnt into a film are read by
`tools.imaging.markers_side.with_markers`. `matches` answers whether a question about a modality and a region can be
put to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from tools.imaging.colour_kind import FUNDUS, OTHER, colour_kind
from tools.imaging.frame import Header, Image
from tools.imaging.likeness import LIKELY, UNLIKELY, frontal_chest
from tools.imaging.spacing import PROJECTION
from tools.imaging.volume import Volume, slices_lie

FILMS = {"CR", "DX", "RG", "DR"}
Answer = Literal["yes", "no", "unknown"]
# Words of body parts and descriptions, most telling first; DICOM's Body Part Examined values are among them.
_REGIONS: dict[str, str] = {
    "chest": r"chest|thora(x|cic)\b|\bcxr\b|lungs?\b|\bribs?\b|tórax|poumon|lunge",
    "abdomen": r"abdo\w*|\bkub\b|abdomen",
    "pelvis": r"pelvi\w*|\bhips?\b",
    "head": r"\bhead\b|skull|brain|cranium|\bface\b|sinus\w*",
    "neck": r"\bneck\b|[ct]?-?spine\b|spine|\bcerv\w*|lumbar|\btspine\b|\bcspine\b|\blspine\b",
    "breast": r"breast|mammo\w*",
    "arm": r"\barms?\b|\bhands?\b|wrist|elbow|shoulder|humerus|forearm|finger|clavicle|upper extremity",
    "leg": r"\blegs?\b|\bfeet\b|foot|ankle|knee|femur|tibia|\btoes?\b|lower extremity",
    "heart": r"heart|cardiac|coronar\w*",
    "eye": r"\beyes?\b|retina|fundus|orbit",
}
_VIEWS = {
    "PA": r"\bPA\b|postero-?\s?anterior",
    "AP": r"\bAP\b|antero-?\s?posterior",
    "lateral": r"\b(LL|RL|LAT|LATERAL)\b",
}
_POSITIONS = {
    "supine": r"supine|\blying\b|recumbent|decubitus",
    "semi-erect": r"semi-?\s?(erect|upright)|\bsitting\b",
    "erect": r"\b(erect|upright|standing)\b",
}
_PLANE_FROM = {"DICOM": "ImageOrientationPatient"}
_MODALITY_NAMES = {"XR": FILMS, "X-RAY": FILMS, "RADIOGRAPH": FILMS, "CHEST FILM": FILMS, "MRI": {"MR"}}


@dataclass(frozen=True)
class Fact:
    """A value, where it was read, and how sure: stated by the file, likely, or unknown."""

    value: str | None = None
    source: str = "not stated"
    confidence: Literal["stated", "likely", "unknown"] = "unknown"

    def __str__(self) -> str:
        return self.value or "unknown"


@dataclass(frozen=True)
class What:
    """What an image is said, or seems, to be. `chest_likeness` is measured on the pixels of grey images; `kind` is the
    likely kind of a photograph in colour."""

    modality: Fact
    body_part: Fact
    view: Fact
    position: Fact
    side: Fact
    chest_likeness: float | None = None
    kind: Fact = Fact()

    @property
    def is_film(self) -> bool:
        """A projection film, by its header, or likely a chest film, by its pixels."""
        return self.modality.value in FILMS or (self.modality.value is None and self.likely_chest)

    @property
    def likely_chest(self) -> bool:
        """Likely a frontal chest film, by its pixels alone."""
        return self.body_part.value == "chest" and self.body_part.confidence == "likely"

    @property
    def display(self) -> str:
        """One line for people."""
        parts = [f"{name} {fact} ({fact.source})" for name, fact in self._facts() if fact.value]
        missing = [name for name, fact in self._facts() if not fact.value]
        return "; ".join([*parts, f"not known: {', '.join(missing)}" if missing else ""]).strip("; ")

    def _facts(self) -> list[tuple[str, Fact]]:
        return [
            ("modality", self.modality),
            *([("kind", self.kind)] if self.kind.value else []),
            ("body part", self.body_part),
            ("view", self.view),
            ("position", self.position),
            ("side", self.side),
        ]


@dataclass(frozen=True)
class Match:
    """Whether an image is of a modality and a region, and why."""

    answer: Answer
    reason: str


def what_is(image: Image) -> What:
    """What an image is."""
    said = what_stated(image.header)
    stated = (image.header.modality or "").upper() or None
    grey_picture = image.photometric != "RGB" and not image.photometric.startswith(("YBR", "PALETTE"))
    likeness = None
    film_like = grey_picture and image.format != "NIfTI"
    if film_like and min(image.pixels.shape) >= 64 and (stated is None or stated in (*PROJECTION, "OT", "SC")):
        likeness = round(frontal_chest(image.pixels), 2)
    body_part = said.body_part
    if body_part.value is None and likeness is not None and likeness >= LIKELY:
        source = f"pixels: likeness to a frontal chest film {likeness:.2f}, limit {LIKELY:.2f}"
        body_part = Fact("chest", source, "likely")
    kind = _photograph(image) if stated in (None, "OT", "SC", "XC", "OP") else Fact()
    if body_part.value is None and kind.value == FUNDUS:
        body_part = Fact("eye", kind.source, "likely")
    return replace(said, body_part=body_part, chest_likeness=likeness, kind=kind)


def what_stated(header: Header) -> What:
    """What a header alone says."""
    stated = (header.modality or "").upper() or None
    modality = Fact(stated, "Modality", "stated") if stated and stated != "OT" else Fact()
    return What(modality, _region(header), _view(header), _described(header, _POSITIONS), _side(header))


def what_of_volume(volume: Volume) -> What:
    """What a volume is: what its header says, and the plane in which its slices lie."""
    plane = Fact(slices_lie(volume.affine), _PLANE_FROM.get(volume.format, volume.spacing_source), "stated")
    return replace(what_stated(volume.header), view=plane)


def _photograph(image: Image) -> Fact:
    """The likely kind of a picture in colour. Skin names no region: any may be seen."""
    if image.colour is None:
        return Fact()
    found = colour_kind(image.colour)
    if found.kind == OTHER:
        return Fact()
    return Fact(found.kind, f"pixels: colours and lines of a {found.kind}, {found.confidence:.2f}", "likely")


def matches(image: Image, modality: str | None, anatomy: str | None, what: What | None = None) -> Match:
    """Whether a question about `modality` (a DICOM code, or "XR" for films) and `anatomy` fits the image.

    "no" only where the file states otherwise, is in colour, or its pixels look nothing like what is asked for.
    """
    known = what or what_is(image)
    answers = [_modality_matches(image, known, modality), _anatomy_matches(known, anatomy)]
    for wanted in ("no", "unknown", "yes"):
        reasons = [found.reason for found in answers if found.answer == wanted and found.reason]
        if any(found.answer == wanted for found in answers):
            return Match(wanted, "; ".join(reasons))
    raise AssertionError("unreachable: every answer is one of three")


def _modality_matches(image: Image, known: What, modality: str | None) -> Match:
    if modality is None:
        return Match("yes", "")
    asked = modality.upper()
    wanted = _MODALITY_NAMES.get(asked, {asked})
    found = known.modality.value
    if found is not None:
        return Match("yes" if found in wanted else "no", f"the file says modality {found}")
    if wanted <= {*PROJECTION, "CT", "MR"} and image.photometric == "RGB":
        return Match("no", "a colour picture")
    if wanted & FILMS and known.likely_chest:
        return Match("yes", f"likely a film ({known.body_part.source})")
    return Match("unknown", "the file does not say its modality")


def _anatomy_matches(known: What, anatomy: str | None) -> Match:
    if anatomy is None:
        return Match("yes", "")
    wanted = region_of(anatomy) or anatomy.casefold()
    found = known.body_part
    if found.value is not None:
        says = "the file says" if found.confidence == "stated" else "likely"
        return Match("yes" if found.value == wanted else "no", f"{says} {found.value} ({found.source})")
    if wanted == "chest" and known.chest_likeness is not None and known.chest_likeness < UNLIKELY:
        return Match("no", f"the pixels look nothing like a frontal chest film ({known.chest_likeness:.2f})")
    return Match("unknown", "the file does not say its region")


def region_of(text: str) -> str | None:
    """The region a text names."""
    plain = text.replace("_", " ").casefold()
    return next((name for name, pattern in _REGIONS.items() if re.search(pattern, plain)), None)


def _region(header: Header) -> Fact:
    for source, text in (
        ("BodyPartExamined", header.body_part),
        *(("AnatomicRegionSequence", text) for text in header.anatomy),
        *(("description", text) for text in header.descriptions),
    ):
        if text and (found := region_of(text)):
            return Fact(found, source, "stated")
    if header.body_part:
        return Fact(header.body_part.casefold(), "BodyPartExamined", "stated")
    return Fact()


def _view(header: Header) -> Fact:
    for source, text in (("ViewPosition", header.view_position), ("ViewCodeSequence", header.view_code)):
        if text:
            found = next((name for name, pattern in _VIEWS.items() if re.search(pattern, text, re.IGNORECASE)), text)
            return Fact(found, source, "stated")
    return _described(header, _VIEWS)


def _described(header: Header, patterns: dict[str, str]) -> Fact:
    """From descriptions; several different words ("PA AND LAT") name the study, not this image."""
    for text in header.descriptions:
        found = [name for name, pattern in patterns.items() if re.search(pattern, text, re.IGNORECASE)]
        if found[:1] == ["semi-erect"]:
            found = found[:1]
        if len(found) == 1:
            return Fact(found[0], "description", "stated")
    return Fact()


def _side(header: Header) -> Fact:
    """The side of a paired part, or which way the rows of a film run, as the header has it."""
    if header.laterality and header.laterality.upper() in ("L", "R", "B", "U"):
        names = {"L": "left", "R": "right", "B": "both sides", "U": "unpaired"}
        return Fact(names[header.laterality.upper()], "Laterality", "stated")
    if header.patient_orientation and header.patient_orientation[0][:1] in ("L", "R"):
        toward = {"L": "left", "R": "right"}[header.patient_orientation[0][:1]]
        return Fact(f"the patient's {toward} is at the right edge of the image", "PatientOrientation", "stated")
    return Fact()
