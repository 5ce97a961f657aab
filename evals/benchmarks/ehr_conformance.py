"""`osler bench ehr-conformance --data FOLDER`: the specification's own examples through the embedded server.

FOLDER holds `clinical/` and `conformance/`. Every resource is put and read back: it must come back equal, decimals with
the digits they were written with, `meta.versionId` and `meta.lastUpdated` aside (the score). Then the 1,400
SearchParameters: how many can be searched, by type, the rest with reasons; and for every one that can, every example
with a value there: a search for that value must find the example (`ehr_conformance_search`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.benchmarks.ehr_asgi import Server
from evals.benchmarks.ehr_conformance_search import Finding
from evals.metrics import document
from tools.ehr.fhirjson import dumps, loads
from tools.ehr.server.server import application
from tools.ehr.store.search_parameters import searchable
from tools.ehr.store.store import Store
from tools.errors import UsageError

Json = dict[str, Any]
MEDIA = {"content-type": "application/fhir+json"}


def run(data: Path | None) -> Json:
    """Put, get, compare, search.

    Raises:
        UsageError: the folder is not laid out like that.
    """
    if data is None or not (data / "clinical").is_dir() or not (data / "conformance").is_dir():
        raise UsageError(
            "this benchmark needs data",
            found=str(data),
            expected="a folder with clinical/ and conformance/",
            action="give --data FOLDER",
        )
    started = time.perf_counter()
    server = Server(application(Store(), writable=True))
    cases = [
        one(server, part, file) for part in ("clinical", "conformance") for file in sorted((data / part).glob("*.json"))
    ]
    equal = [case for case in cases if case["equal"]]
    stored = time.perf_counter()
    definitions = [body for _, body in resources(data) if body["resourceType"] == "SearchParameter"]
    finding = Finding(
        server,
        definitions,
        [body for part, body in resources(data) if part == "clinical" or body["resourceType"] != "SearchParameter"],
    )
    found = finding.run()
    server.close()
    by = {
        "clinical": share([case for case in cases if case["part"] == "clinical"]),
        "conformance": share([case for case in cases if case["part"] == "conformance"]),
        "types": {kind: share(rows) for kind, rows in sorted(grouped(cases).items())},
        "not_equal": [case for case in cases if not case["equal"]],
        "search_parameters": table(definitions),
        "found": found,
        "seconds": {"store": round(stored - started, 2), "search": round(time.perf_counter() - stored, 2)},
    }
    return document(
        "ehr-conformance",
        "examples of R4 stored and returned equal",
        len(equal),
        len(cases),
        time.perf_counter() - started,
        by=by,
        cases=cases,
    )


def resources(data: Path) -> Iterator[tuple[str, Json]]:
    """Part and resource of every file."""
    for part in ("clinical", "conformance"):
        for file in sorted((data / part).glob("*.json")):
            yield part, loads(file.read_bytes(), file.name)


def one(server: Server, part: str, file: Path) -> Json:
    """Put a resource and read it back."""
    sent = loads(file.read_bytes(), file.name)
    kind, id_ = sent["resourceType"], sent["id"]
    put = server.ask("PUT", f"/{kind}/{id_}", body=dumps(sent).encode(), headers=MEDIA)
    case = {"id": f"{part}/{file.name}", "part": part, "type": kind, "equal": False, "why": ""}
    if put.status not in (200, 201):
        return case | {"why": loads(put.body)["issue"][0]["diagnostics"][:300]}
    got = loads(server.ask("GET", f"/{kind}/{id_}").body)
    equal = plain(got) == plain(sent)
    return case | {"equal": equal, "why": "" if equal else "it comes back otherwise"}


def plain(body: Json) -> str:
    """A resource as text without what the server sets, names sorted: decimals count with their digits."""
    meta = {key: item for key, item in body.get("meta", {}).items() if key not in ("versionId", "lastUpdated")}
    rest = {key: item for key, item in body.items() if key != "meta"}
    return dumps(ordered({**rest, "meta": meta} if meta else rest))


def ordered(value: Any) -> Any:
    """The value with its names in order."""
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value)}
    return [ordered(item) for item in value] if isinstance(value, list) else value


def share(cases: list[Json]) -> Json:
    """How many of some cases are equal."""
    return {"equal": sum(case["equal"] for case in cases), "n": len(cases)}


def grouped(cases: list[Json]) -> dict[str, list[Json]]:
    """Cases by resource type."""
    found: dict[str, list[Json]] = {}
    for case in cases:
        found.setdefault(case["type"], []).append(case)
    return found


def table(definitions: list[Json]) -> Json:
    """How many SearchParameters can be searched, by type of parameter, and why the others cannot."""
    left = searchable().left
    kinds = Counter(row["type"] for row in definitions)
    kept = Counter(row["type"] for row in definitions if row["id"] not in left)
    return {
        "n": len(definitions),
        "searchable": sum(kept.values()),
        "by_type": {kind: {"searchable": kept[kind], "n": kinds[kind]} for kind in sorted(kinds)},
        "left_out": [
            {"id": row["id"], "code": row["code"], "type": row["type"], "why": left[row["id"]]}
            for row in definitions
            if row["id"] in left
        ],
    }
