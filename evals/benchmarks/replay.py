"""`osler bench replay`: every scripted consultation live and from its recording: does what is expected hold?"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from evals.case import CASES, load_cases
from evals.metrics import document, share
from evals.replay import replay

Json = dict[str, Any]


def run(n: int | None = None) -> Json:
    """All cases (or the first `n`), live; those with a recording frozen as well."""
    started = time.perf_counter()
    cases = load_cases(CASES)[:n]
    wanted = {case.id for case in cases}
    rows: dict[str, dict[str, Json]] = {}
    for mode in ("tools", "frozen"):
        found = replay(CASES, mode, only=wanted)
        for result in found["cases"]:
            bad = [failure for step in result["steps"] for failure in step["failures"]]
            rows.setdefault(result["id"], {})[mode] = {
                "passed": result["passed"],
                "same": bool(result.get("same")),
                "failures": bad,
            }
    live, frozen = [modes["tools"] for modes in rows.values()], [m["frozen"] for m in rows.values() if "frozen" in m]
    held = [
        modes["tools"]["passed"] and all(modes[m]["passed"] and modes[m]["same"] for m in ("frozen",) if m in modes)
        for modes in rows.values()
    ]
    recorded = [modes["tools"] for modes in rows.values() if "frozen" in modes]
    by = {
        "live": share(sum(row["passed"] for row in live), len(live)),
        "frozen": share(sum(row["passed"] for row in frozen), len(frozen)),
        "as_recorded_live": share(sum(row["same"] for row in recorded), len(recorded)),
        "as_recorded_frozen": share(sum(row["same"] for row in frozen), len(frozen)),
    }
    return document(
        "replay",
        "share of scripted consultations that hold live and, frozen, are as recorded",
        sum(held),
        len(held),
        time.perf_counter() - started,
        by=by,
        steps=dict(Counter(step.kind for case in cases for step in case.steps)),
        cases=[{"id": name, **modes} for name, modes in rows.items()],
    )
