"""The command line. One JSON document on stdout with `--json`; progress and logs on stderr; typed exit codes.

Light by design: nothing here imports langgraph, gradio or the encoder until a command needs it.
"""

from __future__ import annotations

import importlib.metadata
import json
import logging
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from agent.cli_calc import calc_ask, calc_find
from agent.cli_convert import convert
from agent.cli_ehr import ehr
from agent.cli_find import find
from agent.cli_image import image as image_commands
from agent.cli_image import measure, segment
from agent.cli_note import note as note_commands
from agent.cli_serve import serve as serve_commands
from agent.cli_writes import draft
from agent.settings import LOG_LEVELS, Settings
from tools.errors import OslerError, UsageError

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Osler: an evidence-grounded clinical assistant. Not a medical device.",
)
calc = typer.Typer(no_args_is_help=True, help="Clinical calculators.")
knowledge = typer.Typer(no_args_is_help=True, help="Guidelines, protocols, terminology, the index.")
calc.command("find")(calc_find)
calc.command("ask")(calc_ask)
cli.add_typer(calc, name="calc")
cli.add_typer(ehr, name="ehr")
cli.add_typer(knowledge, name="knowledge")
cli.add_typer(image_commands, name="image")
cli.add_typer(note_commands, name="note")
cli.add_typer(serve_commands, name="serve")
cli.command("convert")(convert)
cli.command("segment")(segment)
cli.command("measure")(measure)
cli.command("draft")(draft)
ehr.command("find")(find)

# Typer may carry its own copy of click: the class is taken from what it exports.
_CommandLineError: Any = typer.BadParameter.__mro__[1]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def emit(body: Any, as_json: bool, text: Callable[[Any], str] | None = None) -> None:
    """Print a result: JSON, or text for people."""
    if as_json or text is None:
        print(json.dumps(body, ensure_ascii=False, indent=2, sort_keys=False, default=str))
    else:
        print(text(body))


def parse_json(text: str, what: str) -> Any:
    """JSON from the command line.

    Raises:
        UsageError: it is not JSON.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"{what} is not JSON", found=text[:80], expected="JSON", action=str(error)) from error


@cli.command()
def ask(
    question: str,
    patient: Annotated[str | None, typer.Option(help="Id in the record.")] = None,
    record: Annotated[str | None, typer.Option(help="Bundle, folder or FHIR base URL.")] = None,
    image: Annotated[list[str] | None, typer.Option(help="Files, folders, ZIP; archive:SERIES_UID.")] = None,
    note: Annotated[list[Path] | None, typer.Option(help="Text files that came with the question.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Clinical clock, ISO 8601.")] = None,
    model: Annotated[str | None, typer.Option(help="Model name, server URL, or none.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask about a patient."""
    from agent.api import ClinicalAssistant

    with ClinicalAssistant(with_model(Settings.from_environment(), model)) as osler:
        consult = osler.consult(
            question,
            patient,
            as_of=as_of,
            record=record,
            notes=note or [],
            images=image or [],
            model="none" if model == "none" else None,
        )
        for event in consult.stream():
            if event.kind == "step":
                row = event.data["record"]
                print(f"{row['tool']:28} {row['status']:8} {row['seconds']:.3f} s  {row['slot']}", file=sys.stderr)
        emit(consult.document(), as_json, lambda _: consult.report(format="markdown"))


def with_model(settings: Settings, model: str | None) -> Settings:
    """Settings with the model of the command line: a name, a server's URL, or none."""
    if model is None:
        return settings
    if model == "none":
        return settings.model_copy(update={"model": None, "model_url": None})
    if model.startswith(("http://", "https://")):
        return settings.model_copy(update={"model_url": model})
    return settings.model_copy(update={"model": model})


