"""`osler bench calc-choice [--data FILE]`: from a question to the calculator, first and within the first three.

A file is YAML rows `{question, calculator}` (`calculators` where several are equally right), by default our own
(`evals/choice/own.yaml`, on which the weights were fitted), or a CSV of MedCalc-Bench, of which only the column
Question and the calculator's id are read. A question of a calculator that we do not have is excluded.
"""

from __future__ import annotations

import csv
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

from agent.settings import Settings
from evals.metrics import document, share
from tools.calculators.catalog import NAMES
from tools.calculators.choice import Choice, choose
from tools.errors import UsageError

Json = dict[str, Any]
CHOICE = Path(__file__).parents[1] / "choice"
OWN = CHOICE / "own.yaml"


def run(paths: list[Path], settings: Settings | None = None) -> Json:
    """Every question of the files.

    Raises:
        UsageError: a file that holds no questions.
    """
    started = time.perf_counter()
    folder = (settings or Settings.from_environment()).index
    asked = [row for path in paths or [OWN] for row in questions(path)]
    known = [row for row in asked if set(row["wanted"]) & set(NAMES)]
    answers = {row["question"]: choose(row["question"], folder) for row in known}
    cases = [_case(row, answers[row["question"]]) for row in known]
    first = sum(case["first"] for case in cases)
    groups: dict[str, list[Json]] = defaultdict(list)
    for case in cases:
        groups[case["wanted"][0]].append(case)
    seconds = time.perf_counter() - started
    return document(
        "calc-choice",
        "the calculator put first is the one wanted (or one of those equally right)",
        first,
        len(cases),
        seconds,
        excluded=[
            {"id": row["id"], "reason": f"not one of ours: {', '.join(row['wanted'])}"}
            for row in asked
            if row not in known
        ],
        first_three=share(sum(case["three"] for case in cases), len(cases)),
        distinct_questions=len(answers),
        asks_back=share(sum(not case["sure"] for case in cases), len(cases)),
        first_where_sure=share(
            sum(case["first"] for case in cases if case["sure"]), sum(case["sure"] for case in cases)
        ),
        milliseconds_each=round(1000 * seconds / max(1, len(answers)), 1),
        wrong=[
            {key: case[key] for key in ("id", "question", "wanted", "given")} for case in cases if not case["first"]
        ],
        by={name: share(sum(case["first"] for case in rows), len(rows)) for name, rows in sorted(groups.items())},
        cases=cases,
    )


def _case(row: Json, choice: Choice) -> Json:
    given = [choice.calculator, *(other.calculator for other in choice.runners_up)]
    return {
        **row,
        "given": given[:3],
        "score": choice.score,
        "sure": choice.sure,
        "first": given[0] in row["wanted"],
        "three": bool(set(given[:3]) & set(row["wanted"])),
    }


def questions(path: Path) -> list[Json]:
    """`{id, question, wanted}` of a file.

    Raises:
        UsageError: it holds none.
    """
    try:
        rows = _of_csv(path) if path.suffix.lower() == ".csv" else _of_yaml(path)
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise UsageError(
            f"{path} holds no questions", found=str(error), expected="YAML rows {question, calculator}, or a CSV with "
            "the columns Question and Calculator ID", action="give --data FILE",
        ) from error  # fmt: skip
    named: Json = yaml.safe_load((CHOICE / "names.yaml").read_text(encoding="utf-8"))
    return [
        {
            "id": f"{path.stem}/{number}",
            "question": row["question"],
            "wanted": [ours for name in row["wanted"] for ours in named.get(name, [name])],
        }
        for number, row in enumerate(rows, 1)
    ]


def _of_yaml(path: Path) -> list[Json]:
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        {"question": row["question"], "wanted": list(row.get("calculators") or [row["calculator"]])} for row in rows
    ]


def _of_csv(path: Path) -> list[Json]:
    from evals.benchmarks.medcalc_entities import rules

    csv.field_size_limit(2**31 - 1)
    ours = {number: [rule["calculator"]] for number, rule in rules()["calculators"].items()}
    ours |= yaml.safe_load((CHOICE / "medcalc.yaml").read_text(encoding="utf-8"))
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            {"question": row["Question"], "wanted": ours.get(int(row["Calculator ID"]), [row["Calculator ID"]])}
            for row in csv.DictReader(lines)
        ]
