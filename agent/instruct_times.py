"""When something is to be done, in plain words, as a date or a time against the clinical clock."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NoReturn

from tools.errors import BadInput

_COUNT = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
          "ten": 10, "twelve": 12, "twenty-four": 24}  # fmt: skip
_N = r"(\d+|" + "|".join(_COUNT) + r")"
_ISO = re.compile(r"\b(\d{4}-\d{2}-\d{2})(?:(?:T|,?\s+(?:at\s+)?)(\d{1,2}:\d{2})(?::\d{2})?(Z|[+-]\d{2}:?\d{2})?)?")
_CLOCK = re.compile(
    r"\b(?:at\s+)?(?:(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s*(?P<half>a\.?m\.?|p\.?m\.?)(?!\w)"
    r"|(?P<hour24>[01]?\d|2[0-3])[:.](?P<minute24>[0-5]\d)(?:\s*(?:h|hrs?|hours?))?(?!\d)"
    r"|(?P<four>[01]\d[0-5]\d|2[0-3][0-5]\d)\s*(?:h|hrs?|hours?)\b"
    r"|(?<=at )(?P<bare4>0\d[0-5]0)(?![\d:.])"
    r"|(?P<oclock>\d{1,2}|eight|seven|six|nine|ten)\s*o'?clock|(?P<noon>noon|midday|midnight))",
    re.I,
)
_WORDS = {"six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_DAYS = (
    (re.compile(r"\b(?:the )?day after tomorrow\b", re.I), 2),
    (
        re.compile(
            r"\b(?:on )?the (?:day (?:after|following)(?: today\b|(?=\s*(?:$|[,.;)]|at\b)))|next calendar day\b)", re.I
        ),
        1,
    ),
    (
        re.compile(
            r"\b(?:tomorrow|tmrw|(?:the )?(?:next|following) (?:day|morning|afternoon|evening)|next a\.?m\.?)(?!\w)",
            re.I,
        ),
        1,
    ),
    (re.compile(r"\b(?:today|this (?:morning|afternoon|evening)|tonight)\b", re.I), 0),
)
_IN = re.compile(rf"\bin\s+{_N}\s*(minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?)(?:'? time)?\b", re.I)
_LATER = re.compile(rf"\b{_N}\s*(hours?|hrs?|h|days?|weeks?)\s+(?:later|after(?:wards)?|from now)\b", re.I)


def when(text: str, now: datetime) -> tuple[str, str] | None:
    """`(date or time as FHIR writes it, the words)`; None where none is named.

    A day without a clock stays a day; a clock without a day is the next time it strikes.
    """
    if found := _ISO.search(text):
        day, clock, zone = found.groups()
        if clock is None:
            return day, found[0]
        moment = datetime.fromisoformat(f"{day}T{clock.zfill(5)}").replace(tzinfo=now.tzinfo)
        return (f"{day}T{clock.zfill(5)}:00{zone}" if zone else moment.isoformat()), found[0]
    for pattern in (_IN, _LATER):
        if found := pattern.search(text):
            return _ahead(found, now), found[0]
    day_match = next(((match, days) for pattern, days in _DAYS if (match := pattern.search(text))), None)
    clock_match = _CLOCK.search(text)
    if day_match is None and clock_match is None:
        return None
    matches = [match for match in (day_match[0] if day_match else None, clock_match) if match]
    said = " ".join(match[0].strip() for match in sorted(matches, key=lambda match: match.start()))
    date = now + timedelta(days=day_match[1]) if day_match else now
    if clock_match is None:
        return date.date().isoformat(), said
    hour, minute = _clock(clock_match)
    moment = date.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if day_match is None and moment <= now:
        moment += timedelta(days=1)
    return moment.isoformat(), said


_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = re.compile(rf"\b(?P<lead>(?:this |next |coming |last )*)(?P<day>{'|'.join(_WEEK)})\b", re.I)
_GONE = re.compile(r"\byesterday\b|\blast (?:night|week|month|year)\b", re.I)
_BEFORE = re.compile(rf"\b{_N}\s*(minutes?|mins?|hours?|hrs?|h|days?)\s+(?:ago|earlier|before)\b", re.I)
_UNREAD = re.compile(
    r"\b\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|"
    r"\b(?:jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d{1,2}\b|"
    r"(?<![\d/.-])\d{1,2}[/.]\d{1,2}[/.]\d{2,4}(?![\d/.-])|\b(?:2[4-9]|[3-9]\d)[:.][0-5]\d\b|"
    r"\bin half\b|\b(?:before|after)\s+(?:\d{1,2}[:.\s]|\d{1,2}\s*[ap]\.?m|noon|midday|midnight)|"
    r"\bin \d+\s*(?:-|–|to)\s*\d+ (?:hours?|days?|weeks?)\b|\b(?:early|mid|end of|this|next) (?:week|month)\b",
    re.I,
)
_BARE = re.compile(r"\bat\s+(\d{1,2})(?![\d:.])(?!\s*(?:a\.?m|p\.?m|o'?clock|h\b|hrs?\b|hours?\b|%|mg|mmol|mEq))", re.I)


def _not_sure(why: str, text: str) -> NoReturn:
    raise BadInput(
        f"the time is not sure: {why}: nothing is drafted",
        found=text[:120],
        expected="today, tomorrow, a weekday, in so many hours or days, or YYYY-MM-DD, with 8 am or 08:00",
        action="write the time so",
    )


def ahead(text: str, now: datetime) -> tuple[str, str] | None:
    """When something is to be done: `when`, and weekdays.

    Raises:
        BadInput: a time is named that is past, or is not read here with certainty.
    """
    if found := _GONE.search(text) or _UNREAD.search(text):
        _not_sure(f"{found[0]!r}", text)
    if bare := _BARE.search(text):
        half = re.search(r"\b(?:morning|(afternoon|evening|tonight|night))\b", text, re.I)
        if not half or not 1 <= int(bare[1]) <= 12:
            _not_sure(f"{bare[0]!r} may be morning or evening", text)
        text = f"{text[: bare.end()]} {'pm' if half[1] else 'am'}{text[bare.end() :]}"
    if day := _WEEKDAY.search(text):
        if day["lead"].strip() or len(_WEEKDAY.findall(text)) > 1:
            _not_sure(f"{day[0]!r} may be of this week or another", text)
        away = (_WEEK.index(day["day"].lower()) - now.weekday()) % 7 or 7
        date = (now + timedelta(days=away)).date().isoformat()
        clock = when(f"tomorrow {text[: day.start()]} {text[day.end() :]}", now)
        time = clock[0][10:] if clock else ""
        return f"{date}{time}", f"{day[0]} {clock[1].removeprefix('tomorrow').strip() if clock else ''}".strip()
    at = when(text, now)
    if at and at[0] < (now.isoformat() if "T" in at[0] else now.date().isoformat()):
        _not_sure(f"{at[1]!r} is past", text)
    return at


def measured_at(text: str, now: datetime) -> str:
    """When something was measured: now, where no time is named; a clock without a day is today's.

    Raises:
        BadInput: the time is to come, or is not read here with certainty.
    """
    if (
        found := _WEEKDAY.search(text)
        or _UNREAD.search(text)
        or re.search(r"\blast (?:night|week|month)\b", text, re.I)
    ):
        _not_sure(f"{found[0]!r}", text)
    if bare := _BARE.search(text):
        _not_sure(f"{bare[0]!r} may be morning or evening", text)
    if ago := _BEFORE.search(text):
        amount, unit = _COUNT.get(ago[1].lower()) or int(ago[1]), ago[2].lower()[0]
        step = timedelta(days=amount) if unit == "d" else timedelta(minutes=amount * (60 if unit == "h" else 1))
        return (now - step).date().isoformat() if unit == "d" else (now - step).replace(microsecond=0).isoformat()
    gone = re.search(r"\byesterday\b", text, re.I)
    clock = _CLOCK.search(text)
    if gone or (clock and not _ISO.search(text) and not any(pattern.search(text) for pattern, _ in _DAYS)):
        day = now - timedelta(days=1) if gone else now
        if clock is None:
            return day.date().isoformat()
        hour, minute = _clock(clock)
        moment = day.replace(hour=hour, minute=minute, second=0, microsecond=0).isoformat()
    else:
        at = when(text, now)
        moment = at[0] if at else now.isoformat()
    if moment > (now.isoformat() if "T" in moment else now.date().isoformat()):
        _not_sure(f"{moment} is to come, and it has been measured", text)
    return moment


def _ahead(found: re.Match[str], now: datetime) -> str:
    amount = _COUNT.get(found[1].lower()) or int(found[1])
    unit = found[2].lower()
    if unit.startswith("month"):
        month = now.month - 1 + amount
        year, month = now.year + month // 12, month % 12 + 1
        return datetime(year, month, min(now.day, 28)).date().isoformat()
    if unit.startswith(("day", "week")):
        return (now + timedelta(days=amount * (7 if unit.startswith("week") else 1))).date().isoformat()
    minutes = amount * (60 if unit.startswith("h") else 1)
    return (now + timedelta(minutes=minutes)).replace(second=0, microsecond=0).isoformat()


def _clock(match: re.Match[str]) -> tuple[int, int]:
    if match["noon"]:
        return (0 if match["noon"].lower() == "midnight" else 12), 0
    if match["oclock"]:
        word = match["oclock"].lower()
        return _WORDS.get(word) or int(word), 0
    if four := match["four"] or match["bare4"]:
        return int(four[:2]), int(four[2:])
    if match["hour24"]:
        return int(match["hour24"]), int(match["minute24"])
    hour = int(match["hour"]) % 12 + (12 if match["half"].lower().startswith("p") else 0)
    return hour, int(match["minute"] or 0)
