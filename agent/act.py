"""act: run one step. Fanned out by `Send`, so the steps of a wave run side by side and a kill repeats only its own."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from typing import Any

from langgraph.runtime import Runtime

from agent.choose import VERSION as CHOOSE_VERSION
from agent.choose import choose
from agent.decide import decide
from agent.intake import CHOOSE
from agent.runtime import Services
from agent.state import Board, Json, State, dump, load
from agent.steps import DECIDE, ROWS, needs, tokens, wanted
from knowledge.evidence import Derivation, Evidence, ModelReading, Statement
from knowledge.predicate import unvalidated
from tools.errors import ToolError, UsageError
from tools.spec import ToolOutput, ToolRecord, plain


def task(body: Json, state: State, board: Board, services: Services) -> Json:
    """What `act` is sent: the step, the evidence it reads, the case. Nothing else of the state."""
    slots = dict.fromkeys(needs(body).values())
    read = {
        slot: [dump(board.evidence(i)) for i in board.records[slot].evidence]
        for slot in slots
        if slot in board.records and board.records[slot].status == "ok"
    }
    return {
        "step": body,
        "case": state["case"],
        "read": read,
        "tokens": tokens(body, board),
        "open": wanted(body, board, services.corpus),
        "wave": len(state.get("records", [])),
    }


async def act(sent: Any, runtime: Runtime[Services]) -> Json:
    """Run a step and return its record and evidence.

    A `ToolError` becomes data. Anything else is a bug and surfaces.
    """
    services, body = runtime.context, sent["step"]
    read = {slot: [load(item) for item in found] for slot, found in sent["read"].items()}
    bound: dict[str, Evidence | None] = {
        parameter: read[slot][0] if read.get(slot) else None for parameter, slot in body["bindings"].items()
    }
    arguments = {**body["arguments"]}
    if body["tool"] not in (DECIDE, CHOOSE):
        arguments |= {parameter: plain(evidence) for parameter, evidence in bound.items()}
        if ROWS in bound:
            arguments[ROWS] = _rows(read.get(body["bindings"][ROWS], []), body["bindings"][ROWS])
    record = ToolRecord(
        id=_run_id(body, sent["tokens"], sent["case"]["version"]),
        tool=body["tool"],
        version="",
        slot=body["slot"],
        arguments=arguments,
        bindings=needs(body),
        inputs=sent["tokens"],
        status="ok",
        wave=sent["wave"],
    )
    if not sent["open"]:
        return {"records": [record.model_copy(update={"status": "skipped"}).model_dump(mode="json")]}
    started = time.perf_counter()
    output = ToolOutput()
    try:
        record.version, output = await _run(body, arguments, bound, read, sent["case"], services)
    except ToolError as error:
        record.status, record.error = "error", error.document()
    record.seconds = round(time.perf_counter() - started, 6)
    rows = read.get(body["bindings"][ROWS], []) if ROWS in bound else []
    used = list({item.id: item for item in [*bound.values(), *rows] if item is not None}.values())
    evidence = [_with_lineage(item, used) for item in output.evidence]
    record.evidence = list(dict.fromkeys(item.id for item in evidence))
    record.warnings = output.warnings
    _audit(services, sent["case"], record)
    return {"records": [record.model_dump(mode="json")], "evidence": {item.id: dump(item) for item in evidence}}


async def _run(
    body: Json,
    arguments: Json,
    bound: dict[str, Evidence | None],
    read: dict[str, list[Evidence]],
    case: Json,
    services: Services,
) -> tuple[str, ToolOutput]:
    if body["tool"] == DECIDE:
        protocol = services.protocols[arguments["protocol"]]
        criterion = next(item for item in protocol.criteria if item.id == arguments["criterion"])
        listed = read.get(criterion.for_each or "", [])
        items = [item for item in listed if item.slot.startswith(f"{criterion.for_each}.")]
        heads = {slot: found[0] for slot, found in read.items() if found}
        return protocol.version, decide(protocol, criterion, services.corpus, heads.get, items, case.get("patient"))
    if body["tool"] == CHOOSE:
        return CHOOSE_VERSION, await choose(body["arguments"], read, case, services)
    spec = services.tools.get(body["tool"])
    if spec is None:
        raise UsageError(
            f"no tool named {body['tool']!r}",
            found=body["tool"],
            expected="a tool of the catalogue",
            action="run `osler doctor` to see the tools",
        )
    context = (await services.context(case)).at(body["slot"], {k: v for k, v in bound.items() if v is not None})
    return spec.version, await spec.call(arguments, context)


def _rows(held: list[Evidence], slot: str) -> list[Json]:
    """The items of a list as plain data, each with its id, its name within the list and whether it was corrected."""
    return [
        {
            "id": item.id,
            "name": item.slot.removeprefix(f"{slot}."),
            "value": item.value,
            "unit": item.unit,
            "comparator": item.comparator,
            "corrected": isinstance(item.source, Statement) and item.source.assertion == "correction",
        }
        for item in held
        if item.slot.startswith(f"{slot}.")
    ]


def _with_lineage(evidence: Evidence, used: Sequence[Evidence]) -> Evidence:
    """With the ids of what it was worked out of; what came of a size that nobody validated says so.

    What compares is left alone: it came out unknown where it hung on such a size.
    """
    source = evidence.source
    if not isinstance(source, Derivation | ModelReading):
        return evidence
    if not source.inputs:
        source = source.model_copy(update={"inputs": tuple(item.id for item in used)})
    doubtful = any(unvalidated(item) for item in used if item.id in source.inputs)
    unknown = evidence.value is None and evidence.range is None
    if isinstance(source, ModelReading) or not doubtful or unknown or _compared(evidence):
        return evidence.model_copy(update={"source": source})
    said = "" if "unvalidated" in evidence.display else "; worked out of an unvalidated size"
    fields = evidence.model_dump(exclude={"id", "kind", "source", "display"})
    source = source.model_copy(update={"validated": False})
    return Evidence(**fields, source=source, display=f"{evidence.display}{said}")


def _compared(evidence: Evidence) -> bool:
    return isinstance(evidence.source, Derivation) and evidence.source.tool in ("logic.compare", "logic.is")


def _run_id(body: Json, read: dict[str, Any], version: int) -> str:
    text = json.dumps([body["slot"], body["tool"], body["arguments"], read, version], sort_keys=True)
    return "r" + hashlib.sha256(text.encode()).hexdigest()[:12]


def _audit(services: Services, case: Json, record: ToolRecord) -> None:
    line = {
        "tool": record.tool,
        "slot": record.slot,
        "status": record.status,
        "version": record.version,
        "evidence": record.evidence,
        "patient": case.get("patient"),
    }
    services.effects.once(case["consultation"], f"run/{record.id}", "audit", line)
