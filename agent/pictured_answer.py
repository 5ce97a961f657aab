"""What is said of an outline and its sizes: the whole, each part, and the measures that were asked for."""

from __future__ import annotations

import re

from agent import wording
from agent.answers import Draft
from agent.state import Json
from knowledge.claim import NotAnswered
from knowledge.evidence import DicomRegion, Evidence, Statement
from tools.spec import ToolRecord

PICTURED = ("image.point", "image.segment", "image.sizes")
SECTION = "Image"
NO_MODEL = "no model that reads images is set up or asked"
_DESCRIBING = ("image.describe", "image.film_fact", "image.scan_fact")
_ALWAYS = ("volume", "area", "laa_950", "15th_percentile", "cardiothoracic_ratio")
# Which words of a question ask for which measures; what is not said stands in the evidence.
_ASKED = (
    (re.compile(r"\b(?:dens\w+|attenuat\w+|hounsfield|hu)\b", re.IGNORECASE), ("mean_density", "density_sd")),
    (
        re.compile(r"\b(?:diameters?|ax[ie]s|length|width|long|wide|thick\w*|dimensions?|short|nodules?|mass(?:es)?|lesions?|"
                   r"nodes?|cysts?|tumou?rs?)\b", re.IGNORECASE),
        ("long_axis", "short_axis", "mean_diameter"),
    ),
    (re.compile(r"\b(?:how many|number|parts?)\b", re.IGNORECASE), ("parts",)),
)  # fmt: skip


def pictured_answer(draft: Draft, body: Json, head: Evidence) -> None:
    """One step of an outline: the claims it gives, or what it waits for."""
    if body["tool"] == "image.point":
        _pointed(draft, body, head)
    elif body["tool"] == "image.segment":
        if head.value is not None:
            _say(draft, head)
        elif isinstance(head.source, Statement):
            _rejected(draft, body, head.source)
    else:
        _say(draft, head)
        for item in _shown(draft, body["slot"], head):
            _say(draft, item)


def unread(draft: Draft, seeing: bool) -> list[NotAnswered]:
    """Images that were described and that nothing else looked at: what they show is not known, and never "nothing".

    `seeing`: whether a model that reads images is set up.
    """
    records = list(draft.board.records.values())
    found = []
    for record in records:
        if record.tool != "image.describe" or record.status != "ok" or not record.evidence:
            continue
        source = draft.board.evidence(record.evidence[0]).source
        if not isinstance(source, DicomRegion) or any(_looked_at(other, source, draft) for other in records):
            continue
        facts = {item.slot.rpartition(".")[2]: item.value for item in draft.board.items(record.slot)}
        shown = ", ".join(str(facts[name]) for name in ("modality", "body_part") if facts.get(name))
        found.append(
            NotAnswered(
                what=f"What image {record.slot.removeprefix('image.')} shows{f' ({shown})' if shown else ''}",
                reason="no_evidence",
                needs=[
                    "it was described, and not read for this question",
                    "a model that reads images is shown single images, not series" if seeing else NO_MODEL,
                    "name a structure to outline and measure on it, or look at it yourself",
                ],
                slots=[record.slot],
            )
        )
    return found


def _looked_at(record: ToolRecord, image: DicomRegion, draft: Draft) -> bool:
    """Whether a tool was put to an image, with or without success; that it was described is not enough."""
    if not record.tool.startswith("image.") or record.tool in _DESCRIBING:
        return False
    key = str(image.file_sha256)
    named = str(record.arguments.get("image") or "-")
    sources = (draft.board.evidence(one).source for one in record.evidence)
    return key.startswith(named) or any(isinstance(one, DicomRegion) and one.file_sha256 == key for one in sources)


def pictured_failure(record: ToolRecord) -> NotAnswered:
    """Why there is no outline or no size, and how to go on."""
    error = record.error or {}
    structure = record.arguments.get("structure") or "what was asked for"
    found, expected = (str(error.get(name) or "") for name in ("found", "expected"))
    why = [f"found: {found}" if found else "", f"needed: {expected}" if expected else ""]
    needs = [str(error["message"]), "; ".join(filter(None, why)), str(error.get("action") or "")]
    about = "The sizes of the" if record.tool == "image.sizes" else "The outline of the"
    # Where a person may point instead is a place of its own.
    slots = [record.bindings["pointed"]] if record.tool == "image.segment" and "pointed" in record.bindings else []
    return NotAnswered(
        what=f"{about} {structure}",
        reason="no_evidence",
        needs=[text for text in needs if text],
        slots=[record.slot, *slots],
    )


def _pointed(draft: Draft, body: Json, head: Evidence) -> None:
    """Nobody has to point at what is outlined by its name; where nothing is, the place is asked for."""
    outline = draft.board.records.get(body["slot"].replace("pointed", "outline"))
    if head.value is None and outline is not None and outline.status == "skipped":
        draft.not_answered.append(
            NotAnswered(
                what=f"Where the {body['arguments']['structure']} lies",
                reason="missing_input",
                needs=[str(body["ask"])],
                slots=[body["slot"]],
            )
        )


def _rejected(draft: Draft, body: Json, by: Statement) -> None:
    """A person took the outline away: there are no sizes, and why."""
    structure = body["arguments"].get("structure") or "what was asked for"
    why = f": {by.reason}" if by.reason else ""
    draft.not_answered.append(
        NotAnswered(
            what=f"The sizes of the {structure}",
            reason="no_evidence",
            needs=[
                f"the outline was rejected by {by.by or 'a person'}{why}",
                "outline it anew: a brush, a mask, a box or clicks on the image",
            ],
            slots=[body["slot"]],
        )
    )


def _shown(draft: Draft, slot: str, head: Evidence) -> list[Evidence]:
    question = draft.board.slot("question")
    text = str(question.value) if question is not None else ""
    wanted = {*_ALWAYS, *(name for pattern, names in _ASKED if pattern.search(text) for name in names)}
    items = [item for item in draft.board.items(slot) if item.slot.rpartition(".")[2] in wanted]
    return [item for item in items if (item.value, item.unit) != (head.value, head.unit)]


def _say(draft: Draft, item: Evidence) -> None:
    dated, undated = wording.ENTRY, wording.ENTRY_UNDATED
    number = re.match(r"lookup\.[a-z]+_(\d+)", item.slot)
    outlined = [record for record in draft.board.records.values() if record.tool == "image.segment"]
    several = len({record.arguments.get("image") for record in outlined}) > 1
    if several and number and int(number[1]) in wording.PICTURE:
        dated, undated = wording.PICTURE[int(number[1])]
    draft.plain(dated if item.effective_at else undated, item, [], SECTION)
