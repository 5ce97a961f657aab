"""When a question means: expressions of time and of stays, resolved against the clinical clock.

A named month, year or day is the whole of it; "until" includes what it names, "before" does not; "last year" is the
calendar year before, "the past year" the twelve months up to now. Dates with slashes are month first, unless they
cannot be.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from tools.ask.query import Period, Stay, Window

MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name} | {
    name.lower(): number for number, name in enumerate(calendar.month_abbr) if name
} | {"sept": 9}  # fmt: skip
NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "twenty": 20, "twenty-four": 24, "thirty": 30, "forty-eight": 48,
    "seventy-two": 72, "couple of": 2, "couple": 2, "a couple of": 2, "ninety": 90, "fourteen": 14,
}  # fmt: skip
ORDINALS = {
    "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5,
}  # fmt: skip
_UNITS: dict[str, Period] = {
    "hour": "hour", "hr": "hour", "h": "hour", "day": "day", "d": "day", "week": "week", "wk": "week", "w": "week",
    "month": "month", "mo": "month", "mth": "month", "year": "year", "yr": "year", "y": "year",
}  # fmt: skip
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
# A number in words is a word of its own: "and" is not "an" and "d".
NUMBER = (
    r"\d+(?:\.\d+)?|(?:"
    + "|".join(sorted((re.escape(word) for word in NUMBERS), key=len, reverse=True))
    + r")(?![a-z])"
)
UNIT = r"(?:hours?|hrs?|h|days?|d|weeks?|wks?|months?|mths?|mos?|years?|yrs?)"
_CLOCK = r"(?:[t ,]*(?:at )?(?P<clock>\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?(?: ?[ap]m)?)(?:z|\+00:00)?)?"
_REL = (
    r"(?:(?:of|from|in|,)? ?(?:the )?(?P<{0}>this|current|last|previous|past|prior) (?P<{0}u>year|month)|"
    r"(?:of|from)? ?(?P<{0}y>(?:19|20|21)\d\d))"
)
_POINT = re.compile(
    r"(?<![\w.-])(?:"
    rf"(?P<iso>(?:19|20|21)\d\d-\d\d?-\d\d?){_CLOCK}"
    rf"|(?P<slash>\d\d?/\d\d?/(?:19|20|21)\d\d){_CLOCK.replace('clock', 'clock2')}"
    r"|(?P<monthyear>\d\d?/(?:19|20|21)\d\d)|(?P<yearmonth>(?:19|20|21)\d\d-\d\d)(?!-)"
    rf"|(?P<m1>{_MONTH})\.? (?:the )?(?P<d1>\d\d?)(?:st|nd|rd|th)?(?!\d)(?:,? ?{_REL.format('r1')})?"
    rf"|(?:the )?(?P<d2>\d\d?)(?:st|nd|rd|th)? (?:of )?(?P<m2>{_MONTH})(?!\w)(?:,? ?{_REL.format('r2')})?"
    rf"|(?P<m3>{_MONTH})(?!\w),? ?{_REL.format('r3')}"
    r"|(?:the )?(?P<d4>\d\d?)(?:st|nd|rd|th) (?:day )?of (?:the )?(?P<r4>this|current|last|previous|past) month"
    rf"|(?P<agon>{NUMBER}) ?(?P<agou>{UNIT}) ago"
    r"|(?P<day>day before yesterday|today|yesterday|this morning|tonight|this evening|this afternoon|last night)"
    r"|(?P<past>(?:a|the|one) (?P<pastu>year|month|week|day) (?:before|earlier|prior|ago))"
    r"|(?:the )?(?P<rel>this|current|present|last|previous|preceding|prior) (?:calendar )?(?P<relu>year|"
    r"month|week|day)(?!s)"
    rf"|(?P<m5>{_MONTH})(?= ?(?:$|[?.,;]| (?:of|for|patient|was|were|did|has|had|the|to)))"
    r"|(?P<year>(?:19|20|21)\d\d)(?![\d/.:%-]\d)"
    r")(?![\w%/])"
)
_ROLLING = re.compile(
    rf"(?<!\w)(?:(?:looking|going|counting)(?: only)?(?: back| at)? (?:no (?:further|longer)(?: back)? than |only )?)?"
    rf"(?:(?:in|within|over|during|for|from|throughout|across|of) )?(?:the |these |his |her )?"
    rf"(?:(?P<how>last|past|previous|preceding|prior|recent|latest) (?:(?P<n>{NUMBER}) ?-?)?(?P<u>{UNIT})(?!\w)|"
    rf"(?P<n2>\d+) ?-?(?P<u2>h|hr|hrs|hours|days|d|hour(?= (?:[\w¦]+ )?(?:window|period|average|mean|avg)))(?!\w)"
    rf"(?! ago)"
    rf"(?! after)(?! later))(?: period| window)?"
    rf"(?:,? (?:(?:up|back|right up)? ?(?:to|until|till|from|through)|ending|ends|before|counting back from|"
    rf"leading up to) "
    rf"(?:now|right now|the present(?: moment| time)?|this moment)(?!\w))?(?: back)?(?: only| at most)?(?!\w)"
)
_ONWARDS = re.compile(r" (?P<words>on|onwards?|and (?:later|after(?:wards)?|onwards?)|or later)(?!\w)(?! the\b)")
_BEFORE = re.compile(
    r"(?<!\w)(?P<since>(?:any ?time )?(?:since|starting(?: (?:from|in|on|with))?|as (?:of|from)|"
    r"(?:counting|dating|going|commencing) from|beginning (?:in|on|from|with)|"
    r"after|ever since)(?: the| about)?)?"
    r"(?P<until>(?:before )?(?:at least )?(?:until|till|til|up until|up to(?: and including)?|everything through|"
    r"all through|through|by|on or before|"
    r"no later than|as late as)(?: the)?)?"
    r"(?P<before>(?:before|prior to|earlier than)(?: the)?)?"
    r"(?P<on>(?:in|on|at|during|for|of|from|within|over|throughout|around|occurring in)(?: the)?)? ?$"
)
_THE_STAY = (
    r"(?P<prep>(?:during|on|in|at|for|from|of|within|throughout|over|since|upon|until)(?: all of)? )?"
    r"(?P<det>(?:the|his or her|his/her|his|her|their|its|this|that|a|an|patient's|patients|my) )?"
    r"(?P<ord>(?:(?:very )?(?:first|1st|last|latest|current|present|ongoing|previous|prior|earliest|"
    r"initial|second|2nd|third|3rd)|most recent|newest|second to last|next to last|this) (?:ever )?)?"
    r"(?P<own>patient )?"
    r"(?P<kind>hospital|in-?patient|icu|intensive care(?: unit)?|critical care(?: unit)?|itu|intensive therapy unit)? ?"
    r"(?P<noun>visits?|stay|encounter|admission|hospitali[sz]ation|care episode|episode)(?!\w)(?! (?:type|"
    r"time|date|source|via))(?!(?: (?:of|for) ¦+)? (?:in|at|on) (?:the |a )?(?:care|ward|unit|¦))"
    r"(?P<tail> (?:to|in|at) (?:the |an )?(?:hospital|icu|intensive care(?: unit)?))?"
)
_STAY = re.compile(r"(?<![\w-])" + _THE_STAY)
_CLAUSE = re.compile(
    r"(?<!\w)(?:(?:at|during) )?(?:the )?(?:when|while|(?P<the>(?P<whichtime>first|last|second)"
    r" time (?:that )?)) ?(?:(?:the )?patient(?: [a-z]*\d+)?|he|she|they|the patient|¦+)(?: was| were| is|"
    r" had been)? "
    r"(?:(?P<a>first|last|currently) )?(?:visit(?:ed)?|came (?:in)?to|come (?:in)?to|was admitted to|"
    r"admitted to|enter(?:ed)?|was in|went to|in|staying in|stayed in|visiting) (?:the |a )"
    r"?(?P<kind>hospital|icu|intensive care(?: unit)?)"
    r"(?: for the (?P<b>first|last|second) time| (?P<c>currently|last|first))?"
)
_SINCE_ADMISSION = re.compile(
    r"(?<!\w)(?:since|after|from|following) (?:(?:the|his|her|their|this|time of|being|he was|she was|"
    r"they were|was) ?)*"
    r"(?P<kind>hospital |icu |intensive care )?(?P<w>admission|admitted|hospitali[sz]ation|arrival|"
    r"coming in|being admitted)"
    r"(?: to (?:the )?(?P<to>hospital|icu|intensive care(?: unit)?))?(?!\w)(?! (?:type|time|date))"
)
TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)? ?(am|pm)?")


@dataclass(frozen=True)
class When:
    """An expression of time in a question. `plain`: it stands without a preposition; `instant`: it is one moment."""

    start: int
    end: int
    window: Window
    plain: bool = False
    instant: bool = False


def count(text: str) -> float:
    """A number in digits or words."""
    return float(NUMBERS[text]) if text in NUMBERS else float(text)


def period(text: str) -> Period:
    """The unit of a length of time."""
    bare = text.strip().lower()
    return _UNITS.get(bare) or _UNITS[bare.rstrip("s")]


def back(now: datetime, amount: float, unit: Period) -> datetime:
    """So much before; months and years by the calendar."""
    if unit in ("month", "year"):
        months = now.year * 12 + now.month - 1 - round(amount * (12 if unit == "year" else 1))
        year, month = divmod(months, 12)
        return now.replace(year=year, month=month + 1, day=min(now.day, calendar.monthrange(year, month + 1)[1]))
    return now - timedelta(**{f"{unit}s": amount})


def floor(moment: datetime, unit: str) -> datetime:
    """The beginning of its day, week, month or year."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day.replace(month=1, day=1) if unit == "year" else day


