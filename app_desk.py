"""What the page asks of the assistant: patients, banner, consultations, what stands behind a piece of evidence.

One per process, shared by every session; it holds no patient and no consultation. Whatever belongs to a session comes
in as an argument and goes out as JSON.
"""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from agent import ClinicalAssistant, Settings
from agent.api import Consultation
from agent.events import Event
from agent.records import Records
from app_evidence import Behind
from app_files import Imported, import_patient, sorted_files
from app_film import Film, Look, heads
from app_forms import step_of
from app_parts import Json
from app_pixels import film, image_of, thumbnail
from knowledge.protocol import Protocol, default_protocols
from knowledge.terminology import default_terminology
from tools.ehr.compartment import walk
from tools.ehr.demo import demo_patients
from tools.ehr.elements import quantity
from tools.ehr.reads.imaging import behind as imaging_behind
from tools.ehr.record import PatientRecord
from tools.errors import UsageError

log = logging.getLogger("osler.page")
MOST = 300
FACTS = {"patient.age": "record.age", "patient.sex": "record.sex", "allergies": "record.allergies",
         "problems": "record.problems", "medications": "record.medications", "critical": "record.critical"}
WARMING = "Should this patient be anticoagulated?"
GENERAL = ("What are the active problems?", "Which medications are taken?", "What was the last creatinine?")
ExportFormat = Literal["pdf", "markdown", "note", "fhir", "json"]
SUFFIX: dict[ExportFormat, str] = {"pdf": "pdf", "markdown": "md", "note": "note.md", "fhir": "fhir.json",
                                   "json": "json"}


@dataclass(frozen=True)
class Line:
    """A patient in the picker."""

    id: str
    name: str
    summary: str
    question: str | None = None

    @property
    def text(self) -> str:
        """As the picker shows it."""
        return f"{self.name} · {self.summary}" if self.summary else self.name


@dataclass(frozen=True)
class Person:
    """What the banner shows: demographics of the record, and facts read by the same tools a consultation uses."""

    id: str
    name: str
    identifiers: tuple[str, ...]
    born: str | None
    deceased: str | None
    as_of: str
    clock: str
    facts: dict[str, list[Json]] = field(default_factory=dict)


