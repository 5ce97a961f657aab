"""A score asked for in the conversation: inputs from record and notes with their words, worked out, correctable."""

from __future__ import annotations

import pytest

from agent import ClinicalAssistant
from agent.route_numbers import wanted
from knowledge.evidence import Derivation, Statement
from tools.ehr.dates import start_of


@pytest.mark.parametrize(
    ("question", "calculators"),
    [
        ("Calculate the SOFA score", ("sofa",)),
        ("what's his CHA2DS2-VASc", ("cha2ds2_vasc",)),
        ("How many points does she get for CURB-65?", ("curb_65",)),
    ],
)
def test_a_named_score_is_the_one_worked_out(question: str, calculators: tuple[str, ...]) -> None:
    assert wanted(question) == calculators


def test_two_named_are_two_and_one_of_a_family_is_one() -> None:
    assert set(wanted("What is her BSA and her ideal body weight?")) == {"bsa_mosteller", "ideal_body_weight"}
    assert wanted("Work out the MELD") == ("meld_3_0",)


def test_nothing_is_worked_out_for_a_question_about_no_number() -> None:
    assert wanted("Who looks after her cat?") == ()


def test_inputs_come_from_the_record_from_a_quoted_note_and_from_other_scores(osler: ClinicalAssistant) -> None:
    consult = osler.consult("Calculate the SOFA score", "demo-cap").run()
    held = {piece.slot: piece for piece in consult.evidence.values()}
    oxygen = held["input.fio2"]
    assert isinstance(oxygen.source, Statement)
    assert (oxygen.value, oxygen.unit) == (21.0, "%")
    assert oxygen.source.quote == "On room air"
    assert start_of(oxygen.effective_at or "") is not None
    pressure = held["input.mean_pressure"]
    assert isinstance(pressure.source, Derivation)
    assert pressure.value == pytest.approx((118 + 2 * 68) / 3)
    result = held["lookup.sofa"]
    assert isinstance(result.source, Derivation)
    assert result.value is None and result.range is not None
    assert "bilirubin" in result.source.missing

    before = result.range
    platelets = next(piece for slot, piece in held.items() if slot.startswith("input.platelets"))
    consult.correct(platelets.id, {"value": 15, "unit": "10*9/L"}, by="Dr Test", reason="clumps in the first sample")
    after = [piece for piece in consult.evidence.values() if piece.slot == "lookup.sofa"][-1]
    assert after.range == (before[0] + 4, before[1] + 4)
