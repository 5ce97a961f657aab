"""Times `clincalc` on inputs made from its own schemas; run by `calc_speed.py` with a Python that has it."""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time
from typing import Any


def value(schema: dict[str, Any]) -> Any:
    """Something a schema allows: the first of its choices, no, or the middle of its range."""
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return value(schema[several][0])
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "boolean":
        return False
    if kind in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", 1))
        high = schema.get("maximum", schema.get("exclusiveMaximum", low + 10))
        middle = (low + high) / 2
        return int(middle) if kind == "integer" else middle
    return schema.get("default", "")


def main(repeats: int) -> dict[str, Any]:
    """Median microseconds a call, over those of its calculators that run on such inputs."""
    oracle = importlib.import_module("clincalc")
    medians = {}
    for entry in oracle.list_calculators():
        try:
            name = entry["name"]
            schema = oracle.get_schema(name)
            inputs = {key: value(part) for key, part in schema["properties"].items() if key in schema["required"]}
            oracle.calculate(name, inputs)
        except Exception:  # noqa: S112  (what it refuses is not timed)
            continue
        times = []
        for _ in range(repeats):
            begin = time.perf_counter()
            oracle.calculate(name, inputs)
            times.append(time.perf_counter() - begin)
        medians[name] = statistics.median(times) * 1e6
    listed = len(oracle.list_calculators())
    return {"median_us": round(statistics.median(medians.values()), 2), "n": len(medians), "listed": listed}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))  # noqa: T201
