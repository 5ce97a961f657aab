"""What a correction changed: reruns, what was kept, added and dropped, and the differences of the answer."""

from __future__ import annotations

from typing import Any

from agent.state import Json, State, current_records
from agent.steps import CORRECTION


def changes(before: State, after: State) -> Json:
    """Compare two states of one consultation, by slot.

    `rerun`: worked out again; `kept`: untouched; `added` and `dropped`: branches that opened and closed. The slots
    corrected stand in `corrected`.
    """
    old, new = current_records(before), current_records(after)
    was = {slot for slot, record in old.items() if record.status != "skipped"}
    now = {slot for slot, record in new.items() if record.status != "skipped"}
    corrected = sorted(slot for slot in now & was if new[slot].tool == CORRECTION and new[slot].id != old[slot].id)
    rerun = sorted(slot for slot in now & was if new[slot].id != old[slot].id and slot not in corrected)
    return {
        "corrected": corrected,
        "rerun": rerun,
        "kept": sorted(slot for slot in now & was if new[slot].id == old[slot].id),
        "added": sorted(now - was),
        "dropped": sorted(was - now),
        "before": before["answer"],
        "after": after["answer"],
        "diff": differences(answer_paths(before["answer"]), answer_paths(after["answer"])),
    }


def differences(before: Json, after: Json) -> list[Json]:
    """What stands under each path on either side, where it is not the same."""
    return [
        {"path": path, "before": before.get(path), "after": after.get(path)}
        for path in dict.fromkeys([*before, *after])
        if before.get(path) != after.get(path)
    ]


def answer_paths(answer: Json) -> dict[str, Any]:
    """An answer by stable paths: a claim by the decision it renders, a step by decision and place."""
    found: dict[str, Any] = {}
    for claim in answer["claims"]:
        found[f"claims/{claim['criterion'] or claim['id']}"] = claim["text"] if claim["status"] == "shown" else None
    for key, part in _numbered(answer["next_steps"]):
        found[f"next_steps/{key}"] = part["text"] + (
            f" (check: {', '.join(part['unknown'])})" if part["unknown"] else ""
        )
    for gap in answer["not_answered"]:
        found[f"not_answered/{gap['what']}"] = gap["needs"]
    return found


def _numbered(parts: list[Json]) -> list[tuple[str, Json]]:
    counts: dict[str, int] = {}
    rows = []
    for part in parts:
        key = str(part["criterion"])
        counts[key] = counts.get(key, 0) + 1
        rows.append((f"{key}/{counts[key]}", part))
    return rows
