"""Shared fixtures. Checkpoints are read strictly: state is plain JSON or the tests fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
if (worker := os.environ.get("PYTEST_XDIST_WORKER")) and "OSLER_HOME" in os.environ:
    # Workers are processes of their own: what one fills, another would find half written.
    os.environ["OSLER_HOME"] = str(Path(os.environ["OSLER_HOME"]) / worker)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One OSLER_HOME for the session: the store and the index are filled once."""
    return tmp_path_factory.mktemp("osler-home")


@pytest.fixture(scope="session")
def osler(home: Path) -> Iterator[object]:
    """One assistant for the session, on the demo patients, without a model."""
    from agent import ClinicalAssistant, Settings

    with ClinicalAssistant(Settings(home=home)) as assistant:
        yield assistant
