"""`osler bench calc-notes [--data FOLDER]`: what is read from notes of our own, input by input.

Twenty notes for each calculator of MedCalc-Bench without a development row (`evals/medcalc/own_notes`), written with
their inputs by somebody who had not seen the reader. An input that the note states is right, wrong or missed; one that
it does not state and that is filled all the same is invented. A note in another language has to be refused.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from evals.metrics import document, share
from tools.calculators import calculator, run
from tools.calculators.base import Calculator
from tools.calculators.inputs import Input, read
from tools.errors import BadInput, ToolError, UsageError
from tools.fill.slots import fill

Json = dict[str, Any]
NOTES = Path(__file__).parents[1] / "medcalc" / "own_notes"
NEAR = 0.011
"""Numbers may differ by this share: a factor between units is not rounded alike everywhere."""


def bench(folder: Path | None = None) -> Json:
    """Every note of a folder.

    Raises:
        UsageError: a folder without notes.
    """
    started = time.perf_counter()
    paths = sorted((folder or NOTES).glob("*.yaml"))
    if not paths:
        raise UsageError(
            "no notes found", found=str(folder), expected="a folder of CALCULATOR.yaml", action="give --data FOLDER"
        )
    cases = [
        _case(calculator(path.stem), row)
        for path in paths
        for row in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]
    total: Counter[str] = Counter()
    for case in cases:
        total.update(case["counts"])
    stated = total["right"] + total["wrong"] + total["missed"]
    silent = total["silent"] + total["invented"]
    names = sorted({case["calculator"] for case in cases})
    read_notes = [case for case in cases if case["refused"] is None]
    return document(
        "calc-notes",
        "inputs stated in a note that are read as stated; a missed one is asked for, a wrong one is worse",
        total["right"],
        stated,
        time.perf_counter() - started,
        excluded=[{"id": case["id"], "reason": case["refused"]} for case in cases if case["refused"]],
        wrong_share=share(total["wrong"], stated),
        missed_share=share(total["missed"], stated),
        invented_share=share(total["invented"], silent),
        results_right=share(sum(case["result"] == "right" for case in read_notes), len(read_notes)),
        results_wrong=share(sum(case["result"] == "wrong" for case in read_notes), len(read_notes)),
        by={name: _of([case for case in cases if case["calculator"] == name]) for name in names},
        cases=cases,
    )


def _of(cases: list[Json]) -> Json:
    counts: Counter[str] = Counter()
    for case in cases:
        counts.update(case["counts"])
    return share(counts["right"], counts["right"] + counts["wrong"] + counts["missed"]) | dict(counts)


def _case(declared: Calculator, row: Json) -> Json:
    case: Json = {"id": row["id"], "calculator": declared.name, "refused": None, "counts": {}, "result": "none"}
    try:
        given = fill(declared, row["note"]).inputs
    except BadInput as error:
        return case | {"refused": error.message}
    verdicts = {entry.name: verdict(entry, row["inputs"].get(entry.name), given.get(entry.name))
                for entry in declared.inputs}  # fmt: skip
    stated = {name: value for name, value in row["inputs"].items() if value is not None}
    return case | {
        "counts": dict(Counter(verdicts.values())),
        "inputs": {name: word for name, word in verdicts.items() if word not in ("right", "silent")},
        "result": _same_result(declared.name, stated, dict(given)),
    }


def verdict(entry: Input, wanted: Any, given: Any) -> str:
    """right, wrong, missed, invented, or silent where neither says anything."""
    if wanted is None:
        return "silent" if given is None else "invented"
    if given is None:
        return "missed"
    return "right" if _same(entry, wanted, given) else "wrong"


def _same(entry: Input, wanted: Any, given: Any) -> bool:
    try:
        first, second = read(entry, wanted), read(entry, given)
    except ToolError:
        return False
    if not entry.numeric:
        return first.value == second.value
    ends = ((first.low, second.low), (first.high, second.high))
    return all(one == other or abs(one - other) <= NEAR * abs(one) for one, other in ends)


def _same_result(name: str, wanted: Json, given: Json) -> str:
    """Whether the result is the one the stated inputs give: right, wrong, or wider (a range that holds it)."""
    try:
        first, second = run(name, wanted), run(name, given)
    except ToolError:
        return "none"
    if first.display == second.display:
        return "right"
    low, high = first.range or (first.value, first.value)
    if second.range is not None and isinstance(low, int | float) and isinstance(high, int | float):
        return "wider" if second.range[0] <= low and high <= second.range[1] else "wrong"
    return "wider" if second.value is None else "wrong"
