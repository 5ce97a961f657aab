"""How often the right protocol is chosen, on pairs of a question and a simple patient; a keyword baseline beside it."""

from __future__ import annotations

import math
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from agent.choose import CHEST_FILM
from agent.route import Fact, Router, RouteResult
from agent.route_profile import AGE
from knowledge.coding import Coding
from knowledge.encoder import default_encoder
from knowledge.guideline import default_corpus
from knowledge.linker import Linker
from knowledge.protocol import Protocol, default_protocols
from knowledge.retriever import build_retriever
from knowledge.terminology import Terminology, default_terminology
from knowledge.words import terms

FILM = "chest_radiograph"
_UPLOADED = re.compile(r"\b(uploaded|attached|in the record|unreported|not (yet )?reported|no report)\b", re.IGNORECASE)
PAIRS = tuple(Path(__file__).with_name(name) for name in ("pairs.yaml", "pairs_fourteen.yaml"))
_UNITS = {
    "mL/min/1.73m2": "mL/min/{1.73_m2}",
    "mL/min/1.73m²": "mL/min/{1.73_m2}",
    "mmHg": "mm[Hg]",
    "": "1",
    "ng/mL FEU": "ng/mL{FEU}",
    "ug/L FEU": "ug/L{FEU}",
    "mcg/L FEU": "ug/L{FEU}",
}


@dataclass(frozen=True)
class Case:
    """One pair, with its patient's facts. `twin` names its minimal pair: nearly the same, with another answer."""

    id: str
    patient: str
    question: str
    expect: tuple[str, ...]
    every: bool
    kind: str
    facts: tuple[Fact, ...]
    twin: str | None = None


def facts_of(patient: Mapping[str, Any], terminology: Terminology, linker: Linker) -> tuple[Fact, ...]:
    """A simple patient as coded facts: problems by code, else by words; medications, results and the note by words."""
    found: list[Fact] = []

    def add(concept: str, assertion: str, where: str, value: float | None = None, unit: str | None = None) -> None:
        if concept in terminology:
            found.append(Fact(concept, assertion, f"{where}:{concept}", value, unit))

    if patient.get("age") is not None:
        found.append(Fact(AGE, "present", "patient:age", float(patient["age"]), "a"))
    for row in patient.get("problems") or []:
        coded = terminology.by_coding(Coding.parse(f"snomed:{row['snomed']}")) if row.get("snomed") else []
        for concept in coded:
            add(concept.id, "present", "problem")
        if not coded:
            for mention in linker.link(row["text"]):
                add(mention.concept, mention.assertion, "problem")
    for text in patient.get("medications") or []:
        for mention in linker.link(text):
            if mention.concept in terminology and terminology.get(mention.concept).kind in ("medication", "drug_class"):
                add(mention.concept, "present", "medication")
    rows = [*(patient.get("labs") or []), *(patient.get("vitals") or [])]
    for row in sorted(rows, key=lambda row: float(row.get("days_ago") or 0)):
        for mention in linker.link(str(row["name"])):
            if mention.concept in terminology and terminology.get(mention.concept).kind == "observation":
                value = row.get("value")
                number = float(value) if isinstance(value, int | float) else None
                add(mention.concept, "present", "result", number, _UNITS.get(row.get("unit") or "", row.get("unit")))
    note = patient.get("note") or ""
    for mention in linker.link(note):
        add(mention.concept, mention.assertion, "note")
    # A simple patient has no files: a note that says a film was uploaded stands for the film that came along.
    if _UPLOADED.search(note) and any(fact.concept == FILM and fact.assertion == "present" for fact in found):
        add(CHEST_FILM, "present", "image")
    return tuple(found)


