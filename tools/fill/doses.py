"""Doses of drugs with how often a day, and choices of method that the question names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from knowledge.quantity import UnitError
from knowledge.units import number, unit_label
from tools.calculators.inputs import Input
from tools.fill.choose import to_unit
from tools.fill.context import Context
from tools.fill.model import Ambiguous, Filled, Mention
from tools.fill.patterns import pattern, patterns

_AMOUNT = pattern("amount").pattern
_SPELT = {"once": 1, "one": 1, "twice": 2, "two": 2, "thrice": 3, "three": 3, "four": 4, "five": 5, "six": 6}
# Times a day; None: the words say how many, 0: not a regular daily dose, which is asked about.
_OFTEN: tuple[tuple[re.Pattern[str], float | None], ...] = (
    (pattern("times_a_day"), None),
    (pattern("every_hours"), None),
    (pattern("times_a_week"), 0.0),
    (pattern("twice_a_day"), 2.0),
    (pattern("thrice_a_day"), 3.0),
    (pattern("four_times_a_day"), 4.0),
    (pattern("every_other_day"), 0.5),
    (pattern("once_a_week"), 1 / 7),
    (pattern("once_a_day"), 1.0),
)
_AS_NEEDED = pattern("as_needed")
_STOPPED = pattern("not_taken")
_UNITS = {"mg": "mg", "milligram": "mg", "milligrams": "mg", "g": "g"}


def _forms(names: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    drug = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return patterns("doses", (("AMOUNT", _AMOUNT), ("DRUG", drug)))


def find(declared: Input, rule: Mapping[str, Any], context: Context) -> Filled | Ambiguous | None:
    """The daily (or single) dose of a drug, or the choice that the question names."""
    if "chosen" in rule:
        return _chosen(declared, rule, context)
    return _dose(declared, rule, context)


def _dose(declared: Input, rule: Mapping[str, Any], context: Context) -> Filled | Ambiguous | None:
    names = tuple(rule["drug_dose"])
    per_day = rule.get("per", "day") == "day"
    found: list[tuple[Mention, float]] = []
    doubts: list[tuple[Mention, str]] = []
    for match in _matches(names, context):
        mention, times, doubt = _reading(match, rule, context, per_day)
        if doubt:
            doubts.append((mention, doubt))
            continue
        amount = float(match["amount"].replace(",", ".")) * times
        given = str(mention.unit)
        if given.endswith("/h") != declared.unit.endswith("/h"):
            doubts.append((mention, f"{mention.quote!r} is not a dose in {unit_label(declared.unit)}"))
            continue
        if given == declared.unit:
            found.append((mention, amount))
            continue
        try:
            found.append((mention, to_unit(amount, given, declared.unit)))
        except UnitError:
            doubts.append((mention, f"{mention.quote!r} is not a dose in {unit_label(declared.unit)}"))
    if doubts and not found:
        return Ambiguous(declared.name, tuple(mention for mention, _ in doubts), doubts[0][1])
    if not found:
        if context.unmentioned == "absent" and rule.get("unmentioned_zero"):
            value = {"value": 0, "unit": declared.unit}
            return Filled(
                declared.name, value, None, (), "the note does not name the drug; taken as none, as asked for"
            )
        return None
    mentions = tuple(mention for mention, _ in found)
    total = sum(amount for _, amount in found) if rule.get("add") else found[0][1]
    if len({number(amount) for _, amount in found}) > 1 and not rule.get("add"):
        return Ambiguous(
            declared.name, mentions, "the note gives several doses: " + "; ".join(m.quote for m in mentions)
        )
    why = f"{found[0][0].quote!r}"
    converted = f"{number(total)} {unit_label(declared.unit)} in all" if per_day else ""
    return Filled(declared.name, {"value": total, "unit": declared.unit}, mentions[0], mentions[1:], why, converted)


def _matches(names: tuple[str, ...], context: Context) -> list[re.Match[str]]:
    text = context.note.flat
    found: list[re.Match[str]] = []
    for form in _forms(names):
        for match in form.finditer(text):
            if context.note.blocked(match.start()):
                continue
            if not any(match.start("amount") == other.start("amount") for other in found):
                found.append(match)
    return sorted(found, key=lambda match: match.start())


def _reading(
    match: re.Match[str], rule: Mapping[str, Any], context: Context, per_day: bool
) -> tuple[Mention, float, str]:
    """The mention of one dose, how many times a day, and what is doubtful about it."""
    note, text = context.note, context.note.flat
    written = match["unit"].casefold()
    unit = _UNITS.get(written, "ug") + ("/h" if match["hourly"] else "")
    bounds = note.sentence(match.start())
    stop = min(bounds[1], match.end() + 60)
    following = re.search(r"\d+(?:[.,]\d+)?\s?(?:mg|mcg|ug|µg)\b", text[match.end() : stop])
    tail = text[match.end() : match.end() + following.start() if following else stop]
    times, end, doubt = 1.0, match.end(), ""
    if per_day and not match["hourly"]:
        times, end = _times(tail, match.end())
        if times == 0:
            doubt, times, end = f"{match.group()!r}: how often a day is not said", 1.0, match.end()
        unit += "/d"
    if _AS_NEEDED.search(tail):
        doubt = f"{match.group()!r} is taken as needed: how much a day is not said"
    if _STOPPED.search(text[max(bounds[0], match.start() - 50) : match.start()]):
        doubt = f"{match.group()!r} reads as not taken now"
    mention = Mention(
        str(rule["drug_dose"][0]),
        float(match["amount"].replace(",", ".")),
        unit,
        None,
        match.start(),
        end,
        note.text[match.start() : end],
        section=note.section(match.start()),
    )
    return mention, times, doubt


def _times(tail: str, at: int) -> tuple[float, int]:
    best: tuple[int, int, float] | None = None
    for form, fixed in _OFTEN:
        found = form.search(tail)
        if found is None:
            continue
        times = fixed if fixed is not None else _counted(found)
        place = (found.start(), -found.end(), times)
        if best is None or place[:2] < best[:2]:
            best = place
    return (best[2], at - best[1]) if best else (0.0, at)


def _counted(found: re.Match[str]) -> float:
    parts = found.groupdict()
    hours = parts.get("h") or parts.get("h3")
    if hours:
        return 0.0 if parts.get("h2") else 24 / float(hours)
    word = (parts.get("n") or parts.get("n2") or "1").casefold()
    return float(_SPELT[word]) if word in _SPELT else float(word)


def _chosen(declared: Input, rule: Mapping[str, Any], context: Context) -> Filled | None:
    """One of the choices, named in the question ("to X") or, with `chosen: note`, as the drug whose dose is given."""
    names: Mapping[str, Any] = rule.get("words") or {code: [code] for code in declared.choices}
    source = context.note.flat if rule["chosen"] == "note" else context.question
    hits = []
    for code, words in names.items():
        for word in words:
            for match in re.finditer(rf"\b{re.escape(word)}\b", source, re.IGNORECASE):
                hits.append((match.start(), match.end(), str(code)))
    if not hits:
        return None
    if rule["chosen"] == "note":
        dosed = [hit for hit in hits if re.search(r"\d\s?mg", source[max(0, hit[0] - 25) : hit[1] + 25])] or hits
        if len({code for *_, code in dosed}) != 1:
            return None
        start, end, code = dosed[0]
        mention = Mention(declared.name, code, None, None, start, end, context.note.text[start:end])
        return Filled(declared.name, code, mention, (), f"the dose in the note is of {mention.quote}")
    hits.sort()
    start, end, code = hits[-1]
    return Filled(declared.name, code, None, (), f"the question asks for {source[start:end]}")
