"""What a planner's model is: it answers a prompt under a JSON schema. It decides; it never acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

MAX_TOKENS = 400
"""Tokens of one decision."""
MAX_READING_TOKENS = 700
"""Tokens of one reading of images."""


@dataclass(frozen=True)
class Reply:
    """One answer of a model, as it came: the caller checks it against the schema, whatever the server promised.

    `constrained`: the server was asked to enforce the schema and did not refuse to.
    """

    text: str
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    constrained: bool = True


class PlannerModel(Protocol):
    """A model that takes decisions of a planner."""

    name: str
    revision: str | None

    async def decide(self, system: str, user: str, schema: dict[str, Any]) -> Reply:
        """Answer with one JSON object that fits the schema.

        Raises:
            UpstreamError: no answer could be had.
        """
        ...
