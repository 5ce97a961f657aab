"""The plain agent that Osler's own work is measured against: `langchain.agents.create_agent` on a script.

It makes the same calls of the same tools as a consultation did, wave by wave, side by side within one, and nothing
else: no evidence, no protocol, no gate. The model answers at once from the script, so that only the loop is left.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain.agents import create_agent
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import StructuredTool
from langgraph.checkpoint.base import BaseCheckpointSaver

from knowledge.evidence import Evidence
from tools.context import ToolContext
from tools.spec import ToolSpec

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One run of a tool in a consultation: what it was given."""

    tool: str
    slot: str
    arguments: Json
    inputs: dict[str, Evidence] = field(default_factory=dict)


class ScriptedChat(BaseChatModel):
    """A chat model that asks for one wave of calls after another and then has done. It takes no time."""

    waves: list[list[Call]]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **options: Any) -> Runnable[Any, AIMessage]:
        """The script knows its tools."""
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **options: Any,
    ) -> ChatResult:
        turn = sum(isinstance(message, AIMessage) for message in messages)
        calls = [
            {"name": name_of(call.tool), "id": f"{turn}-{at}", "args": {"slot": call.slot}}
            for at, call in enumerate(self.waves[turn] if turn < len(self.waves) else [])
        ]
        said = AIMessage(content="" if calls else "Done.", tool_calls=calls)
        return ChatResult(generations=[ChatGeneration(message=said)])


def name_of(tool: str) -> str:
    """A tool's name as chat models take it: no dots."""
    return tool.replace(".", "_")


def build(
    waves: list[list[Call]], tools: dict[str, ToolSpec[Any]], ctx: ToolContext, saver: BaseCheckpointSaver[Any]
) -> Any:
    """The agent over the tools that the script calls."""
    calls = {call.slot: call for wave in waves for call in wave}

    def bound(spec: ToolSpec[Any]) -> StructuredTool:
        async def run(slot: str) -> str:
            call = calls[slot]
            output = await spec.call(call.arguments, ctx.at(slot, call.inputs))
            return json.dumps([item.model_dump(mode="json") for item in output.evidence])

        return StructuredTool.from_function(coroutine=run, name=name_of(spec.name), description=spec.title)

    used = dict.fromkeys(call.tool for wave in waves for call in wave)
    return create_agent(ScriptedChat(waves=waves), [bound(tools[name]) for name in used], checkpointer=saver)


async def run(agent: Any, thread: str, question: str) -> list[BaseMessage]:
    """Run the agent to its end, each step written down before the next, as Osler does."""
    found = await agent.ainvoke(
        {"messages": [("user", question)]},
        {"configurable": {"thread_id": thread}, "recursion_limit": 400},
        durability="sync",
    )
    messages: list[BaseMessage] = found["messages"]
    return messages
