"""A yes-or-no or coded input told from a note, with the words that say so.

What is only possible, or not dated where the date decides, fills nothing: it is shown and asked, also where the caller
says that unnamed means absent, for it is named. A relative's finding never counts, unless the input asks for it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.calculators.base import Calculator
from tools.calculators.inputs import Input
from tools.fill.context import Context
from tools.fill.findings_derived import derived
from tools.fill.findings_lists import answered_no, closing
from tools.fill.findings_read import Reader, Seen, reader
from tools.fill.findings_rules import Limit, Rule, Way, rule_of, shared_rules
from tools.fill.findings_time import ago, lasting
from tools.fill.model import Ambiguous, Filled, Mention

_DENIAL = re.compile(r"(?:no|not|non|nor|never|without|denie[sd]|negative)\b", re.IGNORECASE)
_NO_FAMILY = re.compile(r"\b(?:no|nor|without|denie[sd]|negative)\b[^.;:]*\bfamily\b[^.;]*$", re.IGNORECASE)
_KIN = re.compile(
    r"\b(?:famil(?:y|ial)|(?-i:FH)|relatives?|parents?|siblings?|mother|father|brother|sister|son|daughter)\b", re.I
)
_SILENT = "the note does not name it; taken as absent, as asked for"


@dataclass(frozen=True)
class Vote:
    """What one mention says of a rule: yes, no, or not settled (None), and why."""

    says: bool | None
    mention: Mention
    why: str


@dataclass(frozen=True)
class Verdict:
    """What a note says of a rule. `says` None: nothing, or nothing that settles it (`votes` then has what was seen)."""

    says: bool | None
    votes: tuple[Vote, ...] = ()

    def of(self, says: bool | None) -> list[Vote]:
        """The votes of one kind."""
        return [vote for vote in self.votes if vote.says is says]


def find(declared: Input, raw: Mapping[str, Any], context: Context) -> Filled | Ambiguous | None:
    """What the note gives for a yes-or-no or coded input.

    Args:
        raw: its rule; an empty one is looked up by the input's name among the shared rules.
    """
    rule = _rule(declared.name, raw) or derived(declared, context.calculator)
    if rule is None:
        return _closed(declared, None, context) or _unless_named(declared, None, context)
    if declared.kind == "code":
        from tools.fill.findings_codes import find_code

        return find_code(declared, rule, context) or _closed(declared, rule, context)
    verdict = judge(rule, context)
    if verdict.says is not None:
        return _filled(declared.name, verdict.says, verdict)
    unsettled = tuple(vote.mention for vote in verdict.of(None))
    if unsettled:
        return Ambiguous(declared.name, unsettled, _first(verdict.of(None)[0].why))
    return _closed(declared, rule, context) or _unless_named(declared, rule, context)


def _closed(declared: Input, rule: Rule | None, context: Context) -> Filled | None:
    """No, where the note says that all items which it does not name are answered so."""
    span = closing(context.note.flat) if context.calculator and _is_score(context.calculator) else None
    seen = reader(context.note).at("all other items", *span) if span else None
    no = False if declared.kind == "boolean" else rule.absent if rule else None
    if seen is None or no is None or (rule is not None and _touched(rule, reader(context.note))):
        return None
    return Filled(declared.name, no, reader(context.note).mention(seen), (), "The note says so of all other items")


def _touched(rule: Rule, read: Reader) -> bool:
    """Whether the note speaks of it at all, so that "all others" does not mean it."""
    told = ("present", "historical", "possible")
    parts = (*rule.ways, *(way for _, code in rule.codes for way in code.ways))
    return any(
        seen.assertion in told
        for way in parts
        for seen in (
            *read.concepts(way.any_of),
            *read.concepts(way.exactly, whole=False),
            *(found for pattern in way.words for found in read.words(pattern, "finding")),
        )
    )


def _is_score(calculator: Calculator) -> bool:
    return sum(entry.kind == "boolean" for entry in calculator.inputs) >= 3


def _unless_named(declared: Input, rule: Rule | None, context: Context) -> Filled | None:
    return Filled(declared.name, False, None, why=_SILENT) if _unnamed(declared, rule, context) else None


def _unnamed(declared: Input, rule: Rule | None, context: Context) -> bool:
    return context.unmentioned == "absent" and declared.kind == "boolean" and not (rule and rule.judged)


def _rule(name: str, raw: Mapping[str, Any]) -> Rule | None:
    if not raw:
        return _shared(name) if name in shared_rules() else None
    return _parsed(raw, name)


@functools.cache
def _shared(name: str) -> Rule:
    return rule_of(shared_rules()[name], f"findings.yaml: {name}")


_PARSED: dict[tuple[int, str], tuple[Mapping[str, Any], Rule]] = {}


def _parsed(raw: Mapping[str, Any], name: str) -> Rule:
    key = (id(raw), name)
    if key not in _PARSED:
        _PARSED[key] = (raw, rule_of(raw, f"slots: {name}"))
    return _PARSED[key][1]


def judge(rule: Rule, context: Context) -> Verdict:
    """What a note says of a rule."""
    read = reader(context.note)
    votes: list[Vote] = []
    denials: list[bool] = []
    for way in rule.ways:
        cast = list(_votes(way, read, context))
        for vote in cast:
            if not any(_same(vote, other) for other in votes):
                votes.append(vote)
        if not way.part:
            denials.append(any(vote.says is False for vote in cast))
    for pattern in rule.denied:
        for seen in read.words(pattern, "denial", whole=True):
            own = seen.assertion == "absent" and _DENIAL.match(context.note.flat, seen.start)
            if own or seen.assertion in ("present", "historical"):
                votes.append(Vote(False, read.mention(seen), "the note says so"))
                denials = [True]
    for pattern in rule.names:
        for seen in read.words(pattern, "denial"):
            if seen.assertion == "absent" and not (seen.now_only or seen.past_only):
                votes.append(Vote(False, read.mention(seen), "the note denies it"))
                denials = [True]
    if any(vote.says for vote in votes):
        return Verdict(True, tuple(votes))
    if any(vote.says is None for vote in votes):
        return Verdict(None, tuple(votes))
    measures = all(way.measure for way in rule.ways if not way.part) and any(vote.says is False for vote in votes)
    if denials and (all(denials) or measures):
        return Verdict(False, tuple(votes))
    if rule.history and read.no_history is not None:
        vote = Vote(False, read.mention(read.no_history), "the note denies any illness before")
        return Verdict(False, (vote, *votes))
    return Verdict(None, tuple(vote for vote in votes if vote.says is None))


def _same(one: Vote, other: Vote) -> bool:
    """Whether two ways saw the same words alike."""
    ours, theirs = one.mention, other.mention
    return one.says is other.says and ours.start < theirs.end and theirs.start < ours.end


def _votes(way: Way, read: Reader, context: Context) -> Iterator[Vote]:
    seen = read.concepts(way.any_of) + read.concepts(way.exactly, whole=False)
    for pattern in way.words:
        seen += read.words(pattern, "finding")
    for mention in sorted(seen, key=lambda item: item.start):
        vote = _vote(way, mention, read)
        if vote is not None:
            yield vote
    for mention in sorted(read.concepts(way.drugs), key=lambda item: item.start):
        vote = _drug(way, mention, read)
        if vote is not None:
            yield vote
    if way.measure is not None:
        yield from _measured(way, context)


def _vote(way: Way, seen: Seen, read: Reader) -> Vote | None:
    if not _around(way, seen, read):
        return None
    mention = read.mention(seen)
    if way.family:
        flat = read.note.flat
        kin = seen.section == "family history" or _KIN.search(flat, *seen.sentence)
        if seen.assertion == "absent" and not kin:
            return None
        no = seen.assertion == "absent" or _NO_FAMILY.search(flat, seen.sentence[0], seen.start)
        if no or (seen.assertion == "family" and answered_no(flat, seen.end)):
            return Vote(False, mention, "the note denies it")
        return Vote(True, mention, "a relative's, as asked for") if seen.assertion == "family" else None
    if seen.assertion in ("family", "hypothetical"):
        return None
    if seen.assertion == "absent":
        beside = seen.past_only if way.counts == "now" else seen.now_only
        return None if beside else Vote(False, mention, "the note denies it")
    if way.asks and seen.assertion in ("present", "historical", "possible"):
        return Vote(None, mention, "the note suggests it without saying so")
    if seen.assertion == "possible" and not way.possible:
        return None if way.counts == "before" else Vote(None, mention, "the note only calls it possible")
    return _timed(way, seen, mention, read)


def _around(way: Way, seen: Seen, read: Reader) -> bool:
    """Whether what the way asks of the words around a mention is met."""
    sentence = read.note.flat[slice(*seen.sentence)]
    if (way.needs and not way.needs.search(sentence)) or (way.unless and way.unless.search(sentence)):
        return False
    if way.skip and way.skip.search(read.note.flat[max(seen.start - 30, seen.sentence[0]) : seen.end + 30]):
        return False
    told = ("present", "historical")
    return not way.beside or any(other.assertion in told for other in read.concepts(way.beside))


def _timed(way: Way, seen: Seen, mention: Mention, read: Reader) -> Vote | None:
    at, historical = (seen.start, seen.end), seen.assertion == "historical"
    since = ago(read.note.flat, seen.sentence, at)
    if way.counts == "before" and not historical and since is None:
        return None
    if way.counts == "now" and historical and way.within_days is None:
        return Vote(None, mention, "the note tells it as past")
    if way.within_days is not None:
        if since is None:
            return _undated(way, mention, "the note does not say when it was")
        inside = since.high <= way.within_days
        return Vote(True, mention, f"within {way.within_days:g} days, by the note") if inside else None
    if way.lasting_days is not None:
        length = lasting(read.note.flat, seen.sentence, at)
        if length is None:
            return _undated(way, mention, "the note does not say for how long")
        return Vote(True, mention, "long enough, by the note") if length.high >= way.lasting_days else None
    return Vote(True, mention, "the note tells it of the past" if historical else "the note says so")


def _undated(way: Way, mention: Mention, why: str) -> Vote | None:
    if way.undated is False:
        return None
    return Vote(True if way.undated else None, mention, why)


def _drug(way: Way, seen: Seen, read: Reader) -> Vote | None:
    from tools.fill.findings_drugs import taken

    says = taken(seen, read.note) if _around(way, seen, read) else None
    if seen.assertion in ("family", "hypothetical") or says is None:
        return None
    mention = read.mention(seen)
    if seen.assertion == "possible":
        return Vote(None, mention, "the note only calls it possible")
    if seen.assertion == "absent":
        return Vote(False, mention, "the note denies it")
    if way.asks:
        return Vote(None, mention, "the note names a drug without saying what for")
    return Vote(True, mention, "the note names it as taken") if says else None


def _measured(way: Way, context: Context) -> Iterator[Vote]:
    limit = way.measure
    assert limit is not None
    number, value = measured(limit, context)
    if value is not None and number is not None and value.mention is not None:
        yield Vote(limit.holds(number), value.mention, f"by the value in the note ({number:g})")


def measured(limit: Limit, context: Context) -> tuple[float | None, Filled | None]:
    """The number that the note gives for a measure, in the limit's unit; None where it gives none or a range."""
    value = context.measured(limit.of, limit.unit, limit.choose)
    if not isinstance(value, Filled):
        return None, None
    number = value.value.get("value") if isinstance(value.value, Mapping) else value.value
    return (float(number), value) if isinstance(number, int | float) else (None, value)


def _filled(name: str, says: bool, verdict: Verdict) -> Filled:
    chosen, *same = verdict.of(says)
    others = [vote.mention for vote in [*same, *verdict.of(not says), *verdict.of(None)]]
    against = verdict.of(not says)
    why = _first(chosen.why)
    if says and against:
        why += "; it also denies it elsewhere"
    return Filled(name, says, chosen.mention, tuple(others), why)


def _first(why: str) -> str:
    return why[:1].upper() + why[1:]
