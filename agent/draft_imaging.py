"""What was measured on an image in a consultation, as a draft: an Observation, and the ImagingStudy where the record
has none of the study.

A value is offered once it stands in the answer's evidence with a unit; what it was measured on has to be accepted by a
person. A value that nobody has validated is preliminary for good, says so, and is read by Osler as no fact.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.draft_study import study_in
from agent.redraw import is_drawn
from agent.runtime import Services
from agent.state import Board, Json, State
from knowledge.evidence import Derivation, DicomRegion, Evidence, Statement
from tools.ehr.writes.beside import ALGORITHM, Beside, study_place
from tools.ehr.writes.drafts import Setting, difference
from tools.errors import IdentityMismatch, UsageError
from tools.spec import ToolRecord

if TYPE_CHECKING:
    from tools.context import ToolContext
    from tools.segmenters.contract import Target

BY_HAND = "by hand"
_VERSIONED = re.compile(r"(\S+) (\d.*)")
_SHARE = "image.lung_fields"


@dataclass(frozen=True)
class Measure:
    """A measured value that stands, with all it was worked out from.

    `image`: SHA-256 of what it was measured on. `algorithms` drew what was measured, unless `people` drew it.
    `began`: what drew it before people corrected it.
    `accepted`: who accepted a statement that shows it, or signed the answer.
    """

    evidence: Evidence
    record: ToolRecord
    behind: tuple[Evidence, ...]
    image: str
    algorithms: tuple[str, ...]
    people: tuple[str, ...]
    began: tuple[str, ...]
    validated: bool
    accepted: str | None
    rejected: str | None

    @property
    def document(self) -> Json:
        """A row of `osler draft CONSULTATION --measured --json`."""
        return {
            "item": self.evidence.id,
            "slot": self.evidence.slot,
            "display": self.evidence.display,
            "validated": self.validated,
            "accepted_by": self.accepted,
        }


def measured(evidence: Evidence) -> bool:
    """Whether evidence is a value measured on an image: a number with its unit, on a region that was drawn or worked
    out by a tool of images. A model's opinion never is, nor a value that a person put in its place."""
    if evidence.quantity is None or evidence.unit is None:
        return False
    source = evidence.source
    if isinstance(source, DicomRegion):
        return source.segment is not None
    return isinstance(source, Derivation) and source.tool.startswith("image.")


def measures(state: State) -> list[Measure]:
    """The measures of an answer that can be drafted."""
    board = Board(state)
    found = [_measure(board, record, id_, state) for record in board.records.values() for id_ in record.evidence]
    return [one for one in found if one is not None and one.rejected is None]


def offered(state: State) -> list[Json]:
    """What of an answer was measured on an image and can be drafted."""
    return [one.document for one in measures(state)]


def measure_at(state: State, item: str) -> Measure | None:
    """The measure by the id or slot of its evidence; None where there is none of that name.

    Raises:
        UsageError: the statement that shows it was rejected.
    """
    board = Board(state)
    for record in board.records.values():
        for id_ in record.evidence:
            if item not in (id_, board.evidence(id_).slot):
                continue
            found = _measure(board, record, id_, state)
            if found is not None and found.rejected is not None:
                raise UsageError(
                    "what shows this measure was rejected",
                    found=found.rejected,
                    expected="a measure that stands",
                    action="correct what it was measured on, then draft it",
                )
            return found
    return None


def _measure(board: Board, record: ToolRecord, id_: str, state: State) -> Measure | None:
    evidence = board.evidence(id_)
    if record.status != "ok" or not measured(evidence):
        return None
    behind = _behind(board, record, evidence)
    regions = [item.source for item in (evidence, *behind) if isinstance(item.source, DicomRegion)]
    images = {region.file_sha256 for region in regions if region.file_sha256}
    if len(images) != 1:
        return None  # a comparison of two images belongs to no study alone
    told = evidence.source.warnings if isinstance(evidence.source, Derivation) else ()
    drawn: list[str | None] = []
    began: list[str] = []
    for item in behind:
        first = _first_drawn(item, board) if isinstance(item.source, Statement) else None
        if first is not None:
            drawn.append(getattr(item.source, "by", None))
            began += _programs(getattr(first.source, "algorithm", None))
    showing = {claim["id"] for claim in state["answer"]["claims"] if id_ in claim["evidence"]} | {"answer"}
    reviews = [row for row in state.get("reviews", []) if row["item"] in showing]
    return Measure(
        evidence=evidence,
        record=record,
        behind=behind,
        image=images.pop(),
        algorithms=tuple(dict.fromkeys(name for region in regions for name in _programs(region.algorithm))),
        people=tuple(dict.fromkeys(name for name in drawn if name)),
        began=tuple(dict.fromkeys(began)),
        validated=not (
            any(region.validated is False for region in regions) or any(text.startswith("unvalidated") for text in told)
        ),
        accepted=next((f"{row['by']} ({row['role']})" for row in reversed(reviews) if row["approved"]), None),
        rejected=next((row["reason"] or row["by"] for row in reviews if not row["approved"]), None),
    )


