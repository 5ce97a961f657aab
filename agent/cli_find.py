"""`osler ehr find`: which patient is meant."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from agent.settings import Settings
from agent.state import Json
from tools.errors import UsageError

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def find(
    words: Annotated[list[str] | None, typer.Argument(help="Name, birth date, number: in any order.")] = None,
    name: Annotated[str, typer.Option(help="Words of the name.")] = "",
    birth_date: Annotated[str, typer.Option("--birth-date", help="YYYY-MM-DD.")] = "",
    identifier: Annotated[str, typer.Option("--id", help="Hospital number or another identifier.")] = "",
    sex: Annotated[str, typer.Option(help="female or male.")] = "",
    phone: Annotated[str, typer.Option(help="Telephone number.")] = "",
    record: Annotated[str | None, typer.Option(help="Bundle, folder or FHIR base URL.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Clinical clock, ISO 8601; default now.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find a patient by name, birth date, number, sex or telephone; several are shown with what tells them apart."""
    from agent.cli import emit
    from tools.ehr.reads.person_find import PersonQuery, read_words

    given = read_words(" ".join(words)) if words else PersonQuery()
    query = PersonQuery(
        name or given.name,
        birth_date or given.birth_date,
        identifier or given.identifier,
        sex or given.sex,
        phone or given.phone,
    )
    emit(asyncio.run(_find(query, record, as_of)), as_json, as_text)


async def _find(query: Any, record: str | None, as_of: str | None) -> Json:
    from agent.records import Records
    from tools.ehr.dates import start_of
    from tools.ehr.reads.person_find import find_people

    now = start_of(as_of) if as_of else datetime.now(UTC)
    if now is None:
        raise UsageError("--as-of is no date", found=as_of, expected="ISO 8601", action="correct it")
    records = Records(Settings.from_environment())
    try:
        found = await find_people(await records.client(record), query, now)
    finally:
        await records.close()
    return {
        "query": {key: value for key, value in vars(query).items() if value},
        "total": len(found.found),
        "complete": found.complete,
        "patients": found.found,
        "differ": found.differ,
        "suggestions": found.suggestions,
        "problems": found.problems,
        "searched": found.searched,
    }


def as_text(document: Json) -> str:
    """The document for a terminal."""
    lines = []
    people = document["patients"]
    if len(people) > 1:
        lines.append(f"{len(people)} persons fit; choose one by its id.")
    lines += [_line(row) for row in people]
    if document["differ"]:
        lines.append("They differ in: " + ", ".join(document["differ"]))
    if not people:
        lines.append("Nobody fits." if document["complete"] else "Nobody found, but the answer is incomplete.")
    if document["suggestions"]:
        lines.append("Only similar (check before use):")
        lines += [f"  {_line(row)} [differs in {', '.join(row['differs'])}]" for row in document["suggestions"]]
    lines += [f"Note: {text}" for text in document["problems"]]
    return "\n".join(lines)


def _line(row: Json) -> str:
    numbers = ", ".join(dict.fromkeys(str(item["value"]) for item in row["identifiers"]))
    age = f" ({row['age']})" if row["age"] is not None else ""
    parts = [
        f"{row['patient']}: {' / '.join(row['names']) or 'no name'}",
        f"born {row['birth_date']}{age}" if row["birth_date"] else "birth date not recorded",
        str(row["sex"] or "sex not recorded"),
        numbers,
        str(row["address"] or ""),
    ]
    if row["deceased"]:
        parts.append("DECEASED" + (f" {str(row['deceased'])[:10]}" if row["deceased"] is not True else ""))
    if row["former_names"]:
        parts.append(f"formerly {', '.join(row['former_names'])}")
    if row.get("same_person"):
        parts.append(f"same person as {', '.join(row['same_person'])}")
    parts += [flag for flag in row["flags"] if flag != "deceased"]
    return "; ".join(part for part in parts if part)
