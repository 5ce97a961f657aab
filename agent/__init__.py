"""Osler: planner, graph, models, settings, public API and command line.

    from agent import ClinicalAssistant

Lazy (PEP 562): importing `agent` costs nothing until a name is used, so that a calculation on the command line does
not wait for langgraph.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent.api import ClinicalAssistant, Consultation
    from agent.events import Event
    from agent.settings import Settings
    from knowledge.claim import Answer
    from knowledge.evidence import Evidence
    from knowledge.quantity import Quantity

_NAMES = {
    "ClinicalAssistant": "agent.api",
    "Consultation": "agent.api",
    "Event": "agent.events",
    "Settings": "agent.settings",
    "Answer": "knowledge.claim",
    "Evidence": "knowledge.evidence",
    "Quantity": "knowledge.quantity",
}
__all__ = ["Answer", "ClinicalAssistant", "Consultation", "Event", "Evidence", "Quantity", "Settings"]


def _check_neighbours() -> None:
    """`tools` and `knowledge` are common names: make sure that they are ours."""
    root = Path(__file__).resolve().parent.parent
    for name in ("tools", "knowledge"):
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve() if spec is not None and spec.origin else None
        if origin is None or origin.parent.parent != root:
            raise ImportError(
                f"found package {name!r} at {origin}; expected Osler's own at {root / name}. "
                f"Rename or move what shadows it, or run from another folder."
            )


_check_neighbours()


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'agent' has no attribute {name!r}")
