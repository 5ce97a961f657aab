"""What a correction must have done, worked out from two exported JSON documents alone. Imports nothing of Osler."""

import json
import sys
from pathlib import Path
from typing import Any

KEYS = ("slot", "value", "unit", "comparator", "range", "display", "effective_at")


def content(document: Any, record: Any) -> list[Any]:
    # A step that was skipped and one that found nothing say the same to what reads them.
    return [] if record is None else [[document["evidence"][i][k] for k in KEYS] for i in record["evidence"]]


def expected(before: Any, after: Any) -> dict[str, list[str]]:
    old = {r["slot"]: r for r in before["records"] if r["status"] != "skipped"}
    new = {r["slot"]: r for r in after["records"] if r["status"] != "skipped"}
    changed = {s for s in old.keys() | new.keys() if content(before, old.get(s)) != content(after, new.get(s))}
    corrected = {s for s in new if new[s]["tool"] == "correction" and new[s] != old.get(s)}
    both = (old.keys() & new.keys()) - corrected
    rerun = {s for s in both if set(new[s]["bindings"].values()) & changed and new[s]["tool"] != "correction"}
    return {
        "rerun": sorted(rerun),
        "kept": sorted(both - rerun),
        "added": sorted(new.keys() - old.keys()),
        "dropped": sorted(old.keys() - new.keys()),
    }


if __name__ == "__main__":
    sys.stdout.write(
        json.dumps(expected(*[json.loads(Path(path).read_text("utf-8")) for path in sys.argv[1:3]]), indent=1)
    )
