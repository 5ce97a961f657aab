"""record.medications: what is ordered, taken, given and handed out, reconciled drug by drug."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from knowledge.evidence import Evidence
from tools.ehr.facts.medication_list import Drug, MedicationList, dosage_of, medication_list, why_not
from tools.ehr.reads.drugs import drug_name, named_unknown, unrecognised
from tools.ehr.reads.listing import dated, key
from tools.ehr.reads.reading import NoParams, fact, main_concept, nothing, plural, record_of
from tools.ehr.record import Entry, PatientRecord
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext


@tool("record.medications", version="1.1.0", kind="record", title="Current medication")
async def medications(params: NoParams, ctx: ToolContext) -> ToolOutput:
    """Every current order and statement, one item each, with the last dose given and where the sources disagree.

    Orders, statements, administrations and dispenses of the same drug are joined: ordered but never given, given
    without an order, said not to be taken. What is stopped or withdrawn is counted, not listed.
    """
    record = record_of(ctx)
    part = await record.medications()
    found = await medication_list(record)
    current = [entry for entry in part.entries if entry.verdict.current]
    unknown = unrecognised(ctx, current)
    by_entry = {entry.reference: drug for drug in found.drugs for entry in drug.current}
    told = {drug.key: list(drug.conflicts(record, charted=found.charted)) for drug in found.drugs}
    items = [_item(ctx, entry, by_entry.get(entry.reference), told) for entry in current]
    stray = [drug for drug in found.drugs if not drug.current and _stray(told[drug.key])]
    items += [_given(ctx, drug, told[drug.key]) for drug in stray]
    past = len(part.entries) - len(current)
    barred = [entry for entry in part.rejected if entry.verdict.reason == "do not perform"]
    flags = [f"not to be given: {drug_name(entry)}" for entry in barred]
    left = [f"{entry.verdict.reason}: {drug_name(entry)}" for entry in part.rejected if entry not in barred]
    differ = [f"{drug.name}: {text}" for drug in found.drugs for text in told[drug.key] if _worth(text)]
    problems = list(dict.fromkeys([*part.problems, *found.problems]))
    if part.entries or stray:
        shown = f"{plural(len(current), 'current drug')}" + (f", {past} past" if past else "") + named_unknown(unknown)
        shown += f"; {len(stray)} given or handed out without an order" if stray else ""
        value: float | None = float(len(current))
    else:
        away = f"; {len(part.rejected)} left out: {', '.join(_reasons(part.rejected))}" if part.rejected else ""
        shown, value = f"no medication list recorded{away}", None
    head = nothing(
        ctx,
        part.query,
        shown,
        value=value if part.complete else None,
        complete=part.complete,
        unit="1" if value is not None else None,
        flags=(*flags, *left, *differ, *problems),
    )
    rows = [_row(ctx, record, drug, found, told[drug.key]) for drug in found.drugs]
    return ToolOutput(evidence=[head, *items], warnings=problems, detail={"drugs": rows} if rows else {})


def _reasons(entries: list[Entry]) -> list[str]:
    return list(dict.fromkeys(entry.verdict.reason for entry in entries))


def _stray(told: list[str]) -> bool:
    return any("without an order" in text for text in told)


def _worth(text: str) -> bool:
    """Whether it belongs to the head: that a drug is only stated is the rule outside a hospital."""
    return text != "only stated, no order in the record"


def _item(ctx: ToolContext, entry: Entry, drug: Drug | None, told: dict[tuple[str, ...], list[str]]) -> Evidence:
    dose = dosage_of(entry).shown
    flags: list[str] = []
    if drug is not None:
        flags += _doses(ctx, drug)
        flags += [text for text in told[drug.key] if _worth(text)]
    return fact(
        ctx,
        entry,
        True,
        f"{drug_name(entry)}, {dose}" if dose else drug_name(entry),
        path=f"{entry.type}.medication",
        slot=f"{ctx.slot}.{key(entry)}",
        concept=main_concept(ctx.terminology, entry),
        flags=tuple(flags),
    )


def _doses(ctx: ToolContext, drug: Drug) -> list[str]:
    """The last dose given, and the last that was not, where they are charted."""
    found = []
    if last := drug.last_given:
        dose = dosage_of(last).shown
        found.append(f"last given {dated(ctx, last)}" + (f": {dose}" if dose else ""))
    if drug.not_given:
        missed = drug.not_given[0]
        reason = why_not(missed)
        found.append(f"not given {dated(ctx, missed)}" + (f": {reason}" if reason else ""))
    return found


def _given(ctx: ToolContext, drug: Drug, told: list[str]) -> Evidence:
    """A drug that is on no list but was given or handed out."""
    entry = (drug.given or drug.dispensed)[0]
    dose = dosage_of(entry).shown
    text = next(text for text in told if "without an order" in text)
    return fact(
        ctx,
        entry,
        "given" if drug.given else "handed out",
        f"{drug_name(entry)}{', ' + dose if dose else ''}: {text} ({dated(ctx, entry)})",
        path=f"{entry.type}.medication",
        slot=f"{ctx.slot}.{key(entry)}",
        concept=main_concept(ctx.terminology, entry),
        flags=tuple(told),
    )


def _row(ctx: ToolContext, record: PatientRecord, drug: Drug, found: MedicationList, told: list[str]) -> dict[str, Any]:
    """A drug as plain data: each source with its status, dose, route and frequency."""

    def entry_row(entry: Entry) -> dict[str, Any]:
        dosage = dosage_of(entry)
        return {
            "reference": entry.reference,
            "status": entry.resource.get("status"),
            "counts": entry.verdict.usable,
            "at": entry.at,
            "dose": dosage.dose_text or None,
            "route": dosage.route or None,
            "frequency": dosage.frequency or None,
            "as_needed": dosage.as_needed,
            "text": dosage.shown or None,
            "reason": why_not(entry) or entry.verdict.reason or None,
        }

    missed = drug.not_given
    skipped = {entry.reference for entry in missed}
    return {
        "drug": drug.name,
        "known_as": list(drug.key),
        "current": bool(drug.current),
        "orders": [entry_row(entry) for entry in drug.orders],
        "statements": [entry_row(entry) for entry in drug.statements],
        "given": {"count": len(drug.given), "last": entry_row(drug.given[0]) if drug.given else None},
        "not_given": {"count": len(missed), "last": entry_row(missed[0]) if missed else None},
        "dispensed": [entry_row(entry) for entry in drug.dispensed[:5]],
        "withdrawn": [entry_row(entry) for entry in drug.refused if entry.reference not in skipped],
        "differs": told,
    }
