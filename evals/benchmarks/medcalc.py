"""`osler bench medcalc --data CSV [--level entities]`: our calculators on the entities of MedCalc-Bench.

The rows' own entities go in, so this measures formulas and units, not reading. An entity that a row does not give is
absent, as the benchmark has it; the assistant itself never assumes so. The score is over all rows: one that cannot be
mapped is excluded with its reason and counts as wrong, and so does an input that our calculator refuses.
"""

from __future__ import annotations

import ast
import csv
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

from evals.benchmarks.medcalc_entities import Unmapped, inputs_of, iso, rules
from evals.metrics import document, share
from tools.calculators import run as calculate
from tools.errors import ToolError, UsageError

Json = dict[str, Any]
LEVELS = ("entities", "note")
DATES = (13, 68)
WEEKS_AND_DAYS = 69
WHOLE = frozenset((4, 15, 16, 17, 18, 20, 21, 25, 27, 28, 29, 32, 33, 36, 43, 45, 48, 51))
COLUMNS = ("Row Number", "Calculator ID", "Calculator Name", "Relevant Entities", "Ground Truth Answer")
LABELS = ("Unique ID", "Calculator Name", "Patient Note", "Ground Truth Answer", "Lower Limit", "Upper Limit")
CONVENTION = (
    "as the benchmark has it: a finding that a row does not give is absent, so is a cough that it does not name, and a "
    "PaCO2 that is not given is normal; the rules of disputed rows were written after reading their worked answers"
)


def run(
    paths: list[Path], level: str | None = None, unmentioned: str | None = None, corrected: Path | None = None
) -> Json:
    """Every row of the files; with `corrected`, its rows and labels, and the raw labels' score in `by`.

    Args:
        unmentioned: at the note level, what a finding that a note does not name is: unknown (the default) or absent.

    Raises:
        UsageError: an unknown level, or a file that is not MedCalc-Bench.
    """
    _level(level or LEVELS[0], unmentioned)
    columns = (*COLUMNS, "Patient Note") if level == LEVELS[1] else COLUMNS
    rows = [(row, path.stem) for path in paths for row in _rows(path, columns)]
    if corrected is None:
        return _scored(rows, level or LEVELS[0], unmentioned)
    from evals.benchmarks.medcalc_notes import labels

    every = [row for row, _ in rows]
    judged = [(row, corrected.stem) for row in labels(corrected, every, lambda path: _rows(path, LABELS))]
    body = _scored(judged, level or LEVELS[0], unmentioned)
    numbers = {str(row["Row Number"]) for row, _ in judged}
    raw = _scored([pair for pair in rows if str(pair[0]["Row Number"]) in numbers], level or LEVELS[0], unmentioned)
    body["by"]["raw labels"] = {key: raw.get(key) for key in ("score", "interval", "n")}
    return body


def _scored(rows: list[tuple[Json, str]], level: str, unmentioned: str | None) -> Json:
    if level == LEVELS[1]:
        from evals.benchmarks import medcalc_notes

        return medcalc_notes.run(rows, "absent" if unmentioned == "absent" else "unknown", _agrees)
    started = time.perf_counter()
    cases = [score_row(row, source) for row, source in rows]
    scored = [case for case in cases if case["status"] != "excluded"]
    right = sum(case["status"] == "right" for case in cases)
    apart = [case for case in scored if "disputed" in case]
    names = sorted({(case["calculator_id"], case["calculator"]) for case in cases})
    groups = {f"{number} {name}": [case for case in cases if case["calculator_id"] == number] for number, name in names}
    return document(
        "medcalc",
        "answers within the row's limits (whole numbers and dates exact), over all rows: an excluded row is wrong",
        right,
        len(cases),
        time.perf_counter() - started,
        level=LEVELS[0],
        score_all=share(right, len(cases)),
        score_mapped=share(right, len(scored)),
        score_undisputed=share(right, len(scored) - len(apart)),
        excluded=[
            {k: case[k] for k in ("id", "calculator_id", "why")} for case in cases if case["status"] == "excluded"
        ],
        refused=sum(case["status"] == "refused" for case in cases),
        disputed=_disputes(apart),
        wrong=[case["id"] for case in scored if case["status"] != "right" and "disputed" not in case],
        convention=CONVENTION,
        by={name: _tally(group) for name, group in groups.items()},
        cases=cases,
    )


