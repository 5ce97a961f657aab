"""What a consultation tells while it runs. Typed, independent of the graph's node names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from agent.state import Json

EventKind = Literal["started", "plan", "step", "critical", "answer", "checked", "review", "signed"]


@dataclass(frozen=True)
class Event:
    """One thing that happened. `step` carries a ToolRecord and its evidence; `review` what waits for a person."""

    kind: EventKind
    data: dict[str, Any] = field(default_factory=dict)


def events_of(update: Json) -> Iterator[Event]:
    """The events of one update of the graph (stream mode `updates`)."""
    for node, change in update.items():
        if node == "__interrupt__":
            for interrupt in change:
                yield Event("review", {"requests": interrupt.value})
            continue
        change = change or {}
        if node == "intake":
            yield Event("started", {"case": change["case"]})
        elif node == "plan" and "plan" in change:
            yield Event("plan", change["plan"])
        elif node == "act":
            for record in change.get("records", []):
                yield Event("step", {"record": record, "evidence": change.get("evidence", {})})
                if record["slot"] == "critical" and len(record["evidence"]) > 1:
                    yield Event("critical", {"evidence": record["evidence"][1:]})
        elif node == "recompute":
            yield Event("started", {"case": change["case"], "correction": change["corrections"][0]})
        elif node == "assess":
            yield Event("answer", change["answer"])
        elif node == "verify":
            yield Event("checked", {"answer": change["answer"], "checks": change["checks"]})
        elif node == "report":
            yield Event("signed", {})
