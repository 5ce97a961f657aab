"""Fits what the router and the retriever rest on, on our own pairs only; `pairs.yaml` is never read here.

    python -m evals.route.fit            fit, report leaving one protocol out, write the two JSON files
    python -m evals.route.fit --dry      report only

Weights are a logistic regression with an L2 penalty; signs that can only mean one thing are held (naming what a
protocol is about cannot speak against it). Threshold and margin are chosen on scores from models that did not see the
question; what models do that never saw the protocol is reported too.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from agent.route import WEIGHTS, Ranked, Router, logistic
from agent.route_features import FEATURES, as_vector
from agent.route_question import Question
from evals.route.bench import Case, asked_between, default_router, judge, read_cases, summary
from knowledge.retriever import THRESHOLD, Retriever
from knowledge.terminology import default_terminology

DEV = tuple(Path(__file__).with_name(name) for name in ("dev.yaml", "dev_second.yaml"))
QUERIES = Path(__file__).with_name("retrieval_dev.yaml")
NEVER_NEGATIVE = {
    "about",
    "purpose",
    "calculator",
    "step",
    "drug",
    "open_about",
    "dense",
    "dense_cites",
    "dense_margin",
    "dense_facts",
    "residual_margin",
    "decision",
    "entry",
    "stated",
    "bare_entry",
    "named_entry",
    "facts",
    "measured",
}
NEVER_POSITIVE = {
    "denied",
    "elsewhere",
    "excluded",
    "foreign",
    "foreign_aside",
    "other_topic",
    "other_condition",
    "rival",
    "outnamed",
    "against",
    "beside",
    "broad",
    "calm",
    "excluded_fact",
    "denied_fact",
}
PENALTY = 0.0005
Row = tuple[Case, Question, list[Ranked]]
Matrix = npt.NDArray[np.float64]


def fit_logistic(rows: Matrix, labels: Matrix, penalty: float = PENALTY, rounds: int = 6000) -> Matrix:
    """Weights by projected gradient descent: L2 penalty on all but the bias, signs held."""
    low = np.array([0.0 if name in NEVER_NEGATIVE else -np.inf for name in FEATURES])
    high = np.array([0.0 if name in NEVER_POSITIVE else np.inf for name in FEATURES])
    shrink = np.array([0.0 if name == "bias" else penalty for name in FEATURES])
    rate = 4.0 / (float(np.linalg.eigvalsh(rows.T @ rows / len(rows)).max()) + 4.0 * penalty)
    weights = momentum = np.zeros(rows.shape[1])
    previous = weights
    for step in range(rounds):
        momentum = weights + (step / (step + 3.0)) * (weights - previous)
        probability = 1.0 / (1.0 + np.exp(-np.clip(rows @ momentum, -30, 30)))
        gradient = rows.T @ (probability - labels) / len(rows) + shrink * momentum
        previous, weights = weights, np.clip(momentum - rate * gradient, low, high)
    return weights


def routed(router: Router, cases: Sequence[Case]) -> list[Row]:
    """Every case with its question read and its protocols' features."""
    found = []
    for case in cases:
        asked = router.ask(case.question, case.facts)
        found.append((case, asked.question, router.rank(asked)))
    return found


def training(found: Sequence[Row], without: str | None = None) -> tuple[Matrix, Matrix]:
    """Rows and labels: one row per question and protocol that may enter; look-ups are not routed at all."""
    rows, labels = [], []
    for case, question, ranked in found:
        if question.lookup is not None or question.commands:
            continue
        for row in ranked:
            if row.entry is not False and row.protocol != without:
                rows.append(as_vector(row.features).astype(np.float64))
                labels.append(float(row.protocol in case.expect))
    return np.array(rows), np.array(labels)


def probability(row: Ranked, weights: Matrix) -> float:
    """A protocol's score under some weights."""
    return logistic(float(as_vector(row.features) @ weights))


def judged(router: Router, found: Sequence[Row], weights: dict[str, Matrix]) -> list[tuple[Case, str]]:
    """Verdicts with each protocol scored by its own weights (in leave-one-out: those that never saw it)."""
    verdicts = []
    for case, question, ranked in found:
        scored = [
            replace(row, score=0.0 if row.entry is False else probability(row, weights[row.protocol])) for row in ranked
        ]
        result = router.decide(question, sorted(scored, key=lambda row: (-row.score, row.protocol)))
        verdicts.append((case, judge(case, result.kind, result.chosen, asked_between(result, router))))
    return verdicts


def parted(found: Sequence[Row], folds: int = 5) -> list[tuple[list[Row], Matrix]]:
    """The questions in folds, each with weights that did not see it."""
    part = np.random.default_rng(0).integers(0, folds, len(found))
    parts = []
    for fold in range(folds):
        rest = [row for row, at in zip(found, part, strict=True) if at != fold]
        mine = [row for row, at in zip(found, part, strict=True) if at == fold]
        parts.append((mine, fit_logistic(*training(rest))))
    return parts


