"""Searches, histories and the operations that answer with many resources, as Bundles built from stored text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tools.ehr.dates import interval
from tools.ehr.fhirjson import dumps
from tools.ehr.server.answers import Answer, Call, Problem, information, version_headers
from tools.ehr.server.cut import Cut
from tools.ehr.store.query import BadSearch, Query
from tools.ehr.store.store import Found, Store, Stored

_IDLE = {"_format", "_pretty"}
_HISTORY = {"_since", "_at", "_count", "_page", *_IDLE}
DEFAULT_COUNT, MAX_COUNT = 50, 1000
Pairs = list[tuple[str, str]]


def pairs_of(text: str) -> Pairs:
    """The parameters of a query string.

    Raises:
        BadSearch: there are too many.
    """
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=1000)
    except ValueError as error:
        raise BadSearch("query: too many parameters", found="query", expected="at most 1000") from error


def search(
    store: Store, call: Call, kind: str, pairs: Pairs, place: str, compartment: tuple[str, str] | None
) -> Answer:
    """A search on a type, on several (`kind` empty), or in a compartment."""
    lenient = call.prefers("handling") == "lenient"
    cut, asked = Cut.of(pairs)
    more: dict[str, Any] = {"compartment": compartment} if compartment else {}
    query = Query.parse(kind, asked, store.base, lenient=lenient, **more)
    found = store.search(query)
    ignored = set(query.ignored)
    given = [(name, value) for name, value in pairs if name not in ignored and name != "_page"]
    page = next((value for name, value in pairs if name == "_page"), "")
    links = [_link("self", store.base, place, given, page)]
    if found.next is not None:
        links.append(_link("next", store.base, place, given, found.next))
    remark = f"not searched by, being unknown here: {', '.join(query.ignored)}" if ignored else ""
    return Answer(200, bundle(store.base, found, links, cut, remark))


def bundle(base: str, found: Found, links: list[dict[str, str]], cut: Cut, remark: str = "") -> str:
    """A searchset: stored texts are not parsed again unless parts of them are asked for."""
    head: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    if found.total is not None:
        head["total"] = found.total
    text = dumps({**head, "link": links} if links else head)
    if cut.summary == "count":
        return text
    entries = [_entry(base, item, "match", cut) for item in found.matches]
    entries += [_entry(base, item, "include", cut) for item in found.included]
    if remark:
        told = {**information(remark), "id": "ignored"}
        told["issue"][0] |= {"severity": "warning", "code": "not-supported"}
        entries.append(f'{{"resource":{dumps(told)},"search":{{"mode":"outcome"}}}}')
    return f'{text[:-1]},"entry":[{",".join(entries)}]}}' if entries else text


def everything(store: Store, id_: str, pairs: Pairs) -> Answer:
    """Patient/$everything."""
    place = f"Patient/{id_}/$everything"
    return _operation(store, place, pairs, store.everything(id_, pairs))


def lastn(store: Store, pairs: Pairs) -> Answer:
    """Observation/$lastn."""
    return _operation(store, "Observation/$lastn", pairs, store.lastn(pairs))


def _operation(store: Store, place: str, pairs: Pairs, found: Found) -> Answer:
    given = [(name, value) for name, value in pairs if name != "_page"]
    links = [_link("self", store.base, place, given, dict(pairs).get("_page", ""))]
    if found.next is not None:
        links.append(_link("next", store.base, place, given, found.next))
    return Answer(200, bundle(store.base, found, links, Cut()))


def history(store: Store, kind: str | None, id_: str | None, pairs: Pairs) -> Answer:
    """Versions of a resource, a type or everything, newest first."""
    given = dict(pairs)
    for name in given:
        if name not in _HISTORY:
            raise BadSearch(f"parameter {name[:60]!r} is not one of a history", found=name,
                            expected="_since, _at, _count")  # fmt: skip
    count = min(_whole(given, "_count", DEFAULT_COUNT), MAX_COUNT)
    offset = _whole(given, "_page", 0)
    since = _times(given, "_since")
    rows, total = store.history(
        kind, id_, since=since and since[0], at=_times(given, "_at"), count=count, offset=offset
    )
    if id_ is not None and not rows and total == 0 and len(given.keys() - _IDLE) == 0:
        raise Problem(404, "not-found", f"{kind}/{id_} was never here")
    place = "/".join([*(part for part in (kind, id_) if part), "_history"])
    kept = [(name, value) for name, value in pairs if name != "_page"]
    links = [_link("self", store.base, place, kept, given.get("_page", ""))]
    if rows and offset + len(rows) < total:
        links.append(_link("next", store.base, place, kept, str(offset + len(rows))))
    head = dumps({"resourceType": "Bundle", "type": "history", "total": total, "link": links})
    entries = ",".join(_version(store.base, row) for row in rows)
    return Answer(200, f'{head[:-1]},"entry":[{entries}]}}' if entries else head)


def _version(base: str, row: Stored) -> str:
    request = {"method": "DELETE" if row.deleted else "PUT", "url": f"{row.type}/{row.id}"}
    response = {"status": "204" if row.deleted else "200", "lastModified": row.updated}
    response["etag"] = version_headers(row)["ETag"]
    tail = dumps({"fullUrl": f"{base}/{row.type}/{row.id}", "request": request, "response": response})
    return tail if row.deleted else f'{tail[:-1]},"resource":{row.body}}}'


def _whole(given: dict[str, str], name: str, default: int) -> int:
    value = given.get(name)
    if value is None:
        return default
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise BadSearch(f"{name}: found {value[:40]!r}", found=name, expected="a whole number")
    return int(value)


def _times(given: dict[str, str], name: str) -> tuple[datetime, datetime] | None:
    value = given.get(name)
    if value is None:
        return None
    try:
        first, after = interval(value.replace(" ", "+"))
    except (ValueError, OverflowError) as error:
        raise BadSearch(f"{name}: found {value[:40]!r}", found=name, expected="a date or a date with a time") from error
    return first.astimezone(UTC), after.astimezone(UTC)


def _link(relation: str, base: str, place: str, pairs: Pairs, page: str) -> dict[str, str]:
    given = [*pairs, ("_page", page)] if page else pairs
    address = f"{base}/{place}" if place else base
    return {"relation": relation, "url": f"{address}?{urlencode(given)}" if given else address}


def _entry(base: str, item: Stored, mode: str, cut: Cut) -> str:
    place = dumps(f"{base}/{item.type}/{item.id}")
    return f'{{"fullUrl":{place},"resource":{cut.body(item)},"search":{{"mode":"{mode}"}}}}'
