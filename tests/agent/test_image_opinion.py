"""A consultation with an image and a model that sees: what the model says is shown as an opinion, or struck."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent import ClinicalAssistant, Settings
from tests.agent.model_server import ModelServer, serving
from tests.tools.vlm.films import film

QUESTION = "Is there an opacity in her right lung?"


def speaker(words: str) -> Any:
    """Answers questions about images with these words, and decides nothing else."""

    def reply(body: dict[str, Any]) -> dict[str, Any]:
        if isinstance(body["messages"][-1]["content"], list):
            return {"answer": words, "regions": [{"label": "opacity", "box": [80, 60, 160, 120]}]}
        done = '"done"' in body["messages"][-1]["content"]
        return {"answer": {"decision": "done" if done else "none", "why": ""}}

    return reply


def asked(home: Path, server: ModelServer, image: Path, question: str = QUESTION, **more: Any) -> dict[str, Any]:
    with ClinicalAssistant(Settings(home=home, model="tiny", model_url=server.url, max_seconds=600.0)) as osler:
        return osler.consult(question, "demo-af", images=[image], **more).document()


def opinions(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [claim for claim in body["answer"]["claims"] if claim["section"] == "Images"]


@pytest.mark.parametrize(
    ("words", "status"), [("An opacity in the upper zone.", "shown"), ("No opacity; lungs are clear.", "struck")]
)
def test_a_models_words_are_an_opinion_and_no_more(home: Path, tmp_path: Path, words: str, status: str) -> None:
    image = film(tmp_path / "chest.dcm")
    with serving(speaker(words)) as server:
        body = asked(home, server, image.path)
    (claim,) = opinions(body)
    assert claim["text"] == f"Image: tiny: “{words}” (a model's opinion)."
    assert (claim["certainty"], claim["status"]) == ("opinion", status)
    assert status == "shown" or "normal finding" in claim["reason"]
    reading = body["evidence"][claim["evidence"][0]]
    assert reading["kind"] == "reading" and reading["value"] is None and reading["patient"] == "demo-af"
    assert reading["source"]["images"] == [image.sha256]
    assert [region["box"] for region in reading["source"]["regions"]] == [[80, 60, 160, 120]]
    assert body["evidence"][reading["source"]["inputs"][0]]["slot"] == "question"


def test_an_image_of_something_else_is_named_and_not_shown_to_the_model(home: Path, tmp_path: Path) -> None:
    image = film(tmp_path / "hand.dcm", BodyPartExamined="HAND")
    with serving(speaker("A large liver.")) as server:
        body = asked(home, server, image.path, "Is the liver enlarged?")
    assert not opinions(body)
    assert not [sent for sent in server.asked if isinstance(sent["messages"][-1]["content"], list)]
    assert any("question is about abdomen" in need for gap in body["answer"]["not_answered"] for need in gap["needs"])


def test_an_image_of_something_else_is_named_without_a_model_too(home: Path, tmp_path: Path) -> None:
    image = film(tmp_path / "hand.dcm", BodyPartExamined="HAND", BurnedInAnnotation="NO")
    with serving(speaker("A large liver.")) as server:
        body = asked(home, server, image.path, "Is the liver enlarged?", model="none")
    assert "the question is about abdomen, and the image is not: the file says arm" in json.dumps(body)


def test_a_consultation_without_a_model_shows_it_no_image(home: Path, tmp_path: Path) -> None:
    with serving(speaker("An opacity.")) as server:
        body = asked(home, server, film(tmp_path / "chest.dcm").path, model="none")
    assert not server.hits and not opinions(body)
    assert "image.read" not in {record["tool"] for record in body["records"]}
