"""Files given to the page: which is a note and which an image, and a record that becomes a patient of the store.

What a file is is told from its content. A record is tried in a store of its own first: nothing of it reaches the
patients there are unless it is one new patient and touches nobody else.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent import Settings
from agent.records import import_into
from app_parts import Json
from tools.ehr.bundles import import_path
from tools.ehr.compartment import local_reference
from tools.ehr.store.store import Store
from tools.errors import BadInput, IdentityMismatch, UsageError
from tools.imaging import archive

MAX_NOTE = 2_000_000
MAX_RECORD = 64_000_000
MAX_FILE = "1gb"
_TEXT = (".txt", ".md", ".text")
_RECORDS = (".json", ".ndjson")
_MOST = 1_000_000


@dataclass(frozen=True)
class Imported:
    """A record that was taken: whose, and what it held."""

    patient: str
    created: int
    unchanged: int
    warnings: tuple[str, ...]


def sorted_files(paths: Iterable[str]) -> tuple[list[str], list[str]]:
    """Notes and images among the files given with a question; a series may come as many files or as an archive.

    Raises:
        BadInput: a note that is too long.
        UsageError: a record, which is imported and not attached.
    """
    notes: list[str] = []
    images: list[str] = []
    for path in paths:
        packed = _holds_record(Path(path))
        if packed or (_is_text(Path(path)) and _is_record(Path(path))):
            raise UsageError(
                f"{Path(path).name} is a record", found="a FHIR resource or Bundle", expected="a note or an image",
                action=f"{'unpack it and ' if packed else ''}take it in with Import a record, above",
            )
        (notes if _is_text(Path(path)) else images).append(path)
    for path in notes:
        if (size := Path(path).stat().st_size) > MAX_NOTE:
            raise BadInput(
                f"{Path(path).name} is too long for a note", found=f"{size:,} bytes", expected=f"at most {MAX_NOTE:,}",
                action="attach the part that matters",
            )
    return notes, images


def _is_text(path: Path) -> bool:
    """A text by its name, or by its content; an image's first bytes are never UTF-8 without a NUL."""
    if path.suffix.lower() in _TEXT:
        return True
    with path.open("rb") as file:
        head = file.read(4096)
    if not head or b"\x00" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A letter of several bytes may be cut at the end of what was read.
        return error.start > 4090 and not head.startswith(b"%PDF")
    return not head.startswith(b"%PDF")


def _is_record(path: Path) -> bool:
    with path.open("rb") as file:
        return _begins_record(file.read(4096))


def _begins_record(head: bytes) -> bool:
    head = head.lstrip()
    return head.startswith(b"{") and b'"resourceType"' in head


def _holds_record(path: Path) -> bool:
    """Whether an archive holds nothing but a record; a broken one is refused by who reads it as images."""
    with path.open("rb") as file:
        if not archive.is_zip(file.read(4)):
            return False
    try:
        with zipfile.ZipFile(path) as packed:
            entries = [entry for entry in packed.infolist() if not entry.is_dir()]
            if not entries or any(not entry.filename.lower().endswith(_RECORDS) for entry in entries):
                return False
            with packed.open(entries[0]) as first:
                return _begins_record(first.read(4096))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, zlib.error):
        return False


def import_patient(settings: Settings, path: Path) -> Imported:
    """Take a record (a Bundle, a resource, NDJSON) into the embedded store, as one new patient.

    Raises:
        UsageError: records come from a server here, or this patient is there already.
        BadInput: not FHIR, no patient or several, or something of the store would be replaced.
        IdentityMismatch: part of it is about somebody else.
    """
    if settings.fhir_url:
        raise UsageError(
            "records come from a server here", found=settings.fhir_url, expected="the embedded store",
            action="put the record on the server, or start Osler without OSLER_FHIR_URL",
        )
    if (size := path.stat().st_size) > MAX_RECORD:
        raise BadInput(
            f"{path.name} is too large", found=f"{size:,} bytes", expected=f"at most {MAX_RECORD:,}",
            action="import it on the command line: osler ehr import FILE",
        )
    trial, store = Store(), Store(settings.records)
    try:
        import_path(trial, path)
        patient = _only_patient(trial, path.name)
        _check_about(trial, patient, path.name)
        _check_new(trial, store, patient, path.name)
    finally:
        trial.close()
        store.close()
    done = import_into(settings, path)
    return Imported(patient, done["created"], done["unchanged"], tuple(done["warnings"]))


def _only_patient(trial: Store, name: str) -> str:
    found = trial.ids("Patient", _MOST)
    if len(found) != 1:
        raise BadInput(
            f"{name} does not hold one patient", found=f"{len(found)} patients" if found else "no patient",
            expected="the record of one patient",
            action="give one Bundle per patient; osler ehr import FOLDER takes several",
        )
    return found[0]


def _resources(trial: Store) -> Iterator[tuple[str, str, Json]]:
    for kind in trial.counts():
        for key in trial.ids(kind, _MOST):
            if held := trial.get(kind, key):
                yield kind, key, held.resource


def _check_about(trial: Store, patient: str, name: str) -> None:
    """Every patient that is referred to is the one of this record; only `Patient.link` may name another."""
    for kind, key, resource in _resources(trial):
        for reference in _references({**resource, "link": []} if kind == "Patient" else resource):
            target = local_reference(reference, trial.base)
            if target and target[0] == "Patient" and target[1] != patient:
                raise IdentityMismatch(
                    f"{name}: {kind}/{key} is about another patient", found=f"Patient/{target[1]}",
                    expected=f"Patient/{patient}", action="take out what is another patient's, and import again",
                )


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for item in value.values():
            yield from _references(item)


def _check_new(trial: Store, store: Store, patient: str, name: str) -> None:
    if store.get("Patient", patient):
        raise UsageError(
            "this patient is in the record already", found=f"Patient/{patient}", expected="a new patient",
            action="choose the patient in the list; osler ehr import FILE brings a record up to date",
        )
    for kind, key, _ in _resources(trial):
        ours, theirs = trial.get(kind, key), store.get(kind, key)
        if ours and theirs and ours.version != theirs.version:
            raise BadInput(
                f"{name}: {kind}/{key} is in the record already, with other content", found=f"{kind}/{key}",
                expected="ids of its own", action="osler ehr import FILE, if it is meant to be replaced",
            )
