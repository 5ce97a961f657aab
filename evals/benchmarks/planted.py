"""Faults aimed at one rule of the gate each: what `gate.py`'s faults in finished claims do not touch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from agent import ClinicalAssistant
from agent.runtime import Services
from agent.verify import Case, Item, case_of, check_item
from knowledge.claim import Claim, NextStep
from knowledge.evidence import Decision, Evidence, ModelReading

Planted = tuple[Item, Case]
PER_RULE = 5


def sound_items(osler: ClinicalAssistant, consultation: str, services: Services) -> list[Planted]:
    """Every claim and next step of a consultation that is shown and passes every rule, with what it is checked by."""
    state = osler.open(consultation).state
    case = case_of(state, services)
    claims: list[Item] = [Claim.model_validate(body) for body in state["answer"]["claims"]]
    steps: list[Item] = [NextStep.model_validate(body) for body in state["answer"]["next_steps"]]
    return [
        (item, case)
        for item in [*claims, *steps]
        if item.status == "shown" and all(passed for _, passed, _ in check_item(item, case))
    ]


def _uncited(item: Item, case: Case) -> Planted | None:
    """It points at nothing."""
    return item.model_copy(update={"evidence": [], "names": {}, "values": []}), case


def _superseded(item: Item, case: Case) -> Planted | None:
    """A piece of its evidence has been replaced since."""
    return item, replace(case, current=case.current - {item.evidence[0]})


def _number(item: Item, case: Case) -> Planted | None:
    """A number that no evidence gave stands in the wording and in the text."""
    more = " This holds for 37 days."
    return item.model_copy(update={"template": item.template + more, "text": item.text + more}), case


def _reading(item: Item, case: Case) -> Planted | None:
    """A model's look at a film is said to show that all is well."""
    if not isinstance(item, Claim):
        return None
    seen = Evidence(
        slot="image.1.reading",
        value="no fracture",
        display="The lungs are normal and a fracture is excluded",
        patient=case.patient,
        source=ModelReading(model="some-model", prompt_version="1", images=("0" * 64,)),
    )
    held = replace(case, evidence={**case.evidence, seen.id: seen}, current=case.current | {seen.id})
    changed = {
        "evidence": [seen.id],
        "names": {"seen": seen.id},
        "values": [],
        "criterion": None,
        "template": "{seen.display}",
        "text": seen.display,
        "certainty": "established",
    }
    return item.model_copy(update=changed), held


def _excluded_blind(item: Item, case: Case) -> Planted | None:
    """A disease is excluded while something that decides it is not known."""
    for evidence_id in item.evidence:
        found = case.evidence[evidence_id]
        source = found.source
        if not isinstance(source, Decision) or found.slot != item.criterion or not isinstance(item, Claim):
            continue
        criterion = next(c for c in case.protocols[source.protocol].criteria if c.id == source.criterion)
        if not criterion.rules_out or not item.polarity:
            return None
        doubtful = found.model_copy(update={"source": source.model_copy(update={"unknown": ("haemoptysis",)})})
        return item, replace(case, evidence={**case.evidence, evidence_id: doubtful})
    return None


def _unread(item: Item, case: Case) -> Planted | None:
    """A step that names a drug before allergies, medication and the rest were read."""
    if not isinstance(item, NextStep) or not item.drugs:
        return None
    return item, replace(case, read=frozenset())


AIMED: dict[str, Callable[[Item, Case], Planted | None]] = {
    "cites": _uncited,
    "current": _superseded,
    "free_number": _number,
    "readings": _reading,
    "rules_out": _excluded_blind,
    "drugs": _unread,
}


def planted(items: list[Planted]) -> list[Planted]:
    """Up to five faults for each rule that is aimed at, in the order of the items."""
    found: list[Planted] = []
    for plant in AIMED.values():
        made = (fault for item, case in items if (fault := plant(item, case)) is not None)
        found += [fault for fault, _ in zip(made, range(PER_RULE), strict=False)]
    return found
