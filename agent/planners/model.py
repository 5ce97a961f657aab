"""ModelPlanner: a model takes the decisions, on forms built from what exists; code carries them out and checks them.

It refines what the protocol planner found. Where that abstained or would ask, the model decides; what that was sure of
(protocols, a look-up, a calculation) the model can add to and not do away with; and it may ask for one more tool on
evidence that is there. Nothing is dropped on a model's word alone, which text in a record may have put into its mouth;
red flags and safety reads follow from the protocols and are not its to leave out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from agent.models.base import PlannerModel
from agent.planners.asking import Asked, ask
from agent.planners.choice import Choice, Kind
from agent.planners.forms import CallForm, ChoiceForm, Said
from agent.prompts import CHOOSE, PROMPT_VERSION, REFINE, choose_prompt, refine_prompt
from agent.settings import Settings
from knowledge.evidence import Evidence, ModelReading
from tools.spec import ToolSpec

CHOICE_READING = "model.choice"
REFINE_READING = "model.refine"
EXTRA = "extra"
NEAR = 0.1
"""Score below which a protocol is not offered. On evals/route/dev.yaml, where the router abstains: 14 of 15 right
protocols lie above it, and the best one of three quarters of the questions outside all protocols lies below."""
_PREFIX = "calc."
_KINDS: dict[str, Kind] = {"use_protocol": "one", "use_several": "several", "look_up": "lookup",
                           "calculate": "calculate", "ask": "ask", "none": "none"}
_SURE = ("one", "several", "lookup", "calculate")
_GAVE_UP = {
    "could_not_decide": "gave no answer that could be used",
    "budget": "had used up its calls for this question",
    "unavailable": "could not be asked",
}


@dataclass(frozen=True)
class Extra:
    """One more step: a tool on slots that hold evidence, and the model's opinion that asked for it."""

    slot: str
    tool: str
    bindings: dict[str, str]
    reading: Evidence


@dataclass(frozen=True)
class Refinement:
    """The steps a model added, and how its asking ended."""

    extras: tuple[Extra, ...]
    stopped: Literal["done", "could_not_decide", "unavailable", "budget", "nothing_offered"]
    problems: tuple[str, ...] = ()
    failure: dict[str, Any] | None = None


async def choose(
    model: PlannerModel, question: str, ranked: Sequence[dict[str, Any]], facts: Sequence[Evidence],
    tools: Sequence[ToolSpec[Any]], settings: Settings, ledger: dict[str, Any], *, fallback: Choice,
    concepts: Sequence[str] = (), private: Sequence[str] = (),
) -> Choice:
    """What is to be worked out, decided by a model.

    Args:
        ranked: rows {protocol, title, purpose, score, entry, ...}, nearest first. Offered are those whose entry is not
            denied and whose score is not below `NEAR`.
        facts: what is known of the patient.
        tools: tools that may be offered; of these, the calculators are.
        ledger: {"model_calls", "tokens"} of this turn; added to.
        fallback: the protocol planner's own choice. It stands wherever the model does not decide.
        concepts: concepts and lists that may be read, from the question's words and the house's lists.
        private: names and identifiers that are kept from the model.
    """
    offered = [row for row in ranked if row["entry"] is not False and row["score"] >= NEAR]
    calculators = tuple(spec.name.removeprefix(_PREFIX) for spec in tools if spec.kind == "calculator")
    form = ChoiceForm(tuple(row["protocol"] for row in offered), tuple(dict.fromkeys(concepts)), calculators)
    prompt = choose_prompt(question, offered, facts, form.schema(), private)
    asked = await ask(model, CHOOSE, prompt, form, settings, ledger)
    trace = asked.trace(model, PROMPT_VERSION)
    if asked.said is None:
        return replace(fallback, reasons=(*fallback.reasons, _undecided(model, asked)), model=trace)
    reading = choice_reading(model, asked.said, facts)
    return replace(_chosen(model, asked.said, fallback), model=trace, readings=(reading,))


def _chosen(model: PlannerModel, said: Said, fallback: Choice) -> Choice:
    kind = _KINDS[said.decision]
    reasons = (f"Model {model.name} said: {_words(said)}.",)
    wanted = Choice(
        kind, protocols=said.protocols if kind in ("one", "several") else (), lookup=said.concepts,
        calculators=said.calculators, options=said.protocols if kind == "ask" else (),
        needs=fallback.needs if kind == fallback.kind else (), reasons=reasons, decided_by=f"model {model.name}",
    )
    if fallback.kind in _SURE:
        return _added(fallback, wanted)
    if _same(wanted, fallback):
        return wanted
    return replace(wanted, reasons=(*reasons, f"The protocol planner would have chosen: {summary(fallback)}."))


def _added(sure: Choice, wanted: Choice) -> Choice:
    """A sure choice with what the model adds of the same sort."""
    protocols = _union(sure.protocols, wanted.protocols) if sure.protocols else ()
    both = replace(
        sure, kind="several" if len(protocols) > 1 else sure.kind, protocols=protocols,
        lookup=_union(sure.lookup, wanted.lookup) if sure.lookup else (),
        calculators=_union(sure.calculators, wanted.calculators) if sure.calculators else (),
        reasons=(*sure.reasons, *wanted.reasons),
    )
    if _same(both, wanted) or not _same(both, sure):
        return replace(both, decided_by=wanted.decided_by)
    return replace(both, reasons=(*both.reasons, "What the protocol planner is sure of stands."))


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*one, *other]))


