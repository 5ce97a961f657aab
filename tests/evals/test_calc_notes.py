"""The benchmark over notes of our own: what it calls right, wrong, missed and invented."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.benchmarks.calc_notes import NOTES, bench, verdict
from tools.calculators import calculator
from tools.errors import UsageError

CREATININE = calculator("meld_na").input("creatinine")
TWO = """
- {id: a, note: "Creatinine 1.9 mg/dL, INR 1.4.", inputs: {creatinine: {value: 168, unit: umol/L}, bilirubin: null}}
- {id: b, note: "Der Patient ist wegen der Leber und nicht wegen der Niere hier.", inputs: {creatinine: null}}
"""


@pytest.mark.parametrize(
    ("wanted", "given", "word"),
    [
        ({"value": 1.9, "unit": "mg/dL"}, {"value": 168, "unit": "umol/L"}, "right"),
        ({"value": 1.9, "unit": "mg/dL"}, {"value": 1.2, "unit": "mg/dL"}, "wrong"),
        ({"value": 1.9, "unit": "mg/dL"}, None, "missed"),
        (None, {"value": 1.2, "unit": "mg/dL"}, "invented"),
        (None, None, "silent"),
    ],
)
def test_verdicts(wanted: object, given: object, word: str) -> None:
    assert verdict(CREATININE, wanted, given) == word


def test_it_counts_stated_inputs_and_names_refused_notes(tmp_path: Path) -> None:
    (tmp_path / "meld_na.yaml").write_text(TWO, encoding="utf-8")
    body = bench(tmp_path)
    assert (body["n"], body["score"]) == (1, 1.0)
    assert [row["id"] for row in body["excluded"]] == ["b"]
    assert body["by"]["meld_na"]["invented"] == 1  # the INR, which the row does not give


def test_a_folder_without_notes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        bench(tmp_path)


def test_twenty_notes_stand_there_for_each_of_fifteen_calculators() -> None:
    import yaml

    counts = {path.stem: len(yaml.safe_load(path.read_text(encoding="utf-8"))) for path in NOTES.glob("*.yaml")}
    assert len(counts) == 15 and min(counts.values()) >= 20
