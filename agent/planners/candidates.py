"""What a model may ask for once a plan is done: calculators all of whose inputs are already among the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from agent.state import Board
from knowledge.evidence import Evidence
from tools.spec import ToolSpec, plain


def board_rows(board: Board) -> list[dict[str, Any]]:
    """What fills each slot now: {slot, display, kind, evidence}. Decisions and readings are left out."""
    held = {slot: board.slot(slot) for slot in board.records}
    return [
        {"slot": slot, "display": evidence.display, "kind": evidence.kind, "evidence": evidence.id}
        for slot, evidence in held.items()
        if evidence is not None and evidence.value is not None and evidence.kind not in ("decision", "reading")
        and slot != "question"
    ]


def calls_made(board: Board) -> list[tuple[str, dict[str, str]]]:
    """The runs of the plan so far, as (tool, bindings)."""
    return [
        (record.tool, {name: slot for name, slot in record.bindings.items() if not name.startswith("when:")})
        for record in board.records.values() if record.status == "ok"
    ]


def candidates(tools: Iterable[ToolSpec[Any]], board: Board) -> list[dict[str, Any]]:
    """Calculators that have not run and every parameter of which some slot fits: {tool, title, parameters}.

    A slot fits by what it is about (its name or its concept) and by its type; a parameter without one keeps the
    calculator off the list, so that nothing is ever filled in.
    """
    held = {slot: evidence for slot in board.records if (evidence := board.slot(slot)) is not None}
    ran = {record.tool for record in board.records.values() if record.status == "ok"}
    rows = []
    for spec in tools:
        if spec.kind != "calculator" or spec.name in ran:
            continue
        parameters = {name: _fitting(spec, name, held) for name in spec.params.model_fields}
        if parameters and all(parameters.values()):
            rows.append({"tool": spec.name, "title": spec.title, "parameters": parameters})
    return rows


def _fitting(spec: ToolSpec[Any], parameter: str, held: Mapping[str, Evidence]) -> list[str]:
    found: dict[tuple[object, ...], str] = {}
    for slot, evidence in held.items():
        if (
            evidence.value is not None and evidence.kind not in ("decision", "reading", "passage")
            and parameter in (slot, slot.removeprefix("patient."), evidence.concept)
            and _type_fits(spec, parameter, evidence)
        ):
            # The same fact read into two slots is one choice.
            found.setdefault((evidence.value, evidence.unit, evidence.effective_at), slot)
    return list(found.values())


def _type_fits(spec: ToolSpec[Any], parameter: str, evidence: Evidence) -> bool:
    try:
        spec.params.model_validate({parameter: plain(evidence)})
    except ValidationError as error:
        return all(problem["loc"][:1] != (parameter,) for problem in error.errors())
    return True
