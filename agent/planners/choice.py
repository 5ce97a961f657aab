"""A planner's choice: the one type that both planners give, and that the plan is compiled from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from knowledge.evidence import Evidence

Kind = Literal["one", "several", "ask", "lookup", "calculate", "none"]
PROTOCOL_PLANNER = "protocol planner"


@dataclass(frozen=True)
class Choice:
    """What is to be worked out, and why.

    Attributes:
        protocols: ids to run (kind `one` or `several`).
        lookup: concepts, or names of lists, to read from the record.
        calculators: names of calculators, without `calc.`.
        options: ids between which the clinician is asked (kind `ask`).
        needs: what would let the question be answered.
        decided_by: `PROTOCOL_PLANNER`, or "model NAME".
        model: what asking a model came to: outcome, attempts, kinds of problems. No times, so that it replays.
        readings: the model's opinion as evidence.
    """

    kind: Kind
    protocols: tuple[str, ...] = ()
    lookup: tuple[str, ...] = ()
    calculators: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    decided_by: str = PROTOCOL_PLANNER
    model: dict[str, Any] = field(default_factory=dict)
    readings: tuple[Evidence, ...] = ()

    @property
    def value(self) -> str | None:
        """The protocols as the value of the choice's evidence."""
        return "+".join(self.protocols) or None

    def detail(self) -> dict[str, Any]:
        """As plain JSON, for the evidence of the choice."""
        body: dict[str, Any] = {
            "kind": self.kind, "protocols": list(self.protocols), "lookup": list(self.lookup),
            "calculators": list(self.calculators), "options": list(self.options), "needs": list(self.needs),
            "reasons": list(self.reasons), "decided_by": self.decided_by,
        }
        return body | ({"model": self.model} if self.model else {})
