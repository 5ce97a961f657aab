"""Corrections of what was drawn on an image: an outline's mask, or the ends of calipers."""

from __future__ import annotations

from agent.runtime import Services
from agent.state import Board, Json
from knowledge.evidence import DicomRegion, Evidence, Statement
from tools.context import ImageFile
from tools.errors import UsageError
from tools.spec import ToolRecord

# `tools.imaging.sizes` names them so; imaging is loaded only where something is redrawn.
PLACES = ("landmarks", "mask")


def drawn_region(target: Evidence, board: Board) -> DicomRegion | None:
    """What was drawn, if that, or a correction of that, is what the evidence holds; or the place kept for it."""
    while isinstance(target.source, Statement) and target.supersedes in board.by_id:
        target = board.evidence(str(target.supersedes))
    source = target.source
    return source if isinstance(source, DicomRegion) and is_drawn(target) else None


def is_drawn(evidence: Evidence) -> bool:
    """Whether evidence of an image holds what is drawn on it: text, or nothing yet in a place kept for it."""
    source = evidence.source
    if not isinstance(source, DicomRegion) or not source.segment:
        return False
    return isinstance(evidence.value, str) or (evidence.value is None and source.segment in PLACES)


def redraw(
    given: object, target: Evidence, drawn: DicomRegion, home: ToolRecord, board: Board, case: Json, services: Services
) -> Json:
    """The fields of the evidence that takes the place of an outline or of calipers.

    Raises:
        UsageError: the film is no longer part of the consultation.
        BadInput: it does not fit the film.
    """
    from tools.imaging.corrections import corrected_region

    kept = [found for found in case.get("attachments", []) if found.get("sha256") == drawn.file_sha256]
    if not kept:
        raise UsageError(
            "the film is no longer part of this consultation",
            found=str(drawn.file_sha256)[:12],
            expected="the film that was drawn on",
            action="ask again with the film",
        )
    path = services.settings.home / "attachments" / kept[0]["file"]
    lungs = board.slot(home.bindings["lungs"]) if "lungs" in home.bindings else None
    value, display = corrected_region(
        given,
        str(target.value or ""),
        drawn,
        ImageFile(path, kept[0]["sha256"], kept[0]["name"]),
        str(lungs.value) if lungs is not None and lungs.value else None,
    )
    return {"value": value, "unit": None, "comparator": None, "range": None, "display": display}
