"""The ImagingStudy of an image's study, as the record has it."""

from __future__ import annotations

from dataclasses import dataclass

from agent.state import Json
from tools.context import ToolContext
from tools.ehr.compartment import walk


@dataclass(frozen=True)
class Study:
    """The study of an image as the record has it: `reference` of the patient's own, `others` of other patients."""

    reference: str | None = None
    rejected: str | None = None
    others: int = 0


async def study_in(context: ToolContext, uid: str) -> Study:
    """The ImagingStudy of a study, the patient's or another's.

    Raises:
        UpstreamError: the server failed.
    """
    record = context.record
    assert record is not None
    part = await record.slice("ImagingStudy")
    own = next((entry for entry in part.entries if names_study(entry.resource, uid)), None)
    bad = next((entry for entry in part.rejected if names_study(entry.resource, uid)), None)
    found = await record.client.search("ImagingStudy", [("identifier", f"urn:dicom:uid|urn:oid:{uid}")], limit=5)
    theirs = {entry.resource.get("id") for entry in (*part.entries, *part.rejected)}
    others = [one for one in found.resources if names_study(one, uid) and one.get("id") not in theirs]
    return Study(own.reference if own else None, bad.verdict.reason if bad and not own else None, len(others))


def names_study(resource: Json, uid: str) -> bool:
    """Whether an ImagingStudy has a study's UID, with `urn:oid:` before it or without."""
    values = [str(value) for value in walk(resource, "identifier.value")]
    return any(value.removeprefix("urn:oid:") == uid for value in values)
