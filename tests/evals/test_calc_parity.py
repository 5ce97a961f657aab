"""Benchmarks of calculators: choice and parity. The public cases are not here; these are of their form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.benchmarks import calc_choice, calc_parity
from evals.benchmarks.calc_parity_rules import rules
from tools.calculators import calculator
from tools.calculators.catalog import NAMES
from tools.errors import UsageError


def case(tool: str, expected: float, name: str = "x_0001", **params: Any) -> dict[str, Any]:
    return {
        "case_id": name, "tool_id": tool, "params": params, "expected_value": expected,
        "lower_limit": expected, "upper_limit": expected,
    }  # fmt: skip


def test_cases_are_right_wrong_refused_excluded_and_explained(tmp_path: Path) -> None:
    cases = [
        case("ckd_epi_2021", 68.6, "a", age=50, sex="female", serum_creatinine=1.0),
        case("ckd_epi_2021", 70.0, "b", age=50, sex="female", serum_creatinine=1.0),
        case("serum_osmolality", 285.0, "c", sodium=140, glucose=0, bun=14),
        case("frax", 80.0, "d", age=78),
        case("nobody", 1.0, "e", age=78),
        case("qsofa_score", 3.0, "f", altered_mentation=True, respiratory_rate=22, systolic_bp=100),
        case("mme_calculator", 32.0, "g", daily_dose_mg=8, opioid_name="hydromorphone"),
        case("perc_rule", 2.0, "h", age_50_or_older=True, hemoptysis=True),
    ]
    (tmp_path / "public-dev.jsonl").write_text("\n".join(map(json.dumps, cases)), "utf-8")
    found = calc_parity.run(tmp_path)
    status = {row["id"]: row["status"] for row in found["cases"]}
    assert status == {
        "a": "right", "b": "wrong", "c": "refused", "d": "excluded", "e": "excluded", "f": "right", "g": "wrong",
        "h": "right",
    }  # fmt: skip
    assert (found["score"], found["n"]) == (0.5, 6)
    assert found["but_explained"]["n"] == 4
    assert [row["id"] for row in found["unexplained"]] == ["b"]
    assert {row["id"] for row in found["excluded"]} == {"d", "e"}


def test_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        calc_parity.run(tmp_path)
    with pytest.raises(UsageError):
        calc_choice.questions(tmp_path / "none.yaml")


def test_the_rules_name_inputs_there_are() -> None:
    for tool, rule in rules().items():
        how = rule["calculator"]
        built = [how] if isinstance(how, str) else [*how.get("codes", {}).values(), how.get("else"), how.get("absent")]
        known = {entry.name for name in built if name in NAMES for entry in calculator(name).inputs}
        assert not known or not set(rule["inputs"]) - known, tool


def test_questions_of_a_csv_and_of_yaml(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("Calculator ID,Question,Patient Note\n6,What is the BMI?,x\n13,When is she due?,y\n", "utf-8")
    assert [row["wanted"] for row in calc_choice.questions(table)] == [
        ["bmi"], ["due_date_by_cycle", "estimated_due_date"],
    ]  # fmt: skip
    own = calc_choice.questions(calc_choice.OWN)
    assert len(own) >= 150
    known = [row for row in own if set(row["wanted"]) & set(NAMES)]
    assert len(known) >= 160
