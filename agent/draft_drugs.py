"""What Osler's drug table says of a drafted order: with the other drugs, at this kidney function, at this dose."""

from __future__ import annotations

from dataclasses import replace

from agent.drafts import CheckState
from knowledge.evidence import Evidence
from knowledge.interaction_rules import drug_safety
from tools.context import ToolContext
from tools.drug_safety.check import PARTIAL
from tools.drug_safety.dose import of_text as daily_of
from tools.drug_safety.items import Item, of_entry
from tools.drug_safety.items import of_text as item_of
from tools.drug_safety.limits import Body, most, not_compared, own_band
from tools.drug_safety.pairs import pairs_among
from tools.ehr.record import Entry

Looked = tuple[CheckState, str, list[str]]


def _drafted(ctx: ToolContext, drug: str | None, name: str, target: Entry | None, dose: str) -> Item:
    """The order as it would be: the drug, with the dose that is given."""
    table = drug_safety()
    if target is not None:
        item = of_entry(target, table, ctx, 0)
    else:
        item = item_of(drug or name, table, ctx, 0)
    dosage = {"dosageInstruction": [{"text": dose}]} if dose else {}
    return replace(item, name=name or item.name, resource=dosage)


async def with_others(ctx: ToolContext, drug: str | None, name: str, target: Entry | None, dose: str) -> Looked:
    """The table's pairs between a drafted drug and the other current ones.

    Contraindicated only where an entry that was read in its source says so without a condition. What the table does
    not list is unknown, never a pass.
    """
    assert ctx.record is not None
    table = drug_safety()
    drafted = _drafted(ctx, drug, name, target, dose)
    part = await ctx.record.medications()
    others = [
        of_entry(entry, table, ctx, number)
        for number, entry in enumerate(part.entries, 1)
        if entry.verdict.current and (target is None or entry.reference != target.reference)
    ]
    references = [item.reference for item in others]
    if not drafted.concepts:
        return "unknown", f"{name} is not recognised: not looked up in Osler's table", references
    found, aside = pairs_among([drafted, *others], table, only=drafted)
    unknown = [item.name for item in others if not item.concepts]
    said = [*aside, *([f"not recognised: {', '.join(unknown)}"] if unknown else [])]
    said += [] if part.complete else ["the medication list could not be read completely"]
    if found:
        about = [item.reference for finding in found for item in finding.items if item is not drafted]
        state: CheckState = "contraindicated" if any(finding.strict for finding in found) else "warn"
        text = " ".join(finding.display for finding in found)
        return state, " ".join([text, *(f"{line}." for line in said)]), list(dict.fromkeys(about))
    if not others:
        empty = "no other drug is recorded" if part.entries else "no medication list"
        return "unknown", "; ".join([f"nothing to look up {name} with: {empty}", *said]), references
    if not drafted.concepts & table.named:
        first = f"no entry in Osler's table for {name}"
    else:
        listed = ", ".join(item.name for item in others if item.concepts)
        first = f"none of the {len(table.pairs)} pairs of Osler's table is {name} with {listed or 'what is recognised'}"
    return "unknown", "; ".join([first, *said, PARTIAL]), references


def at_dose(
    ctx: ToolContext, drug: str | None, name: str, target: Entry | None, dose: str, age: Evidence, weight: Evidence
) -> tuple[CheckState, str]:
    """The drafted daily dose against the most a day for adults."""
    table = drug_safety()
    drafted = _drafted(ctx, drug, name, target, dose)
    given = dose or "a dose not given"
    drugs = [concept for concept in sorted(drafted.concepts) if concept in table.most]
    if not drugs:
        called = name or "a drug not chosen"
        return "unknown", f"no most a day in Osler's table for {called}: {given} is not checked"
    row = table.most[drugs[0]]
    daily = not_compared(drafted, row) or daily_of(dose)
    if isinstance(daily, str):
        return "unknown", f"{given} is not compared with the most a day: {daily}"
    how, text = most(drugs[0], row, daily, Body(age, weight), table)
    states: dict[str, CheckState] = {"above": "warn", "within": "pass"}
    return states.get(how, "unknown"), text


def at_clearance(drug: str, measure: Evidence, dated: str) -> tuple[CheckState, str]:
    """What the table says of a drug at a creatinine clearance, where `drugs/renal.yaml` has no rule."""
    table = drug_safety()
    name = table.called(drug)
    if measure.value is None and measure.range is None:
        return "unknown", f"{name} is dosed by creatinine clearance, which is {measure.display}"
    said = own_band(table.renal[drug], measure, table)
    if said is None:
        return "pass", f"{name}: no change is asked for at a creatinine clearance of {measure.display} ({dated})"
    return ("contraindicated" if said[0] == "contraindicated" else "warn"), f"{said[1]} ({dated})"
