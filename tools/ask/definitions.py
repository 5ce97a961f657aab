"""What is defined beside a question: codes, the unit of the answer, the time it is, the form an answer is to have."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from tools.ask.times import MONTHS, TIME
from tools.ehr.dates import start_of

_I = re.IGNORECASE
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_HOURS = r"\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?(?: ?[ap]m\b)?"
_ZONE = r"(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)(?!\w))?"
_DAY = (
    rf"(?:\d{{4}}-\d\d-\d\d|\d\d?(?:st|nd|rd|th)? (?:of )?(?:{_MONTH})\.?,? \d{{4}}|"
    rf"(?:{_MONTH})\.? \d\d?(?:st|nd|rd|th)?,? \d{{4}})"
)
_MOMENT = (
    rf"(?:(?P<day>{_DAY})(?:(?:T|,? at |, ?| )(?P<hours>{_HOURS})(?P<zone>{_ZONE}))?|"
    rf"(?P<hours2>{_HOURS})(?P<zone2>{_ZONE})(?:,? on|,)? (?P<day2>{_DAY}))"
)
_LEAD = (
    r"(?:(?:it(?:['’]?s| is)|assum(?:e|ing)(?: that)?(?: it is| now is)?|(?:the )?(?:current|present|actual|clinical) "
    r"(?:time|date|clock|moment|day)(?: and (?:time|date))?|(?:the )?(?<!birth )(?:time|date|clock)(?: and time)?"
    r"(?= (?:now|is|says|shows|reads|right))(?: (?:right )?now)?|today(?:['’]s date)?|"
    r"(?:right )?now|at present|at the moment|currently|timestamp)"
    r"(?: (?:is|says|shows|reads|it is|it['’]s|being|as|now|of|the time|currently))*[ :=,-]{1,3})"
)
_TAIL = r"(?: (?:right )?now\b| is (?:the (?:current |present )?(?:time|date)(?: and time)?|now)\b)"
_NOW = re.compile(rf"(?<!\w){_LEAD}{_MOMENT}(?:{_TAIL})?|(?<![\w-]){_MOMENT.replace('?P<', '?P<t_')}{_TAIL}", _I)
_ALONE = re.compile(rf"(?<![\w-]){_MOMENT}", _I)

_NAME = r"[\"“'‘]?(?P<what>[A-Za-z][\w /()%+,-]{0,60}?)[\"”'’]?"
_CODE = r"(?:[\"“'‘](?P<code>[A-Za-z0-9.|:/_-]+)[\"”'’]|(?P<bare>(?-i:[A-Z0-9][A-Z0-9._|:/-]*))(?![\w-]))"
_IS = r"(?: is| are| being|:| =|=| ->| →| -)+ ?(?:called )?"
_WORD = (
    r"(?:(?:lab(?:oratory)?|local|item|test|record|flowsheet|observation|system) )?(?:code|identifier|id|"
    r"item id|flowsheet id|mnemonic)s?"
)
_KEPT = (
    r"(?:coded|stored|recorded|filed|listed|found|kept|charted|labell?ed|known|held|saved|documented|identified|named|"
    r"called|entered|registered|abbreviated|looked up|represented|denoted|written|displayed|shown|reported|"
    r"indexed|logged|"
    r"referred to|tracked)"
)
_FORMS = [
    re.compile(rf"^(?:please )?(?:search|query|look)(?: it)?(?: up)? (?:by|with|under|using|via|for) (?:the )"
        rf"?(?:{_WORD} "
        rf")?{_CODE} (?:for|to (?:find|get|see)) (?:the )?{_NAME}$", _I),
    re.compile(rf"^(?:the )?{_WORD} (?:for|of) (?:the |a )?{_NAME}(?:{_IS}| ){_CODE}", _I),
    re.compile(rf"^{_WORD}(?: |=|: ?| = ){_CODE} (?:stands for|is for|means|denotes|represents|is used for|=|is|"
        rf"for) (?:the |a "
        rf")?{_NAME}$", _I),
    re.compile(rf"^(?:the )?{_WORD} {_CODE} \((?:the )?(?P<what>[A-Za-z][^()]{{0,60}})\)", _I),
    re.compile(rf"^(?:the )?{_WORD} {_CODE} is used for (?:the )?{_NAME}$", _I),
    re.compile(rf"^{_CODE} (?:is|=|:) (?:the )?{_NAME} {_WORD}$", _I),
    re.compile(rf"^{_CODE} (?:is|=|:) (?:the )?{_WORD}(?: to (?:use|look up|look for|search|query)| used| you "
        rf"need)? (?:for|of) (?:the "
        rf")?{_NAME}$", _I),
    re.compile(rf"^{_CODE} is (?:what|how|where) (?:the )?{_NAME} (?:is|are|gets?) {_KEPT}(?: as| under| by)?$", _I),
    re.compile(rf"^for (?:the )?{_NAME},? (?:please )?(?:use|query|search|look (?:up|for)|take|the code is|it is|"
        rf"it['’]s|"
        rf"see)(?: for| under)? (?:the )?(?:{_WORD} )?{_CODE}", _I),
    re.compile(rf"^(?:in (?:the|our|this) \w+,? )?(?:the )?{_NAME}(?: values?| results?| readings?)? (?:appears?|"
        rf"shows? up|"
        rf"goes|go|sits?|lives?|comes? up) (?:as|under|by|in)(?: the)?(?: {_WORD})? ?{_CODE}", _I),
    re.compile(rf"^(?:the |our )?(?:chart|system|lab|record|records|ehr|emr|database|we|they|it) (?:calls?|"
        rf"stores?|records?|"
        rf"files?|codes?|labels?|lists?|keeps?) (?:the )?{_NAME} (?:as |under |by |with )?(?:the )?(?:{_WORD} )"
        rf"?{_CODE}", _I),
    re.compile(rf"^(?:the )?{_NAME}(?: values?| results?| readings?)? (?:has|have|with|bears?|carr(?:y|ies)|"
        rf"uses?|goes by|go by) (?:the )?(?:{_WORD} )?(?:of )?{_CODE}", _I),
    re.compile(rf"^(?:the )?{_NAME}(?: values?| results?| readings?)? (?:is|are|can be|will be) (?:to be "
        rf")?(?:{_KEPT} )?(?:as|under|by|with|in)?(?: the)?(?: {_WORD})? ?{_CODE}", _I),
    re.compile(rf"^(?:the )?{_NAME}(?:['’]s)? {_WORD}(?:{_IS}| ){_CODE}", _I),
    re.compile(rf"^(?:please )?(?:use|take) (?:the )?(?:{_WORD} )?{_CODE} (?:for|to (?:find|look up|read)|when) "
        rf"(?:the |reading )?{_NAME}$", _I),
    re.compile(rf"^(?:please )?(?:(?:you|we)(?:['’]ll| can| will)? )?(?:look up|look|search|find|read|get|"
        rf"retrieve|check|query)(?: for)? (?:the "
        rf")?{_NAME} (?:under|by|using|with|as|via)(?: the)?(?: {_WORD})? ?{_CODE}", _I),
    re.compile(rf"^{_CODE} ?(?:=|stands for|means|denotes|is used for|is short for|represents|:) ?(?:the "
        rf")?{_NAME}$", _I),
    re.compile(rf"^(?:the )?{_NAME} ?(?:=|:|->) ?{_CODE}$", _I),
]  # fmt: skip
_PART = re.compile(
    r"(?<=[\w\"”)])[.;,](?=\s|$)(?! ?(?:and )?(?:ordered|order))|[;\n]+|[?!](?=\s|$)|,? and (?=(?:the )?(?:lab )?code)|"
    r",? and (?=ordered|order|the answer|look|find)"
)
_COMMA = re.compile(r"(\bfor (?:the )?[\w()/% -]{2,40}),\s(?=(?:please )?(?:use|take|query|search|look|see)\b)", _I)
_NOT_NAMED = re.compile(
    r"\b(?:loinc|snomed|ndc|rxnorm|cpt|icd|order(?:s|ed|ing)?|answer|reply|number|now|time|date|patient|unit)\b", _I
)
_LEVEL = re.compile(
    r"^(?:the|a|an|lab|serum|for|of|and|that|look up|look for|look|find|read|get|use|please|"
    r"query|search|retrieve|fetch|pull|code|stands|used)\s+|\s+(?:under|as|by|the|with|via|using|lab|"
    r"code|level|test|value|result|reading|is|are|has)s?$",
    _I,
)
_UNIT = re.compile(
    r"(?:unit of|units? (?:is|are|of|should be)|in units of|convert(?:ed)? (?:(?:it|that|this|them) )?(?:in)?to|"
    r"expressed in|given in|"
    r"reported in|(?:answer|value|result)s? (?:should be |must be )?in|"
    r"\b(?:number|figure|answer|reply|respond|report)\b[^.;\n]{0,50}?[ ,(](?:in )?) ?\(?(?:a unit of |units of )?"
    r"(?P<unit>%|[A-Za-zµμ0-9*\[\]{}^]+/[A-Za-zµμ0-9*./\[\]{}^]+|mmHg\b|mEq\b|kg\b|g\b|mg\b|cm\b)",
    _I,
)
# What is said of the form of an answer: its words where there is none, rounding, one number.
_ONE_UNIT = re.compile(r"(?<![\w/])(?:mg|g|mcg|ug|µg|μg|ng|pg|mmol|umol|mEq|meq|IU|U)/(?:d?L|d?l|mL|ml)(?![\w/])")
_ELSE = re.compile(r"patient not found|(?<![\w.-])\[?-1\]?(?![\w.-]*\d)|\bnot found[\"”]", _I)
_NUMBER_OF = re.compile(
    r"(?<!no )(?<!without )\b(?:the |their |his |her )(?:mrn|(?:medical )?record number|hospital number)\b", _I
)
_FORM = re.compile(
    r"\b(?:round(?:ed|ing)?(?: it)? (?:down|up|off)|(?:as )?(?:an? )?(?:integers?|whole numbers?)(?: only)?|"
    r"(?:a |one )?(?:single|one) (?:number|figure)(?: only)?|numbers? only)\b",
    _I,
)
_SENTENCE = re.compile(r"[^.?!;\n]*(?:\.(?=\w)[^.?!;\n]*)*[.?!;\n]*[\"”)]*", _I)
_ONLY_IF = re.compile(
    r"^\W*(?:if|should|when|where|in case|unless|otherwise|no |answer|reply|say|return|respond)\b", _I
)


@dataclass(frozen=True)
class Given:
    """What the question's context defines. `codes`: by the name in lower case."""

    codes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    now: datetime | None = None
    unit: str | None = None


