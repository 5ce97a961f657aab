"""The result document of a calculator (`osler calc run`)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Crossing:
    """The nearest change of one input that moves the result into another band: `text` says it in words."""

    input: str
    to: str
    text: str
    value: float | bool | str | None = None
    unit: str | None = None
    direction: str | None = None


@dataclass(frozen=True)
class CalcResult:
    """What a calculator gives.

    `value` None with a `range`: known only within bounds. None without one: not known; `missing`, `applicable` and
    `warnings` say why. `applicable` None: an input that decides it is not known. `derivation`: for each input that was
    worked out from others, {calculator, title, inputs, value, range, unit, steps, missing, derivation}.
    """

    calculator: str
    version: str
    value: float | str | None
    unit: str | None
    range: tuple[float, float] | None
    label: str | None
    applicable: bool | None
    inputs: dict[str, Any]
    missing: list[str]
    warnings: list[str]
    steps: list[str]
    sensitivity: list[Crossing]
    references: list[dict[str, Any]]
    derivation: dict[str, Any] = field(default_factory=dict)
    display: str = field(default="", metadata={"internal": True})

    def model_dump(self, mode: str = "json") -> dict[str, Any]:
        """The document of the contract; `display` belongs to evidence, not to it."""
        body = asdict(self)
        del body["display"]
        body["range"] = list(self.range) if self.range else None
        return body
