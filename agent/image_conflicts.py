"""Disagreements about the images of a consultation, from what its steps found: cards that name no winner.

What is compared is what there is: a model's readings, the outlines and calipers of a film, the header, and what the
record says of findings that were read anyway, or of a lung removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent.runtime import Services
from agent.state import Board, Json
from agent.steps import step
from knowledge.claim import NotAnswered
from knowledge.evidence import DicomRegion, Evidence, ModelReading
from tools.spec import ToolRecord

LUNGS_REMOVED = "image.lung_removed."
_ABOVE = ("primary_care_notebook_ctr", "adult_above")


def reads() -> list[Json]:
    """What of the record an image is compared with, beside what a protocol reads anyway."""
    return [
        step(f"{LUNGS_REMOVED}{side}", "record.finding", {"concept": f"{side}_pneumonectomy"})
        for side in ("right", "left")
    ]


def disagreements(board: Board, services: Services) -> list[NotAnswered]:
    """Each disagreement as what could not be answered: both statements, and where to look."""
    from tools.imaging import disagree

    readings = [
        item
        for record in [*_ran(board, "image.read"), *_ran(board, "image.classify")]
        for item in _items(board, record)
        if _reading(item)
    ]
    recorded = list(_recorded(board))
    words = {said.finding: services.terminology.get(said.finding).words for said, _ in recorded}
    words.setdefault("cardiomegaly", services.terminology.get("cardiomegaly").words)
    said = [one for reading in readings for one in disagree.of_reading(reading, words)]
    found = disagree.findings([*said, *(one for one, _ in recorded)])
    for one in [*said, *(one for one, _ in recorded)]:
        if one.finding == "cardiomegaly":
            found += _heart(board, one, services)
    for reading in readings:
        found += _header(board, reading)
        found += _sides(board, reading)
    found += _lungs(board)
    rows = {(one.kind, one.about, one.first, one.second): one for one in found}
    return [
        NotAnswered(
            what=f"{_name(one.about, services)}: two statements disagree",
            reason="conflict",
            needs=[one.first, one.second, one.look],
            slots=[item.slot for name in one.evidence if (item := board.evidence(name))],
        )
        for one in rows.values()
    ]


def _heart(board: Board, enlarged: Any, services: Services) -> list[Any]:
    from tools.imaging.chest import shortcomings
    from tools.imaging.disagree import heart_size

    limit = services.corpus.recommendations[_ABOVE[0]].values[_ABOVE[1]]
    above = float(limit.value) / (100 if limit.unit == "%" else 1)
    found: list[Any] = []
    for record in _ran(board, "image.cardiothoracic"):
        held = {name: board.slot(slot) for name, slot in record.bindings.items()}
        quality = next((i for r in _ran(board, "image.film_fact") if r.arguments.get("fact") == "quality"
                        for i in _items(board, r)), None)  # fmt: skip
        view, position = (_text(held.get(name)) for name in ("view", "position"))
        age = held.get("age")
        years = age.quantity.value if age is not None and age.quantity is not None else None
        against = shortcomings(view, position, _text(quality) or "not judged", years)
        found += heart_size(enlarged, board.evidence(record.evidence[0]), above, against)
    return found


def _header(board: Board, reading: Evidence) -> list[Any]:
    from tools.imaging.disagree import kind_of_image, laterality, opinion

    found: list[Any] = []
    for record in _ran(board, "image.describe"):
        facts = {item.slot.rpartition(".")[2]: item for item in _items(board, record) if _of(item, reading)}
        if "modality" in facts:
            found += kind_of_image(facts["modality"], reading)
        if "side" in facts:
            found += laterality(facts["side"], reading, opinion(reading))
            question = board.slot("question")
            if question is not None:
                found += laterality(facts["side"], question, str(question.value or question.display))
    return found


def _sides(board: Board, reading: Evidence) -> list[Any]:
    from tools.imaging.disagree import sides
    from tools.imaging.measure import read_calipers

    found: list[Any] = []
    for record in _ran(board, "image.calipers"):
        calipers = board.evidence(record.evidence[0])
        if not _of(calipers, reading) or not isinstance(calipers.value, str):
            continue
        ratio = read_calipers(calipers.value)
        flipped = ratio.ends["thorax_left"][0] < ratio.ends["thorax_right"][0]
        found += sides(reading, ratio.midline, calipers, flipped=flipped)
    return found


def _lungs(board: Board) -> list[Any]:
    from tools.imaging.disagree import Side, lung_removed

    found: list[Any] = []
    both: tuple[Side, Side] = ("right", "left")
    for record in _ran(board, "image.lung_fields"):
        lungs = {side: item for item in _items(board, record) for side in both if item.slot.endswith(f".{side}")}
        for side in both:
            for removed in _of_concept(board, f"{side}_pneumonectomy"):
                found += lung_removed(side, removed, lungs)
    return found


def _recorded(board: Board) -> Iterator[tuple[Any, ToolRecord]]:
    from tools.imaging.disagree import Says

    for record in _ran(board, "record.finding"):
        item = board.evidence(record.evidence[0])
        if isinstance(item.value, bool):
            yield Says(str(record.arguments["concept"]), item.value, item, "the record"), record


def _of_concept(board: Board, concept: str) -> list[Evidence]:
    found = {
        record.evidence[0]: board.evidence(record.evidence[0])
        for record in _ran(board, "record.finding")
        if record.arguments.get("concept") == concept
    }
    return list(found.values())


def _ran(board: Board, tool: str) -> list[ToolRecord]:
    """The runs of a tool whose result holds; of what a person put in its place, the arguments are not the tool's."""
    return [r for r in board.records.values() if r.status == "ok" and r.evidence and r.tool == tool]


def _items(board: Board, record: ToolRecord) -> list[Evidence]:
    return [board.evidence(name) for name in record.evidence]


def _reading(item: Evidence) -> bool:
    return isinstance(item.source, ModelReading)


def _of(item: Evidence, reading: Evidence) -> bool:
    """Whether a fact is of an image that a reading is of."""
    source, seen = item.source, reading.source
    return isinstance(source, DicomRegion) and isinstance(seen, ModelReading) and source.file_sha256 in seen.images


def _text(item: Evidence | None) -> str | None:
    return item.value if item is not None and isinstance(item.value, str) else None


def _name(about: str, services: Services) -> str:
    return services.terminology.get(about).name if about in services.terminology else about
