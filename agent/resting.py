"""What a draft rests on, down to the resources of the record, and whether those are still what they were."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from agent.drafts import DraftCheck, RestsOn
from agent.state import Board, Json
from knowledge.evidence import Decision, Evidence, FhirElement, GuidelinePassage, Statement
from tools.ehr.client.client import FhirClient, HttpError, version_of
from tools.ehr.fhirjson import Resource, content_version
from tools.ehr.writes.drafts import difference
from tools.errors import UpstreamError

_AT_ONCE = 6
_GONE = (404, 410)


def resting(ids: list[str], board: Board) -> list[RestsOn]:
    """Facts of the patient behind evidence: itself and all that it was worked out from."""
    queue, seen, found = list(ids), set[str](), list[RestsOn]()
    while queue:
        key = queue.pop(0)
        if key in seen or key not in board.by_id:
            continue
        seen.add(key)
        item = board.evidence(key)
        queue += list(getattr(item.source, "inputs", ()))
        if not isinstance(item.source, GuidelinePassage | Decision):
            found.append(_resting(item))
    return found


def _resting(item: Evidence) -> RestsOn:
    source = item.source
    reference = source.reference if isinstance(source, FhirElement | Statement) else None
    return RestsOn(
        evidence=item.id,
        slot=item.slot,
        display=item.display,
        effective_at=item.effective_at,
        reference=reference,
        version=getattr(source, "version", None) if isinstance(source, FhirElement) else None,
    )


def references(rests: list[RestsOn]) -> list[str]:
    """The resources of the record among them (notes that came with the question are no resources)."""
    named = [item.reference for item in rests if item.reference and not item.reference.startswith("attachment/")]
    return list(dict.fromkeys(named))


async def _read(client: FhirClient, wanted: list[str]) -> dict[str, Resource | UpstreamError]:
    """Each resource as it is now, or why it could not be read."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(reference: str) -> Resource | UpstreamError:
        kind, _, id_ = reference.partition("/")
        async with gate:
            try:
                return await client.read(kind, id_)
            except UpstreamError as error:
                return error

    return dict(zip(wanted, await asyncio.gather(*map(one, wanted)), strict=True))


async def stamp(client: FhirClient, rests: list[RestsOn]) -> tuple[list[RestsOn], list[str]]:
    """The same with version, time and content hash of each resource; and those that are no longer what was read."""
    now = await _read(client, references(rests))
    stamped, moved = [], []
    for item in rests:
        resource = now.get(item.reference or "")
        if isinstance(resource, dict):
            version = version_of(resource)
            if item.version is not None and item.version != version:
                moved.append(str(item.reference))
            updated = (resource.get("meta") or {}).get("lastUpdated")
            item = item.model_copy(
                update={"version": version, "last_updated": updated, "hash": content_version(resource)}
            )
        elif isinstance(resource, HttpError) and resource.status in _GONE:
            moved.append(str(item.reference))
        stamped.append(item)
    return stamped, list(dict.fromkeys(moved))


async def changes(client: FhirClient, rests: list[RestsOn], ours: Mapping[str, str | None]) -> list[Json]:
    """What is otherwise than when it was stamped: `{slot, reference, then, now}`, with the fields that differ.

    Args:
        ours: versions of what this consultation wrote itself, which is no change.
    """
    now = await _read(client, references(rests))
    found: dict[str, Json] = {}
    for item in rests:
        resource, reference = now.get(item.reference or ""), str(item.reference)
        if resource is None or item.hash is None or reference in found:
            continue
        if isinstance(resource, HttpError) and resource.status in _GONE:
            found[reference] = {"slot": item.slot, "reference": reference, "then": item.display, "now": None}
        elif isinstance(resource, dict) and content_version(resource) != item.hash:
            if reference in ours and ours[reference] == version_of(resource):
                continue
            then, told = await _difference(client, item, resource)
            found[reference] = {"slot": item.slot, "reference": reference, "then": then, "now": told}
    return list(found.values())


async def _difference(client: FhirClient, item: RestsOn, now: Resource) -> tuple[str, str]:
    """The fields that differ, where the server still has the version that was read."""
    kind, _, id_ = str(item.reference).partition("/")
    try:
        then = await client.read(kind, id_, item.version)
    except UpstreamError:
        return item.display, f"version {version_of(now)}"
    rows = difference(then, now)
    return (
        "; ".join(f"{row['path']} {row['before']}" for row in rows) or item.display,
        "; ".join(f"{row['path']} {row['after']}" for row in rows) or f"version {version_of(now)}",
    )


async def version_check(client: FhirClient, rests: list[RestsOn]) -> DraftCheck:
    """Whether everything it rests on could be read again. What changed voids the draft before this is asked."""
    wanted = references(rests)
    now = await _read(client, wanted)
    lost = [reference for reference in wanted if not isinstance(now[reference], dict)]
    lost += [item.reference for item in rests if item.reference in wanted and item.hash is None and item.reference]
    if lost := list(dict.fromkeys(lost)):
        why = f"{len(lost)} of {len(wanted)} resources could not be read again: {', '.join(lost)}"
        return DraftCheck(name="record_version", state="unknown", why=why, evidence=lost)
    why = f"{len(wanted)} resources read again, at the version the answer rests on"
    return DraftCheck(name="record_version", state="pass", why=why, evidence=wanted)
