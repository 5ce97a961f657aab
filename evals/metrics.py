"""Shares with their interval: no number without its error."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

METHOD = "Wilson 95 %"


def wilson(successes: int, n: int) -> tuple[float, float]:
    """The Wilson score interval at 95 % (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""
    if n == 0:
        return (0.0, 1.0)
    z = 1.959963984540054
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return (round(max(0.0, centre - half), 4), round(min(1.0, centre + half), 4))


def share(successes: int, n: int) -> dict[str, Any]:
    """`{"score", "interval", "n"}` of a share."""
    return {"score": round(successes / n, 4) if n else None, "interval": list(wilson(successes, n)), "n": n}


def document(name: str, metric: str, successes: int, n: int, seconds: float, **more: Any) -> dict[str, Any]:
    """The document of `osler bench NAME --json`."""
    import importlib.metadata

    return {
        "benchmark": name,
        "metric": metric,
        "score": round(successes / n, 4) if n else 0.0,
        "interval": list(wilson(successes, n)),
        "interval_method": METHOD,
        "n": n,
        "excluded": more.pop("excluded", []),
        "by": more.pop("by", {}),
        "seconds": round(seconds, 2),
        "versions": {"osler": importlib.metadata.version("osler")},
        **more,
    }


def mean(values: Sequence[float]) -> float | None:
    """The mean of some values to four places; None where there are none."""
    return round(float(np.mean(values)), 4) if values else None


def interval(values: Sequence[float], clusters: Sequence[str], samples: int = 2000) -> list[float]:
    """Bootstrap 95 % interval of a mean; what belongs together is drawn together."""
    groups = defaultdict(list)
    for value, cluster in zip(values, clusters, strict=True):
        groups[cluster].append(value)
    sums = np.array([[sum(group), len(group)] for group in groups.values()])
    if not len(sums):
        return [0.0, 1.0]
    drawn = np.random.default_rng(0).integers(0, len(sums), (samples, len(sums)))
    totals = sums[drawn].sum(axis=1)
    low, high = np.percentile(totals[:, 0] / totals[:, 1], [2.5, 97.5])
    return [round(float(low), 4), round(float(high), 4)]
