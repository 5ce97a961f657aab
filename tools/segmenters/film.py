"""`chest-film`: lung fields and heart of a frontal chest film, behind the contract of all segmenters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tools.errors import BadInput
from tools.imaging.frame import Image
from tools.imaging.what import Fact
from tools.segmenters.contract import Card, Prompts, Target
from tools.segmenters.lungs import VERSION
from tools.segmenters.segment import Segment

STRUCTURES = ("lung", "right lung", "left lung", "heart")
CARD = Card(
    name="chest-film",
    version=VERSION,
    title="Lung fields and heart on a frontal chest film",
    modalities=frozenset({"CR", "DX", "RG", "DR"}),
    anatomy=frozenset({"chest"}),
    dimensions=2,
    structures=STRUCTURES,
    prompts=frozenset({"structure"}),
    licence="Apache-2.0",
    source="Osler",
    measured="lung fields: mean Dice 0.931 on 58 films of 38 patients, cross-validated (osler bench cxr-lungs)",
)

EDGE = "edge of the image"
"""How `tools.imaging.what` says which of the patient's sides is where; a laterality of the part says nothing of it."""
NO_SIDE = "side not established: the patient's right is taken to be at the image's left, as films are shown"


class ChestFilm:
    """The segmenter."""

    card = CARD

    def lacks(self) -> str | None:
        """It always runs."""
        return None

    def segment(self, target: Target, structures: Sequence[str], prompts: Prompts | None = None) -> list[Segment]:
        """The lung fields, the heart, or both; "lung" gives both sides.

        Raises:
            BadInput: a volume, or a structure it does not know.
            NotAssessable: no frontal chest film, or one too poor for an outline.
        """
        from tools.imaging.chest import REPEAT, measurable
        from tools.imaging.markers_side import NOT_ESTABLISHED, with_markers
        from tools.imaging.masks import heart_of, lungs_of
        from tools.imaging.what import what_is

        unknown = [name for name in structures if name not in STRUCTURES]
        if unknown or not structures or not isinstance(target, Image):
            raise BadInput(
                f"{CARD.title} cannot be asked for that",
                found=", ".join(unknown) or ("no structure" if isinstance(target, Image) else "a volume"),
                expected=f"{', '.join(STRUCTURES)} of one image",
                action="name one of these",
            )
        known, read = with_markers(target, what_is(target))
        film = measurable(_turned(target, known.side), known, outline=True)
        lungs = lungs_of(film.image, None, None)
        found = [one for one in lungs.segments if "lung" in structures or one.structure in structures]
        if "heart" in structures:
            found.append(heart_of(film.image, None, lungs, None))
        told = read if EDGE in (known.side.value or "") else (*(one for one in read if one != NOT_ESTABLISHED), NO_SIDE)
        if film.quality is not None and film.quality.verdict != "ok":
            # Nobody is exposed again for a film that is only unusual.
            told = (*told, f"{film.quality.display}: {REPEAT}" if film.quality.faults else film.quality.display)
        return [replace(one, doubts=(*one.doubts, *lungs.doubts, *told)) for one in found]


def _turned(film: Image, side: Fact) -> Image:
    """The film with the side that a marker on it establishes, where the file states none."""
    if film.header.patient_orientation or EDGE not in (side.value or ""):
        return film
    toward = "R" if "patient's right" in str(side.value) else "L"
    return replace(film, header=replace(film.header, patient_orientation=(toward, "F")))


segmenter = ChestFilm()
