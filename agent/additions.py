"""What a person adds to a plan before it runs: another protocol, a calculation, or a read of the record."""

from __future__ import annotations

from collections.abc import Iterable

from agent.choose import LISTS
from agent.plan import record_reads
from agent.runtime import Services
from agent.state import Json
from agent.steps import compile_protocols
from tools.errors import UsageError
from tools.notes import linker_for

CALCULATOR = "calc."


def resolve(text: str, services: Services) -> str:
    """A protocol's id or title, a calculator's name, a list of the record, or words for what a record holds, as an id.

    Raises:
        UsageError: none of these.
    """
    asked = " ".join(text.split())
    plain = asked.casefold()
    titles = {one.title.casefold(): name for name, one in services.protocols.items()}
    calculators = {name for name in services.tools if name.startswith(CALCULATOR)}
    spelt = {spec.title.casefold(): name for name, spec in services.tools.items() if name in calculators}
    known = {plain, plain.replace(" ", "-"), plain.replace(" ", "_")}
    for group in (services.protocols, LISTS, services.terminology.concepts):
        if found := sorted(known & set(group)):
            return found[0]
    if found := sorted({f"{CALCULATOR}{name}" for name in known} & calculators) or sorted(known & calculators):
        return found[0]
    if name := titles.get(plain) or spelt.get(plain):
        return name
    mentions = [mention for mention in linker_for(services.terminology).link(asked) if mention.how != "typo"]
    if mentions:
        return mentions[0].concept
    raise UsageError(
        f"{asked!r} cannot be added to a plan", found=asked,
        expected="a protocol, a calculator, a list of the record, or a concept such as potassium",
        action="name one of these",
    )


def extend(plan: Json, added: Iterable[str], services: Services) -> Json:
    """A plan with what was added: steps it has already are not doubled."""
    names = list(added)
    more = [services.protocols[name] for name in names if name in services.protocols]
    more = [protocol for protocol in more if protocol.id not in plan["protocols"]]
    reads = [name for name in names if name not in services.protocols]
    steps = {body["slot"]: body for body in plan["steps"]}
    for body in [*compile_protocols(more), *record_reads(reads, services)]:
        steps.setdefault(body["slot"], body)
    return {
        **plan,
        "protocols": [*plan["protocols"], *(protocol.id for protocol in more)],
        "hashes": {**plan["hashes"], **{protocol.id: protocol.hash for protocol in more}},
        "reviewed_by": {**plan["reviewed_by"], **{protocol.id: protocol.reviewed_by for protocol in more}},
        "steps": list(steps.values()),
    }
