"""`osler bench kills`: `kill -9` at node boundaries and inside tools; nothing is lost and no effect happens twice.

Each trial is a process of its own that is killed at the n-th update of the graph or inside the n-th tool run, then a
second one that opens the consultation by its id and goes on. The answer must equal that of an undisturbed run, and
every run must have left exactly one audit line, the signature exactly one.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sqlite3
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from agent import ClinicalAssistant, Settings
from agent.export import without_times
from evals.metrics import document, share
from evals.wrapped import wrapped
from tools.context import ToolContext
from tools.errors import UsageError
from tools.spec import ToolOutput, ToolSpec

Json = dict[str, Any]
PATIENT, QUESTION = (
    "demo-mixed",
    "Should the anticoagulant dose and the other drugs be changed for the kidney function?",
)


def _case(osler: ClinicalAssistant, name: str) -> Json:
    return osler.portal.call(osler.core.new_case(name, PATIENT, None, None, "none"))


def _deadly(tools: dict[str, ToolSpec[Any]], at: int) -> dict[str, ToolSpec[Any]]:
    count = Counter[str]()

    def wrap(spec: ToolSpec[Any]) -> ToolSpec[Any]:
        async def deadly(arguments: dict[str, Any], ctx: ToolContext) -> ToolOutput:
            output = await spec.call(arguments, ctx)
            count["runs"] += 1
            if count["runs"] == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return output

        return wrapped(spec, deadly)

    return {name: wrap(spec) for name, spec in tools.items()}


def work(home: str, name: str, target: str, where: str | None, at: int) -> None:
    """Run (or go on with) the consultation, correct, sign, write the document; die where told to."""
    from tools.catalog import catalog

    osler = ClinicalAssistant(Settings(home=Path(home)))
    if where == "tool":
        osler.use_tools(_deadly(catalog(), at))
    try:
        consult = osler.open(name)
    except UsageError:
        consult = osler.start(_case(osler, name), QUESTION)
    for seen, _ in enumerate(consult.stream(), start=1):
        if where == "node" and seen == at:
            os.kill(os.getpid(), signal.SIGKILL)
    state = consult.state
    if not state.get("corrections"):
        consult.correct("creatinine", {"value": 205, "unit": "umol/L"}, by="Dr Kill", reason="bench")
    if consult.state["status"] != "signed":
        consult.approve("Dr Kill", "physician")
    Path(target).write_text(json.dumps(without_times(consult.document()), sort_keys=True), encoding="utf-8")
    os._exit(0)


def _start(home: Path, name: str, target: Path, where: str | None, at: int) -> int:
    process = multiprocessing.get_context("spawn").Process(target=work, args=(str(home), name, str(target), where, at))
    process.start()
    process.join(180)
    return process.exitcode if process.exitcode is not None else 1


def run(n: int = 60, seed: int = 1) -> Json:
    """`n` kills, half at node boundaries, half inside tools."""
    started = time.perf_counter()
    rng = random.Random(seed)
    outcomes: dict[str, list[int]] = {"node": [], "tool": []}
    faults: list[Json] = []
    killed = 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        reference = home / "reference.json"
        if _start(home, "c-reference", reference, None, 0) != 0:
            raise RuntimeError("the undisturbed run failed")
        wanted = json.loads(reference.read_text("utf-8"))
        for trial in range(n):
            where = "node" if trial % 2 == 0 else "tool"
            name, target = f"c-kill-{trial}", home / f"kill-{trial}.json"
            at = rng.randint(1, 60)
            killed += _start(home, name, target, where, at) == -signal.SIGKILL
            code = _start(home, name, target, None, 0)
            fault = judge(home, name, target, wanted) if code == 0 else f"second run exited with {code}"
            outcomes[where].append(int(fault is None))
            if fault is not None:
                faults.append({"trial": trial, "where": where, "at": at, "fault": fault})
    good = sum(map(sum, outcomes.values()))
    return document(
        "kills",
        "kills after which nothing was lost or done twice",
        good,
        n,
        time.perf_counter() - started,
        by={k: share(sum(v), len(v)) for k, v in outcomes.items()},
        killed=killed,
        faults=faults,
    )


def judge(home: Path, name: str, target: Path, wanted: Json) -> str | None:
    """What is wrong with a consultation that was killed and went on, or None."""
    found = json.loads(target.read_text("utf-8"))
    for key in ("answer", "evidence", "records", "critical", "plan", "checks"):
        if found[key] != wanted[key]:
            return f"{key} differs from the undisturbed run: {first_difference(found[key], wanted[key])}"
    connection = sqlite3.connect(home / "effects.sqlite")
    rows = connection.execute("SELECT kind, body FROM effects WHERE consultation = ?", (name,)).fetchall()
    other = connection.execute("SELECT kind, body FROM effects WHERE consultation = 'c-reference'").fetchall()
    connection.close()
    lines, others = Counter(kind for kind, _ in rows), Counter(kind for kind, _ in other)
    return None if lines == others else f"effects {dict(lines)}, undisturbed {dict(others)}"


def first_difference(found: Any, wanted: Any, path: str = "") -> str:
    """Where two JSON values part for the first time, with what stands there."""
    if isinstance(found, dict) and isinstance(wanted, dict) and found.keys() == wanted.keys():
        pairs: list[tuple[Any, Any, Any]] = [(key, found[key], wanted[key]) for key in sorted(found)]
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        pairs = [(at, *pair) for at, pair in enumerate(zip(found, wanted, strict=True))]
    else:
        pairs = []
    for key, one, other in pairs:
        if one != other:
            return first_difference(one, other, f"{path}/{key}")
    return f"{path or '/'}: {json.dumps(found)[:200]} instead of {json.dumps(wanted)[:200]}"
