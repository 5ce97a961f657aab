"""Import: a Bundle, a resource, NDJSON or a folder of them; references made local.

A Bundle is imported whole or not at all. Of an NDJSON file, which holds single resources, a bad line is left out and
reported; of a folder, a bad file. With `keep_going=False`, the default, the first fault is raised instead, and nothing
of its file is kept. A second import of the same files changes nothing.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.ehr import ndjson
from tools.ehr.bundles_references import Resolver, fitting
from tools.ehr.checks.validate import check
from tools.ehr.compartment import ABOUT
from tools.ehr.fhirjson import Resource, content_version, dumps, loads
from tools.ehr.plausible import impossible
from tools.ehr.store.store import Store
from tools.errors import BadInput, UsageError

_BUNDLES = {"transaction", "batch", "collection", "searchset", "history", "document", "message"}
_READ = {"transaction", "batch", "collection", "searchset", "history"}
_ID = re.compile(r"^[A-Za-z0-9\-.]{1,64}$")
_SUFFIXES = (".json", ".ndjson", ".json.gz", ".ndjson.gz")
MAX_WARNINGS = 1000


@dataclass
class ImportReport:
    """What an import did; `warnings` name what was kept as it came although something about it is odd.

    `errors` name what was not imported: file, line, message, found, expected, action.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    files: int = 0
    patients: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def count(self, counts: dict[str, int]) -> None:
        """Add the counts of a writing."""
        self.created += counts["created"]
        self.updated += counts["updated"]
        self.unchanged += counts["unchanged"]

    def warn(self, texts: list[str]) -> None:
        """Keep warnings, but not without end."""
        self.warnings += texts[: max(0, MAX_WARNINGS - len(self.warnings))]

    def refuse(self, error: BadInput, file: str, line: int | None = None) -> None:
        """Keep what is wrong with a file or a line of it."""
        body = error.document()
        place = {"file": file, "line": line}
        self.errors.append(place | {key: body[key] for key in ("message", "found", "expected", "action")})

    def see(self, resource: Resource, reference: str) -> None:
        """Look at what is to be written: patients, values that cannot be."""
        for flag in impossible(resource):
            self.warn([f"{reference}: {flag}"])
        if resource["resourceType"] == "Patient":
            self.patients.append(reference.partition("/")[2])


def import_path(
    store: Store, path: str | Path, progress: Callable[[str], None] | None = None, *, keep_going: bool = False
) -> ImportReport:
    """Import a file, or every .json and .ndjson file (also .gz) of a folder.

    Raises:
        UsageError: there is nothing to read.
        BadInput: a file or line that is not FHIR, unless `keep_going` (then it stands in `errors`).
    """
    root = Path(path)
    if root.is_dir():
        files = [item for item in root.rglob("*") if item.name.endswith(_SUFFIXES) and item.is_file()]
    else:
        files = [root] if root.is_file() else []
    if not files:
        raise UsageError(
            f"no record at {path}",
            found=str(path),
            action="name an existing file or folder",
            expected="a FHIR Bundle, NDJSON file or folder of them",
        )
    report = ImportReport()
    for file in sorted(files, key=ndjson.order):
        if progress:
            progress(f"reading {file.name}")
        try:
            _file(store, file, report, progress, keep_going=keep_going)
        except BadInput as error:
            if not keep_going:
                raise
            report.refuse(error, file.name)
        report.files += 1
    return report


def _file(
    store: Store, file: Path, report: ImportReport, progress: Callable[[str], None] | None, *, keep_going: bool
) -> None:
    try:
        if ".ndjson" in file.suffixes:
            with contextlib.nullcontext() if keep_going else store.transaction():
                report.count(store.put_many(_lines(store, file, report, progress, keep_going=keep_going)))
            return
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as source:
            document = loads(source.read(), file.name)
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{file.name} cannot be read: {error}", found=type(error).__name__, expected="a readable file",
                       action="check the file")  from error  # fmt: skip
    if ndjson.is_manifest(document):
        for message in ndjson.missing(document, file):
            report.refuse(BadInput(message, found=file.name, expected="every file of the manifest",
                                   action="export again, or fetch the missing file"), file.name)  # fmt: skip
    else:
        import_document(store, document, file.name, report)


