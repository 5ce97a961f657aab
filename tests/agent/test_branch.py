"""What if: a copy is corrected, the original stays as it is; a copy is never signed."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent import ClinicalAssistant, Quantity
from agent.export import without_times
from tools.errors import BadInput, UsageError

AF = "Should she be anticoagulated?"


def test_a_what_if_changes_a_copy_only(osler: ClinicalAssistant) -> None:
    consult = osler.consult(AF, "demo-af").run()
    before = without_times(consult.document())
    copy, changed = consult.what_if("creatinine", Quantity(1.9, "mg/dL"))
    assert "crcl" in changed["rerun"] and "hypertension" in changed["kept"] and changed["diff"]
    assert copy.id != consult.id
    assert copy.document()["branch_of"] == {"consultation": consult.id, "version": 1}
    assert "What if" in copy.report("markdown")
    assert without_times(consult.document()) == before
    assert consult.approve("Dr A", "physician")["approved"]


def test_a_what_if_equals_the_correction_itself(osler: ClinicalAssistant) -> None:
    consult = osler.consult(AF, "demo-af").run()
    _, imagined = consult.what_if("creatinine", Quantity(1.9, "mg/dL"))
    made = consult.correct("creatinine", Quantity(1.9, "mg/dL"), by="Dr A")
    assert imagined["diff"] == made["diff"] and imagined["rerun"] == made["rerun"]


def test_a_what_if_of_a_what_if_and_of_a_signed_consultation(osler: ClinicalAssistant) -> None:
    consult = osler.consult(AF, "demo-af").run()
    consult.approve("Dr A", "physician")
    copy, _ = consult.what_if("creatinine", Quantity(1.9, "mg/dL"))
    again, changed = copy.what_if("creatinine", Quantity(3.0, "mg/dL"))
    assert again.document()["branch_of"]["consultation"] == copy.id and "crcl" in changed["rerun"]
    assert consult.document()["status"] == "signed"


def test_a_what_if_is_not_signed_and_not_exported(osler: ClinicalAssistant) -> None:
    copy, _ = osler.consult(AF, "demo-af").what_if("creatinine", Quantity(1.9, "mg/dL"))
    with pytest.raises(UsageError, match="not signed"):
        copy.approve("Dr A", "physician")
    with pytest.raises(UsageError, match="FHIR"):
        copy.report("fhir")


def test_an_impossible_what_if_leaves_no_copy(osler: ClinicalAssistant, home: Path) -> None:
    import sqlite3

    consult = osler.consult(AF, "demo-af").run()
    with pytest.raises(BadInput):
        consult.what_if("creatinine", Quantity(-1.0, "mg/dL"))
    with sqlite3.connect(osler.settings.consultations) as connection:
        query = "SELECT count(*) FROM checkpoints WHERE thread_id LIKE ?"
        assert connection.execute(query, (f"{consult.id}-if-%",)).fetchone() == (0,)
