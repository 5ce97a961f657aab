"""Asking a model for one decision: within a budget, checked, repaired at most twice, and then left undecided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from agent.models.base import PlannerModel
from agent.planners.forms import CallForm, ChoiceForm, Rejected, Said, parse
from agent.prompts import repair_prompt
from agent.settings import Settings
from tools.errors import UpstreamError

MAX_REPAIRS = 2
Outcome = Literal["decided", "could_not_decide", "unavailable", "budget"]


@dataclass(frozen=True)
class Asked:
    """What asking came to. `problems` are the kinds of answers refused, in order; `failure` is the server's error."""

    outcome: Outcome
    said: Said | None = None
    problems: tuple[str, ...] = ()
    failure: dict[str, Any] | None = None

    @property
    def attempts(self) -> int:
        """Answers had."""
        return len(self.problems) + (self.outcome == "decided")

    def trace(self, model: PlannerModel, prompt_version: str) -> dict[str, Any]:
        """As plain JSON. No times and no words of the model."""
        body: dict[str, Any] = {
            "name": model.name, "revision": model.revision, "prompt_version": prompt_version, "outcome": self.outcome,
            "attempts": self.attempts, "problems": list(self.problems),
        }
        return body | ({"failure": self.failure} if self.failure else {})


async def ask(model: PlannerModel, system: str, user: str, form: ChoiceForm | CallForm, settings: Settings,
              ledger: dict[str, Any]) -> Asked:
    """One decision on a form.

    `ledger` counts the calls and tokens of the turn, and is added to. A server that failed is not asked again in it.
    """
    schema, prompt, problems = form.schema(), user, list[str]()
    if ledger.get("model_failure"):
        return Asked("unavailable", failure=ledger["model_failure"])
    for _ in range(MAX_REPAIRS + 1):
        if ledger.get("model_calls", 0) >= settings.max_model_calls:
            return Asked("budget", problems=tuple(problems))
        ledger["model_calls"] = ledger.get("model_calls", 0) + 1
        try:
            reply = await model.decide(system, prompt, schema)
        except UpstreamError as error:
            ledger["model_failure"] = error.document()
            return Asked("unavailable", problems=tuple(problems), failure=ledger["model_failure"])
        ledger["tokens"] = ledger.get("tokens", 0) + reply.tokens_in + reply.tokens_out
        try:
            return Asked("decided", form.read(parse(reply.text)), tuple(problems))
        except Rejected as rejected:
            problems.append(rejected.problem)
            prompt = repair_prompt(user, str(rejected))
    return Asked("could_not_decide", problems=tuple(problems))
