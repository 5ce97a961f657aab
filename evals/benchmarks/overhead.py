"""`osler bench overhead`: what Osler's own work costs for each tool call, against a plain agent on the same calls.

Both run in one process, in turns, on a scripted model without latency and on tools that answer from a recording (the
calculators run): what is measured is the loop around them. Osler also routes, decides its protocol's criteria, checks
every claim and builds evidence; the plain agent (`plain_agent.py`) passes messages. Each is measured with its steps
written to SQLite before the next (`durability="sync"`) and with checkpoints in memory only; the difference is the
share of durability. Then five tools that sleep are run side by side by each of them.
"""

from __future__ import annotations

import asyncio
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from agent import ClinicalAssistant
from agent.models.base import Reply
from agent.prompts import CHOOSE
from agent.state import State, load
from evals import recording
from evals.benchmarks import plain_agent
from evals.benchmarks.plain_agent import Call
from evals.metrics import document
from evals.replay import without_model
from evals.wrapped import wrapped
from tools.catalog import catalog
from tools.context import ToolContext
from tools.spec import ToolOutput, ToolSpec

Json = dict[str, Any]
PATIENT, QUESTION, PROTOCOL = "demo-af", "Should she be anticoagulated?", "af-stroke-prevention"
SLEEPERS = ("patient.age", "problems", "medications", "allergies", "labs")
SLEEP = 0.2


class ScriptedPlanner:
    """A planner's model that has one protocol run, asks for nothing further, and takes no time."""

    name, revision = "scripted", None

    async def decide(self, system: str, user: str, schema: Json) -> Reply:
        """The decision of the script."""
        if system == CHOOSE:
            return Reply('{"answer": {"decision": "use_protocol", "protocols": ["' + PROTOCOL + '"], "why": ""}}')
        return Reply('{"answer": {"decision": "done", "why": ""}}')


