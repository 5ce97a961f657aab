"""The perturbed copies: up to date, fit for their patients, and worked out as the publications and keys do by hand."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from evals.benchmarks.perturbed import COPIES
from evals.perturb import bedside
from evals.perturb.expected import cases, document, expectation
from evals.perturb.facts import Facts, changed, egfr
from evals.perturb.patterns import avoid, start, stop
from tools.ehr.compact import apply_change, build_bundle
from tools.ehr.demo import compact_patient

COPIES_OF = [json.loads(line[2:]) for line in document().splitlines()[1:]]
# What the answer keys work out by hand for the unchanged patients.
BY_HAND: dict[str, dict[str, tuple[float, float]]] = {
    "demo-cap": {"curb_65": (2, 2), "crb_65": (1, 1), "news2": (6, 6)},
    "demo-cap-allergy": {"curb_65": (4, 4), "crb_65": (3, 3), "news2": (10, 12)},
    "demo-sepsis": {"news2": (11, 11), "qsofa": (2, 2)},
    "demo-sepsis-overload": {"news2": (12, 17)},
    "demo-acs": {"heart_score": (8, 10)},
    "demo-acs-bleed": {"glasgow_blatchford": (14, 14)},
    "demo-ugib": {"glasgow_blatchford": (14, 14)},
    "demo-ugib-variceal": {"glasgow_blatchford": (15, 15), "child_pugh": (11, 11)},
    "demo-cirr": {"child_pugh": (8, 9)},
    "demo-cirr-aki": {"child_pugh": (13, 13)},
}


def base(name: str) -> Facts:
    return changed(cases()["base"][name], {"change": {}}, {})


def test_copies_yaml_is_what_the_script_writes() -> None:
    assert COPIES.read_text(encoding="utf-8") == document(), "run python -m evals.perturb.expected"


def test_there_are_at_least_155_and_every_base_has_some() -> None:
    assert len(COPIES_OF) >= 155
    assert {row["base"] for row in COPIES_OF} == set(cases()["base"])


@pytest.mark.parametrize("row", COPIES_OF, ids=lambda row: row["id"])
def test_a_copy_changes_its_patient_and_asks_for_something(row: dict[str, Any]) -> None:
    patient = compact_patient(row["base"])
    assert build_bundle(apply_change(patient, row["change"])) != build_bundle(patient)
    assert row["expect"] or row["says"] or row["forbids"] or row.get("abstain")
    for pattern in [*row["forbids"], *(p for group in row["says"] for p in group), *row.get("critical", [])]:
        re.compile(pattern)


@pytest.mark.parametrize("row", COPIES_OF, ids=lambda row: row["id"])
def test_nothing_in_a_copy_is_later_than_its_clock(row: dict[str, Any]) -> None:
    now = str(compact_patient(row["base"])["as_of"])
    for what in row["change"].values():
        for key in ("at", "authored", "recorded", "onset"):
            assert str(what.get(key, "")) <= now


@pytest.mark.parametrize("name", BY_HAND)
def test_the_unchanged_patients_score_as_their_keys_say(name: str) -> None:
    for score, (low, high) in BY_HAND[name].items():
        assert getattr(bedside, score)(base(name)) == (low, high)


def test_meld_3_0_is_the_keys_arithmetic() -> None:
    assert bedside.meld_3_0(base("demo-cirr")) == pytest.approx(15.8, abs=0.05)
    assert bedside.meld_3_0(base("demo-cirr-aki")) == pytest.approx(33.3, abs=0.05)


def test_prevent_gives_the_published_example() -> None:
    """A treated woman of 50 with diabetes, cholesterol 200, HDL 45, systolic 160, eGFR 90: 14.7 percent."""
    woman = Facts(
        "1976-01-01",
        "2026-06-01",
        female=True,
        creatinine=0.794,
        findings={"diabetes": True, "smoker": False, "treated_pressure": True, "statin": False},
        numbers={"cholesterol": 200 * 0.02586, "hdl": 45 * 0.02586, "systolic": 160},
    )
    assert egfr(woman) == pytest.approx(90, abs=1)
    assert bedside.prevent_cvd(woman) == pytest.approx(14.7, abs=0.1)


def test_an_unknown_measurement_gives_a_range_and_a_loose_name_a_band() -> None:
    facts = base("demo-cap")
    facts.numbers.pop("urea")
    assert expectation("curb_65", facts)["range"] == [1, 2]
    assert expectation("curb_65~", facts) == {"name": "curb_65", "range": [1, 2], "if_shown": True}
    assert expectation("curb_65?", facts)["between"] == [1, 2]


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("Give co-amoxiclav 1.2 g now.", True),
        ("Co-amoxiclav is recommended.", True),
        ("She should have co-amoxiclav.", True),
        ("Do not give co-amoxiclav.", False),
        ("If there is no allergy, give co-amoxiclav.", False),
        ("For people without penicillin allergy co-amoxiclav is recommended.", False),
        ("Give levofloxacin instead of co-amoxiclav.", False),
    ],
)
def test_start_catches_orders_and_lets_refusals_and_conditions_pass(text: str, caught: bool) -> None:
    assert any(re.search(p, text, re.IGNORECASE) for p in start("co-amoxiclav")) is caught


def test_avoid_and_stop_take_either_order() -> None:
    for text in ("Do not give metformin.", "Metformin is contraindicated."):
        assert any(re.search(p, text, re.IGNORECASE) for p in avoid("metformin"))
    for text in ("Stop metformin.", "Metformin should be withheld."):
        assert any(re.search(p, text, re.IGNORECASE) for p in stop("metformin"))
    assert not any(re.search(p, "Continue metformin.", re.IGNORECASE) for p in stop("metformin"))
