"""The chance that two lung fields are well outlined, from the signs that they are not.

A logistic sum in which each sign only lowers: `ceiling / (1 + exp(-odds))`, where the odds (log) are
`base - sum(slope * clip(value - knot, 0, reach))`, with one or two knots to a sign. Parameters: `lungs_trust.json`,
fitted by `evals/cxr/fit_trust.py` on films whose licence allows it, as they are and spoilt. "Well" means a Dice of at
least 0.85, no more than 0.05 of it lost to what spoils the film.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.segmenters.lungs_signs import WORDS

PARAMETERS = Path(__file__).with_name("lungs_trust.json")
# A sign is told where it alone lowers the chance by this much.
TOLD = 0.03


@dataclass(frozen=True)
class Hinge:
    """What one sign costs above `knot`, in log-odds; no more than from `reach` on."""

    knot: float
    slope: float
    reach: float

    def cost(self, value: float) -> float:
        """Never negative."""
        return self.slope * min(max(value - self.knot, 0.0), self.reach)


@dataclass(frozen=True)
class Trust:
    """The fitted sum. `ceiling`: no outline is trusted more than the films it was fitted on bear out."""

    base: float
    hinges: Mapping[str, tuple[Hinge, ...]]
    ceiling: float

    def chance(self, signs: Mapping[str, float]) -> tuple[float, tuple[str, ...]]:
        """The chance, and the words of the signs that lower it."""
        costs = {name: sum(hinge.cost(signs[name]) for hinge in hinges) for name, hinges in self.hinges.items()}
        total = self.base - sum(costs.values())
        found, best = self._chance(total), self._chance(self.base)
        told = [name for name, cost in costs.items() if best - self._chance(self.base - cost) >= TOLD]
        if not told and best - found >= TOLD:
            told = [max(costs, key=lambda name: costs[name])]
        return found, tuple(WORDS[name] for name in sorted(told, key=lambda name: -costs[name]))

    def _chance(self, total: float) -> float:
        return self.ceiling / (1 + math.exp(-total))


@functools.cache
def fitted() -> Trust:
    """The shipped parameters."""
    body = json.loads(PARAMETERS.read_text(encoding="utf-8"))
    hinges = {name: tuple(Hinge(*row) for row in rows) for name, rows in body["hinges"].items()}
    return Trust(body["base"], hinges, body["ceiling"])
