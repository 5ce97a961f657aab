"""A consultation as JSON (the contract's document), Markdown, and a FHIR R4 document Bundle."""

from __future__ import annotations

import html
import uuid
from collections.abc import Callable
from typing import Any

from agent.differential import cited
from agent.state import Board, Json, State, current_records, elapsed
from knowledge.evidence import Evidence, FhirElement, GuidelinePassage

NOT_A_DEVICE = (
    "Osler is not a medical device. It supports, and never replaces, a clinician, who checks every statement against "
    "its evidence and decides."
)
_NAMESPACE = uuid.UUID("6e0b8f2c-6a40-5c5e-9d7e-7f1c3b1f6a11")
_LOINC = "http://loinc.org"


def document(state: State) -> Json:
    """The document of `osler ask --json`: only what the answer holds now; earlier versions stand under `versions`."""
    records = list(current_records(state).values())
    board = Board(state)
    used = {evidence_id for record in records for evidence_id in record.evidence}
    used |= {i for key in ("claims", "next_steps") for part in state["answer"].get(key, []) for i in part["evidence"]}
    used |= {i for item in state["answer"].get("differential", []) for i in cited(item)}
    used |= {item["supersedes"] for i in used if (item := state["evidence"][i])["supersedes"]}
    case, plan = state["case"], state["plan"]
    return {
        "consultation": case["consultation"],
        "patient": case.get("patient"),
        "as_of": case["as_of"],
        "question": case["question"],
        "version": case["version"],
        "branch_of": case.get("branch_of"),
        "status": state["status"],
        "critical": [state["evidence"][i] for i in state.get("critical", [])],
        "plan": {
            "protocols": plan["protocols"],
            "hashes": plan.get("hashes", {}),
            "reviewed_by": plan.get("reviewed_by", {}),
            "choice": _choice(board),
            "steps": [
                {k: body[k] for k in ("slot", "tool", "arguments", "bindings", "when")} for body in plan["steps"]
            ],
            "dropped": plan.get("dropped", []),
            **({"added": plan["added"]} if plan.get("added") else {}),
            "refinement": plan.get("refinement"),
        },
        "answer": state["answer"],
        "evidence": {i: state["evidence"][i] for i in sorted(used) if i in state["evidence"]},
        "records": [record.model_dump(mode="json") for record in records],
        "checks": state["checks"],
        "ledger": ledger(state, records),
        "reviews": state.get("reviews", []),
        "corrections": state.get("corrections", []),
        "versions": [old["version"] for old in state.get("versions", [])],
        "notice": NOT_A_DEVICE,
    }


def ledger(state: State, records: list[Any]) -> Json:
    """What it cost: tool runs, seconds in tools, model calls and tokens."""
    readings = [e["source"] for e in state["evidence"].values() if e["kind"] == "reading"]
    return {
        **state.get("ledger", {}),
        "tool_runs": len([r for r in records if r.status != "skipped"]),
        "seconds": round(elapsed(record.model_dump() for record in records), 4),
        "readings": len(readings),
    }


def _choice(board: Board) -> Json | None:
    choice = board.slot("protocol.choice")
    if choice is None:
        return None
    return {"evidence": choice.id, "value": choice.value, **getattr(choice.source, "detail", {})}


def without_times(body: Json) -> Json:
    """A document without what differs between two runs on the same inputs: for replay."""

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if k not in ("seconds", "retrieved_at", "consultation", "at")}
        return [strip(item) for item in value] if isinstance(value, list) else value

    stripped: Json = strip(body)
    return stripped


