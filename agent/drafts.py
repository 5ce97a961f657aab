"""A draft of something to be written to the record, and the journal in which every state of it is kept.

A draft stands beside the consultation's graph, not in it: a copy made for a what-if has none, and a correction of the
answer does not move it. What it has become is the newest line of its journal; the lines before are the audit.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.effects import Effects
from knowledge.claim import content_id
from tools.ehr.writes.drafts import Action
from tools.errors import UsageError

Json = dict[str, Any]
DraftState = Literal["draft", "incomplete", "approved", "committed", "void", "refused"]
CheckState = Literal["pass", "warn", "contraindicated", "unknown"]
OPEN: tuple[DraftState, ...] = ("draft", "incomplete", "approved")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class DraftField(_Part):
    """One field: what it holds, who said so, and what it may hold."""

    name: str
    label: str
    value: str | None = None
    origin: Literal["step", "default", "clinician"] | None = None
    required: bool = False
    choices: list[str] = Field(default_factory=list)
    kind: Literal["text", "date", "long"] = "text"


class Missing(_Part):
    """What the draft still needs."""

    field: str
    needs: str
    choices: list[str] = Field(default_factory=list)


class RestsOn(_Part):
    """A fact that the draft rests on, as it was when it was read."""

    evidence: str
    slot: str
    display: str
    effective_at: str | None = None
    reference: str | None = None
    version: str | None = None
    last_updated: str | None = None
    hash: str | None = None


class DraftCheck(_Part):
    """One check. `unknown` is what could not be checked: never a pass. `contraindicated` stops, unless overridden."""

    name: str
    state: CheckState
    why: str
    evidence: list[str] = Field(default_factory=list)


class FieldChange(_Part):
    """One element of a resource, before and after."""

    path: str
    before: Any
    after: Any


class Edit(_Part):
    """A field that a person set."""

    field: str
    before: str | None
    after: str | None
    by: str
    at: str


class DraftDecision(_Part):
    """Who approved or refused it; `override` is why a contraindication was overridden."""

    by: str
    role: str
    at: str
    override: str | None = None
    reason: str | None = None


class Commit(_Part):
    """Where it lies in the record."""

    reference: str
    version: str | None
    provenance: str
    at: str


class Target(_Part):
    """The resource that is changed, as it was when the draft was made."""

    reference: str
    version: str | None
    resource: Json


class Draft(_Part):
    """A draft: `osler draft --json`. Nothing of it is in the record before it is committed.

    `beside`: of a measure on an image what is written with it: `{study, images, algorithms}`.
    """

    id: str
    consultation: str
    patient: str
    version: int
    item: str
    text: str
    action: Action
    kind: str
    state: DraftState
    words: str = ""
    resource: Json = Field(default_factory=dict)
    target: Target | None = None
    fields: list[DraftField] = Field(default_factory=list)
    missing: list[Missing] = Field(default_factory=list)
    rests_on: list[RestsOn] = Field(default_factory=list)
    checks: list[DraftCheck] = Field(default_factory=list)
    diff: list[FieldChange] = Field(default_factory=list)
    edits: list[Edit] = Field(default_factory=list)
    decision: DraftDecision | None = None
    committed: Commit | None = None
    changes: list[Json] = Field(default_factory=list)
    error: Json | None = None
    beside: Json | None = None

    @property
    def given(self) -> dict[str, str]:
        """The fields that have a value."""
        return {field.name: field.value for field in self.fields if field.value is not None}

    @property
    def stops(self) -> list[DraftCheck]:
        """What makes it contraindicated."""
        return [check for check in self.checks if check.state == "contraindicated"]


def draft_id(consultation: str, turn: int, version: int, item: str, action: str, target: str, number: int) -> str:
    """The id of a draft, by what it is of: asked for twice it is one. It is its identifier in the record too."""
    return content_id("d", consultation, turn, version, item, action, target, number)


class Journal:
    """Every state of every draft, in the table of effects: append-only, one line per step."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects

    def all(self, consultation: str) -> list[Draft]:
        """The drafts of a consultation as they stand, in the order they were made."""
        newest: dict[str, Draft] = {}
        for row in self._effects.made(consultation, "draft"):
            draft = Draft.model_validate(row["body"])
            newest[draft.id] = draft
        return list(newest.values())

    def get(self, consultation: str, id_: str) -> Draft | None:
        """One draft as it stands."""
        return next((draft for draft in self.all(consultation) if draft.id == id_), None)

    def history(self, consultation: str, id_: str) -> list[Json]:
        """What happened to a draft, oldest first: `{at, state, decision}`."""
        return [
            {"at": row["made_at"], "state": row["body"]["state"], "decision": row["body"]["decision"]}
            for row in self._effects.made(consultation, "draft")
            if row["body"]["id"] == id_
        ]

    def note(self, draft: Draft, after: int | None = None) -> Draft:
        """Add a state of a draft.

        Args:
            after: how many states there were when it was read (default: now); another one since then stops this.

        Raises:
            UsageError: somebody else moved the draft meanwhile.
        """
        number = self.length(draft) if after is None else after
        body = draft.model_dump(mode="json")
        if not self._effects.once(draft.consultation, f"draft/{draft.id}/{number:04d}", "draft", body):
            raise UsageError(
                "somebody else has just changed this draft",
                found=draft.id,
                expected="the draft as it was shown",
                action="look at it again",
            )
        return draft

    def length(self, draft: Draft) -> int:
        """How many states of a draft there are."""
        return len(self.history(draft.consultation, draft.id))
