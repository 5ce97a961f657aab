"""`osler bench ehr-fuzz`: made-up searches and broken resources against the embedded server; no 5xx, no hang.

100,000 searches (`--n` for another number) and a tenth as many resources: mutants of the demo patients' and, with
`--data`, of other examples', sent as create, update, patch, validate and in transactions. An answer is wrong if it has
a 5xx status, is no FHIR JSON, is an error without an OperationOutcome, or accepts what it then gives back otherwise.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

from evals.benchmarks.ehr_asgi import Reply, Server
from evals.benchmarks.ehr_fuzz_searches import Searches
from evals.benchmarks.ehr_mutants import mutant
from evals.metrics import document
from tools.ehr.bundles import import_document
from tools.ehr.demo import demo_patients
from tools.ehr.fhirjson import loads
from tools.ehr.server.server import application
from tools.ehr.store.store import Store
from tools.errors import BadInput

Json = dict[str, Any]
MEDIA = {"content-type": "application/fhir+json"}
LONGEST = 5.0
"""Seconds an answer may take here: a small store, one request at a time."""


def run(data: Path | None = None, n: int | None = None, seed: int = 20261123) -> Json:
    """Fuzz a store of the demo patients."""
    started = time.perf_counter()
    wanted = n or 100_000
    tally = Tally()
    store, resources = filled(data)
    server = Server(application(store, writable=True))
    searches = Searches(seed)
    for _ in range(wanted):
        method, path, query = searches.one()
        tally.judge(
            "search", server.ask(method, path, query), f"{method} {path}?{query!r}"[:500], head=method == "HEAD"
        )
    searched = time.perf_counter()
    dice = random.Random(seed)
    for number in range(max(1, wanted // 10)):
        send(server, mutant(dice.choice(resources), dice), dice, tally, number)
    server.close()
    store.close()
    ended = time.perf_counter()
    by = {
        "searches": wanted,
        "resources": max(1, wanted // 10),
        "statuses": {kind: dict(sorted(rows.items())) for kind, rows in tally.statuses.items()},
        "longest_seconds": {kind: round(value, 3) for kind, value in tally.longest.items()},
        "longest": tally.slowest,
        "failures": tally.failures[:50],
        "searches_per_second": round(wanted / max(searched - started, 1e-9)),
    }
    return document(
        "ehr-fuzz", "answers without a fault", tally.count - len(tally.failures), tally.count, ended - started, by=by
    )


class Tally:
    """What the answers were."""

    def __init__(self) -> None:
        self.count = 0
        self.statuses: dict[str, Counter[int]] = {}
        self.longest: dict[str, float] = {}
        self.slowest: dict[str, str] = {}
        self.failures: list[Json] = []

    def judge(self, kind: str, reply: Reply, name: str, *, head: bool = False) -> Any:
        """Count an answer; its body, parsed."""
        self.count += 1
        name = name.encode("ascii", "backslashreplace").decode()
        self.statuses.setdefault(kind, Counter())[reply.status] += 1
        if reply.seconds > self.longest.get(kind, 0):
            self.longest[kind], self.slowest[kind] = reply.seconds, name
        body, wrong = None, ""
        if reply.status >= 500:
            wrong = f"HTTP {reply.status}"
        elif reply.seconds > LONGEST:
            wrong = f"{reply.seconds:.1f} s"
        if reply.body:
            try:
                body = loads(reply.body)
            except BadInput as error:
                wrong = wrong or str(error)
        errs = reply.status >= 400 and not head
        if errs and (not isinstance(body, dict) or body.get("resourceType") != "OperationOutcome"):
            wrong = wrong or f"HTTP {reply.status} without an OperationOutcome"
        if wrong:
            text = reply.body[:300].decode("utf-8", "replace")
            self.failures.append({"request": name, "wrong": wrong, "answer": text})
        return body

    def wrong(self, name: str, what: str) -> None:
        """Count a fault found otherwise."""
        self.failures.append({"request": name, "wrong": what, "answer": ""})


def filled(data: Path | None) -> tuple[Store, list[Json]]:
    """A store with the demo patients, and the resources to break."""
    store = Store()
    resources = []
    for patient in demo_patients():
        import_document(store, patient.bundle)
        resources += [entry["resource"] for entry in patient.bundle["entry"]]
    for file in sorted(data.rglob("*.json")) if data else []:
        if file.stat().st_size < 20_000:
            resources.append(loads(file.read_bytes(), file.name))
    return store, resources


def send(server: Server, body: Json, dice: random.Random, tally: Tally, number: int) -> None:
    """Send a broken resource in one of the ways there are."""
    kind = body.get("resourceType") if isinstance(body.get("resourceType"), str) else "Patient"
    id_ = body.get("id") if isinstance(body.get("id"), str) and body["id"] else "x"
    how = dice.randrange(6)
    text = json.dumps(body, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")
    name = f"mutant {number} of {kind}/{id_}, way {how}"[:200]
    if how == 0:
        tally.judge("resource", server.ask("POST", f"/{kind}", body=text, headers=MEDIA), name)
    elif how == 1:
        reply = server.ask("PUT", f"/{kind}/{id_}", body=text, headers=MEDIA)
        tally.judge("resource", reply, name)
        if reply.status in (200, 201):
            read = tally.judge("resource", server.ask("GET", f"/{kind}/{id_}"), name)
            if not same(body, read):
                tally.wrong(name, "stored and given back otherwise")
    elif how == 2:
        tally.judge("resource", server.ask("POST", f"/{kind}/$validate", body=text, headers=MEDIA), name)
    elif how == 3:
        entry = {"fullUrl": "urn:uuid:x", "resource": body, "request": {"method": "PUT", "url": f"{kind}/{id_}"}}
        bundle = mutant(
            {"resourceType": "Bundle", "type": dice.choice(("batch", "transaction")), "entry": [entry]}, dice
        )
        raw = json.dumps(bundle, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")
        tally.judge("resource", server.ask("POST", "/", body=raw, headers=MEDIA), name)
    elif how == 4:
        operations = [
            {
                "op": dice.choice(("add", "replace", "remove", "copy", "move", "test", "x")),
                "path": dice.choice(("/status", "/code/coding/0", "/x/y", "", "/id", "/-", "status", "/name/-", 5)),
                "from": "/code",
                "value": dice.choice(list(body.values())),
            }
        ]
        raw = json.dumps(operations).encode()
        headers = {"content-type": "application/json-patch+json"}
        tally.judge("resource", server.ask("PATCH", f"/{kind}/{id_}", body=raw, headers=headers), name)
    else:
        place = dice.randrange(len(text))
        cut = text[:place] + bytes([dice.randrange(256)]) + text[place + dice.randrange(3) :]
        tally.judge("resource", server.ask("POST", f"/{kind}", body=cut, headers=MEDIA), name)


def same(sent: Json, read: Any) -> bool:
    """Whether a resource came back as it was sent, version and time aside."""
    if not isinstance(read, dict):
        return False

    def plain(value: Json) -> Json:
        meta = {key: item for key, item in value.get("meta", {}).items() if key not in ("versionId", "lastUpdated")}
        rest = {key: item for key, item in value.items() if key != "meta"}
        return {**rest, "meta": meta} if meta else rest

    return plain(sent) == plain(read)
