"""The differential: for, against and missing are told apart, all of it cited; the next item has a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent import ClinicalAssistant
from agent.differential import cited
from knowledge.guideline import CorpusError, default_corpus
from knowledge.protocol import Protocol, check_protocol, default_protocols
from tools.ehr.compact import build_bundle

DAY = "2026-11-22"
QUESTION = "Could this be a pulmonary embolism?"


def ask(osler: ClinicalAssistant, folder: Path, note: str, **more: Any) -> dict[str, Any]:
    """The document about a man of 40 with this note."""
    body: dict[str, Any] = {
        "id": "dx",
        "name": {"given": "Jan", "family": "Test"},
        "gender": "male",
        "birth_date": "1986-03-01",
        "notes": [{"id": "n1", "at": f"{DAY}T08:00:00Z", "text": note}],
        **more,
    }
    path = folder / "dx.json"
    path.write_text(json.dumps(build_bundle(body)), encoding="utf-8")
    consult = osler.consult(
        QUESTION,
        "dx",
        record=str(path),
        as_of=f"{DAY}T09:00:00Z",
        protocol="suspected-pulmonary-embolism",
        model="none",
    )
    return consult.document()


@pytest.fixture(scope="module")
def pleuritic(osler: ClinicalAssistant, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    note = "Pleuritic chest pain and dyspnoea since yesterday. No haemoptysis. Suspected pulmonary embolism."
    return ask(osler, tmp_path_factory.mktemp("dx"), note)


def row(document: dict[str, Any], condition: str) -> dict[str, Any]:
    (found,) = [item for item in document["answer"]["differential"] if item["condition"] == condition]
    return found


def slots(document: dict[str, Any], ids: list[str]) -> set[str]:
    return {document["evidence"][i]["slot"] for i in ids}


def test_what_is_recorded_denied_and_not_recorded_stand_apart(pleuritic: dict[str, Any]) -> None:
    embolism = row(pleuritic, "Pulmonary embolism")
    assert embolism["must_not_miss"] and embolism["probability"] is None and not embolism["calibrated"]
    assert slots(pleuritic, embolism["for"]) == {"dx_pleuritic"}
    assert "haemoptysis" in slots(pleuritic, embolism["absent"])
    assert {"dvt_signs", "prior_vte", "pe_confirmed"} <= set(embolism["missing_slots"])
    # Not recorded is missing, never against; a denial does not count against either.
    assert embolism["against"] == []
    assert not slots(pleuritic, embolism["absent"]) & set(embolism["missing_slots"])


def test_one_finding_speaks_for_one_diagnosis_and_against_another(pleuritic: dict[str, Any]) -> None:
    coronary = row(pleuritic, "Acute coronary syndrome")
    assert slots(pleuritic, coronary["against"]) == {"dx_pleuritic"}
    (finding,) = coronary["against"]
    assert slots(pleuritic, coronary["cites"][finding]) == {"aafp_pleurisy_infarction"}
    assert slots(pleuritic, row(pleuritic, "Pericarditis")["for"]) == {"dx_pleuritic"}


def test_everything_it_points_at_is_there_and_every_weight_is_cited_to_a_verified_passage(
    pleuritic: dict[str, Any],
) -> None:
    for item in pleuritic["answer"]["differential"]:
        assert set(cited(item)) <= set(pleuritic["evidence"])
        for found in [*item["for"], *item["against"], *item["absent"]]:
            assert item["cites"][found]
            for passage in item["cites"][found]:
                assert pleuritic["evidence"][passage]["source"]["verified"]


def test_the_next_item_settles_the_dangerous_diagnosis_that_something_speaks_for(pleuritic: dict[str, Any]) -> None:
    useful = pleuritic["answer"]["most_useful"]
    assert useful["slot"] == "pe_confirmed"
    assert useful["decides"] == ["Pulmonary embolism"]
    assert "can settle Pulmonary embolism" in useful["because"]


def test_an_excluded_embolism_is_settled_and_the_question_moves_on(osler: ClinicalAssistant) -> None:
    document = osler.consult(
        "Does he need a CT pulmonary angiogram to exclude pulmonary embolism?",
        "demo-pe",
        protocol="suspected-pulmonary-embolism",
        model="none",
    ).document()
    embolism = row(document, "Pulmonary embolism")
    assert embolism["settled"] == "against"
    assert "age_adjusted_d_dimer" in slots(document, embolism["against"])
    assert (embolism["published"]["low"], embolism["published"]["high"]) == (8, 13)
    assert embolism["probability"] is None
    assert "Pulmonary embolism" not in document["answer"]["most_useful"]["conditions"]


def test_a_correction_moves_the_differential(osler: ClinicalAssistant, tmp_path: Path) -> None:
    ask(osler, tmp_path, "Dyspnoea. Suspected pulmonary embolism.")
    consult = osler.consult(
        QUESTION, "dx", record=str(tmp_path / "dx.json"), as_of=f"{DAY}T09:00:00Z",
        protocol="suspected-pulmonary-embolism", model="none",
    ).run()  # fmt: skip
    before = row(consult.document(), "Pneumothorax")
    assert "dx_unequal_breath_sounds" in before["missing_slots"] and not before["for"]
    consult.correct("dx_unequal_breath_sounds", True, by="Dr Test")
    after = row(consult.document(), "Pneumothorax")
    assert slots(consult.document(), after["for"]) == {"dx_unequal_breath_sounds"}
    assert "dx_unequal_breath_sounds" not in after["missing_slots"]
    consult.correct("dx_unequal_breath_sounds", None, by="Dr Test")
    assert not row(consult.document(), "Pneumothorax")["for"]


def test_a_finding_without_a_verified_citation_is_refused() -> None:
    body = default_protocols()["upper-gi-bleeding"].model_dump(mode="json", by_alias=True)
    for change, said in (
        ({"cites": [], "must_not_miss": False}, "without a citation"),
        ({"cites": ["no_such_recommendation"]}, "expected a verified recommendation"),
        ({"cites": [], "for": [], "must_not_miss": True}, "nothing is cited"),
        ({"for": ["no_such_slot"]}, "no step fills it"),
    ):
        broken = Protocol.model_validate({**body, "differential": [{**body["differential"][0], **change}]})
        with pytest.raises(CorpusError, match=said):
            check_protocol(broken, default_corpus())


def test_presenting_complaints_name_what_must_not_be_missed() -> None:
    for name in ("suspected-pulmonary-embolism", "acute-chest-pain", "community-acquired-pneumonia", "sepsis"):
        dangerous = {item.condition for item in default_protocols()[name].differential if item.must_not_miss}
        assert "pulmonary_embolism" in dangerous