def definitions(text: str, *, context: bool = False) -> tuple[Given, str]:
    """What a text defines, and the text without the definitions.

    Args:
        context: whether the text stands beside the question: then its one date with a time is the time it is, and
            no word need say so.
    """
    now, rest = _clock(text, context)
    rest = _COMMA.sub(r"\1 ", rest)
    codes: dict[str, tuple[str, ...]] = {}
    left, at = [], 0
    for start, end in _parts(rest):
        match = _defined(rest[start:end])
        if match is None or (not context and "code" not in rest[start:end].lower() and not match["code"]):
            continue
        _add(codes, match["what"], match["code"] or match["bare"], both="code" not in rest[start:end].lower())
        left.append(rest[at : start + match.start()])
        at = start + match.end()
    unit = _UNIT.search(text)
    plain = " ".join([*left, rest[at:]])
    said = unit["unit"].rstrip(".)") if unit else None
    if said is None and context and len(alone := set(_ONE_UNIT.findall(text))) == 1:
        said = alone.pop()  # beside a question, the one unit that is named is that of the answer
    return Given(codes, now, said), plain


def without_form(text: str) -> str:
    """A question without what it says of the form of its answer ("-1 if there is none", "rounded down")."""
    kept = []
    for match in _SENTENCE.finditer(text):
        sentence = match.group()
        found = _ELSE.search(sentence)
        if found and _ONLY_IF.match(sentence) and not _NUMBER_OF.search(sentence[: found.start()]):
            continue
        if found:
            cut = max(
                [m.start() for m in re.finditer(r"[,:(—]|\s[-–]\s|\s(?=(?:or|and|but|if|else|otherwise|should) "
                    r")", sentence)
                 if m.start() < found.start() and not (m.group() == "(" and ")" in sentence[m.start() : found.start()])]
                or [0]
            )  # fmt: skip
            back = re.search(
                r"[,;(]?\s*\b(?:or|and|but|if|when|where|should|in case)\b[^,]*,[^,]*$", sentence[:cut] + ","
            )
            cut = min(cut, back.start()) if back and back.start() > 8 else cut
            sentence = sentence[:cut] + (" ? " if "?" in sentence[cut:] else " ")
        kept.append(sentence)
    plain = _FORM.sub(" ", "".join(kept)) if kept else text
    return plain if re.search(r"\w", plain) else text


