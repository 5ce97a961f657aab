"""`osler image corrections`: what people corrected on images, as training data without names (docs/reading.md).

Nothing leaves by itself: a person names the folder. The picture itself goes along only where a consent or another
ground is named and the file states that no words are burnt into it; masks alone otherwise, and always of a series.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent.attach import image_files
from agent.effects import Effects
from agent.redraw import OUTLINE
from agent.settings import Settings
from agent.similar import site_key
from agent.state import Json, State, load
from knowledge.evidence import DicomRegion, Evidence, Statement
from tools.errors import NotAssessable, OslerError, UsageError

if TYPE_CHECKING:
    from tools.imaging.outline_files import AnyMask
    from tools.imaging.training import Corrected
    from tools.segmenters.contract import Target

MASK = "mask"
_LUNGS = ("right lung", "left lung")


def export(
    settings: Settings,
    consultations: Sequence[str],
    out: Path,
    consent: str | None = None,
    licence: str | None = None,
) -> Json:
    """The document of `osler image corrections --json`; without consultations, of all that hold a correction.

    Raises:
        UsageError: no such consultation, or a folder that is not empty and holds no corrections.
    """
    from agent.api import ClinicalAssistant
    from tools.imaging.training import LINES, write

    if out.is_dir() and any(out.iterdir()) and not (out / LINES).exists():
        raise UsageError(
            f"{out} holds something else",
            found="files that are no corrections",
            expected="an empty folder, or one with corrections to go on with",
            action="name another folder",
        )
    rows: list[Json] = []
    left_out: list[Json] = []
    effects = Effects(settings.consultations.with_name("effects.sqlite"))
    try:
        named = list(consultations) or effects.holding("correction")
    finally:
        effects.close()
    with ClinicalAssistant(settings.model_copy(update={"model": None, "model_url": None})) as osler:
        for consultation in named:
            state = osler.open(consultation).state
            items, left = of_consultation(state, settings, consent, licence)
            rows += write(items, out)
            left_out += [{"consultation": consultation, **one} for one in left]
    return {
        "folder": str(out),
        "corrections": rows,
        "left_out": left_out,
        "patients": len({row["patient"] for row in rows}),
        "pictures": sum(row["picture"] is not None for row in rows),
        "consent": consent,
        "licence": licence,
    }


def of_consultation(
    state: State, settings: Settings, consent: str | None, licence: str | None
) -> tuple[list[Corrected], list[Json]]:
    """The outlines that were corrected in a consultation, and what was left out and why. A trial (what if) has none."""
    if state["case"].get("branch_of"):
        return [], [{"reason": "a trial, nobody's correction"}]
    held = {name: load(body) for name, body in state["evidence"].items()}
    made: list[Corrected] = []
    left: list[Json] = []
    for item in held.values():
        drawn = _drawn(item, held)
        if drawn is None:
            continue
        try:
            made += _corrected(item, *drawn, state, settings, consent, licence)
        except OslerError as error:
            left.append({"evidence": item.id, "reason": error.message})
    return made, left


def _drawn(item: Evidence, held: dict[str, Evidence]) -> tuple[Evidence, DicomRegion] | None:
    """What a person's outline took the place of, and the region it is of; None where it is no such outline."""
    if not isinstance(item.source, Statement) or item.source.assertion != "correction" or item.supersedes not in held:
        return None
    before = first = held[str(item.supersedes)]
    while isinstance(first.source, Statement) and first.supersedes in held:
        first = held[str(first.supersedes)]
    source = first.source
    known = isinstance(source, DicomRegion) and source.segment in ("lung", "heart", OUTLINE, MASK)
    return (before, source) if isinstance(source, DicomRegion) and known else None


