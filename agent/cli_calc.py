"""`osler calc find` and `osler calc ask`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer

from agent.settings import Settings
from tools.errors import UsageError

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def calc_find(question: str, as_json: AsJson = False) -> None:
    """From a question in plain words to the calculator, with runners-up."""
    from agent.calc_ask import find
    from agent.calc_text import choice_text
    from agent.cli import emit

    body = find(Settings.from_environment(), question).document()
    emit(body, as_json, choice_text)
    if body["calculator"] is None:
        raise typer.Exit(3)


def calc_ask(
    question: str,
    note: Annotated[str | None, typer.Option(help="A text file, or - for standard input.")] = None,
    patient: Annotated[str | None, typer.Option(help="Id in the record.")] = None,
    record: Annotated[str | None, typer.Option(help="Bundle, folder or FHIR base URL.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Clinical clock, ISO 8601.")] = None,
    unmentioned: Annotated[str, typer.Option(help="A finding that the note does not name: unknown or absent.")] = (
        "unknown"
    ),
    given: Annotated[str | None, typer.Option("--with", help="Inputs as JSON, as `osler calc run` takes them.")] = None,
    calculator: Annotated[str | None, typer.Option(help="The calculator, instead of choosing it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Work out what a question asks for, from a note, a record, or both. Exit 3 where there is no result."""
    from agent.calc_ask import ask
    from agent.calc_text import answer_text
    from agent.cli import emit

    if unmentioned not in ("unknown", "absent"):
        raise UsageError(
            "--unmentioned is neither", found=unmentioned, expected="unknown or absent", action="say which"
        )
    body = ask(
        Settings.from_environment(),
        question,
        note=_text(note) if note is not None else None,
        patient=patient,
        record=record,
        as_of=as_of,
        unmentioned=cast(Literal["unknown", "absent"], unmentioned),
        given=_inputs(given) if given is not None else None,
        calculator=calculator,
    )
    emit(body, as_json, answer_text)
    if body["refused"] is not None:
        raise typer.Exit(3)


def _inputs(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError("the inputs are not JSON", found=text[:80], expected="JSON", action=str(error)) from error
    if not isinstance(found, dict):
        raise UsageError(
            "the inputs are no JSON object", found=text[:80], expected='{"age": {"value": 70, "unit": "a"}}',
            action="give an object of inputs",
        )  # fmt: skip
    return found


def _text(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    from agent.cli_note import _text as read

    return read(Path(file))
