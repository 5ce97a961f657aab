"""A model's reading of an image carries no measurement, normal finding, exclusion or action (safety rule 5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent import ClinicalAssistant
from agent.plan import over_budget
from agent.planners.candidates import board_rows, candidates
from agent.state import Board, dump, load
from agent.verify import Case, case_of, check_item
from knowledge.claim import Claim, NextStep, render
from knowledge.evidence import Evidence, ImageRegion, ModelReading
from tools.calculators.tool import calculator_tools
from tools.spec import ToolRecord, plain

TEMPLATE = "Image: {item}."


@pytest.fixture(scope="module")
def case(osler: ClinicalAssistant) -> Case:
    services = osler.portal.call(osler.core.services())
    return case_of(osler.consult("What is her creatinine?", "demo-af").state, services)


def reading(words: str, model: str = "qwen2.5-vl", slot: str = "lookup.image") -> Evidence:
    region = ImageRegion(image="a" * 64, label="opacity", box=(1, 2, 30, 40))
    return Evidence(
        slot=slot,
        display=f"{model}: “{words}” (a model's opinion)",
        patient="demo-af",
        source=ModelReading(model=model, revision="r1", prompt_version="1", images=("a" * 64,), regions=(region,)),
    )


def failed(case: Case, said: Evidence, *more: Evidence, certainty: str = "opinion") -> set[str]:
    held = {item.id: item for item in (said, *more)}
    case = replace(case, evidence={**case.evidence, **held}, current=case.current | set(held))
    text, values = render(TEMPLATE, {"item": said})
    claim = Claim(
        id="c1",
        text=text,
        template=TEMPLATE,
        names={"item": said.id},
        values=values,
        evidence=list(held),
        certainty=certainty,  # type: ignore[arg-type]
    )
    return {rule for rule, passed, _ in check_item(claim, case) if not passed}


def test_an_opinion_shown_as_one_stands_whatever_the_model_is_called(case: Case) -> None:
    assert failed(case, reading("An opacity in the right upper zone, beside rib 4.")) == set()
    assert failed(case, reading("An opacity in the right upper zone.", model="normal-vl-0.5")) == set()


@pytest.mark.parametrize("certainty", ["established", "probable", "possible"])
def test_as_anything_else_than_an_opinion_it_falls(case: Case, certainty: str) -> None:
    assert "readings" in failed(case, reading("An opacity."), certainty=certainty)


FORBIDDEN = [
    "A nodule of 12 mm.",
    "The ratio is 0.55.",
    "Fifteen millimetres across.",
    "An effusion of 3 x 4 cm.",
    "55 % of it.",
    "The heart is normal.",
    "Lungs are clear.",
    "Unremarkable bowel gas.",
    "Stable appearance.",
    "Within normal limits.",
    "No pneumothorax.",
    "Without effusion.",
    "Fracture is ruled out.",
    "There isn't a mass.",
    "Absent consolidation.",
    "Negative for tuberculosis.",
    "Malignancy is unlikely.",
]


@pytest.mark.parametrize("words", FORBIDDEN)
def test_a_measurement_a_normal_finding_or_an_exclusion_is_struck(case: Case, words: str) -> None:
    assert failed(case, reading(words)) == {"readings"}


@pytest.mark.parametrize("words", FORBIDDEN)
def test_citing_a_result_beside_it_does_not_let_it_through(case: Case, words: str) -> None:
    result = next(item for item in case.evidence.values() if item.kind == "fhir" and item.patient == case.patient)
    assert failed(case, reading(words), result) == {"readings"}


def test_no_step_is_taken_on_it(case: Case) -> None:
    said = reading("An opacity.")
    case = replace(case, evidence={**case.evidence, said.id: said}, current=case.current | {said.id})
    step = NextStep(
        id="n1", text="Treat it.", template="Treat it.", names={}, values=[], kind="treatment", evidence=[said.id]
    )
    assert "readings" in {rule for rule, passed, _ in check_item(step, case) if not passed}


def test_nothing_is_computed_from_it(osler: ClinicalAssistant) -> None:
    said = reading("yes", slot="weight")
    assert said.value is None and said.quantity is None and not said.known and plain(said) is None
    record = ToolRecord(id="r", tool="image.read", version="1", slot="weight", status="ok", evidence=[said.id])
    board = Board(
        {
            "plan": {"steps": [{"slot": "weight", "tool": "image.read"}]},
            "records": [record.model_dump(mode="json")],
            "evidence": {said.id: dump(said)},
        }
    )
    assert board.slot("weight") == said and load(dump(said)) == said
    assert not board_rows(board)
    assert not candidates([spec for spec in calculator_tools() if spec.name == "calc.bmi"], board)


def test_the_time_a_model_took_to_choose_is_not_taken_from_the_protocols(osler: ClinicalAssistant) -> None:
    services = osler.portal.call(osler.core.services())
    slow = {"tool": "protocol.choose", "seconds": 10 * services.settings.max_seconds}
    assert not over_budget({"records": [slow]}, services)
    assert over_budget({"records": [slow | {"tool": "image.read"}]}, services)
