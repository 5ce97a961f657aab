"""Reading an instruction: sentences into what is looked up, a condition, and acts; by word classes, never by sentence.

A sentence that fits nothing is kept as unread, and an instruction whose condition is not understood drafts nothing.
"""

from __future__ import annotations

import re
from datetime import datetime

from agent.instruct_acts import Reading, acts_of
from agent.instruct_codes import Masked, definitions, mask, overlap
from agent.instruct_guard import condition_fits, names_known, refuse, sentences_fit
from agent.instruct_measured import measurements
from agent.instruct_pieces import imperative
from agent.instruct_plain import plain as plainly
from agent.instruct_plan import Condition, Definition, DoseRule, Look, Plan, Statistic
from agent.instruct_rules import ranges, rule_of, squared
from agent.instruct_words import (
    CHECKS,
    CONDITION,
    FORMAT,
    HIGH,
    LOW,
    MISSING,
    NOT,
    OLD,
    OLDER,
    PAIR,
    RECORDS,
    STOPS,
    TELLS,
    VERB,
    negative,
)
from knowledge.terminology import Terminology
from tools.errors import BadInput

_ENDS = re.compile(
    r"(?:(?<=[a-z0-9)⟧%+\"”])|(?<=[A-Z]{2}))(?<!\bDr)(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bProf)[.?!]+(?=\s+(?:[A-Z(\"“]|\d+[.)]|and\b|also\b|then\b|otherwise\b|if\b|$))|\n+|[?!;]|\.\s*$"
)
_NUMBERED = re.compile(r"^\s*\(?\d[.)]\s*")
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "nine": 9, "twelve": 12,
           "eighteen": 18, "twenty-four": 24}  # fmt: skip
_PERIOD = {"hr": "hour", "yr": "year"}
_WINDOW = re.compile(
    r"(?:\b(?:with)?in|\bover|\bduring|\bfor|\bfrom|\bof|\blast|\bpast)\s+(?:the\s+)?(?:last|past|previous|"
    r"preceding)?\s*"
    r"(?P<count>\d+(?:\.\d+)?|an?|one|two|three|four|six|twelve|twenty-four)?\s*-?(?P<unit>hours?|hrs?|h|days?|"
    r"weeks?|months?|years?)\b",
    re.I,
)
_LAST = re.compile(r"\b(?:last|past|previous|preceding) (?:\w+|\d+(?:\.\d+)?) ?-?(?:hours?|hrs?|h|days?)\b", re.I)
_DATED = re.compile(r"\b(?:when|date|dated|time|(?<!last )(?<!past )(?<!previous )day|timestamp)\b", re.I)
# Behind an order, "and tell me the last value and its date" asks as well.
_TOLD_TOO = re.compile(
    r"(?:^|(?<=and ))(?:please )?(?:tell (?:me|us)|report|show me|state)\b(?=[^.;]*\b(?:value|result|date)\b)", re.I
)
_STATISTICS: tuple[tuple[Statistic, re.Pattern[str]], ...] = (
    ("mean", re.compile(r"\b(?:average|mean)\b", re.I)),
    ("maximum", re.compile(r"\b(?:highest|maximum|max|peak)\b", re.I)),
    ("minimum", re.compile(r"\b(?:lowest|minimum|min|nadir)\b", re.I)),
)


