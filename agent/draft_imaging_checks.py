"""What is looked at before a measure on an image may be written: whose image, its study, validation, duplicates."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from agent.draft_imaging import Measure, _target, label_of, measure_at
from agent.draft_study import study_in
from agent.drafts import CheckState
from knowledge.evidence import Statement
from tools.ehr.compartment import walk
from tools.ehr.record import Entry
from tools.errors import UpstreamError

if TYPE_CHECKING:
    from agent.draft_checks import Scene

Looked = tuple[CheckState, str, list[str]]


def _found(scene: Scene) -> Measure:
    found = measure_at(scene.state, scene.draft.item)
    assert found is not None  # a draft of what no longer stands is void before it is looked at
    return found


async def image_identity(scene: Scene) -> Looked:
    """Whose image it is, against the patient as the record has them now. Another's has ended the draft before this."""
    from tools.imaging.identity import compare_identity

    found = _found(scene)
    target = await asyncio.to_thread(_target, scene.context, found.image)
    identity = compare_identity(target.header.who, scene.record.patient)
    if identity.status == "confirmed":
        return "pass", identity.display, []
    said = [item.source.by for item in found.behind if isinstance(item.source, Statement) and item.value == "confirmed"]
    if said:
        return "warn", f"{identity.reason}; {said[0]} said that it is this patient's", []
    return "contraindicated", identity.display, []


async def study(scene: Scene) -> Looked:
    """The study of the image, in the record or not."""
    target = await asyncio.to_thread(_target, scene.context, _found(scene).image)
    uid = target.header.study_instance_uid
    if uid is None or target.header.series_instance_uid is None:
        return "unknown", "the image names no study: the value points to no image in the record", []
    there = await study_in(scene.context, uid)
    if there.rejected:
        return "contraindicated", f"the record says of this study: {there.rejected}", []
    if there.reference:
        return "pass", "the study is in the record", []
    return "pass", "the study is not in the record: it is written with the value", []


async def validation(scene: Scene) -> Looked:
    """Whether what drew the value was ever compared with a reference standard."""
    found = _found(scene)
    if not found.validated:
        return "warn", "not validated against a reference standard: preliminary, tagged, and no fact to Osler", []
    hand = f"drawn by hand: {', '.join(found.people)}" if found.people else "drawn by hand"
    return "pass", hand, []


async def same_measure(scene: Scene) -> Looked:
    """The same measure of the same study, recorded before."""
    found = _found(scene)
    spec = scene.services.tools.get(found.record.tool)
    label = label_of(found, spec.title.partition(",")[0] if spec else found.record.tool)
    target = await asyncio.to_thread(_target, scene.context, found.image)
    uid = target.header.study_instance_uid
    try:
        own = (await study_in(scene.context, uid)).reference if uid else None
    except UpstreamError as error:
        return "unknown", f"could not be read: {error}", []
    part = await scene.record.slice("Observation")
    same = [entry for entry in (*part.entries, *part.rejected) if _same(entry, label, own, uid)]
    if same:
        told = ", ".join(f"{_value(entry)} ({entry.resource.get('status')}, {entry.at or 'no date'})" for entry in same)
        return "warn", f"{label} of this study is on record already: {told}", [entry.reference for entry in same]
    if not part.complete:
        return "unknown", "observations could not be read completely", []
    return "pass", f"no {label} of this study is on record", []


def _same(entry: Entry, label: str, study_: str | None, uid: str | None) -> bool:
    if str((entry.resource.get("code") or {}).get("text") or "").casefold() != label.casefold():
        return False
    sources = [row for row in walk(entry.resource, "derivedFrom") if isinstance(row, dict)]
    named = [str((row.get("identifier") or {}).get("value") or "").removeprefix("urn:oid:") for row in sources]
    places = ["/".join(str(row.get("reference") or "").split("/")[-2:]) for row in sources]
    return (uid is not None and uid in named) or (study_ is not None and study_ in places)


def _value(entry: Entry) -> str:
    quantity = entry.resource.get("valueQuantity") or {}
    return f"{quantity.get('value', 'no value')} {quantity.get('unit', '')}".strip()
