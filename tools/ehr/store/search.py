"""Running a search: the page, the total, what is included.

Pages are keyset pages: the address of the next one carries the sort values and the number of the last match, so a
resource written or deleted in between neither repeats a match nor hides one.
"""

# ruff: noqa: S608  (SQL is put together from names and numbers of ours; what comes from outside is bound)
from __future__ import annotations

import base64
import binascii
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tools.ehr.store.limit import OverBudget
from tools.ehr.store.query import Include, Query
from tools.ehr.store.query_match import Matcher, order_key
from tools.ehr.store.query_sql import BOUND, AnyOf, Expression, Rows, numbers
from tools.ehr.store.query_values import refuse
from tools.ehr.store.search_parameters import Parameter, parameters, type_number

COUNTED = 10_000
"""Totals are exact up to here, and beyond on request (`_total=accurate`)."""
WORK = 60
"""Thousands of SQLite's steps spent on a total that was not asked for."""
MAX_INCLUDED = 10_000
ROUNDS = 10
ByUrl = Callable[[str], Iterable[int]]
"""Resources with a canonical address."""


@dataclass(frozen=True)
class Hits:
    """Numbers of the matches of a page, the total where it is known, and where the next page begins."""

    rids: list[int]
    total: int | None
    next: str | None


def run(matcher: Matcher, query: Query, budget: Callable[[int], Any]) -> Hits:
    """Find one page of matches."""
    parts = tuple(matcher.all(query, kind) for kind in query.types)
    return page(matcher.db, parts[0] if len(parts) == 1 else AnyOf(parts), query, budget)


def page(db: sqlite3.Connection, expression: Expression, query: Query, budget: Callable[[int], Any]) -> Hits:
    """One page of what a condition holds for, by the order, count and cursor of a query."""
    source = _source(db, expression, query)
    if query.count == 0 or query.only_count:
        return Hits([], _total(db, source, None, budget), None)
    keys = [_key(query, key, down) for key, down in query.sort]
    rows = _page(db, source, query, keys)
    more = len(rows) > query.count
    rows = rows[: query.count]
    total = len(rows) if not more and not query.page else None
    if total is None and query.total != "none":
        total = _total(db, source, None if query.total == "accurate" else COUNTED, budget)
    return Hits([row[0] for row in rows], total, _cursor(rows[-1]) if more else None)


def _source(db: sqlite3.Connection, expression: Expression, query: Query) -> Rows:
    found = expression.rows(db)
    if found is not None and (found.size < BOUND or found.ordered):
        return found
    sql, arguments = expression.test("r0.rid")
    kinds = numbers("r0.type", [type_number(kind) for kind in query.types])
    return Rows(f"SELECT r0.rid AS rid FROM resource r0 WHERE {kinds} AND {sql}", arguments, BOUND, True)


def _total(db: sqlite3.Connection, source: Rows, bound: int | None, budget: Callable[[int], Any]) -> int | None:
    if bound is None:
        counted: int = db.execute(f"SELECT count(*) FROM ({source.sql})", source.arguments).fetchone()[0]
        return counted
    try:
        with budget(WORK):
            sql = f"SELECT count(*) FROM (SELECT 1 FROM ({source.sql}) LIMIT {bound + 1})"
            counted = db.execute(sql, source.arguments).fetchone()[0]
    except OverBudget:
        return None
    return counted if counted <= bound else None


def _key(query: Query, key: str, down: bool) -> str:
    if key == "_id":
        return "(SELECT id FROM entity WHERE rid=d.rid)"
    if key == "_lastUpdated":
        return "(SELECT updated FROM resource WHERE rid=d.rid)"
    found: list[Parameter] = [parameters(kind)[key] for kind in query.types]
    atoms = tuple(atom for parameter in found for atom in parameter.atoms)
    return order_key(Parameter(key, found[0].kind, atoms), "d.rid", down)


