"""An instruction as a plan: what is looked up, on which condition, what is then drafted. Typed and shown, not executed.

Everything in it comes from the instruction's own words or what was given with it; `text` keeps those words.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tools.ehr.writes.drafts import Action

Operator = Literal["<", "<=", ">", ">="]
Statistic = Literal["latest", "mean", "maximum", "minimum"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Band(_Part):
    """A dose for values of a range; an end that is None is open."""

    low: float | None = None
    low_in: bool = True
    high: float | None = None
    high_in: bool = True
    dose: str
    over: str | None = None
    route: str | None = None
    text: str

    def holds(self, value: float) -> bool:
        """Whether a value lies in it."""
        above = self.low is None or value > self.low or (self.low_in and value == self.low)
        below = self.high is None or value < self.high or (self.high_in and value == self.high)
        return above and below

    @property
    def range(self) -> str:
        """Its range in words."""
        low = "" if self.low is None else f"{'from' if self.low_in else 'above'} {self.low:g}"
        high = "" if self.high is None else f"{'to' if self.low is not None else 'up to'} {self.high:g}"
        return " ".join(part for part in (low, high if self.high_in else f"below {self.high:g}") if part)


class DoseRule(_Part):
    """How a dose follows from a value: by bands, or so much for each step below (or above) a threshold."""

    bands: tuple[Band, ...] = ()
    unit: str | None = None  # of the value
    step: float | None = None
    amount: float | None = None
    amount_unit: str | None = None
    threshold: float | None = None
    side: Literal["below", "above"] = "below"
    route: str | None = None
    text: str = ""


class Condition(_Part):
    """When the orders are drafted. `limit` None with kind low or high: the laboratory's own range decides."""

    kind: Literal["always", "below", "above", "older", "missing"] = "always"
    op: Operator | None = None
    limit: float | None = None
    high: float | None = None  # of "between": the upper end
    unit: str | None = None
    limit_from: Literal["instruction", "dose rule", "laboratory"] | None = None
    amount: int | None = None  # of "older": how long
    period: Literal["hour", "day", "week", "month", "year"] | None = None
    if_missing: bool = False  # drafted where nothing is on file
    text: str = ""


class Look(_Part):
    """What is looked up. `hours`: no older than that; `codes`: codes that were given for it."""

    subject: str
    concept: str | None = None
    codes: tuple[str, ...] = ()
    statistic: Statistic = "latest"
    hours: float | None = None
    asked: bool = False
    dated: bool = False  # when it was measured was asked for too

    @property
    def told(self) -> str:
        """In words."""
        window = f", last {self.hours:g} h" if self.hours else ""
        return f"{self.statistic} {self.subject}{window}"


class Act(_Part):
    """One thing to be drafted: its fields as strings, as a form holds them; a dose that depends on a value by rule."""

    action: Action
    conditional: bool = True
    fields: dict[str, str] = Field(default_factory=dict)
    rule: DoseRule | None = None
    text: str


class Definition(_Part):
    """A code given with the instruction, and the words it was given for."""

    system: str
    code: str
    about: str
    text: str


class Plan(_Part):
    """The instruction, read.

    `look`: what the condition and the doses rest on. `unread`: sentences that were not understood; nothing is drafted
    from them.
    """

    look: Look | None = None
    condition: Condition = Condition()
    acts: tuple[Act, ...] = ()
    definitions: tuple[Definition, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The plan in one line."""
        parts = [f"look up: {self.look.told}"] if self.look else []
        if self.condition.kind != "always":
            parts.append(f"if {self.condition.text}")
        parts += [act.text for act in self.acts]
        return "; ".join(parts) or "nothing to be done was read"
