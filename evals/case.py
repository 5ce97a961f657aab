"""A scripted consultation: what a clinician asks, corrects and signs, and what is expected after each step.

id: af-corrected
patient: demo-af
steps:
  - {ask: "Should she be anticoagulated?", expect: {says: ["recommended"], forbids: [], values: [...]}}
  - {correct: {slot: creatinine, value: {value: 1.9, unit: mg/dL}, by: Dr A}, expect: {rerun: [egfr, crcl]}}
  - {what_if: {slot: weight, value: {value: 55, unit: kg}}, expect: {says: [...]}}
  - {approve: {by: Dr A, role: physician}}
  - {reopen: {change: {set_observation: {...}}}, expect: {outdated: [creatinine]}}
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from tools.errors import UsageError

CASES = Path(__file__).with_name("cases")
RECORDINGS = Path(__file__).with_name("recordings")
KINDS = ("ask", "correct", "what_if", "approve", "reject", "reopen")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Expect(_Model):
    """What must hold after a step; every claim shown must cite as well, always.

    `says`/`forbids`: patterns over what is shown; `first`: over the first claim; `values`: as in a key; `struck`: over
    what was rejected or struck; `outdated`: slots that the record no longer supports ([]: none); `status`: signed ...
    """

    says: list[str] = Field(default_factory=list)
    forbids: list[str] = Field(default_factory=list)
    first: str | None = None
    values: list[dict[str, Any]] = Field(default_factory=list)
    critical: list[str] = Field(default_factory=list)
    not_answered: list[str] = Field(default_factory=list)
    struck: list[str] = Field(default_factory=list)
    protocols: list[str] | None = None
    rerun: list[str] | None = None
    kept: list[str] | None = None
    added: list[str] | None = None
    dropped: list[str] | None = None
    outdated: list[str] | None = None
    status: str | None = None
    approved: bool | None = None
    error: str | None = None


class Film(_Model):
    """A drawn chest film in a demo patient's name (tools/imaging/phantom.py), or a drawn CT series of a trunk
    (tools/imaging/phantom_series.py)."""

    patient: str
    series: bool = False
    view: str = "PA"
    position: str = "ERECT"


class Correct(_Model):
    """A correction by slot, or what is tried on a copy."""

    slot: str
    value: Any
    by: str = "clinician"
    reason: str | None = None


class Approve(_Model):
    """A signature, or the approval of an item."""

    by: str
    role: str
    item: str = "answer"


class Reject(_Model):
    """A claim or next step, found by what it says, that the clinician does not accept."""

    says: str
    by: str
    role: str
    reason: str


class Reopen(_Model):
    """The consultation is opened by its id in another assistant; `change` alters the record meanwhile."""

    change: dict[str, Any] | None = None


class Step(_Model):
    """One thing the clinician does. Notes and films come with the first question."""

    ask: str | None = None
    notes: list[str] = Field(default_factory=list)
    images: list[Film] = Field(default_factory=list)
    correct: Correct | None = None
    what_if: Correct | None = None
    approve: Approve | None = None
    reject: Reject | None = None
    reopen: Reopen | None = None
    expect: Expect = Field(default_factory=Expect)

    @property
    def kind(self) -> str:
        """Which of `KINDS` it is.

        Raises:
            UsageError: none or several.
        """
        given = [name for name in KINDS if getattr(self, name) is not None]
        if len(given) != 1:
            raise UsageError(
                "a step does one thing", found=given, expected=" or ".join(KINDS), action="split it into steps"
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

    @property
    def opens(self) -> bool:
        """Whether a consultation comes of it; where every question is refused at the door there is none to record."""
        return any(step.ask is not None and step.expect.error is None for step in self.steps)


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