def _clock(text: str, context: bool) -> tuple[datetime | None, str]:
    found = list(_NOW.finditer(text))
    if found:
        match, lead = found[0], "" if found[0]["day"] or found[0]["day2"] else "t_"
        rest = f"{text[: match.start()]} . {text[match.end() :]}"
        return _moment(match, lead), rest
    alone = [match for match in _ALONE.finditer(text) if match["hours"] or match["hours2"]] if context else []
    if len({match.group() for match in alone}) == 1:
        return _moment(alone[0], ""), f"{text[: alone[0].start()]} . {text[alone[0].end() :]}"
    return None, text


def _moment(match: re.Match[str], lead: str) -> datetime | None:
    day = match[f"{lead}day"] or match[f"{lead}day2"]
    hours, zone = match[f"{lead}hours"] or match[f"{lead}hours2"], match[f"{lead}zone"] or match[f"{lead}zone2"] or ""
    if not re.match(r"\d{4}-", day):
        words = [word for word in re.findall(r"[a-z]+|\d+", day.lower()) if word not in ("st", "nd", "rd", "th", "of")]
        month = next(word for word in words if word in MONTHS)
        number, year = (word for word in words if word.isdigit())
        day = f"{int(year):04}-{MONTHS[month]:02}-{int(number):02}"
    if not hours:
        return start_of(day)
    hour, minute, second, half = TIME.match(hours.lower()).groups()  # type: ignore[union-attr]
    shift = int(hour) % 12 + (12 if half == "pm" else 0) if half else int(hour)
    offset = zone.strip().upper().replace("UTC", "Z").replace("GMT", "Z") or "Z"
    return start_of(f"{day}T{shift:02}:{minute}:{second or '00'}{offset}")


