"""The document of `osler ehr instruct`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from agent.drafts import Draft
from agent.instruct_plan import Plan
from agent.record_answer import RecordValue
from knowledge.evidence import Evidence


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class Met(_Document):
    """Whether the condition holds; null where that cannot be said, and then nothing is drafted from it."""

    text: str
    met: bool | None
    why: str


class NotDone(_Document):
    """What is not drafted, and why."""

    what: str
    reason: Literal["not_applicable", "missing_input", "conflict", "not_understood"]
    why: str


class InstructDocument(_Document):
    """An instruction, read; its drafts wait for approval (`osler approve INSTRUCTION --item DRAFT`).

    `answer` is what was looked up. `unread` are sentences that nothing was read from.
    """

    instruction: str
    text: str
    context: str
    patient: str
    as_of: str
    read_as: str
    plan: Plan
    condition: Met
    answer: list[RecordValue]
    drafts: list[Draft]
    not_done: list[NotDone]
    unread: list[str]
    evidence: dict[str, Evidence]


def as_text(body: dict[str, Any]) -> str:
    """The document for people."""
    from agent.cli_writes import told

    lines = [
        f"{body['text']}  (Patient {body['patient']}, as of {body['as_of'][:16]})",
        f"Read as: {body['read_as']}",
        "",
    ]
    lines += [
        f"{row['display']}  {row['date'] or ''}  [{row['reference'] or 'nothing on file'}]" for row in body["answer"]
    ]
    if body["condition"]["text"]:
        state = {True: "holds", False: "does not hold", None: "cannot be said"}[body["condition"]["met"]]
        lines += [f"Condition {state}: {body['condition']['why']}", ""]
    lines += [f"Not drafted: {row['what']} ({row['why']})" for row in body["not_done"]]
    lines += [f"Not understood, nothing done: {text}" for text in body["unread"]]
    for draft in body["drafts"]:
        lines += ["", told(draft)]
    return "\n".join(lines)
