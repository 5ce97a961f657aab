"""`osler calc ask`: a question in plain words, the calculator it wants, its inputs, and the result. No model.

Inputs come from what is said with the question, a note, the record, and other calculators; each with its words or
reference. What is not known is asked for; a range is given where the result is bounded anyway.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from agent.calc_inputs import Gathered, Source, gather, possible
from agent.clock import parse_as_of
from agent.records import Records
from agent.settings import Settings
from agent.state import Json
from knowledge.guideline import default_corpus
from knowledge.terminology import default_terminology
from knowledge.units import unit_label
from tools.calculators import calculator as calculator_of
from tools.calculators.base import Calculator
from tools.calculators.choice import Choice, choose
from tools.calculators.evaluate import evaluate
from tools.calculators.inputs import Input
from tools.calculators.nesting import Derived, Nested, nested
from tools.calculators.result import CalcResult
from tools.context import ToolContext
from tools.ehr.dates import start_of
from tools.errors import BadInput, NotAssessable, UsageError
from tools.fill.model import Fill, Unmentioned
from tools.fill.record import Recorded, declared_parts, from_record
from tools.fill.slots import fill
from tools.fill.text import note_text


def find(settings: Settings, question: str) -> Choice:
    """The calculator for a question, with runners-up.

    Raises:
        UsageError: nothing was asked.
    """
    if not question.strip():
        raise UsageError("nothing was asked", found="", expected="a question", action='osler calc find "..."')
    return choose(question, settings.index)


def ask(settings: Settings, question: str, **options: Any) -> Json:
    """`aask`, for callers without a loop."""
    return asyncio.run(aask(settings, question, **options))


async def aask(
    settings: Settings,
    question: str,
    *,
    note: str | None = None,
    patient: str | None = None,
    record: str | None = None,
    as_of: str | None = None,
    unmentioned: Unmentioned = "unknown",
    given: Mapping[str, Any] | None = None,
    calculator: str | None = None,
) -> Json:
    """Answer a question with a calculation.

    Args:
        given: inputs said with the question, as `osler calc run` takes them; parts of nested inputs too.
        calculator: the calculator, where the question is not to choose it.

    Raises:
        UsageError: nothing was asked, no such patient or calculator.
        NotAssessable: no calculator answers the question.
        BadInput: a value that cannot be right, or a note that cannot be read.
        IdentityMismatch: the note is another patient's.
    """
    choice = _named(question, calculator) if calculator else find(settings, question)
    if choice.calculator is None:
        raise NotAssessable(
            "no calculator answers that question",
            found=question,
            expected="a question about a score or formula",
            action="`osler calc list` names them all; name one with --calculator",
        )
    declared = calculator_of(choice.calculator)
    recorded: dict[str, Recorded] = {}
    if patient is not None or record is not None:
        recorded = await _read(settings, declared, patient, record, as_of, note)
    return answer(question, choice, note=note, recorded=recorded, unmentioned=unmentioned, given=given or {})


def _named(question: str, name: str) -> Choice:
    declared = calculator_of(name)
    return Choice(question, name, declared.title, 1.0, True, None, ())


async def _read(
    settings: Settings, declared: Calculator, patient: str | None, record: str | None, as_of: str | None,
    note: str | None,
) -> dict[str, Recorded]:  # fmt: skip
    records = Records(settings)
    try:
        found = await records.resolve(record, patient)
        clock = datetime.fromisoformat(parse_as_of(as_of)) if as_of else start_of(found.as_of) or datetime.now(UTC)
        opened = await records.open({"patient": found.patient, "record": record, "as_of": clock.isoformat()})
        ctx = ToolContext(found.patient, clock, default_terminology(), default_corpus(), record=opened)
        if note:
            await records.check_note(ctx, note)
        return await from_record(declared, ctx)
    finally:
        await records.close()


def answer(
    question: str,
    choice: Choice,
    *,
    note: str | None = None,
    recorded: Mapping[str, Recorded] | None = None,
    unmentioned: Unmentioned = "unknown",
    given: Mapping[str, Any] | None = None,
) -> Json:
    """The document of an answer, for the calculator chosen."""
    assert choice.calculator is not None
    declared = calculator_of(choice.calculator)
    parts = declared_parts(declared)
    _no_strangers(declared, parts, given or {})
    # The parts of nested inputs are looked for as the calculator's own are.
    wide = dataclasses.replace(declared, inputs=tuple(parts.values()))
    read = fill(wide, note, unmentioned, question) if note is not None else None
    own = {entry.name for entry in declared.inputs}
    found = gather(parts, own, given or {}, _said(wide, question), read, recorded or {})
    made = nested(declared.name, found.available)
    result = evaluate(declared, made.inputs, derivations=made.derivations)
    inputs = {name: _input(name, found, made) for name in own_order(declared) if name in made.inputs}
    _add_sentences(inputs, note)
    missing = _missing(declared, result, made, parts, found, read)
    body = result.model_dump()
    return {
        "question": question,
        "calculator": declared.name,
        "title": declared.title,
        "score": choice.score,
        "sure": choice.sure,
        "which": choice.which,
        "runners_up": [dataclasses.asdict(row) for row in choice.runners_up],
        "inputs": inputs,
        "parts": {name: source.document() for name, source in found.taken.items() if _is_part(name, own, made)},
        "missing": missing,
        "conflicts": [row for row in found.conflicts if row["input"] in inputs or _is_part(row["input"], own, made)],
        "assumed": found.assumed,
        "result": body,
        "display": result.display,
        "refused": _refused(declared, result, missing),
    }


def own_order(declared: Calculator) -> list[str]:
    """The names of a calculator's inputs, in order."""
    return [entry.name for entry in declared.inputs]