def _parts(text: str) -> list[tuple[int, int]]:
    rows, at = [], 0
    for match in _PART.finditer(text):
        rows.append((at, match.start()))
        at = match.end()
    rows.append((at, len(text)))
    return [(start + len(text[start:end]) - len(text[start:end].lstrip(" .,")), end) for start, end in rows]


def _defined(part: str) -> re.Match[str] | None:
    part = part.rstrip(" .,")
    for form in _FORMS:
        match = form.match(part)
        if match and not _NOT_NAMED.search(match["what"]) and (match["code"] or re.search("[A-Z]", match["bare"])):
            return match
    return None


def _add(codes: dict[str, tuple[str, ...]], what: str, code: str, both: bool) -> None:
    code = code.rstrip(".")
    inside = re.findall(r"\(([^()]+)\)", what)
    for name in [what, re.sub(r"\([^()]*\)", " ", what), *inside]:
        name, before = " ".join(name.split()).strip(" ,-"), ""
        while name != before:
            before, name = name, _LEVEL.sub("", name)
        if len(name) < 2:
            continue
        known = codes.get(name.lower(), ())
        codes[name.lower()] = tuple(dict.fromkeys([*known, code]))
        if both and name.isupper() and code.isupper() and not inside:
            codes.setdefault(code.lower(), (code, name))  # "GLU = CBG": which of them is the code is not said
