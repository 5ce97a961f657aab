"""Where records come from: the configured server, the embedded store, or a Bundle named on the command line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent.servers import client_of, is_server, keep
from agent.settings import Settings
from agent.state import Json
from tools.context import ToolContext
from tools.ehr.client.client import FhirClient, Matches
from tools.ehr.demo import demo_patients
from tools.ehr.record import PatientRecord, client_for, open_record, patient_ids, resolve_patient
from tools.ehr.store.store import Store
from tools.errors import UsageError
from tools.notes import Note, note_identity


@dataclass(frozen=True)
class Found:
    """The patient a consultation is about, and the clock a demo patient brings."""

    patient: str | None
    as_of: str | None


class Records:
    """Opens records; one client per source, closed together."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._clients: dict[str, FhirClient] = {}
        self._lock = asyncio.Lock()

    async def client(self, record: str | None) -> FhirClient:
        """The client of a source; None is the configured server or the embedded store."""
        source = record or self.settings.fhir_url or ""
        async with self._lock:
            if source not in self._clients:
                self._clients[source] = await asyncio.to_thread(self._open_client, source)
        return self._clients[source]

    def _open_client(self, source: str) -> FhirClient:
        if is_server(source):
            return client_of(self.settings, source)
        if source:
            return client_for(source)
        return FhirClient(store=open_store(self.settings))

    async def resolve(self, record: str | None, patient: str | None) -> Found:
        """Which patient is meant.

        Raises:
            UsageError: none named and several there, or no such patient.
        """
        client = await self.client(record)
        resource = await resolve_patient(client, patient)
        name = str(resource["id"])
        embedded = not record and not self.settings.fhir_url
        clock = next((p.as_of for p in demo_patients() if p.id == name), None) if embedded else None
        return Found(name, clock)

    async def patients(self, record: str | None = None) -> list[str]:
        """Ids of the patients there are."""
        return await patient_ids(await self.client(record))

    async def open(self, case: Json) -> PatientRecord:
        """The record of a case's patient at the case's clock, its attached notes included."""
        client = await self.client(case.get("record"))
        record = await open_record(client, case["patient"], as_of=datetime.fromisoformat(case["as_of"]))
        for attachment in case.get("attachments", []):
            if attachment["kind"] != "note":
                continue
            text = (self.settings.home / "attachments" / f"{attachment['sha256']}.txt").read_text(encoding="utf-8")
            record.attach(
                Note(
                    reference=f"attachment/{attachment['sha256']}",
                    text=text,
                    at=case["as_of"],
                    title=attachment["name"],
                )
            )
        return record

    async def check_note(self, context: ToolContext, text: str) -> None:
        """Compare the identity in a note with the patient's.

        Raises:
            UsageError: there is no patient to compare with.
            IdentityMismatch: it names somebody else.
        """
        if context.record is None:
            raise UsageError(
                "a note needs a patient", found="no patient", expected="--patient", action="name the patient"
            )
        note_identity(text, context.record.patient)

    async def close(self) -> None:
        """Close every client."""
        for client in self._clients.values():
            keep(self.settings, client)
            await client.close()


def open_store(settings: Settings) -> Store:
    """The embedded store; an empty one is filled with the demo patients, so that the first start shows something."""
    settings.home.mkdir(parents=True, exist_ok=True)
    store = Store(settings.records)
    if not store.ids("Patient", 1):
        fill(store)
    return store


def fill(store: Store) -> None:
    """Put the demo patients into a store."""
    from tools.ehr.bundles import import_document

    for patient in demo_patients():
        import_document(store, patient.bundle, patient.id)


def load_demo(settings: Settings) -> None:
    """Load (or refresh) the demo patients."""
    settings.home.mkdir(parents=True, exist_ok=True)
    store = Store(settings.records)
    try:
        fill(store)
    finally:
        store.close()


def import_into(
    settings: Settings, path: Path, progress: Callable[[str], None] | None = None, *, keep_going: bool = False
) -> Json:
    """Import Bundles or NDJSON into the embedded store.

    Raises:
        UsageError: nothing there.
        BadInput: not FHIR, unless `keep_going`: then what is wrong with which file and line stands in `errors`.
    """
    from tools.ehr.bundles import import_path

    settings.home.mkdir(parents=True, exist_ok=True)
    store = Store(settings.records)
    try:
        started = time.monotonic()
        report = import_path(store, path, progress, keep_going=keep_going)
        return {
            "created": report.created,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "patients": report.patients,
            "warnings": report.warnings,
            "errors": report.errors,
            "seconds": round(time.monotonic() - started, 3),
            "store": store.counts(),
        }
    finally:
        store.close()


def search(settings: Settings, record: str | None, query: str) -> Json:
    """A FHIR search as a Bundle of everything that matched.

    Raises:
        UsageError: the query is not TYPE?parameters.
    """
    from urllib.parse import parse_qsl

    kind, _, rest = query.partition("?")
    if not kind.isalpha():
        raise UsageError(
            "not a FHIR search",
            found=query,
            expected="TYPE?name=value&...",
            action='for example "Observation?patient=demo-af&code=2160-0"',
        )

    async def run() -> Json:
        records = Records(settings)
        try:
            matches = await (await records.client(record)).search(kind, parse_qsl(rest, keep_blank_values=True))
        finally:
            await records.close()
        return searchset(matches)

    return asyncio.run(run())


def searchset(matches: Matches) -> Json:
    """What a search found as a Bundle, with why that may not be all, and what the server did not do itself."""
    issues = [
        {"severity": severity, "code": code, "diagnostics": text}
        for severity, code, texts in (
            ("warning", "incomplete", matches.problems),
            ("information", "informational", matches.notes),
        )
        for text in texts
    ]
    remark = {"resourceType": "OperationOutcome", "issue": issues}
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(matches.resources) if matches.total is None else matches.total,
        "entry": [
            *({"resource": resource, "search": {"mode": "match"}} for resource in matches.resources),
            *({"resource": resource, "search": {"mode": "include"}} for resource in matches.included),
            *([{"resource": remark, "search": {"mode": "outcome"}}] if issues else []),
        ],
    }
