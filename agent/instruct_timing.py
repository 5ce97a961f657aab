"""How often and for how long a drug is said to be given, all of it: what is left out would change the order."""

from __future__ import annotations

import re
from datetime import datetime

from agent.instruct_times import ahead

_N = r"(?:\d+(?:\.\d+)?(?:\s*(?:-|–|to)\s*\d+)?|one|two|three|four|five|six|seven|eight|ten|twelve|fourteen)"
_PARTS = re.compile(
    rf"\b(?:(?:once|twice|thrice|{_N}\s*(?:x|times))\s*(?:(?:a|per|each|every)\s*(?:day|week|month)|daily|weekly|"
    rf"monthly|/\s*(?:day|week))"
    rf"|(?:every|q)\s*{_N}\s*-?\s*(?:h|hrs?|hours?|hourly|min|minutes?|days?|weeks?|months?)\b"
    rf"|{_N}\s*-?\s*hourly|(?:every|each)\s+(?:other\s+)?(?:day|morning|evening|night|hour|week|month|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day)|(?:on )?alternate days"
    r"|(?:on )?(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
    r"|daily|weekly|fortnightly|monthly|hourly|nightly|nocte|mane|o\.?d|b\.?d|b\.?i\.?d|t\.?d\.?s|t\.?i\.?d|q\.?d\.?s|"
    r"q\.?i\.?d|q\.?h\.?s|q\.?d"
    r"|(?:at|before) (?:bedtime|night|meals?|breakfast)|in the (?:morning|evening)s?|(?:with|after) (?:food|meals?)"
    rf"|for\s+(?:the next\s+)?(?:{_N}|an?)\s*-?\s*(?:days?|weeks?|months?|hours?|doses?|h)\b"
    r"|prn|as (?:needed|required)|when (?:needed|required)|stat|now|immediately|(?:as a )?(?:single|one[- ]off) dose|"
    r"once(?: only)?|one dose)(?![\w])",
    re.I,
)
_BEGINS = re.compile(r"\b(?:start|begin|commence|initiate|prescribe)\b", re.I)


def timing_of(part: str, now: datetime) -> tuple[str | None, str]:
    """`(the timing as said, the text without it)`; None where none was said and it is not for once."""
    said = [" ".join(found[0].split()) for found in _PARTS.finditer(part)]
    rest = _PARTS.sub(" ", part)
    at = ahead(rest, now)
    if at:
        for word in at[1].split(" "):
            rest = re.sub(rf"(?:\b(?:at|on)\s+)?(?<!\w){re.escape(word)}(?!\w)", " ", rest, count=1)
        said.append(f"{'once, ' if not said else ''}{at[1]} ({at[0]})")
    if said:
        return " ".join(said), rest
    return (None if _BEGINS.search(part) else "once"), rest
