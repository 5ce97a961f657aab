"""`osler bench` and `osler replay`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli import emit
from tools.errors import UsageError

NAMES = ("keys", "perturbed", "route", "gate", "correction", "kills", "synthea", "model", "replay")


def bench(
    name: Annotated[str, typer.Argument(help=", ".join(NAMES))],
    data: Annotated[Path | None, typer.Option(help="Data, where the benchmark needs some.")] = None,
    n: Annotated[int | None, typer.Option(help="How many trials.")] = None,
    per_case: Annotated[Path | None, typer.Option(help="Write JSON lines, one per case.")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Run a benchmark: one document with its interval, n and what was excluded."""
    body = run(name, data, n)
    if per_case is not None:
        rows = body.get("cases") or [
            {"id": key, **row} if isinstance(row, dict) else {"id": key, "row": row} for key, row in body["by"].items()
        ]
        per_case.write_text("".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows), "utf-8")
    emit(body, as_json)


def run(name: str, data: Path | None, n: int | None) -> dict[str, Any]:
    """The document of one benchmark.

    Raises:
        UsageError: no such benchmark, or its data is missing.
    """
    if name == "keys":
        from evals.benchmarks import keys

        return keys.run()
    if name == "perturbed":
        from evals.benchmarks import perturbed

        return perturbed.run(data)
    if name == "gate":
        from evals.benchmarks import gate

        return gate.run(n or 200)
    if name == "correction":
        from evals.benchmarks import correction

        return correction.run(n)
    if name == "kills":
        from evals.benchmarks import kills

        return kills.run(n or 60)
    if name == "route":
        from evals.route import bench as route

        return route.run(data)
    if name == "synthea":
        from evals.benchmarks import synthea

        if data is None:
            raise UsageError(
                "this benchmark needs data",
                found="no --data",
                expected="a folder of Synthea bundles",
                action="give --data FOLDER",
            )
        return synthea.run(data)
    if name == "model":
        from evals.model import bench as model

        return model.run()
    raise UsageError(f"no benchmark {name!r}", found=name, expected=", ".join(NAMES), action="name one of these")


def replay(
    path: Path,
    mode: Annotated[str, typer.Option(help="frozen, tools or model")] = "tools",
    record: Annotated[bool, typer.Option(help="Record the cases instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Run scripted consultations again: one document without times. Exit 1 if an expectation does not hold."""
    from evals.replay import record as make
    from evals.replay import replay as play

    if record:
        emit([str(target) for target in make(path)], as_json)
        return
    body = play(path, mode)
    emit(body, as_json)
    if body["passed"] != body["n"]:
        raise typer.Exit(1)
