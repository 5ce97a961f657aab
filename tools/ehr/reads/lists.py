"""Lists: problems, laboratory results, vital signs, a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from knowledge.evidence import Evidence
from tools.ehr.compartment import walk
from tools.ehr.elements import codings, words
from tools.ehr.facts.results import results_of
from tools.ehr.reads.drugs import allergies
from tools.ehr.reads.medications import medications
from tools.ehr.reads.person import age, sex
from tools.ehr.reads.reading import NoParams, concept_of, fact, main_concept, nothing, plural, record_of
from tools.ehr.reads.results import latest
from tools.ehr.record import Entry, PatientRecord
from tools.spec import Params, ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext


def _key(entry: Entry) -> str:
    return entry.reference.replace("/", "-")


@tool("record.problems", version="1.0.0", kind="record", title="Problem list")
async def problems(params: NoParams, ctx: ToolContext) -> ToolOutput:
    """Confirmed conditions, one item each: value true where active, else its clinical status."""
    record = record_of(ctx)
    part = await record.slice("Condition")
    items = []
    for entry in part.entries:
        past = entry.verdict.flags[0] if entry.verdict.flags else "past"
        shown = entry.text or entry.reference
        items.append(
            fact(
                ctx,
                entry,
                True if entry.verdict.current else past,
                shown if entry.verdict.current else f"{shown}, {past}",
                slot=f"{ctx.slot}.{_key(entry)}",
                concept=main_concept(ctx.terminology, entry),
            )
        )
    active = sum(entry.verdict.current for entry in part.entries)
    flags = tuple(f"{entry.verdict.reason}: {entry.text}" for entry in part.rejected)
    shown = (
        f"{plural(active, 'active problem')}, {len(part.entries) - active} past"
        if part.entries
        else ("no problem list recorded")
    )
    head = nothing(
        ctx,
        part.query,
        shown,
        value=float(active) if part.entries and part.complete else None,
        unit="1" if part.entries else None,
        flags=(*flags, *part.problems),
        complete=part.complete,
    )
    return ToolOutput(evidence=[head, *items], warnings=[*part.problems])


class LabsParams(Params):
    """One concept, or all."""

    concept: str | None = Field(default=None, description="concept id; all laboratory results where it is left out")


@tool("record.labs", version="1.0.0", kind="record", title="Laboratory results")
async def labs(params: LabsParams, ctx: ToolContext) -> ToolOutput:
    """The newest result of each laboratory test, or of one concept."""
    if params.concept:
        results = await results_of(record_of(ctx), concept_of(ctx, params.concept))
        return ToolOutput(evidence=[latest(results, ctx)])
    return await _category(ctx, ("laboratory", "lab"), "laboratory tests")


@tool("record.vitals", version="1.0.0", kind="record", title="Vital signs")
async def vitals(params: NoParams, ctx: ToolContext) -> ToolOutput:
    """The newest value of each vital sign."""
    return await _category(ctx, ("vital-signs", "vital signs"), "vital signs")


async def _category(ctx: ToolContext, category: tuple[str, ...], label: str) -> ToolOutput:
    """The newest result of each concept that has one in a category; observations of no known concept are counted."""
    record = record_of(ctx)
    part = await record.slice("Observation")
    inside = [entry for entry in part.entries if _in_category(entry, category)]
    concepts: dict[str, None] = {}
    strange: dict[str, None] = {}
    for entry in inside:
        named = _concepts(record, entry)
        concepts.update(dict.fromkeys(named))
        if not named:
            strange[entry.text or entry.reference] = None
    items = [
        latest(await results_of(record, ctx.terminology.get(concept)), ctx, slot=f"{ctx.slot}.{concept}")
        for concept in concepts
    ]
    shown = f"{len(items)} {label}" + (f", {len(strange)} not recognised" if strange else "")
    bare = sum(1 for entry in part.entries if not entry.resource.get("category"))
    aside = f"; {plural(bare, 'result')} without a category, not among them" if bare else ""
    head = nothing(
        ctx,
        f"{part.query}&category={category[0]}",
        (shown if inside else f"no {label} recorded") + aside,
        value=float(len(items)) if inside and part.complete else None,
        unit="1" if inside else None,
        flags=tuple(f"not recognised: {name}" for name in list(strange)[:20]),
        complete=part.complete,
    )
    return ToolOutput(evidence=[head, *items], warnings=[*part.problems])


def _in_category(entry: Entry, category: tuple[str, ...]) -> bool:
    """By the category's code (HL7's, or LAB of table 0074), else by its words."""
    said = [*walk(entry.resource, "category.coding.code"), *walk(entry.resource, "category.text")]
    return any(str(text).casefold() in category for text in said)


def _concepts(record: PatientRecord, entry: Entry) -> list[str]:
    """Concepts an observation gives results for: its own, else those of its components."""
    own = main_concept(record.terminology, entry)
    if own is not None and "component" not in entry.resource:
        return [own]
    parts = []
    for component in entry.resource.get("component", []):
        text = words(component.get("code"))
        shell = Entry(
            component,
            entry.verdict,
            entry.reference,
            entry.version,
            entry.at,
            entry.moment,
            tuple(codings(component.get("code"))),
            text,
        )
        if concept := main_concept(record.terminology, shell):
            parts.append(concept)
    return parts or ([own] if own else [])


@tool("record.summary", version="1.0.0", kind="record", title="Summary")
async def summary(params: NoParams, ctx: ToolContext) -> ToolOutput:
    """Who the patient is: age, sex, active problems, current medication, allergies, each with its own evidence."""
    parts: list[Evidence] = []
    for name, spec in {
        "age": age,
        "sex": sex,
        "problems": problems,
        "medications": medications,
        "allergies": allergies,
    }.items():
        parts += (await spec.call({}, ctx.at(f"{ctx.slot}.{name}", {}))).evidence
    heads = {item.slot.removeprefix(f"{ctx.slot}."): item for item in parts}
    shown = "; ".join(heads[name].display for name in ("age", "sex", "problems", "medications", "allergies"))
    record = record_of(ctx)
    head = nothing(ctx, f"Patient/{record.patient_id}", shown, complete=True)
    return ToolOutput(evidence=[head, *parts])
