"""What differs between two recordings of a case: step by step, by what it is about and not by where it stands."""

from __future__ import annotations

from typing import Any

from agent.changes import answer_paths, differences

Json = dict[str, Any]


def diff(one: Json, other: Json) -> Json:
    """Compare two recordings (or results of a replay).

    Returns:
        {"same", "steps": [{"step", "kind", "plan", "values", "answer", "checks", "expectations"}]}; each part lists
        {"path", "before", "after"}. Steps that only one of them has stand under `missing`.
    """
    pairs = list(zip(one["steps"], other["steps"], strict=False))
    steps = [{"step": at, "kind": a["kind"], **_step(a, b)} for at, (a, b) in enumerate(pairs, start=1)]
    steps = [row for row in steps if any(row[part] for part in ("plan", "values", "answer", "checks", "expectations"))]
    missing = [step["kind"] for side in (one, other) for step in side["steps"][len(pairs) :]]
    return {"same": not steps and not missing, "steps": steps, "missing": missing}


def _step(a: Json, b: Json) -> Json:
    first, second = a["document"], b["document"]
    found: Json = {"expectations": differences(*(dict.fromkeys(side["failures"], True) for side in (a, b)))}
    if first is None or second is None:
        errors = [{"error": side["error"], "answered": side["document"] is not None} for side in (a, b)]
        return found | {"plan": [], "values": [], "checks": [], "answer": differences(*errors)}
    return found | {
        "plan": differences(_plan(first), _plan(second)),
        "values": differences(_values(first), _values(second)),
        "answer": differences(answer_paths(first["answer"]), answer_paths(second["answer"])),
        "checks": differences(_failed(first), _failed(second)),
    }


def _plan(body: Json) -> Json:
    plan = body["plan"]
    return {
        "protocols": plan["protocols"],
        **{f"hashes/{name}": value for name, value in plan["hashes"].items()},
        **{f"steps/{step['slot']}": step["tool"] for step in plan["steps"]},
    }


def _values(body: Json) -> Json:
    used = {evidence_id: record["slot"] for record in body["records"] for evidence_id in record["evidence"][:1]}
    return {
        slot: body["evidence"][evidence_id]["display"]
        for evidence_id, slot in used.items()
        if evidence_id in body["evidence"]
    }


def _failed(body: Json) -> Json:
    return {f"{check['claim']}/{check['rule']}": check["detail"] for check in body["checks"] if not check["passed"]}