def read_cases(path: Path, terminology: Terminology) -> list[Case]:
    """The pairs of a file, each with its patient's facts."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    linker = Linker(terminology)
    facts = {name: facts_of(patient, terminology, linker) for name, patient in raw["patients"].items()}
    return [
        Case(
            row["id"],
            row["patient"],
            row["question"],
            tuple(row["expect"]),
            bool(row.get("all")),
            row["kind"],
            facts[row["patient"]],
            row.get("pair"),
        )
        for row in raw["pairs"]
    ]


def judge(case: Case, kind: str, chosen: Sequence[str], asked: Sequence[str] = ()) -> str:
    """`right`, `wrong` or `abstained`.

    Right: the first choice is an expected one and, where every expected one is needed, none is missing; nothing chosen
    where nothing is expected; or a question put back between protocols that are all expected. A protocol chosen besides
    the right one is not judged here; the report counts it under `extra`.
    """
    if not case.expect:
        return "wrong" if chosen else ("abstained" if kind == "ask" else "right")
    if not chosen:
        return "right" if kind == "ask" and len(case.expect) > 1 and set(asked) <= set(case.expect) else "abstained"
    if chosen[0] not in case.expect:
        return "wrong"
    return "right" if not case.every or set(case.expect) <= set(chosen) else "abstained"


def wilson(right: int, n: int, z: float = 1.96) -> list[float]:
    """Wilson's score interval."""
    if n == 0:
        return [0.0, 1.0]
    share = right / n
    middle = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return [round((middle - half) / (1 + z * z / n), 4), round((middle + half) / (1 + z * z / n), 4)]


def keyword_baseline(protocols: Mapping[str, Protocol]) -> Callable[[Case], Sequence[str]]:
    """TF-IDF overlap of the question with each title and purpose: the best one, where any word is shared."""
    documents = {name: terms(f"{one.title} {one.purpose}") for name, one in protocols.items()}
    idf = {
        word: math.log(1 + len(documents) / sum(word in other for other in documents.values()))
        for document in documents.values()
        for word in document
    }
    norms = {name: math.sqrt(sum(idf[word] ** 2 for word in set(words))) for name, words in documents.items()}

    def choose(case: Case) -> Sequence[str]:
        asked = set(terms(case.question))
        scores = {
            name: sum(idf[word] ** 2 for word in asked & set(words)) / norms[name] for name, words in documents.items()
        }
        best = max(scores, key=lambda name: (scores[name], name))
        return [best] if scores[best] > 0 else []

    return choose


def summary(judged: Sequence[tuple[Case, str]]) -> dict[str, Any]:
    """Score, interval, wrong and abstained, overall and by kind."""
    groups: dict[str, list[str]] = defaultdict(list)
    for case, verdict in judged:
        groups[case.kind].append(verdict)
    verdicts = [verdict for _, verdict in judged]
    n, right = len(verdicts), verdicts.count("right")
    return {
        "score": round(right / n, 4) if n else None,
        "interval": wilson(right, n),
        "n": n,
        "wrong": verdicts.count("wrong"),
        "abstained": verdicts.count("abstained"),
        "wrong_share": round(verdicts.count("wrong") / n, 4) if n else None,
        "by": {
            kind: {
                "n": len(found),
                "score": round(found.count("right") / len(found), 4),
                "interval": wilson(found.count("right"), len(found)),
                "wrong": found.count("wrong"),
            }
            for kind, found in sorted(groups.items())
        },
    }


def default_router(weights: Mapping[str, Any] | None = None) -> Router:
    """A router over Osler's own protocols, its index in memory."""
    retriever = build_retriever(encoder=default_encoder())
    return Router(default_protocols(), default_terminology(), retriever, weights=weights)


def masked(question: str, protocols: Mapping[str, Protocol]) -> str:
    """A question without the words it shares with a protocol's name: what is left must carry the choice."""
    names = set(terms(" ".join(f"{name.replace('-', ' ')} {one.title}" for name, one in protocols.items())))
    return re.sub(r"[\w-]+", lambda word: "it" if set(terms(word[0])) & names else word[0], question)


def twins(judged: Sequence[tuple[Case, str]]) -> dict[str, Any]:
    """Minimal pairs of which both are right."""
    found: dict[str, list[str]] = defaultdict(list)
    for case, verdict in judged:
        if case.twin is not None:
            found[case.twin].append(verdict)
    both = sum(verdicts.count("right") == len(verdicts) for verdicts in found.values())
    n = len(found)
    return {"score": round(both / n, 4) if n else None, "interval": wilson(both, n), "n": n}