def choose_threshold(
    router: Router, found: Sequence[Row], wrong_at_most: float = 0.03
) -> tuple[float, float, dict[str, Any]]:
    """The threshold and margin with the best score on questions not seen, within the allowed share of wrong ones."""
    reports, parts = [], parted(found)
    for threshold in np.arange(0.3, 0.76, 0.05):
        for margin in (0.25, 0.5, 0.75, 1.0, 1.5):
            router.weights = {**router.weights, "threshold": float(threshold), "margin": margin}
            verdicts = [judged(router, mine, dict.fromkeys(router.profiles, one)) for mine, one in parts]
            report = summary(list(itertools.chain.from_iterable(verdicts)))
            over = max(0.0, report["wrong_share"] - wrong_at_most)
            reports.append((over, -report["score"], abs(threshold - 0.5), margin, round(float(threshold), 2), report))
    best = min(reports, key=lambda row: row[:4])
    return best[4], best[3], best[5]


def fit_router(router: Router, cases: Sequence[Case]) -> dict[str, Any]:
    """The document of `agent/route_weights.json`."""
    found = routed(router, cases)
    left_out = {name: fit_logistic(*training(found, without=name)) for name in router.profiles}
    threshold, margin, report = choose_threshold(router, found)
    rows, labels = training(found)
    weights = fit_logistic(rows, labels)
    router.weights = {**router.weights, "threshold": threshold, "margin": margin}
    seen = summary(judged(router, found, dict.fromkeys(router.profiles, weights)))
    return {
        "version": "1",
        "weights": {name: round(float(value), 4) for name, value in zip(FEATURES, weights, strict=True)},
        "threshold": threshold,
        "margin": margin,
        "provenance": {
            "script": "evals/route/fit.py",
            "pairs": [path.name for path in DEV],
            "n_questions": len(cases),
            "n_rows": len(labels),
            "penalty": PENALTY,
            "questions_left_out": report,
            "leave_one_protocol_out": summary(judged(router, found, left_out)),
            "all_protocols_seen": seen,
            "encoder": router.retriever.index.manifest.encoder,
            "corpus": router.retriever.index.manifest.corpus,
            "fitted": datetime.now(UTC).date().isoformat(),
        },
    }


def fit_retriever(retriever: Retriever) -> dict[str, Any]:
    """The document of `knowledge/retriever_threshold.json`: the cut with the best balanced accuracy, and its errors."""
    raw = yaml.safe_load(QUERIES.read_text(encoding="utf-8"))
    rows = list(range(len(retriever.index.passages)))

    def cut(weight: float, words_only: bool) -> dict[str, Any]:
        retriever.threshold = {**retriever.threshold, "coverage_weight": weight}

        def confidence(query: str) -> float:
            scores = retriever.scores(query)
            return retriever.confidence(replace(scores, dense=None) if words_only else scores, rows)

        inside, outside = ([confidence(query) for query in raw[name]] for name in ("in_scope", "out_of_scope"))
        values = sorted({*inside, *outside})
        cuts = [(low + high) / 2 for low, high in itertools.pairwise(values)]

        def balanced(at: float) -> float:
            return (sum(x >= at for x in inside) / len(inside) + sum(x < at for x in outside) / len(outside)) / 2

        best = max(cuts, key=lambda at: (balanced(at), -abs(at - float(np.median(values)))))
        return {
            "threshold": round(best, 4),
            "balanced_accuracy": round(balanced(best), 4),
            "kept_in_scope": f"{sum(x >= best for x in inside)}/{len(inside)}",
            "refused_out_of_scope": f"{sum(x < best for x in outside)}/{len(outside)}",
        }

    weight, hybrid = max(
        ((weight, cut(weight, False)) for weight in (0.0, 0.1, 0.2, 0.3, 0.4)),
        key=lambda pair: (pair[1]["balanced_accuracy"], -pair[0]),
    )
    return {
        "coverage_weight": weight,
        "hybrid": hybrid,
        "words_only": cut(weight, True),
        "provenance": {
            "script": "evals/route/fit.py",
            "queries": QUERIES.name,
            "in_scope": len(raw["in_scope"]),
            "out_of_scope": len(raw["out_of_scope"]),
            "encoder": retriever.index.manifest.encoder,
            "corpus": retriever.index.manifest.corpus,
            "measured": datetime.now(UTC).date().isoformat(),
            "how": "best cosine plus weight times share of known words; best balanced accuracy on the same queries",
        },
    }


def main(arguments: Sequence[str]) -> None:
    """Fit both, print the reports, and write the files unless `--dry`."""
    start = {"weights": dict.fromkeys(FEATURES, 0.0), "threshold": 0.5, "margin": 0.5, "version": "0"}
    router = default_router(start)
    documents = {
        THRESHOLD: fit_retriever(router.retriever),
        WEIGHTS: fit_router(router, [case for path in DEV for case in read_cases(path, default_terminology())]),
    }
    for path, document in documents.items():
        if "--dry" not in arguments:
            path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        sys.stdout.write(f"{path.name}\n{json.dumps(document, indent=1)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