def _add_sentences(inputs: Mapping[str, Json], note: str | None) -> None:
    """The sentence a finding stands in: "haemoptysis" alone would not show that it was denied."""
    for row in inputs.values():
        if note is not None and row["from"] == "note" and isinstance(row["value"], bool) and row["start"] is not None:
            row["sentence"] = note[slice(*note_text(note).stated(row["start"]))]


def _said(declared: Calculator, question: str) -> Fill | None:
    """What the question itself says of numbers, age and sex; a question is not a note, so no finding is read in it."""
    try:
        return fill(declared, question, "unknown", question)
    except BadInput:
        return None


def _input(name: str, found: Gathered, made: Nested) -> Json:
    derived = made.derivations.get(name)
    if derived is None:
        return found.taken[name].document()
    why = f"worked out by {derived.title}: {derived.line}"
    return Source("calculation", derived.given, why=why).document() | {
        "calculator": derived.calculator,
        "derivation": derived.document(),
    }


def _is_part(name: str, own: set[str], made: Nested) -> bool:
    return name not in own and any(name in _parts_used(derived) for derived in made.derivations.values())


def _parts_used(derived: Derived) -> set[str]:
    return {*derived.inputs, *(name for part in derived.nested.values() for name in _parts_used(part))}


def _missing(
    declared: Calculator,
    result: CalcResult,
    made: Nested,
    parts: Mapping[str, Input],
    found: Gathered,
    note: Fill | None,
) -> list[Json]:
    rows = []
    for name in result.missing:
        entry = declared.input(name)
        row: Json = {"input": name, "title": entry.title, "ask": question_for(entry)}
        partial = made.partial.get(name)
        if partial is not None:
            row["or"] = [{"input": part, "ask": question_for(parts[part])} for part in partial.missing if part in parts]
        if name in found.asides:
            row["why"] = found.asides[name]
        if note is not None and name in note.ambiguous:
            row["said"] = possible(note.ambiguous[name])
        rows.append(row)
    return rows


def question_for(entry: Input) -> str:
    """What to ask the clinician for an input."""
    if entry.ask:
        return entry.ask
    if entry.choices:
        return f"{entry.title}: {', '.join(entry.choices.values())}?"
    unit = f" ({unit_label(entry.unit)})" if entry.numeric and entry.unit != "1" else ""
    return f"{entry.title}{unit}?"


def _refused(declared: Calculator, result: CalcResult, missing: list[Json]) -> Json | None:
    if result.value is not None or result.range is not None:
        return None
    names = [row["input"] for row in missing]
    if result.applicable is False and declared.population is not None:
        why = f"it holds for {declared.population.text} only"
    elif names:
        titles = ", ".join(row["title"] for row in missing)
        why = f"not known: {titles}"
        if result.label:
            why += f"; so far it could be {result.label}"
    else:
        why = "; ".join(result.warnings) or "these inputs give no result"
    return {"missing": names, "why": why}


def _no_strangers(declared: Calculator, parts: Mapping[str, Input], given: Mapping[str, Any]) -> None:
    for name in given:
        if name not in parts:
            raise BadInput(
                f"{declared.name}: found input {name!r}; expected one of {', '.join(parts)}",
                found=name,
                expected=", ".join(parts),
                action="correct the name of the input",
            )
