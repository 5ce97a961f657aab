"""Medication and allergies. "Not among N recorded" is as far as a list goes; what it does not know is named."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from knowledge.coding import Coding
from knowledge.evidence import Evidence
from tools.ehr.compartment import walk
from tools.ehr.elements import codings, words
from tools.ehr.reads.reading import (
    ConceptParams,
    NoParams,
    concept_of,
    fact,
    main_concept,
    nothing,
    plural,
    record_of,
    rejected_reasons,
    within,
    words_of,
)
from tools.ehr.reads.told import ToldAllergy, taken, taken_evidence, told_allergies
from tools.ehr.record import Entry, PatientRecord, Slice, concepts_of, wider_than
from tools.notes import findings, linker_for
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext

# SNOMED CT situations "no known allergy", and the narrower ones (HL7 C-CDA on FHIR, No Known Allergies map).
_NONE_AT_ALL = {"716186003"}
_NONE_SAID = re.compile(
    r"nkda|(?P<none>no known|nil known|nka)(?: (?P<kind>drug|medication|food|environmental|latex))?"
    r"(?: allerg(?:y|ies))?\.?",
    re.IGNORECASE,
)
# A dose of the last days, or what was handed out in the last month, is not "not taken".
LATELY = {"MedicationAdministration": 3.0, "MedicationDispense": 30.0}
_KIND_SAID = {"drug": "drug", "medication": "drug", "food": "food", "environmental": "environmental", "latex": "latex"}
_WORST = ("mild", "moderate", "severe")
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
                    drug_name(entry),
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
    flags = [*reasons, *(f"{entry.verdict.flags[0]}: {drug_name(entry)}" for entry in past if entry.verdict.flags)]
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
    unknown = unrecognised(ctx, current)
    shown = f"{words_of(concept)} not among {len(current)} recorded{named_unknown(unknown)}{aside}"
    dose = await _lately(ctx, record, params.concept)
    if dose is not None:
        done = "given" if dose.type == "MedicationAdministration" else "handed out"
        shown += f"; but {done} on {(dose.at or '')[:10]} without a current order: {drug_name(dose)}"
        flags.append(f"{done} lately, on no list")
    return ToolOutput(
        evidence=[
            nothing(
                ctx,
                part.query,
                shown,
                concept=params.concept,
                flags=tuple(dict.fromkeys([*flags, *unknown])),
                complete=part.complete,
                value=False if part.complete and dose is None and not any(map(_nameless, current)) else None,
            )
        ]
    )


def _nameless(entry: Entry) -> bool:
    """Whether an entry names nothing at all: it can be any drug."""
    return not entry.text and not entry.codings


async def _lately(ctx: ToolContext, record: PatientRecord, concept: str) -> Entry | None:
    """The newest dose given, or drug handed out, of late: the list is then not all that the patient takes."""
    for kind, days in LATELY.items():
        seen: set[tuple[object, ...]] = set()
        for entry in (await record.slice(kind)).entries:
            known = (entry.codings, entry.text)
            if known in seen or not within(entry, days, ctx.now):
                continue
            seen.add(known)
            if record.match(concept, entry):
                return entry
    return None


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


def drug_name(entry: Entry) -> str:
    """A drug as the record names it."""
    return entry.text or "drug without a name"


def _path(entry: Entry) -> str:
    return f"{entry.type}.medication"


def unrecognised(ctx: ToolContext, entries: list[Entry]) -> list[str]:
    """Drugs that no code or word of ours knows: whether they belong to a class is not checked."""
    return list(dict.fromkeys(drug_name(entry) for entry in entries if main_concept(ctx.terminology, entry) is None))


def named_unknown(unknown: list[str]) -> str:
    """Drugs that were not recognised, inside a sentence."""
    if not unknown:
        return ""
    shown = ", ".join(unknown[:3]) + (f" and {len(unknown) - 3} more" if len(unknown) > 3 else "")
    return f" ({len(unknown)} not recognised: {shown})"


def _key(entry: Entry) -> str:
    return entry.reference.replace("/", "-")


# -- allergies -------------------------------------------------------------------------------------------------------


def _none_known(entry: Entry) -> str | None:
    """`all`, `drug`, `food` ... where the entry is a statement that nothing is known, by code or in words."""
    codes = {coding.code for coding in entry.codings if coding.system == Coding.parse("snomed:1").system}
    if codes & _NONE_AT_ALL:
        return "all"
    coded = next((kind for code, kind in _NONE_OF_KIND.items() if code in codes), None)
    if coded or codes:
        return coded
    said = _NONE_SAID.fullmatch(entry.text.strip())
    if said is None:
        return None
    return _KIND_SAID.get((said.group("kind") or "").casefold(), "all") if said.group("none") else "drug"


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
            drug_name(entry)
            for entry in real
            if main_concept(ctx.terminology, entry) is None and not _drug_known(ctx, entry)
        ]
        shown = f"{words_of(concept)} not among {plural(len(real), 'recorded allergy')}{named_unknown(unknown)}"
        if any(_nameless(entry) for entry in real):
            value = None
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
    severities = [str(text) for text in walk(entry.resource, "reaction.severity") if text in _WORST]
    severity = max(severities, key=_WORST.index, default=None)
    criticality = entry.resource.get("criticality")
    routes = dict.fromkeys(words(item) for item in walk(entry.resource, "reaction.exposureRoute") if words(item))
    last = entry.resource.get("lastOccurrence")
    extra = [
        severity,
        f"{criticality} criticality" if criticality else None,
        f"exposure: {', '.join(routes)}" if routes else None,
        "an intolerance" if entry.resource.get("type") == "intolerance" else None,
        f"last {str(last)[:10]}" if last else None,
    ]
    told = [text for text in extra if text]
    return f"{shown}, {', '.join(told)}" if told else shown


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
