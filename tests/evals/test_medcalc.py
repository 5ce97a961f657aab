"""The benchmark of calculators on given entities: rows of our own, their score, and what is left out."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from evals.benchmarks.medcalc import COLUMNS, run
from evals.benchmarks.medcalc_entities import Unmapped, inputs_of, rules
from evals.commands import bench
from tools.calculators import calculator
from tools.errors import UsageError

Json = dict[str, Any]
REAL = Path(__file__).parents[3] / "shared" / "data" / "medcalc-bench" / "dev_942.csv"


def row(number: int, entities: Json, truth: str, low: str = "", high: str = "") -> Json:
    values = ("1", number, "invented", repr(entities), truth)
    return {**dict(zip(COLUMNS, values, strict=True)), "Lower Limit": low or truth, "Upper Limit": high or truth}


MAP = row(
    5,
    {"Systolic Blood Pressure": [150.0, "mm hg"], "Diastolic Blood Pressure": [90.0, "mmhg"]},
    "110.0",
    "104.5",
    "115.5",
)
"""(150 + 2 x 90) / 3 = 110."""

CURB = row(
    45,
    {
        "Systolic Blood Pressure": [85.0, "mm hg"],
        "Diastolic Blood Pressure": [70.0, "mm hg"],
        "respiratory rate": [31.0, "breaths per minute"],
        "Blood Urea Nitrogen (BUN)": [30.0, "mg/dL"],
        "age": [66, "years"],
    },
    "4",
)
"""Everything but confusion, which is not given."""

DUE = row(13, {"cycle length": 24, "Last menstrual date": "03/01/2021"}, "12/10/2021")
"""1 March + 280 days = 6 December; four days earlier for the cycle is 2 December, the row says four days later."""


def written(folder: Path, rows: list[Json]) -> Path:
    path = folder / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, rows[0].keys())
        table.writeheader()
        table.writerows(rows)
    return path


def test_three_rows_of_our_own(tmp_path: Path) -> None:
    body = run([written(tmp_path, [MAP, CURB, DUE])])
    assert [case["status"] for case in body["cases"]] == ["right", "right", "wrong"]
    assert [case["answer"] for case in body["cases"]] == [110.0, 4.0, "2021-12-02"]
    assert body["n"] == 3 and body["score"] == pytest.approx(0.6667)
    assert body["score_undisputed"] == {"score": 1.0, "interval": body["score_undisputed"]["interval"], "n": 2}
    assert [(entry["calculator_id"], entry["n"]) for entry in body["disputed"]] == [(13, 1)]


def test_limits_are_those_of_the_row(tmp_path: Path) -> None:
    near = {**MAP, "Lower Limit": "110.1"}
    body = run([written(tmp_path, [near])])
    assert body["score"] == 0.0 and len(body["wrong"]) == 1


def test_an_excluded_row_counts_as_wrong(tmp_path: Path) -> None:
    odd = row(5, {"Systolic Blood Pressure": [150.0, "furlongs"]}, "110.0")
    body = run([written(tmp_path, [MAP, odd])])
    assert body["score"] == body["score_all"]["score"] == 0.5 and body["n"] == 2
    assert body["score_mapped"]["score"] == 1.0 and body["score_mapped"]["n"] == 1
    assert "furlongs" in body["excluded"][0]["why"]


def test_a_refused_input_is_not_excluded(tmp_path: Path) -> None:
    impossible = row(22, {"weight": [20.0, "g"]}, "0.08")
    body = run([written(tmp_path, [impossible])])
    assert body["refused"] == 1 and body["excluded"] == [] and body["score_mapped"]["n"] == 1


def test_an_entity_without_a_rule_is_named() -> None:
    with pytest.raises(Unmapped, match="shoe size"):
        inputs_of(10, {"sex": "Male", "height": [1.8, "m"], "shoe size": [43, "cm"]})


def test_an_answer_may_be_a_step(tmp_path: Path) -> None:
    entities = {
        "age": [60, "years"],
        "Heart Rate or Pulse": [110, "beats per minute"],
        "O₂ saturation percentage": [98, "%"],
    }
    assert run([written(tmp_path, [row(48, entities, "2")])])["score"] == 1.0


@pytest.mark.parametrize(
    ("weight", "height", "expected"),
    [(50.0, 180.0, 50.0), (65.0, 165.0, 61.38), (70.0, 180.0, 70.0), (100.0, 170.0, 79.57)],
)
def test_the_weight_of_cockcroft_gault_goes_by_build(weight: float, height: float, expected: float) -> None:
    """Devine for a man: 50 + 0.9055 x (cm - 152.4) kg; from a BMI of 25 plus 40 % of what is above it."""
    entities = {
        "age": [50, "years"],
        "sex": "Male",
        "weight": [weight, "kg"],
        "height": [height, "cm"],
        "creatinine": [1.0, "mg/dL"],
    }
    assert inputs_of(2, entities)[1]["weight"]["value"] == pytest.approx(expected, abs=0.05)


def test_every_rule_fills_inputs_that_exist() -> None:
    for number, rule in rules()["calculators"].items():
        declared = {entry.name for entry in calculator(rule["calculator"]).inputs}
        assert set(rule["inputs"]) <= declared, number
    assert set(rules()["disputed"]) <= set(rules()["calculators"])


def test_a_level_that_there_is_not_and_notes_that_there_are_not(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no level 'words'"):
        run([written(tmp_path, [MAP])], "words")
    with pytest.raises(UsageError) as refused:
        run([written(tmp_path, [MAP])], "note")
    assert "Patient Note" in str(refused.value.found)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UsageError, match="not a CSV of MedCalc-Bench"):
        run([tmp_path / "other.csv"])
    with pytest.raises(UsageError, match="cannot be read"):
        run([tmp_path / "nowhere.csv"])


def test_the_command_writes_its_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = tmp_path / "cases.jsonl"
    bench("medcalc", data=[written(tmp_path, [MAP])], per_case=cases, level="entities", as_json=True)
    assert json.loads(capsys.readouterr().out)["score"] == 1.0
    assert json.loads(cases.read_text(encoding="utf-8"))["status"] == "right"


@pytest.mark.skipif(not REAL.is_file(), reason="needs ../shared/data/medcalc-bench (not part of the repository)")
def test_the_public_development_rows() -> None:
    body = run([REAL])
    assert body["score"] > 0.9 and all(entry["why"] for entry in body["excluded"])
