"""The questions of EHRSQL and what each asks of a ward: whom, what, when.

The published queries are in lower case; the benchmark's own evaluation restores `%Y` and `%J` and puts in the clock and
the normal ranges of vital signs (EHRSQL, Lee et al., NeurIPS 2022, github.com/glee4810/EHRSQL), and so does `sql`.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from tools.errors import UsageError

NOW = datetime(2105, 12, 31, 23, 59)
START = datetime(2099, 7, 1)
FILE = "mimic_iii_valid.json"
NORMAL = {
    "temperature": (35.5, 38.1),
    "sao2": (95.0, 100.0),
    "heart_rate": (60.0, 100.0),
    "systolic_bp": (90.0, 120.0),
    "diastolic_bp": (60.0, 90.0),
    "mean_bp": (60.0, 110.0),
}
"""Normal ranges of vital signs as the benchmark's evaluation states them; the ward's results carry them."""
EVENTS = {
    "labevents": "charttime",
    "chartevents": "charttime",
    "prescriptions": "startdate",
    "diagnoses_icd": "charttime",
    "procedures_icd": "charttime",
    "microbiologyevents": "charttime",
    "inputevents_cv": "charttime",
    "outputevents": "charttime",
    "transfers": "intime",
}
"""Tables of events, each with its column of time."""
_NAME = r" = '([^']*)'"
_NAMES = (
    (re.compile(r"d_icd_diagnoses\.short_title" + _NAME), "diagnoses_icd"),
    (re.compile(r"d_icd_procedures\.short_title" + _NAME), "procedures_icd"),
    (re.compile(r"d_labitems\.label" + _NAME), "labevents"),
    (re.compile(r"prescriptions\.drug" + _NAME), "prescriptions"),
    (re.compile(r"microbiologyevents\.spec_type_desc" + _NAME), "microbiologyevents"),
)
_ITEM = re.compile(r"d_items\.label = '([^']*)' and d_items\.linksto = '(\w+)'")
_ITEM_ONLY = re.compile(r"d_items\.label = '([^']*)' \)")
_DRUGS = re.compile(r"prescriptions\.drug in \( ([^)]*) \)")
_ABSOLUTE = re.compile(r"strftime\('(%y(?:-%m(?:-%d)?)?)',[\w.]+\) (=|>=|<=) '([\d-]+)'")
_CALENDAR = re.compile(r"start of (year|month|day)'\) = datetime\(current_time,'start of \w+','-(\d+) \w+'\)")
_PART = re.compile(r"strftime\('(%m-%d|%m|%d)',[\w.]+\) = '([\d-]+)'")
_AGO = re.compile(r"datetime\([\w.]+\) (>=|<=) datetime\(current_time,'-(\d+) (year|month|day)'\)")


@dataclass(frozen=True)
class When:
    """A stretch of time, and the part of the date that has to hold in it (a month, a day)."""

    low: datetime = START
    high: datetime = NOW
    part: tuple[str, str] | None = None

    def holds(self, at: datetime) -> bool:
        """Whether a time is meant."""
        fits = self.part is None or at.strftime(self.part[0]) == self.part[1]
        return self.low <= at <= self.high and fits

    def sample(self, rng: random.Random) -> datetime | None:
        """A time that is meant, on a whole minute."""
        seconds = (self.high - self.low).total_seconds()
        if seconds < 0:
            return None
        for _ in range(4000):
            at = self.low + timedelta(seconds=rng.uniform(0, seconds))
            at = at.replace(second=0, microsecond=0)
            if self.holds(at):
                return at
        return None


@dataclass(frozen=True)
class Question:
    """One row of the file."""

    id: str
    text: str
    query: str
    kind: str
    impossible: bool
    times: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    named: dict[str, Any] = field(default_factory=dict, hash=False)

    @cached_property
    def sql(self) -> str:
        """The query as SQLite runs it."""
        text = self.query.replace("%y", "%Y").replace("%j", "%J").replace("current_time", f"'{NOW}'")
        for name, (low, high) in NORMAL.items():
            text = text.replace(f"{name}_lower", str(low)).replace(f"{name}_upper", str(high))
        return text

    @property
    def once(self) -> str | None:
        """The query with each event counted once, where the published one counts it once per event it follows."""
        if "as t1 join" not in self.query or "order by count(*) desc" not in self.query:
            return None
        at = "t2.startdate" if "t2.startdate" in self.query else "t2.charttime"
        return self.sql.replace("count(*)", f"count(distinct t2.subject_id || {at})")

    @property
    def patient(self) -> int | None:
        """The patient asked about."""
        found = re.search(r"subject_id = (\d+)", self.query)
        return int(found.group(1)) if found else None

    @property
    def cohort(self) -> bool:
        """Whether it is about everyone."""
        return self.patient is None or "percentile" in self.kind

    @property
    def visit(self) -> str | None:
        """`hosp-cur`, `hosp-first`, `hosp-last`, `icu-cur` ...: the visit the first window is."""
        return next((tag[4:] for tag in self.times[:2] if tag.startswith(("rel-hosp", "rel-icu"))), None)

    @property
    def within(self) -> str:
        """How two events relate: `within-hosp`, `within-month`, `within-same` ..., or nothing."""
        return self.times[2] if len(self.times) > 2 else ""

    def names(self, text: str | None = None) -> list[tuple[str, str]]:
        """Events named, as (table, name), in the order of the query."""
        body = self.query if text is None else text
        found: list[tuple[int, str, str]] = []
        for pattern, table in _NAMES:
            found += [(hit.start(), table, hit.group(1)) for hit in pattern.finditer(body)]
        found += [(hit.start(), hit.group(2), hit.group(1)) for hit in _ITEM.finditer(body)]
        found += [(hit.start(), "inputevents_cv", hit.group(1)) for hit in _ITEM_ONLY.finditer(body)]
        for hit in _DRUGS.finditer(body):
            found += [(hit.start(), "prescriptions", name) for name in re.findall(r"'([^']*)'", hit.group(1))]
        return list(dict.fromkeys((table, name) for _, table, name in sorted(found)))

    def tables(self, text: str | None = None) -> list[str]:
        """Tables of events that are read."""
        body = self.query if text is None else text
        return list(dict.fromkeys(name for name in re.findall(r"(?:from|join) (\w+)", body) if name in EVENTS))

    @cached_property
    def when(self) -> list[When]:
        """The windows of the question; several where it compares two."""
        low, high, part = START, NOW, None
        stretches: list[tuple[datetime, datetime]] = []
        for form, operator, value in dict.fromkeys(_ABSOLUTE.findall(self.query)):
            first = datetime.strptime(value, form.replace("%y", "%Y"))
            end = _next(first, {2: "year", 5: "month", 8: "day"}[len(form)], 1) - timedelta(minutes=1)
            stretches.append((START if operator == "<=" else first, NOW if operator == ">=" else end))
        for unit, back in dict.fromkeys(_CALENDAR.findall(self.query)):
            first = _next(_start(NOW, unit), unit, -int(back))
            stretches.append((first, min(NOW, _next(first, unit, 1) - timedelta(minutes=1))))
        for operator, back, unit in dict.fromkeys(_AGO.findall(self.query)):
            moment = _next(NOW, unit, -int(back))
            stretches.append((START, moment) if operator == "<=" else (moment, NOW))
        for form, value in _PART.findall(self.query):
            part = (form, value)
        literal = re.findall(r"charttime = '([\d: -]+)'", self.query)
        if literal:
            return [When(*(2 * (datetime.fromisoformat(text),))) for text in dict.fromkeys(literal)]
        if len(stretches) > 1 and self.times and self.times[1]:
            return [When(first, last, part) for first, last in stretches]
        for first, last in stretches:
            low, high = max(low, first), min(high, last)
        return [When(low if low < high else high - timedelta(days=200), high, part)]


def _start(at: datetime, unit: str) -> datetime:
    day = at.replace(hour=0, minute=0)
    return day if unit == "day" else day.replace(day=1) if unit == "month" else day.replace(day=1, month=1)


def _next(at: datetime, unit: str, count: int) -> datetime:
    if unit == "day":
        return at + timedelta(days=count)
    months = at.year * 12 + at.month - 1 + count * (12 if unit == "year" else 1)
    for day in (at.day, 30, 29, 28):
        try:
            return at.replace(year=months // 12, month=months % 12 + 1, day=day)
        except ValueError:
            continue
    raise AssertionError(at)


def load(folder: Path) -> list[Question]:
    """The questions of a folder.

    Raises:
        UsageError: the file is not there.
    """
    path = folder / FILE if folder.is_dir() else folder
    if not path.is_file():
        raise UsageError(
            "no EHRSQL questions", found=str(path), expected=f"a folder with {FILE}", action="give --data FOLDER"
        )
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [
        Question(
            row["id"],
            row["question"],
            row["query"],
            row.get("q_tag") or row["template"],
            row["is_impossible"],
            tuple(row.get("t_tag", ())),
            tuple(row.get("o_tag", ())),
            row.get("value", {}),
        )
        for row in rows
    ]