def source_line(evidence: Evidence) -> str:
    """One line that says where a piece of evidence comes from."""
    source = evidence.source
    if isinstance(source, GuidelinePassage):
        grade = ", ".join(f"{key} {value}" for key, value in (source.grade or {}).items())
        return f"{source.title} ({source.edition}), {source.section}{f' [{grade}]' if grade else ''} {source.url or ''}"
    if isinstance(source, FhirElement):
        where = source.reference or f"searched: {source.query}"
        return f"{where}{f' of {evidence.date}' if evidence.date else ''}"
    if evidence.kind == "derivation":
        return f"computed by {getattr(source, 'tool', '')} {getattr(source, 'version', '')}"
    if evidence.kind == "statement":
        quote = getattr(source, "quote", None)
        by = getattr(source, "by", None) or getattr(source, "reference", None) or "stated"
        return f"{by}{f': “{quote}”' if quote else ''}"
    return evidence.kind


def markdown(state: State) -> str:
    """The answer as Markdown, footnotes for the evidence."""
    board, answer, case = Board(state), state["answer"], state["case"]
    numbers: dict[str, int] = {}

    def cite(ids: list[str]) -> str:
        return "".join(f"[^{numbers.setdefault(i, len(numbers) + 1)}]" for i in ids if i in state["evidence"])

    lines = [
        f"# {case['question']}",
        "",
        f"Patient {case.get('patient')}, as of {case['as_of'][:10]}, version {case['version']}, {state['status']}.",
        "",
    ]
    if origin := case.get("branch_of"):
        lines += [f"**What if**: a copy of consultation {origin['consultation']}, never signed.", ""]
    for evidence_id in state.get("critical", []):
        lines.append(f"> **Critical:** {board.evidence(evidence_id).display}{cite([evidence_id])}")
    lines += ["", "## Assessment", ""]
    for claim in answer["claims"]:
        text = claim["text"] if claim["status"] == "shown" else f"~~{claim['text']}~~ ({claim['reason']})"
        lines.append(f"- {text}{cite(claim['evidence'])}")
    lines += _differential(answer, board, cite)
    if answer["next_steps"]:
        lines += ["", "## Next steps", ""]
    for step in answer["next_steps"]:
        text = step["text"] if step["status"] == "shown" else f"~~{step['text']}~~ ({step['reason']})"
        check = f" *Check first: {', '.join(step['unknown'])}.*" if step["unknown"] else ""
        lines.append(f"- {step['kind']}: {text}{check}{cite(step['evidence'])}")
    if answer["not_answered"]:
        lines += ["", "## Not answered", ""]
    for gap in answer["not_answered"]:
        lines.append(f"- {gap['what']} ({gap['reason'].replace('_', ' ')}): {'; '.join(gap['needs'])}")
    unreviewed = [name for name, by in state["plan"].get("reviewed_by", {}).items() if by is None]
    if unreviewed:
        lines += ["", f"Protocols not reviewed by a clinician: {', '.join(unreviewed)}."]
    lines += ["", NOT_A_DEVICE, ""]
    for evidence_id, number in numbers.items():
        evidence = board.evidence(evidence_id)
        lines.append(f"[^{number}]: {evidence.slot}: {evidence.display} — {source_line(evidence)}")
    return "\n".join(lines) + "\n"


def said(evidence: Evidence) -> str:
    """What a piece of evidence says, with what it is about where its words alone do not tell."""
    bare = evidence.display in ("yes", "no") or evidence.display[:1].isdigit() or evidence.display[:1] in "<>-"
    about = (evidence.concept or evidence.slot.rpartition(".")[2]).replace("_", " ")
    return f"{about}: {evidence.display}" if bare else evidence.display


def _differential(answer: Json, board: Board, cite: Callable[[list[str]], str]) -> list[str]:
    if not answer["differential"]:
        return []
    lines = ["", "## Differential", "", "| diagnosis | for | against | missing |", "|---|---|---|---|"]
    for item in answer["differential"]:
        name = f"**{item['condition']}**" + (" (must not be missed)" if item["must_not_miss"] else "")
        sides = [
            "; ".join(said(board.evidence(i)) + cite([i, *item["cites"].get(i, [])]) for i in item[side]) or "–"
            for side in ("for", "against")
        ]
        lines.append(f"| {name} | {sides[0]} | {sides[1]} | {'; '.join(item['missing']) or '–'} |")
    if useful := answer.get("most_useful"):
        lines += ["", f"Most useful next: **{useful['ask']}** Because {useful['because']}."]
    return lines


