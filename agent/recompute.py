"""recompute: a correction replaces what fills one slot; the plan then reruns exactly what hangs on it.

A correction changes the consultation, never the record; what it replaces stays in the evidence, with who and why.
"""

from __future__ import annotations

import asyncio
import json
import re

from langgraph.runtime import Runtime

from agent.redraw import ITEMS, OUTLINE, POINTED, drawn_region, is_drawn, redraw, whole
from agent.runtime import Services, utc_now
from agent.state import Board, Json, State, current_records, dump, load
from agent.steps import CORRECTION
from knowledge.claim import content_id
from knowledge.evidence import Decision, Derivation, DicomRegion, Evidence, FhirElement, Statement, Value, show_value
from knowledge.quantity import Quantity, UnitError, check_unit, convert
from tools.calculators.limits import possible
from tools.errors import BadInput, UsageError
from tools.spec import ToolRecord

CHOICE_SLOT = "protocol.choice"
_QUANTITY = '{"value": NUMBER, "unit": UNIT}'


async def recompute(state: State, runtime: Runtime[Services]) -> Json:
    """Put the corrected evidence into its slot and open a new version of the answer."""
    request = state["request"]
    tried, version, made = runtime.context.tried.pop(state["case"]["consultation"], (None, 0, []))
    if (tried, version) != (request, state["case"]["version"]):
        made = await asyncio.to_thread(corrections, request, Board(state), state, runtime.context)
    corrected = made[0][0][0]
    case = {**state["case"], "version": state["case"]["version"] + 1}
    old = {
        "version": state["case"]["version"],
        "answer": state["answer"],
        "checks": state["checks"],
        "records": [r.model_dump(mode="json") for r in current_records(state).values()],
        "evidence": {
            i: e for r in current_records(state).values() for i in r.evidence if (e := state["evidence"].get(i))
        },
        "signed": next((r for r in reversed(state.get("reviews", [])) if r["item"] == "answer"), None),
    }
    line = {
        "evidence": request["evidence"],
        "by": request["by"],
        "reason": request.get("reason"),
        "at": utc_now(),
        "new": corrected.id,
        "slots": [record.slot for _, record in made],
        "version": case["version"],
    }
    runtime.context.effects.once(
        case["consultation"], f"correction/{case['turn']}/{case['version']}", "correction", line
    )
    return {
        "case": case,
        "request": {},
        "versions": [old],
        "records": [record.model_dump(mode="json") for _, record in made],
        "evidence": {item.id: dump(item) for items, _ in made for item in items},
        "corrections": [line],
        "reviews": [{"__reset__": True}],
        "status": "recomputing",
    }


Made = tuple[list[Evidence], ToolRecord]


def corrections(request: Json, board: Board, state: State, services: Services) -> list[Made]:
    """What replaces the evidence corrected, wherever the same fact of the record fills a slot; its own slot first.

    Raises:
        UsageError: nothing by that id is in use, or a derived value is overridden without a reason.
        BadInput: the value is not of the kind, or its unit does not fit.
    """
    target, home, _ = find_target(request["evidence"], board)
    check_correctable(target, home, request)
    if request["value"] is not None:
        check_pointed(target, home, board)
    target, request = whole(target, home, board, request)
    fields = _fields(request, target, home, board, state, services)
    parts: tuple[Evidence, ...] | None = fields.pop(ITEMS, None)
    made: list[Made] = []
    for record in sorted(board.records.values(), key=lambda found: found.slot != home.slot):
        items: dict[int, Evidence] = {}
        for position, evidence_id in enumerate(record.evidence):
            held = board.evidence(evidence_id)
            if held.id == target.id or _same_fact(held, target):
                items[position] = _copy(held, {**fields, "supersedes": held.id}, _reason(request, held))
        if not items:
            continue
        evidence = [items[i].id if i in items else found for i, found in enumerate(record.evidence)]
        beside = list(parts) if parts is not None and record.slot == home.slot else []
        if parts is not None and record.slot == home.slot:
            # Of an outline the parts are what they are after the correction.
            evidence = [evidence[0], *(part.id for part in parts)]
        made.append(
            (
                [*items.values(), *beside],
                ToolRecord(
                    id=content_id("r", record.slot, *evidence, state["case"]["version"] + 1),
                    tool=CORRECTION,
                    version="1",
                    slot=record.slot,
                    arguments={"evidence": target.id, "value": request["value"], "by": request["by"]},
                    bindings=record.bindings,
                    inputs=record.inputs,
                    status="ok",
                    evidence=evidence,
                ),
            )
        )
    return made


