"""A tool whose calls somebody else answers: a recording, a trial that dies in it, a deliberate break."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from tools.context import ToolContext
from tools.spec import ToolOutput, ToolSpec

Answer = Callable[[dict[str, Any], ToolContext], Awaitable[ToolOutput]]


def wrapped(spec: ToolSpec[Any], answer: Answer) -> ToolSpec[Any]:
    """The same card; `answer` gets the arguments as they come, before the tool checks them."""

    class Wrapped(ToolSpec[Any]):
        async def call(self, arguments: dict[str, Any], ctx: ToolContext) -> ToolOutput:
            return await answer(arguments, ctx)

    return Wrapped(**{field.name: getattr(spec, field.name) for field in dataclasses.fields(spec)})
