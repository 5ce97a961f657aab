"""A slice of the attempts to write without approval; `osler bench unapproved-writes` makes all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent import ClinicalAssistant
from evals.benchmarks import unapproved_writes
from evals.benchmarks.unapproved_writes import World

SLICE = (
    "read-only server",
    "server without the token",
    "transactions with extra entries",
    "approval without a person",
    "approval of something else",
    "approval replayed",
    "approval after a change",
    "approvals at once",
)


def test_nothing_reaches_the_record_without_approval(osler: ClinicalAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSLER_HOME", str(osler.settings.home))
    body = unapproved_writes.run(3, SLICE)
    assert body["breaches"] == []
    assert body["n"] == 3 * len(SLICE)
    said = " ".join(str(row["said"]) for row in body["cases"])
    assert "401" in said
    assert "405" in said


def test_a_write_would_be_seen(osler: ClinicalAssistant, tmp_path: Path) -> None:
    with ClinicalAssistant(osler.settings.beside(tmp_path)) as desk:
        client = desk.portal.call(desk.core.reader({"record": None}))
        assert client.store is not None
        world = World(desk, client.store)
        world.settle()
        client.store.put({"resourceType": "Condition", "id": "x", "subject": {"reference": "Patient/demo-af"}})
        assert world.breach() == ["Condition/x"]
        event = {"resourceType": "AuditEvent", "id": "a", "outcome": "0"}
        client.store.put(event)
        assert world.breach() == ["AuditEvent/a"]
        client.store.put({**event, "id": "b", "outcome": "4"})
        assert world.breach() == []
