"""The speed benchmark: one row a calculator, medians, and clincalc only where it is."""

from __future__ import annotations

import sys
from pathlib import Path

from evals.benchmarks import calc_speed
from tools.calculators.catalog import NAMES


def test_the_document() -> None:
    body = calc_speed.run(1)
    assert (body["benchmark"], body["n"]) == ("calc-speed", len(NAMES))
    assert set(body["by"]) == set(NAMES)
    assert 0 < body["medians"]["value_us"] < body["medians"]["answer_us"] < 5000
    assert body["derivations"] >= 20 and body["medians"]["answer_with_derivation_us"]
    assert body["medians"]["peak_memory_mb"] > 0
    assert body["notes"]["notes"] > 20 and body["notes"]["long_note_words"] >= 1000


def test_an_oracle_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    assert "reason" in calc_speed._clincalc(Path(sys.executable), 1) or calc_speed._clincalc(None, 1)["n"]
