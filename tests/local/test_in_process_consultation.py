"""Whole consultations with a model in process. Its weights are random: what it says must cost nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import ClinicalAssistant, Settings
from tests.local.conftest import Saved
from tests.tools.vlm.films import film

pytestmark = pytest.mark.local
QUESTION, PATIENT = "Should she be anticoagulated?", "demo-af"
CALLS = 3
PATIENCE = 600.0
"""Seconds, on a machine that is busy with something else."""


@pytest.fixture(scope="module")
def without(home: Path) -> Iterator[dict[str, Any]]:
    """The answer of the protocols alone."""
    with ClinicalAssistant(Settings(home=home, max_seconds=PATIENCE)) as osler:
        yield osler.consult(QUESTION, PATIENT).document()


def asked(home: Path, folder: Path, question: str = QUESTION, **more: Any) -> dict[str, Any]:
    settings = Settings(
        home=home, model=str(folder), model_timeout=PATIENCE, max_seconds=PATIENCE, max_model_calls=CALLS
    )
    with ClinicalAssistant(settings) as osler:
        return osler.consult(question, PATIENT, **more).document()


def said(body: dict[str, Any]) -> set[tuple[str, str]]:
    """Every claim and next step with its status."""
    return {(item["text"], item["status"]) for part in ("claims", "next_steps") for item in body["answer"][part]}


@pytest.mark.parametrize("kind", ["gemma3", "llava", "qwen25_vl", "llama"])
def test_a_model_that_talks_nonsense_leaves_the_answer_as_it_is(
    kind: str, home: Path, saved: Saved, without: dict[str, Any], monkeypatch: pytest.MonkeyPatch, closed: list[Any]
) -> None:
    monkeypatch.setitem(sys.modules, "llguidance.hf", None)
    body = asked(home, saved(kind))
    choice = body["plan"]["choice"]
    assert choice["model"]["outcome"] == "could_not_decide" and choice["model"]["attempts"] == 3
    assert choice["model"]["name"] == f"tiny-{kind}" and choice["model"]["revision"].startswith("sha256:")
    assert any(f"tiny-{kind} gave no answer that could be used" in reason for reason in choice["reasons"])
    assert body["answer"] == without["answer"] and body["plan"]["protocols"] == without["plan"]["protocols"]
    assert body["ledger"]["model_calls"] == CALLS and body["ledger"]["tokens"] > 1000
    assert not closed


@pytest.mark.parametrize("kind", ["gemma3", "llama"])
def test_a_model_held_to_the_form_can_add_and_drops_nothing(
    kind: str, home: Path, saved: Saved, without: dict[str, Any], closed: list[Any]
) -> None:
    body = asked(home, saved(kind))
    assert said(without) <= said(body)
    assert set(without["plan"]["protocols"]) <= set(body["plan"]["protocols"])
    # Held to the form it cannot name what does not exist; what it says can still be cut short, or say a thing twice.
    assert "invented" not in body["plan"]["choice"]["model"]["problems"]
    assert not closed


def test_a_model_that_cannot_be_loaded_is_said_and_the_protocols_go_on(
    home: Path, saved: Saved, without: dict[str, Any], tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in saved("llama").iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    (broken / "model.safetensors").write_bytes(b"cut short")
    body = asked(home, broken)
    choice = body["plan"]["choice"]
    assert choice["model"]["outcome"] == "unavailable" and "cannot be loaded" in " ".join(choice["reasons"])
    assert body["answer"] == without["answer"]


def test_an_image_is_put_to_the_model_and_its_nonsense_is_at_most_an_opinion(
    home: Path, saved: Saved, tmp_path: Path, closed: list[Any]
) -> None:
    image = film(tmp_path / "chest.dcm")
    body = asked(home, saved("qwen25_vl"), "Is there an opacity in her lung?", images=[image.path])
    (run,) = [record for record in body["records"] if record["tool"] == "image.read"]
    told = [claim for claim in body["answer"]["claims"] if claim["section"] == "Images"]
    if run["status"] == "ok":
        assert [(claim["certainty"], claim["text"][:22]) for claim in told] == [("opinion", "Image: tiny-qwen25_vl:")]
    else:
        assert not told and "no answer about the image that could be used" in run["error"]["message"]
    assert not closed
