"""The small real model on loopback for the whole session; fetched beforehand by `python scripts/small_model.py`."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from agent.settings import Settings

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "small_model.py"
TIMEOUT = 600.0
"""Seconds for one decision: two cores read some 40 tokens of prompt a second, fewer while they are shared."""


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("small_model", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings for an assistant that plans with the small model."""
    if not script().ready():
        pytest.skip("the small model is not fetched: python scripts/small_model.py")
    home = tmp_path_factory.mktemp("osler-model")
    with (home / "server.log").open("w", encoding="utf-8") as log, subprocess.Popen(
        [sys.executable, SCRIPT, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                said = (home / "server.log").read_text(encoding="utf-8")
                pytest.fail(f"the small model did not start: {said[-2000:]}")
            served = json.loads(line)
            yield Settings(home=home, model=served["model"], model_url=served["url"], model_timeout=TIMEOUT)
        finally:
            # Closing its stdin ends it; a server that hangs is killed.
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
