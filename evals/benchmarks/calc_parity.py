"""`osler bench calc-parity --data FOLDER`: our calculators on the structured cases of Medical-Calc-MCP.

Their expected values are rounded by their code; ours is rounded to as many digits before it is compared. The score is
over every case whose calculator we carry, differences included; the second figure leaves out those for which the
publication is on our side (`evals/parity/differences.yaml`, each with the publication and the right value).
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from evals.benchmarks.calc_parity_rules import Unmapped, answer_of, differences, inputs_of, matches
from evals.metrics import document, share
from tools.calculators import run as calculate
from tools.errors import ToolError, UsageError

Json = dict[str, Any]
FILES = "public-dev.jsonl"


def run(folder: Path) -> Json:
    """Every case of the folder.

    Raises:
        UsageError: there are none.
    """
    started = time.perf_counter()
    cases = [score_case(case) for case in _cases(folder)]
    excluded = [case for case in cases if case["status"] == "excluded"]
    scored = [case for case in cases if case["status"] != "excluded"]
    right = sum(case["status"] == "right" for case in scored)
    explained = [case for case in scored if "explained" in case]
    groups: dict[str, list[Json]] = defaultdict(list)
    for case in cases:
        groups[case["tool"]].append(case)
    return document(
        "calc-parity",
        "answers within their limits, rounded as theirs are, over every case whose calculator we carry",
        right,
        len(scored),
        time.perf_counter() - started,
        all_cases=share(right, len(cases)),
        but_explained=share(right, len(scored) - len(explained)),
        refused=sum(case["status"] == "refused" for case in scored),
        forbidden=differences()["forbidden"],
        excluded=[{"id": case["id"], "reason": case["why"]} for case in excluded],
        explained=_explained(explained),
        unexplained=[case for case in scored if case["status"] != "right" and "explained" not in case],
        by={tool: _tally(rows) for tool, rows in sorted(groups.items())},
        cases=cases,
    )


def score_case(case: Json) -> Json:
    """One case: what it expects, what we say, and whether it is right, wrong, refused or excluded."""
    body: Json = {
        "id": case["case_id"],
        "tool": case["tool_id"],
        "params": case["params"],
        "expected": case["expected_value"],
    }
    for row in [*differences()["forbidden"], *differences()["excluded"]]:
        if matches(case, row):
            return {**body, "status": "excluded", "why": row["why"]}
    try:
        name, inputs = inputs_of(case)
    except Unmapped as reason:
        return {**body, "status": "excluded", "why": str(reason)}
    body["calculator"] = name
    try:
        result = calculate(name, inputs)
        answer = answer_of(case, result)
        why = "; ".join([*result.warnings, *(f"{missing} is not given" for missing in result.missing)])
        status = "refused" if answer is None else "right" if _agrees(case, answer) else "wrong"
    except ToolError as error:
        status, answer, why = "refused", None, str(error)
    body |= {"status": status, "answer": answer}
    if status != "right":
        body["why"] = why
        for row in differences()["explained"]:
            if matches(case, row):
                body["explained"] = row["why"]
    return body


def _agrees(case: Json, answer: float) -> bool:
    digits = max(0, -int(Decimal(str(case["expected_value"])).normalize().as_tuple().exponent))
    low, high = case["lower_limit"], case["upper_limit"]
    for places in range(digits, 3 if digits <= 2 else digits + 1):
        rounded = float(Decimal(str(answer)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
        if low - 1e-6 <= rounded <= high + 1e-6:
            return True
    return bool(low - 1e-6 <= answer <= high + 1e-6)


def _explained(cases: list[Json]) -> list[Json]:
    found: dict[str, list[Json]] = defaultdict(list)
    for case in cases:
        found[case["explained"]].append(case)
    return [
        {
            "tool": rows[0]["tool"],
            "why": why,
            "n": len(rows),
            "cases": [{"id": row["id"], "expected": row["expected"], "ours": row["answer"]} for row in rows],
        }
        for why, rows in found.items()
    ]


def _tally(rows: list[Json]) -> Json:
    counts = {kind: sum(row["status"] == kind for row in rows) for kind in ("right", "wrong", "refused", "excluded")}
    return {**share(counts["right"], len(rows) - counts["excluded"]), **counts}


def _cases(folder: Path) -> list[Json]:
    path = next(iter(sorted(folder.rglob(FILES))), None) if folder.is_dir() else folder
    try:
        assert path is not None
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [row for row in rows if row["tool_id"] and row["params"] is not None]
    except (OSError, AssertionError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{folder} holds no cases", found=str(error) or f"no {FILES}", expected=f"a folder with {FILES}",
            action="give --data FOLDER",
        ) from error  # fmt: skip
