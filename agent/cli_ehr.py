"""`osler ehr`: import, search and serve the embedded record; ask it in words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli_export import ehr_export, ehr_probe
from agent.cli_instruct import instruct
from agent.settings import Settings
from tools.errors import BadInput, UsageError

ehr = typer.Typer(no_args_is_help=True, help="The record: import, search, serve, ask.")
ehr.command("instruct")(instruct)
ehr.command("export")(ehr_export)
ehr.command("probe")(ehr_probe)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def _emit(body: Any, as_json: bool, text: Any = None) -> None:
    from agent.cli import emit  # agent.cli imports this module

    emit(body, as_json, text)


def _say(text: str) -> None:
    typer.echo(text, err=True)


@ehr.command("import")
def ehr_import(path: Path, as_json: AsJson = False) -> None:
    """Import Bundles, NDJSON or a bulk export (a file or a folder, .gz too) into the embedded store."""
    from agent.records import import_into

    body = import_into(Settings.from_environment(), path, _say, keep_going=True)
    for row in body["errors"]:
        place = row["file"] if row["line"] is None else f"{row['file']} line {row['line']}"
        _say(f"not imported: {place}: {row['message']}; expected {row['expected']}; {row['action']}")
    done = body["created"] + body["updated"] + body["unchanged"]
    if body["errors"] and not done:
        first = body["errors"][0]
        raise BadInput(first["message"], found=first["found"], expected=first["expected"], action=first["action"])
    _emit(body, as_json)


@ehr.command("serve")
def ehr_serve(
    port: Annotated[int, typer.Option(help="Port.")] = 7862,
    host: Annotated[str, typer.Option(help="Address to listen at; others than loopback need a token.")] = "127.0.0.1",
    write: Annotated[bool, typer.Option("--write", help="Take writes too; needs a token.")] = False,
    token_file: Annotated[Path | None, typer.Option(help="File with the token every request then needs.")] = None,
    store: Annotated[Path | None, typer.Option(help="Another store's file.")] = None,
) -> None:
    """Serve the embedded store as FHIR R4 REST until interrupted: on loopback and read-only unless told."""
    from agent.ehr_server import Serving, server

    serving = Serving(host, port, write, token_file, store)
    running, held = server(Settings.from_environment(), serving)
    _say(serving.greeting)
    try:
        running.run()
    finally:
        held.close()


@ehr.command("search")
def ehr_search(
    query: str,
    record: Annotated[str | None, typer.Option(help="Bundle, folder or FHIR base URL.")] = None,
    as_json: AsJson = False,
) -> None:
    """A FHIR search ("Observation?patient=p1&code=loinc|2160-0"): gives a Bundle."""
    from agent.records import search

    _emit(search(Settings.from_environment(), record, query), as_json)


@ehr.command("ask")
def ehr_ask(
    words: Annotated[list[str], typer.Argument(metavar="[PATIENT] QUESTION", help="Whose record, and what to ask.")],
    record: Annotated[str | None, typer.Option(help="Bundle, folder or FHIR base URL.")] = None,
    as_of: Annotated[str | None, typer.Option(help="The clinical clock; default now (or the demo patient's).")] = None,
    limit: Annotated[int, typer.Option(help="How many places of a search to show.")] = 8,
    context: Annotated[str, typer.Option(help='Codes, the time or the unit: "The code for magnesium is MG."')] = "",
    as_json: AsJson = False,
) -> None:
    """Ask a record in words ("mean potassium, last 24 h"): typed values, each with its evidence.

    PATIENT may be left out where the question names the patient, or is about everyone ("how many patients ...").
    """
    from agent.ask_record import as_text, ask

    if len(words) > 2:
        raise UsageError(
            "too many words",
            found=" ".join(words),
            expected='[PATIENT] "QUESTION"',
            action="put the question in quotes",
        )
    patient = words[0] if len(words) == 2 else None
    settings = Settings.from_environment()
    answer = ask(settings, patient, words[-1], record=record, as_of=as_of, limit=limit, context=context)
    _emit(answer, as_json, as_text)


@ehr.command("interactions")
def ehr_interactions(
    patient: str,
    add: Annotated[list[str] | None, typer.Option(help="A drug to be added; may be given several times.")] = None,
    record: Annotated[str | None, typer.Option(help="Bundle, folder or FHIR base URL.")] = None,
    as_of: Annotated[str | None, typer.Option(help="The clinical clock; default now (or the demo patient's).")] = None,
    as_json: AsJson = False,
) -> None:
    """Look at the current drugs of one record: pairs, duplicates, kidney dosing, daily doses, each with its source."""
    from agent.drug_safety import as_text, interactions

    _emit(interactions(Settings.from_environment(), patient, add or [], record=record, as_of=as_of), as_json, as_text)