def whole(moment: datetime, unit: Period, ago: int = 0) -> tuple[datetime, datetime]:
    """The calendar day, week, month or year of a moment, or so many before it."""
    first = floor(back(floor(moment, unit), ago, unit), unit)
    return first, back(first, -1, unit)


def whens(text: str, now: datetime) -> list[When]:
    """Expressions of time in lower-case text, left to right, without overlap."""
    found: list[When] = []

    def free(start: int, end: int) -> bool:
        return not any(start < other.end and other.start < end for other in found)

    for match in _POINT.finditer(text):
        interval = _interval(match, now)
        if interval is None or _rolls(match, text):
            continue
        first, after, exact = interval
        ahead = _BEFORE.search(text[: match.start()])
        start, window = match.start(), Window(since=first, until=after, text=match.group())
        plain, end = True, match.end()
        ago = match["agon"] is not None
        if ahead and ahead.group().strip():
            start, plain = ahead.start(), False
            said = f"{ahead.group().strip()} {match.group()}"
            moment = back(now, count(match["agon"]), period(match["agou"])) if ago else first
            if ahead["since"]:
                window = Window(since=moment, text=said)
            elif (tail := _ONWARDS.match(text, match.end())) and (tail["words"] != "on" or ahead["on"]):
                window, end = Window(since=moment, text=f"{said}{tail.group()}"), tail.end()
            elif ahead["before"] and not ahead["until"]:
                window = Window(until=moment, text=said)
            elif ahead["until"]:
                window = Window(until=moment + timedelta(seconds=1) if ago else after, text=said)
        elif (tail := _ONWARDS.match(text, match.end())) and tail["words"] != "on":
            window, end = Window(since=first, text=f"{match.group()}{tail.group()}"), tail.end()
        found.append(When(start, end, window, plain, exact))
    found = _ranges(found, text)
    for match in _ROLLING.finditer(text):
        if not free(match.start(), match.end()):
            continue
        unit = period(match["u"] or match["u2"])
        amount = count(match["n"] or match["n2"] or "1")
        single = match["u"] and not match["n"] and not match["u"].endswith("s") and unit != "hour"
        if single and match["how"] not in ("past", "last", "recent"):
            continue
        found.append(When(match.start(), match.end(), Window(since=back(now, amount, unit), text=match.group())))
    for match in _CLAUSE.finditer(text):
        which = match["a"] or match["b"] or match["c"] or match["whichtime"] or "currently"
        stay = _stay(match["kind"], which)
        if free(match.start(), match.end()) and stay:
            found.append(When(match.start(), match.end(), Window(stay=stay, text=match.group())))
    for match in _SINCE_ADMISSION.finditer(text):
        if free(match.start(), match.end()):
            kind = match["kind"] or match["to"] or ""
            stay = Stay(kind="icu" if "i" in kind and "hospital" not in kind and kind else "stay")
            found.append(When(match.start(), match.end(), Window(stay=stay, text=match.group())))
    for match in _STAY.finditer(text):
        that = [item.window.stay for item in found if item.window.stay and item.start < match.start()]
        if (match["det"] or "").strip() == "that" and that and free(match.start(), match.end()):
            found.append(When(match.start(), match.end(), Window(stay=that[-1], text=match.group().strip())))
            continue
        which = (match["ord"] or match["det"] or "").strip()
        kind = match["kind"] or (match["tail"] or "")
        if not (match["ord"] or match["kind"] or (match["det"] and match["noun"] != "visits") or match["prep"]):
            continue
        if which not in ("this",) and not match["ord"]:
            if not (
                match["prep"]
                and match["prep"].strip() in ("during", "throughout", "since", "on")
                and match["noun"] != "visits"
            ):
                continue
            which = "current"
        stay = _stay(kind, which)
        if stay and free(match.start(), match.end()):
            start = match.start()
            found.append(
                When(
                    start,
                    match.end(),
                    Window(stay=stay, text=match.group().strip()),
                    plain=not (match["prep"] or "").strip() or match["prep"].strip() in ("of", "for", "from"),
                )
            )
    return sorted(found, key=lambda item: item.start)


