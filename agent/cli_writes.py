"""Drafts on the command line: what would be written to the record, and what it still needs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tools.errors import UsageError

_MARKS = {"pass": "ok", "warn": "WARNING", "contraindicated": "CONTRAINDICATED", "unknown": "not known"}


def draft(
    consultation: str,
    step: Annotated[str | None, typer.Option(help="A next step: its number or id.")] = None,
    item: Annotated[
        str | None, typer.Option(help="A claim, answer (as a note), a measure on an image, or the id of a draft.")
    ] = None,
    measured: Annotated[bool, typer.Option("--measured", help="List what was measured on images.")] = False,
    action: Annotated[str | None, typer.Option(help="start, stop, change or request; by default what it says.")] = None,
    target: Annotated[str | None, typer.Option(help="The order to stop or change: Type/id.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="FIELD=VALUE; an empty value takes it back.")] = None,
    by: Annotated[str, typer.Option(help="Who edits.")] = "clinician",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Draft an order, a problem, a note or a measure from an answer, or list drafts; `osler approve` writes one."""
    from agent.api import ClinicalAssistant
    from agent.cli import emit

    if step is not None and item is not None:
        raise UsageError("a draft is of one item", found=f"{step} and {item}", expected="--step or --item")
    named = step if step is not None else item
    with ClinicalAssistant() as osler:
        consult = osler.open(consultation)
        if measured:
            emit(consult.measured(), as_json, offered_text)
            return
        if named is None:
            drafts = consult.drafts()
            emit(drafts, as_json, lambda rows: "\n\n".join(map(told, rows)) or "no drafts")
        else:
            made = consult.draft(named, action=action, target=target, fields=fields_of(set_ or []), by=by)  # type: ignore[arg-type]
            emit(made, as_json, told)


def offered_text(rows: list[dict[str, Any]]) -> str:
    """What was measured, each with what drafts it."""
    lines = []
    for row in rows:
        state = "" if row["validated"] else " (not validated: preliminary, decides nothing)"
        lines.append(f"{row['slot']}  {row['display']}{state}\n  --item {row['item']}")
    return "\n".join(lines) or "nothing was measured on an image that can be drafted"


def fields_of(given: list[str]) -> dict[str, str]:
    """FIELD=VALUE pairs.

    Raises:
        UsageError: one has no `=`.
    """
    for text in given:
        if "=" not in text:
            raise UsageError("a field has no value", found=text, expected="FIELD=VALUE", action='--set dose="5 mg"')
    return {name.strip(): value for name, _, value in (text.partition("=") for text in given)}


def told(body: dict[str, Any]) -> str:
    """A draft for people."""
    lines = [f"{body['id']}  {body['state']}", body["words"], ""]
    if body["missing"]:
        lines += ["Needed:"]
        for row in body["missing"]:
            choices = f" ({', '.join(row['choices'])})" if row["choices"] else ""
            lines.append(f"  --set {row['field']}=...  {row['needs']}{choices}")
        lines.append("")
    lines += ["Checks:"]
    lines += [f"  {_MARKS[row['state']]:16} {row['name'].replace('_', ' ')}: {row['why']}" for row in body["checks"]]
    lines += ["", "Change to the record:"]
    for row in body["diff"]:
        before = f"{row['before']} -> " if row["before"] is not None else ""
        lines.append(f"  {row['path']}: {before}{row['after']}")
    if body["changes"]:
        lines += ["", "Changed since:", *(f"  {row['slot']}: {row['then']} -> {row['now']}" for row in body["changes"])]
    if body["decision"]:
        lines += ["", f"{body['state']}: {body['decision']['by']} ({body['decision']['role']})"]
    if body["committed"]:
        lines += [f"In the record: {body['committed']['reference']} version {body['committed']['version']}"]
    if body["error"]:
        lines += ["", f"{body['error']['message']}", f"  {body['error']['action']}"]
    if body["state"] == "draft":
        lines += [
            "",
            f"Nothing is written yet: osler approve {body['consultation']} --item {body['id']} --by NAME --role ROLE",
        ]
    return "\n".join(lines)
