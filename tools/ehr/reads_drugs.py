"""Medication and allergies. "Not among N recorded" is as far as a list goes; what it does not know is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from knowledge.coding import Coding
from knowledge.evidence import Evidence
from tools.ehr.compartment import walk
from tools.ehr.elements import codings, words
from tools.ehr.reading import (
    ConceptParams,
    NoParams,
    concept_of,
    fact,
    main_concept,
    nothing,
    plural,
    record_of,
    rejected_reasons,
    words_of,
)
from tools.ehr.record import Entry, PatientRecord, Slice, concepts_of, wider_than
from tools.ehr.told import ToldAllergy, taken, taken_evidence, told_allergies
from tools.notes import findings, linker_for
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext

# SNOMED CT situations "no known allergy", and the narrower ones (HL7 C-CDA on FHIR, No Known Allergies map).
_NONE_AT_ALL = {"716186003"}
_NONE_OF_KIND = {"409137002": "drug", "429625007": "food", "428607008": "environmental", "716220001": "animal"}


@tool("record.medication", version="1.0.0", kind="record", title="Taking a drug?")
async def medication(params: ConceptParams, ctx: ToolContext) -> ToolOutput:
    """True where a current order or statement names the drug or one of its class; false: not among those listed."""
    record, concept = record_of(ctx), concept_of(ctx, params.concept)
    part = await record.medications()
    current = [entry for entry in part.entries if entry.verdict.current]
    hits = [entry for entry in current if record.match(params.concept, entry)]
    if hits:
        how = ("matched by words",) if record.match(params.concept, hits[0]) == "words" else ()
        return ToolOutput(
            evidence=[
                fact(
                    ctx,
                    entry,
                    True,
                    _drug(entry),
                    concept=params.concept,
                    flags=how,
                    path=_path(entry),
                    slot=ctx.slot if number == 0 else f"{ctx.slot}.{number}",
                )
                for number, entry in enumerate(hits)
            ]
        )
    reasons = rejected_reasons(part, params.concept, record)
    past = [entry for entry in part.entries if not entry.verdict.current and record.match(params.concept, entry)]
    told = taken(await record.notes(), params.concept, ctx)
    if told is not None and not any(_dated(entry) >= (told.note.at or "")[:10] for entry in past):
        return ToolOutput(evidence=[taken_evidence(ctx, told, params.concept)])
    flags = [*reasons, *(f"{entry.verdict.flags[0]}: {_drug(entry)}" for entry in past if entry.verdict.flags)]
    flags += await _in_notes(ctx, record, params.concept)
    aside = f"; {'; '.join(dict.fromkeys(flags))}" if flags else ""
    if not part.entries:
        return ToolOutput(
            evidence=[
                nothing(
                    ctx,
                    part.query,
                    f"no medication list recorded{aside}",
                    concept=params.concept,
                    flags=tuple(flags),
                    complete=part.complete,
                )
            ]
        )
    unknown = _unrecognised(ctx, current)
    shown = f"{words_of(concept)} not among {len(current)} recorded{_named(unknown)}{aside}"
    return ToolOutput(
        evidence=[
            nothing(
                ctx,
                part.query,
                shown,
                concept=params.concept,
                flags=tuple(dict.fromkeys([*flags, *unknown])),
                complete=part.complete,
                value=False if part.complete else None,
            )
        ]
    )


async def _in_notes(ctx: ToolContext, record: PatientRecord, concept: str) -> list[str]:
    wanted = {item.id for item in ctx.terminology.expand(concept)}
    notes = (await record.notes()).notes
    named = any(
        item.concept in wanted and item.assertion == "present"
        for note in notes
        for item in findings(note, ctx.terminology)
    )
    return ["named in a note"] if named else []


def _dated(entry: Entry) -> str:
    """The newest day an entry names: what the list ended later than a note was written outranks the note."""
    ended = [str(text)[:10] for path in ("effectivePeriod.end", "statusChanged") for text in walk(entry.resource, path)]
    return max([*ended, (entry.at or "")[:10]])


def _drug(entry: Entry) -> str:
    return entry.text or "drug without a name"


def _path(entry: Entry) -> str:
    return f"{entry.type}.medication"


def _unrecognised(ctx: ToolContext, entries: list[Entry]) -> list[str]:
    """Drugs that no code or word of ours knows: whether they belong to a class is not checked."""
    return list(dict.fromkeys(_drug(entry) for entry in entries if main_concept(ctx.terminology, entry) is None))


def _named(unknown: list[str]) -> str:
    if not unknown:
        return ""
    shown = ", ".join(unknown[:3]) + (f" and {len(unknown) - 3} more" if len(unknown) > 3 else "")
    return f" ({len(unknown)} not recognised: {shown})"


@tool("record.medications", version="1.0.0", kind="record", title="Current medication")
async def medications(params: NoParams, ctx: ToolContext) -> ToolOutput:
    """Every current order and statement, one item each; what is stopped or withdrawn is counted, not listed."""
    record = record_of(ctx)
    part = await record.medications()
    current = [entry for entry in part.entries if entry.verdict.current]
    unknown = _unrecognised(ctx, current)
    items = []
    for entry in current:
        dose = next((text for text in walk(entry.resource, "dosageInstruction.text")), None) or next(
            (text for text in walk(entry.resource, "dosage.text")), None
        )
        shown = f"{_drug(entry)}, {dose}" if dose else _drug(entry)
        items.append(
            fact(
                ctx,
                entry,
                True,
                shown,
                path=_path(entry),
                slot=f"{ctx.slot}.{_key(entry)}",
                concept=main_concept(ctx.terminology, entry),
            )
        )
    past = len(part.entries) - len(current)
    barred = [entry for entry in part.rejected if entry.verdict.reason == "do not perform"]
    flags = [f"not to be given: {_drug(entry)}" for entry in barred]
    left = [f"{entry.verdict.reason}: {_drug(entry)}" for entry in part.rejected if entry not in barred]
    if part.entries or part.rejected:
        shown = f"{plural(len(current), 'current drug')}" + (f", {past} past" if past else "") + _named(unknown)
        value: float | None = float(len(current))
    else:
        shown, value = "no medication list recorded", None
    head = nothing(
        ctx,
        part.query,
        shown,
        value=value if part.complete else None,
        complete=part.complete,
        unit="1" if value is not None else None,
        flags=(*flags, *left, *part.problems),
    )
    return ToolOutput(evidence=[head, *items], warnings=[*part.problems])


def _key(entry: Entry) -> str:
    return entry.reference.replace("/", "-")


# -- allergies -------------------------------------------------------------------------------------------------------


def _none_known(entry: Entry) -> str | None:
    """`all`, `drug`, `food` ... where the entry is a statement that nothing is known."""
    codes = {coding.code for coding in entry.codings if coding.system == Coding.parse("snomed:1").system}
    if codes & _NONE_AT_ALL:
        return "all"
    return next((kind for code, kind in _NONE_OF_KIND.items() if code in codes), None)


def _is_allergy_to(record: PatientRecord, concept: str, entry: Entry) -> bool:
    """An allergy to the substance, to one of its class's members, or to a class it belongs to.

    A member of a mere grouping ("drugs for high blood pressure") stands for nothing but itself; the grouping, where it
    is recorded as such, stands for all its members.
    """
    terms = record.terminology
    wider = [
        name for name in wider_than(terms, concept) if terms.get(name).kind in ("drug_class", "substance", "medication")
    ]
    if main_concept(terms, entry) in wider:
        return True
    related = [concept, *(name for name in wider if not terms.get(name).grouping)]
    if any(record.match(name, entry) for name in related):
        return True
    substances = [item for element in walk(entry.resource, "reaction.substance") for item in codings(element)]
    return any(terms.matches(name, substances) for name in related)


@tool("record.allergy", version="1.0.0", kind="record", title="Allergic to a substance?")
async def allergy(params: ConceptParams, ctx: ToolContext) -> ToolOutput:
    """True where an allergy to it or to its class is recorded; false only against a recorded list; else unknown."""
    record, concept = record_of(ctx), concept_of(ctx, params.concept)
    part = await record.slice("AllergyIntolerance")
    now = [entry for entry in part.entries if entry.verdict.current]
    real = [entry for entry in now if _none_known(entry) is None]
    hit = next((entry for entry in real if _is_allergy_to(record, params.concept, entry)), None)
    if hit is not None:
        return ToolOutput(
            evidence=[fact(ctx, hit, True, _allergen(hit), concept=params.concept, path="AllergyIntolerance.code")]
        )
    past = next(
        (
            entry
            for entry in part.entries
            if not entry.verdict.current and _is_allergy_to(record, params.concept, entry)
        ),
        None,
    )
    told = next((item for item in await _told(ctx, record, part) if _covers(ctx, params.concept, item.concept)), None)
    if told is not None:
        return ToolOutput(evidence=[told.evidence(ctx, ctx.slot, params.concept)])
    flags = list(rejected_reasons(part, params.concept, record))
    if past is not None:
        flags.append(f"{past.verdict.flags[-1]}: {_allergen(past)}")
    scopes = {scope for entry in now if (scope := _none_known(entry))}
    value: bool | None = False
    if real:
        unknown = [
            _drug(entry)
            for entry in real
            if main_concept(ctx.terminology, entry) is None and not _drug_known(ctx, entry)
        ]
        shown = f"{words_of(concept)} not among {plural(len(real), 'recorded allergy')}{_named(unknown)}"
    elif "all" in scopes or "drug" in scopes:
        shown = "no known allergies (recorded)" if "all" in scopes else "no known drug allergies (recorded)"
    else:
        value, shown = None, "allergies not recorded"
    aside = f"; {'; '.join(dict.fromkeys(flags))}" if flags else ""
    if value is False and real == [] and part.complete:
        entry = next(entry for entry in now if _none_known(entry) in ("all", "drug"))
        return ToolOutput(
            evidence=[
                fact(
                    ctx,
                    entry,
                    False,
                    shown + aside,
                    concept=params.concept,
                    path="AllergyIntolerance.code",
                    flags=tuple(flags),
                )
            ]
        )
    return ToolOutput(
        evidence=[
            nothing(
                ctx,
                part.query,
                shown + aside,
                concept=params.concept,
                flags=tuple(flags),
                complete=part.complete,
                value=value if part.complete else None,
            )
        ]
    )


async def _told(ctx: ToolContext, record: PatientRecord, part: Slice) -> list[ToldAllergy]:
    """Allergies that the notes tell and the list lacks; one that the list has since refuted or ended is not told."""
    found, now = [], [entry for entry in part.entries if entry.verdict.current]
    for item in told_allergies(await record.notes(), ctx.terminology):
        listed = [entry for entry in [*part.entries, *part.rejected] if _is_allergy_to(record, item.concept, entry)]
        day = (item.finding.note.at or "")[:10]
        if not any(entry in now or (entry.at or day)[:10] >= day for entry in listed):
            found.append(item)
    return found


def _covers(ctx: ToolContext, asked: str, told: str) -> bool:
    """Whether an allergy to one drug or class speaks to another: it is its member or a class it belongs to."""
    terms = ctx.terminology
    classes = [name for name in wider_than(terms, asked) if not terms.get(name).grouping]
    return told in {item.id for item in terms.expand(asked)} or told in classes


def _drug_known(ctx: ToolContext, entry: Entry) -> bool:
    found = [item for element in walk(entry.resource, "reaction.substance") for item in codings(element)]
    return any(concepts_of(ctx.terminology, coding) for coding in found) or any(
        mention.how != "typo" for mention in linker_for(ctx.terminology).link(entry.text)
    )


def _allergen(entry: Entry) -> str:
    reactions = list(
        dict.fromkeys(words(item) for item in walk(entry.resource, "reaction.manifestation") if isinstance(item, dict))
    )
    shown = entry.text or "allergen without a name"
    if reactions:
        shown += f" ({', '.join(reactions)})"
    severity = next((str(text) for text in walk(entry.resource, "reaction.severity")), None)
    criticality = entry.resource.get("criticality")
    extra = [text for text in (severity, f"{criticality} criticality" if criticality else None) if text]
    return f"{shown}, {', '.join(extra)}" if extra else shown


@tool("record.allergies", version="1.0.0", kind="record", title="Allergies")
async def allergies(params: NoParams, ctx: ToolContext) -> ToolOutput:
    """Every recorded allergy and intolerance; "none known" only where that is itself recorded."""
    record = record_of(ctx)
    part = await record.slice("AllergyIntolerance")
    now = [entry for entry in part.entries if entry.verdict.current]
    real = [entry for entry in now if _none_known(entry) is None]
    none = [entry for entry in now if _none_known(entry)]
    flags = [f"{entry.verdict.reason}: {_allergen(entry)}" for entry in part.rejected]
    flags += [f"{entry.verdict.flags[-1]}: {_allergen(entry)}" for entry in part.entries if not entry.verdict.current]
    items: list[Evidence] = [
        fact(
            ctx,
            entry,
            True,
            _allergen(entry),
            path="AllergyIntolerance.code",
            slot=f"{ctx.slot}.{_key(entry)}",
            concept=main_concept(ctx.terminology, entry),
        )
        for entry in real
    ]
    told = await _told(ctx, record, part)
    items += [item.evidence(ctx, f"{ctx.slot}.told-{item.concept}") for item in told]
    flags += [f"told in a note, not on the list: {ctx.terminology.get(item.concept).name}" for item in told]
    return ToolOutput(evidence=[_allergy_head(ctx, part, real, none, flags), *items], warnings=[*part.problems])


def _allergy_head(ctx: ToolContext, part: Slice, real: list[Entry], none: list[Entry], flags: list[str]) -> Evidence:
    if real:
        if none:
            flags = [*flags, "conflict: no known allergy is recorded as well"]
        shown, value = plural(len(real), "recorded allergy"), float(len(real))
    elif none and part.complete:
        kind = min((_none_known(entry) or "" for entry in none), key=lambda scope: scope != "all")
        shown = "no known allergies (recorded)" if kind == "all" else f"no known {kind} allergies (recorded)"
        entry = next(entry for entry in none if _none_known(entry) == kind)
        return fact(ctx, entry, 0.0, shown, unit="1", path="AllergyIntolerance.code", flags=tuple(flags))
    else:
        return nothing(ctx, part.query, "allergies not recorded", flags=tuple(flags), complete=part.complete)
    return nothing(
        ctx,
        part.query,
        shown,
        value=value if part.complete else None,
        unit="1",
        flags=tuple(flags),
        complete=part.complete,
    )
