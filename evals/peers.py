"""Speed beside a peer: scripts that do the same with one folder, each in a process of its own, in turn.

A process of its own has its own peak memory. A script is given `folder`, and leaves `seconds` and a dictionary `more`.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tools.errors import UsageError

Json = dict[str, Any]
Rows = dict[str, list[Json]]
OURS, PEER = "osler", "SimpleITK"
_BEFORE = "import json, resource, sys, time\nfolder = sys.argv[1]\n"
_AFTER = """
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({"seconds": seconds, "peak_bytes": peak, **more}))
"""


def in_turn(scripts: Mapping[str, str], folder: str, runs: int) -> Rows:
    """What each script gave in each run; a peer that is not installed is left out.

    Raises:
        UsageError: one of them failed.
    """
    rows: Rows = {name: [] for name in scripts if name == OURS or importlib.util.find_spec(name)}
    for _ in range(runs):
        for name, found in rows.items():
            found.append(_run(name, scripts[name], folder))
    return rows


def peak_gb(rows: Sequence[Json]) -> float:
    """The largest peak of memory."""
    return round(float(max(row["peak_bytes"] for row in rows)) / 1e9, 2)


def ratio(rows: Rows) -> Json:
    """Our median seconds over the peer's."""
    ours, theirs = ([row["seconds"] for row in rows.get(name, [])] for name in (OURS, PEER))
    return {
        f"{OURS} / {PEER} seconds": round(statistics.median(ours) / statistics.median(theirs), 2) if theirs else None,
        "note": None if theirs else f"{PEER} is not installed: no peer (pip install {PEER})",
    }


def _run(name: str, script: str, folder: str) -> Json:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _BEFORE + script + _AFTER, folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UsageError(
            f"{name} did not get through the series",
            found=done.stderr.strip()[-300:],
            expected="an answer",
            action="free memory and disk, or run it again",
        )
    found: Json = json.loads(done.stdout.strip().splitlines()[-1])
    return found
