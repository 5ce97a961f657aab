"""The clinical clock, as people write it."""

from __future__ import annotations

from datetime import UTC, datetime

from tools.errors import BadInput


def parse_as_of(text: str) -> str:
    """A date or time of the clinical clock, ISO 8601; a bare date is the end of that day, UTC.

    Raises:
        BadInput: it is not a date.
    """
    try:
        if len(text) == 10:
            return datetime.fromisoformat(f"{text}T23:59:59+00:00").isoformat()
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(
            "the clinical clock is not a date",
            found=text,
            expected="ISO 8601 such as 2026-03-02",
            action="give --as-of YYYY-MM-DD",
        ) from error
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).isoformat()
