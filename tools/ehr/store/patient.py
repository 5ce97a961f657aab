"""Patient/$everything and Observation/$lastn of the embedded store (FHIR R4 operations)."""

# ruff: noqa: S608  (SQL is put together from names and numbers of ours; what comes from outside is bound)
from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tools.ehr.store.query import DEFAULT_COUNT, MAX_COUNT, Query
from tools.ehr.store.query_match import Matcher
from tools.ehr.store.query_sql import All, AnyOf, Expression, Leaf, Not, numbers
from tools.ehr.store.query_values import refuse, span
from tools.ehr.store.search import MAX_INCLUDED, Hits, page
from tools.ehr.store.search_parameters import compartment, parameters, type_number, types

_IDLE = {"_format", "_pretty"}
_EVERYTHING = ("_count", "_page", "_since", "_type", "end", "start")
# The care date of a type is the first of these that it has.
_CARE = (
    "date",
    "effective",
    "effective-time",
    "authoredon",
    "authored-on",
    "authored",
    "onset-date",
    "period",
    "whenhandedover",
    "occurrence",
    "started",
    "sent",
    "created",
    "issued",
)
_LARGEST_GROUP = 20_000
"""Observations $lastn looks through."""


def everything(
    matcher: Matcher, base: str, id_: str, pairs: list[tuple[str, str]], budget: Callable[[int], Any]
) -> Hits:
    """The compartment of a patient and of those linked to them, by page.

    Raises:
        BadSearch: a parameter the operation does not have.
    """
    query = Query("", base, types(), count=DEFAULT_COUNT)
    since, limits = "", []
    for name, value in pairs:
        if name in _IDLE:
            continue
        if name not in _EVERYTHING:
            raise refuse(name, f"one of {', '.join(_EVERYTHING)}")
        if name == "_count":
            query._set_count(value, "")
            query.count = max(1, min(query.count, MAX_COUNT))
        elif name == "_page":
            query.page = value
        elif name == "_type":
            query._types(value)
        elif name == "_since":
            since = value
        else:
            limits.append(("ge" if name == "start" else "le", name, value))
    patients = _linked(matcher.db, id_)
    if not patients:
        return Hits([], 0, None)
    wanted = AnyOf(tuple(_of(matcher, kind, patients, limits) for kind in query.types if _belongs(kind)))
    parts: list[Expression] = [wanted]
    if since:
        first = span("_since", since).low
        parts.append(Leaf("resource", "t.updated>=?", (first,)))
    return page(matcher.db, All(tuple(parts)), query, budget)


def _belongs(kind: str) -> bool:
    return kind == "Patient" or bool(compartment(kind, "Patient"))


def _of(matcher: Matcher, kind: str, patients: list[int], limits: list[tuple[str, str, str]]) -> Expression:
    if kind == "Patient":
        return Leaf("resource", numbers("t.rid", patients), single=True)
    atoms = [atom.number for atom in compartment(kind, "Patient")]
    inside: list[Expression] = [Leaf("fact", f"{numbers('t.p', atoms)} AND {numbers('t.v', patients)}")]
    known = parameters(kind)
    care = next((known[name] for name in _CARE if name in known and known[name].kind == "date"), None)
    for prefix, name, value in limits if care else []:
        assert care is not None
        dated = Leaf(
            "span", numbers("t.p", [number for atom in care.atoms for number in (atom.number, atom.number + 1)])
        )
        fits = matcher.leaf("date", care.atoms, "", (span(name, prefix + value),))
        inside.append(AnyOf((Not(dated), fits)))  # what has no date is not left out
    return All(tuple(inside))


def _linked(db: sqlite3.Connection, id_: str) -> list[int]:
    """The patient and all Patients linked to them, either way."""
    atoms = [atom.number for atom in parameters("Patient")["link"].atoms]
    patient = type_number("Patient")
    start = db.execute("SELECT rid FROM entity WHERE type=? AND id=?", (patient, id_)).fetchone()
    seen: list[int] = [start[0]] if start else []
    for rid in seen:
        rows = db.execute(
            f"SELECT f.v FROM fact f WHERE f.rid=?1 AND {numbers('f.p', atoms)} UNION "
            f"SELECT f.rid FROM fact f WHERE f.v=?1 AND {numbers('f.p', atoms)}",
            (rid,),
        ).fetchall()
        for (other,) in rows:
            kind = db.execute("SELECT type FROM entity WHERE rid=?", (other,)).fetchone()
            if other not in seen and kind and kind[0] == patient:
                seen.append(other)
    return seen


