"""Models whose cards say why they cannot be loaded here. They refuse whatever is asked, with that reason."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tools.errors import NotAssessable
from tools.segmenters.contract import Card, Prompts, Target
from tools.segmenters.segment import Segment
from tools.segmenters.weighted.gate import admit


class Absent:
    """A model that is only known by name."""

    def __init__(self, row: dict[str, Any]) -> None:
        self._lacks, self.instead = str(row["lacks"]), str(row["instead"])
        self.card = Card(
            name=row["name"],
            version="none",
            title=row["title"],
            modalities=frozenset(row["modalities"]),
            anatomy=frozenset(),
            dimensions=row["dimensions"],
            structures=(),
            prompts=frozenset(row["prompts"]),
            licence=row["licence"],
            source=row["source"],
            measured="unmeasured: cannot be loaded here",
        )

    def lacks(self) -> str | None:
        """Why it cannot be loaded, and what to use instead."""
        return f"{self._lacks}; instead: {self.instead}"

    def segment(self, target: Target, structures: Sequence[str], prompts: Prompts | None = None) -> list[Segment]:
        """Refuses.

        Raises:
            NotAssessable: always.
            BadInput: a prompt that it would not take either.
        """
        admit(self.card, target, structures, prompts or Prompts())
        raise NotAssessable(
            f"{self.card.title} cannot run here",
            found=f"missing: {self._lacks}",
            expected="code that can be trusted",
            action=f"use instead: {self.instead}",
        )


@functools.cache
def rows() -> tuple[dict[str, Any], ...]:
    """What is known of them."""
    return tuple(yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")))


def absent() -> list[Absent]:
    """All of them."""
    return [Absent(row) for row in rows()]
