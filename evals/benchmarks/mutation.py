"""`osler bench mutation`: break Osler on purpose, one thing at a time, and see whether a replay notices.

Broken are: a calculator (its result is another), a citation (a recommendation's limit is another), a protocol (a
criterion decides the opposite) and the gate (one of its rules no longer sees anything). A broken calculator, citation
or protocol is noticed where the replay of a demo patient's question no longer gives the answer it gave; `by_key` says
how many of them the answer keys alone would have found. A blind rule is noticed where the planted faults it used to
strike (`osler bench gate`) are no longer struck by it.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from agent import ClinicalAssistant, Settings, verify
from agent.changes import answer_paths, differences
from agent.runtime import Services
from evals.benchmarks.gate import mutants, sound_claims
from evals.keys import check, load_keys
from evals.metrics import document, share
from evals.wrapped import wrapped
from knowledge.evidence import Evidence
from knowledge.guideline import Corpus
from tools.context import ToolContext
from tools.spec import ToolOutput

Json = dict[str, Any]
PER_KIND = 12
PLANTED = 200


def run(n: int | None = None, seed: int = 1) -> Json:
    """Up to `n` mutants of each kind (default 12), and every rule of the gate once."""
    started = time.perf_counter()
    rng = random.Random(seed)
    caught: dict[str, list[int]] = {"calculator": [], "citation": [], "protocol": [], "gate": []}
    by_key: list[int] = []
    escaped: list[Json] = []
    with ClinicalAssistant(Settings(home=Settings.from_environment().home)) as osler:
        services = osler.portal.call(osler.core.services())
        keys = load_keys()
        sound = {patient: osler.consult(key["question"], patient).document() for patient, key in keys.items()}
        for kind, breaks in (("calculator", _calculators), ("citation", _citations), ("protocol", _protocols)):
            spots = [(patient, spot) for patient, body in sound.items() for spot in _spots(kind, body, services)]
            for patient, spot in rng.sample(spots, min(n or PER_KIND, len(spots))):
                with breaks(services, spot):
                    body = osler.consult(keys[patient]["question"], patient).document()
                noticed = bool(differences(answer_paths(sound[patient]["answer"]), answer_paths(body["answer"])))
                caught[kind].append(int(noticed))
                before, after = (check(answer, keys[patient]) for answer in (sound[patient], body))
                by_key.append(int(before.passed and not after.passed))
                if not noticed:
                    escaped.append({"kind": kind, "patient": patient, "broken": spot})
        claims = sound_claims(osler)
    struck = _struck(claims)
    for name in verify.RULES:
        if not struck[name]:
            escaped.append({"kind": "gate", "broken": name, "why": "no planted fault is struck by it"})
        with _blind(name):
            caught["gate"].append(int(_struck(claims)[name] < struck[name]))
    flat = [hit for rows in caught.values() for hit in rows]
    return document(
        "mutation",
        "share of deliberate breaks noticed by a replay",
        sum(flat),
        len(flat),
        time.perf_counter() - started,
        by={kind: share(sum(rows), len(rows)) for kind, rows in caught.items()},
        by_key=share(sum(by_key), len(by_key)),
        escaped=escaped,
    )


def _spots(kind: str, body: Json, services: Services) -> list[str]:
    """What can be broken behind an answer: what its shown claims rest on."""
    claims = [claim for claim in body["answer"]["claims"] if claim["status"] == "shown"]
    printed = {value["evidence"] for claim in claims for value in claim["values"]}
    if kind == "calculator":
        records = [r for r in body["records"] if r["tool"].startswith("calc.") and printed & set(r["evidence"])]
        return sorted({r["tool"] for r in records})
    if kind == "protocol":
        return sorted({claim["criterion"] for claim in claims if claim["criterion"] and claim["polarity"]})
    slots = {body["evidence"][i]["slot"] for i in printed if body["evidence"][i]["kind"] == "passage"}
    known = services.corpus.recommendations
    return sorted(slot for slot in slots if any(isinstance(v.value, int | float) for v in known[slot].values.values()))


@contextmanager
def _calculators(services: Services, name: str) -> Iterator[None]:
    """The calculator gives another result: one and a half times and one more, or another code."""
    spec = services.tools[name]

    async def broken(arguments: dict[str, Any], ctx: ToolContext) -> ToolOutput:
        output = await spec.call(arguments, ctx)
        return output.model_copy(update={"evidence": [_another(item) for item in output.evidence]})

    services.tools[name] = wrapped(spec, broken)
    try:
        yield
    finally:
        services.tools[name] = spec


def _another(item: Evidence) -> Evidence:
    body = item.model_dump(exclude={"id", "kind"}) | {"source": item.source}
    value = item.value
    if isinstance(value, bool):
        body |= {"value": not value, "display": str(not value)}
    elif isinstance(value, int | float):
        body |= {"value": value * 1.5 + 1, "display": f"{value * 1.5 + 1:g}"}
    elif isinstance(value, str):
        body |= {"value": f"not {value}", "display": f"not {item.display}"}
    return Evidence(**body)


@contextmanager
def _citations(services: Services, name: str) -> Iterator[None]:
    """Every number of a recommendation is ten times what it was."""
    corpus = services.corpus
    rec = corpus.recommendations[name]
    values = {
        key: value.model_copy(update={"value": value.value * 10}) if isinstance(value.value, int | float) else value
        for key, value in rec.values.items()
    }
    forged = rec.model_copy(update={"values": values})
    documents = [
        doc.model_copy(update={"recommendations": [forged if r.id == name else r for r in doc.recommendations]})
        for doc in corpus.documents.values()
    ]
    services.corpus = Corpus(documents)
    try:
        yield
    finally:
        services.corpus = corpus


@contextmanager
def _protocols(services: Services, name: str) -> Iterator[None]:
    """A criterion decides the opposite."""
    protocol = services.protocols[name.partition("/")[0]]
    wanted = name.partition("/")[2].partition(".")[0]
    criteria = tuple(
        c.model_copy(update={"when": {"not": c.when}}) if c.id == wanted and c.when else c for c in protocol.criteria
    )
    services.protocols[protocol.id] = protocol.model_copy(update={"criteria": criteria})
    try:
        yield
    finally:
        services.protocols[protocol.id] = protocol


@contextmanager
def _blind(name: str) -> Iterator[None]:
    """A rule of the gate that finds nothing any more."""
    rule: Callable[..., Any] = verify.RULES[name]
    verify.RULES[name] = lambda item, case: ()
    try:
        yield
    finally:
        verify.RULES[name] = rule


def _struck(claims: list[Any]) -> Counter[str]:
    """By rule: how many of the planted faults it strikes."""
    found = Counter[str]()
    for _, claim, case in mutants(claims, PLANTED):
        found.update(rule for rule, passed, _ in verify.check_item(claim, case) if not passed)
    return found
