"""Deliberate breaks are noticed by the committed recordings; the plain agent makes the calls it is given."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from agent import ClinicalAssistant, verify
from evals import recording
from evals.benchmarks import mutation, plain_agent
from evals.benchmarks.overhead import interval, script
from evals.case import RECORDINGS
from tools.catalog import catalog


def test_a_broken_calculator_citation_protocol_and_gate_are_each_noticed(
    osler: ClinicalAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSLER_HOME", str(osler.settings.home))
    for name in ("af-start", "pe-missing-d-dimer"):
        shutil.copy(RECORDINGS / f"{name}.json", tmp_path)
    found = mutation.run(1, recordings=tmp_path)
    assert found["excluded"] == [] and found["escaped"] == []
    assert {kind: row["n"] for kind, row in found["by"].items()} == {
        "calculator": 1,
        "citation": 1,
        "protocol": 1,
        "gate": len(verify.RULES),
    }
    assert found["score"] == 1.0


def test_the_plain_agent_makes_the_calls_of_a_consultation(osler: ClinicalAssistant) -> None:
    from langgraph.checkpoint.memory import InMemorySaver

    state = osler.consult("What was her last potassium?", "demo-af").state
    waves = script(state)
    tools = recording.frozen(catalog(), recording.tool_answers(state))
    services = osler.portal.call(osler.core.services())
    ctx = osler.portal.call(services.context(state["case"]))
    agent = plain_agent.build(waves, tools, ctx, InMemorySaver())
    messages = asyncio.run(plain_agent.run(agent, "plain", "What was her last potassium?"))
    answers = [message.content for message in messages if message.type == "tool"]
    assert len(answers) == sum(map(len, waves)) > 5 and messages[-1].content == "Done."
    assert any('"value": 4.3' in str(answer) for answer in answers)
    assert not any("Error" in str(answer)[:20] for answer in answers)


def test_the_mean_of_a_few_measurements_has_its_interval() -> None:
    # t(0.975, 3) = 3.1824; mean 2.5, s = 1.2910, so +- 3.1824 * 1.2910 / 2
    assert interval([1, 2, 3, 4]) == {"mean": 2.5, "interval": [0.4457, 4.5543], "n": 4}
    assert interval([1.0])["interval"] == [None, None]
