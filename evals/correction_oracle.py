"""What a correction must have done, worked out from two exported JSON documents alone. Imports nothing of Osler."""

import json
import sys


def content(document, record):
    rows = [document["evidence"][i] for i in record["evidence"]]
    return [[row[k] for k in ("slot", "value", "unit", "comparator", "range", "display", "effective_at")] for row in rows]


def expected(before, after):
    old = {r["slot"]: r for r in before["records"] if r["status"] != "skipped"}
    new = {r["slot"]: r for r in after["records"] if r["status"] != "skipped"}
    changed = {s for s in old.keys() | new.keys()
               if s not in old or s not in new or content(before, old[s]) != content(after, new[s])}
    corrected = {s for s in new if new[s]["tool"] == "correction" and new[s] != old.get(s)}
    both = (old.keys() & new.keys()) - corrected
    rerun = {s for s in both if set(new[s]["bindings"].values()) & changed and new[s]["tool"] != "correction"}
    return {"rerun": sorted(rerun), "kept": sorted(both - rerun), "added": sorted(new.keys() - old.keys()),
            "dropped": sorted(old.keys() - new.keys())}


if __name__ == "__main__":
    print(json.dumps(expected(*[json.load(open(path)) for path in sys.argv[1:3]]), indent=1))
