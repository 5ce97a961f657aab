"""MedCalc-Bench from its notes: our own slots and calculators, no model.

The row's Calculator ID says which calculator; its note and question are all that is read. Right, wrong and refused are
three things: an answer that the note does not support is not given, and is not an error.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, Literal

import yaml

from evals.benchmarks.medcalc_entities import RULES, rules
from evals.metrics import document, share
from tools.calculators import calculator
from tools.calculators import run as calculate
from tools.calculators.nesting import nested
from tools.errors import ToolError
from tools.fill.model import Fill
from tools.fill.record import declared_parts
from tools.fill.slots import fill

Json = dict[str, Any]
Unmentioned = Literal["unknown", "absent"]
CONVENTIONS = RULES.with_name("notes.yaml")
Answer = Callable[[int, Any, Json], bool]


@functools.cache
def names() -> dict[int, str]:
    """The benchmark's names of its calculators."""
    loaded: dict[int, str] = yaml.safe_load(RULES.with_name("names.yaml").read_text(encoding="utf-8"))
    return loaded


@functools.cache
def conventions() -> dict[int, Json]:
    """What the benchmark takes for granted, by calculator."""
    loaded: dict[int, Json] = yaml.safe_load(CONVENTIONS.read_text(encoding="utf-8"))
    return loaded


def score_note(row: Json, source: str, unmentioned: Unmentioned, agrees: Answer) -> Json:
    """One row: right, wrong, refused (with what is missing) or excluded, and how long its note took."""
    number = int(row["Calculator ID"])
    case: Json = {
        "id": f"{source}/{row['Row Number']}",
        "calculator_id": number,
        "calculator": row["Calculator Name"],
        "category": row.get("Category", ""),
        "expected": row["Ground Truth Answer"],
    }
    rule = rules()["calculators"].get(number) or {"calculator": rules().get("names", {}).get(number)}
    if not rule["calculator"]:
        return {**case, "status": "excluded", "why": "no calculator of ours has this id", "seconds": 0.0}
    case["ours"] = rule["calculator"]
    started = time.perf_counter()
    case |= _answer(number, rule, row, unmentioned)
    case["seconds"] = time.perf_counter() - started
    must_refuse = str(row["Ground Truth Answer"]).strip().upper() == "N/A"
    if "answer" not in case:
        return {**case, "status": "right" if must_refuse else "refused"}
    if not must_refuse and agrees(number, case["answer"], row):
        return {**case, "status": "right"}
    return {**case, "status": "wrong", "disputed": _is_disputed(row, source, case["answer"])}


def _is_disputed(row: Json, source: str, answer: Any) -> bool:
    """Whether the row's entities give our answer too, and its label is one that departs from the formula."""
    from evals.benchmarks.medcalc import score_row

    if not row.get("Relevant Entities"):
        return False
    given = score_row(row, source)
    return "disputed" in given and str(given.get("answer")) == str(answer)


def _answer(number: int, rule: Json, row: Json, unmentioned: Unmentioned) -> Json:
    name, note = rule["calculator"], row["Patient Note"]
    try:
        declared = calculator(name)
        # As `osler calc ask`: what an input can be worked out from is looked for too.
        wide = replace(declared, inputs=tuple(declared_parts(declared).values()))
        asked = f"{row.get('Question', '')} {conventions().get(number, {}).get('hint', '')}"
        found = fill(wide, note, unmentioned, asked)
        said = {entry: value for entry, value in found.inputs.items() if entry not in found.assumed}
        own = {entry.name for entry in declared.inputs}
        supposed = {entry: value for entry, value in found.inputs.items() if entry in own}
        inputs = {**supposed, **nested(name, said).inputs, **_by_convention(number, found, note, unmentioned)}
        result = calculate(name, inputs)
    except ToolError as error:
        return {"why": str(error)}
    quotes = {
        entry: {"value": filled.value, "quote": filled.mention.quote if filled.mention else None, "why": filled.why}
        for entry, filled in found.filled.items()
    }
    steps = {step.partition(": ")[0]: step.partition(": ")[2] for step in result.steps}
    answer, bounds = steps.get(rule.get("step", ""), result.value), result.range
    if between := re.match(r"(\d+) to (\d+)", str(answer)):  # a step that depends on what is not known
        answer, bounds = None, (float(between[1]), float(between[2]))
    if answer is None:
        lacking = [entry for entry in found.missing if entry in own and entry not in inputs]
        doubts = {entry: doubt.why for entry, doubt in found.ambiguous.items() if entry not in inputs}
        why = "; ".join([*result.warnings, *(f"{entry} is not given" for entry in lacking)])
        return {"why": why, "missing": lacking, "doubts": doubts, "range": bounds, "inputs": quotes}
    return {"answer": answer, "inputs": quotes}


