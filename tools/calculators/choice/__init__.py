"""From a question in plain words to the calculator: by name where it names one, else by what it wants to know."""

from __future__ import annotations

from tools.calculators.choice.choose import Choice, Ranked, choose, prepare, rank

__all__ = ["Choice", "Ranked", "choose", "prepare", "rank"]