def _fields(request: Json, target: Evidence, home: ToolRecord, board: Board, state: State, services: Services) -> Json:
    """What the corrected evidence holds instead."""
    drawn = drawn_region(target, board)
    if drawn is not None and (request["value"] is not None or drawn.segment == OUTLINE):
        return redraw(request["value"], target, drawn, home, board, state["case"], services)
    value, unit, comparator = _value(request["value"], target, services)
    return {
        "value": value,
        "unit": unit,
        "comparator": comparator,
        "range": None,
        "display": str(value) if target.slot == CHOICE_SLOT else show_value(value, unit, None, comparator),
    }


def _same_fact(held: Evidence, target: Evidence) -> bool:
    """The same element of the same resource, or fact of the same image, read into another slot."""
    ours, theirs = held.source, target.source
    if isinstance(ours, DicomRegion) and isinstance(theirs, DicomRegion):
        # `image.1.identity` and `film_identity`: the last word of the slot says which fact of the image it is.
        same = ours == theirs and ours.segment is None and _last_word(held.slot) == _last_word(target.slot)
        return same and held.value == target.value
    if not isinstance(ours, FhirElement) or not isinstance(theirs, FhirElement) or ours.reference is None:
        return False
    same = (ours.reference, ours.path) == (theirs.reference, theirs.path)
    return same and held.value == target.value and held.unit == target.unit


def _last_word(slot: str) -> str:
    return re.split(r"[._]", slot)[-1]


def _reason(request: Json, held: Evidence) -> Statement | Decision:
    if isinstance(held.source, Decision):
        detail = {**held.source.detail, "kind": "switched", "by": request["by"]}
        return held.source.model_copy(update={"detail": detail})
    return Statement(by=request["by"], reason=request.get("reason"), assertion="correction", corrects=held.id)


def check_correctable(target: Evidence, record: ToolRecord, request: Json) -> None:
    """Raise `UsageError` for what is not corrected directly: derived values, decisions, passages."""
    if isinstance(target.source, Derivation) and not request.get("reason"):
        raise UsageError(
            f"{target.slot} is worked out from other values and is not edited",
            found=target.display,
            expected="a correction of one of its inputs, or an override with a reason",
            action=f"correct one of: {', '.join(sorted(record.bindings.values()))}; or give --reason",
        )
    if isinstance(target.source, Decision) and target.slot != CHOICE_SLOT:
        raise UsageError(
            f"{target.slot} is a decision and is not edited",
            found=target.display,
            expected="a correction of what it was decided on",
            action=f"correct one of: {sorted(record.bindings)}",
        )
    if isinstance(target.source, DicomRegion) and target.source.segment and not is_drawn(target):
        raise UsageError(
            f"{target.slot} is measured on an outline and is not edited",
            found=target.display,
            expected="a correction of the outline",
            action=f"correct one of: {', '.join(sorted(record.bindings.values()))}",
        )
    if target.kind == "passage":
        raise UsageError(
            "a guideline's passage is not corrected here",
            found=target.slot,
            expected="a patient's fact",
            action="reject the claim that cites it, with a reason",
        )


def check_pointed(target: Evidence, home: ToolRecord, board: Board) -> None:
    """Raise `UsageError` where what is pointed at is read by an outline that a person has corrected: the correction
    stays, so pointing anew would change nothing."""
    drawn = drawn_region(target, board)
    if drawn is None or drawn.segment != POINTED:
        return
    for record in board.records.values():
        if record.tool != CORRECTION or home.slot not in record.bindings.values() or not record.evidence:
            continue
        by = getattr(board.evidence(record.evidence[0]).source, "by", None) or "a person"
        raise UsageError(
            f"the outline was corrected by {by}: pointing anew would change nothing",
            found=target.slot,
            expected=f"a correction of the outline itself ({record.slot})",
            action=f"correct {record.slot}: give the box or the points there",
        )