def run(n: int = 10) -> Json:
    """`n` rounds of each of the four, after one that is not counted."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with ClinicalAssistant(without_model().beside(home)) as osler:
            state = osler.consult(QUESTION, PATIENT).state
        with ClinicalAssistant(without_model().beside(home / "trial")) as osler:
            return _measure(osler, state, n, started)


def _measure(osler: ClinicalAssistant, state: State, n: int, started: float) -> Json:
    tools = recording.frozen(catalog(), recording.tool_answers(state))
    osler.use_tools(tools, record=False)
    services = osler.portal.call(osler.core.services())
    services.model = ScriptedPlanner()  # type: ignore[assignment]
    waves = script(state)
    calls = sum(map(len, waves))
    ctx = osler.portal.call(services.context(state["case"]))
    path = osler.settings.home / "plain.sqlite"
    durable = osler.portal.call(_opened(path))
    arms: dict[str, Callable[[str], None]] = {
        "osler_durable": lambda name: _consult(osler, state, name),
        "osler_memory": lambda name: _consult(osler, state, name),
        "plain_durable": lambda name: _plain(osler, plain_agent.build(waves, tools, ctx, durable), name),
        "plain_memory": lambda name: _plain(osler, plain_agent.build(waves, tools, ctx, InMemorySaver()), name),
    }
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    kept = osler.portal.call(osler.core.use_saver(None))
    for turn in range(n + 1):
        for name, arm in arms.items():
            osler.portal.call(osler.core.use_saver(InMemorySaver() if name == "osler_memory" else kept))
            begun = time.perf_counter()
            arm(f"{name}-{turn}")
            if turn:
                seconds[name].append(time.perf_counter() - begun)
    osler.portal.call(osler.core.use_saver(kept))
    runs = len(osler.open("osler_durable-1").document()["records"])
    parallel = _side_by_side(osler, state, waves, tools, ctx)
    osler.portal.call(durable.conn.close())
    per_call = {name: interval([1000 * took / calls for took in rows]) for name, rows in seconds.items()}
    ratios = [a / b for a, b in zip(seconds["osler_durable"], seconds["plain_durable"], strict=True)]
    shares = {
        side: interval([1 - b / a for a, b in zip(seconds[f"{side}_durable"], seconds[f"{side}_memory"], strict=True)])
        for side in ("osler", "plain")
    }
    ratio = interval(ratios)
    body = document("overhead", "plain agent's time over Osler's, durable, same calls", 0, n, 0.0)
    return body | {
        "score": round(min(1.0, 1 / ratio["mean"]), 4),
        "interval": [round(min(1.0, 1 / edge), 4) if edge > 0 else 1.0 for edge in reversed(ratio["interval"])],
        "interval_method": "Student t 95 % over rounds, arms paired by round",
        "by": {"ms_per_tool_call": per_call},
        "ratio_osler_to_plain": ratio,
        "ratio_without_durability": interval(
            [a / b for a, b in zip(seconds["osler_memory"], seconds["plain_memory"], strict=True)]
        ),
        "share_of_durable_checkpointing": shares,
        "ms_per_run_of_osler": interval([1000 * took / runs for took in seconds["osler_durable"]]),
        "tool_calls": calls,
        "osler_runs": runs,
        "waves": len(waves),
        "parallel": parallel,
        "seconds": round(time.perf_counter() - started, 2),
    }


def script(state: State) -> list[list[Call]]:
    """The tool calls of a consultation, by wave. What is Osler itself (decisions, the choice) is not among them."""
    held = {row["slot"]: load(state["evidence"][row["evidence"][0]]) for row in state["records"] if row["evidence"]}
    rows = [row for row in state["records"] if row["tool"] not in recording.LIVE and row["status"] == "ok"]
    return [
        [
            Call(
                row["tool"],
                row["slot"],
                row["arguments"],
                {name: held[slot] for name, slot in row["bindings"].items() if slot in held},
            )
            for row in wave
        ]
        for _, wave in groupby(rows, key=lambda row: row["wave"])
    ]


def _consult(osler: ClinicalAssistant, state: State, name: str) -> None:
    case = {key: state["case"][key] for key in ("patient", "as_of", "clock")}
    case |= {"consultation": name, "record": None, "turn": 0, "version": 1, "attachments": [], "model": None}
    osler.start(case, QUESTION).run()


def _plain(osler: ClinicalAssistant, agent: Any, name: str) -> None:
    osler.portal.call(plain_agent.run(agent, name, QUESTION))


async def _opened(path: Path) -> AsyncSqliteSaver:
    import aiosqlite

    saver = AsyncSqliteSaver(await aiosqlite.connect(path))
    await saver.setup()
    return saver


def _side_by_side(
    osler: ClinicalAssistant,
    state: State,
    waves: list[list[Call]],
    tools: dict[str, ToolSpec[Any]],
    ctx: ToolContext,
    rounds: int = 3,
) -> Json:
    """Five tools of one wave sleep: the time from the first one's start to the last one's end, over the slowest."""
    found: dict[str, list[float]] = {"osler": [], "plain": []}
    for turn in range(rounds):
        for side, values in found.items():
            spans: list[tuple[float, float]] = []
            slow = {name: _sleeping(spec, spans) for name, spec in tools.items()}
            if side == "osler":
                osler.use_tools(slow, record=False)
                _consult(osler, state, f"sleep-{turn}")
            else:
                _plain(osler, plain_agent.build(waves, slow, ctx, InMemorySaver()), f"sleep-{turn}")
            wall = max(end for _, end in spans) - min(begin for begin, _ in spans)
            values.append(wall / max(end - begin for begin, end in spans))
    return {
        "tools": len(SLEEPERS),
        "sleep_seconds": SLEEP,
        "wall_over_slowest": {side: interval(values) for side, values in found.items()},
        "one_after_another_would_be": len(SLEEPERS),
    }


def _sleeping(spec: ToolSpec[Any], spans: list[tuple[float, float]]) -> ToolSpec[Any]:
    async def answer(arguments: dict[str, Any], ctx: ToolContext) -> ToolOutput:
        if ctx.slot not in SLEEPERS:
            return await spec.call(arguments, ctx)
        begun = time.perf_counter()
        await asyncio.sleep(SLEEP)
        output = await spec.call(arguments, ctx)
        spans.append((begun, time.perf_counter()))
        return output

    return wrapped(spec, answer)


def interval(values: list[float]) -> Json:
    """{"mean", "interval", "n"}: the mean of a few measurements with its 95 % interval by Student's t."""
    from scipy import stats

    mean = statistics.fmean(values)
    if len(values) < 2:
        return {"mean": round(mean, 4), "interval": [None, None], "n": len(values)}
    half = float(stats.t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / math.sqrt(len(values))
    return {"mean": round(mean, 4), "interval": [round(mean - half, 4), round(mean + half, 4)], "n": len(values)}
