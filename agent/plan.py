"""plan: choose the protocols, write their steps down, and say which can run next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import Send

from agent.act import task
from agent.assess import ASK_SLOT, CHOICE, LOOKUP_PREFIX
from agent.choose import LISTS
from agent.image_conflicts import reads
from agent.intake import CHOOSE
from agent.pictured import OUTLINE, outline_steps
from agent.plan_calculation import calculation_steps
from agent.refine import wants_model
from agent.runtime import Services
from agent.searches import ALLERGY, ASK, SEARCH
from agent.state import Board, Json, State, elapsed
from agent.steps import CORRECTION, ROWS, compile_protocols, decision_step, indicator_step, ready_steps, step
from knowledge.evidence import Decision, Evidence
from knowledge.predicate import operands
from knowledge.protocol import Criterion, Protocol


async def plan(state: State, runtime: Runtime[Services]) -> Json:
    """Recompile when the choice is new or has changed; otherwise leave the plan as it is."""
    services, current, board = runtime.context, state["plan"], Board(state)
    choice = board.slot(CHOICE)
    if choice is None or current["choice"] == choice.id:
        return {"status": "planning"}
    base = current["steps"][: current["base"]]
    steps = {body["slot"]: body for body in base}
    chosen, compiled = compile_choice(choice, services)
    for body in [*compiled, *image_readings(base, state["case"], services)]:
        steps.setdefault(body["slot"], body)
    planned = {
        "protocols": [protocol.id for protocol in chosen],
        "base": current["base"],
        "choice": choice.id,
        "hashes": {protocol.id: protocol.hash for protocol in chosen},
        "reviewed_by": {protocol.id: protocol.reviewed_by for protocol in chosen},
        "steps": list(steps.values()),
        "dropped": current.get("dropped", []),
    }
    return {"plan": planned, "status": "planned"}


def compile_choice(choice: Evidence, services: Services) -> tuple[list[Protocol], list[Json]]:
    """The steps a choice asks for, and the red flags of every other protocol the patient could enter."""
    assert isinstance(choice.source, Decision)
    detail = choice.source.detail
    # A clinician's switch replaces the value; the router's detail then no longer says what was chosen.
    ids = [name for name in str(choice.value or "").split("+") if name in services.protocols]
    chosen = [services.protocols[name] for name in ids]
    steps = compile_protocols(chosen)
    for name in detail.get("enterable", []):
        if name in services.protocols and name not in ids:
            steps += red_flag_steps(services.protocols[name])
    if not ids:
        steps += _lookups(detail, services)
    return chosen, steps


def image_readings(base: list[Json], case: Json, services: Services) -> list[Json]:
    """What models have to say on each image that came with the question: one that sees, and classifiers of films."""
    if case.get("model") == "none":
        return []
    # A model reads single images; a series is outlined and measured instead.
    volumes = {row["sha256"] for row in case.get("attachments", []) if row["kind"] == "volume"}
    described = [(body["slot"], body["arguments"]["image"]) for body in base if body["tool"] == "image.describe"]
    images = [(slot, image) for slot, image in described if image not in volumes]
    opinions = classifications(images, services.settings.home / "models") if images else []
    if services.vision is not None and "image.read" in services.tools:
        closer = {"closer": services.settings.look_closer, "probes": services.settings.max_probes}
        opinions += [
            step(f"{LOOKUP_PREFIX}{slot}", "image.read", {"image": image, **closer}, {"question": "question"})
            for slot, image in images
        ]
    return [*opinions, *reads()] if opinions else []


def classifications(images: Sequence[tuple[str, str]], models: Path) -> list[Json]:
    """A classifier's opinion of each image, where somebody put its weights there; the operating point is a person's."""
    from tools.imaging.classify_tool import classifiers_here

    if not models.is_dir() or not classifiers_here(models):
        return []
    steps = []
    for slot, image in images:
        number = slot.removeprefix("image.")
        identity, operating = f"classified_{number}.identity", f"classified_{number}.operating"
        steps += [
            step(identity, "image.film_fact", {"image": image, "fact": "identity"}),
            step(operating, "image.operating", {"image": image}, ask="Which sensitivity or specificity is needed?"),
            step(
                f"{LOOKUP_PREFIX}classified_{number}",
                "image.classify",
                {"image": image},
                {"identity": identity, "operating": operating},
            ),
        ]
    return steps


def red_flag_steps(protocol: Protocol) -> list[Json]:
    """Only what a protocol's red flags need: their criteria and the steps under them."""
    return steps_under(protocol, [criterion for criterion in protocol.criteria if criterion.red_flag])


