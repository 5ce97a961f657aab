"""`osler serve`: decision support for other systems (CDS Hooks 2.0), and what became of its cards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from agent.settings import Settings

serve = typer.Typer(no_args_is_help=True, help="Decision support for other systems: CDS Hooks 2.0.")


@serve.command()
def cds(
    port: Annotated[int, typer.Option(help="Port.")] = 7861,
    host: Annotated[str, typer.Option(help="Address to listen at; others than loopback need clients and TLS.")] = (
        "127.0.0.1"
    ),
    certificate: Annotated[Path | None, typer.Option(help="TLS certificate (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="Its key (PEM).")] = None,
    as_of: Annotated[str | None, typer.Option(help="Clinical clock, ISO 8601, for demonstrations.")] = None,
) -> None:
    """Serve patient-view, order-select and order-sign until interrupted. Nothing is written to any record."""
    from agent.serve.run import Address, checked, greeting, server

    settings = Settings.from_environment()
    address = Address(host, port, certificate, key)
    config = checked(settings, address)
    running, journal = server(settings, config, address, as_of)
    typer.echo(greeting(config, address), err=True)
    try:
        running.run()
    finally:
        journal.close()


@serve.command()
def feedback(as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False) -> None:
    """What became of the cards: accepted or overridden, with the reasons given."""
    from agent.cli import emit
    from agent.serve.journal import FILE, Journal

    journal = Journal(Settings.from_environment().home / FILE)
    try:
        emit(journal.feedback(), as_json, as_text)
    finally:
        journal.close()


def as_text(body: dict[str, Any]) -> str:
    """The feedback for people."""
    lines = [
        f"{topic}: {row['cards']} cards, {row['accepted']} accepted, {row['overridden']} overridden"
        for topic, row in sorted(body["by_topic"].items())
    ]
    for row in body["feedback"]:
        why = " ".join(str(row[key]) for key in ("code", "comment") if row[key])
        lines.append(
            f"{row['happened']}  {row['outcome']:10}  {row['topic'] or row['card']}{f': {why}' if why else ''}"
        )
    return "\n".join(lines) or "no cards yet"
