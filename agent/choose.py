"""protocol.choose: question and patient's facts in, a typed choice out; with a model, the model may refine it.

Choice, runners-up and reasons are evidence; the clinician can switch.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from agent.instructed import instructed, is_instruction
from agent.pictured import pictured, pictures_of
from agent.planners.choice import PROTOCOL_PLANNER, Choice
from agent.planners.protocol import choice_of, offer, offered_concepts
from agent.route import Fact, RouteResult
from agent.route_profile import AGE
from agent.runtime import Services
from agent.searches import searched
from agent.state import Json
from knowledge.evidence import Decision, Evidence, Statement
from tools.spec import ToolOutput

LISTS = {
    "problems": "record.problems",
    "medications": "record.medications",
    "allergies": "record.allergies",
    "labs": "record.labs",
    "vitals": "record.vitals",
    "timeline": "record.timeline",
    "imaging": "record.imaging",
    "microbiology": "record.microbiology",
    "pending": "record.pending",
    "since": "record.since",
    "care_gaps": "record.care_gaps",
    "fluids": "record.fluids",
    "encounters": "record.encounters",
    "procedures": "record.procedures",
    "immunizations": "record.immunizations",
    "notes": "record.notes",
}
CHEST_FILM = "attached_chest_film"
VERSION = "1.0.0"
_ASSERTIONS = {True: "present", False: "absent"}


def facts_of(read: dict[str, list[Evidence]]) -> list[Fact]:
    """The coded facts the router sees: problems, medications, findings of notes, the newest results."""
    facts: list[Fact] = []
    for slot in ("problems", "medications", "findings", "labs"):
        for item in read.get(slot, [])[1:]:
            if item.concept is None or ".quarantined." in item.slot:
                continue
            assertion = "present"
            if isinstance(item.value, bool):
                assertion = _ASSERTIONS[item.value]
            if isinstance(item.source, Statement) and item.source.assertion not in (None, "correction"):
                assertion = item.source.assertion or assertion
            quantity = item.quantity
            facts.append(
                Fact(
                    item.concept,
                    assertion,
                    item.id,
                    quantity.value if quantity else None,
                    quantity.unit if quantity else None,
                )
            )
    age = next((item for item in read.get("patient.age", []) if item.quantity is not None), None)
    if age is not None and age.quantity is not None:
        facts.append(Fact(AGE, "present", age.id, age.quantity.value, age.quantity.unit))
    facts += [
        Fact(CHEST_FILM, "present", item.id)
        for slot, found in read.items()
        if slot.startswith("image.") and not _tomogram(slot, found)
        for item in found
        if item.slot == f"{slot}.body_part" and str(item.value).lower() == "chest"
    ]
    return facts


def _tomogram(slot: str, found: list[Evidence]) -> bool:
    return any(item.slot == f"{slot}.modality" and item.value in ("CT", "MR", "PT", "NM", "US") for item in found)


async def choose(arguments: Json, read: dict[str, list[Evidence]], case: Json, services: Services) -> ToolOutput:
    """Choose what to work out for this question about this patient."""
    question = str(read["question"][0].value)
    facts = facts_of(read)
    router = services.router
    result = router.route(question, facts)
    if arguments.get("protocol"):
        choice = Choice(
            "one", protocols=(arguments["protocol"],), reasons=("named by the caller",), decided_by=PROTOCOL_PLANNER
        )
    else:
        choice = choice_of(result)
        if case.get("patient"):
            now = datetime.fromisoformat(case["as_of"])
            choice = searched(choice, question, services.terminology, now)
            choice = instructed(choice, question, services.terminology, now)
            choice = pictured(choice, question, pictures_of(read, case))
        choice = measured(choice, result, facts, services)
        if services.model is not None and not is_instruction(choice.reasons) and case.get("model") != "none":
            choice = await _with_model(choice, result, question, read, case, services)
    return ToolOutput(evidence=[_evidence(choice, result, case), *choice.readings])


def measured(choice: Choice, result: RouteResult, facts: list[Fact], services: Services) -> Choice:
    """Where no protocol takes the patient: the newest results of what the question speaks of are shown all the same.

    A question may rest on a result that a newer one has overtaken ("her potassium is raised: what now?").
    """
    if choice.kind != "none":
        return choice
    on_record = {fact.concept for fact in facts if fact.value is not None}
    spoken = [name for name in result.concepts if name in on_record and name in services.terminology]
    shown = [name for name in spoken if services.terminology.get(name).kind == "observation"]
    return replace(choice, lookup=tuple(dict.fromkeys([*choice.lookup, *shown])))


async def _with_model(
    choice: Choice, result: RouteResult, question: str, read: dict[str, list[Evidence]], case: Json, services: Services
) -> Choice:
    from agent.planners.model import choose as ask_model

    assert services.model is not None
    shown = [item for found in read.values() for item in found if item.slot != "question"]
    ledger: dict[str, Any] = services.ledger(case)
    return await ask_model(
        services.model,
        question,
        offer(result, services.protocols),
        shown,
        list(services.tools.values()),
        services.settings,
        ledger,
        fallback=choice,
        concepts=offered_concepts(result, services.terminology, list(LISTS)),
        private=await services.private(case),
    )


def _evidence(choice: Choice, result: RouteResult, case: Json) -> Evidence:
    ranked = [
        {"protocol": row.protocol, "score": round(row.score, 4), "entry": row.entry, "reasons": list(row.reasons)}
        for row in result.ranked
    ]
    # Only where the record lets the patient in: with many protocols, every flag of those merely not denied is noise.
    enterable = [row.protocol for row in result.ranked if row.entry is True]
    detail = choice.detail() | {
        "ranked": ranked,
        "enterable": enterable,
        "decision": list(result.decision),
        "concepts": list(result.concepts),
    }
    return Evidence(
        slot="protocol.choice",
        value=choice.value or choice.kind,
        patient=case.get("patient"),
        display=choice.value or choice.kind,
        source=Decision(protocol="router", criterion="protocol.choose", detail=detail),
    )