def find_target(evidence_id: str, board: Board) -> tuple[Evidence, ToolRecord, int]:
    """The evidence in use by an id (or by its slot), the run that holds it, and its place there.

    Raises:
        UsageError: nothing by that id is in use.
    """
    for record in board.records.values():
        if record.slot == evidence_id and record.evidence:
            return board.evidence(record.evidence[0]), record, 0
        for position, found in enumerate(record.evidence):
            if found == evidence_id or board.evidence(found).slot == evidence_id:
                return board.evidence(found), record, position
    raise UsageError(
        f"no evidence {evidence_id} is in use in this consultation",
        found=evidence_id,
        expected="an id (or slot) of the evidence of the current answer",
        action="see `osler show CONSULTATION --json`",
    )


def _copy(target: Evidence, fields: Json, source: Statement | Decision) -> Evidence:
    body = target.model_dump(mode="json", exclude={"id", "kind", "source"}) | fields
    return load({**body, "source": source.model_dump(mode="json")})


def _value(given: object, target: Evidence, services: Services) -> tuple[Value, str | None, str | None]:
    """The new value in the form of the old one."""
    if isinstance(given, dict) and "value" in given:
        if not isinstance(given["value"], int | float) or isinstance(given["value"], bool):
            raise BadInput("a quantity needs a number", found=given["value"], expected=_QUANTITY)
        unit = given.get("unit")
        if unit is None and target.unit not in (None, "1"):
            raise BadInput(
                "the unit is missing",
                found=json.dumps(given),
                expected=f"a unit such as {target.unit}",
                action="give the value with its unit",
            )
        try:
            quantity = Quantity(float(given["value"]), unit or "1", given.get("comparator"))
            check_unit(quantity.unit)
            if target.unit:
                convert(quantity, target.unit, target.concept)
        except (UnitError, ValueError) as error:
            raise BadInput(
                str(error),
                found=json.dumps(given),
                expected=f"a quantity in {target.unit} or alike",
                action="give the value with its UCUM unit",
            ) from error
        limits(quantity, target)
        return quantity.value, quantity.unit, quantity.comparator
    if target.quantity is not None and given is not None:
        raise BadInput(
            f"{target.slot} is a quantity",
            found=given,
            expected=_QUANTITY,
            action=f"give the value with its unit, such as {target.unit}",
        )
    if isinstance(given, dict) and "code" in given:
        return str(given["code"]), None, None
    if target.slot == CHOICE_SLOT:
        names = str(given).split("+")
        if unknown := [name for name in names if name not in services.protocols]:
            raise BadInput(
                f"no protocol {unknown[0]!r}",
                found=given,
                expected=sorted(services.protocols),
                action="name a protocol by its id",
            )
        return str(given), None, None
    if given is None or isinstance(given, bool | str):
        return given, None, None
    raise BadInput("the value cannot be used here", found=given, expected="a quantity, a boolean, a code, text or null")


def limits(quantity: Quantity, target: Evidence) -> None:
    """Refuse what cannot be: a physical quantity below zero, or beyond what the analyte can have.

    Raises:
        BadInput: the value is impossible.
    """
    concept = target.concept or target.slot
    if quantity.value < 0:
        raise BadInput(
            f"{concept} cannot be negative", found=quantity.display, expected="zero or more", action="check the number"
        )
    possible(concept, quantity)


def try_correction(request: Json, state: State, services: Services) -> None:
    """Raise what `recompute` would raise, before anything moves; what it makes is kept for it: outlines take long.

    Raises:
        UsageError, BadInput, NotAssessable: see `corrections`.
    """
    made = corrections(request, Board(state), state, services)
    services.tried[state["case"]["consultation"]] = (request, state["case"]["version"], made)