def read(instruction: str, terms: Terminology, now: datetime, context: str = "") -> Plan:
    """The plan of an instruction.

    Args:
        context: what was given with it: codes, dosing rules.

    Raises:
        BadInput: nothing was asked for, or its condition cannot be read.
    """
    masked = mask(instruction)
    given = definitions(masked.text, context)
    found = rule_of(masked.text, least=2)
    rule = found[0] if found else (given_rule[0] if (given_rule := rule_of(context)) else None)
    plain = plainly(found[1] if found else masked.text, ruled=found is None and rule is not None)
    sentences = split(plain)
    condition, spans, missing = _condition(sentences, rule, terms)
    sentences_fit(sentences, spans)
    rule = _with_limit(rule, condition)
    for _, text, _ in spans.values():
        known = " ".join(f"{item.about} {item.code}" for item in given)
        names_known(text, condition if text == condition.text else Condition(), terms, known)
    look = _look(sentences, spans, condition, given, terms)
    subject = look.concept if look else _concept(sentences, terms)
    reading = Reading(Masked(plain, masked.quotes), given, terms, now, rule, subject, bool(spans))
    acts, unread = acts_of(sentences, spans, reading)
    ruled = rule is not None
    if acts and not spans and (loose := next((said for said in sentences if _valued(said, terms, ruled)), None)):
        refuse("whether what is said of a value is a condition is not sure", loose, 'say it as "if X is low, ..."')
    if missing is False and condition.kind == "always" and any(not act.conditional for act in acts):
        refuse("an order without a condition, and a case in which it is not to be given", plain)
    if missing is not None:
        condition = condition.model_copy(update={"if_missing": missing})
    if not acts and look is None:
        raise BadInput(
            "nothing to be done was read from this instruction",
            found=instruction[:120],
            expected="something to order, record, send or look up",
            action="say what is to be done, in a sentence of its own",
        )
    return Plan(look=look, condition=condition, acts=tuple(acts), definitions=tuple(given), unread=tuple(unread))


def _valued(text: str, terms: Terminology, ruled: bool) -> bool:
    """Whether a sentence without a condition says that a value is low, high or old."""
    plain = re.sub(
        r"\b(?:low|high|higher|lower)[ -](?:dose|flow|molecular|resolution|salt|fat|risk|strength)\b",
        " ",
        text,
        flags=re.I,
    )
    old = OLD.search(plain) and OLDER.search(plain)
    about = CHECKS.search(plain) or ruled or measurements(plain, terms)
    return bool((LOW.search(plain) or HIGH.search(plain) or old) and about) and not FORMAT.search(plain)


def split(text: str) -> list[str]:
    """Sentences, numbering and empty ones left out."""
    parts = [_NUMBERED.sub("", part).strip(" ,;") for part in _ENDS.split(text) if part and part.strip(" .;,")]
    return [part for part in parts if part]


def _with_limit(rule: DoseRule | None, condition: Condition) -> DoseRule | None:
    """A rule of steps counts from the instruction's own limit where it names none itself."""
    if rule is not None and rule.step and rule.threshold is None and condition.limit is not None:
        side = "above" if condition.kind == "above" else "below"
        return rule.model_copy(update={"threshold": condition.limit, "side": side})
    return rule


def parts_of(sentence: str) -> tuple[str, str, str] | None:
    """`(before, condition, consequence)` of a sentence with a condition; the consequence may stand on either side."""
    marker = CONDITION.search(sentence)
    if marker is None:
        return None
    before, after = sentence[: marker.start()].strip(" ,;:-"), sentence[marker.end() :].strip()
    if _acts(before) and not CHECKS.match(before):
        # "Order a level if it is low": all that follows belongs to the condition, unless a new verb begins.
        paired = PAIR.search(after)
        inner = min((at for at in (_consequence(after), paired.start() if paired else None) if at), default=None)
        return before, (after[:inner] if inner else after).strip(" ,;:-"), after[inner:] if inner else ""
    start = _consequence(after)
    if start is None:
        return before, after, ""
    return before, after[:start].strip(" ,;:-"), after[start:].strip(" ,;:-")