@cli.command()
def correct(
    consultation: str,
    evidence: Annotated[str, typer.Option(help="Id or slot of the evidence.")],
    value: Annotated[str, typer.Option(help="JSON: {value, unit}, true, false, a code, text or null.")],
    by: Annotated[str, typer.Option(help="Who corrects.")],
    reason: Annotated[str | None, typer.Option(help="Why; needed to override a derived value.")] = None,
    as_json: AsJson = False,
) -> None:
    """Correct one piece of evidence; only what depends on it is worked out again."""
    from agent.api import ClinicalAssistant

    given = parse_json(value, "the value")
    with ClinicalAssistant() as osler:
        emit(osler.open(consultation).correct(evidence, given, by, reason), as_json, _change_text)


@cli.command("what-if")
def what_if(
    consultation: str,
    evidence: Annotated[str, typer.Option(help="Id or slot of the evidence.")],
    value: Annotated[str, typer.Option(help="JSON: {value, unit}, true, false, a code, text or null.")],
    as_json: AsJson = False,
) -> None:
    """What would change if one value were another: a copy is corrected, the consultation stays as it is."""
    from agent.api import ClinicalAssistant

    given = parse_json(value, "the value")
    with ClinicalAssistant() as osler:
        copy, found = osler.open(consultation).what_if(evidence, given)
        emit({"consultation": copy.id, "branch_of": consultation, **found}, as_json, _change_text)


def _change_text(body: dict[str, Any]) -> str:
    lines = [f"{key}: {len(body[key])}" for key in ("rerun", "kept", "added", "dropped")]
    lines += [f"  {row['path']}\n    before: {row['before']}\n    after:  {row['after']}" for row in body["diff"]]
    return "\n".join(lines)


@cli.command()
def approve(
    consultation: str,
    item: Annotated[str, typer.Option(help="answer, or the id of a claim, next step or draft.")],
    by: Annotated[str, typer.Option()],
    role: Annotated[str, typer.Option()],
    override: Annotated[str | None, typer.Option(help="Why a contraindicated draft is written all the same.")] = None,
    as_json: AsJson = False,
) -> None:
    """Sign an answer, accept one of its items, or write a draft; what it rests on is read again first."""
    from agent.api import ClinicalAssistant

    with ClinicalAssistant() as osler:
        emit(osler.open(consultation).approve(by, role, item, override), as_json, _approval_text)


def _approval_text(body: dict[str, Any]) -> str:
    lines = [f"{body['item']}: {'approved' if body['approved'] else 'not approved'} ({body['result']})"]
    lines += [f"  {row['slot']}\n    then: {row['then']}\n    now:  {row['now']}" for row in body["rechecked"]]
    done = (body.get("draft") or {}).get("committed")
    return "\n".join([*lines, *([f"  in the record: {done['reference']} version {done['version']}"] if done else [])])


