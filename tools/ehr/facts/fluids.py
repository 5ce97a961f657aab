"""Intake and output: volumes charted as going in or out, kind by kind, over a window.

What is in and what is out is said by the category or the name of the charted entry, never by its amount. Totals that
the record itself works out (a 24 hour total, a balance) are shown and not added to what they already contain.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tools.ehr.compartment import walk
from tools.ehr.elements import codings, words
from tools.ehr.facts.results import Result, result_of
from tools.ehr.facts.results_named import named_concept
from tools.ehr.facts.statistics import LeftOut, Outcome, summarise
from tools.ehr.facts.windows import Window
from tools.ehr.record import Entry, PatientRecord, Slice

_IN = re.compile(
    r"\b(?:intake|input|infus\w+|oral fluids?|oral intake|iv fluids?|intravenous fluids?|transfus\w+|enteral|"
    r"tube feed\w*|parenteral nutrition|tpn|blood products? given|volume given|bolus|irrigant in)\b",
    re.IGNORECASE,
)
_OUT = re.compile(
    r"\b(?:output|urine volume|void(?:ed)?|drain(?:age)?|emesis|vomit(?:us)? volume|stool (?:volume|amount)|blood loss|"
    r"chest tube|ultrafiltrat\w*|fluid removed|ostomy|foley|irrigant out|gastric residual removed)\b",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"\b(?:totals?|24\s?-?h(?:ours?|rs?)?|cumulative|balance|net|shift)\b", re.IGNORECASE)
_RATE = re.compile(r"/(?:h|min|kg)")
_CC = {"cc": "mL", "ml": "mL", "CC": "mL", "milliliter": "mL", "millilitre": "mL", "milliliters": "mL"}
GAP_HOURS = 8.0


@dataclass
class Side:
    """Intake or output: each kind with its sum in mL, and what was left out."""

    name: str
    kinds: dict[str, Outcome] = field(default_factory=dict)
    totals: list[Result] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    charted: list[datetime] = field(default_factory=list)

    @property
    def used(self) -> list[Result]:
        """Every entry that is in the sum."""
        return [item for outcome in self.kinds.values() for item in outcome.used]

    @property
    def ml(self) -> float | None:
        """The sum in mL; None where nothing is charted or a kind has no single sum."""
        values = [outcome.value for outcome in self.kinds.values()]
        numbers = [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
        return sum(numbers) if numbers and len(numbers) == len(values) else None

    def gaps(self, since: datetime | None, until: datetime) -> list[tuple[datetime, datetime]]:
        """Stretches of the window longer than a nursing shift without an entry."""
        points = sorted(self.charted)
        if not points:
            return []
        edges = [since or points[0], *points, until]
        found = itertools.pairwise(edges)
        return [pair for pair in found if pair[1] - pair[0] > timedelta(hours=GAP_HOURS)]


@dataclass
class Fluids:
    """Both sides over a window."""

    window: Window
    intake: Side
    output: Side
    part: Slice

    @property
    def balance(self) -> float | None:
        """Intake minus output in mL; None unless both are charted."""
        if self.intake.ml is None or self.output.ml is None:
            return None
        return self.intake.ml - self.output.ml


def side_of(entry: Entry) -> str | None:
    """`intake`, `output` or neither, by category, then by name; a name that says both is neither."""
    categories = [words(item) for item in walk(entry.resource, "category")]
    categories += [str(text) for text in walk(entry.resource, "category.coding.code")]
    categories += [str(text) for text in walk(entry.resource, "category.coding.display")]
    names = [entry.text, *(str(text) for text in walk(entry.resource, "code.coding.display"))]
    for text in (" | ".join(categories), " | ".join(names)):
        into, out = bool(_IN.search(text)), bool(_OUT.search(text))
        if into != out:
            return "intake" if into else "output"
    return None


async def fluids_of(record: PatientRecord, window: Window) -> Fluids:
    """Intake and output of a window.

    Raises:
        UpstreamError: the server failed.
    """
    part = await record.slice("Observation")
    sides = {"intake": Side("intake"), "output": Side("output")}
    rows: dict[tuple[str, str], list[Result]] = {}
    for entry in part.entries:
        name = side_of(entry)
        item = _volume(record, entry) if name else None
        if name is None or item is None or window.holds(item.at) is False:
            continue
        side = sides[name]
        if _TOTAL.search(entry.text):
            side.totals.append(item)
            continue
        rows.setdefault((name, entry.text or entry.reference), []).append(item)
        if item.moment is not None:
            side.charted.append(item.moment)
    for (name, kind), items in rows.items():
        outcome = summarise(items, "sum", window=window, unit="mL")
        sides[name].left_out += outcome.left_out
        if outcome.used:
            sides[name].kinds[kind] = outcome
    for entry in part.rejected:
        name = side_of(entry)
        if name and _volume(record, entry) is not None and window.holds(entry.at) is not False:
            sides[name].left_out.append(LeftOut(entry.verdict.reason, entry.reference, entry.at))
    return Fluids(window, sides["intake"], sides["output"], part)


def _volume(record: PatientRecord, entry: Entry) -> Result | None:
    """The volume that an entry charts; None where it is a rate, or no amount at all."""
    held = entry.resource.get("valueQuantity")
    if not isinstance(held, dict):
        return None
    unit = str(held.get("code") or held.get("unit") or "")
    if _RATE.search(unit):
        return None
    element = entry.resource
    if unit in _CC:
        element = {**element, "valueQuantity": {**held, "unit": _CC[unit], "code": _CC[unit]}}
    found = codings(entry.resource.get("code"))
    concept = named_concept(entry.text or entry.reference)
    return result_of(record, concept, entry, element, "Observation.value", found[0] if found else None)


def span_of(window: Window, now: datetime) -> tuple[datetime | None, datetime]:
    """Beginning and end of a window up to the clock."""
    return window.since, min(window.until, now) if window.until else now
