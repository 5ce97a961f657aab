"""Calibration, operating points, and the opinion of a classifier as evidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowledge.evidence import ModelReading
from tests.local.tiny_segmenters import film
from tools.errors import BadInput, NotAssessable
from tools.segmenters.weighted.calibration import Fit, fit, logit, sigmoid
from tools.segmenters.weighted.classify import UNCALIBRATED, Score
from tools.segmenters.weighted.operating import Point, choose, read_table, wilson
from tools.segmenters.weighted.xray import ChestFindings

HEADER = "finding,threshold,sensitivity,specificity,positives,negatives,data\n"
ROWS = (
    "Effusion,0.2,0.95,0.60,100,300,our ward 2025\n"
    "Effusion,0.5,0.90,0.80,100,300,our ward 2025\n"
    "Effusion,0.8,0.60,0.97,100,300,our ward 2025\n"
)


def drawn(slope: float, offset: float, count: int = 20_000) -> tuple[list[float], list[bool]]:
    """Scores whose truth follows sigmoid(slope x logit + offset)."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, count)
    truth = rng.uniform(size=count) < 1 / (1 + np.exp(-(slope * logits + offset)))
    return [sigmoid(float(x)) for x in logits], [bool(t) for t in truth]


def test_platt_finds_the_line_it_was_drawn_with() -> None:
    found = fit(*drawn(0.6, -1.0), "drawn")
    assert (found.slope, found.offset) == (pytest.approx(0.6, abs=0.03), pytest.approx(-1.0, abs=0.05))
    assert found.positives + found.negatives == 20_000 and found.data == "drawn"


def test_temperature_has_one_parameter() -> None:
    found = fit(*drawn(0.5, 0.0), "drawn", "temperature")
    assert found.slope == pytest.approx(0.5, abs=0.03) and found.offset == 0
    assert found.probability(0.5) == 0.5
    with pytest.raises(ValueError, match="no offset"):
        Fit(method="temperature", slope=1, offset=1, data="x", positives=1, negatives=1)


def test_scores_that_separate_the_classes_do_not_blow_up() -> None:
    found = fit([0.1] * 30 + [0.9] * 30, [False] * 30 + [True] * 30, "drawn")
    assert 0 < found.slope < 10
    assert 0.9 < found.probability(0.9) < 1


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(BadInput, match="nothing can be fitted"):
        fit([0.1] * 30, [True] * 30, "one kind only")
    with pytest.raises(BadInput, match="says nothing"):
        fit([0.9] * 30 + [0.1] * 30, [False] * 30 + [True] * 30, "turned round")


def test_log_odds_of_certainty_are_finite() -> None:
    assert sigmoid(logit(0.3)) == pytest.approx(0.3)
    assert logit(0.0) == pytest.approx(-logit(1.0)) and sigmoid(-1000) == 0


def test_the_operating_point_is_the_clinicians(tmp_path: Path) -> None:
    path = tmp_path / "roc.csv"
    path.write_text(HEADER + ROWS)
    points = read_table(path)
    assert choose(points, "Effusion", "sensitivity", 0.9).threshold == 0.5
    assert choose(points, "Effusion", "specificity", 0.95).threshold == 0.8
    with pytest.raises(NotAssessable, match="no threshold") as caught:
        choose(points, "Effusion", "sensitivity", 0.99)
    assert caught.value.found == "at best 95%"
    with pytest.raises(NotAssessable, match="no threshold"):
        choose(points, "Mass", "sensitivity", 0.5)
    shown = choose(points, "Effusion", "sensitivity", 0.9).display
    assert shown == (
        "threshold 0.5: sensitivity 90% (83% to 94%), specificity 80% (75% to 84%) on our ward 2025 "
        "(100 with, 300 without)"
    )


@pytest.mark.parametrize(
    "text", ["", HEADER, HEADER + "Effusion,0.5,90,0.8,1,1,x\n", HEADER + "Effusion,0.5,0.9,0.8,10,10,\n", "a,b\n1,2\n"]
)
def test_a_table_is_checked(tmp_path: Path, text: str) -> None:
    path = tmp_path / "roc.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match="not a table of operating points"):
        read_table(path)


def test_wilson_of_all_and_nothing() -> None:
    assert wilson(1.0, 10)[1] == 1.0 and wilson(1.0, 10)[0] == pytest.approx(0.722, abs=0.002)
    assert wilson(0.0, 10)[0] == 0.0


def test_a_score_says_whether_it_is_calibrated_and_excludes_nothing() -> None:
    point = Point("Effusion", 0.5, 0.9, 0.8, 100, 300, "our ward 2025")
    raw = Score("Effusion", 0.62, None, None, None)
    assert raw.display == f"effusion: {UNCALIBRATED} 0.62"
    low = Score("Effusion", 0.2, 0.05, "our ward 2025, 100 with and 300 without", False, point)
    assert "below the chosen threshold 0.5" in low.display and "excludes nothing" in low.display
    assert low.display.startswith("effusion: 5% (fitted on our ward 2025")


def test_a_classifiers_opinion_carries_no_value() -> None:
    model, image = ChestFindings(Path("/nowhere")), film()
    scores = [Score("Effusion", 0.62, None, None, None), Score("Hernia", 0.1, None, None, None)]
    evidence = model.reading(image, scores, "film_opinion", "p1")
    assert isinstance(evidence.source, ModelReading) and evidence.kind == "reading"
    assert evidence.value is None and evidence.unit is None and evidence.range is None
    assert evidence.source.images == (image.sha256,)
    assert "effusion" in evidence.display and "hernia" not in evidence.display
    assert "excludes nothing" in evidence.display and "no operating point was chosen" in evidence.display
    silent = model.reading(image, [Score("Hernia", 0.1, None, None, None)], "film_opinion")
    assert "names no finding" in silent.display and "excludes nothing" in silent.display
