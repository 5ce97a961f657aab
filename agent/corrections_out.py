"""`osler image corrections`: what people corrected on images, as training data without names (docs/reading.md).

Nothing leaves by itself: a person names the folder. The picture itself goes along only where a consent or another
ground is named and the file states that no words are burnt into it; masks alone otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agent.effects import Effects
from agent.settings import Settings
from agent.similar import site_key
from agent.state import Json, State, load
from knowledge.evidence import DicomRegion, Evidence, Statement
from tools.errors import OslerError, UsageError

if TYPE_CHECKING:
    from tools.imaging.training import Corrected


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
            made.append(_corrected(item, *drawn, state, settings, consent, licence))
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
    known = isinstance(source, DicomRegion) and source.segment in ("lung", "heart")
    return (before, source) if isinstance(source, DicomRegion) and known and isinstance(item.value, str) else None


def _corrected(
    item: Evidence,
    before: Evidence,
    drawn: DicomRegion,
    state: State,
    settings: Settings,
    consent: str | None,
    licence: str | None,
) -> Corrected:
    from tools.imaging.masks import heart_of, kept_mask, lungs_of
    from tools.imaging.reading import read_image
    from tools.imaging.training import Corrected, pseudonym
    from tools.imaging.what import what_is

    case = state["case"]
    kept = [found for found in case.get("attachments", []) if found.get("sha256") == drawn.file_sha256]
    if not kept:
        raise UsageError("the film is no longer part of the consultation", found=str(drawn.file_sha256)[:12])
    path = settings.home / "attachments" / kept[0]["file"]
    image = read_image(path, drawn.frame or 0)
    fields = lungs_of(image, str(before.value) if drawn.segment == "lung" else None, path.parent)
    was = fields.right.mask | fields.left.mask
    if drawn.segment == "heart":
        was = heart_of(image, str(before.value), fields, path.parent).mask
    what, key = what_is(image), site_key(settings)
    assert isinstance(item.source, Statement)
    shows = consent is not None and (image.header.burned_in or "").upper() == "NO"
    return Corrected(
        patient=pseudonym(key, "patient", str(case.get("patient"))),
        image=pseudonym(key, "image", f"{drawn.file_sha256}/{drawn.frame or 0}"),
        structure=str(drawn.segment),
        algorithm=str(drawn.algorithm) if not str(before.value).startswith("mask:") else "by hand",
        by=pseudonym(key, "person", item.source.by or ""),
        before=was,
        after=kept_mask(image, str(item.value), path.parent),
        pixels=image.pixels if shows else None,
        flipped=fields.flipped,
        modality=what.modality.value,
        view=what.view.value,
        consent=consent,
        licence=licence,
    )


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
