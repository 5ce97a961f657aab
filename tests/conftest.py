"""Shared fixtures. Checkpoints are read strictly: state is plain JSON or the tests fail."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
# What `scripts/tests.sh` made before the workers started; without it a home is filled when it is first used.
PREPARED = Path(os.environ.get("OSLER_HOME", "/nowhere")) / "prepared"
if (worker := os.environ.get("PYTEST_XDIST_WORKER")) and "OSLER_HOME" in os.environ:
    # Workers are processes of their own: what one fills, another would find half written.
    os.environ["OSLER_HOME"] = str(Path(os.environ["OSLER_HOME"]) / worker)
    if PREPARED.is_dir():
        shutil.copytree(PREPARED, os.environ["OSLER_HOME"], dirs_exist_ok=True)

# Ten seconds and more each: started last, one of them keeps a worker busy while the other has nothing left to do.
LONGEST = (
    "test_cli.py",
    "test_readme.py",
    "test_consultation.py",
    "test_replay.py",
    "test_page_session.py",
    "test_outline_consultation.py",
    "test_imports.py",
    "test_image_drafts.py",
    "test_writes.py",
    "test_cardiac_protocols.py",
    "test_privacy.py",
    "test_outline_tools.py",
    "test_route.py",
    "test_chest_film.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; the order within a file stays. Takes effect with `--no-loadscope-reorder`."""
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(LONGEST)))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One OSLER_HOME for the session: the store and the index are filled once."""
    folder = tmp_path_factory.mktemp("osler-home")
    if PREPARED.is_dir():
        shutil.copytree(PREPARED, folder, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def index_folder(home: Path) -> Path:
    """The search index of the session, for what has a home of its own."""
    return home / "index"


@pytest.fixture(scope="session")
def osler(home: Path) -> Iterator[object]:
    """One assistant for the session, on the demo patients, without a model."""
    from agent import ClinicalAssistant, Settings

    with ClinicalAssistant(Settings(home=home)) as assistant:
        yield assistant
