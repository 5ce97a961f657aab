"""refine: once the plan's own steps are done, a model may ask for more; code executes and verifies.

Arguments only from evidence: every argument is the name of a slot that holds some. Without a model this node does not
run. Red flags and the reads of safety rule 2 are not the model's to drop.
"""

from __future__ import annotations

from langgraph.runtime import Runtime

from agent.runtime import Services
from agent.state import Board, Json, State, dump
from agent.steps import step


async def refine(state: State, runtime: Runtime[Services]) -> Json:
    """Ask the model for further steps and append them to the plan."""
    from agent.planners.candidates import board_rows, calls_made, candidates
    from agent.planners.model import refine as ask_model

    services, case, board = runtime.context, state["case"], Board(state)
    assert services.model is not None
    refinement = await ask_model(
        services.model,
        case["question"],
        board_rows(board),
        candidates(services.tools.values(), board),
        services.settings,
        services.ledger(case),
        done=calls_made(board),
        patient=case.get("patient"),
        private=await services.private(case),
    )
    extras = [step(extra.slot, extra.tool, {}, extra.bindings) for extra in refinement.extras]
    planned = {
        **state["plan"],
        "steps": [*state["plan"]["steps"], *extras],
        "refined": state["plan"]["choice"],
        "refinement": {
            "stopped": refinement.stopped,
            "problems": list(refinement.problems),
            "steps": [body["slot"] for body in extras],
        },
    }
    return {
        "plan": planned,
        "ledger": dict(services.ledger(case)),
        "evidence": {extra.reading.id: dump(extra.reading) for extra in refinement.extras},
    }


def wants_model(state: State, services: Services) -> bool:
    """Whether a model is to be asked: there is one, it may plan here, and it has not been asked for this choice."""
    return (
        services.model is not None
        and state["case"].get("model") != "none"
        and state["plan"].get("refined") != state["plan"]["choice"]
    )