def _page(db: sqlite3.Connection, source: Rows, query: Query, keys: list[str]) -> list[tuple[Any, ...]]:
    columns = "".join(f", {key} AS k{number}" for number, key in enumerate(keys))
    where, arguments = "1", list[Any]()
    if query.page:
        where, arguments = _after(_read_cursor(query.page, len(keys)), [down for _, down in query.sort])
    order = [f"k{number} {'DESC' if down else 'ASC'} NULLS LAST" for number, (_, down) in enumerate(query.sort)]
    sql = (
        f"SELECT * FROM (SELECT d.rid AS rid{columns} FROM ({source.sql}) d) "
        f"WHERE {where} ORDER BY {', '.join([*order, 'rid'])} LIMIT {query.count + 1}"
    )
    return db.execute(sql, [*source.arguments, *arguments]).fetchall()


def _after(last: list[Any], downs: list[bool]) -> tuple[str, list[Any]]:
    """What comes after a row: later in the first key that differs, missing values last, then by number."""
    alternatives, arguments = [], []
    *values, rid = last
    for number, down in enumerate(downs):
        if values[number] is None:
            continue
        equal = [f"k{before} IS ?" for before in range(number)]
        later = f"(k{number} {'<' if down else '>'} ? OR k{number} IS NULL)"
        alternatives.append(" AND ".join([*equal, later]))
        arguments += [*values[:number], values[number]]
    alternatives.append(" AND ".join([*(f"k{number} IS ?" for number in range(len(downs))), "rid>?"]))
    arguments += [*values, rid]
    return " OR ".join(f"({item})" for item in alternatives), arguments


def _cursor(row: tuple[Any, ...]) -> str:
    text = json.dumps([*row[1:], row[0]], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(text: str, keys: int) -> list[Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise refuse("_page", "the value a next link gave", text[:40]) from error
    plain = isinstance(found, list) and all(item is None or type(item) in (int, float, str) for item in found)
    if not plain or len(found) != keys + 1 or type(found[-1]) is not int or any(_too_big(item) for item in found):
        raise refuse("_page", "the value a next link gave", text[:40])
    return list(found)


def _too_big(item: Any) -> bool:
    return (isinstance(item, int) and abs(item) >= 1 << 63) or (
        isinstance(item, str) and any("\ud800" <= char <= "\udfff" for char in item)
    )


def included(
    db: sqlite3.Connection, rids: list[int], query: Query, by_url: Callable[[str], Iterable[int]]
) -> list[int]:
    """Numbers of what is included with some matches.

    Raises:
        BadSearch: more than is given at once.
    """
    seen = set(rids)
    found: list[int] = []
    fresh, rules = rids, list(query.includes)
    for _ in range(ROUNDS):
        new = [
            rid
            for rule in rules
            for rid in _follow(db, fresh, rule, by_url)
            if rid not in seen and not seen.add(rid)  # type: ignore[func-returns-value]
        ]
        found += new
        if len(found) > MAX_INCLUDED:
            raise refuse(
                "_include", f"a search that includes at most {MAX_INCLUDED} resources", f"{len(found)} or more"
            )
        fresh, rules = new, [rule for rule in rules if rule.iterate]
        if not fresh or not rules:
            break
    return found


def _chunks(rids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(rids), 500):
        yield rids[start : start + 500]


def _follow(db: sqlite3.Connection, rids: list[int], rule: Include, by_url: ByUrl) -> Iterator[int]:
    known = parameters(rule.source)
    chosen = [item for item in known.values() if item.kind == "reference"] if rule.parameter == "*" else []
    for parameter in chosen or [known[rule.parameter]]:
        atoms = numbers("f.p", [atom.number for atom in parameter.atoms])
        target = rule.target or parameter.only
        for chunk in _chunks(rids):
            if rule.back:
                sql = f"SELECT f.rid, '' FROM fact f WHERE {atoms} AND {numbers('f.v', chunk)} ORDER BY f.rid"
                if rule.target:
                    sql = sql.replace(
                        "ORDER", f"AND f.v IN (SELECT rid FROM entity WHERE type={type_number(target)}) ORDER"
                    )
            else:
                sql = (
                    f"SELECT f.v, CASE e.type WHEN 0 THEN e.id ELSE '' END FROM fact f JOIN entity e ON e.rid=f.v "
                    f"WHERE {numbers('f.rid', chunk)} AND {atoms} "
                    f"AND (e.type=0 OR {f'e.type={type_number(target)}' if target else '1'})"
                )
            for rid, url in db.execute(sql).fetchall():
                yield from by_url(url) if url else [rid]