@cli.command()
def show(
    consultation: str,
    note: Annotated[str | None, typer.Option(help="soap: a draft note assembled from the evidence.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a consultation, checked against the record again; or a draft note of it."""
    from agent.api import ClinicalAssistant

    if note not in (None, "soap"):
        raise UsageError(f"no note {note!r}", found=note, expected="soap", action="osler show CONSULTATION --note soap")
    with ClinicalAssistant() as osler:
        consult = osler.open(consultation)
        if note is not None:
            emit(consult.note("json"), as_json, lambda _: consult.note())
            return
        body = consult.document() | {"outdated": consult.outdated()}
        emit(body, as_json, lambda _: consult.report(format="markdown"))


@calc.command("list")
def calc_list(as_json: AsJson = False) -> None:
    """The calculators."""
    from tools.calculators import list_calculators

    emit(list_calculators(), as_json, lambda rows: "\n".join(f"{r['name']:30} {r['title']}" for r in rows))


def _calculation_text(body: dict[str, Any]) -> str:
    """The result first, then how it came about, what is near, what is missing."""
    known = body["value"] is not None or body["range"] is not None
    lines = [body["steps"][-1], *body["steps"][:-1]] if known else [body["label"] or "No result", *body["steps"]]
    lines += body["warnings"]
    lines += [f"Nearest change: {change['text']}" for change in body["sensitivity"][:3]]
    return "\n".join([*lines, *([f"Not known: {', '.join(body['missing'])}"] if body["missing"] else [])])


@calc.command("run")
def calc_run(name: str, inputs: str, as_json: AsJson = False) -> None:
    """Run a calculator on JSON inputs."""
    from tools.calculators import run

    result = run(name, parse_json(inputs, "the inputs"), as_of=date.today()).model_dump()
    emit(result, as_json, _calculation_text)
    if result["value"] is None and result["range"] is None:
        raise typer.Exit(3)


@knowledge.command("search")
def knowledge_search(query: str, k: int = 5, as_json: AsJson = False) -> None:
    """Search the guideline passages."""
    from agent.build import search_knowledge

    emit(search_knowledge(Settings.from_environment(), query, k), as_json)


@knowledge.command("index")
def knowledge_index(as_json: AsJson = False) -> None:
    """Build the search index ahead of its first use."""
    from agent.build import build_index

    emit(build_index(Settings.from_environment()), as_json)


@knowledge.command("list")
def knowledge_list(as_json: AsJson = False) -> None:
    """Documents and protocols, with how many recommendations are verified."""
    from agent.doctor import knowledge_summary

    emit(knowledge_summary(), as_json)


@cli.command()
def demo(load: bool = False, as_json: AsJson = False) -> None:
    """The demo patients; --load puts them into the embedded store."""
    from tools.ehr.demo import demo_patients

    if load:
        from agent.records import load_demo

        load_demo(Settings.from_environment())
    rows = [
        {"id": p.id, "name": p.name, "question": p.question, "as_of": p.as_of, "twin_of": p.twin_of}
        for p in demo_patients()
    ]
    emit(rows, as_json, lambda found: "\n".join(f"{r['id']:18} {r['name']:24} {r['question']}" for r in found))


@cli.command()
def doctor(as_json: AsJson = False) -> None:
    """What works here, what lacks something, and how to get it."""
    from agent.doctor import examine, report

    emit(examine(Settings.from_environment()), as_json, report)


@cli.command()
def schema(name: Annotated[str | None, typer.Argument()] = None, as_json: AsJson = True) -> None:
    """The JSON Schema of a document: answer, claim, evidence, record, calc_result, case, protocol, ..."""
    from agent.schemas import schema_of

    emit(schema_of(name), as_json)


def _plug_in() -> None:
    """Commands that live above agent (`app`, `bench`, `replay`) come in through entry points."""
    for point in importlib.metadata.entry_points(group="osler.commands"):
        if point.name in sys.argv[1:2] or "--help" in sys.argv or len(sys.argv) == 1:
            command = point.load()
            if isinstance(command, typer.Typer):
                cli.add_typer(command, name=point.name)
            else:
                cli.command(point.name)(command)


def main() -> None:
    """Entry point: runs the command and turns an `OslerError` into an error document and its exit code."""
    level = Settings.from_environment().log.upper()
    logging.basicConfig(stream=sys.stderr, level=level if level.lower() in LOG_LEVELS else "WARNING")
    # At INFO it writes every address it asks, and a FHIR address names the patient.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        _plug_in()
        sys.exit(cli(standalone_mode=False) or 0)
    except _CommandLineError as error:
        fail(
            UsageError(
                error.format_message(),
                found=" ".join(sys.argv[1:]),
                expected="see --help",
                action=f"osler {' '.join(sys.argv[1:2])} --help",
            )
        )
    except typer.Abort:
        sys.exit(130)
    except OslerError as error:
        fail(error)


def fail(error: OslerError) -> NoReturn:
    """Print an error document (or lines for people) and leave with its exit code."""
    body = error.document()
    if "--json" in sys.argv:
        print(json.dumps({"error": body}, ensure_ascii=False, indent=2))
    else:
        print(
            f"{body['message']}\n  found: {body['found']}\n  expected: {body['expected']}\n  {body['action']}",
            file=sys.stderr,
        )
    sys.exit(error.exit_code)
