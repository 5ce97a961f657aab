"""A scripted consultation: what a clinician asks, corrects and signs, and what is expected after each step.

id: af-corrected
patient: demo-af
steps:
  - {ask: "Should she be anticoagulated?", expect: {says: ["recommended"], forbids: [], values: [...]}}
  - {correct: {slot: creatinine, value: {value: 1.9, unit: mg/dL}, by: Dr A}, expect: {rerun: [egfr, crcl]}}
  - {approve: {by: Dr A, role: physician}}
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from tools.errors import UsageError

CASES = Path(__file__).with_name("cases")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Expect(_Model):
    """What must hold after a step. `says`/`forbids`: patterns over what is shown; `values`: as in a key."""

    says: list[str] = Field(default_factory=list)
    forbids: list[str] = Field(default_factory=list)
    values: list[dict[str, Any]] = Field(default_factory=list)
    critical: list[str] = Field(default_factory=list)
    not_answered: list[str] = Field(default_factory=list)
    protocols: list[str] | None = None
    rerun: list[str] | None = None
    kept: list[str] | None = None
    added: list[str] | None = None
    dropped: list[str] | None = None
    error: str | None = None


class Correct(_Model):
    """A correction by slot."""

    slot: str
    value: Any
    by: str
    reason: str | None = None


class Approve(_Model):
    """A signature, or the approval of an item."""

    by: str
    role: str
    item: str = "answer"


class Step(_Model):
    """One thing the clinician does."""

    ask: str | None = None
    correct: Correct | None = None
    approve: Approve | None = None
    expect: Expect = Field(default_factory=Expect)

    @property
    def kind(self) -> Literal["ask", "correct", "approve"]:
        """Which of the three it is.

        Raises:
            UsageError: none or several.
        """
        given: list[Literal["ask", "correct", "approve"]] = []
        if self.ask is not None:
            given.append("ask")
        if self.correct is not None:
            given.append("correct")
        if self.approve is not None:
            given.append("approve")
        if len(given) != 1:
            raise UsageError(
                "a step does one thing", found=given, expected="ask, correct or approve", action="split it"
            )
        return given[0]


class Case(_Model):
    """A scripted consultation. `change` alters the demo patient first (see tools/ehr/compact.py)."""

    id: str
    title: str = ""
    patient: str
    as_of: str | None = None
    change: dict[str, Any] | None = None
    steps: list[Step]


def load_case(path: Path) -> Case:
    """Read a case.

    Raises:
        UsageError: it cannot be read or does not fit.
    """
    try:
        return Case.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(
            f"{path.name} is not a case",
            found=str(error)[:200],
            expected="the form of evals/case.py",
            action="see evals/cases/",
        ) from error


def load_cases(folder: Path = CASES) -> list[Case]:
    """Every case of a folder, or the one file."""
    if folder.is_file():
        return [load_case(folder)]
    return [load_case(path) for path in sorted(folder.glob("*.yaml"))]
