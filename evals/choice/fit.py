"""Fit the weights of the finder: `python -m evals.choice.fit [--check]`.

On `own.yaml` (questions that are not in the index), on the questions of `tools/calculators/choice/asked/`, each left
out of the index when it is asked, and on the names of the calculators in a few plain sentences. A listwise logistic
regression with weights that are not negative: no feature may count against a calculator. `--check` leaves out a fifth
of `own.yaml` at a time and says how well the rest's weights do on it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from evals.benchmarks.calc_choice import OWN, questions
from knowledge.encoder import default_encoder
from tools.calculators import calculators
from tools.calculators.choice.choose import standing
from tools.calculators.choice.index import FEATURES, Index, Numbers
from tools.calculators.choice.texts import HERE, all_texts

PENALTY = 0.02
SHARES = {"own": 1.0, "asked": 1.0, "name": 0.5}
FRAMES = (
    "What is the patient's {}?",
    "{} please",
    "work out the {} of this man of 70 with a creatinine of 90",
    "Using the {}, what is the patient's result in terms of the usual unit? Use the values at admission.",
)
LEAST_WEIGHTS = {"name": 0.75, "cover": 1.5, "current": 0.8, "stage": 3.0}
"""A name that stands in the question counts, and the calculator in force leads, even where the rest would do."""
LEAST = {"hybrid": {"words": 0.4, "cosine": 0.35}, "words_only": {"words": 0.5, "cosine": 0.0}}
SURE = 0.5


class Questions:
    """Questions as tables of features, the rows that answer each, and where each comes from."""

    def __init__(self, index: Index) -> None:
        found = [(row["question"], set(row["wanted"]), "own") for row in questions(OWN)]
        found += [(line, {name}, "asked") for name, line in index.lines]
        but: dict[str, str] = {}
        for text in index.texts:
            names = [name for name in text.sentences[2:] if name not in text.asked]
            framed = [(FRAMES[k % len(FRAMES)].format(name), name) for k, name in enumerate(names)]
            found += [(question, {text.name}, "name") for question, _ in framed]
            but |= dict(framed)
        found = [(text, wanted & set(index.order), kind) for text, wanted, kind in found if wanted & set(index.order)]
        stand = standing(index.order)[:, None]
        self.texts = [text for text, _, _ in found]
        self.kinds = np.array([kind for _, _, kind in found])
        self.tables = np.stack(
            [
                np.hstack([index.features(text, but.get(text, text if kind == "asked" else None)), stand])
                for text, _, kind in found
            ]
        )
        self.right = np.array([[name in wanted for name in index.order] for _, wanted, _ in found], dtype=float)

    def fit(self, use: Any) -> Numbers:
        """Weights of the features, and of standing first in a family, from the questions marked in `use`."""
        worth = np.zeros(len(self.kinds))
        for kind, part in SHARES.items():
            chosen = use & (self.kinds == kind)
            worth[chosen] = part / max(1, chosen.sum())
        tables, right = self.tables[worth > 0], self.right[worth > 0]
        worth = worth[worth > 0]

        def loss(weights: Numbers) -> tuple[float, Numbers]:
            scores = tables @ weights
            shares = np.exp(scores - scores.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
            hit = (shares * right).sum(axis=1) + 1e-12
            gap = np.einsum("qc,qcf->qf", shares * (1 - right / hit[:, None]), tables)
            value = -(worth * np.log(hit)).sum() + PENALTY * 0.5 * (weights**2).mean()
            return float(value), (worth[:, None] * gap).sum(axis=0) + PENALTY * weights / len(weights)

        start = np.ones(tables.shape[2])
        found = minimize(
            loss,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=[(LEAST_WEIGHTS.get(name, 0.0), None) for name in (*FEATURES, "current")],
        )
        return np.asarray(found.x)

    def hits(self, weights: Numbers, use: Any) -> tuple[int, int, int]:
        """How many of the questions marked have a right one first, within the first three, and how many there are."""
        order = np.argsort(-(self.tables[use] @ weights), axis=1)
        rows = np.arange(len(order))[:, None]
        right = self.right[use][rows, order]
        return int(right[:, 0].sum()), int(right[:, :3].any(axis=1).sum()), len(order)


def check(questions: Questions, folds: int = 5) -> dict[str, int]:
    """First and first three on `own.yaml`, a fifth left out at a time."""
    total = np.zeros(3, dtype=int)
    own = questions.kinds == "own"
    place = np.cumsum(own) % folds
    for fold in range(folds):
        held = own & (place == fold)
        total += questions.hits(questions.fit(~held), held)
    return {"first": int(total[0]), "three": int(total[1]), "n": int(total[2])}


def main(path: Path = HERE / "weights.json", checked: bool = False) -> dict[str, Any]:
    """Fit with and without the encoder and write the file."""
    body: dict[str, Any] = {"fitted_on": "own.yaml, asked/*.yaml (each line left out) and names: evals/choice/fit.py"}
    for kind, encoder in (("hybrid", default_encoder()), ("words_only", None)):
        questions = Questions(Index(all_texts(calculators().values()), encoder))
        found = questions.fit(np.ones(len(questions.kinds), dtype=bool))
        body[kind] = {
            "weights": {name: round(float(weight), 4) for name, weight in zip(FEATURES, found, strict=False)},
            "current": round(float(found[-1]), 4),
            "sure": SURE,
            "least": LEAST[kind],
        }
        if checked:
            body[kind]["left_out"] = check(questions)
    path.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    return body


if __name__ == "__main__":
    print(json.dumps(main(checked="--check" in sys.argv), indent=1))  # noqa: T201