def _behind(board: Board, record: ToolRecord, evidence: Evidence) -> tuple[Evidence, ...]:
    """All that a measure was worked out from. What a person put in place of a result rests on that person alone."""
    made = {id_: found for found in board.records.values() for id_ in found.evidence}
    queue, seen = _inputs(record), {evidence.id}
    found: list[Evidence] = []
    while queue:
        key = queue.pop(0)
        if key in seen or key not in board.by_id:
            continue
        seen.add(key)
        item = board.evidence(key)
        found.append(item)
        if not isinstance(item.source, Statement) and key in made:
            queue += _inputs(made[key])
    return tuple(found)


def _programs(drawn_by: str | None) -> list[str]:
    return [name for name in (drawn_by or "").split(" and ") if name and name != BY_HAND]


def _inputs(record: ToolRecord) -> list[str]:
    """The ids a run read: what a slot holds is one token, its ids joined (`Board.token`)."""
    tokens = [token for name, token in record.inputs.items() if token and not name.startswith("when:")]
    return [id_ for token in tokens for id_ in token.split("+")]


def _first_drawn(item: Evidence, board: Board) -> Evidence | None:
    """What was drawn (an outline, calipers, landmarks) before a person's statement took its place, if that it was."""
    while isinstance(item.source, Statement) and item.supersedes in board.by_id:
        item = board.evidence(str(item.supersedes))
    return item if is_drawn(item) else None


def part_of(found: Measure) -> Json:
    """A measure in the form of an item of the answer."""
    rests = [found.evidence.id, *(item.id for item in found.behind)]
    return {"id": found.evidence.id, "text": found.evidence.display, "evidence": rests}


def standing(state: State, item: str) -> Measure:
    """The measure that a draft is of.

    Raises:
        UsageError: it no longer stands.
    """
    found = measure_at(state, item)
    if found is None:
        raise UsageError(
            "this measure no longer stands in the answer",
            found=item,
            expected="a measure of the current answer",
            action="draft the measure there is now",
        )
    return found


def statuses(found: Measure, signed: bool) -> tuple[str, ...]:
    """What the status may be: `final` where the answer is signed and the value validated."""
    return ("preliminary", "final") if signed and found.validated else ("preliminary",)


def told_beside(words: str, beside: Beside | None, validated: bool) -> str:
    """The draft's words, with what goes with the value."""
    if not validated:
        words = f"{words.removesuffix(')')}, not validated)"
    return words + (", with the ImagingStudy it belongs to" if beside is not None and beside.study else "")


def study_rows(beside: Beside) -> list[Json]:
    """The ImagingStudy as rows of the draft's difference; of the images of a series only how many."""
    rows = difference(None, beside.study or {})
    counts = [
        {"path": f"series[{number}].instance", "before": None, "after": f"{len(series['instance'])} listed"}
        for number, series in enumerate((beside.study or {}).get("series", []))
        if series.get("instance")
    ]
    return [
        {**row, "path": f"ImagingStudy.{row['path']}"} for row in (*rows, *counts) if ".instance[" not in row["path"]
    ]


def study_made(resource: Json, kept: Json | None) -> list[str]:
    """The ImagingStudy that was written with a value, by reference."""
    if kept is None or kept["study"] is None:
        return []
    places = ["/".join(str(row.get("reference", "")).split("/")[-2:]) for row in resource.get("derivedFrom") or []]
    return [place for place in places if place.startswith("ImagingStudy/")]


def beside_of(kept: Json | None) -> Beside | None:
    """What goes with a measure, as a draft keeps it."""
    return None if kept is None else Beside(kept["study"], tuple(kept["images"]), tuple(kept["algorithms"]))


def said_of(found: Measure) -> dict[str, str]:
    """What is known of the fields already."""
    said = {"when": (found.evidence.date or ""), "accepted": "yes" if found.accepted else ""}
    return {name: value for name, value in said.items() if value}


async def drawn_up(
    found: Measure, given: dict[str, str], setting: Setting, context: ToolContext, services: Services
) -> tuple[Json, Beside]:
    """The Observation of a measure, and what goes with it.

    Raises:
        NotAssessable: the image is no longer kept here.
        BadInput: it is not the file that was measured on.
        IdentityMismatch: the image, or its study in the record, is another patient's; no reason overrides that.
    """
    from tools.imaging.identity import compare_identity

    assert context.record is not None
    target = await asyncio.to_thread(_target, context, found.image)
    compare_identity(target.header.who, context.record.patient)
    return await _resource(found, given, setting, context, services, target)


def _target(context: ToolContext, sha256: str) -> Target:
    from tools.imaging.attached import attached_target

    return attached_target(context, sha256)


