"""Whether a card fits an image, a structure and a prompt: asked before any weight is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tools.errors import BadInput, NotAssessable
from tools.imaging.volume import Volume, measurable
from tools.imaging.what import matches, region_of, what_is
from tools.segmenters.contract import PHOTOGRAPH, Card, Prompts, Target

PHOTOGRAPHS = frozenset({"OP", "XC", "DMS", "GM", "ES"})


@dataclass(frozen=True)
class Admitted:
    """What could not be told about a target that was let in."""

    doubts: tuple[str, ...] = ()


class WrongTarget(NotAssessable):
    """An image of another kind or region than the segmenter was made for."""

    code = "wrong_image"


def admit(card: Card, target: Target, structures: Sequence[str], prompts: Prompts) -> Admitted:
    """Let a question through, or say why it does not fit.

    Raises:
        WrongTarget: another modality, region or number of dimensions.
        NotAssessable: a volume that is not evenly sampled or leans.
        BadInput: a structure it does not know, or a prompt it does not take.
    """
    _check_prompts(card, structures, prompts)
    return fits(card, target)


def fits(card: Card, target: Target) -> Admitted:
    """Whether a card fits an image or a volume, whatever is asked of it.

    Raises:
        WrongTarget: another modality, region or number of dimensions.
        NotAssessable: a volume that is not evenly sampled or leans.
    """
    volume = isinstance(target, Volume)
    if volume != (card.dimensions == 3):
        needs, has = ("a volume", "one image") if card.dimensions == 3 else ("one image", "a volume")
        raise _wrong(card, has, needs)
    doubts = _of_volume(card, target) if isinstance(target, Volume) else _of_image(card, target)
    return Admitted(tuple(doubts))


def _check_prompts(card: Card, structures: Sequence[str], prompts: Prompts) -> None:
    by_name = {"structure", "text"} & card.prompts
    if structures and not by_name and len(structures) > 1:
        raise _unusable(card, f"{len(structures)} names", "one box or point, with one name or none")
    unknown = [name for name in structures if card.structures and name not in card.structures]
    if unknown:
        raise _unusable(card, ", ".join(unknown), f"one of {_shown(card.structures)}")
    refused = prompts.kinds - card.prompts
    if refused:
        raise _unusable(card, f"a {' and a '.join(sorted(refused))}", f"{' or '.join(sorted(card.prompts))}")
    if not structures and not prompts.kinds:
        raise _unusable(card, "nothing", f"a {' or a '.join(sorted(card.prompts))}")
    if by_name and not structures and not prompts.kinds & card.prompts - by_name:
        raise _unusable(card, "no structure", f"one of {_shown(card.structures)}")
    if not by_name and not prompts.kinds:
        raise _unusable(card, "a name alone", f"a {' or a '.join(sorted(card.prompts))} on the image")


def _of_image(card: Card, target: Target) -> list[str]:
    assert not isinstance(target, Volume)
    colour = target.photometric.startswith(("RGB", "YBR", "PALETTE"))
    stated = (target.header.modality or "").upper()
    # A card that names kinds of photographs (fundus, skin) is not for the others.
    of_any = (card.modalities & PHOTOGRAPHS) or PHOTOGRAPHS
    if PHOTOGRAPH in card.modalities and (stated in of_any or (not stated and colour)):
        return []
    known = what_is(target)
    answers = [matches(target, kind, None, known) for kind in sorted(card.modalities - {PHOTOGRAPH})]
    doubts = []
    if answers and not any(found.answer == "yes" for found in answers):
        if all(found.answer == "no" for found in answers):
            raise _wrong(card, answers[0].reason, _modalities(card))
        doubts.append(f"not known whether it is {_modalities(card)}: {answers[0].reason}")
    regions = [matches(target, None, region, known) for region in sorted(card.anatomy)]
    if regions and not any(found.answer == "yes" for found in regions):
        if all(found.answer == "no" for found in regions):
            raise _wrong(card, regions[0].reason, " or ".join(sorted(card.anatomy)))
        doubts.append(f"not known whether it shows {' or '.join(sorted(card.anatomy))}: {regions[0].reason}")
    return doubts


def _of_volume(card: Card, target: Volume) -> list[str]:
    doubts = []
    stated = (target.header.modality or "").upper()
    if stated and card.modalities and stated not in card.modalities:
        raise _wrong(card, f"the file says modality {stated}", _modalities(card))
    if not stated and card.modalities:
        doubts.append(f"not known whether it is {_modalities(card)}: the file does not say its modality")
    texts = [target.header.body_part, *target.header.anatomy, *target.header.descriptions]
    region = next((found for text in texts if text and (found := region_of(text))), None)
    if card.anatomy and region and region not in card.anatomy:
        raise _wrong(card, f"the file says {region}", " or ".join(sorted(card.anatomy)))
    if card.anatomy and not region:
        doubts.append(f"not known whether it shows {' or '.join(sorted(card.anatomy))}: the file does not say")
    measurable(target)
    if not target.square:
        raise NotAssessable(
            f"{target.name} leans by {target.tilt_deg:.1f} degrees",
            found="a tilted gantry",
            expected="slices stacked at right angles",
            action="straighten the series first (--resample square)",
        )
    return doubts


def _modalities(card: Card) -> str:
    return " or ".join(sorted(card.modalities))


def _shown(names: Sequence[str], most: int = 12) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def _wrong(card: Card, found: str, expected: str) -> WrongTarget:
    return WrongTarget(
        f"{card.title} is not for this image",
        found=found,
        expected=expected,
        action="take a segmenter made for such images, or give the right image",
    )


def _unusable(card: Card, found: str, expected: str) -> BadInput:
    return BadInput(
        f"{card.title} cannot be asked for that", found=found, expected=expected, action="see its card: osler doctor"
    )
