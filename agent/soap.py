"""A draft note in SOAP form, assembled from a consultation: each sentence is evidence, a claim or a step.

Nothing is written freely. Subjective: what was asked and what notes and people tell, quoted with its place. Objective:
what was measured. Assessment: claims that passed the checks, and the differential. Plan: steps a person has accepted
apart from those only proposed. What is not known is listed as not known; struck and rejected statements are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from agent.export import NOT_A_DEVICE, source_line
from agent.state import Board, Json, State, current_records
from knowledge.evidence import DicomRegion, Evidence, FhirElement, Statement
from knowledge.terminology import Terminology

DRAFT = "DRAFT, not signed. To be checked by a clinician before it is used."
_MEASURED = ("record.observation", "record.vitals", "record.labs")
_STATED = ("record.finding", "record.problems", "notes.findings")
_LISTED_DAYS = 7
_GAPS = {
    "missing_input": "not known",
    "conflict": "the record contradicts itself",
    "no_evidence": "no evidence",
    "budget": "not worked out",
    "unsafe": "held back as unsafe",
}


def soap(state: State, terminology: Terminology) -> Json:
    """The note as data: sections of sentences {"text", "evidence", ...}, and the evidence they point at."""
    board, answer, case = Board(state), state["answer"], state["case"]
    signature = _signature(state)
    accepted = {row["item"]: row for row in state.get("reviews", []) if row["approved"]}
    steps = [step for step in answer["next_steps"] if step["status"] in ("shown", "edited")]
    sections: Json = {
        "subjective": [_question(case), *_told(state, board, terminology)],
        "objective": _measured(state, board, terminology),
        "assessment": _claims(answer),
        "differential": _differential(answer, board, terminology),
        "plan": {
            "accepted": [_step(step, accepted[step["id"]]) for step in steps if step["id"] in accepted],
            "proposed": [_step(step, None) for step in steps if step["id"] not in accepted],
        },
        "unknown": _unknown(answer),
    }
    rows = [*sections["subjective"], *sections["objective"], *sections["assessment"], *sections["differential"],
            *sections["plan"]["accepted"], *sections["plan"]["proposed"]]  # fmt: skip
    used = {i for row in rows for i in row["evidence"]}
    return {
        "consultation": case["consultation"],
        "patient": case.get("patient"),
        "as_of": case["as_of"],
        "version": case["version"],
        "branch_of": case.get("branch_of"),
        "signed": signature,
        "draft": signature is None,
        **sections,
        "unreviewed": [name for name, by in state["plan"].get("reviewed_by", {}).items() if by is None],
        "evidence": {i: state["evidence"][i] for i in sorted(used) if i in state["evidence"]},
        "notice": NOT_A_DEVICE,
    }


def _signature(state: State) -> Json | None:
    if state["status"] != "signed":
        return None
    found = [row for row in state.get("reviews", []) if row["item"] == "answer" and row["approved"]]
    return {key: found[-1][key] for key in ("by", "role", "at")} if found else None


def _row(text: str, evidence: Iterable[str], **more: Any) -> Json:
    return {"text": text, "evidence": list(dict.fromkeys(evidence)), **more}


def _question(case: Json) -> Json:
    return _row(f"Asked: “{case['question']}”", [], quote={"text": case["question"], "reference": "question"})


def _heads(state: State, board: Board, tools: tuple[str, ...]) -> list[Evidence]:
    """What the steps of some tools found, in the order of the plan, each piece once."""
    found: dict[str, Evidence] = {}
    for record in current_records(state).values():
        step = next((body for body in state["plan"]["steps"] if body["slot"] == record.slot), None)
        if record.status != "ok" or step is None or (step["tool"] not in tools and record.tool not in tools):
            continue
        for evidence_id in record.evidence[:1] if step["tool"].startswith("record.o") else record.evidence:
            found[evidence_id] = board.evidence(evidence_id)
    return list(found.values())


def _told(state: State, board: Board, terminology: Terminology) -> list[Json]:
    """What notes say, quoted once with its place, and what people stated in this consultation."""
    quoted: dict[tuple[str, int, int], Json] = {}
    stated: list[Json] = []
    for item in _heads(state, board, (*_STATED, "correction", "record.pregnancy", "record.medication")):
        source = item.source
        if not isinstance(source, Statement) or item.value is None:
            continue
        if source.quote is not None and source.reference and source.start is not None and source.end is not None:
            key = (source.reference, source.start, source.end)
            row = quoted.setdefault(
                key,
                _row(
                    f"{_from(item, source)}: “{' '.join(source.quote.split())}”",
                    [],
                    quote={"text": source.quote, "reference": source.reference, "start": source.start,
                           "end": source.end},
                ),
            )  # fmt: skip
            # The same words are read by several steps; each concept they name is cited once.
            if item.concept not in {board.evidence(i).concept for i in row["evidence"]}:
                row["evidence"].append(item.id)
        else:
            why = f" ({source.reason})" if source.reason else ""
            said = named(item, terminology)
            stated.append(_row(f"Stated by {source.by or 'the clinician'}: {said}{why}", [item.id]))
    told = sorted(quoted.values(), key=lambda row: (row["quote"]["reference"], row["quote"]["start"]))
    told.sort(key=lambda row: board.evidence(row["evidence"][0]).date or "", reverse=True)
    return [*stated, *told]


def _from(item: Evidence, source: Statement) -> str:
    when = f" of {item.date}" if item.date else ""
    return f"Note{when}" + (f", {source.by}" if source.by else "")


def _measured(state: State, board: Board, terminology: Terminology) -> list[Json]:
    """Results with their dates, and what was measured on images; a value that was not usable is not here."""
    rows, seen = [], set()
    for item in _heads(state, board, _MEASURED):
        source, number = item.source, isinstance(item.value, int | float) and not isinstance(item.value, bool)
        recorded = isinstance(source, FhirElement) and source.reference is not None
        if not number or not (recorded or isinstance(source, Statement)):
            continue
        key = (getattr(source, "reference", None) or item.id, item.value, item.unit)
        if key not in seen and (item.slot.count(".") == 0 or _recent(item, state)):
            seen.add(key)
            rows.append(_row(f"{named(item, terminology)}{_day(item)}", [item.id]))
    for record in current_records(state).values():
        if record.status == "ok" and record.tool.startswith("image."):
            found = [board.evidence(i) for i in record.evidence]
            rows += [
                _row(f"Image, {named(item, terminology)}{_day(item)}", [item.id])
                for item in found
                if item.kind != "reading" and item.unit and isinstance(item.value, int | float)
                and not (isinstance(item.source, DicomRegion) and item.source.validated is False)
            ]  # fmt: skip
    return list({row["text"]: row for row in rows}.values())


def _recent(item: Evidence, state: State) -> bool:
    """Within a week before the clinical clock: a list of all results is not a note."""
    if item.date is None:
        return False
    return (date.fromisoformat(state["case"]["as_of"][:10]) - date.fromisoformat(item.date)).days <= _LISTED_DAYS


def _day(item: Evidence) -> str:
    return f" ({item.date})" if item.date else " (undated)"


def named(item: Evidence, terminology: Terminology) -> str:
    """What a piece of evidence says, with its name where its words alone do not tell."""
    words = item.slot.rpartition(".")[2].replace("_", " ")
    name = terminology.get(item.concept).name if item.concept and item.concept in terminology else words
    parts = [part for part in name.casefold().split() if len(part) > 2] or [name.casefold()]
    said = sum(part in item.display.casefold() for part in parts)
    return item.display if said * 2 > len(parts) else f"{name}: {item.display}"


def _claims(answer: Json) -> list[Json]:
    shown = [claim for claim in answer["claims"] if claim["status"] in ("shown", "edited")]
    return [
        _row(claim["text"], claim["evidence"], certainty=claim["certainty"], red_flag=claim["red_flag"])
        for claim in sorted(shown, key=lambda claim: not claim["red_flag"])
    ]


def _differential(answer: Json, board: Board, terminology: Terminology) -> list[Json]:
    rows = []
    for item in answer["differential"]:
        sides = [
            f"{side}: {'; '.join(named(board.evidence(i), terminology) for i in item[side])}"
            for side in ("for", "against")
            if item[side]
        ]
        missing = f"not known: {'; '.join(item['missing'])}" if item["missing"] else ""
        said = ". ".join(part[:1].upper() + part[1:] for part in [*sides, missing] if part)
        mark = " (must not be missed)" if item["must_not_miss"] else ""
        passages = [p for found in item["cites"].values() for p in found]
        evidence = [*item["for"], *item["against"], *passages, *item["considered"]]
        rows.append(_row(f"{item['condition']}{mark}: {said or 'nothing recorded'}.", evidence))
    return rows


def _step(step: Json, review: Json | None) -> Json:
    first = f" Check first: {'; '.join(step['unknown'])}." if step["unknown"] else ""
    by = f" [accepted by {review['by']}, {review['role']}]" if review else ""
    return _row(f"{step['text']}{first}{by}", step["evidence"], kind=step["kind"], item=step["id"])


def _unknown(answer: Json) -> list[Json]:
    rows = [
        {"text": f"{gap['what']}: {_GAPS[gap['reason']]}", "needs": gap["needs"]}
        for gap in answer["not_answered"]
        if gap["reason"] in _GAPS
    ]
    if useful := answer.get("most_useful"):
        rows.insert(0, {"text": f"Most useful to find out next: {useful['ask']}", "needs": [useful["because"]]})
    return rows


def as_text(note: Json) -> str:
    """The note as Markdown, evidence as footnotes."""
    numbers: dict[str, int] = {}

    def cite(ids: list[str]) -> str:
        return "".join(f"[^{numbers.setdefault(i, len(numbers) + 1)}]" for i in ids if i in note["evidence"])

    def lines(rows: list[Json]) -> list[str]:
        return [f"- {row['text']}{cite(row['evidence'])}" for row in rows] or ["- Nothing."]

    signed = note["signed"]
    head = f"Signed by {signed['by']}, {signed['role']}, {signed['at'][:10]}." if signed else f"**{DRAFT}**"
    found = [f"# Note, patient {note['patient']}, {note['as_of'][:10]}", "", head, ""]
    if origin := note["branch_of"]:
        found += [f"**What if**: a copy of consultation {origin['consultation']}, never signed.", ""]
    for key, title in (("subjective", "Subjective"), ("objective", "Objective"), ("assessment", "Assessment")):
        found += [f"## {title}", "", *lines(note[key]), ""]
    if note["differential"]:
        found += ["### Differential", "", *lines(note["differential"]), ""]
    found += ["## Plan", "", "### Accepted", "", *lines(note["plan"]["accepted"]), ""]
    found += ["### Proposed, not accepted yet", "", *lines(note["plan"]["proposed"]), ""]
    found += ["## Not known", ""]
    found += [f"- {row['text']}" + (f" ({'; '.join(row['needs'])})" if row["needs"] else "") for row in note["unknown"]]
    if not note["unknown"]:
        found.append("- Nothing open.")
    if note["unreviewed"]:
        found += ["", f"Protocols not reviewed by a clinician: {', '.join(note['unreviewed'])}."]
    found += ["", note["notice"], ""]
    for evidence_id, place in numbers.items():
        body = note["evidence"][evidence_id]
        item = Evidence.model_validate({key: value for key, value in body.items() if key not in ("id", "kind")})
        where = (
            f", {item.source.start}-{item.source.end}" if isinstance(item.source, Statement) and item.source.end else ""
        )
        reference = f" {item.source.reference}" if isinstance(item.source, Statement) and item.source.reference else ""
        found.append(f"[^{place}]: {item.slot}: {item.display} — {source_line(item)}{reference}{where}")
    return "\n".join(found) + "\n"