# A word of acting after one of these is a noun or a passive, unless a comma or "then" has opened the consequence.
_SO = re.compile(r"(?:so|yes|it (?:is|was|has)|(?:that|this)(?:'s| is| was)(?: the case)?|true|confirmed)\s*,?", re.I)
_NOUN = re.compile(
    r"(?:\b(?:be|been|being|is|was|are|has|have|to|the|an?|needs?|next|new|last|any|no|her|his|their)\s+|-)$", re.I
)
_OPENED = re.compile(r"[,:]\s*(?:to |please |then |go ahead and )?$|\b(?:then|please) $", re.I)
_ALSO_NOUNS = ("needs", "need", "low", "check", "run", "correct", "file")


def _consequence(text: str) -> int | None:
    """Where the consequence begins: after a comma or `then`, at a verb of acting or at what is not to be done."""
    marks = [match.start() for pattern in (NOT, STOPS, TELLS) for match in [pattern.search(text)] if match]
    for match in VERB.finditer(text):
        before = text[: match.start()]
        opened = _OPENED.search(before)
        if (_NOUN.search(before) and not opened) or (match[0].lower() in _ALSO_NOUNS and before and not opened):
            continue
        marks.append(match.start())
        break
    comma = re.search(r"[,:]\s*(?:then\s+)?(?=\S)|\bthen\s+|\s[-–—]\s|→|->", text)
    if not marks and comma and comma.end() < len(text):
        return comma.end() if _acts(text[comma.end() :]) or NOT.search(text[comma.end() :]) else None
    return min(marks) if marks else None


def _acts(text: str) -> bool:
    return bool(VERB.search(text) or RECORDS.search(text) or STOPS.search(text) or TELLS.search(text))


def _condition(
    sentences: list[str], rule: DoseRule | None, terms: Terminology
) -> tuple[Condition, dict[int, tuple[str, str, str]], bool | None]:
    """`(condition, the parts of each sentence that has one, what is said of a missing value)`."""
    spans: dict[int, tuple[str, str, str]] = {}
    found: Condition | None = None
    missing: bool | None = None
    stated: list[tuple[str, Condition, bool]] = []
    for number, sentence in enumerate(sentences):
        parts = parts_of(sentence)
        if parts is None:
            continue
        before, text, then = parts
        refused = negative(f"{before} {then}")
        if not refused and then and negative(then) and imperative(before) is not None and not CHECKS.match(before):
            refuse("an order, and in the same sentence when it is not to be given", sentence)
        if _SO.fullmatch(text) and number:
            earlier = reversed(sentences[:number])
            text = next((said for said in earlier if _one(said, rule) is not None), sentences[number - 1])
            text = CONDITION.split(text, maxsplit=1)[-1].strip() if CONDITION.search(text) else text
            parts = (before, text, then)
        one = _one(text, rule)
        if one is None:
            if FORMAT.search(sentence):
                continue
            raise BadInput(
                "the condition of this instruction is not understood: nothing is drafted",
                found=text or sentence,
                expected="a limit, low or high, older than a time, or nothing on file",
                action="say it as: if X is below N, ...",
            )
        spans[number] = parts
        condition_fits(text, one, terms)
        stated.append((text, one, refused))
        if refused:
            missing = False if one.kind == "missing" else missing
            continue
        if one.kind == "missing":
            missing = True
            found = found or one
            continue
        if one.kind == "older" and MISSING.search(text) and re.search(r"\bor\b|/", text):
            missing = True
        found = one if found is None or found.kind == "missing" else found
    _agree(stated, found, terms)
    return found or Condition(), spans, missing


def _agree(stated: list[tuple[str, Condition, bool]], found: Condition | None, terms: Terminology) -> None:
    """Refuse conditions that are more than one: a plan has one, and what is not ordered otherwise."""
    if not stated:
        return
    if len({concept for text, _, _ in stated for _, _, concept in measurements(text, terms)}) > 1:
        refuse("conditions on two measurements", "; ".join(text for text, _, _ in stated), "instruct them one by one")
    if found is None and any(one.kind != "missing" or not refused for _, one, refused in stated):
        refuse("a condition under which something is not to be done", stated[0][0], "say when it is to be done")
    for text, one, refused in stated:
        if one is found or (not refused and (one.kind, one.op, one.limit, one.unit) == _same(found)):
            continue
        if not refused:
            if found is None or {one.kind, found.kind} != {"missing", "older"}:
                refuse("two conditions", text, "instruct them one by one")
        elif one.kind not in ("missing", "older") and not _beyond(one, found):
            refuse("a condition under which something is not to be done", text, "say when it is to be done")


