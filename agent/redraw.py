"""Corrections of what was drawn on an image: an outline or a part of it, a place that is pointed at, calipers."""

from __future__ import annotations

import json
from typing import Any

from agent.attach import image_files
from agent.runtime import Services
from agent.state import Board, Json
from knowledge.evidence import DicomRegion, Evidence, Statement
from tools.context import ImageFile
from tools.errors import BadInput, UsageError
from tools.spec import ToolRecord

# `tools.imaging.sizes` and `.outline_tools` name them so; imaging is loaded only where something is redrawn.
OUTLINE, POINTED = "outline", "pointed"
PLACES = ("landmarks", "mask", POINTED)
ITEMS = "items"
"""Among the fields of a redrawn outline: the evidence of its parts."""


def drawn_region(target: Evidence, board: Board) -> DicomRegion | None:
    """What was drawn, if that, or a correction of that, is what the evidence holds; or the place kept for it."""
    target = _first(target, board)
    source = target.source
    return source if isinstance(source, DicomRegion) and is_drawn(target) else None


def is_drawn(evidence: Evidence) -> bool:
    """Whether evidence of an image holds what is drawn on it: text, or nothing yet in a place kept for it."""
    source = evidence.source
    if not isinstance(source, DicomRegion) or not source.segment:
        return False
    return isinstance(evidence.value, str) or (evidence.value is None and source.segment in PLACES)


def whole(target: Evidence, home: ToolRecord, board: Board, request: Json) -> tuple[Evidence, Json]:
    """The outline that a part belongs to, and the request as one of the outline: that is what is corrected."""
    head = board.evidence(home.evidence[0]) if home.evidence else target
    source = drawn_region(head, board)
    part = target.source
    if source is None or source.segment != OUTLINE or target.id == head.id or not isinstance(part, DicomRegion):
        return target, request
    return head, {**request, "value": _of_part(request["value"], str(part.segment))}


def _of_part(given: Any, part: str) -> Any:
    """A correction of a part as one of its outline.

    Raises:
        BadInput: text that is meant as JSON and is none.
    """
    if given is None:
        return {"reject": part}
    if isinstance(given, str) and not given.lstrip().startswith(("[", "{")):
        return {"mask": given, "part": part}
    try:
        body = json.loads(given) if isinstance(given, str) else given
    except ValueError as error:
        raise BadInput(
            f"the {part} cannot be corrected with this",
            found=f"{str(given)[:80]}: {error}",
            expected="strokes of a brush, a box or points, or the path of a mask",
            action="draw on the image",
        ) from error
    if isinstance(body, list):
        return [{**one, "part": part} if isinstance(one, dict) else one for one in body]
    return {**body, "part": part} if isinstance(body, dict) else body


def redraw(
    given: object, target: Evidence, drawn: DicomRegion, home: ToolRecord, board: Board, case: Json, services: Services
) -> Json:
    """The fields of the evidence that takes the place of what was drawn; of an outline also the evidence of its parts.

    Raises:
        UsageError: the image is no longer part of the consultation.
        BadInput: it does not fit the image.
        NotAssessable: nothing is found where was pointed.
    """
    from tools.imaging.corrections import corrected_region
    from tools.imaging.outline_corrections import Outline, corrected_outline

    files = image_files(case, services.settings.home / "attachments")
    kept: list[ImageFile] = [file for file in files if file.sha256 == drawn.file_sha256]
    if not kept:
        raise UsageError(
            "the film is no longer part of this consultation",
            found=str(drawn.file_sha256)[:12],
            expected="the film that was drawn on",
            action="ask again with the film",
        )
    fields: Json = {"unit": None, "comparator": None, "range": None}
    held = str(target.value or "")
    if drawn.segment == OUTLINE:
        items = tuple(board.items(home.slot))
        first = str(_first(target, board).value or "")
        outline = Outline(held, first, home.slot, target.patient, drawn, kept[0], items)
        made = corrected_outline(given, outline)
        return {**fields, "value": made.value, "display": made.display, ITEMS: made.items}
    lungs = board.slot(home.bindings["lungs"]) if "lungs" in home.bindings else None
    value, display = corrected_region(
        given, held, drawn, kept[0], str(lungs.value) if lungs is not None and lungs.value else None
    )
    return {**fields, "value": value, "display": display}


def _first(target: Evidence, board: Board) -> Evidence:
    """What was there before any correction."""
    while isinstance(target.source, Statement) and target.supersedes in board.by_id:
        target = board.evidence(str(target.supersedes))
    return target
