"""FHIR dates: partial dates are intervals, and only their earliest moment is certain to have passed."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta

_DATE = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$")


def interval(text: str) -> tuple[datetime, datetime]:
    """First moment covered by a FHIR date, dateTime or instant, and the first after it (UTC where it names no zone).

    Raises:
        ValueError: not a FHIR date.
    """
    match = _DATE.match(text.strip())
    if match is None:
        raise ValueError(f"found {text!r}; expected a date such as 2026, 2026-03, 2026-03-02 or 2026-03-02T09:00:00Z")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if hour is not None:
        micro = int(float(fraction or "0") * 1_000_000)
        start = datetime(int(year), int(month), int(day), int(hour), int(minute), min(int(second or 0), 59), micro, UTC)
        if zone and zone != "Z":
            sign = 1 if zone[0] == "+" else -1
            start -= sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
        step = timedelta(microseconds=1) if fraction else timedelta(seconds=1) if second else timedelta(minutes=1)
        return start, start + step
    if day is not None:
        start = datetime(int(year), int(month), int(day), tzinfo=UTC)
        return start, start + timedelta(days=1)
    if month is not None:
        start = datetime(int(year), int(month), 1, tzinfo=UTC)
        return start, start + timedelta(days=calendar.monthrange(int(year), int(month))[1])
    if int(year) >= 9999:
        raise ValueError(f"found year {year}; expected one before 9999")
    return datetime(int(year), 1, 1, tzinfo=UTC), datetime(int(year) + 1, 1, 1, tzinfo=UTC)


def start_of(text: str | None) -> datetime | None:
    """The earliest moment of a FHIR date; none where there is no date or it cannot be read."""
    if not text:
        return None
    try:
        return interval(text)[0]
    except (ValueError, OverflowError):
        return None


def latest(text: str | None) -> datetime | None:
    """The latest moment that a date can mean: of a day its last one."""
    if start_of(text) is None or text is None:
        return None
    first, after = interval(text)
    return first if len(text) > 10 else after - timedelta(microseconds=1)


def days_between(earlier: datetime, later: datetime) -> int:
    """Whole days from one moment to another."""
    return (later - earlier).days


def years_at(birth: str, moment: datetime) -> tuple[int, int]:
    """Completed years at a moment: lowest and highest, which differ only where the birth date is partial.

    Raises:
        ValueError: not a FHIR date.
    """
    first, after = interval(birth)
    last = after - timedelta(days=1)
    return _years(last, moment), _years(first, moment)


def _years(birth: datetime, moment: datetime) -> int:
    return moment.year - birth.year - ((moment.month, moment.day) < (birth.month, birth.day))
