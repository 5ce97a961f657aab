"""The audit lines of writes: in Osler's own log always, in the record where its server takes them."""

from __future__ import annotations

from agent.drafts import Draft
from agent.effects import Effects
from agent.runtime import utc_now
from agent.state import Json
from tools.ehr.writes.audit import Outcome, audit_event

KIND = "audit"


class Audit:
    """What became of one attempt to write one draft."""

    def __init__(self, effects: Effects, draft: Draft, by: str, role: str) -> None:
        self._effects, self._draft, self._by, self._role = effects, draft, by, role
        self.event: Json = {}

    def note(self, outcome: Outcome, said: str, reference: str | None = None) -> None:
        """Put the line into Osler's log."""
        draft, number = self._draft, len(lines(self._effects, self._draft.consultation))
        while True:
            event = audit_event(
                f"osler-{draft.id}-{number}",
                at=utc_now(),
                action="U" if draft.target else "C",
                outcome=outcome,
                said=f"{draft.kind}: {said}",
                by=self._by,
                role=self._role,
                patient=draft.patient,
                draft=draft.id,
                reference=reference,
            )
            if self._effects.once(draft.consultation, f"audit/{number:05d}", KIND, event):
                self.event = event
                return
            number += 1


def lines(effects: Effects, consultation: str) -> list[Json]:
    """The audit lines of a consultation or instruction, oldest first."""
    return [row["body"] for row in effects.made(consultation, KIND)]
