"""The budget of a turn: what it does not reach is named; side-by-side runs and earlier versions do not use it up."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from agent import ClinicalAssistant
from agent.plan import over_budget
from agent.state import State, elapsed
from agent.steps import CORRECTION

AF = "Should she be anticoagulated?"


def row(wave: int, seconds: float, tool: str = "record.finding") -> dict[str, Any]:
    return {"wave": wave, "seconds": seconds, "tool": tool}


def test_side_by_side_runs_take_as_long_as_the_slowest(osler: ClinicalAssistant) -> None:
    services = osler.portal.call(osler.core.services())
    limit = services.settings.max_seconds
    together = [row(1, limit / 2) for _ in range(50)]
    in_turn = [row(wave, limit / 2) for wave in range(50)]
    assert elapsed(together) == limit / 2
    assert not over_budget(State(records=together), services)
    assert over_budget(State(records=in_turn), services)


def test_each_correction_has_a_budget_of_its_own(osler: ClinicalAssistant) -> None:
    services = osler.portal.call(osler.core.services())
    spent = row(1, services.settings.max_seconds)
    assert over_budget(State(records=[spent]), services)
    assert not over_budget(State(records=[spent, row(0, 0.0, CORRECTION), row(3, 1.0)]), services)


def test_what_a_consultation_took_is_less_than_the_clock_says(osler: ClinicalAssistant) -> None:
    started = time.perf_counter()
    body = osler.consult(AF, "demo-af").document()
    assert 0 < body["ledger"]["seconds"] <= time.perf_counter() - started
    assert len({record["wave"] for record in body["records"]}) > 2


def test_what_the_budget_does_not_reach_is_named(osler: ClinicalAssistant, tmp_path: Path) -> None:
    small = ClinicalAssistant(osler.settings.beside(tmp_path).model_copy(update={"max_runs": 20}))
    body = small.consult(AF, "demo-af").document()
    small.close()
    rest = [gap for gap in body["answer"]["not_answered"] if gap["reason"] == "budget"]
    assert len(rest) == 1 and "cha2ds2_va" in rest[0]["slots"]
