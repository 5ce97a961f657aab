"""A search on a server that is not ours, checked: what it ignores, does not know or silently fails to find.

A parameter is relied on where the server declares it and it has been seen to work; else the client asks wider and
filters itself, and says so. Trials stay inside the patient the search is about; what a trial has shown is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from tools.ehr.client.errors import HttpError
from tools.ehr.client.match import (
    BATCH,
    SCOPES,
    crisp,
    expanded,
    filters,
    joined,
    matching,
    not_supported,
    owners_of,
)
from tools.ehr.client.trial import prefix_of, trial

if TYPE_CHECKING:
    from tools.ehr.client.client import FhirClient, Matches, Parameters

OK, UNTRIED = "works", "untried"
# Read by id or by patient: what comes back is compared with what was asked, and nothing else is taken.
_PLAIN = {*SCOPES, "_id"}


@dataclass
class Quirks:
    """What has been learnt about one server: `Type?parameter[ prefix]` -> works, ignored, finds nothing, ..."""

    known: dict[str, str] = field(default_factory=dict)
    changed: bool = False

    def get(self, kind: str, name: str, value: str) -> str:
        """What is known of a parameter as it is used here."""
        return self.known.get(f"{kind}?{use_of(kind, name, value)}", UNTRIED)

    def learn(self, kind: str, name: str, value: str, verdict: str) -> None:
        """Keep what a trial has shown."""
        key = f"{kind}?{use_of(kind, name, value)}"
        if self.known.get(key) != verdict:
            self.known[key] = verdict
            self.changed = True

    @property
    def bad(self) -> dict[str, str]:
        """What does not work."""
        return {key: verdict for key, verdict in self.known.items() if verdict != OK}


def use_of(kind: str, name: str, value: str) -> str:
    """A parameter and the prefix of its value: a server may know `value-quantity=5` and not `gt5`."""
    if joined(name):
        return "_has" if name.startswith("_has:") else f"{name.partition(':')[0].partition('.')[0]}.…"
    prefix = prefix_of(kind, name, value)
    return f"{name} {prefix}" if prefix else name


def said(verdict: str, use: str) -> str:
    """A verdict as a sentence about the server."""
    words = {"not declared": "does not declare {}", "refused": "refuses {}", "ignored": "ignores {}"}
    return f"the server {words.get(verdict, verdict + ' by {}').format(use)}"


async def checked_search(client: FhirClient, kind: str, parameters: Parameters, limit: int | None) -> Matches:
    """The search, with nothing taken on trust.

    Raises:
        UpstreamError: the server failed, or a parameter that neither it nor Osler can search by.
    """
    if client.quirks is None:
        client.quirks = Quirks()
    notes: list[str] = []
    if all(name in _PLAIN for name, _ in parameters):
        return await client.pages(kind, parameters, limit=limit, owners=owners_of(kind, parameters))
    parameters = await _includes(client, kind, parameters, notes)
    if any(joined(name) for name, _ in parameters):
        return await _joined(client, kind, parameters, limit, notes)
    found = await _search(client, kind, parameters, limit, notes)
    found.notes = list(dict.fromkeys([*notes, *found.notes]))
    return found


async def _includes(client: FhirClient, kind: str, parameters: Parameters, notes: list[str]) -> Parameters:
    capability, kept = await client.capability(), []
    for name, value in parameters:
        if name == "_include" and capability.includes(kind, value) is False:
            notes.append(f"the server does not declare _include={value}: not asked for")
        else:
            kept.append((name, value))
    return kept


async def _search(
    client: FhirClient, kind: str, parameters: Parameters, limit: int | None, notes: list[str]
) -> Matches:
    quirks, capability = client.quirks, await client.capability()
    assert quirks is not None
    wanted, owners = filters(parameters), owners_of(kind, parameters)
    fragile = [(name, value) for name, value in wanted if name not in _PLAIN]
    if owners is not None:
        for name, value in fragile:
            if quirks.get(kind, name, value) == UNTRIED and capability.supports(kind, name) is not False:
                scope = [(key, given) for key, given in wanted if key in SCOPES]
                if verdict := await trial(client, kind, scope, name, value):
                    quirks.learn(kind, name, value, verdict)
    found, here, aside = await _asked(client, kind, parameters, fragile, owners, limit)
    for pair in await _ignored(client, kind, found, [pair for pair in fragile if pair not in aside]):
        # The server answered as if it had not been asked: what came is the whole, and is chosen from here.
        quirks.learn(kind, *pair, "ignored")
        here[pair] = aside[pair] = "ignored"
    unsure = [pair for pair, why in here.items() if why == UNTRIED]
    if unsure and owners is not None and not found.resources and found.complete:
        # Nothing found, by a parameter nobody could try: only the whole is proof of that.
        aside |= dict.fromkeys(unsure, "finds nothing, which could not be tried,")
        asked = [pair for pair in parameters if pair not in aside]
        found = await client.pages(kind, asked, owners=owners)
    elif unsure and not found.resources:
        names = ", ".join(name for name, _ in unsure)
        found.notes.append(f"not tried whether the server heeds {names}: osler ehr probe")
    if aside:
        await _filter(client, kind, found, aside)
    return found


async def _asked(
    client: FhirClient,
    kind: str,
    parameters: Parameters,
    fragile: Parameters,
    owners: frozenset[str] | None,
    limit: int | None,
) -> tuple[Matches, dict[tuple[str, str], str], dict[tuple[str, str], str]]:
    """The answer to what can be relied on, what is known of each parameter, and what was therefore not asked."""
    quirks, capability = client.quirks, await client.capability()
    assert quirks is not None
    for last in (False, True):
        here = {
            (name, value): "not declared" if capability.supports(kind, name) is False else quirks.get(kind, name, value)
            for name, value in fragile
        }
        aside = {pair: why for pair, why in here.items() if why not in (OK, UNTRIED)}
        asked = [pair for pair in parameters if pair not in aside]
        try:
            return await client.pages(kind, asked, limit=None if aside else limit, owners=owners), here, aside
        except HttpError as error:
            untried = [pair for pair, why in here.items() if why == UNTRIED]
            if last or error.status not in (400, 422, 501) or owners is None or not untried:
                raise
            for name, value in untried:
                quirks.learn(kind, name, value, "refused")
    raise AssertionError("unreachable")


async def _ignored(client: FhirClient, kind: str, found: Matches, used: Parameters) -> Parameters:
    """Which of the parameters the server did not heed: left out of its self link, or contradicted by what it sent."""
    echoed = {name for name, _ in parse_qsl(urlsplit(found.used or "").query, keep_blank_values=True)}
    silent = [pair for pair in used if pair[0] not in echoed] if echoed & {"_count", *_PLAIN} else []
    for pair in used:
        if pair not in silent and crisp(kind, pair[0]) and found.resources:
            fitting = await matching(client.base, kind, found.resources, [pair])
            if fitting is not None and any(item.get("id") not in fitting for item in found.resources):
                silent.append(pair)
    return silent


async def _filter(client: FhirClient, kind: str, found: Matches, aside: dict[tuple[str, str], str]) -> None:
    """Choose here by what the server does not choose by, and say so."""
    fitting = await matching(client.base, kind, found.resources, list(aside))
    for (name, value), why in aside.items():
        if fitting is None:
            raise not_supported(kind, use_of(kind, name, value), "Osler cannot tell either what fits")
        found.notes.append(f"{said(why, use_of(kind, name, value))}; Osler chose among {len(found.resources)}")
    found.resources = [item for item in found.resources if item.get("id") in (fitting or set())]
    found.total = len(found.resources) if found.complete else None


async def _joined(
    client: FhirClient, kind: str, parameters: Parameters, limit: int | None, notes: list[str]
) -> Matches:
    """Chains and `_has`: worked out here the first time, and from then on where the server's answer differed."""
    quirks = client.quirks
    assert quirks is not None
    plain = [(name, value) for name, value in parameters if not joined(name)]
    used = [(name, value) for name, value in parameters if joined(name)]
    verdicts = {pair: quirks.get(kind, *pair) for pair in used}
    if all(verdict == OK for verdict in verdicts.values()):
        found = await client.pages(kind, parameters, limit=limit)
        found.notes = notes
        return found
    theirs: set[str] | None = None
    refused = ""
    try:
        answer = await client.pages(kind, parameters)
        theirs = {str(item.get("id")) for item in answer.resources} if answer.complete else None
    except HttpError as error:
        if error.status not in (400, 404, 422, 501):
            raise
        refused = "refused"
    found = await _by_steps(client, kind, plain, used)
    ours = {str(item.get("id")) for item in found.resources}
    verdict = refused or (OK if theirs == ours and ours else "finds nothing" if not theirs else "finds others")
    for name, value in used:
        if len(used) == 1 and (ours or refused):
            quirks.learn(kind, name, value, verdict)
        if verdict != OK and (ours or theirs or refused):
            notes.append(f"{said(verdict, use_of(kind, name, value))}; Osler looked it up in two steps")
    found.notes = list(dict.fromkeys([*notes, *found.notes]))
    return found


async def _by_steps(client: FhirClient, kind: str, plain: Parameters, used: Parameters) -> Matches:
    from tools.ehr.client.client import Matches

    allowed: dict[str, set[str]] = {}
    for name, value in used:
        into, ids = await expanded(client, kind, name, value)
        allowed[into] = allowed[into] & set(ids) if into in allowed else set(ids)
    into, ids = next((key, sorted(value)) for key, value in allowed.items())
    others = [(key, ",".join(sorted(value))) for key, value in allowed.items() if key != into]
    whole = Matches(f"{kind} by {' and '.join(use_of(kind, *pair) for pair in used)}")
    for start in range(0, len(ids), BATCH):
        chunk = ",".join(ids[start : start + BATCH])
        part = await client.search(kind, [*plain, *others, (into, chunk)])
        whole.resources += part.resources
        whole.included += part.included
        whole.problems += part.problems
        whole.notes += part.notes
    whole.total = len(whole.resources) if whole.complete else None
    return whole