def _lines(
    store: Store, file: Path, report: ImportReport, progress: Callable[[str], None] | None, *, keep_going: bool
) -> Iterator[Resource]:
    """The resources of an NDJSON file, checked, references resolved; a bad line is left out."""
    warnings: list[str] = []
    # Whole numbers instead of names: a million of them take little memory.
    seen: dict[int, int] = {}
    losing = _Losing("", file.name, warnings)
    resolver = Resolver(store, {}, {}, file.name, losing)
    for number, line in ndjson.lines(file, progress):
        try:
            resource: Resource = loads(line, f"{file.name} line {number}")
            check(resource, f"{file.name} line {number}")
            if ndjson.LINKED.search(line):
                losing.kind, losing.where = resource["resourceType"], f"{file.name} line {number}"
                resource = resolver.resolve(resource)
            resource.setdefault("id", _made_id(resource))
            key = hash((resource["resourceType"], resource["id"]))
            version = int(content_version(resource), 16)
            if seen.setdefault(key, version) != version:
                raise _twice(f"{file.name} line {number}", f"{resource['resourceType']}/{resource['id']}")
        except BadInput as error:
            if not keep_going:
                raise
            report.refuse(error, file.name, number)
            continue
        report.see(resource, f"{resource['resourceType']}/{resource['id']}")
        yield resource
    report.warn(warnings)


def import_document(
    store: Store, document: Any, where: str = "bundle", report: ImportReport | None = None
) -> ImportReport:
    """Import a parsed Bundle or single resource, all of it or nothing.

    Raises:
        BadInput: not a Bundle or resource, an invalid entry, a reference that leads nowhere.
    """
    report = report or ImportReport()
    if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
        check(document, where)
        _import(store, [({}, document)], where, report)
        return report
    kind = document.get("type")
    if kind not in _READ:
        hint = "not imported" if kind in _BUNDLES else "not a Bundle type"
        raise BadInput(
            f"{where}: Bundle.type {kind!r} is {hint}",
            found=kind,
            expected=f"one of {sorted(_READ)}",
            action="export the record as one of these",
        )
    entries = document.get("entry", [])
    if not isinstance(entries, list):
        raise BadInput(
            f"{where}: Bundle.entry is no list",
            found=type(entries).__name__,
            expected="a list of entries",
            action="check the file",
        )
    pairs = list(_entries(_newest(entries) if kind == "history" else entries, where))
    _import(store, pairs, where, report)
    return report


def _entries(entries: list[Any], where: str) -> Iterator[tuple[dict[str, Any], Resource]]:
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict) or not isinstance(entry.get("resource"), dict):
            raise BadInput(
                f"{where}: entry {number} holds no resource",
                found=str(entry)[:60],
                expected="entry.resource",
                action="check the file",
            )
        method = entry.get("request", {}).get("method", "PUT") if isinstance(entry.get("request", {}), dict) else None
        if method not in ("POST", "PUT"):
            raise BadInput(
                f"{where}: entry {number} asks for {method}",
                found=method,
                expected="POST or PUT",
                action="import what is to be stored; changes go through the REST interface",
            )
        if entry["resource"].get("resourceType") != "OperationOutcome":
            yield entry, entry["resource"]


def _newest(entries: list[Any]) -> list[Any]:
    """The newest version of each resource of a history, which stands first; a deleted one is left out."""
    found: dict[str, Any] = {}
    for number, entry in enumerate(entries):
        given = entry if isinstance(entry, dict) else {}
        resource, request = given.get("resource") or {}, given.get("request") or {}
        url = str(request.get("url", "")) if isinstance(request, dict) else ""
        named = (
            f"{resource.get('resourceType')}/{resource.get('id')}" if isinstance(resource, dict) and resource else url
        )
        found.setdefault(named or str(number), entry)
    return [entry for entry in found.values() if not _deletion(entry)]