def _rolls(match: re.Match[str], text: str) -> bool:
    """Whether "over the last year" is meant, a stretch up to now, and not the calendar year before."""
    return bool(
        match["rel"] == "last"
        and match.group().startswith("the last ")
        and re.search(r"(?<!\w)(?:over|in|during|within|throughout|across) $", text[: match.start()])
    )


def _ranges(found: list[When], text: str) -> list[When]:
    """Two points joined to one stretch: "between A and B", "from A to B"."""
    joined: list[When] = []
    for item in found:
        if joined:
            before = joined[-1]
            gap = text[before.end : item.start].strip()
            lead = text[: before.start].rstrip()
            opened = before.window.text.startswith(("from", "since", "between")) or lead.endswith("between")
            linked = (gap in ("and", "-", "–", "to") and lead.endswith("between")) or (
                opened
                and (
                    gap in ("to", "until", "through", "-", "–")
                    or (not gap and item.window.text.startswith(("to ", "until ", "through ", "till ")))
                )
            )
            if linked and not (before.instant or item.instant):
                start = len(lead) - len("between") if lead.endswith("between") else before.start
                window = Window(since=before.window.since, until=item.window.until, text=text[start : item.end])
                joined[-1] = When(start, item.end, window)
                continue
        joined.append(item)
    return joined


