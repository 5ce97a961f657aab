"""Tiny models, made once, and a process without network."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.local.tiny_models import MODELS

Saved = Callable[[str], Path]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Matrices this small are slower on two threads than on one, and far slower on a busy machine."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """The folder of a tiny model, by its kind."""
    root, made = tmp_path_factory.mktemp("models"), dict[str, Path]()

    def save(kind: str) -> Path:
        if kind not in made:
            made[kind] = MODELS[kind](root / f"tiny-{kind}")
        return made[kind]

    return save


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """No connection can be made, by name or by address; whoever tried is listed."""
    tried: list[Any] = []

    def refuse(*given: Any, **_: Any) -> Any:
        tried.append(given[-1] if isinstance(given[0], socket.socket) else given[0])
        raise OSError("sockets are closed")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tried