def by_protocol(judged: Sequence[tuple[Case, str]]) -> dict[str, dict[str, int]]:
    """Right and wrong by the protocol that is expected first (`none`: no protocol settles the question)."""
    found: dict[str, list[str]] = defaultdict(list)
    for case, verdict in judged:
        found[case.expect[0] if case.expect else "none"].append(verdict)
    return {
        name: {"n": len(verdicts), "right": verdicts.count("right"), "wrong": verdicts.count("wrong")}
        for name, verdicts in sorted(found.items())
    }


def run(
    pairs_path: Path | str | None = None,
    router: Router | None = None,
    per_case: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Route every pair and judge it; the contract's bench document."""
    started = time.perf_counter()
    paths = [Path(pairs_path)] if pairs_path else list(PAIRS)
    terminology = default_terminology()
    router = router or default_router()
    protocols = {name: one.protocol for name, one in router.profiles.items()}
    cases = [case for path in paths for case in read_cases(path, terminology)]
    baseline = keyword_baseline(protocols)
    judged: list[tuple[Case, str]] = []
    judged_baseline: list[tuple[Case, str]] = []
    judged_masked: list[tuple[Case, str]] = []
    wrongly: Counter[str] = Counter()
    extra = 0
    for case in cases:
        result, verdict = answer(router, case, case.question)
        judged.append((case, verdict))
        wrongly.update(result.chosen[:1] if verdict == "wrong" else ())
        extra += verdict != "wrong" and bool(case.expect) and bool(set(result.chosen) - set(case.expect))
        guess = baseline(case)
        judged_baseline.append((case, judge(case, "one" if guess else "none", guess)))
        hidden = masked(case.question, protocols)
        judged_masked.append((case, verdict if hidden == case.question else answer(router, case, hidden)[1]))
        if per_case is not None:
            per_case(
                {
                    "id": case.id,
                    "kind": case.kind,
                    "expect": list(case.expect),
                    "verdict": verdict,
                    "route": result.kind,
                    "chosen": list(result.chosen),
                    "scores": {row.protocol: round(row.score, 3) for row in result.ranked},
                }
            )
    found, blind = summary(judged), summary(judged_masked)
    return {
        "benchmark": "route" if len(paths) > 1 else f"route/{paths[0].stem}",
        "metric": "top-1 protocol, correct abstention included",
        "score": found["score"],
        "interval": found["interval"],
        "interval_method": "Wilson 95 %",
        "n": found["n"],
        "excluded": [],
        "by": found["by"],
        "by_protocol": by_protocol(judged),
        "wrongly_chosen": dict(wrongly.most_common()),
        "wrong": found["wrong"],
        "wrong_share": found["wrong_share"],
        "abstained": found["abstained"],
        "extra": extra,
        "minimal_pairs": twins(judged),
        "masked": {key: blind[key] for key in ("score", "interval", "wrong_share", "abstained")},
        "files": {path.stem: summary([row for row in judged if row[0].id in ids(path)])["score"] for path in paths},
        "baseline": {"name": "keywords (TF-IDF with title and purpose)", **summary(judged_baseline)},
        "seconds": round(time.perf_counter() - started, 2),
        "versions": {
            "weights": router.weights.get("version"),
            "protocols": {name: one.version for name, one in protocols.items()},
            "encoder": router.retriever.index.manifest.encoder,
            "corpus": router.retriever.index.manifest.corpus,
            "recommendations": len(default_corpus().recommendations),
        },
    }


def answer(router: Router, case: Case, question: str) -> tuple[RouteResult, str]:
    """What the router says to a question, and how that is judged."""
    result = router.route(question, case.facts)
    return result, judge(case, result.kind, result.chosen, asked_between(result, router))


def ids(path: Path) -> set[str]:
    """The ids of a file's pairs."""
    return {row["id"] for row in yaml.safe_load(path.read_text(encoding="utf-8"))["pairs"]}


def asked_between(result: RouteResult, router: Router) -> list[str]:
    """The protocols an `ask` result is put between."""
    if result.kind != "ask":
        return []
    above = [row for row in result.ranked if row.score >= float(router.weights["threshold"])]
    first = above[0]
    return [row.protocol for row in above if row is first or router.close(first, row)]
