"""Fits what tells a look-up from a question that needs a decision (`agent/route_kind.json`), on questions of our own.

    python -m evals.route.fit_kind [--dry]

Questions: `kinds.tsv` and the pairs for fitting. Threshold: the best F1 on five folds that the model did not see.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from agent.route_kind import WEIGHTS, sequences
from agent.route_question import Reader
from evals.route.bench import default_router

KINDS = Path(__file__).with_name("kinds.tsv")
PAIRS = tuple(Path(__file__).with_name(name) for name in ("dev.yaml", "dev_second.yaml"))
# Kinds of pairs in which "nothing settles it" says nothing of how the question asks.
SILENT = ("out_of_scope", "injection", "calculate")
PENALTY, SCALE, SEEN_AT_LEAST, FOLDS = 0.001, 3.0, 3, 5
Matrix = npt.NDArray[np.float64]


def questions() -> list[tuple[str, bool]]:
    """Every question once, and whether it is a look-up."""
    found: dict[str, bool] = {}
    for path in PAIRS:
        for row in yaml.safe_load(path.read_text(encoding="utf-8"))["pairs"]:
            if row["kind"] not in SILENT:
                found[row["question"]] = row["kind"] == "lookup"
    for line in KINDS.read_text(encoding="utf-8").splitlines():
        kind, question = line.split("\t")
        found[question] = kind == "lookup"
    return list(found.items())


def fit_logistic(rows: Matrix, labels: Matrix, rounds: int = 300) -> Matrix:
    """Weights by accelerated gradient descent; L2 penalty on all but the first."""
    rate = 1.0 / (float(np.linalg.norm(rows, 2)) ** 2 / len(rows) / 4 + PENALTY)
    shrink = np.full(rows.shape[1], PENALTY)
    shrink[0] = 0.0
    weights = previous = np.zeros(rows.shape[1])
    for step in range(rounds):
        ahead = weights + (step / (step + 3.0)) * (weights - previous)
        chance = 1.0 / (1.0 + np.exp(-np.clip(rows @ ahead, -30, 30)))
        previous, weights = weights, ahead - rate * (rows.T @ (chance - labels) / len(rows) + shrink * ahead)
    return weights


def held_out(rows: Matrix, labels: Matrix) -> Matrix:
    """Each question's probability from a model that did not see it."""
    part = np.random.default_rng(0).integers(0, FOLDS, len(labels))
    found = np.zeros(len(labels))
    for fold in range(FOLDS):
        weights = fit_logistic(rows[part != fold], labels[part != fold])
        found[part == fold] = 1.0 / (1.0 + np.exp(-(rows[part == fold] @ weights)))
    return found


def cut(chances: Matrix, labels: Matrix) -> dict[str, Any]:
    """The threshold with the best F1, and what it does to held-out questions."""

    def counts(at: float) -> tuple[int, int]:
        taken = chances >= at
        return int((taken & (labels == 1)).sum()), int((taken & (labels == 0)).sum())

    def f1(at: float) -> float:
        right, wrong = counts(at)
        return 2 * right / (right + wrong + float(labels.sum()))

    best = max((float(at) for at in np.arange(0.3, 0.71, 0.05)), key=f1)
    right, wrong = counts(best)
    return {
        "threshold": round(best, 2), "found": f"{right}/{int(labels.sum())}",
        "taken_wrongly": f"{wrong}/{int((labels == 0).sum())}",
    }


def fit(reader: Reader, encode: Any) -> dict[str, Any]:
    """The document of `agent/route_kind.json`."""
    asked = questions()
    labels = np.array([float(lookup) for _, lookup in asked])
    runs = [sequences(reader.read(text).shape) for text, _ in asked]
    seen = Counter(run for row in runs for run in row)
    known = sorted(run for run, count in seen.items() if count >= SEEN_AT_LEAST)
    column = {run: at + 1 for at, run in enumerate(known)}
    rows = np.zeros((len(asked), len(known) + 1))
    rows[:, 0] = 1.0
    for place, row in enumerate(runs):
        rows[place, [column[run] for run in row if run in column]] = 1.0
    vectors = np.vstack([encode([text]) for text, _ in asked]).astype(np.float64)

    def model(design: Matrix) -> dict[str, Any]:
        weights = fit_logistic(design, labels)
        words = {run: round(float(weights[at]), 3) for run, at in column.items() if abs(weights[at]) >= 0.02}
        rest = weights[len(known) + 1 :] * SCALE
        return {
            **cut(held_out(design, labels), labels), "bias": round(float(weights[0]), 4), "words": words,
            "vector": [round(float(value), 4) for value in rest],
        }

    return {
        "hybrid": model(np.hstack([rows, vectors * SCALE])),
        "words_only": model(rows),
        "provenance": {
            "script": "evals/route/fit_kind.py", "questions": len(asked), "lookups": int(labels.sum()),
            "files": [KINDS.name, *(path.name for path in PAIRS)], "penalty": PENALTY, "folds": FOLDS,
            "fitted": datetime.now(UTC).date().isoformat(),
        },
    }


def main(arguments: Sequence[str]) -> None:
    """Fit, print what is held out, write the file unless `--dry`."""
    router = default_router({"weights": {}, "threshold": 0.5, "margin": 0.5, "version": "0"})
    encoder = router.retriever.index.encoder
    if encoder is None:
        raise SystemExit("the encoder's files are missing: `make setup` fetches them; the vectors cannot be fitted")
    document = fit(router.reader, encoder.encode)
    if "--dry" not in arguments:
        WEIGHTS.write_text(json.dumps(document, separators=(",", ":")).replace('},"', '},\n"') + "\n", encoding="utf-8")
    for name in ("hybrid", "words_only"):
        told = {key: document[name][key] for key in ("threshold", "found", "taken_wrongly")}
        sys.stdout.write(f"{name}: {told}, {len(document[name]['words'])} sequences\n")


if __name__ == "__main__":
    main(sys.argv[1:])
