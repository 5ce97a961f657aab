"""`osler ehr instruct` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tools.errors import UsageError


def instruct(
    patient: str,
    text: str,
    context: Annotated[str | None, typer.Option(help="What goes with it: codes, dosing rules.")] = None,
    context_file: Annotated[Path | None, typer.Option(help="The same, from a text file.")] = None,
    record: Annotated[str | None, typer.Option(help="A store's file or FHIR base URL.")] = None,
    as_of: Annotated[str | None, typer.Option(help="The clinical clock; default now (or the demo patient's).")] = None,
    by: Annotated[str, typer.Option(help="Who instructs.")] = "clinician",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Turn an instruction ("if potassium is below 3.5 order ...") into drafts; `osler approve` writes one."""
    from agent.api import ClinicalAssistant
    from agent.cli import emit
    from agent.instruct_document import as_text

    given = context or ""
    if context_file is not None:
        try:
            given += context_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                "cannot read the context",
                found=str(context_file),
                expected="a UTF-8 text file",
                action="check the path",
            ) from error
    with ClinicalAssistant() as osler:
        emit(osler.instruct(patient, text, context=given, record=record, as_of=as_of, by=by), as_json, as_text)