def _same(one: Choice, other: Choice) -> bool:
    parts = ("protocols", "lookup", "calculators", "options")
    return one.kind == other.kind and all(set(getattr(one, part)) == set(getattr(other, part)) for part in parts)


def summary(choice: Choice) -> str:
    """A choice in a few words."""
    parts = [*choice.protocols, *choice.options, *choice.lookup, *choice.calculators]
    return f"{choice.kind} ({', '.join(parts)})" if parts else choice.kind


async def refine(
    model: PlannerModel, question: str, board_summary: Sequence[dict[str, Any]],
    candidates: Sequence[dict[str, Any]], settings: Settings, ledger: dict[str, Any], *,
    done: Sequence[tuple[str, dict[str, str]]] = (), first: int = 1, patient: str | None = None,
    private: Sequence[str] = (),
) -> Refinement:
    """Further steps that a model asks for once the plan's own are done.

    Args:
        board_summary: rows {slot, display, kind} of what has been found.
        candidates: rows {tool, title, parameters: {name: [slots whose evidence fits]}}.
        done: calls the plan has made, as (tool, bindings); they are refused.
        first: number of the first extra step.
        patient: whose evidence it is; the id is kept from the model.
    """
    offers = {row["tool"]: row["parameters"] for row in candidates
              if row["parameters"] and all(row["parameters"].values())}
    shown = [row for row in candidates if row["tool"] in offers]
    inputs = tuple(row["evidence"] for row in board_summary if row.get("evidence"))
    hidden = [*private, *([patient] if patient else [])]
    extras: list[Extra] = []
    problems: list[str] = []
    while open_ := {tool: slots for tool, slots in offers.items() if _is_open(tool, slots, done, extras)}:
        made = (*done, *((extra.tool, extra.bindings) for extra in extras))
        form = CallForm(open_, made)
        rows = [row for row in shown if row["tool"] in open_]
        asked = await ask(
            model, REFINE, refine_prompt(question, board_summary, rows, form.schema(), hidden), form, settings, ledger
        )
        problems += asked.problems
        if asked.said is None:
            stopped = asked.outcome if asked.outcome != "decided" else "could_not_decide"
            return Refinement(tuple(extras), stopped, tuple(problems), asked.failure)
        if asked.said.decision == "done":
            return Refinement(tuple(extras), "done", tuple(problems))
        number = first + len(extras)
        assert asked.said.tool is not None
        extras.append(Extra(
            f"{EXTRA}.{number}", asked.said.tool, dict(asked.said.bindings or {}),
            refine_reading(model, asked.said, number, inputs, patient),
        ))
    return Refinement(tuple(extras), "done" if extras else "nothing_offered", tuple(problems))


def _is_open(tool: str, slots: dict[str, list[str]], done: Sequence[tuple[str, dict[str, str]]],
             extras: Sequence[Extra]) -> bool:
    """Whether a tool can still be called on something it has not been called on."""
    combinations = 1
    for offered in slots.values():
        combinations *= len(set(offered))
    made = [bound for name, bound in [*done, *((extra.tool, extra.bindings) for extra in extras)] if name == tool]
    tried = [bound for bound in made if all(bound.get(name) in offered for name, offered in slots.items())]
    return combinations > len({tuple(sorted(bound.items())) for bound in tried})


def choice_reading(model: PlannerModel, said: Said, facts: Sequence[Evidence]) -> Evidence:
    """The model's choice as evidence of an opinion, resting on the facts that it was shown."""
    patient = next((fact.patient for fact in facts if fact.patient), None)
    return _reading(model, CHOICE_READING, said, tuple(fact.id for fact in facts), patient)


def refine_reading(model: PlannerModel, said: Said, number: int, inputs: tuple[str, ...],
                   patient: str | None = None) -> Evidence:
    """The model's wish for one more step as evidence of an opinion."""
    return _reading(model, f"{REFINE_READING}.{number}", said, inputs, patient)


def _reading(model: PlannerModel, slot: str, said: Said, inputs: tuple[str, ...], patient: str | None) -> Evidence:
    words = _words(said)
    display = f"{model.name}: {words}" + (f" (its words: “{said.why}”)" if said.why else "")
    return Evidence(
        slot=slot, value=words, display=display, patient=patient,
        source=ModelReading(model=model.name, revision=model.revision, prompt_version=PROMPT_VERSION, inputs=inputs),
    )


def _words(said: Said) -> str:
    """A decision in its own enumerated values."""
    parts = [*said.protocols, *said.concepts, *said.calculators]
    if said.tool:
        parts.append(f"{said.tool}({', '.join(f'{k}={v}' for k, v in (said.bindings or {}).items())})")
    return f"{said.decision}: {', '.join(parts)}" if parts else said.decision


def _undecided(model: PlannerModel, asked: Asked) -> str:
    why = f": {asked.failure['message']}" if asked.failure else ""
    name = model.name or "on the server"
    return f"Model {name} {_GAVE_UP[asked.outcome]}{why}. The protocol planner's choice stands."
