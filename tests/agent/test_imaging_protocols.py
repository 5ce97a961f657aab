"""RECIST and Fleischner as protocols: nothing is said before what they need is entered, then what the tables say."""

from __future__ import annotations

from typing import Any

from agent import ClinicalAssistant


def held(consult: Any, slot: str) -> dict[str, Any]:
    document = consult.document()
    record = [row for row in document["records"] if row["slot"] == slot][-1]
    found: dict[str, Any] = document["evidence"][record["evidence"][0]]
    return found


def said(consult: Any) -> str:
    return " ".join(claim["text"] for claim in consult.document()["answer"]["claims"])


def needed(consult: Any) -> str:
    return " ".join(need for row in consult.document()["answer"]["not_answered"] for need in row["needs"])


def answered(consult: Any, answers: dict[str, Any]) -> None:
    for slot, value in answers.items():
        consult.correct(slot, value=value, by="Dr A")


def mm(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "mm"}


def test_no_response_before_new_lesions_are_entered(osler: ClinicalAssistant) -> None:
    """Safety rule 16."""
    consult = osler.consult("Has the tumour responded by RECIST?", "demo-htn", model="none")
    answered(consult, {"recist_baseline": mm(100), "recist_smallest": mm(60), "recist_now": mm(65)})
    answered(consult, {"recist_measured": True, "recist_gone": False, "recist_non_target": "present"})
    assert held(consult, "recist_response")["value"] is None and "response" not in said(consult).lower()
    assert "Are there new lesions" in needed(consult)
    answered(consult, {"recist_new": "no"})
    assert "Partial response by RECIST" in said(consult) and "65 mm" in said(consult)


def test_a_nodule_by_kind_and_size(osler: ClinicalAssistant) -> None:
    consult = osler.consult(
        "A lung nodule was found by chance on CT. When is the next CT due?", "demo-af", model="none"
    )
    assert "The mean of the nodule's long and short axis" in needed(consult)
    answered(
        consult, {"nodule_reported": mm(7), "nodule_type": "solid", "nodule_multiple": False, "nodule_risk": "low"}
    )
    # Whom the intervals are for is asked first, not taken for granted.
    assert "CT at" not in said(consult) and "Is any cancer known" in needed(consult)
    answered(consult, {"nodule_cancer": False, "nodule_immunosuppression": False, "nodule_screening": False})
    assert "CT at 6 to 12 months" in said(consult)
    answered(consult, {"nodule_immunosuppression": True})
    assert "these intervals do not apply" in said(consult) and "6 to 12" not in said(consult)