def fhir_bundle(state: State) -> Json:
    """A FHIR R4 document: Composition, ClinicalImpression and Provenance over the record's own resources."""
    case, answer, board = state["case"], state["answer"], Board(state)
    base = f"{case['consultation']}/{case['turn']}/{case['version']}"
    composition, impression, provenance = (
        f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'{base}/{name}')}" for name in ("composition", "impression", "provenance")
    )
    subject = {"reference": f"Patient/{case['patient']}"} if case.get("patient") else {"display": "no patient"}
    signature = next((r for r in reversed(state.get("reviews", [])) if r["item"] == "answer" and r["approved"]), None)
    author = {"display": f"{signature['by']} ({signature['role']})" if signature else "Osler (unsigned draft)"}
    when = signature["at"] if signature else case["as_of"]
    shown = [claim for claim in answer["claims"] if claim["status"] == "shown"]
    sections = [
        ("Assessment", [claim["text"] for claim in shown]),
        ("Next steps", [_step_line(step) for step in answer["next_steps"] if step["status"] == "shown"]),
        ("Not answered", [f"{gap['what']}: {'; '.join(gap['needs'])}" for gap in answer["not_answered"]]),
        ("Evidence", [f"{e.slot}: {e.display} ({source_line(e)})" for e in _cited(shown, board)]),
    ]
    references = sorted(
        {e.source.reference for e in _cited(shown, board) if isinstance(e.source, FhirElement) and e.source.reference}
    )
    entries: list[tuple[str, Json]] = [
        (
            composition,
            {
                "resourceType": "Composition",
                "status": "final" if signature else "preliminary",
                "type": {"coding": [{"system": _LOINC, "code": "51847-2", "display": "Evaluation + Plan note"}]},
                "subject": subject,
                "date": when,
                "author": [author],
                "title": case["question"],
                "section": [{"title": title, "text": _narrative(rows)} for title, rows in sections if rows],
            },
        ),
        (
            impression,
            {
                "resourceType": "ClinicalImpression",
                "status": "completed" if signature else "in-progress",
                "subject": subject,
                "date": when,
                "description": case["question"],
                "summary": " ".join(claim["text"] for claim in shown) or "No statement could be made.",
                "finding": [
                    {"basis": claim["text"], "itemCodeableConcept": {"text": claim["criterion"] or "record"}}
                    for claim in shown
                ],
                "supportingInfo": [{"reference": reference} for reference in references],
                "note": [{"text": NOT_A_DEVICE}],
            },
        ),
        (
            provenance,
            {
                "resourceType": "Provenance",
                "target": [{"reference": composition}, {"reference": impression}],
                "recorded": when,
                "agent": [{"who": author}, {"who": {"display": "Osler"}}],
                "entity": [{"role": "source", "what": {"reference": reference}} for reference in references],
            },
        ),
    ]
    for _, resource in entries:
        for key in [key for key, value in resource.items() if value == []]:
            del resource[key]
    return {
        "resourceType": "Bundle",
        "type": "document",
        "timestamp": when,
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid.uuid5(_NAMESPACE, base)}"},
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in entries],
    }


def _step_line(step: Json) -> str:
    return str(step["text"]) + (f" Check first: {', '.join(step['unknown'])}." if step["unknown"] else "")


def _cited(claims: list[Json], board: Board) -> list[Evidence]:
    return [board.evidence(i) for i in dict.fromkeys(i for claim in claims for i in claim["evidence"])]


def _narrative(rows: list[str]) -> Json:
    items = "".join(f"<li>{html.escape(row)}</li>" for row in rows)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><ul>{items}</ul></div>'}