def referred(db: sqlite3.Connection, rids: list[int]) -> list[int]:
    """What some resources refer to and no compartment holds: practitioners, places, medications, devices."""
    outside = [type_number(kind) for kind in types() if not _belongs(kind)]
    links = sorted(
        {
            atom.number
            for kind in types()
            if _belongs(kind)
            for item in parameters(kind).values()
            if item.kind == "reference"
            for atom in item.atoms
        }
    )
    known = set(links)
    found: dict[int, None] = {}
    for start in range(0, len(rids), 500):
        rows = db.execute(f"SELECT f.p, f.v FROM fact f WHERE {numbers('f.rid', rids[start : start + 500])}").fetchall()
        targets = sorted({value for number, value in rows if number in known})
        for part in range(0, len(targets), 500):
            found.update(
                (row[0], None)
                for row in db.execute(
                    f"SELECT rid FROM resource WHERE {numbers('rid', targets[part : part + 500])} "
                    f"AND {numbers('type', outside)} ORDER BY rid"
                )
            )
    return list(found)


@dataclass
class _Group:
    """Observations of one code, whatever it is coded in."""

    codes: set[int]
    rids: list[int]


def lastn(matcher: Matcher, base: str, pairs: list[tuple[str, str]]) -> list[int]:
    """The latest `max` Observations for each code, newest first; a translation of a code is the same code.

    Raises:
        BadSearch: no patient or subject, no code or category, an unsupported parameter, too many to go through.
    """
    most, rest = 1, []
    for name, value in pairs:
        if name == "max":
            if not value.isascii() or not value.isdigit() or not 0 < int(value[:6]) <= MAX_COUNT:
                raise refuse("max", f"1 to {MAX_COUNT}", value)
            most = int(value)
        else:
            rest.append((name, value))
    names = {name.partition(":")[0].partition(".")[0] for name, _ in rest}
    if not names & {"patient", "subject"} or not names & {"code", "category"}:
        raise refuse("$lastn", "patient or subject, and code or category", ", ".join(sorted(names)))
    query = Query.parse("Observation", [*rest, ("_count", str(MAX_COUNT)), ("_total", "none")], base)
    if query.sort or query.includes or query.page:
        raise refuse("$lastn", "search parameters of Observation", "_sort, _include or _page")
    expression = matcher.all(query, "Observation")
    found = expression.rows(matcher.db)
    assert found is not None  # a type can always be listed
    sql = f"SELECT rid FROM ({found.sql}) LIMIT {_LARGEST_GROUP + 1}"
    rids = [row[0] for row in matcher.db.execute(sql, found.arguments)]
    if len(rids) > _LARGEST_GROUP:
        raise refuse(
            "$lastn", f"at most {_LARGEST_GROUP} results to go through: narrow it", f"more than {_LARGEST_GROUP}"
        )
    known = parameters("Observation")
    number = known["code"].atoms[0].number
    codes = _facts(matcher.db, rids, (number,))
    texts = _facts(matcher.db, [rid for rid in rids if rid not in codes], (number + 1,))
    dates = _dates(matcher.db, rids)
    chosen: list[int] = []
    for group in _groups(rids, codes, {rid: {-value for value in values} for rid, values in texts.items()}):
        group.rids.sort(key=lambda rid: (dates.get(rid, 0), rid), reverse=True)
        chosen += group.rids[:most]
    return chosen[:MAX_INCLUDED]


def _groups(rids: list[int], codes: dict[int, set[int]], texts: dict[int, set[int]]) -> Iterable[_Group]:
    by_code: dict[int, _Group] = {}
    for rid in rids:
        mine = codes.get(rid) or texts.get(rid) or {0}
        merged = _Group(set(mine), [rid])
        for group in {id(by_code[code]): by_code[code] for code in mine if code in by_code}.values():
            merged.codes |= group.codes
            merged.rids = group.rids + merged.rids
        for code in merged.codes:
            by_code[code] = merged
    return {id(group): group for group in by_code.values()}.values()


def _facts(db: sqlite3.Connection, rids: list[int], atoms: tuple[int, ...]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for start in range(0, len(rids), 500):
        sql = f"SELECT rid, v FROM fact WHERE {numbers('rid', rids[start : start + 500])} AND {numbers('p', atoms)}"
        for rid, value in db.execute(sql):
            found.setdefault(rid, set()).add(value)
    return found


def _dates(db: sqlite3.Connection, rids: list[int]) -> dict[int, int]:
    atom = parameters("Observation")["date"].atoms[0].number
    found: dict[int, int] = {}
    for start in range(0, len(rids), 500):
        where = f"{numbers('rid', rids[start : start + 500])} AND {numbers('p', (atom, atom + 1))}"
        found.update(db.execute(f"SELECT rid, max(a) FROM span WHERE {where} GROUP BY rid").fetchall())
    return found
