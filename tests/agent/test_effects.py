"""Side effects happen once."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agent.effects import Effects


def test_an_effect_happens_once(tmp_path: Path) -> None:
    effects = Effects(tmp_path / "e.sqlite")
    assert effects.once("c1", "k", "audit", {"a": 1})
    assert not effects.once("c1", "k", "audit", {"a": 2})
    assert effects.once("c2", "k", "audit", {"a": 3})
    assert [row["body"] for row in effects.made("c1")] == [{"a": 1}]
    assert effects.made("c1", "signature") == []


def test_two_processes_on_one_file_do_it_once(tmp_path: Path) -> None:
    stores = [Effects(tmp_path / "e.sqlite") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda store: [store.once("c", f"k{i}", "audit", {}) for i in range(50)], stores))
    assert sum(sum(row) for row in done) == 50
    for store in stores:
        store.close()


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    effects = Effects(tmp_path / "e.sqlite")
    with pytest.raises(TypeError):
        effects.once("c", "k", "audit", {"bad": object()})
    with pytest.raises(sqlite3.Error), effects._transaction() as connection:
        connection.execute("INSERT INTO effects (consultation, key, kind, body) VALUES ('c', 'x', 'audit', '{}')")
        connection.execute("SELECT * FROM nowhere")
    assert effects.made("c") == []
    assert effects.once("c", "k", "audit", {})
