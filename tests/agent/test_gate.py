"""The gate strikes what was altered, and only that."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from agent import ClinicalAssistant
from agent.state import load
from agent.verify import Case, case_of, check_item
from evals.benchmarks.gate import MUTATIONS, mutants
from knowledge.claim import Claim, NextStep
from knowledge.evidence import Evidence, ModelReading


@pytest.fixture(scope="module")
def sound(osler: ClinicalAssistant) -> list[tuple[Claim, Case]]:
    services = osler.portal.call(osler.core.services())
    found = []
    for patient, question in (
        ("demo-af", "Should she be anticoagulated?"),
        ("demo-ckd", "What stage is the kidney disease, and do the doses fit?"),
    ):
        state = osler.consult(question, patient).state
        case = case_of(state, services)
        found += [(Claim.model_validate(body), case) for body in state["answer"]["claims"]]
    return found


def failed(item: Claim | NextStep, case: Case) -> set[str]:
    return {rule for rule, passed, _ in check_item(item, case) if not passed}


def test_sound_claims_pass(sound: list[tuple[Claim, Case]]) -> None:
    assert sound
    assert [(claim.text, failed(claim, case)) for claim, case in sound if failed(claim, case)] == []


@pytest.mark.parametrize("kind", sorted(MUTATIONS))
def test_every_kind_of_fault_is_caught(sound: list[tuple[Claim, Case]], kind: str) -> None:
    rng, tried = random.Random(7), 0
    for claim, case in sound:
        mutant = MUTATIONS[kind](claim, case, rng)
        if mutant is not None:
            tried += 1
            assert failed(*mutant), f"{kind}: {mutant[0].text}"
    assert tried


def test_mutants_come_in_every_kind(sound: list[tuple[Claim, Case]]) -> None:
    kinds = Counter(kind for kind, _, _ in mutants(sound, 45))
    assert set(kinds) == set(MUTATIONS)


def test_a_readings_alone_carries_no_exclusion_or_measurement(sound: list[tuple[Claim, Case]]) -> None:
    _, case = sound[0]
    reading = Evidence(
        slot="model.x",
        value="normal",
        display="normal",
        patient=case.patient,
        source=ModelReading(model="m", prompt_version="1"),
    )
    case = replace(case, evidence={**case.evidence, reading.id: reading}, current=case.current | {reading.id})
    opinion = Claim(
        id="c1",
        text="The film is normal.",
        template="The film is normal.",
        names={},
        values=[],
        evidence=[reading.id],
        certainty="opinion",
    )
    assert "readings" in failed(opinion, case)
    mild = opinion.model_copy(update={"text": "A shadow is seen.", "template": "A shadow is seen."})
    assert failed(mild, case) == set()
    assert "readings" in failed(mild.model_copy(update={"certainty": "established"}), case)


def test_superseded_evidence_is_caught(sound: list[tuple[Claim, Case]]) -> None:
    claim, case = sound[0]
    gone = claim.evidence[0]
    assert "current" in failed(claim, replace(case, current=case.current - {gone}))


def test_a_drug_is_not_named_before_the_safety_reads(osler: ClinicalAssistant) -> None:
    services = osler.portal.call(osler.core.services())
    state = osler.consult("Should she be anticoagulated?", "demo-af").state
    case = case_of(state, services)
    steps = [NextStep.model_validate(body) for body in state["answer"]["next_steps"]]
    drugs = [step for step in steps if step.drugs]
    assert drugs
    for step in drugs:
        assert failed(step, case) == set()
        for slot in ("safety.allergies", "safety.pregnancy", "safety.renal", "safety.potassium", "safety.bleeding"):
            assert "drugs" in failed(step, replace(case, read=case.read - {slot}))


def test_another_patients_evidence_is_caught_by_its_patient(sound: list[tuple[Claim, Case]]) -> None:
    claim, case = sound[0]
    owned = next(i for i in claim.evidence if case.evidence[i].patient)
    foreign = load(case.evidence[owned].model_dump(mode="json") | {"patient": "someone-else"})
    swapped = claim.model_copy(update={"evidence": [foreign.id if i == owned else i for i in claim.evidence]})
    altered = replace(case, evidence={**case.evidence, foreign.id: foreign}, current=case.current | {foreign.id})
    assert "patient" in failed(swapped, altered)
