"""`osler bench light-head --data FOLDER`: what k corrections add to the lung classifier, and what the gate says of it.

Fitting happens only on films whose licence lets fitted parameters be passed on (CC BY; evals/cxr/films.py): in each
round a classifier on those of three patients, heads on the reference masks of k films of the other patients, which
stand for corrections. The remaining films (other licences; AP and supine ones among them) only measure: half of their
patients are the gate's earlier cases, the other half is what nothing has seen.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evals.cxr.films import Film, by_side, films
from evals.cxr.fit import fitted
from evals.metrics import document
from tools.imaging.training_gate import Case, change, gate, overlap
from tools.imaging.training_head import Example, fit_head
from tools.segmenters.classifier import Classifier

Json = dict[str, Any]
COUNTS = (1, 5, 10, 20)
ROUNDS = 3
FIRST = 3
"""Patients whose films the classifier is fitted on."""
HEADLINE = 10


def run(folder: Path, n: int | None = None) -> Json:
    """`n` rounds: other patients for the classifier, another order of corrections, other halves."""
    started = time.perf_counter()
    everything = [film for film in films(folder) if (film.mask == 255).any()]
    rows = [row for number in range(n or ROUNDS) for row in _round(everything, number)]
    differences, patients = _differences([row for row in rows if row["k"] == HEADLINE], gated=True)
    found = change(differences, patients)
    return document(
        "light-head",
        f"change of the Dice of both lung fields on films nothing has seen, {HEADLINE} corrections, behind the gate",
        0,
        len(differences),
        time.perf_counter() - started,
        score=found.mean,
        interval=[found.low, found.high],
        interval_method="paired bootstrap over patients, 2000 samples, percentile 95 %",
        by={f"k = {k}": _of([row for row in rows if row["k"] == k]) for k in COUNTS},
        fitted_on={
            "films": sum(film.free for film in everything),
            "patients": len({film.patient for film in everything if film.free}),
        },
        rounds=n or ROUNDS,
        cases=rows,
    )


def _round(everything: Sequence[Film], number: int) -> list[Json]:
    free, rest = ([film for film in everything if film.free is kind] for kind in (True, False))
    own = {film.patient for film in free}
    rest = [film for film in rest if film.patient not in own]
    order, halves = (_dealt(group, number) for group in (free, rest))
    first = set(order[:FIRST])
    base = fitted([film for film in free if film.patient in first], seed=number)
    correcting = [_case(film) for patient in order[FIRST:] for film in free if film.patient == patient]
    middle = len(halves) // 2
    earlier, unseen = (
        [_case(film) for film in rest if film.patient in half] for half in (halves[:middle], halves[middle:])
    )
    views = [film.view for film in rest if film.patient in halves[middle:]]
    was = [overlap(base, case.example) for case in unseen]
    return [
        {"id": f"{number}/{k}", "k": k, "before": was, "views": views} | _learnt(base, correcting[:k], earlier, unseen)
        for k in COUNTS
    ]


def _dealt(group: Sequence[Film], number: int) -> list[str]:
    patients = sorted({film.patient for film in group})
    return [patients[int(at)] for at in np.random.default_rng(number).permutation(len(patients))]


def _learnt(base: Classifier, chosen: Sequence[Case], earlier: Sequence[Case], unseen: Sequence[Case]) -> Json:
    started = time.perf_counter()
    head = fit_head(base, [case.lesson(base) for case in chosen])
    seconds = time.perf_counter() - started
    verdict = gate(base, head, chosen, earlier)
    return {
        "corrections": len(chosen),
        "after": [overlap(head, case.example) for case in unseen],
        "patients": [case.patient for case in unseen],
        "seconds": round(seconds, 2),
        "gate": verdict.document(),
    }


def _of(rows: Sequence[Json]) -> Json:
    plain, patients = _differences(rows, gated=False)
    gated, _ = _differences(rows, gated=True)
    before = [value for row in rows for value in row["before"]]
    reasons: dict[str, int] = defaultdict(int)
    for row in rows:
        reasons["adopted" if row["gate"]["adopted"] else row["gate"]["why"].split(" (")[0].split(" by ")[0]] += 1
    views = [view for row in rows for view in row["views"]]
    return {
        "corrections there were": max(row["corrections"] for row in rows),
        "dice before": round(float(np.mean(before)), 4),
        "change without a gate": change(plain, patients).__dict__,
        "change as gated": change(gated, patients).__dict__,
        "change without a gate by view": {
            view: round(float(np.mean([one for one, found in zip(plain, views, strict=True) if found == view])), 4)
            for view in sorted(set(views))
        },
        "worst film without a gate": round(min(plain), 4),
        "worst film as gated": round(min(gated), 4),
        "gate": dict(reasons),
        "seconds to learn": round(float(np.mean([row["seconds"] for row in rows])), 2),
    }


def _differences(rows: Sequence[Json], *, gated: bool) -> tuple[list[float], list[str]]:
    """Paired changes; with the gate, what it did not adopt changes nothing."""
    differences: list[float] = []
    patients: list[str] = []
    for row in rows:
        kept = row["gate"]["adopted"] or not gated
        differences += [
            (after - before) if kept else 0.0 for before, after in zip(row["before"], row["after"], strict=True)
        ]
        patients += row["patients"]
    return differences, patients


def _case(film: Film) -> Case:
    return Case(film.patient, Example(film.pixels(), by_side(film.mask)))
