"""Conditions on the events: limits, routes, ways of admission, normal or not."""

from __future__ import annotations

import re

from tools.ask.parse_cues import Cues, names
from tools.ask.query import (
    Filter,
)
from tools.ask.spans import Mark, Marks


def filters_of(marks: Marks, cues: Cues) -> list[Filter]:
    found: list[Filter] = []
    for mark in marks.of("limit"):
        op, value, unit = mark.value
        found.append(Filter(field="value", op=op, value=value, unit=unit))
    for _, name, kinds in names(marks):
        if kinds and kinds <= {"route"}:
            found.append(Filter(field="route", value=name.names[0]))
        elif kinds and kinds <= {"via"}:
            found.append(Filter(field="via", value=name.names[0]))
    marks.marks = [
        Mark(mark.start, mark.end, "filter", mark.value)
        if mark.what == "name" and mark.value[1] and mark.value[1] <= {"route", "via"}
        else mark
        for mark in marks.marks
    ]
    route = re.search(
        r"(?<!\w)(?:via|through|by|using|with)(?: an?| the)? (?P<route>po|oral|orally|mouth|iv|"
        r"intravenous(?:ly)?|im|intramuscular(?:ly)?|sc|sq|subcut\w*|sl|sublingual(?:ly)?|pr|rectal(?:ly)?|"
        r"topical(?:ly)?|tp|inhal\w+|ih|ng|nasogastric|td|transdermal|ou|od|os|iv drip|po/ng|ivpb|neb)"
        r"(?: route| routes| drip| injection)?(?!\w)",
        marks.rest,
    )
    if route and not any(item.field == "route" for item in found):
        found.append(Filter(field="route", value=route["route"]))
        marks.take(route.start(), route.end(), "filter")
    if any(
        re.search(r"emergency|casualty|a&e|(?<!\w)e[rd](?!\w)", marks.rest[mark.start : mark.end])
        for mark in cues.kinds.get("stay", [])
    ) and not any(item.field == "via" for item in found):
        found.append(Filter(field="via", value="emergency"))
    if cues.has("abnormal"):
        found.append(Filter(field="abnormal", value=True))
    elif cues.has("normal"):
        found.append(Filter(field="normal", value=True))
    return found
