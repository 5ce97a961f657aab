"""Windows of time over results: `[since, until)`. A date without a time is in only where all of its day is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from knowledge.quantity import Quantity, UnitError
from tools.ehr.dates import interval
from tools.ehr.elements import when
from tools.ehr.record import Entry


@dataclass(frozen=True)
class Window:
    """From `since` on, before `until`; an end that is left out is open. The clinical clock bounds every record
    already, so "up to now" is an open end."""

    since: datetime | None = None
    until: datetime | None = None
    label: str = ""

    @property
    def open(self) -> bool:
        """Whether it is no window at all."""
        return self.since is None and self.until is None

    def holds(self, at: str | None) -> bool | None:
        """Whether something so dated is inside; None where its date leaves that open (or there is none)."""
        if self.open:
            return True
        try:
            first, after = interval(at or "")
        except (ValueError, OverflowError):
            return None
        if at is not None and len(at) > 10:
            # To the minute is exact enough for a result.
            return (self.since is None or first >= self.since) and (self.until is None or first < self.until)
        if (self.since is not None and after <= self.since) or (self.until is not None and first >= self.until):
            return False
        inside = (self.since is None or first >= self.since) and (self.until is None or after <= self.until)
        return True if inside else None


EVER = Window()
# UCUM's lengths of time in hours: a month is a twelfth of a Julian year of 365.25 days.
_HOURS = {"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0, "wk": 168.0, "mo": 730.5, "a": 8766.0}


def hours_of(length: Quantity) -> float:
    """A length of time in hours.

    Raises:
        UnitError: it is no length of time.
    """
    if length.unit not in _HOURS:
        raise UnitError(f"found {length.unit!r}; expected one of {', '.join(_HOURS)}")
    return length.value * _HOURS[length.unit]


def any_window(windows: Iterable[Window], at: str | None) -> bool | None:
    """Whether something so dated is in one of several windows; without any, it is not."""
    found = [window.holds(at) for window in windows]
    return True if True in found else None if None in found else False


def local_day(entry: Entry) -> str | None:
    """The day as the record writes it, in the zone it was written in."""
    text = when(entry.resource)
    return text[:10] if text and len(text) >= 10 else None
