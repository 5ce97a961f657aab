"""What is looked at before a draft may be written, read afresh each time (safety rule 19).

Four answers: pass, warn, contraindicated, unknown. What Osler has no table for is unknown and says so; silence is never
a pass. Only `contraindicated` stops a write.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from agent.draft_drugs import at_clearance, at_dose, with_others
from agent.draft_imaging_checks import image_identity, same_measure, study, validation
from agent.draft_replacement import already, at_once, replaced
from agent.drafts import CheckState, Draft, DraftCheck
from agent.runtime import Services
from agent.state import Board, Json, State
from agent.steps import CORRECTION
from knowledge.evidence import Evidence, FhirElement
from knowledge.interaction_rules import drug_safety
from tools.context import ToolContext
from tools.drug_safety.items import of_text as item_of
from tools.drugs import band_for, rule_of
from tools.ehr.dates import start_of
from tools.ehr.elements import words
from tools.ehr.facts.results import results_of
from tools.ehr.modifiers import judge
from tools.ehr.plausible import impossible
from tools.ehr.reads.reading import age_days, main_concept, plural
from tools.ehr.record import Entry, PatientRecord
from tools.ehr.writes.drafts import concept_named
from tools.errors import ToolError
from tools.spec import plain

_OPEN = ("arrived", "triaged", "in-progress", "onleave")
_ALIVE = ("active", "on-hold", "draft")
_BY_ACTION: dict[str, tuple[str, ...]] = {
    "start": ("patient", "allergies", "interactions", "renal", "pregnancy", "dose_ceiling", "duplicates"),
    "change": ("patient", "allergies", "interactions", "renal", "pregnancy", "dose_ceiling"),
    "stop": ("patient",),
    "request": ("patient", "duplicates"),
    "problem": ("patient", "duplicates"),
    "note": ("patient", "duplicates"),
    "order": ("patient", "allergies", "interactions", "renal", "pregnancy", "dose_ceiling", "level", "duplicates"),
    "observe": ("patient", "plausible"),
    "tell": ("patient",),
    "document": ("patient", "duplicates"),
    "measured": ("patient", "image_identity", "study", "validation", "duplicates"),
}
_ALL = ("trigger_age", "encounter")


@dataclass(frozen=True)
class Scene:
    """What checks look at: the draft, the record as it is now, the answer it came from."""

    draft: Draft
    services: Services
    context: ToolContext
    board: Board
    state: State

    @property
    def record(self) -> PatientRecord:
        """The record, open."""
        assert self.context.record is not None
        return self.context.record

    async def read(self, tool: str, arguments: Json, slot: str, inputs: dict[str, Evidence] | None = None) -> Evidence:
        """The first thing a tool says now; in this consultation corrected values stand for the record's."""
        held = self.board.records.get(slot)
        if held is not None and held.tool == CORRECTION and (said := self.board.slot(slot)) is not None:
            return said
        spec = self.services.tools[tool]
        output = await spec.call(arguments, self.context.at(f"check.{slot}", inputs or {}))
        return output.evidence[0]


Looked = tuple[CheckState, str, list[str]]


async def run_checks(scene: Scene) -> list[DraftCheck]:
    """Every check of the draft's kind, in a fixed order; one that fails to run is unknown."""
    found = []
    for name in (*_BY_ACTION[scene.draft.action], *_ALL):
        try:
            state, why, evidence = await _CHECKS[name](scene)
        except (ToolError, KeyError) as error:
            state, why, evidence = "unknown", f"could not be checked: {error}", []
        found.append(DraftCheck(name=name, state=state, why=why, evidence=evidence))
    return found


async def open_encounter(record: PatientRecord) -> str | None:
    """The encounter that is open, where there is exactly one."""
    found = [entry for entry in (await record.slice("Encounter")).entries if entry.resource.get("status") in _OPEN]
    return found[0].reference if len(found) == 1 else None


def _at(evidence: Evidence) -> list[str]:
    source = evidence.source
    return [source.reference] if isinstance(source, FhirElement) and source.reference else []


async def _patient(scene: Scene) -> Looked:
    flags = judge(scene.record.patient).flags
    here = [f"Patient/{scene.record.patient_id}"]
    if "deceased" in flags:
        return "contraindicated", "the patient is recorded as deceased", here
    if flags:
        return "warn", "the patient's record is inactive", here
    return "pass", "not recorded as deceased; the record is in use", here


