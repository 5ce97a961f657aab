"""What differs between two recordings of a case: step by step, by what it is about and not by where it stands."""

from __future__ import annotations

from typing import Any

from agent.changes import answer_paths, differences

Json = dict[str, Any]
PARTS = ("plan", "values", "answer", "checks", "critical")


def view(document: Json) -> Json:
    """A document by stable paths, `part/...`: what was planned, found, said, struck and shown as critical.

    Left out: ids, scores and times, and what can be read from the parts that are there.
    """
    plan = document["plan"]
    used = {evidence_id: record["slot"] for record in document["records"] for evidence_id in record["evidence"][:1]}
    found: Json = {"plan/protocols": plan["protocols"]}
    found |= {f"hashes/{name}": value for name, value in plan["hashes"].items()}
    for evidence_id, slot in used.items():
        if (item := document["evidence"].get(evidence_id)) is not None:
            # Of a criterion only whether it is met: its question repeats what the slot says.
            decided = item["kind"] == "decision" and isinstance(item["value"], bool | None)
            found[f"values/{slot}"] = item["value"] if decided else item["display"]
    found |= {f"answer/{path}": value for path, value in answer_paths(document["answer"]).items()}
    found |= {f"checks/{c['rule']}/{_item(c, document)}": c["detail"] for c in document["checks"] if not c["passed"]}
    found |= {f"critical/{row['slot']}": row["display"] for row in document["critical"]}
    return found


def _item(check: Json, document: Json) -> str:
    """What a check is about: the criterion rather than an id, which changes with everything the claim says."""
    items = [*document["answer"]["claims"], *document["answer"]["next_steps"]]
    found = next((item for item in items if item["id"] == check["claim"]), None)
    return str((found or {}).get("criterion") or check["claim"])


def diff(one: Json, other: Json) -> Json:
    """Compare two recordings (or results of a replay).

    Returns:
        {"same", "steps": [{"step", "kind", "plan", "values", "answer", "checks", "critical", "expectations"}]}; each
        part lists {"path", "before", "after"}. Steps that only one of them has stand under `missing`.
    """
    pairs = list(zip(one["steps"], other["steps"], strict=False))
    steps = [{"step": at, "kind": a["kind"], **_step(a, b)} for at, (a, b) in enumerate(pairs, start=1)]
    steps = [row for row in steps if any(row[part] for part in (*PARTS, "expectations"))]
    missing = [step["kind"] for side in (one, other) for step in side["steps"][len(pairs) :]]
    return {"same": not steps and not missing, "steps": steps, "missing": missing}


def _step(a: Json, b: Json) -> Json:
    first, second = a["view"], b["view"]
    found: Json = {"expectations": differences(*(dict.fromkeys(side["failures"], True) for side in (a, b)))}
    if first is None or second is None:
        errors = [{"error": side["error"], "answered": side["view"] is not None} for side in (a, b)]
        return found | {part: [] for part in PARTS} | {"answer": differences(*errors)}
    return found | {part: differences(_part(first, part), _part(second, part)) for part in PARTS}


def _part(shown: Json, part: str) -> Json:
    names = ("plan", "hashes") if part == "plan" else (part,)
    return {path.partition("/")[2]: value for path, value in shown.items() if path.partition("/")[0] in names}
