"""The benchmark of calculators on notes: notes of our own; right, wrong and refused apart; corrected labels."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from evals.benchmarks.medcalc import COLUMNS, run
from evals.commands import bench
from tools.errors import UsageError

Json = dict[str, Any]
KEYS = (*COLUMNS, "Category", "Patient Note", "Question", "Lower Limit", "Upper Limit")


def row(number: int, calculator: int, note: str, truth: str, entities: Json | None = None) -> Json:
    low, high = (truth, truth) if "/" in truth else (float(truth) * 0.95, float(truth) * 1.05)
    values = (
        str(number),
        calculator,
        f"calculator {calculator}",
        repr(entities or {}),
        truth,
        "test",
        note,
        "",
        low,
        high,
    )
    return dict(zip(KEYS, values, strict=True))


ROWS = [
    row(1, 6, "A 40-year-old man, height 180 cm, weight 81 kg.", "25"),
    row(2, 6, "A 40-year-old man, height 180 cm, weight 81 kg.", "31"),
    row(3, 6, "A 40-year-old man, height 180 cm, with a weight loss of 10 kg.", "25"),
    row(4, 13, "Last menstrual period was on 01/03/2023. Her cycle length is 28 days.", "10/10/2023"),
    row(5, 51, "Temperature 39 °C, pulse 110/min, respirations 24/min, WBC 15,000/mm3.", "4"),
    row(6, 28, "BP 120/80. Age 50 years.", "7"),
]


def written(folder: Path, rows: list[Json], name: str = "rows.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, rows[0].keys())
        table.writeheader()
        table.writerows(rows)
    return path


def test_right_wrong_and_refused_are_three_things(tmp_path: Path) -> None:
    body = run([written(tmp_path, ROWS)], "note", "absent")
    assert [case["status"] for case in body["cases"]] == ["right", "wrong", "refused", "right", "right", "refused"]
    assert body["score"] == 0.5 and body["wrong_share"]["score"] == pytest.approx(1 / 6, abs=1e-4)
    assert body["by"]["6 calculator 6"]["refused"] == 1 and body["by"]["category: test"]["n"] == 6
    assert body["macro_average"]["score"] == pytest.approx((1 / 3 + 1 + 1 + 0) / 4, abs=1e-4)
    assert body["cases"][2]["missing"] == ["weight"] and body["seconds_per_row"]["median"] >= 0
    assert body["cases"][0]["inputs"]["weight"]["quote"].startswith("weight 81 kg")


def test_without_the_convention_what_is_not_said_stays_unknown(tmp_path: Path) -> None:
    body = run([written(tmp_path, [ROWS[4]])], "note")
    assert body["unmentioned"] == "unknown" and body["cases"][0]["status"] in ("right", "refused")


def test_corrected_labels_are_the_score_and_the_raw_ones_stand_beside(tmp_path: Path) -> None:
    data = written(tmp_path, ROWS[:3])
    labels = [
        {"Unique ID": entry["Row Number"], "Calculator Name": entry["Calculator Name"], "Question": "",
         "Patient Note": entry["Patient Note"], "Ground Truth Answer": truth, "Lower Limit": 24, "Upper Limit": 26}
        for entry, truth in zip(ROWS[:3], ("25", "25", "N/A"), strict=True)
    ]  # fmt: skip
    body = run([data], "note", "absent", written(tmp_path, labels, "corrected.csv"))
    assert body["score"] == 1.0 and body["n"] == 3
    assert body["by"]["raw labels"]["score"] == pytest.approx(1 / 3, abs=1e-4)


def test_a_label_of_a_row_that_the_data_lack_is_found_by_its_name(tmp_path: Path) -> None:
    label = {"Unique ID": "9", "Calculator Name": "Body Mass Index (BMI)", "Question": "", "Lower Limit": 24,
             "Patient Note": ROWS[0]["Patient Note"], "Ground Truth Answer": "25", "Upper Limit": 26}  # fmt: skip
    path = written(tmp_path, [label], "corrected.csv")
    assert run([written(tmp_path, ROWS[:1])], "note", "absent", path)["score"] == 1.0
    assert (
        run([written(tmp_path, ROWS[:1])], "entities", None, path)["excluded"][0]["why"] == "the row gives no entities"
    )


def test_an_answer_where_none_is_due_is_wrong(tmp_path: Path) -> None:
    note = ROWS[0]["Patient Note"]
    label = {"Unique ID": "1", "Calculator Name": "calculator 6", "Question": "", "Patient Note": note,
             "Ground Truth Answer": "N/A", "Lower Limit": "N/A", "Upper Limit": "N/A"}  # fmt: skip
    body = run([written(tmp_path, ROWS[:1])], "note", "absent", written(tmp_path, [label], "corrected.csv"))
    assert body["cases"][0]["status"] == "wrong" and body["score"] == 0.0


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench("medcalc", data=[written(tmp_path, ROWS[:1])], level="note", unmentioned="absent", as_json=True)
    assert '"level": "note"' in capsys.readouterr().out
    with pytest.raises(UsageError, match="unmentioned"):
        run([written(tmp_path, ROWS[:1])], "note", "normal")