async def _drug(scene: Scene) -> tuple[str | None, str]:
    """The drug's concept, and what it is called."""
    terms = scene.context.terminology
    if scene.draft.action == "start":
        chosen = scene.draft.given.get("medication")
        return (chosen, terms.get(chosen).name) if chosen else (None, "")
    if scene.draft.action == "order":
        name = scene.draft.given.get("drug") or ""
        found = item_of(name, drug_safety(), scene.context, 0).concepts if name else frozenset()
        return min(found, key=lambda concept: (len(terms.expand(concept)), concept), default=None), name
    entry = await _target(scene)
    return (main_concept(terms, entry), entry.text) if entry else (None, "")


async def _target(scene: Scene) -> Entry | None:
    target = scene.draft.target
    entries = (await scene.record.medications()).entries if target else []
    return next((entry for entry in entries if target and entry.reference == target.reference), None)


def _no_drug(name: str) -> Looked:
    return "unknown", f"{name} is not recognised as a drug: not checked" if name else "no drug is chosen yet", []


async def _allergies(scene: Scene) -> Looked:
    drug, name = await _drug(scene)
    if drug is None:
        return _no_drug(name)
    said = await scene.read("record.allergy", {"concept": drug}, f"allergy.{drug}")
    if said.value is None:
        return "unknown", f"{name}: {said.display}", _at(said)
    if said.value is False:
        return "pass", f"{name}: {said.display}", _at(said)
    entries = (await scene.record.slice("AllergyIntolerance")).entries
    entry = next((found for found in entries if found.reference in _at(said)), None)
    if entry is not None and entry.resource.get("type") == "intolerance":
        return "warn", f"{name}: intolerance recorded: {said.display}", _at(said)
    return "contraindicated", f"{name}: allergy recorded: {said.display}", _at(said)


def _dosage(scene: Scene) -> str:
    given = scene.draft.given
    return ", ".join(given[key] for key in ("dose", "timing") if given.get(key))


async def _interactions(scene: Scene) -> Looked:
    drug, name = await _drug(scene)
    if not name:
        return _no_drug(name)
    return await with_others(scene.context, drug, name, await _target(scene), _dosage(scene))


async def _renal(scene: Scene) -> Looked:
    drug, name = await _drug(scene)
    if drug is None:
        said = await _measured(scene, "creatinine")
        _, why, _ = _no_drug(name)
        return "unknown", f"{why}; creatinine: {said.display}{f' ({said.date})' if said.date else ''}", _at(said)
    rule = rule_of(drug, scene.context.terminology)
    if rule is None and drug not in drug_safety().renal:
        said = await _measured(scene, "creatinine")
        dated = f" ({said.date})" if said.date else ""
        return "unknown", f"Osler has no renal dosing rule for {name}; creatinine: {said.display}{dated}", _at(said)
    by = rule.measure if rule else "crcl"
    creatinine = await _measured(scene, "creatinine")
    # Safety rule 8: an estimate is not used while creatinine is moving (KDIGO's definition of acute injury).
    wanted = {"concept": "creatinine", "max_age_days": 365}
    definition = "kdigo_aki_definition"
    for kind in ("ratio", "rise"):
        more = {kind: f"{definition}.{kind}", "days": f"{definition}.{kind}_days"}
        risen = await scene.read("record.rise", wanted | more, f"rise.{kind}")
        if risen.value is True:
            return (
                "unknown",
                f"creatinine is not stable ({risen.display}): kidney function is not estimated from it",
                _at(risen),
            )
    inputs = {"creatinine": creatinine, "age": await scene.read("record.age", {}, "age")}
    inputs["sex"] = await scene.read("record.sex", {}, "sex")
    tool = "calc.ckd_epi_2021" if by == "egfr" else "calc.cockcroft_gault"
    if by == "crcl":
        inputs["weight"] = await _measured(scene, "weight")
    arguments = {key: plain(value) for key, value in inputs.items()}
    measure = await scene.read(tool, arguments, by, inputs)
    evidence = [reference for item in inputs.values() for reference in _at(item)]
    called = "eGFR" if by == "egfr" else "creatinine clearance"
    dated = f"creatinine of {creatinine.date or 'no date'}"
    if rule is None:
        return (*at_clearance(drug, measure, dated), evidence)
    found = band_for(rule, measure, scene.context.corpus)
    if found == "unknown":
        return "unknown", f"{name} is dosed by {called}, which is {measure.display}", evidence
    if found is None:
        return (
            "pass",
            f"{name}: the renal rule asks for no change at a {called} of {measure.display} ({dated})",
            evidence,
        )
    band, text = found
    state: CheckState = "contraindicated" if band.action == "contraindicated" else "warn"
    return "pass" if band.action == "no_change" else state, f"{text} ({dated})", evidence


