"""What the rules of slots look at: the note, what was measured in it, and who the patient is; each read once."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from tools.calculators.base import Calculator
from tools.fill.model import Ambiguous, Filled, Mention, NoteText, Unmentioned


@dataclass(frozen=True)
class Context:
    """One note being read for one calculator.

    `note.flat` is to be searched (line breaks of an editor joined), `note.text` to be quoted.
    """

    note: NoteText
    calculator: Calculator | None = None
    unmentioned: Unmentioned = "unknown"
    question: str = ""

    @functools.cached_property
    def measures(self) -> tuple[Mention, ...]:
        """Every number of the note that is said to be of something, in the order of the text."""
        from tools.fill.measures import measures
        from tools.fill.slots import words_for

        return measures(self.note, words_for(self.calculator) if self.calculator else None)

    @functools.cached_property
    def ages(self) -> tuple[Mention, ...]:
        """Ages that the note gives; `whose` says whose."""
        from tools.fill.people import ages

        return ages(self.note)

    @functools.cached_property
    def sexes(self) -> tuple[Mention, ...]:
        """Words that tell the patient's sex; the value is "female" or "male"."""
        from tools.fill.people import sexes

        return sexes(self.note)

    def measured(self, measure: str, unit: str, choose: str = "admission") -> Filled | Ambiguous | None:
        """One measure of the patient in a unit, chosen among its mentions: `value` is {"value": …, "unit": unit}.

        Args:
            choose: "admission" | "first" | "latest" | "worst_high" | "worst_low".
        """
        from tools.fill.choose import pick

        return pick(measure, self.measures, unit=unit, choose=choose)

    def age(self) -> Filled | Ambiguous | None:
        """The patient's age, in years."""
        from tools.fill.choose import pick

        return pick("age", self.ages, unit="a", choose="first")

    def sex(self) -> Filled | Ambiguous | None:
        """The patient's sex ("female" or "male")."""
        from tools.fill.people import pick_sex

        return pick_sex(self.sexes)