def _by_convention(number: int, found: Fill, note: str, unmentioned: Unmentioned) -> Json:
    convention = conventions().get(number, {})
    more: Json = dict(convention.get("fixed", {}))
    if unmentioned == "absent":
        more |= {name: value for name, value in convention.get("absent", {}).items() if name not in found.inputs}
    if "by_build" in convention:
        from evals.benchmarks.medcalc_entities import weight_by_build

        build = fill("adjusted_body_weight", note).inputs
        if {"sex", "height", "weight"} <= set(build):
            more[convention["by_build"]] = weight_by_build(dict(build))
    return more


def summary(cases: list[Json], seconds: float, unmentioned: Unmentioned) -> Json:
    """The document: all rows first, then by calculator and category."""
    scored = [case for case in cases if case["status"] != "excluded"]
    right = _count(cases, "right")
    calculators = sorted({(case["calculator_id"], case["calculator"]) for case in cases})
    groups = {
        f"{number} {name}": [case for case in cases if case["calculator_id"] == number] for number, name in calculators
    }
    categories = {
        name: [case for case in cases if case["category"] == name]
        for name in sorted({case["category"] for case in cases})
    }
    shares = [_count(group, "right") / len(group) for group in groups.values()]
    times = [case["seconds"] for case in cases]
    undisputed = [case for case in cases if not case.get("disputed")]
    ranged = [case for case in cases if case.get("range")]
    return document(
        "medcalc",
        "answers within the row's limits from the note alone, over all rows; refused rows are neither right nor wrong",
        right,
        len(cases),
        seconds,
        level="note",
        unmentioned=unmentioned,
        wrong_share=share(_count(cases, "wrong"), len(cases)),
        refused_share=share(_count(cases, "refused"), len(cases)),
        right_of_answered=share(right, right + _count(cases, "wrong")),
        score_undisputed=share(right, len(undisputed)),
        disputed=[case["id"] for case in cases if case.get("disputed")],
        macro_average={"score": round(sum(shares) / len(shares), 4) if shares else None, "calculators": len(shares)},
        seconds_per_row={"median": round(median(times), 4), "highest": round(max(times), 4)} if times else {},
        ranges={"n": len(ranged), "hold": sum(_holds(case) for case in ranged)},
        excluded=[{key: case[key] for key in ("id", "calculator_id", "why")} for case in cases if case not in scored],
        wrong=[case["id"] for case in cases if case["status"] == "wrong"],
        convention="product's own default: what is not mentioned is unknown"
        if unmentioned == "unknown"
        else "the benchmark's: a finding that the note does not mention is absent; a missing number is refused",
        by={name: _tally(group) for name, group in groups.items()}
        | {f"category: {name}": _tally(group) for name, group in categories.items()},
        cases=cases,
    )


def _tally(cases: list[Json]) -> Json:
    return {
        **share(_count(cases, "right"), len(cases)),
        **{status: _count(cases, status) for status in ("right", "wrong", "refused", "excluded")},
        "seconds_per_row": round(sum(case["seconds"] for case in cases) / len(cases), 4),
    }


def _count(cases: list[Json], status: str) -> int:
    return sum(case["status"] == status for case in cases)


def _holds(case: Json) -> bool:
    """Whether a range given instead of an answer contains the row's."""
    try:
        return bool(case["range"][0] - 1e-6 <= float(case["expected"]) <= case["range"][1] + 1e-6)
    except ValueError:
        return False


def run(rows: list[tuple[Json, str]], unmentioned: Unmentioned, agrees: Answer) -> Json:
    """Every row with the name of its file."""
    started = time.perf_counter()
    fill("perc", "A man of 80 kg without haemoptysis.")  # words and rules are read once: not a row's time
    cases = [score_note(row, source, unmentioned, agrees) for row, source in rows]
    return summary(cases, time.perf_counter() - started, unmentioned)


def labels(path: Path, rows: list[Json], read: Callable[[Path], list[Json]]) -> list[Json]:
    """Rows with the labels of a corrected file: its own rows, with the calculator found by row number or name."""
    by_number = {str(row["Row Number"]): row for row in rows}
    by_name = {name: {"Calculator ID": number, "Category": ""} for number, name in names().items()}
    by_name |= {
        row["Calculator Name"]: {"Calculator ID": row["Calculator ID"], "Category": row.get("Category", "")}
        for row in rows
    }
    found = []
    for label in read(path):
        base = by_number.get(str(label["Unique ID"]))
        if base is None or base["Calculator Name"] != label["Calculator Name"]:
            base = by_name.get(label["Calculator Name"], {"Calculator ID": 0, "Category": ""})
        found.append({**base, **label, "Row Number": label["Unique ID"]})
    return found
