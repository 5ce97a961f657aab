"""Which words of a note fill which input of a calculator, as data.

`slots/_defaults.yaml` has a rule for input names that many calculators share; `slots/<calculator>.yaml` overrides
it input by input:

    inputs:
      creatinine: {measure: creatinine, choose: worst_high}
      hypertension: {any_of: [hypertension]}

Numbers, dates, ages and sexes are read here (`measure`, `date`, `drug_dose`); booleans and codes by
`findings.find(declared, rule, context)`, whose rules stand in the same files.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tools.calculators import calculator as calculator_of
from tools.calculators.base import Calculator
from tools.calculators.inputs import Input
from tools.fill.context import Context
from tools.fill.model import Ambiguous, Fill, Filled, NoteText, Unmentioned
from tools.fill.panel import same_sample
from tools.fill.text import note_text
from tools.fill.vocabulary import Vocabulary, extended, vocabulary

SLOTS = Path(__file__).with_name("slots")
Rule = Mapping[str, Any]


@functools.cache
def _read(name: str) -> dict[str, Rule]:
    path = SLOTS / f"{name}.yaml"
    if not path.exists():
        return {}
    body: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    inputs: dict[str, Rule] = body.get("inputs", {})
    return inputs


def rule_for(calculator: str, declared: Input) -> Rule:
    """The rule of one input: the calculator's own, else the one its name has everywhere, else by its measure."""
    own = _read(calculator).get(declared.name)
    if own is not None:
        return own
    shared = _read("_defaults").get(declared.name)
    if shared is not None:
        return shared
    return _by_declaration(declared)


def _by_declaration(declared: Input) -> Rule:
    if declared.kind == "date":
        return {"date": declared.name}
    if declared.numeric:
        known = vocabulary().measures
        name = next((name for name in declared.measured_as if name in known), None)
        return {"measure": name or declared.name}
    return {}


def words_for(calculator: Calculator) -> Vocabulary | None:
    """The measures of a calculator where some are not in `measures.yaml`: those are found by the title of the input."""
    known = vocabulary().measures
    strangers = []
    for entry in calculator.inputs:
        measure = rule_for(calculator.name, entry).get("measure")
        if entry.numeric and measure == entry.name and measure not in known:
            low, high = entry.possible or entry.plausible or (0.0, 1e6)
            strangers.append((entry.name, entry.title, entry.unit, float(low), float(high)))
    return extended(tuple(strangers)) if strangers else None


def fill(
    calculator: str | Calculator, note: str | NoteText, unmentioned: Unmentioned = "unknown", question: str = ""
) -> Fill:
    """What a note gives for the inputs of a calculator.

    Args:
        unmentioned: "absent" takes a yes-or-no finding that the note does not name as no; never a number.
        question: what was asked; fills choices of method ("equivalent dose of hydrocortisone").

    Raises:
        BadInput: the note is empty, too long or not in English.
    """
    declared = calculator_of(calculator) if isinstance(calculator, str) else calculator
    ready = note_text(note) if isinstance(note, str) else note
    context = Context(ready, declared, unmentioned, question)
    filled: dict[str, Filled] = {}
    ambiguous: dict[str, Ambiguous] = {}
    assumed: dict[str, str] = {}
    for entry in declared.inputs:
        found = _fill(entry, rule_for(declared.name, entry), context)
        if isinstance(found, Filled):
            filled[entry.name] = found
            if found.mention is None:
                assumed[entry.name] = found.why
        elif isinstance(found, Ambiguous):
            ambiguous[entry.name] = found
    filled = same_sample(
        declared, filled, {entry.name: rule_for(declared.name, entry) for entry in declared.inputs}, context
    )
    missing = tuple(entry.name for entry in declared.inputs if entry.name not in filled and entry.default is None)
    inputs = {name: found.value for name, found in filled.items()}
    return Fill(declared.name, inputs, filled, missing, ambiguous, assumed)


def _fill(declared: Input, rule: Rule, context: Context) -> Filled | Ambiguous | None:
    from tools.fill import quantities

    if quantities.handles(declared, rule):
        return quantities.find(declared, rule, context)
    if declared.kind not in ("boolean", "code"):
        return None
    from tools.fill import findings

    return findings.find(declared, rule, context)
