"""Concepts of several files are merged without losing what a row says."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.guideline import CorpusError
from knowledge.terminology import default_terminology, load_terminology


def test_a_grouping_stays_one() -> None:
    terms = default_terminology()
    assert terms.get("antihypertensive").grouping
    assert terms.get("antiplatelet_or_nsaid").grouping
    assert not terms.get("ace_inhibitor").grouping


def test_rows_of_one_concept_are_united(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- {id: x, kind: drug_class, name: X, grouping: true, synonyms: [ex]}\n")
    (tmp_path / "b.yaml").write_text("- {id: x, kind: drug_class, name: X, synonyms: [ix], unit: mg}\n")
    found = load_terminology(tmp_path).get("x")
    assert (found.grouping, found.synonyms, found.unit) == (True, ("ex", "ix"), "mg")


def test_two_kinds_for_one_id_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- {id: x, kind: drug_class, name: X}\n")
    (tmp_path / "b.yaml").write_text("- {id: x, kind: medication, name: X}\n")
    with pytest.raises(CorpusError, match="medication"):
        load_terminology(tmp_path)