async def _resource(
    found: Measure, given: dict[str, str], setting: Setting, context: ToolContext, services: Services, target: Target
) -> tuple[Json, Beside]:
    from tools.imaging.fhir_out import Result, code_of, imaging_study, observation

    evidence, subject = found.evidence, {"reference": f"Patient/{setting.patient}"}
    spec = services.tools.get(found.record.tool)
    title = spec.title.partition(",")[0] if spec else found.record.tool
    label = label_of(found, title)
    study = await asyncio.to_thread(imaging_study, target, subject)
    uid, there = target.header.study_instance_uid, None
    if study is not None and uid is not None:
        known = await study_in(context, uid)
        if known.others:
            raise IdentityMismatch(
                "the record has the study of this image under another patient",
                found=f"{known.others} of other patients",
                expected=f"a study of Patient/{setting.patient}, or none",
                action="tell whoever runs the record",
            )
        there = known.reference
    derived: list[Json] = []
    if study is not None and uid is not None:
        derived.append({"reference": there or study_place(uid)})
    device, contained = _device(found.algorithms)
    resource = observation(
        Result(
            label=label,
            value=float(str(evidence.value)),
            unit=str(evidence.unit),
            method=method_of(found, title),
            subject=subject,
            notes=(*notes_of(found), *([given["note"]] if given.get("note") else [])),
            code=next((code for name in _CODED if label.endswith(name) and (code := code_of(name))), None),
            taken=given.get("when"),
            site=_site(found),
            derived=tuple(derived),
            device=device,
            contained=contained,
            performer=setting.by,
            status="final" if given.get("status") in statuses(found, setting.signed)[1:] else "preliminary",
            validated=found.validated,
        )
    )
    return resource, Beside(
        study=study if there is None else None,
        images=tuple(_names(target, found.image)),
        algorithms=found.algorithms,
    )


_CODED = ("long axis", "short axis", "area", "volume", "angle")


def label_of(found: Measure, title: str) -> str:
    """What was measured, in words."""
    source = found.evidence.source
    if not isinstance(source, DicomRegion):
        return title
    named = str(source.segment)
    return f"{named}: share of the image" if found.record.tool == _SHARE else named


def method_of(found: Measure, title: str) -> str:
    """How it was measured."""
    source = found.evidence.source
    how = source.steps[0] if isinstance(source, Derivation) and source.steps else title
    return f"{how} ({found.record.tool} {found.record.version})"


def notes_of(found: Measure) -> list[str]:
    """What has to be read with the value."""
    evidence = found.evidence
    told = [evidence.display]
    if not found.validated:
        told.append("not validated against a reference standard: preliminary, decides nothing")
    if evidence.range is not None:
        told.append(f"range {evidence.range[0]:g} to {evidence.range[1]:g} {evidence.unit}")
    told += [f"drawn by {name}" for name in found.algorithms]
    # Who only rejected a part, pointed or changed one of several has not drawn the whole.
    told += [f"{'drawn by hand' if found.validated else 'corrected'}: {name}" for name in found.people]
    told += [f"began as drawn by {name}" for name in found.began if name not in found.algorithms]
    if isinstance(evidence.source, Derivation):
        told += evidence.source.warnings
    elif isinstance(evidence.source, DicomRegion) and evidence.source.spacing_source and "scale:" not in told[0]:
        told.append(f"scale: {evidence.source.spacing_source}")
    return list(dict.fromkeys(told))


def _site(found: Measure) -> Json | None:
    source = found.evidence.source
    if not isinstance(source, DicomRegion) or not source.structure:
        return None
    system, _, code = source.structure.rpartition("|")
    return {"coding": [{"system": system, "code": code}], "text": str(source.segment)}


def _device(algorithms: tuple[str, ...]) -> tuple[Json | None, tuple[Json, ...]]:
    """The algorithms that drew what was measured, as the device: a Device within the Observation names each with its
    version."""
    if not algorithms:
        return None, ()
    pairs = [(found[1], found[2]) if (found := _VERSIONED.fullmatch(name)) else (name, "") for name in algorithms]
    device: Json = {
        "resourceType": "Device",
        "id": "algorithm",
        "identifier": [{"system": ALGORITHM, "value": name} for name in algorithms],
        "manufacturer": "Osler",
        "deviceName": [{"name": name, "type": "model-name"} for name, _ in pairs],
        "version": [{"value": version} for _, version in pairs if version],
    }
    device = {key: value for key, value in device.items() if value}
    return {"reference": "#algorithm", "display": "; ".join(algorithms)}, (device,)


def _names(target: Target, sha256: str) -> list[Json]:
    """Identifiers of what was measured on: the DICOM object or series, and the file by its SHA-256."""
    header = target.header
    uid = header.sop_instance_uid or header.series_instance_uid
    named = [{"system": "urn:dicom:uid", "value": f"urn:oid:{uid}"}] if uid else []
    return [*named, {"system": "urn:osler:sha256", "value": sha256}]