async def _measured(scene: Scene, concept: str) -> Evidence:
    return await scene.read("record.observation", {"concept": concept, "max_age_days": 365}, concept)


async def _pregnancy(scene: Scene) -> Looked:
    said = await scene.read("record.pregnancy", {}, "safety.pregnancy")
    state: CheckState = "unknown" if said.value is None else ("warn" if said.value else "pass")
    return state, f"pregnancy: {said.display}", _at(said)


async def _dose_ceiling(scene: Scene) -> Looked:
    drug, name = await _drug(scene)
    if scene.draft.action == "order" and (usual := at_once(name, scene.draft.given)):
        return (*usual, [])
    age, weight = await scene.read("record.age", {}, "age"), await _measured(scene, "weight")
    state, why = at_dose(scene.context, drug, name, await _target(scene), _dosage(scene), age, weight)
    claims = [claim for claim in scene.state["answer"]["claims"] if claim["status"] == "shown" and name]
    said = [claim["text"] for claim in claims if name.split()[0].casefold() in claim["text"].casefold()]
    return state, " ".join([f"{why.removesuffix('.')}.", *(f"The answer says: {text}" for text in said)]), []


async def _level(scene: Scene) -> Looked:
    """What is replaced, as it was last measured."""
    substance = replaced(scene.draft.given.get("drug") or "")
    if substance is None or substance not in scene.context.terminology:
        return "pass", "replaces no electrolyte", []
    results = await results_of(scene.record, scene.context.terminology.get(substance))
    level = await _measured(scene, substance)
    newest = next((item for item in results.found if item.entry.reference in _at(level)), None)
    return (*already(substance, level, newest.judged if newest else None), _at(level))


async def _plausible(scene: Scene) -> Looked:
    """Whether a value to be recorded can be, and how it stands to the one before."""
    found = impossible(scene.draft.resource or {}) if scene.draft.resource else []
    if found:
        return "contraindicated", "; ".join(found), []
    return "pass", "a possible value", []


async def _trigger_age(scene: Scene) -> Looked:
    limits = {step["slot"]: step["arguments"].get("max_age_days") for step in scene.state["plan"]["steps"]}
    worst: Looked = ("pass", "no measured value decides this", [])
    rank = {"pass": 0, "unknown": 1, "warn": 2}
    lines, at = [], []
    for item in scene.draft.rests_on:
        if not (item.reference or "").startswith("Observation/"):
            continue
        moment, limit = start_of(item.effective_at), limits.get(item.slot)
        days = age_days(moment, scene.context.now, item.effective_at) if moment else None
        state: CheckState = "unknown"
        if days is not None and limit:
            state = "warn" if days > limit else "pass"
        old = (
            "no date" if days is None else ("less than a day old" if days < 1 else plural(round(days), "day") + " old")
        )
        bound = f", limit {plural(round(limit), 'day')}" if limit else ", no limit given"
        lines.append(f"{item.slot.rpartition('.')[2].replace('_', ' ')} {item.display}: {old}{bound}")
        at.append(str(item.reference))
        if rank[state] > rank[worst[0]]:
            worst = (state, "", [])
    return (worst[0], "; ".join(lines), list(dict.fromkeys(at))) if lines else worst


async def _encounter(scene: Scene) -> Looked:
    part = await scene.record.slice("Encounter")
    found = [entry for entry in part.entries if entry.resource.get("status") in _OPEN]
    if len(found) == 1:
        kind = found[0].text or "encounter"
        return "pass", f"{kind}, open since {(found[0].at or 'no date')[:10]}", [found[0].reference]
    if found:
        return "warn", f"{len(found)} encounters are open: none is named", [entry.reference for entry in found]
    if not part.complete:
        return "unknown", "encounters could not be read completely", []
    return "warn", "no open encounter", []


