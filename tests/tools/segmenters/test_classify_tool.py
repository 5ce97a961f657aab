"""`image.classify` without weights, and what counts as an operating point."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent import ClinicalAssistant
from agent.cli_image import draw_phantom
from agent.plan import classifications
from tools.errors import BadInput, NotAssessable
from tools.imaging.classify_tool import TABLE, operating_points
from tools.segmenters.weighted.xray import FOLDER, ChestFindings

ROWS = "finding,threshold,sensitivity,specificity,positives,negatives,data\nEffusion,0.2,0.95,0.60,100,300,our ward\n"


def test_an_operating_point_is_a_sensitivity_or_a_specificity(tmp_path: Path) -> None:
    model = ChestFindings(tmp_path)
    (tmp_path / FOLDER).mkdir()
    with pytest.raises(NotAssessable, match="no thresholds were measured"):
        operating_points("sensitivity 95 %", model, tmp_path)
    (tmp_path / FOLDER / TABLE).write_text(ROWS, encoding="utf-8")
    for text in ("sensitivity 95 %", "Sensitivity of 0.95", "sensitivity 95"):
        points, told = operating_points(text, model, tmp_path)
        assert list(points) == ["Effusion"] and points["Effusion"].threshold == 0.2
        assert len(told) == len(model.findings) - 1
    points, told = operating_points("specificity 90 %", model, tmp_path)
    assert points == {} and any("at best 60%" in text for text in told)
    for text in ("high", "sensitivity", "sensitivity 0", "sensitivity 100 %", "accuracy 90 %"):
        with pytest.raises(BadInput, match="no operating point"):
            operating_points(text, model, tmp_path)


def test_without_weights_no_classifier_is_asked(osler: ClinicalAssistant, tmp_path: Path) -> None:
    assert classifications([("image.1", "a" * 64)], tmp_path / "nothing") == []
    (tmp_path / "models").mkdir()
    assert classifications([("image.1", "a" * 64)], tmp_path / "models") == []
    film = draw_phantom("demo-hfref", tmp_path / "film.dcm")["path"]
    body = osler.consult("How large is the heart on this film?", "demo-hfref", images=[film]).document()
    assert not [row for row in body["records"] if row["tool"] in ("image.classify", "image.operating")]