def steps_under(protocol: Protocol, criteria: Sequence[Criterion]) -> list[Json]:
    """Some criteria of a protocol as steps, and the steps under them."""
    needed = [slot for one in criteria for slot in [*one.deciding_slots, *one.shown_slots]]
    steps: dict[str, Json] = {}
    queue = [slot for slot in needed if slot in protocol.step_by_slot]
    while queue:
        indicator = protocol.step_by_slot[queue.pop(0)]
        if indicator.slot in steps:
            continue
        steps[indicator.slot] = indicator_step(protocol, indicator)
        queue += [*indicator.from_.values(), *(operands(indicator.when) if indicator.when else [])]
    return [*steps.values(), *(decision_step(protocol, one) for one in criteria)]


def _lookups(detail: dict[str, Any], services: Services) -> list[Json]:
    """The reads of a plain record question, a calculation, or the passages nearest to the question."""
    looked_up = detail.get("lookup", [])
    steps = record_reads([name for name in looked_up if name != ASK], services)
    steps += record_reads([f"calc.{name}" for name in detail.get("calculators", [])], services)
    if detail.get("kind") in ("none", "ask") and services.retriever is not None:
        steps.append(step(f"{LOOKUP_PREFIX}passages", "guideline.search", {}, {"query": "question"}))
    if ASK in looked_up:
        # What it was looked up by before, where the question as typed has no answer.
        return [*ask_steps(), *({**body, "when": body["when"] or {"unknown": ASK_SLOT}} for body in steps)]
    return steps


def ask_steps() -> list[Json]:
    """The question put to the record: the entries its answer rests on, then the answer worked out of them."""
    asked = {"question": "question"}
    return [
        step(ASK_SLOT, "record.ask", {}, asked),
        step(f"{LOOKUP_PREFIX}answer", "record.ask_value", {}, {**asked, ROWS: ASK_SLOT}, {"known": ASK_SLOT}),
    ]


def record_reads(names: Iterable[str], services: Services) -> list[Json]:
    """The steps that read a concept or a list of the record, search it, or work out a calculator (`calc.NAME`)."""
    steps: list[Json] = []
    for concept in names:
        if concept.startswith(OUTLINE):
            steps += [body for body in outline_steps(concept) if body not in steps]
        elif concept == SEARCH:
            steps.append(step(f"{LOOKUP_PREFIX}{SEARCH}", "record.search", {}, {"text": "question"}))
        elif concept.startswith(ALLERGY):
            name = concept.removeprefix(ALLERGY)
            steps.append(step(f"{LOOKUP_PREFIX}allergy_{name}", "record.allergy", {"concept": name}))
        elif concept in LISTS:
            steps.append(step(f"{LOOKUP_PREFIX}{concept}", LISTS[concept]))
        elif concept.startswith("calc.") and concept in services.tools:
            steps += calculation_steps(concept.removeprefix("calc."), services)
        elif concept in services.terminology:
            steps.append(step(f"{LOOKUP_PREFIX}{concept}", read_tool(concept, services), {"concept": concept}))
    return steps


def read_tool(concept: str, services: Services) -> str:
    """Which read answers for a concept."""
    kind = services.terminology.get(concept).kind
    if kind == "observation":
        return "record.observation"
    return "record.medication" if kind in ("medication", "drug_class") else "record.finding"


def over_budget(state: State, services: Services) -> bool:
    """Whether this version of the answer has used up its runs or its seconds; what is left is named, not guessed."""
    runs = state.get("records", [])
    corrected = [at for at, row in enumerate(runs) if row["tool"] == CORRECTION]
    runs = runs[corrected[-1] + 1 :] if corrected else runs
    limits = services.settings
    # A model that was slow to choose has a budget of its own; what it used up is not taken from the protocols.
    seconds = elapsed(row for row in runs if row["tool"] != CHOOSE)
    return len(runs) >= limits.max_runs or seconds >= limits.max_seconds


def next_wave(state: State, services: Services) -> list[Send] | str:
    """The steps that can run now, side by side; when there are none, the assessment."""
    board = Board(state)
    steps = state["plan"]["steps"]
    choice = board.slot(CHOICE)
    if choice is not None and state["plan"]["choice"] != choice.id:
        return "plan"
    ready = ready_steps(steps, board)
    if not ready or over_budget(state, services):
        return "refine" if wants_model(state, services) else "assess"
    return [Send("act", task(body, state, board, services)) for body in ready]
