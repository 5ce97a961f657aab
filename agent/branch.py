"""A what-if: a copy of a consultation as it stands, in which one value is another. The original is not touched."""

from __future__ import annotations

import copy
from typing import Any

from agent.state import Json
from tools.errors import UsageError


async def copy_thread(saver: Any, source: str, target: str) -> None:
    """Copy the newest checkpoint of a consultation, with the review that is pending there, under another id.

    The saver has no copy of its own here (`acopy_thread` is not implemented for SQLite).

    Raises:
        UsageError: there is no such consultation.
    """
    found = await saver.aget_tuple({"configurable": {"thread_id": source}})
    if found is None:
        raise UsageError(
            f"no consultation {source}", found=source, expected="the id of a consultation", action="ask first"
        )
    checkpoint = copy.deepcopy(found.checkpoint)
    case = checkpoint["channel_values"]["case"]
    case |= {"consultation": target, "branch_of": {"consultation": source, "version": case["version"]}}
    place = {"thread_id": target, "checkpoint_ns": found.config["configurable"].get("checkpoint_ns", "")}
    config = await saver.aput({"configurable": place}, checkpoint, found.metadata, checkpoint["channel_versions"])
    writes: dict[str, list[tuple[str, Any]]] = {}
    for task, channel, value in found.pending_writes or []:
        writes.setdefault(task, []).append((channel, value))
    for task, rows in writes.items():
        await saver.aput_writes(config, rows, task)


def refuse_hypothetical(case: Json, what: str) -> None:
    """A what-if is looked at, never signed or put into a record.

    Raises:
        UsageError: the case is a branch.
    """
    origin = case.get("branch_of")
    if origin is not None:
        raise UsageError(
            f"a what-if is not {what}",
            found=f"a branch of {origin['consultation']}",
            expected="a consultation on what is known",
            action=f"correct {origin['consultation']} itself if the value is real",
        )
