"""NDJSON, as a Bulk Data export writes it: a resource a line, a file (or several) a type, a manifest beside them."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

LINKED = re.compile(rb'"reference"\s*:\s*"(?:urn:|[A-Za-z]+\?)')
"""A line with a reference that has to be resolved."""
# What others refer to by condition comes first.
_FIRST = ("Organization", "Location", "Practitioner", "PractitionerRole", "Patient")
_EVERY, MAX_LINE = 5000, 64_000_000


def order(file: Path) -> tuple[int, str]:
    """Sorts the files of a folder: what is referred to before what refers to it, then by name."""
    kind = re.split(r"[^A-Za-z]", file.name)[0]
    return (_FIRST.index(kind) if kind in _FIRST and ".ndjson" in file.suffixes else len(_FIRST), str(file))


def lines(file: Path, progress: Callable[[str], None] | None = None) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, with their numbers; never more than one of them in memory."""
    started = time.monotonic()
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as source:
        number = 0
        while line := source.readline(MAX_LINE):
            number += 1
            if line.strip():
                yield number, line
            if progress and number % _EVERY == 0:
                rate = number / max(time.monotonic() - started, 1e-6)
                progress(f"{file.name}: {number:,} lines, {rate:,.0f}/s")


def is_manifest(document: Any) -> bool:
    """Whether this is the manifest of a bulk export: it lists files and is no resource."""
    return isinstance(document, dict) and "resourceType" not in document and isinstance(document.get("output"), list)


def missing(manifest: dict[str, Any], file: Path) -> list[str]:
    """What the manifest lists and the folder does not hold, or holds with another number of lines."""
    found = []
    for row in [item for item in manifest["output"] if isinstance(item, dict)]:
        name = str(row.get("url", "")).partition("?")[0].rstrip("/").rpartition("/")[2]
        places = [file.parent / (name + suffix) for suffix in ("", ".gz", ".ndjson", ".ndjson.gz")]
        place = next((item for item in places if name and item.is_file()), None)
        if place is None:
            found.append(f"{file.name}: {row.get('type')} in {name or 'no file'} is listed and not there")
        elif isinstance(row.get("count"), int) and (held := sum(1 for _ in lines(place))) != row["count"]:
            found.append(f"{file.name}: {name} holds {held} resources; the manifest counts {row['count']}")
    return found