def _deletion(entry: Any) -> bool:
    request = entry.get("request") if isinstance(entry, dict) else None
    return isinstance(request, dict) and request.get("method") == "DELETE"


def _import(store: Store, entries: list[tuple[dict[str, Any], Resource]], where: str, report: ImportReport) -> None:
    names: dict[str, str] = {}
    kept: dict[str, Resource] = {}
    found: set[str] = set()
    for number, (entry, resource) in enumerate(entries):
        check(resource, f"{where}: entry {number}")
        request = entry.get("request") or {}
        there = _existing(store, resource, request, where)
        reference = there or f"{resource['resourceType']}/{_id(entry, resource)}"
        if reference in kept and content_version(kept[reference]) != content_version(resource):
            raise _twice(where, reference)
        if there and request.get("method") == "POST":
            found.add(reference)
        kept[reference] = resource
        for name in (entry.get("fullUrl"), reference):
            if isinstance(name, str) and name:
                names[name] = reference
    warnings: list[str] = []
    bodies = []
    for reference, resource in kept.items():
        kind, _, id_ = reference.partition("/")
        resolver = Resolver(store, names, kept, where, _Losing(kind, where, warnings))
        if reference not in found:
            bodies.append({**resolver.resolve(resource), "id": id_})
    with store.transaction():
        report.count(store.put_many(bodies))
    report.unchanged += len(found)
    report.warn(warnings)
    for reference, resource in kept.items():
        report.see(resource, reference)


def _twice(where: str, reference: str) -> BadInput:
    return BadInput(
        f"{where}: {reference} stands twice with different content",
        found=reference,
        expected="one resource per id",
        action="correct the bundle",
    )


def _id(entry: dict[str, Any], resource: Resource) -> str:
    """The resource's own id, else that of its fullUrl, else one from its content: a second import changes nothing."""
    if isinstance(resource.get("id"), str):
        return str(resource["id"])
    tail = re.split(r"[/:]", str(entry.get("fullUrl", "")))[-1]
    return tail if tail and _ID.match(tail) else _made_id(resource)


def _made_id(resource: Resource) -> str:
    return hashlib.sha256(dumps(resource).encode()).hexdigest()[:20]


def _existing(store: Store, resource: Resource, request: dict[str, Any], where: str) -> str | None:
    """The resource a conditional create or update stands for, if the store has it."""
    kind = resource["resourceType"]
    condition = str(request.get("ifNoneExist") or "").removeprefix(f"{kind}?")
    url = str(request.get("url", ""))
    if request.get("method") == "PUT" and url.startswith(f"{kind}?"):
        condition = url.partition("?")[2]
    if not condition:
        return None
    found = fitting(store, kind, condition, where)
    return f"{kind}/{found.id}" if found else None


class _Losing:
    """A reference that leads nowhere: fatal where it says whose resource it is, otherwise kept as a label."""

    def __init__(self, kind: str, where: str, warnings: list[str]) -> None:
        self.kind, self.where, self.warnings = kind, where, warnings

    def __call__(self, body: dict[str, Any], reference: str, path: str) -> dict[str, Any]:
        if path == ABOUT.get(self.kind):
            raise BadInput(
                f"{self.where}: {self.kind}.{path} refers to {reference}, which is not there",
                found=reference,
                expected="the patient in the same bundle or already in the store",
                action="import the patient first",
            )
        self.warnings.append(f"{self.where}: {self.kind}.{path}: {reference} is not there; its label is kept")
        rest = {key: item for key, item in body.items() if key != "reference"}
        return {**rest, "display": rest.get("display") or reference}
