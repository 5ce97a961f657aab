"""A classifier in a consultation: its opinion beside the answer, at an operating point that a person chose."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from agent import ClinicalAssistant, Settings
from agent.cli_image import draw_phantom
from tests.local import tiny_segmenters as tiny
from tools.imaging.classify_tool import TABLE
from tools.segmenters.weighted.xray import FINDINGS, FINDINGS_FILE, FOLDER

pytestmark = pytest.mark.local
PATIENT, QUESTION = "demo-hfref", "How large is the heart on this film?"


def said(body: dict[str, Any]) -> list[str]:
    return [claim["text"] for claim in body["answer"]["claims"] if claim["status"] != "opinion"]


def test_an_opinion_beside_the_answer(home: Path, tmp_path: Path) -> None:
    import torch

    own = tmp_path / "home"
    shutil.copytree(home, own, ignore=shutil.ignore_patterns("models", "attachments"))
    film = draw_phantom(PATIENT, tmp_path / "film.dcm")["path"]
    with ClinicalAssistant(Settings(home=own)) as osler:
        before = osler.consult(QUESTION, PATIENT, images=[film]).document()
    assert not [row for row in before["records"] if row["tool"] == "image.classify"]

    weights = own / "models" / FOLDER
    weights.mkdir(parents=True)
    torch.save(tiny.findings_network().state_dict(), weights / FINDINGS_FILE)
    with ClinicalAssistant(Settings(home=own, max_seconds=600.0)) as osler:
        consult = osler.consult(QUESTION, PATIENT, images=[film])
        body = consult.document()
        record = next(row for row in body["records"] if row["tool"] == "image.classify")
        opinion = body["evidence"][record["evidence"][0]]
        assert record["status"] == "ok" and opinion["source"]["kind"] == "reading" and opinion["value"] is None
        assert "a model's opinion, it excludes nothing" in opinion["display"]
        # It is shown, and nothing that was said without it changes.
        assert set(said(before)) <= {claim["text"] for claim in body["answer"]["claims"]}

        consult.correct("classified_1.operating", "sensitivity 90 %", by="Dr A")
        told = " ".join(need for row in consult.document()["answer"]["not_answered"] for need in row["needs"])
        assert "no thresholds were measured" in told
        rows = [f"{name},0.01,0.95,0.2,100,100,drawn" for name in FINDINGS[:3]]
        columns = "finding,threshold,sensitivity,specificity,positives,negatives,data"
        (weights / TABLE).write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
        change = consult.correct("classified_1.operating", "sensitivity 0.95", by="Dr A")
        assert set(change["rerun"]) == {"lookup.classified_1"}
        body = consult.document()
        record = next(row for row in body["records"] if row["tool"] == "image.classify")
        shown = body["evidence"][record["evidence"][0]]["display"]
        assert "the chosen operating points" in shown and "sensitivity 95 %" in shown.replace("95%", "95 %")
        assert any("Fracture" in text for text in record["warnings"])