def _same(found: Condition | None) -> tuple[object, ...]:
    return (found.kind, found.op, found.limit, found.unit) if found else ()


def _beyond(one: Condition, found: Condition | None) -> bool:
    """Whether what is not to be done lies where the condition does not hold anyway."""
    if found is None or one.high is not None or found.high is not None or {one.kind, found.kind} != {"below", "above"}:
        return False
    if one.limit is None or found.limit is None or one.unit != found.unit:
        return one.limit is None and found.limit is None
    return one.limit >= found.limit if found.kind == "below" else one.limit <= found.limit


def _one(text: str, rule: DoseRule | None) -> Condition | None:
    """The condition that a clause states."""
    said = " ".join(text.split()).strip(" ,:")
    old = OLD.search(said)
    level = [row for row in ranges(said) if not OLD.match(said, row[0]) and not _in_age(said, row[0], old)]
    valued = bool(LOW.search(said) or HIGH.search(said)) and not re.search(r"\b(?:old|older|ago)\b", said, re.I)
    if old and OLDER.search(said) and not (level or valued) and not _within_only(said, old):
        word = old["count"].lower()
        count = int(word) if word.isdigit() else _COUNTS.get(word, 1)
        for inner in re.findall(r"(?:last|past|previous)\s+(\d+|\w+)\s", said, re.I):
            if inner.isdigit() or inner.lower() in _COUNTS:
                count = int(inner) if inner.isdigit() else _COUNTS[inner.lower()]
        period = old["unit"].lower()
        return Condition(kind="older", amount=count, period=_PERIOD.get(period, period), if_missing=True, text=said)  # type: ignore[arg-type]
    if level:
        band, unit = level[0][2], level[0][3]
        unit = squared(unit) if unit else (rule.unit if rule else None)
        if band.low is None:
            op = "<=" if band.high_in else "<"
            return Condition(kind="below", op=op, limit=band.high, unit=unit, limit_from="instruction", text=said)  # type: ignore[arg-type]
        if band.high is None:
            op = ">=" if band.low_in else ">"
            return Condition(kind="above", op=op, limit=band.low, unit=unit, limit_from="instruction", text=said)  # type: ignore[arg-type]
        return Condition(
            kind="above", op=">=", limit=band.low, high=band.high, unit=unit, limit_from="instruction", text=said
        )
    if LOW.search(said) and not re.search(r"\bnot (?:low|deficient|reduced)\b", said, re.I):
        return _by_rule("below", said, rule)
    if HIGH.search(said):
        return _by_rule("above", said, rule)
    if MISSING.search(said):
        return Condition(kind="missing", if_missing=True, text=said)
    if rule is not None and re.search(
        r"\b(?:needed|required|necessary|indicated|warranted|appropriate|applicable)\b", said, re.I
    ):
        return _by_rule("below" if rule.side == "below" else "above", said, rule)
    return None


def _within_only(said: str, old: re.Match[str]) -> bool:
    """ "No level in the last 24 hours" is a missing value; "not checked in a year" an old one: hours decide."""
    return (
        old["unit"].lower() in ("hour", "hr") and bool(MISSING.search(said)) and not re.search(r"\bolder|ago\b", said)
    )


def _in_age(said: str, start: int, old: re.Match[str] | None) -> bool:
    return old is not None and start <= old.start() <= start + 12


