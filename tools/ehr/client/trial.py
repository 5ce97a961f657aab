"""Trying out one search parameter on a server: is what must be found, found, and what cannot fit, left out?

Resources that are there are fetched without the parameter; a value is chosen that some of them fit and others do not,
by Osler's own matcher; then the server is asked for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tools.ehr.client.errors import HttpError
from tools.ehr.client.match import crisp, kind_of, matching
from tools.ehr.fhirjson import Resource

if TYPE_CHECKING:
    from tools.ehr.client.client import FhirClient, Parameters

WITNESSES, _MOST_CANDIDATES = 50, 60
_PREFIX = re.compile(r"^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=\d|-\d)")
# Elements whose plain text is a value of that kind.
_WHERE = {"token": ("status", "gender", "intent"), "reference": ("reference",)}
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}")


def prefix_of(kind: str, name: str, value: str) -> str:
    """The prefix of a value, where its parameter is one that takes prefixes."""
    found = _PREFIX.match(value) if kind_of(kind, name) in ("date", "quantity", "number") else None
    return found.group(1) if found else ""


async def trial(client: FhirClient, kind: str, scope: Parameters, name: str, value: str) -> str | None:
    """What the server does with a parameter: works, ignored, finds nothing, finds too few, refused; or None: not told.

    Raises:
        UpstreamError: the server failed.
    """
    shown = await client.pages(kind, scope, limit=WITNESSES, page=WITNESSES)
    prefix = prefix_of(kind, name, value)
    return await judge(client, kind, scope, shown.resources[:WITNESSES], name, prefix, value)


async def judge(
    client: FhirClient,
    kind: str,
    scope: Parameters,
    there: list[Resource],
    name: str,
    prefix: str = "",
    value: str | None = None,
) -> str | None:
    """The same over resources that were fetched already; with a value of its own choice where none is given.

    Raises:
        UpstreamError: the server failed.
    """
    chosen = await _candidate(client.base, kind, there, name, prefix, value)
    if chosen is None:
        return None
    given, fitting = chosen
    try:
        answer = await client.pages(kind, [*scope, (name, given)])
    except HttpError as error:
        if error.status in (400, 404, 422, 501):
            return "refused"
        raise
    ids = {str(item.get("id")) for item in answer.resources}
    known = {str(item.get("id")) for item in there}
    if crisp(kind, name) and (ids & known) - fitting:
        return "ignored"
    if fitting - ids and answer.complete:
        return "finds too few" if ids else "finds nothing"
    return "works" if fitting <= ids else None


async def _candidate(
    base: str, kind: str, there: list[Resource], name: str, prefix: str, value: str | None
) -> tuple[str, set[str]] | None:
    """A value that some of the resources fit, if possible not all of them."""
    best: tuple[str, set[str]] | None = None
    tried = dict.fromkeys([*([value] if value else []), *_values(there, kind_of(kind, name), prefix)])
    for candidate in list(tried)[:_MOST_CANDIDATES]:
        fitting = await matching(base, kind, there, [(name, candidate)])
        if fitting is None:
            return None
        if fitting and (best is None or (len(best[1]) == len(there) > len(fitting))):
            best = (candidate, fitting)
        if best is not None and len(best[1]) < len(there):
            break
    return best


def _values(there: list[Resource], sort: str | None, prefix: str) -> Iterator[str]:
    for resource in there:
        yield from _leaves(resource, sort, prefix)


def _leaves(node: Any, sort: str | None, prefix: str) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _leaves(item, sort, prefix)
        return
    if not isinstance(node, dict):
        return
    system, code = node.get("system"), node.get("code", node.get("value"))
    if sort == "token" and isinstance(code, str):
        yield f"{system}|{code}" if isinstance(system, str) else code
    if sort == "quantity" and isinstance(number := node.get("value"), int | float) and not isinstance(number, bool):
        shift = {"gt": -1, "sa": -1, "lt": 1, "eb": 1, "ne": 1}.get(prefix, 0) * (abs(number) / 2 + 1)
        yield f"{prefix}{number + shift if shift else number}"
    for key, item in node.items():
        if isinstance(item, str):
            if sort == "date" and _DATE.match(item):
                yield f"{prefix}{item[:10]}"
                yield f"{prefix}{'1900' if prefix in ('gt', 'ge', 'sa', 'ne') else '2200'}"
            elif sort in ("string", None) or key in _WHERE.get(sort, ()):
                yield item
        else:
            yield from _leaves(item, sort, prefix)
