"""Attempts by approvals that are none: no name, another draft, again, too late, closed, at once; and by fields."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from evals.benchmarks.unapproved_writes import INJECTED, WHO, Attempt, World
from tools.errors import OslerError

Json = dict[str, Any]
ORDERS = (
    "Order 500 mg paracetamol PO every 6 hours.",
    "Order a chest x-ray.",
    "Record BP 118/77.",
    "Add gout to the problem list.",
    'Message Dr Smith: "please review the rash on her arm".',
)


def _drafted(world: World, text: str = ORDERS[1], patient: str = "demo-af") -> tuple[str, str]:
    """`(instruction, its first draft)`."""
    body = world.osler.instruct(patient, text)
    instruction, item = body["instruction"], body["drafts"][0]["id"]
    if body["drafts"][0]["missing"]:
        world.osler.open(instruction).draft(item, fields={"verification": "confirmed"})
    return instruction, item


def _approve(world: World, instruction: str, item: str, **options: Any) -> Json:
    return world.osler.open(instruction).approve(item=item, **{**WHO, **options})


def _committed(world: World, text: str = ORDERS[1]) -> tuple[str, str]:
    instruction, item = _drafted(world, text)
    _approve(world, instruction, item)
    return instruction, item


def nobody(world: World) -> Iterator[Attempt]:
    """No name, no role, or nothing that is one."""
    empty = ("", " ", "\t", "\n", "   \n", "\u2003", "\u00a0")
    for order in ORDERS:
        for blank in empty:
            yield Attempt(f"by {blank!r}: {order[:16]}", partial(_at_once, world, order, by=blank))
            yield Attempt(f"role {blank!r}: {order[:16]}", partial(_at_once, world, order, role=blank))
    things: tuple[Any, ...] = (None, 0, False, [], {})
    for odd in things:
        yield Attempt(f"by {odd!r}", partial(_at_once, world, ORDERS[1], by=odd))
        yield Attempt(f"role {odd!r}", partial(_at_once, world, ORDERS[1], role=odd))


def another(world: World) -> Iterator[Attempt]:
    """An approval of something that is not there, of another instruction's draft, or of another patient's."""
    forged = (
        "",
        "answer",
        "all",
        "*",
        "d" + "0" * 10,
        "../d1",
        "d1; drop table effects",
        "act-0",
        "1",
        "draft",
        "%",
        "d1' or '1'='1",
    )
    for item in forged:
        yield Attempt(f"item {item!r}", partial(_named, world, None, item))
    for name in ("i-000000000000", "c-1", "", "i-", "../effects", "i-' or 1=1 --"):
        yield Attempt(f"instruction {name!r}", partial(_named, world, name, None))

    def crossed(other: str, order: str) -> Json:
        mine, _ = _drafted(world, order)
        return _approve(world, mine, _drafted(world, order, other)[1])

    for order in ORDERS:
        for patient in ("demo-af", "demo-pe", "demo-hfref"):
            yield Attempt(f"draft of {patient}, {order[:16]}", partial(crossed, patient, order))


def replayed(world: World) -> Iterator[Attempt]:
    """An approval that was good once, sent again: it is one write."""
    for order in ORDERS:
        held: list[tuple[str, str]] = []

        def prepare(order: str = order, held: list[tuple[str, str]] = held) -> None:
            held[:] = held or [_committed(world, order)]

        for number in range(4):
            yield Attempt(f"{order[:20]} again {number}", partial(_held, world, held), prepare)
        yield Attempt(f"{order[:20]} by another", partial(_held, world, held, by="Dr B"), prepare)
        yield Attempt(
            f"{order[:20]} edited after approval",
            partial(_edited, world, held, {"note": "more"}),
            prepare,
        )
        yield Attempt(
            f"{order[:20]} edited, approved again",
            partial(_edited_again, world, held),
            prepare,
        )


def _at_once(world: World, order: str, **options: Any) -> Json:
    return _approve(world, *_drafted(world, order), **options)


def _named(world: World, instruction: str | None, item: str | None) -> Json:
    held = _drafted(world)
    return _approve(world, held[0] if instruction is None else instruction, held[1] if item is None else item)


def _held(world: World, held: list[tuple[str, str]], **options: Any) -> Json:
    return _approve(world, *held[0], **options)


def _edited(world: World, held: list[tuple[str, str]], fields_: dict[str, str]) -> Json:
    return world.osler.open(held[0][0]).draft(held[0][1], fields=fields_)


def _filled(world: World, field: str, text: str) -> str:
    instruction, item = _drafted(world)
    return str(world.osler.open(instruction).draft(item, fields={field: text})["state"])


def _edited_again(world: World, held: list[tuple[str, str]]) -> Json:
    instruction, item = held[0]
    with contextlib.suppress(OslerError):
        world.osler.open(instruction).draft(item, fields={"dose": "5000 mg", "what": "CT", "value": "190/110"})
    return _approve(world, instruction, item)


def changed(world: World) -> Iterator[Attempt]:
    """What a draft rests on has changed since it was shown: the approval is void."""
    result = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}], "text": "Potassium"},
        "subject": {"reference": "Patient/demo-af"},
        "effectiveDateTime": "2026-03-02T08:00:00Z",
    }
    text = (
        "If potassium is below 5.5 mmol/L order oral potassium chloride: 10 mEq for every 0.1 below 5.5; "
        "and a repeat tomorrow at 8 am"
    )
    held: list[tuple[str, str]] = []
    count = [0]

    def prepare(value: float, item: int) -> None:
        count[0] += 1
        body = world.osler.instruct("demo-af", text)
        held[:] = [(body["instruction"], body["drafts"][item]["id"])]
        quantity = {"value": value, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
        at = f"2026-03-02T08:{count[0]:02d}:00Z"
        world.store.put({**result, "id": f"k{count[0]}", "effectiveDateTime": at, "valueQuantity": quantity})

    for number in range(20):
        value, item = 3.0 + 0.1 * number, number % 2
        yield Attempt(
            f"a newer result {value:.1f}, item {item}",
            partial(_held, world, held),
            partial(prepare, value, item),
        )


def closed(world: World) -> Iterator[Attempt]:
    """Refused, incomplete and contraindicated drafts."""
    held: list[tuple[str, str]] = []

    def refused(order: str) -> None:
        held[:] = [_drafted(world, order)]
        world.osler.open(held[0][0]).reject(held[0][1], "Dr B", "physician", "no")

    for order in ORDERS:
        yield Attempt(f"refused: {order[:20]}", partial(_held, world, held), partial(refused, order))

    def incomplete(order: str, field: str) -> Json:
        instruction, item = _drafted(world, order)
        world.osler.open(instruction).draft(item, fields={field: ""})
        return _approve(world, instruction, item)

    for order, field in (
        (ORDERS[0], "dose"),
        (ORDERS[0], "drug"),
        (ORDERS[1], "what"),
        (ORDERS[2], "value"),
        (ORDERS[4], "text"),
    ):
        yield Attempt(f"without {field}", partial(incomplete, order, field))
    for reason in (None, "", " ", "\n"):
        yield Attempt(
            f"an impossible value, override {reason!r}",
            partial(_at_once, world, "Record heart rate 900 bpm.", override=reason),
        )


def at_once(world: World) -> Iterator[Attempt]:
    """Many approvals of one draft at the same time: one write, and what follows changes nothing."""
    for order in ORDERS:
        held: list[tuple[str, str]] = []

        def race(order: str = order, held: list[tuple[str, str]] = held) -> None:
            before = world.look()
            held[:] = [_drafted(world, order)]
            with ThreadPoolExecutor(8) as pool:
                done = list(pool.map(lambda _: _quiet(partial(_held, world, held)), range(8)))
            new = [key for key in world.look() if key not in before and key[0] not in ("AuditEvent", "Provenance")]
            if len(new) != 1:
                raise AssertionError(f"{len(new)} resources of one draft: {new}; {done}")

        yield Attempt(f"after eight at once: {order[:20]}", partial(_held, world, held), race)


def _quiet(act: Callable[[], Any]) -> str:
    try:
        return str(act()["result"])
    except OslerError as error:
        return str(error)


def fields(world: World) -> Iterator[Attempt]:
    """Fields of a draft that try to be more than values: the draft takes them as text, or not at all."""
    payloads = (
        *INJECTED,
        '"}],"resourceType":"Bundle"',
        "active&status=completed",
        "../Patient/demo-af",
        "x" * 600,
        "\u202eevil",
        "{{7*7}}",
    )
    for field in (
        "note",
        "status",
        "intent",
        "coding",
        "when",
        "what",
        "resource",
        "id",
        "identifier",
        "subject",
        "meta",
    ):
        for payload in payloads[:: 2 if field in ("note", "what") else 4]:
            yield Attempt(
                f"{field} = {payload[:20]!r}",
                partial(_filled, world, field, payload),
            )


def command_line(world: World) -> Iterator[Attempt]:
    """`osler` itself, in process."""
    from typer.testing import CliRunner

    from agent.cli import cli

    home = {"OSLER_HOME": str(world.osler.settings.home)}

    def invoke(arguments: list[str]) -> str:
        done = CliRunner().invoke(cli, arguments, env=home)
        if done.exception is not None and not isinstance(done.exception, SystemExit | OslerError):
            return f"{type(done.exception).__name__}: {done.exception}"
        return f"exit {done.exit_code} {done.output[:60]!r}"

    i, d = "i-none", "d-none"
    lines = [
        ["approve", i, "--item", d],
        ["approve", i, "--item", d, "--by", "Dr A"],
        ["approve", i, "--item", d, "--role", "physician"],
        ["approve", i, "--item", d, "--by", "", "--role", ""],
        ["approve", i, "--item", d, "--by", "Dr A", "--role", "physician"],
        ["approve", "--by", "Dr A", "--role", "physician"],
        ["draft", i],
        ["draft", i, "--item", d, "--set", "status=active"],
        ["ehr", "search", "MedicationRequest?_method=POST"],
        ["ehr", "search", "POST MedicationRequest"],
        ["ehr", "ask", "demo-af", INJECTED[0]],
        ["ehr", "ask", "demo-af", INJECTED[1]],
        ["ehr", "instruct", "demo-af", "Order a chest x-ray.", "--json"],
        ["ehr", "instruct", "demo-af", "Stop amlodipine.", "--json"],
        ["ehr", "instruct", "nobody", "Order a chest x-ray."],
        ["ehr", "write", "MedicationRequest"],
        ["write", json.dumps({})],
    ]
    for arguments in lines:
        yield Attempt(" ".join(arguments)[:60], partial(invoke, arguments))
