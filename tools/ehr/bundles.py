"""Import: a Bundle, a resource, NDJSON or a folder of them, all or nothing per file; references made local."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.ehr.compartment import ABOUT
from tools.ehr.fhirjson import Resource, content_version, dumps, loads
from tools.ehr.plausible import impossible
from tools.ehr.query import BadSearch, Query
from tools.ehr.store import Store
from tools.ehr.validate import check
from tools.errors import BadInput, UsageError

_BUNDLES = {"transaction", "batch", "collection", "searchset", "history", "document", "message"}
_READ = {"transaction", "batch", "collection", "searchset"}
_ID = re.compile(r"^[A-Za-z0-9\-.]{1,64}$")
_SUFFIXES = {".json", ".ndjson"}


@dataclass
class ImportReport:
    """What an import did; `warnings` name what was kept as it came although something about it is odd."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    files: int = 0
    patients: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def count(self, what: str) -> None:
        """Count one resource."""
        setattr(self, what, getattr(self, what) + 1)


def import_path(store: Store, path: str | Path, progress: Callable[[str], None] | None = None) -> ImportReport:
    """Import a file or every .json and .ndjson file of a folder.

    Raises:
        UsageError: there is nothing to read.
        BadInput: a file that is not FHIR; of that file nothing is kept.
    """
    root = Path(path)
    if root.is_dir():
        files = sorted(item for item in root.rglob("*") if item.suffix in _SUFFIXES and item.is_file())
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
    for file in files:
        if progress:
            progress(f"reading {file.name}")
        text = file.read_bytes()
        if file.suffix == ".ndjson":
            _import(store, list(_lines(text, file.name)), file.name, report)
        else:
            import_document(store, loads(text, file.name), file.name, report)
        report.files += 1
    return report


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
    _import(store, list(_entries(entries, where)), where, report)
    return report


def _lines(text: bytes, where: str) -> Iterator[tuple[dict[str, Any], Resource]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield {}, loads(line, f"{where} line {number}")


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


def _import(store: Store, entries: list[tuple[dict[str, Any], Resource]], where: str, report: ImportReport) -> None:
    names: dict[str, str] = {}
    kept: dict[str, tuple[Resource, dict[str, Any]]] = {}
    warnings: list[str] = []
    for number, (entry, resource) in enumerate(entries):
        warnings += check(resource, f"{where}: entry {number}")
        request = entry.get("request") or {}
        reference = _existing(store, resource, request, where) or f"{resource['resourceType']}/{_id(entry, resource)}"
        if reference in kept and content_version(kept[reference][0]) != content_version(resource):
            raise BadInput(
                f"{where}: {reference} stands twice with different content",
                found=reference,
                expected="one resource per id",
                action="correct the bundle",
            )
        kept[reference] = (resource, request)
        for name in (entry.get("fullUrl"), reference):
            if isinstance(name, str) and name:
                names[name] = reference
    local = _Resolver(store, names, kept, where)
    results = []
    with store.transaction():
        for reference, (resource, request) in kept.items():
            if request.get("ifNoneExist") and store.get(*reference.split("/", 1)):
                results.append("unchanged")
                continue
            body = {**local.resolve(resource, resource["resourceType"], ""), "id": reference.split("/", 1)[1]}
            results.append(store.put(body)[1])
    report.warnings += warnings + local.warnings
    for reference, (resource, _) in kept.items():
        report.warnings += [f"{reference}: {flag}" for flag in impossible(resource)]
        if resource["resourceType"] == "Patient":
            report.patients.append(reference.split("/", 1)[1])
    for result in results:
        report.count(result)


def _id(entry: dict[str, Any], resource: Resource) -> str:
    """The resource's own id, else that of its fullUrl, else one from its content: a second import changes nothing."""
    if isinstance(resource.get("id"), str):
        return str(resource["id"])
    tail = re.split(r"[/:]", str(entry.get("fullUrl", "")))[-1]
    if tail and _ID.match(tail):
        return tail
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
    return _one(store, kind, condition, where)


def _one(store: Store, kind: str, condition: str, where: str) -> str | None:
    try:
        found = store.search(Query.parse(kind, condition, store.base))
    except BadSearch as error:
        raise BadInput(
            f"{where}: condition {kind}?{condition}: {error.message}",
            found=condition,
            expected=str(error.expected),
            action="correct the bundle",
        ) from error
    if found.total > 1:
        raise BadInput(
            f"{where}: {kind}?{condition} fits {found.total} resources",
            found=found.total,
            expected="at most one",
            action="make the condition unambiguous",
        )
    return f"{kind}/{found.matches[0].id}" if found.matches else None


class _Resolver:
    """Rewrites the references of one file to `Type/id`."""

    def __init__(
        self, store: Store, names: dict[str, str], kept: dict[str, tuple[Resource, dict[str, Any]]], where: str
    ) -> None:
        self.store, self.names, self.kept, self.where = store, names, kept, where
        self.warnings: list[str] = []

    def resolve(self, value: Any, kind: str, path: str) -> Any:
        """The value with every `reference` in it resolved."""
        if isinstance(value, list):
            return [self.resolve(item, kind, path) for item in value]
        if not isinstance(value, dict):
            return value
        body = {key: self.resolve(item, kind, f"{path}.{key}" if path else key) for key, item in value.items()}
        reference = body.get("reference")
        if isinstance(reference, str):
            return self._reference(body, reference, kind, path)
        return body

    def _reference(self, body: dict[str, Any], reference: str, kind: str, path: str) -> dict[str, Any]:
        target = self.names.get(reference) or self.names.get(reference.partition("/_history/")[0])
        if target:
            return {**body, "reference": target}
        if reference.startswith("urn:"):
            return self._lost(body, reference, kind, path)
        if "?" in reference and not urlsplit(reference).scheme:
            target_kind, _, condition = reference.partition("?")
            found = self._within(target_kind, condition) or _one(self.store, target_kind, condition, self.where)
            return {**body, "reference": found} if found else self._lost(body, reference, kind, path)
        return body

    def _within(self, kind: str, condition: str) -> str | None:
        """A conditional reference to something in the same file: by identifier, as bundles write it."""
        name, _, value = condition.partition("=")
        if name != "identifier":
            return None
        system, bar, code = value.rpartition("|")
        fitting = [
            reference
            for reference, (resource, _) in self.kept.items()
            if resource["resourceType"] == kind
            and any(
                item.get("value") == code and (not bar or item.get("system", "") == system)
                for item in _identifiers(resource)
            )
        ]
        if len(fitting) > 1:
            raise BadInput(
                f"{self.where}: {kind}?{condition} fits {len(fitting)} entries",
                found=fitting,
                expected="one",
                action="make the condition unambiguous",
            )
        return fitting[0] if fitting else None

    def _lost(self, body: dict[str, Any], reference: str, kind: str, path: str) -> dict[str, Any]:
        """A reference that leads nowhere: fatal where it says whose resource it is, otherwise kept as a label."""
        if path == ABOUT.get(kind):
            raise BadInput(
                f"{self.where}: {kind}.{path} refers to {reference}, which is not there",
                found=reference,
                expected="the patient in the same bundle or already in the store",
                action="import the patient first",
            )
        self.warnings.append(f"{self.where}: {kind}.{path}: {reference} is not there; its label is kept")
        rest = {key: item for key, item in body.items() if key != "reference"}
        return {**rest, "display": rest.get("display") or reference}


def _identifiers(resource: Resource) -> Iterable[dict[str, Any]]:
    found = resource.get("identifier", [])
    return [item for item in (found if isinstance(found, list) else [found]) if isinstance(item, dict)]