def score_row(row: Json, source: str) -> Json:
    """One row: what it says, what we say, and whether it is right, wrong, refused or excluded."""
    number, expected = int(row["Calculator ID"]), row["Ground Truth Answer"]
    case: Json = {
        "id": f"{source}/{row['Row Number']}",
        "calculator_id": number,
        "calculator": row["Calculator Name"],
        "expected": expected,
    }
    if not row.get("Relevant Entities"):
        return {**case, "status": "excluded", "why": "the row gives no entities"}
    entities = ast.literal_eval(row["Relevant Entities"])
    try:
        name, inputs = inputs_of(number, entities)
    except (Unmapped, ToolError) as reason:
        return {**case, "status": "excluded", "why": str(reason)}
    case["ours"] = name
    refused = "right" if expected.strip().upper() == "N/A" else "refused"
    try:
        result = calculate(name, inputs)
    except ToolError as error:
        return {**case, "status": refused, "why": str(error)}
    if result.value is None:
        why = "; ".join([*result.warnings, *(f"{missing} is not given" for missing in result.missing)])
        return {**case, "status": refused, "why": why or "outside the population of the calculator"}
    answer = _step(result.steps, rules()["calculators"][number].get("step")) or result.value
    right = refused == "refused" and _agrees(number, answer, row)
    case |= {"status": "right" if right else "wrong", "answer": answer}
    if not right:
        case["steps"] = result.steps
        if _is_disputed(number, entities, answer, row):
            case["disputed"] = rules()["disputed"][number]["why"]
    return case


def _step(steps: list[str], name: str | None) -> str | None:
    """The value that a step of this name states."""
    return next((step.partition(": ")[2] for step in steps if name and step.startswith(f"{name}: ")), None)


def _agrees(number: int, value: Any, row: Json) -> bool:
    expected = row["Ground Truth Answer"]
    if number in DATES:
        return bool(value == iso(expected))
    if number == WEEKS_AND_DAYS:
        weeks, days = (int(found) for found in re.findall(r"\d+", expected))
        return bool(value == 7 * weeks + days)
    if number in WHOLE:
        return bool(round(float(value)) == float(expected))
    low, high = sorted((float(row["Lower Limit"]), float(row["Upper Limit"])))
    return low - 1e-6 <= float(value) <= high + 1e-6


def _is_disputed(number: int, entities: Json, value: Any, row: Json) -> bool:
    """Whether a wrong row is of the kind for which the published formula is on our side."""
    dispute = rules()["disputed"].get(number)
    if dispute is None:
        return False
    if "tolerance" in dispute:
        expected = float(row["Ground Truth Answer"])
        return bool(abs(float(value) - expected) <= dispute["tolerance"] * expected)
    if "shorter_than_28" in dispute:
        return bool(entities["cycle length"] < 28)
    if "men_up_to" in dispute and entities["sex"] == "Male" and entities["creatinine"][0] <= dispute["men_up_to"]:
        return True
    return any(isinstance(given, list) and given[1] in dispute["units"] for given in entities.values())


def _disputes(cases: list[Json]) -> list[Json]:
    counts = Counter(case["calculator_id"] for case in cases)
    return [
        {
            "calculator_id": number,
            "rows": [case["id"] for case in cases if case["calculator_id"] == number],
            "n": n,
            "published": rules()["disputed"][number]["published"],
            "why": rules()["disputed"][number]["why"],
        }
        for number, n in sorted(counts.items())
    ]


def _tally(cases: list[Json]) -> Json:
    counts = Counter(case["status"] for case in cases)
    return {**share(counts["right"], len(cases)), **counts, "disputed": sum("disputed" in case for case in cases)}


def _level(level: str, unmentioned: str | None) -> None:
    if level not in LEVELS:
        raise UsageError(f"no level {level!r}", found=level, expected=", ".join(LEVELS), action="name one of these")
    if unmentioned not in (None, "unknown", "absent"):
        raise UsageError(
            f"found --unmentioned {unmentioned!r}",
            found=unmentioned,
            expected="unknown, absent",
            action="name one of these",
        )


def _rows(path: Path, columns: tuple[str, ...] = COLUMNS) -> list[Json]:
    csv.field_size_limit(2**31 - 1)
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            table = csv.DictReader(lines)
            missing = [name for name in columns if name not in (table.fieldnames or ())]
            rows: list[Json] = list(table)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read", found=str(error), expected="a CSV of MedCalc-Bench", action="give --data CSV"
        ) from error
    if missing:
        raise UsageError(
            f"{path} is not a CSV of MedCalc-Bench",
            found=f"no column {missing[0]!r}",
            expected=", ".join(columns),
            action="give --data CSV",
        )
    return rows