def _by_rule(kind: str, said: str, rule: DoseRule | None) -> Condition:
    """Low or high: the limit of the instruction's own dosing rule, else the laboratory's."""
    limit, inclusive = None, False
    if rule is not None and rule.bands:
        ends = [(band.high, band.high_in) for band in rule.bands if band.high is not None]
        starts = [(band.low, band.low_in) for band in rule.bands if band.low is not None]
        if kind == "below" and ends:
            limit, inclusive = max(ends)
        elif kind == "above" and starts:
            limit, inclusive = min(starts)
    elif rule is not None:
        limit = rule.threshold
    op = ("<" if kind == "below" else ">") + ("=" if inclusive else "")
    source = "dose rule" if limit is not None else "laboratory"
    unit = rule.unit if rule and limit is not None else None
    return Condition(kind=kind, op=op, limit=limit, unit=unit, limit_from=source, text=said)  # type: ignore[arg-type]


def _concept(texts: list[str], terms: Terminology) -> str | None:
    """The first measurement that a text names."""
    for text in texts:
        if found := measurements(text, terms):
            return found[0][2]
    return None


def _look(
    sentences: list[str],
    spans: dict[int, tuple[str, str, str]],
    condition: Condition,
    given: list[Definition],
    terms: Terminology,
) -> Look | None:
    """What has to be looked up: asked for in a sentence, or named by the condition."""
    asked = [
        spans[number][0] if number in spans else sentence
        for number, sentence in enumerate(sentences)
        if CHECKS.search(spans[number][0] if number in spans else sentence)
        and not (RECORDS.match(sentence) or FORMAT.search(sentence) or PAIR.match(sentence))
    ]
    asked += [then[told.start() :] for _, _, then in spans.values() if (told := _TOLD_TOO.search(then))]
    named = [text for _, text, _ in spans.values()]
    texts = [*asked, *named] if condition.kind != "always" else asked
    if not texts:
        return None
    everything = " ".join([*texts, *sentences]) if condition.kind != "always" else " ".join(texts)
    concept = _concept([*texts, *(sentences if condition.kind != "always" else [])], terms)
    codes, about = _codes(everything, concept, given, terms)
    if concept is None and not codes:
        return None
    subject = terms.get(concept).name if concept else about
    hours = next((found for text in [*texts, *named] if (found := _hours(text)) is not None), None)
    if hours is None and condition.kind in ("below", "above"):
        windows = (window for text in sentences if (window := _LAST.search(text)))
        hours = next((_hours(window[0]) for window in windows), None)
    return Look(
        subject=subject,
        concept=concept,
        codes=codes,
        statistic=_statistic(" ".join(texts)),
        hours=None if condition.kind == "older" else hours,
        asked=bool(asked),
        dated=any(_DATED.search(text) for text in asked),
    )


def _statistic(text: str) -> Statistic:
    return next((name for name, pattern in _STATISTICS if pattern.search(text)), "latest")


def _codes(text: str, concept: str | None, given: list[Definition], terms: Terminology) -> tuple[tuple[str, ...], str]:
    """The local codes given for what is looked up."""
    local = [item for item in given if item.system == "local"]
    words = f"{text} {' '.join(terms.get(concept).words)}" if concept else text
    fitting = [item for item in local if overlap(item.about, words) or item.code.lower() in text.lower().split()]
    if not fitting and len(local) == 1:
        fitting = local
    return tuple(item.code for item in fitting), fitting[0].about if fitting else ""


def _hours(text: str) -> float | None:
    """ "Within the last 24 hours", "in the past 2 days", "today's" as hours."""
    found = _WINDOW.search(text)
    if found is None:
        return None
    word = found["count"].lower() if found["count"] else "1"
    count = float(word) if word.replace(".", "").isdigit() else _COUNTS.get(word, 1)
    return count * {"h": 1, "d": 24, "w": 168, "m": 730, "y": 8766}[found["unit"][0].lower()]


__all__ = ["Masked", "parts_of", "read", "split"]