def _corrected(
    item: Evidence,
    before: Evidence,
    drawn: DicomRegion,
    state: State,
    settings: Settings,
    consent: str | None,
    licence: str | None,
) -> list[Corrected]:
    """What a person drew, part by part: one row for each that is other than before."""
    from tools.imaging.attached import target_of
    from tools.imaging.frame import Image
    from tools.imaging.outline_files import KEPT
    from tools.imaging.training import Corrected, pseudonym

    case = state["case"]
    kept = [file for file in image_files(case, settings.home / "attachments") if file.sha256 == drawn.file_sha256]
    if not kept:
        raise UsageError("the film is no longer part of the consultation", found=str(drawn.file_sha256)[:12])
    if not str(item.value).startswith(KEPT):
        said = "was rejected, nothing was drawn in its place" if item.value is None else "was drawn by a program"
        raise NotAssessable(
            f"the outline {said}", found=item.display, expected="what a person drew", action="outline it by hand"
        )
    target = target_of(kept[0], drawn.frame or 0)
    folder = kept[0].path.parent
    was, now, flipped = _both(target, str(before.value or ""), str(item.value), drawn, folder)
    key = site_key(settings)
    assert isinstance(item.source, Statement)
    pixels = modality = view = None
    if isinstance(target, Image):
        from tools.imaging.what import what_is

        what = what_is(target)
        modality, view = what.modality.value, what.view.value
        if consent is not None and (target.header.burned_in or "").upper() == "NO":
            pixels = target.pixels
    else:
        modality = target.header.modality
    by_hand = not before.value or str(before.value).startswith(KEPT)
    by = "by hand" if by_hand else str(getattr(before.source, "algorithm", None) or "a program, corrected by a person")
    return [
        Corrected(
            patient=pseudonym(key, "patient", str(case.get("patient"))),
            image=pseudonym(key, "image", f"{drawn.file_sha256}/{drawn.frame or 0}"),
            structure=_without_words(name),
            algorithm=by,
            by=pseudonym(key, "person", item.source.by or ""),
            before=was[name],
            after=now[name],
            pixels=pixels,
            flipped=flipped,
            modality=modality,
            view=view,
            consent=consent,
            licence=licence,
        )
        for name in now
        if (was[name] != now[name]).any()
    ]


def _without_words(name: str) -> str:
    """What a part is called in the vocabulary; a person's own words may name anybody."""
    from tools.errors import BadInput
    from tools.segmenters.structures import OBJECT, coding_of, zones

    zone = name.partition(", ")[2]
    try:
        coding_of(name)
    except BadInput:
        return OBJECT
    return name if not zone or zone in zones() else OBJECT


def _both(
    target: Target, before: str, after: str, drawn: DicomRegion, folder: Path
) -> tuple[dict[str, AnyMask], dict[str, AnyMask], bool]:
    """The parts before and after under the same names, and whether a film is shown turned round."""
    import numpy as np

    from tools.imaging.frame import Image
    from tools.imaging.masks import heart_of, lungs_of, mask_of, outlined_parts

    name = str(drawn.segment)
    if isinstance(target, Image) and name in ("lung", "heart"):
        fields = lungs_of(target, before if name == "lung" else None, folder)
        mask = fields.right.mask | fields.left.mask
        if name == "heart":
            mask = heart_of(target, before, fields, folder).mask
        return {name: mask}, {name: mask_of(target, after, folder)}, fields.flipped
    parts = [outlined_parts(target, one, folder) if one else {} for one in (before, after)]
    flipped = isinstance(target, Image) and (target.header.patient_orientation or ("",))[0].startswith("R")
    if isinstance(target, Image) and set(parts[1]) == set(_LUNGS):
        # A film's lungs are one outline to learn from, as `image.outline` has them.
        parts = [{"lung": np.logical_or.reduce(list(one.values()))} if one else {} for one in parts]
    shape = target.pixels.shape if isinstance(target, Image) else target.values.shape
    empty = np.zeros(shape, dtype=bool)
    names = dict.fromkeys([*parts[0], *parts[1]])
    return {one: parts[0].get(one, empty) for one in names}, {one: parts[1].get(one, empty) for one in names}, flipped


def text(body: Json) -> str:
    """The same for people."""
    lines = [
        f"{len(body['corrections'])} corrections of {body['patients']} patients in {body['folder']}, "
        f"{body['pictures']} with the picture"
    ]
    if body["consent"] is None:
        lines.append("no ground was named (--consent): masks only, which nothing can be learnt from without pictures")
    lines += [f"left out: {row.get('evidence', row['consultation'])}: {row['reason']}" for row in body["left_out"]]
    return "\n".join(lines)
