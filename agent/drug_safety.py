"""`osler ehr interactions`: the current drugs of a record, and drugs to be added, against Osler's table."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from agent.records import Records
from agent.settings import Settings
from agent.state import Json
from knowledge.guideline import default_corpus
from knowledge.interaction_rules import drug_safety
from knowledge.terminology import default_terminology
from tools.context import ToolContext
from tools.drug_safety.check import check_list
from tools.ehr.dates import start_of
from tools.errors import UsageError


def interactions(
    settings: Settings,
    patient: str | None,
    add: list[str],
    *,
    record: str | None = None,
    as_of: str | None = None,
) -> Json:
    """Look at the drugs of one record.

    Raises:
        UsageError: no such patient, or `as_of` is no date.
        BadInput: a drug to be added has no name.
        UpstreamError: the server failed.
    """
    clock = start_of(as_of) if as_of else None
    if as_of and clock is None:
        raise UsageError(
            "--as-of is no date", found=as_of, expected="YYYY-MM-DD or a date and time", action="correct it"
        )
    return asyncio.run(_look(settings, patient, add, record, clock))


async def _look(
    settings: Settings, patient: str | None, add: list[str], record: str | None, clock: datetime | None
) -> Json:
    records = Records(settings)
    try:
        found = await records.resolve(record, patient)
        moment = clock or start_of(found.as_of) or datetime.now(UTC)
        opened = await records.open({"patient": found.patient, "record": record, "as_of": moment.isoformat()})
        ctx = ToolContext(
            found.patient, moment, default_terminology(), default_corpus(), record=opened, slot="drug_safety"
        )
        output = await check_list.call({"add": add}, ctx)
        return {
            "patient": found.patient,
            "as_of": moment.isoformat(),
            "summary": output.evidence[0].display,
            "findings": output.detail["findings"],
            "not_judged": output.detail["aside"],
            "table": drug_safety().counts(),
            "evidence": [item.model_dump(mode="json") for item in output.evidence],
        }
    finally:
        await records.close()


def as_text(body: Json) -> str:
    """The result for people."""
    lines = [body["summary"], ""]
    for row in body["findings"]:
        orders = ", ".join(order["reference"] for order in row["orders"])
        lines += [f"- {row['text']} [{orders}]", *(f"    {reference}" for reference in row["references"])]
    lines += ["", *(f"  {text}" for text in body["not_judged"])]
    return "\n".join(lines).rstrip()
