"""Which model the settings name, and what is said where it cannot be had. No torch needed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from agent import ClinicalAssistant
from agent.doctor import planner_status
from agent.models.openai import OpenAIModel
from agent.models.select import select_model
from agent.models.weights import is_in_process
from agent.settings import Settings
from tools.errors import UsageError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/models/medgemma-4b-it", True),
        ("./medgemma", True),
        ("~/models/medgemma", True),
        ("google/medgemma-4b-it", True),
        (f"google/medgemma-4b-it@{COMMIT}", True),
        ("medgemma", False),
        ("qwen2.5:1.5b", False),
        ("small", False),
    ],
)
def test_a_path_or_a_hub_name_is_a_model_in_process(name: str, expected: bool) -> None:
    assert is_in_process(name) is expected


def test_a_folder_that_is_there_is_one_whatever_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "medgemma").mkdir()
    monkeypatch.chdir(tmp_path)
    assert is_in_process("medgemma")


def test_nothing_named_is_no_model() -> None:
    assert select_model(Settings()) is None


@pytest.mark.parametrize("name", ["google/medgemma-4b-it", "/models/medgemma", None])
def test_with_a_server_the_name_is_the_servers(name: str | None) -> None:
    model = select_model(Settings(model=name, model_url="http://127.0.0.1:8080"))
    assert isinstance(model, OpenAIModel) and model.name == (name or "")


def test_a_plain_name_without_a_server_says_both_ways_out() -> None:
    with pytest.raises(UsageError, match="no server") as caught:
        select_model(Settings(model="medgemma"))
    assert "base URL" in str(caught.value.expected) and "owner/name@COMMIT" in str(caught.value.expected)


@pytest.mark.parametrize("module", ["torch", "transformers"])
def test_a_missing_extra_is_named_with_the_command_that_brings_it(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UsageError, match=rf"runs in process, and .*\b{module}\b.* is not installed") as caught:
        select_model(Settings(model=str(tmp_path)))
    assert caught.value.action == "pip install 'osler[local]'"
    row = planner_status(Settings(model=str(tmp_path)))
    assert not row["usable"] and module in row["lacks"] and row["how"] == "pip install 'osler[local]'"


def test_a_consultation_is_not_begun_with_a_model_that_cannot_be_had(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    settings = Settings(home=home, model=f"google/medgemma-4b-it@{COMMIT}")
    with ClinicalAssistant(settings) as osler, pytest.raises(UsageError, match="not installed"):
        osler.consult("Should she be anticoagulated?", "demo-af")
