"""`osler bench ehr-import --data FOLDER`: bulk import on one core, in a process of its own: resources/s, peak memory.

FOLDER holds FHIR Bundles, one patient each (Synthea's). They are written out as NDJSON by type, `--n` copies of each
patient (default 1) under ids of their own, then imported into an empty store file, checked like everything else; then
imported again, which must change nothing. The Bundles themselves are imported too. The score is the share of the
resources that lie in the store as they were written.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from evals.metrics import document
from tools.ehr.bundles import import_path
from tools.ehr.bundles_references import Resolver
from tools.ehr.fhirjson import content_version, dumps, loads
from tools.ehr.store.store import Store
from tools.errors import UsageError

Json = dict[str, Any]
WANTED, LARGEST = 2000, 500
"""Resources a second, and MB."""


def run(data: Path | None, n: int | None = None) -> Json:
    """Import in a child process that has one core.

    Raises:
        UsageError: no folder of Bundles.
    """
    if data is None or not sorted(data.glob("*.json")):
        raise UsageError("this benchmark needs data", found=str(data), expected="a folder of FHIR Bundles",
                         action="give --data FOLDER")  # fmt: skip
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="osler-import-") as folder:
        lines = Path(folder) / "export"
        lines.mkdir()
        written = export(data, lines, n or 1)
        total = sum(written.values())
        size = sum(file.stat().st_size for file in lines.iterdir())
        store = Path(folder) / "records.sqlite"
        first = child(lines, store)
        again = child(lines, store)
        same, counts = compare(lines, store)
        bundles = child(data, Path(folder) / "bundles.sqlite")
        file_size = store.stat().st_size
    by = {
        "resources": total,
        "types": dict(sorted(written.items())),
        "ndjson": {**first, "megabytes": round(size / 1e6, 1), "store_megabytes": round(file_size / 1e6, 1)},
        "again": again,
        "bundles": bundles,
        "in_store": counts,
        "wanted": {"per_second": WANTED, "peak_megabytes": LARGEST},
        "met": first["per_second"] >= WANTED and first["peak_megabytes"] < LARGEST,
    }
    name = "resources imported and given back as written"
    return document("ehr-import", name, same, total, time.perf_counter() - started, by=by)


def export(data: Path, folder: Path, copies: int) -> Counter[str]:
    """Write the resources of Bundles as NDJSON, one file a type; what the patients share is written once."""
    files: dict[str, Any] = {}
    written: Counter[str] = Counter()
    shared: set[str] = set()
    none = Store()
    with contextlib.closing(none):
        for file in sorted(data.glob("*.json")):
            entries = loads(file.read_bytes(), file.name)["entry"]
            for copy in range(copies):
                tail = f"-{copy}" if copy else ""
                names = {str(row.get("fullUrl")): _reference(row["resource"], tail) for row in entries}
                resolver = Resolver(none, names, {}, file.name, lambda body, *_: body)
                for row in entries:
                    kind, _, id_ = _reference(row["resource"], tail).partition("/")
                    if kind in _SHARED and f"{kind}/{id_}" in shared:
                        continue
                    shared.add(f"{kind}/{id_}")
                    body = {**resolver.resolve(row["resource"]), "id": id_}
                    out = files.get(kind) or files.setdefault(
                        kind, (folder / f"{kind}.ndjson").open("w", encoding="utf-8")
                    )
                    out.write(dumps(body) + "\n")
                    written[kind] += 1
    for out in files.values():
        out.close()
    return written


_SHARED = {"Organization", "Practitioner", "Location"}


def _reference(body: Json, tail: str) -> str:
    kind = body["resourceType"]
    return f"{kind}/{body['id']}" if kind in _SHARED else f"{kind}/{body['id']}{tail}"


def child(source: Path, store: Path) -> Json:
    """Import in a process of its own; what it says about itself."""
    command = [sys.executable, "-m", "evals.benchmarks.ehr_import", str(source), str(store)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=3600)  # noqa: S603
    found: Json = json.loads(done.stdout)
    return found


def import_here(source: Path, store: Path) -> Json:
    """Import in this process, held to one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})
    held = Store(store)
    wall, busy = time.perf_counter(), time.process_time()
    report = import_path(held, source, keep_going=True)
    seconds, cpu = time.perf_counter() - wall, time.process_time() - busy
    held.close()
    total = report.created + report.updated + report.unchanged
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
    return {
        "created": report.created,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "errors": len(report.errors),
        "warnings": len(report.warnings),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "per_second": round(total / max(seconds, 1e-9)),
        "per_cpu_second": round(total / max(cpu, 1e-9)),
        "peak_megabytes": round(peak),
        "of_it_not_of_the_file": _anonymous(),
    }


def _anonymous() -> int | None:
    """MB of memory now that is not a part of the store's file mapped into the process; none where nobody says."""
    status = Path("/proc/self/status")
    for line in status.read_text("ascii").splitlines() if status.is_file() else []:
        if line.startswith("RssAnon:"):
            return round(int(line.split()[1]) / 1024)
    return None


def compare(folder: Path, store: Path) -> tuple[int, dict[str, int]]:
    """How many lines lie in the store with the same content."""
    held = Store(store)
    same = 0
    for file in sorted(folder.glob("*.ndjson")):
        with file.open("rb") as source:
            for line in source:
                body = loads(line)
                stored = held.get(body["resourceType"], body["id"])
                same += stored is not None and content_version(stored.resource) == content_version(body)
    counts = held.counts()
    held.close()
    return same, counts


if __name__ == "__main__":
    print(json.dumps(import_here(Path(sys.argv[1]), Path(sys.argv[2]))))  # noqa: T201  (read by the parent)
