"""The graph reads like the consultation.

intake -> plan -> gate -> act -> (plan ...) -> assess -> verify -> gate -> report
                                      ^                      |
                                      +----- recompute <-----+  (a correction)
"""

from __future__ import annotations

from typing import Any, cast

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from agent.act import act
from agent.assess import assess
from agent.gate import gate_claims, gate_plan
from agent.intake import intake
from agent.plan import next_wave, plan
from agent.recompute import recompute
from agent.refine import refine
from agent.report import report
from agent.runtime import Services
from agent.state import State
from agent.verify import verify


def build(checkpointer: BaseCheckpointSaver[Any]) -> CompiledStateGraph[State, Services, State, State]:
    """The compiled graph. Invoke it with `durability="sync"`, always."""

    def enter(state: State) -> str:
        return "recompute" if state["request"]["kind"] == "correct" else "intake"

    def wave(state: State, runtime: Runtime[Services]) -> list[Send] | str:
        return next_wave(state, runtime.context)

    graph = StateGraph(State, context_schema=Services)
    graph.add_node("intake", intake)
    graph.add_node("plan", plan)
    graph.add_node("gate_plan", gate_plan)
    graph.add_node("act", cast("Any", act))  # sent a task by `Send`, not the state
    graph.add_node("refine", refine)
    graph.add_node("assess", assess)
    graph.add_node("verify", verify)
    graph.add_node("gate_claims", gate_claims)
    graph.add_node("recompute", recompute)
    graph.add_node("report", report)
    graph.add_conditional_edges(START, enter, ["intake", "recompute"])
    graph.add_edge("intake", "plan")
    graph.add_edge("recompute", "plan")
    graph.add_edge("plan", "gate_plan")
    graph.add_conditional_edges("gate_plan", wave, ["act", "assess", "plan", "refine"])
    graph.add_edge("act", "plan")
    graph.add_edge("refine", "plan")
    graph.add_edge("assess", "verify")
    graph.add_edge("verify", "gate_claims")
    graph.add_edge("report", END)
    return graph.compile(checkpointer=checkpointer)
