"""Numbers, dates, ages and sexes for inputs, by the rule of their slot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tools.calculators.inputs import Input
from tools.errors import ToolError
from tools.fill.choose import pick
from tools.fill.context import Context
from tools.fill.model import Ambiguous, Filled
from tools.fill.situation import asked_time

_KEYS = ("measure", "age", "sex", "date", "drug_dose", "chosen", "patient_count")


def handles(declared: Input, rule: Mapping[str, Any]) -> bool:
    """Whether this module reads the input."""
    return (
        (declared.name in ("age", "sex") and not rule)
        or any(key in rule for key in _KEYS)
        or (declared.numeric and not rule)
    )


def find(declared: Input, rule: Mapping[str, Any], context: Context) -> Filled | Ambiguous | None:
    """The value of an input, where the note gives one that the calculator can take."""
    found = _find(declared, rule, context)
    if isinstance(found, Filled):
        found = replace(found, input=declared.name)
        try:
            from tools.calculators.inputs import read

            read(declared, found.value)
        except ToolError as error:
            mentions = (found.mention,) if found.mention else ()
            return Ambiguous(declared.name, mentions, str(error))
    return found if not isinstance(found, Ambiguous) else replace(found, input=declared.name)


def _find(declared: Input, rule: Mapping[str, Any], context: Context) -> Filled | Ambiguous | None:
    if "age" in rule or (declared.name == "age" and not rule):
        return pick("age", context.ages, declared.unit, "first", "age", declared.name)
    if "sex" in rule or (declared.name == "sex" and not rule):
        return context.sex()
    if "date" in rule:
        from tools.fill.dates import find_date

        return find_date(rule, context.note, declared.name, context.question)
    if "drug_dose" in rule or "chosen" in rule:
        from tools.fill import doses

        return doses.find(declared, rule, context)
    measure = rule.get("measure")
    if not measure:
        return None
    choose = str(rule.get("choose", "admission"))
    if choose in ("admission", "latest"):
        choose = asked_time(context.question) or choose
    return pick(
        measure,
        context.measures,
        declared.unit,
        choose,
        declared.analyte,
        declared.name,
        (*rule.get("or", ()), *(rule.get("newborn_or", ()) if _newborn(context) else ())),
        _years(context),
    )


def _years(context: Context) -> float | None:
    found = context.age()
    value = found.value.get("value") if isinstance(found, Filled) else None
    return float(value) if value is not None else None


def _newborn(context: Context) -> bool:
    """Whether the patient is at most 28 days old: by the first age, or by the first words of a note without one."""
    own = [mention for mention in context.ages if mention.whose == "patient" and mention.when != "earlier"]
    for mention in own[:1]:
        if isinstance(mention.value, float):
            return (mention.unit == "d" and mention.value <= 28) or (mention.unit == "wk" and mention.value <= 4)
        return False
    return bool(re.search(r"newborn|neonat|was born|was delivered|infant", context.note.text[:400], re.IGNORECASE))