class Desk:
    """The assistant as the page needs it."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.osler = ClinicalAssistant(settings)
        self._records = Records(self.osler.settings)
        self.folder = Path(tempfile.gettempdir())

    def close(self) -> None:
        """Close files and the background loop."""
        self.osler.portal.call(self._records.close())
        self.osler.close()

    def warm(self) -> None:
        """Build what the first question needs, so that it does not wait: services, index, router, the store."""
        services = self.osler.portal.call(self.osler.core.services())
        lines = self.patients()
        # In this thread, not in the assistant's loop: building the router takes seconds.
        services.router.route(lines[0].question or WARMING if lines else WARMING)
        if lines:
            self.person(lines[0].id)

    @functools.cached_property
    def protocols(self) -> dict[str, Protocol]:
        """Every protocol by its id."""
        return default_protocols()

    @functools.cached_property
    def units(self) -> dict[str, str]:
        """The unit each concept is usually given in."""
        return {name: concept.unit for name, concept in default_terminology().concepts.items() if concept.unit}

    @functools.cached_property
    def names(self) -> dict[str, str]:
        """What concepts and calculators are called."""
        from tools.calculators import list_calculators

        names = {name: concept.name for name, concept in default_terminology().concepts.items()}
        return names | {row["name"]: row["title"] for row in list_calculators()}

    @functools.cached_property
    def criteria(self) -> dict[str, str]:
        """What each criterion asks, by PROTOCOL/CRITERION."""
        return {f"{name}/{criterion.id}": criterion.label for name, protocol in self.protocols.items()
                for criterion in protocol.criteria}

    # -- patients ----------------------------------------------------------------------------------------------------

    def patients(self) -> list[Line]:
        """The patients of the record, demo patients with what they are about. At most `MOST`; others by their id."""
        return self.osler.portal.call(self._patients())

    async def _patients(self) -> list[Line]:
        client = await self._records.client(None)
        found = (await client.search("Patient", [])).resources[:MOST]
        demo = {patient.id: patient for patient in demo_patients()} if not self.osler.settings.fhir_url else {}
        lines = [
            Line(key, demo[key].name, demo[key].summary, demo[key].question) if key in demo
            else Line(key, _name(resource), _about(resource))
            for resource in found if (key := str(resource.get("id")))
        ]
        return sorted(lines, key=lambda line: (line.question is None, line.name, line.id))

    def person(self, patient: str, as_of: str | None = None) -> Person:
        """The banner of a patient.

        Raises:
            UsageError: no such patient.
            BadInput: the clock is not a date.
            UpstreamError: the server failed.
        """
        return self.osler.portal.call(self._person(patient, as_of))

    async def _person(self, patient: str, as_of: str | None) -> Person:
        if not patient.strip():
            raise UsageError("no patient is chosen", found="nothing", expected="a patient of the record",
                             action="choose one from the list, or type an id")
        core = self.osler.core
        case = await core.new_case("c-banner", patient.strip(), as_of, None, "none")
        services = await core.services()
        record = await self._records.open(case)
        context = await services.context(case | {"consultation": f"c-banner-{case['patient']}", "turn": 0})
        facts = {}
        for slot, tool in FACTS.items():
            output = await services.tools[tool].call({}, context.at(slot, {}))
            facts[slot] = [item.model_dump(mode="json") for item in output.evidence]
        services.forget(f"c-banner-{case['patient']}")
        resource = record.patient
        dead = resource.get("deceasedDateTim"
                            "e") or ("date not recorded" if resource.get("deceasedBoolean") is True else None)
        numbers = tuple(str(row["value"]) for row in resource.get("identifier", []) if row.get("value"))
        return Person(case["patient"], _name(resource), numbers[:2], resource.get("birthDate"), dead, case["as_of"],
                      case["clock"], facts)

    # -- consultations -----------------------------------------------------------------------------------------------

    def import_patient(self, path: str) -> Imported:
        """Take a record into the embedded store, as one new patient.

        Raises:
            UsageError, BadInput, IdentityMismatch: why it is not taken; nothing of it is kept.
        """
        return import_patient(self.osler.settings, Path(path))

    def ask(self, question: str, patient: str | None, *, as_of: str | None = None, files: Iterable[str] = (),
            by: str = "") -> Consultation:
        """Open a consultation; nothing runs until its events are read.

        Args:
            files: notes and images that come with the question.
        """
        if not patient:
            raise UsageError("no patient is chosen", found="nothing", expected="a patient of the record",
                             action="choose the patient first")
        notes, images = sorted_files(files)
        return self.osler.consult(question, patient, as_of=as_of, notes=notes, images=images, by=by or "clinician")

    def events(self, consult: Consultation) -> Iterator[Event]:
        """Run a consultation to its gate."""
        return consult.stream()

    def question(self, consultation: str) -> str:
        """What was asked, also before there is an answer."""
        return str(self.osler.portal.call(self.osler.core.state(consultation))["case"]["question"])

    def document(self, consultation: str) -> Json:
        """The document of a consultation."""
        return self.osler.open(consultation).document()

    def drafts(self, consultation: str) -> dict[str, str]:
        """The state of the newest draft of each item of an answer."""
        return {row["item"]: row["state"] for row in self.osler.open(consultation).drafts()}

    def export(self, consultation: str) -> dict[ExportFormat, str]:
        """The answer as files: PDF, Markdown, a draft note, FHIR, JSON. Paths by format."""
        consult = self.osler.open(consultation)
        document = consult.document()
        stem = f"osler-{document['patient']}-{consultation}-v{document['version']}"
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        paths: dict[ExportFormat, str] = {}
        for name, suffix in SUFFIX.items():
            body = consult.note() if name == "note" else consult.report(format=name)
            text = body if isinstance(body, str | bytes) else json.dumps(body, ensure_ascii=False, indent=2)
            path = folder / f"{_safe(stem)}.{suffix}"
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            paths[name] = str(path)
        return paths

    # -- behind the evidence -----------------------------------------------------------------------------------------

    def behind(self, document: Json, evidence_id: str) -> Behind:
        """What a piece of evidence points at: the note, the laboratory's range, citations, the criterion's question,
        the image."""
        item = document["evidence"].get(evidence_id)
        if item is None:
            return Behind()
        source = item["source"]
        tool = str(step_of(document, item["slot"]).get("tool"))
        if item["kind"] in ("dicom", "reading") or tool.startswith("image."):
            return Behind(film=self.film(document, item, Look()))
        if item["kind"] == "derivation":
            return Behind(references=_citations(str(source["tool"])))
        if item["kind"] == "decision":
            return Behind(question=self.criteria.get(f"{source['protocol']}/{source['criterion']}", ""))
        reference = source.get("reference")
        if not reference or item["kind"] not in ("fhir", "statement"):
            return Behind()
        return self.osler.portal.call(self._behind(document, str(reference), str(source.get("path") or "")))

    def film(self, document: Json, item: Json, look: Look) -> Film | None:
        """The image that evidence is about: the frame or slice asked for, else its own; None where it is not kept."""
        return self.osler.portal.call(self._film(document, item, look))

    async def _film(self, document: Json, item: Json, look: Look) -> Film | None:
        state: Json = {**await self.osler.core.state(document["consultation"])}
        context = await (await self.osler.core.services()).context(state["case"])
        held = image_of(state, item) or next(
            (found for record in document["records"] if item["id"] in record["evidence"] for i in
             record["inputs"].values() if i in state["evidence"] and (found := image_of(state, state["evidence"][i]))),
            None,
        )
        if held is None:
            return None
        if look.frame is None:
            look = replace(look, frame=held[1])
        return await asyncio.to_thread(film, context.images, state, held[0], look, item)

    def thumbnails(self, document: Json) -> dict[str, Film]:
        """A small picture of each image of a consultation, by its slot; of a volume its middle slice."""
        items = heads(document)
        return self.osler.portal.call(self._thumbnails(document, items)) if items else {}

    async def _thumbnails(self, document: Json, items: list[Json]) -> dict[str, Film]:
        state: Json = {**await self.osler.core.state(document["consultation"])}
        context = await (await self.osler.core.services()).context(state["case"])
        made: dict[str, Film] = {}
        for item in items:
            if held := image_of(state, item):
                shown = await asyncio.to_thread(thumbnail, context.images, state, *held, item)
                made |= {item["slot"]: shown} if shown else {}
        return made

    async def _behind(self, document: Json, reference: str, path: str) -> Behind:
        core = self.osler.core
        state = await core.state(document["consultation"])
        context = await (await core.services()).context(state["case"])
        record = context.record
        if record is None:
            return Behind()
        if reference.startswith("Observation/"):
            return await _limits(record, reference, path)
        if report := await imaging_behind(record, reference):
            return Behind(text=report[1], heading=report[0])
        note = next((note for note in (await record.notes()).notes if note.reference == reference), None)
        if note is None:
            return Behind()
        heading = ", ".join(part for part in (note.title, note.author, (note.at or "")[:10]) if part)
        return Behind(text=note.text, heading=heading, quarantined=note.quarantined)


async def _limits(record: PatientRecord, reference: str, path: str) -> Behind:
    """The laboratory's own range of a result, where the resource carries one."""
    entries = (await record.slice("Observation")).entries
    resource = next((entry.resource for entry in entries if entry.reference == reference), None)
    if resource is None or path != "Observation.value":
        return Behind()
    for limits in walk(resource, "referenceRange"):
        if not isinstance(limits, dict) or limits.get("appliesTo"):
            continue
        low, high = quantity(limits.get("low")), quantity(limits.get("high"))
        unit = (low or high).unit if (low or high) else None  # type: ignore[union-attr]
        text = " to ".join(f"{end.value:g}" for end in (low, high) if end)
        if text and not (low and high):
            text = f"{'from' if low else 'up to'} {text}"
        ends = (low.value if low else None, high.value if high else None)
        return Behind(limits=ends, limits_text=f"{text} {unit or ''}".strip())
    return Behind()


def _citations(tool: str) -> dict[str, str]:
    from tools.calculators import calculators

    calculator = calculators().get(tool.removeprefix("calc."))
    return {reference.key: reference.citation for reference in calculator.references} if calculator else {}


def _name(resource: Json) -> str:
    """How a patient is called: the official name first."""
    names: list[Any] = [name for name in resource.get("name", []) if isinstance(name, dict)]
    names.sort(key=lambda name: (name.get("use") != "official", name.get("use") == "old"))
    if not names:
        return f"Patient {resource.get('id')}"
    first = names[0]
    return first.get("text") or " ".join([*first.get("given", []), str(first.get("family", ""))]).strip()


def _about(resource: Json) -> str:
    """One line about a patient of whom only the Patient resource is read."""
    born = f"born {resource['birthDate']}" if resource.get("birthDate") else "birth date not recorded"
    return f"{resource.get('gender') or 'sex not recorded'}, {born}, {resource.get('id')}"


def _safe(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in text)
