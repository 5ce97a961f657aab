"""A coded input told from a note: by a code that the note writes, by a graded number, or by what holds first."""

from __future__ import annotations

from tools.calculators.inputs import Input
from tools.fill.context import Context
from tools.fill.findings import Verdict, judge, measured
from tools.fill.findings_read import reader
from tools.fill.findings_rules import Rule
from tools.fill.model import Ambiguous, Filled, Mention


def find_code(declared: Input, rule: Rule, context: Context) -> Filled | Ambiguous | None:
    """The code that the note gives for an input; None where it gives none."""
    found = _written(declared, rule, context) or _graded(declared, rule, context) or _held(declared, rule, context)
    if found is not None or context.unmentioned != "absent" or rule.absent is None:
        return found
    return Filled(declared.name, rule.absent, None, why="the note does not name it; taken as absent, as asked for")


def _written(declared: Input, rule: Rule, context: Context) -> Filled | Ambiguous | None:
    """A code that stands in the note as such ("E4V4M6", "NYHA class III")."""
    read, mapped = reader(context.note), dict(rule.map)
    seen: list[tuple[str, Mention]] = []
    for pattern in rule.read:
        for match in pattern.finditer(context.note.flat):
            code = match["code"].casefold()
            code = mapped.get(code, code)
            spot = read.at("code", *match.span())
            if code in declared.choices and spot is not None and spot.assertion in ("present", "historical"):
                seen.append((code, read.mention(spot)))
        if seen:
            break
    if not seen:
        return None
    others = tuple(mention for _, mention in seen[1:])
    why = "The note writes it so" + (", first" if len({code for code, _ in seen}) > 1 else "")
    return Filled(declared.name, seen[0][0], seen[0][1], others, why)


def _graded(declared: Input, rule: Rule, context: Context) -> Filled | None:
    if rule.graded is None:
        return None
    limit, steps, below = rule.graded
    number, value = measured(limit, context)
    if number is None or value is None or value.mention is None:
        return None
    code = next((code for floor, code in reversed(steps) if number >= floor), below)
    return Filled(declared.name, code, value.mention, value.others, f"By the value in the note ({number:g})")


def _held(declared: Input, rule: Rule, context: Context) -> Filled | Ambiguous | None:
    """The first code that holds; the one for "no" where all the others are denied."""
    if rule.one and len(told := _told(rule, context)) > 1:
        return Ambiguous(declared.name, tuple(told.values()), "The note tells it in more than one way")
    unsettled: list[Mention] = []
    denied: list[Verdict] = []
    for code, part in rule.codes:
        verdict = judge(part, context)
        if verdict.says:
            chosen, *rest = verdict.of(True)
            others = tuple(vote.mention for vote in [*rest, *verdict.of(False), *verdict.of(None)])
            return Filled(declared.name, code, chosen.mention, others, chosen.why[:1].upper() + chosen.why[1:])
        unsettled += [vote.mention for vote in verdict.of(None)]
        if verdict.says is False:
            denied.append(verdict)
    answers = rule.denied or rule.names or rule.history or rule.ways
    overall = judge(rule, context) if answers else Verdict(None)
    if rule.absent is not None and not unsettled:
        refusals = overall.of(False) if overall.says is False else []
        if not refusals and denied and len(denied) == len(rule.codes):
            refusals = denied[-1].of(False)
        if refusals:
            return Filled(declared.name, rule.absent, refusals[0].mention, why="The note denies it")
    if unsettled:
        return Ambiguous(declared.name, tuple(unsettled), "The note names it but does not settle it")
    return None


def _told(rule: Rule, context: Context) -> dict[str, Mention]:
    """Every code that the note tells, with one mention of each; words that say two codes count for the first."""
    told: dict[str, Mention] = {}
    for code, part in rule.codes:
        for vote in judge(part, context).of(True):
            at = vote.mention
            if not any(at.start < other.end and other.start < at.end for other in told.values()):
                told.setdefault(code, at)
    return told
