"""Disagreements in a consultation: a model that sees, the outlines and the record, side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent import ClinicalAssistant, Settings
from agent.cli_image import draw_phantom
from tests.agent.model_server import serving

QUESTION = "How large is the heart on this film?"


def speaker(words: str, regions: list[dict[str, Any]]) -> Any:
    def reply(body: dict[str, Any]) -> dict[str, Any]:
        if isinstance(body["messages"][-1]["content"], list):
            return {"answer": words, "regions": regions, "closer": []}
        done = '"done"' in body["messages"][-1]["content"]
        return {"answer": {"decision": "done" if done else "none", "why": ""}}

    return reply


def test_what_does_not_fit_is_shown_with_both_sides(home: Path, tmp_path: Path) -> None:
    film = Path(draw_phantom("demo-hfref", tmp_path / "film.dcm")["path"])
    bundle = _with(
        {
            "resourceType": "Procedure",
            "id": "p1",
            "status": "completed",
            "code": {"text": "Left pneumonectomy"},
            "subject": {"reference": "Patient/demo-hfref"},
            "performedDateTime": "2019-05-01",
        }
    )
    path = tmp_path / "record.json"
    path.write_text(json.dumps(bundle))
    # Its box lies at the image's left, where the patient's right is.
    said = "An enlarged heart is seen."
    box = {"picture": 1, "label": "opacity in the left lung", "box": [60, 200, 160, 300]}
    with serving(speaker(said, [box])) as server:
        settings = Settings(home=home, model="tiny", model_url=server.url, max_seconds=600.0)
        with ClinicalAssistant(settings) as osler:
            body = osler.consult(QUESTION, "demo-hfref", record=str(path), images=[film]).document()
    cards = {row["what"]: row for row in body["answer"]["not_answered"] if row["reason"] == "conflict"}
    reading = next(item for item in body["evidence"].values() if item["slot"] == "lookup.image.1")
    side = cards["Side of “opacity in the left lung”: two statements disagree"]
    lung = cards["The left lung: two statements disagree"]
    # The ratio's range holds both an enlarged heart and one that is not: nothing disagrees.
    ratio = next(item for item in body["evidence"].values() if item["slot"] == "film_ratio")
    assert ratio["range"][0] < 0.5 < ratio["range"][1]
    assert not any("Size of the heart" in what for what in cards)
    assert reading["id"] in side["needs"][0] and "patient's right" in side["needs"][1]
    assert "pneumonectomy" in lung["needs"][0].casefold() and "left lung" in lung["needs"][1]
    shown = [claim["text"] for claim in body["answer"]["claims"] if claim["status"] == "shown"]
    assert any(said in text for text in shown) and any("Cardiothoracic ratio as drawn here" in text for text in shown)


def _with(resource: dict[str, Any]) -> dict[str, Any]:
    from tools.ehr.demo import demo_patients

    bundle = json.loads(json.dumps(next(one for one in demo_patients() if one.id == "demo-hfref").bundle))
    bundle["entry"].append({"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource})
    return dict(bundle)