def _stay(kind: str | None, which: str) -> Stay | None:
    bare = (kind or "").strip()
    place = "icu" if any(word in bare for word in ("icu", "intensive", "critical", "itu")) else "stay"
    which = which.strip().removesuffix(" ever").removeprefix("very ")
    if which in ("current", "present", "ongoing", "this", "currently"):
        return Stay(kind=place, which="current")  # type: ignore[arg-type]
    if which in ("last", "latest", "most recent", "previous", "prior", "newest"):
        return Stay(kind=place, which="last")  # type: ignore[arg-type]
    if which in ("second to last", "next to last"):
        return Stay(kind=place, which="last", n=2)  # type: ignore[arg-type]
    if which in ("earliest", "initial", *ORDINALS):
        return Stay(kind=place, which="first", n=ORDINALS.get(which, 1))  # type: ignore[arg-type]
    return None


def _interval(match: re.Match[str], now: datetime) -> tuple[datetime, datetime, bool] | None:
    """What a point covers; whether it is one moment."""
    try:
        return _covers(match, now)
    except (ValueError, OverflowError):
        return None


def _covers(match: re.Match[str], now: datetime) -> tuple[datetime, datetime, bool] | None:
    zero = floor(now, "year")
    if match["iso"] or match["slash"]:
        if match["iso"]:
            year, month, day = map(int, match["iso"].split("-"))
        else:
            month, day, year = map(int, match["slash"].split("/"))
            if month > 12:
                month, day = day, month
        first = zero.replace(year=year, month=month, day=day)
        clock = match["clock"] or match["clock2"]
        if clock:
            hour, minute, second, half = TIME.match(clock).groups()  # type: ignore[union-attr]
            shift = int(hour) % 12 + (12 if half == "pm" else 0) if half else int(hour)
            at = first.replace(hour=shift, minute=int(minute), second=int(second or 0))
            return at, at + timedelta(seconds=1 if second else 60), True
        return first, first + timedelta(days=1), False
    if match["monthyear"] or match["yearmonth"]:
        one, two = map(int, (match["monthyear"] or match["yearmonth"]).replace("-", "/").split("/"))
        month, year = (one, two) if match["monthyear"] else (two, one)
        return (*whole(zero.replace(year=year, month=month), "month"), False)
    for key in ("1", "2"):
        if match[f"m{key}"]:
            said = _year(match, f"r{key}", now)
            if said is None:
                return None
            at = zero.replace(year=said, month=MONTHS[match[f"m{key}"]], day=int(match[f"d{key}"]))
            if not (match[f"r{key}"] or match[f"r{key}y"]) and at > now:
                at = at.replace(year=said - 1)
            return at, at + timedelta(days=1), False
    if match["m3"] or match["m5"]:
        month = MONTHS[match["m3"] or match["m5"]]
        if match["m5"] and match["m5"] in ("may", "mar", "dec", "sun"):
            return None
        said = _year(match, "r3", now) if match["m3"] else now.year - (month > now.month)
        return None if said is None else (*whole(zero.replace(year=said, month=month), "month"), False)
    if match["d4"]:
        first, _ = whole(now, "month", 0 if match["r4"] in ("this", "current") else 1)
        at = first.replace(day=int(match["d4"]))
        return at, at + timedelta(days=1), False
    if match["agon"]:
        unit = period(match["agou"])
        moment = back(now, count(match["agon"]), unit)
        return (*whole(moment, "day" if unit == "hour" else unit), False)
    if match["day"]:
        ago = {"yesterday": 1, "last night": 1, "day before yesterday": 2}.get(match["day"], 0)
        return (*whole(now, "day", ago), False)
    if match["past"]:
        return (*whole(now, period(match["pastu"]), 1), False)
    if match["rel"]:
        return (*whole(now, period(match["relu"]), 0 if match["rel"] in ("this", "current", "present") else 1), False)
    if match["year"]:
        return (*whole(zero.replace(year=int(match["year"])), "year"), False)
    return None


def _year(match: re.Match[str], key: str, now: datetime) -> int | None:
    if match[f"{key}y"]:
        return int(match[f"{key}y"])
    if match[f"{key}u"] == "month":
        # "April of last month": only where that month is April.
        month = whole(now, "month", 0 if match[key] in ("this", "current") else 1)[0]
        return month.year if MONTHS[match[f"m{key[1]}"]] == month.month else None
    return now.year - (0 if match[key] in ("this", "current", None) else 1)
