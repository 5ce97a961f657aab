"""What a search should have found, worked out here: by the embedded store's own search over what was fetched.

So a server that ignores a parameter, or does not know it, is neither believed nor needed for it.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import TYPE_CHECKING

from tools.ehr.client.capability import CONTROL, Capability
from tools.ehr.client.errors import HttpError
from tools.ehr.compartment import ABOUT, patients_of
from tools.ehr.fhirjson import Resource
from tools.ehr.shape import readable
from tools.ehr.store.store import Store
from tools.errors import OslerError, UpstreamError

if TYPE_CHECKING:
    from tools.ehr.client.client import FhirClient, Parameters

SCOPES = ("patient", "subject")
# Kinds of parameter where two servers cannot differ about what fits; in text search they may.
_CRISP = ("token", "reference", "date", "quantity", "number", "uri")
# What the store stamps itself, and what is a text search.
_NOT_HERE = {"_lastUpdated", "_text", "_content", "_list", "_query", "_filter"}
MOST_IDS, BATCH = 2000, 50


class NotSupported(UpstreamError):
    """The server cannot search so, and Osler cannot make up for it; `found` names the parameter."""


def not_supported(kind: str, name: str, why: str) -> NotSupported:
    """The error that names a parameter."""
    return NotSupported(
        f"{kind}: the server does not search by {name!r}, and {why}",
        found=name,
        expected="a parameter the server knows, or one that can be checked here",
        action="ask for it another way; `osler ehr probe` shows what this server can do",
    )


def filters(parameters: Parameters) -> Parameters:
    """The parameters that choose, without those that sort, page or include."""
    return [(name, value) for name, value in parameters if name.partition(":")[0] not in CONTROL]


def joined(name: str) -> bool:
    """Whether a parameter looks into other resources: a chain or `_has`."""
    return name.startswith("_has:") or "." in name


@cache
def _own() -> dict[str, dict[str, str]]:
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    from tools.ehr.client.client import FhirClient

    async def ask() -> Capability:
        return await FhirClient(store=Store()).capability()

    # Its own thread: this may be called inside a running loop.
    with ThreadPoolExecutor(1) as pool:
        capability = pool.submit(lambda: asyncio.run(ask())).result()
    return {kind: row.parameters for kind, row in capability.types.items()}


def kind_of(kind: str, name: str) -> str | None:
    """The kind of a search parameter (token, date, ...), where Osler knows it."""
    return _own().get(kind, {}).get(name.partition(":")[0]) or ("token" if name == "_id" else None)


def crisp(kind: str, name: str) -> bool:
    """Whether it is beyond dispute what fits a parameter."""
    modifier = name.partition(":")[2]
    return not joined(name) and modifier in ("", "not", "missing") and kind_of(kind, name) in _CRISP


async def matching(base: str, kind: str, resources: list[Resource], wanted: Parameters) -> set[str] | None:
    """Ids of the resources that fit; None where Osler cannot tell either."""
    from tools.ehr.client.client import FhirClient

    if any(joined(name) or name.partition(":")[0] in _NOT_HERE for name, _ in wanted):
        return None
    store = Store(base=base)
    try:
        with store.transaction():
            for sent in resources:
                resource, wrong = readable(sent)
                if not wrong and resource.get("resourceType") == kind:
                    store.put(resource)
        found = await FhirClient(store=store).search(kind, wanted)
    except (HttpError, OslerError, sqlite3.Error, KeyError, TypeError, ValueError):
        return None
    finally:
        store.close()
    return {str(item["id"]) for item in found.resources}


def owners_of(kind: str, parameters: Parameters) -> frozenset[str] | None:
    """Ids of the patients a search is confined to, where it is to one kind of resource that names its patient."""
    if kind not in ABOUT:
        return None
    for name, value in parameters:
        if name in SCOPES:
            ids = frozenset(item.removeprefix("Patient/") for item in value.split(","))
            if all(item and "/" not in item and "|" not in item for item in ids):
                return ids
    return None


async def expanded(client: FhirClient, kind: str, name: str, value: str) -> tuple[str, list[str]]:
    """A chain or `_has` in two steps: the parameter and the values that say the same without it.

    Raises:
        NotSupported: it goes another way than through the patient, or leads to too many.
    """
    if name.startswith("_has:"):
        parts = name.split(":", 3)
        if len(parts) != 4 or kind != "Patient" or parts[2] not in SCOPES or parts[1] not in ABOUT:
            raise not_supported(kind, name, "it can be worked out here only for patients")
        found = await client.search(parts[1], [(parts[3], value)])
        ids = {id_ for item in found.resources for id_ in patients_of(item, client.base, about=True)}
        into = "_id"
    else:
        head, _, rest = name.partition(".")
        into, _, target = head.partition(":")
        if (target or "Patient") != "Patient" or into not in SCOPES or kind not in ABOUT:
            raise not_supported(kind, name, "it can be worked out here only through the patient")
        found = await client.search("Patient", [(rest, value)])
        ids = {str(item.get("id")) for item in found.resources}
    if not found.complete or len(ids) > MOST_IDS:
        raise not_supported(kind, name, f"what it leads to is too much or incomplete ({found.shown})")
    return into, sorted(ids)
