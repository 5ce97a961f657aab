"""`osler bench calc-speed`: what a calculation costs, over the whole catalogue, and beside `clincalc` if it is there.

Four times for each calculator, on its own example: the value alone (the function on canonical numbers); inputs read and
checked, value, steps and references (what `clincalc` gives too); the whole answer, with sensitivity; and that with one
input worked out from its parts (derivation), where one can be. `clincalc` (AGPL) is an oracle of development, never a
dependency: it is timed in a process of its own, by the interpreter named with `--data` (a Python that has it) or this
one. A note is filled into a calculator by `tools.fill`, over the notes of the demo patients.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evals.metrics import document
from tools.calculators import calculator
from tools.calculators import run as work_out
from tools.calculators.base import Calculator
from tools.calculators.catalog import NAMES
from tools.calculators.evaluate import evaluate
from tools.calculators.inputs import read
from tools.calculators.nesting import producers

Json = dict[str, Any]
LIMIT_US = 1000.0
"""A whole answer is quick if its median stays under a millisecond."""

ORACLE = Path(__file__).with_name("calc_speed_oracle.py")
NOTED = ("curb_65", "cha2ds2_vasc", "cockcroft_gault", "meld_3_0", "bmi")
"""Calculators that a note is filled into: findings, numbers, both."""

_PAGE = itertools.count(1)


def run(repeats: int = 20, oracle: Path | None = None) -> Json:
    """The document: the share of calculators whose whole answer is quick, and the medians."""
    started = time.perf_counter()
    rows = [_row(calculator(name), repeats) for name in NAMES]
    quick = sum(row["answer_us"] < LIMIT_US for row in rows)
    nested = [row["derivation_us"] for row in rows if row["derivation_us"] is not None]
    medians = {
        "value_us": _median([row["value_us"] for row in rows]),
        "value_and_steps_us": _median([row["steps_us"] for row in rows]),
        "answer_us": _median([row["answer_us"] for row in rows]),
        "answer_with_derivation_us": _median(nested),
        "clincalc_us": None,
        "note_ms": None,
        "peak_memory_mb": None,
    }
    beside = _clincalc(oracle, repeats)
    medians["clincalc_us"] = beside.get("median_us")
    notes = _notes(min(repeats, 5))
    medians["note_ms"] = notes.get("median_ms")
    medians["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    return document(
        "calc-speed",
        f"calculators whose whole answer takes less than {LIMIT_US:g} us at the median",
        quick,
        len(rows),
        time.perf_counter() - started,
        by={row["calculator"]: {key: row[key] for key in row if key != "calculator"} for row in rows},
        medians=medians,
        derivations=len(nested),
        clincalc=beside,
        notes=notes,
        repeats=repeats,
    )


def _median(values: list[float]) -> float | None:
    return round(statistics.median(values), 2) if values else None


def _timed(work: Callable[[], Any], repeats: int) -> float:
    """Median time of a call in microseconds, after one that is not counted."""
    work()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1e6


def _row(declared: Calculator, repeats: int) -> Json:
    inputs = declared.example
    values = {entry.name: read(entry, inputs.get(entry.name)).value for entry in declared.inputs}
    parts = _by_parts(declared)
    return {
        "calculator": declared.name,
        "value_us": round(_timed(lambda: declared.compute(**values), repeats * 5), 2),
        "steps_us": round(_timed(lambda: evaluate(declared, inputs, sensitivity=False), repeats), 1),
        "answer_us": round(_timed(lambda: work_out(declared.name, inputs), repeats), 1),
        "derivation_us": None if parts is None else round(_timed(lambda: work_out(declared.name, parts), repeats), 1),
    }


def _by_parts(declared: Calculator) -> Json | None:
    """The example with the first input that another calculator gives, given by that calculator's own example."""
    for entry in declared.inputs:
        for producer in producers(declared.name, entry.name):
            if producer.calculator is not None:
                parts = {"from": producer.calculator, "inputs": calculator(producer.calculator).example}
                return {**declared.example, entry.name: parts}
    return None


def _clincalc(oracle: Path | None, repeats: int) -> Json:
    """Medians of `clincalc` in its own process; why not, where it is not there."""
    python = str(oracle) if oracle else sys.executable
    if oracle is None and importlib.util.find_spec("clincalc") is None:
        return {"reason": "clincalc is not installed here; name a Python that has it with --data"}
    done = subprocess.run(  # noqa: S603  (the interpreter is the caller's own choice)
        [python, str(ORACLE), str(repeats)], capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        return {"reason": f"{python} could not run it: {done.stderr.strip().splitlines()[-1:]}"}
    found: Json = json.loads(done.stdout)
    return found


def _notes(repeats: int) -> Json:
    """Filling the notes of the demo patients into some calculators, in milliseconds a note."""
    from tools.ehr.demo import demo_patients

    texts = [note for patient in demo_patients() for note in note_texts(patient)]
    times = []
    for text in texts:
        for name in NOTED:
            times.append(_timed(_fresh(text, name), repeats) / 1000)
    words = [len(text.split()) for text in texts]
    long = _long(texts)
    of_long = [_timed(_fresh(long, name), repeats) / 1000 for name in NOTED]
    return {
        "notes": len(texts),
        "long_note_words": len(long.split()),
        "long_note_median_ms": _median(of_long),
        "median_words": statistics.median(words) if words else None,
        "median_ms": _median(times),
        "slowest_ms": round(max(times), 2) if times else None,
        "calculators": list(NOTED),
    }


def _fresh(text: str, name: str) -> Callable[[], Any]:
    """Fill a note that nobody has read yet: each call gets a text of its own, so that no reading is remembered."""
    from tools.fill.slots import fill

    return lambda: fill(name, f"{text}\n\nPage {next(_PAGE)} of the record.")


def _long(texts: list[str]) -> str:
    """Notes one after the other until there are a thousand words."""
    found = ""
    for text in texts:
        found += f"{text}\n\n"
        if len(found.split()) >= 1000:
            break
    return found


def note_texts(patient: Any) -> list[str]:
    """The texts of a demo patient's notes."""
    import base64

    found = []
    for entry in patient.bundle["entry"]:
        resource_body = entry["resource"]
        for content in resource_body.get("content", ()) if resource_body["resourceType"] == "DocumentReference" else ():
            if data := content.get("attachment", {}).get("data"):
                found.append(base64.b64decode(data).decode("utf-8"))
    return found
