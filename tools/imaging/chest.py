"""Which attached image is the chest film, and whether anything may be measured on it (safety rules 14 and 16)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from tools.context import ToolContext
from tools.errors import NotAssessable
from tools.imaging.attached import attached, patient_of
from tools.imaging.describe import grade
from tools.imaging.frame import Image
from tools.imaging.identity import Identity, compare_identity
from tools.imaging.likeness import UNLIKELY
from tools.imaging.quality import Quality
from tools.imaging.volume import Volume
from tools.imaging.what import Match, What, matches, what_is
from tools.spec import Params

FRONTAL = ("PA", "AP")
ADULT = 18  # as NICE NG158 and KDIGO 2024 have it (knowledge/corpus)
REPEAT = "take the film from the archive, or repeat it"
NO_FILM = "attach a frontal chest film with --image FILE"


class FilmParams(Params):
    """Which film. What a person may correct counts only as evidence bound from a step, never as an argument."""

    image: str | None = Field(default=None, description="its name or SHA-256; not needed where there is one chest film")
    frame: int = Field(default=0, ge=0, description="which frame, from 0")
    identity: str | None = Field(default=None, description="bound from image.film_fact: whether it is this patient's")
    quality: str | None = Field(default=None, description="bound from image.film_fact: its quality")


@dataclass(frozen=True)
class Film:
    """A film that may be measured on, with what it is."""

    image: Image
    what: What
    quality: Quality | None


def bound(ctx: ToolContext, name: str) -> str | None:
    """The text that a step bound to a parameter; None where none was, whatever the argument says."""
    evidence = ctx.inputs.get(name)
    return evidence.value if evidence is not None and isinstance(evidence.value, str) else None


def find_film(ctx: ToolContext, name: str | None, frame: int) -> tuple[Image, What]:
    """The image named; else the newest attached frontal chest film.

    Raises:
        NotAssessable: none is attached, or none is known to be a chest film.
    """
    films = [file for file in ctx.images if file.kind == "image"]
    if name is not None or not films:
        image = attached(ctx, name, frame)
        return image, what_is(image)
    known: dict[str, tuple[Image, What]] = {}
    answers: list[Match] = []
    for sha256 in dict.fromkeys(file.sha256 for file in films):
        image = attached(ctx, sha256, frame)
        what = what_is(image)
        answers.append(frontal(image, what))
        if answers[-1].answer == "yes":
            known[sha256] = image, what
    if not known:
        raise not_frontal(answers[0])
    return max(known.values(), key=lambda pair: pair[0].header.taken_at or "")


def frontal(image: Image, what: What) -> Match:
    """Whether an image is, by its header or likely by its pixels, a frontal chest film."""
    found = matches(image, "XR", "chest", what)
    if found.answer != "yes":
        return found
    if what.view.value not in (None, *FRONTAL):
        return Match("no", f"the file says the view is {what.view.value}")
    if what.chest_likeness is not None and what.chest_likeness < UNLIKELY:
        return Match("no", f"the pixels look nothing like a frontal chest film ({what.chest_likeness:.2f})")
    if image.photometric.startswith(("RGB", "YBR", "PALETTE")):
        return Match("no", "a colour picture")
    return found


def not_frontal(why: Match) -> NotAssessable:
    """The refusal of an image that is no frontal chest film, or is not known to be one."""
    return NotAssessable(
        "this is not known to be a frontal chest film" if why.answer == "unknown" else "this is no frontal chest film",
        found=why.reason,
        expected="a grey frontal film of the chest",
        action=NO_FILM,
    )


def identity_of(image: Image | Volume, ctx: ToolContext) -> Identity:
    """Whose image it is.

    Raises:
        NotAssessable: no patient to compare with.
        IdentityMismatch: it is another patient's; no correction lifts that.
    """
    return compare_identity(image.header.who, patient_of(ctx))


def measurable(image: Image, what: What, judged: str | None = None, outline: bool = False) -> Film:
    """A film on which something may be measured.

    Args:
        judged: its quality by a person's word, where there is one.
        outline: only an outline is wanted, which survives more than a measurement may rest on.

    Raises:
        NotAssessable: no frontal chest film, or its quality is unusable.
    """
    if (why := frontal(image, what)).answer != "yes":
        raise not_frontal(why)
    quality = grade(image, what)
    verdict = (quality.outlines if outline else quality.verdict) if quality else None
    if (judged or verdict) == "unusable":
        raise NotAssessable(
            "the film's quality is too poor to measure on",
            found=quality.display if quality else "unusable",
            expected="a film of adequate quality",
            action=REPEAT,
        )
    return Film(image, what, quality)


def film_for(params: FilmParams, ctx: ToolContext) -> Film:
    """The film of this consultation, once it is known to be this patient's and fit to be measured on.

    Raises:
        NotAssessable: whose it is is not confirmed, it is no frontal chest film, or its quality is unusable.
        IdentityMismatch: it is another patient's.
    """
    image, what = find_film(ctx, params.image, params.frame)
    identity = identity_of(image, ctx)
    if (bound(ctx, "identity") or identity.status) != "confirmed":
        raise NotAssessable(
            "nothing is measured on an image before it is known to be this patient's",
            found=identity.display,
            expected="an identity that is confirmed",
            action='a named person corrects the image\'s identity to "confirmed"',
        )
    return measurable(image, what, bound(ctx, "quality"))


def shortcomings(view: str | None, position: str | None, quality: str | None, age: Any = None) -> list[str]:
    """Why heart size would not be judged on a film, by safety rule 16; empty where nothing stands against it."""
    told = []
    if view != "PA":
        told.append(f"{view} view" if view else "view not known")
    if position != "erect":
        told.append(f"{position} position" if position else "not known whether erect")
    if quality not in ("ok", None):
        told.append(f"{quality} quality")
    years = age.get("value") if isinstance(age, dict) else age
    if years is None:
        told.append("age not known")
    elif float(years) < ADULT:
        told.append("not an adult")
    return told
