"""Resources with something wrong with them (perhaps): seeded mutations of good ones, for the checks and the server."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

Path = tuple[Any, ...]
JUNK: tuple[Any, ...] = (
    None, "", " ", "x", "x y", "x  y", 0, -1, 5, 1.5, 1e308, 2**31, 2**70, True, False, [], {}, [None], [{}], [[]],
    ["x"], {"x": 1}, {"coding": "x"}, {"reference": 5}, {"value": "5"}, "2026-02-30", "2026-13", "2026-02-03T10:00",
    "2026-02-03", "2026-02-03T10:00:00Z", "2026-02-03T25:00:00Z", "10:00",
    "\x00", "\ud800", "é\u00a0ß", "A" * 70, "a/b",
    "<div>x</div>", "urn:uuid:nobody", "Patient?identifier=x|y", {"extension": [{"url": "x", "valueCode": "y"}]},
    {"resourceType": "Patient"}, {"resourceType": "Wizard"},
)  # fmt: skip
_NAMES = ("id", "status", "value", "valueQuantity", "valueString", "_status", "_birthDate", "extension", "contained",
          "fhir_comments", "resourceType", "nonsense", "x" * 300, "", "coding", "reference", "__proto__",
          "\ud800", "_given", "a.b", "meta")  # fmt: skip


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in a resource but the whole of it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def mutant(resource: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """The resource with one to three changes."""
    body = copy.deepcopy(resource)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        there = list(places(body))
        if there:
            _change(body, dice.choice(there), dice)
    return body


def _change(body: Any, path: Path, dice: random.Random) -> None:
    holder = body
    for key in path[:-1]:
        holder = holder[key]
    key = path[-1]
    what = dice.randrange(8)
    if what == 0:
        del holder[key]
    elif what == 1 and isinstance(holder, dict):
        holder[dice.choice(_NAMES)] = copy.deepcopy(dice.choice(JUNK))
    elif what == 2 and isinstance(holder, dict):
        holder[f"_{key}" if dice.random() < 0.5 else f"{key}x"] = holder.pop(key)
    elif what == 3:
        holder[key] = [holder[key], holder[key]] if dice.random() < 0.5 else [holder[key]]
    elif what == 4 and isinstance(holder[key], list):
        holder[key] = holder[key][0] if holder[key] else None
    elif what == 5 and isinstance(holder[key], str) and holder[key]:
        place = dice.randrange(len(holder[key]))
        holder[key] = (
            holder[key][:place] + dice.choice(" \t\x07é:-/|0Z\ud800") + holder[key][place + dice.randrange(2) :]
        )
    elif what == 6:
        source = dice.choice(list(places(body)))
        value = body
        for part in source:
            value = value[part]
        holder[key] = copy.deepcopy(value)
    else:
        holder[key] = copy.deepcopy(dice.choice(JUNK))