async def _duplicates(scene: Scene) -> Looked:
    checks = {"start": _same_drug, "order": _same_drug, "problem": _same_problem, "request": _same_request}
    checks["measured"] = same_measure
    return await checks.get(scene.draft.action, _same_note)(scene)


async def _alive(record: PatientRecord, kind: str) -> list[Entry]:
    """Orders that are open, those not yet signed off included."""
    part = await record.slice(kind)
    wrong = ("entered in error", "do not perform")
    return [
        entry
        for entry in (*part.entries, *part.rejected)
        if entry.resource.get("status") in _ALIVE and entry.verdict.reason not in wrong
    ]


async def _same_drug(scene: Scene) -> Looked:
    drug, name = await _drug(scene)
    if drug is None:
        return _no_drug(name)
    record, terms = scene.record, scene.context.terminology
    listed = [*await _alive(record, "MedicationRequest"), *await _alive(record, "MedicationStatement")]
    same = [entry for entry in listed if record.match(drug, entry)]
    if same:
        told = ", ".join(f"{entry.text} ({entry.resource.get('status')}, {entry.at or 'no date'})" for entry in same)
        return "warn", f"already ordered: {told}", [entry.reference for entry in same]
    classes = [
        found
        for found in terms.concepts.values()
        if found.kind == "drug_class" and any(item.id == drug for item in terms.expand(found.id))
    ]
    near = {
        entry.reference: f"{entry.text} ({group.name})"
        for group in sorted(classes, key=lambda found: -len(terms.expand(found.id)))
        for entry in listed
        if record.match(group.id, entry)
    }
    if near:
        return "warn", f"of the same class: {', '.join(near.values())}", list(near)
    part = await record.medications()
    if not part.complete or not (part.entries or part.rejected):
        return "unknown", "the medication list is empty or could not be read completely", []
    return "pass", f"{name} not among {plural(len(listed), 'open order')}", []


async def _same_request(scene: Scene) -> Looked:
    what = scene.draft.given.get("what", "").casefold()
    listed = await _alive(scene.record, "ServiceRequest")
    same = [entry for entry in listed if entry.text.casefold() == what]
    if same:
        told = ", ".join(f"{entry.text} ({entry.resource.get('status')}, {entry.at or 'no date'})" for entry in same)
        return "warn", f"already asked for: {told}", [entry.reference for entry in same]
    named = ", ".join(entry.text for entry in listed[:5])
    return "pass", f"not among {plural(len(listed), 'open request')}{f': {named}' if named else ''}", []


async def _same_problem(scene: Scene) -> Looked:
    named = scene.draft.given.get("condition")
    if not named:
        return "unknown", "no diagnosis is given yet", []
    concept = concept_named(named, scene.context.terminology)
    entries = (await scene.record.slice("Condition")).entries
    same = [
        entry
        for entry in entries
        if entry.text.casefold() == named.casefold() or (concept and scene.record.match(concept.id, entry))
    ]
    if same:
        told = ", ".join(f"{entry.text} ({', '.join(entry.verdict.flags) or 'active'})" for entry in same)
        return "warn", f"on the problem list already: {told}", [entry.reference for entry in same]
    return "pass", f"not among {plural(len(entries), 'recorded problem')}", []


async def _same_note(scene: Scene) -> Looked:
    title = scene.draft.given.get("title", "")
    entries = (await scene.record.slice("DocumentReference")).entries
    same = [entry for entry in entries if words({"text": entry.resource.get("description") or ""}) == title]
    if same:
        return "warn", f"a note of this title is on file: {title}", [entry.reference for entry in same]
    return "pass", f"not among {plural(len(entries), 'note')} on file", []


_CHECKS: dict[str, Callable[[Scene], Awaitable[Any]]] = {
    "patient": _patient,
    "allergies": _allergies,
    "interactions": _interactions,
    "renal": _renal,
    "pregnancy": _pregnancy,
    "dose_ceiling": _dose_ceiling,
    "level": _level,
    "plausible": _plausible,
    "duplicates": _duplicates,
    "trigger_age": _trigger_age,
    "encounter": _encounter,
    "image_identity": image_identity,
    "study": study,
    "validation": validation,
}
