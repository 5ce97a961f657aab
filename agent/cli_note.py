"""`osler note`: checking a note against a patient's record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from agent.settings import Settings
from tools.errors import UsageError

note = typer.Typer(no_args_is_help=True, help="Notes: check one against the record.")
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@note.callback()
def _notes() -> None:
    """Notes: check one against the record."""


@note.command("check")
def check(
    file: Annotated[str, typer.Argument(help="A text file, or - for standard input.")],
    patient: Annotated[str | None, typer.Option(help="Id in the record.")] = None,
    record: Annotated[str | None, typer.Option(help="Bundle, folder or FHIR base URL.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Clinical clock, ISO 8601.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a note: each statement supported, contradicted or not in the record; and where it contradicts itself."""
    from agent.api import ClinicalAssistant
    from agent.cli import emit
    from agent.note_check import as_text

    text = sys.stdin.read() if file == "-" else _text(Path(file))
    with ClinicalAssistant(Settings.from_environment()) as osler:
        emit(osler.check_note(patient, text, as_of=as_of, record=record), as_json, as_text)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot read the note {path.name}", found=error.strerror, expected="a text file", action="check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path.name} is not text", found="other bytes", expected="UTF-8 text", action="save it as text"
        ) from error
