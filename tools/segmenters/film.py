"""`chest-film`: lung fields and heart of a frontal chest film, behind the contract of all segmenters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tools.errors import BadInput
from tools.imaging.frame import Image
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
            NotAssessable: no frontal chest film, or one of unusable quality.
        """
        from tools.imaging.chest import measurable
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
        film = measurable(target, what_is(target))
        lungs = lungs_of(film.image, None, None)
        found = [one for one in lungs.segments if "lung" in structures or one.structure in structures]
        if "heart" in structures:
            found.append(heart_of(film.image, None, lungs, None))
        return [replace(one, doubts=(*one.doubts, *lungs.doubts)) for one in found]


segmenter = ChestFilm()
