"""`osler bench mutation`: break Osler on purpose, one thing at a time, and see whether a replay of the cases notices.

Broken are: a calculator (its result is another), a citation (a recommendation's limit is another), a protocol (a
criterion decides the opposite) and the gate (one of its rules no longer sees anything). The first three are broken
under a committed recording (`evals/recordings/`) of a case whose answer rests on them, and that case is replayed
frozen: noticed is a break when an expectation of the case fails (`by_expectation`) or when what is planned, found, said
or struck is no longer what was recorded (`by_recording`). A blind rule is noticed where the faults planted in the
statements of the same replays (`planted.py`, `gate.py`) are no longer struck by it.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from agent import ClinicalAssistant, verify
from agent.runtime import Services
from evals import recording
from evals.benchmarks.gate import mutants
from evals.benchmarks.planted import Planted, planted, sound_items
from evals.case import RECORDINGS, Case
from evals.metrics import document, share
from evals.replay import run_case, run_frozen, without_model
from evals.wrapped import wrapped
from knowledge.claim import Claim
from knowledge.evidence import Evidence
from knowledge.guideline import Corpus
from tools.catalog import catalog
from tools.context import ToolContext
from tools.spec import ToolOutput

Json = dict[str, Any]
PER_KIND = 12
RANDOM_FAULTS = 200


def run(n: int | None = None, seed: int = 1, recordings: Path = RECORDINGS) -> Json:
    """Up to `n` mutants of each kind (default 12), spread over the cases, and every rule of the gate once."""
    started = time.perf_counter()
    rng = random.Random(seed)
    caught: dict[str, list[int]] = {"calculator": [], "citation": [], "protocol": [], "gate": []}
    ways: dict[str, list[int]] = {"expectation": [], "recording": []}
    escaped: list[Json] = []
    excluded: list[Json] = []
    sound: dict[str, tuple[Case, Json, Json]] = {}
    with tempfile.TemporaryDirectory() as home, ClinicalAssistant(without_model().beside(Path(home))) as osler:
        services = osler.portal.call(osler.core.services())
        items: list[Planted] = []
        for path in sorted(recordings.glob("*.json")):
            stored = recording.read(path)
            case = Case.model_validate(stored["case"])
            result = run_frozen(case, osler, stored)
            if result["passed"] and recording.same(result["steps"], stored["steps"]):
                sound[case.id] = (case, stored, result)
                items += sound_items(osler, f"c-{case.id}", services) if result["start"] else []
            else:
                excluded.append({"id": case.id, "reason": "its sound replay is not what was recorded: record it again"})
        trial = 0
        for kind, breaks in (("calculator", _calculators), ("citation", _citations), ("protocol", _protocols)):
            for name, spot in _drawn(kind, sound, services, n or PER_KIND, rng):
                case, stored, _ = sound[name]
                osler.use_tools(recording.frozen(catalog(), stored["tools"][0]), record=False)
                trial += 1
                with breaks(services, spot):
                    result = run_case(case, osler, stored, f"m-{trial}")
                failed, differs = not result["passed"], not recording.same(result["steps"], stored["steps"])
                caught[kind].append(int(failed or differs))
                ways["expectation"].append(int(failed))
                ways["recording"].append(int(differs))
                if not failed and not differs:
                    escaped.append({"kind": kind, "case": name, "broken": spot})
    faults = _faults(items)
    struck = _struck(faults)
    for name in verify.RULES:
        if not struck[name]:
            escaped.append({"kind": "gate", "broken": name, "why": "no planted fault is struck by it"})
        with _blind(name):
            caught["gate"].append(int(_struck(faults)[name] < struck[name]))
    flat = [hit for rows in caught.values() for hit in rows]
    return document(
        "mutation",
        "share of deliberate breaks noticed by the cases and their recordings",
        sum(flat),
        len(flat),
        time.perf_counter() - started,
        by={kind: share(sum(rows), len(rows)) for kind, rows in caught.items()},
        by_way={way: share(sum(rows), len(rows)) for way, rows in ways.items()},
        excluded=excluded,
        escaped=escaped,
        cases=[{"id": name} for name in sorted(sound)],
        faults_planted=len(faults),
    )


def _drawn(
    kind: str, sound: dict[str, tuple[Case, Json, Json]], services: Services, n: int, rng: random.Random
) -> list[tuple[str, str]]:
    """(case, spot) pairs: every spot at most once, each in one of the cases that rest on it."""
    homes: dict[str, list[str]] = {}
    for name, (_, _, result) in sound.items():
        documents = [step["document"] for step in result["steps"] if step["document"]]
        for spot in {spot for body in documents for spot in _spots(kind, body, services)}:
            homes.setdefault(spot, []).append(name)
    spots = rng.sample(sorted(homes), min(n, len(homes)))
    return [(rng.choice(homes[spot]), spot) for spot in spots]


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
    elif item.range is not None:
        low, high = (bound * 1.5 + 1 for bound in item.range)
        body |= {"range": (low, high), "display": f"{low:g} to {high:g}"}
    return Evidence(**body)


@contextmanager
def _citations(services: Services, name: str) -> Iterator[None]:
    """Every number of a recommendation is ten times what it was, in what is compared and in what is printed."""
    corpus = services.corpus
    rec = corpus.recommendations[name]
    values = {
        key: value.model_copy(update={"value": value.value * 10, "display": None})
        if isinstance(value.value, int | float)
        else value
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


def _faults(items: list[Planted]) -> list[Planted]:
    """Planted faults: the kinds of `osler bench gate` on the claims, and those aimed at each rule on everything."""
    claims = [(item, case) for item, case in items if isinstance(item, Claim)]
    random_ones: list[Planted] = [(claim, case) for _, claim, case in mutants(claims, RANDOM_FAULTS)]
    return [*random_ones, *planted(items)]


def _struck(faults: list[Planted]) -> Counter[str]:
    """By rule: how many of the planted faults it strikes."""
    found = Counter[str]()
    for item, case in faults:
        found.update(rule for rule, passed, _ in verify.check_item(item, case) if not passed)
    return found
