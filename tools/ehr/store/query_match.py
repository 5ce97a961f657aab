"""What a parameter asks for, as conditions on the tables of the store; dictionaries are looked up once a search."""

# ruff: noqa: S608  (SQL is put together from names and numbers of ours; what comes from outside is bound)
from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tools.ehr.store import index
from tools.ehr.store import query as parsed
from tools.ehr.store.index_units import UCUM, measure
from tools.ehr.store.query_sql import NEVER, All, AnyOf, Elements, Expression, Hint, Leaf, Linked, Not, numbers, typed
from tools.ehr.store.query_values import Amount, Span, Target, Token, Value
from tools.ehr.store.search_parameters import Atom, Parameter, compartment, pairs, type_number, types
from tools.ehr.store.sql import SHORT, pair_key

_LISTED = 400
"""Entries of a dictionary that are named one by one; more are left to a subquery."""
HL7 = "http://hl7.org/fhir/"
Codes = Callable[[str, Value], list[Token]]
"""What a value set or a hierarchy names: `(modifier, value)` -> codes."""


@dataclass(frozen=True)
class Matcher:
    """Builds conditions for one store."""

    db: sqlite3.Connection
    codes: Codes

    def all(self, query: parsed.Query, kind: str) -> Expression:
        """The whole query on one type."""
        within = [self.within(kind, *query.compartment)] if query.compartment else []
        asked = query.of(kind)
        hints = self._hints(kind, [item for item in asked if isinstance(item, parsed.Test)])
        return All((*within, *hints, *(self.condition(item) for item in asked), typed(kind)))

    def _hints(self, kind: str, asked: list[parsed.Test]) -> list[Expression]:
        """Ways to find codes with an amount, where a search asks for both."""
        by_atom = {
            item.parameter.atoms[0].number: cast("tuple[Value, ...]", item.values)
            for item in asked
            if not item.modifier and len(item.parameter.atoms) == 1
        }
        found: list[Expression] = []
        for amount, (code, pair) in pairs(kind).items():
            if amount in by_atom and code in by_atom:
                found += self._pair(pair, by_atom[code], by_atom[amount])
        return found

    def _pair(self, number: int, codes: Sequence[Value], amounts: Sequence[Value]) -> list[Expression]:
        found, queries = self._entries("token", "", codes, "")
        if queries:
            return []
        units = [row[0] for row in self.db.execute("SELECT uid FROM unit")]
        made = [item for value in amounts for item in self._amounts(value)]
        if not found or not made:
            return [Hint(NEVER)]
        if len(found) * len(units) > _LISTED:
            return []
        parts = []
        for uid, sql, _ in made:
            keys = [pair_key(tid, unit) for tid in found for unit in (units if uid is None else [uid])]
            parts.append(f"t.p={number} AND {numbers('t.a', keys)} AND ({sql})")
        return [Hint(Leaf("span", _any(parts), tuple(v for _, _, vs in made for v in vs)))]

    def _amounts(self, value: Value) -> list[tuple[int | None, str, list[Any]]]:
        units = self.db.execute("SELECT uid, system, code, unit FROM unit").fetchall()
        return _amounts(cast("Amount", value), units)

    def within(self, kind: str, whose: str, id_: str) -> Expression:
        """Resources of a type in a compartment; the resource whose it is belongs to it."""
        rids = [row[0] for row in self.db.execute(*_target(Target(whose, id_), "")[0])]
        atoms = [atom.number for atom in compartment(kind, whose)]
        inside = Leaf("fact", f"{numbers('t.p', atoms)} AND {numbers('t.v', rids)}")
        itself = Leaf("resource", numbers("t.rid", rids), single=True)
        return AnyOf((inside, itself)) if kind == whose else inside

    def condition(self, item: parsed.Condition) -> Expression:
        """One condition."""
        if isinstance(item, parsed.Ids):
            wanted = ",".join("?" * len(item.ids))
            rows = self.db.execute(
                f"SELECT rid FROM entity WHERE type={type_number(item.type)} AND id IN ({wanted})",
                item.ids,
            ).fetchall()
            return Leaf("resource", numbers("t.rid", [row[0] for row in rows]), single=True)
        if isinstance(item, parsed.Updated):
            spans = [_written(value) for value in item.values]
            return Leaf("resource", _any(sql for sql, _ in spans), tuple(v for _, values in spans for v in values))
        if isinstance(item, parsed.Chain):
            atoms = tuple(atom.number for atom in item.parameter.atoms)
            return AnyOf(tuple(Linked(atoms, kind, self.condition(inner)) for kind, inner in item.alternatives))
        if isinstance(item, parsed.Has):
            atoms = tuple(atom.number for atom in item.parameter.atoms)
            return Linked(atoms, item.type, self.condition(item.condition), forward=False)
        if isinstance(item, parsed.Missing):
            return self._missing(item)
        found = self._test(item)
        return Not(found) if item.modifier in ("not", "not-in") else found

    def _missing(self, item: parsed.Missing) -> Expression:
        table = _table(item.parameter.kind)
        atoms = [atom.number for atom in item.parameter.atoms]
        if item.parameter.kind in ("token", "reference", "date"):
            atoms += [number + 1 for number in atoms]  # a text or an identifier alone is a value too
        where = numbers("t.p", atoms)
        if item.parameter.only:
            where += f" AND t.v IN (SELECT rid FROM entity WHERE type={type_number(item.parameter.only)})"
        there = Leaf(table, where)
        return Not(there) if item.missing else there

    def _test(self, item: parsed.Test) -> Expression:
        if item.parameter.kind != "composite":
            values = cast("tuple[Value, ...]", item.values)
            return self.leaf(item.parameter.kind, item.parameter.atoms, item.modifier, values, item.parameter.only)
        found: list[Expression] = []
        for context in item.parameter.contexts:
            for parts in cast("tuple[tuple[Value, ...], ...]", item.values):
                joined = zip(context.parts, parts, strict=True)
                leaves = tuple(self.leaf(atom.kind, (atom,), "", (value,)) for atom, value in joined)
                known = pairs(item.type).get(context.parts[-1].number)
                if not context.keys and known and known[0] == context.parts[0].number:
                    found.append(All((*self._pair(known[1], parts[:1], parts[1:]), *leaves)))
                else:
                    found.append(Elements(leaves) if context.keys else All(leaves))
        return AnyOf(tuple(found))

    def leaf(self, kind: str, atoms: Sequence[Atom], modifier: str, values: Sequence[Value], only: str = "") -> Leaf:
        """Rows of the atoms that have one of the values."""
        shift = {"text": 1, "identifier": 1, "of-type": 2}.get(modifier, 0)
        where = numbers("t.p", [atom.number + shift for atom in atoms])
        if kind == "date":
            dates = [item for value in values for item in _dates(cast("Span", value), atoms)]
            return Leaf("span", _any(sql for sql, _ in dates), tuple(item for _, found in dates for item in found))
        if _table(kind) == "span":
            every = numbers("t.a", [row[0] for row in self.db.execute("SELECT uid FROM unit")])
            made = [item for value in values for item in self._amounts(value)]
            # The atom stands in each alternative, so that the index serves each.
            parts = [f"{where} AND {every if uid is None else f't.a={uid}'} AND ({sql})" for uid, sql, _ in made]
            return Leaf("span", _any(parts) if parts else "0", tuple(v for _, _, vs in made for v in vs))
        found, queries = self._entries(kind, modifier, values, only)
        if not queries:
            if not found:
                return NEVER
            single = len(found) == 1 and len(atoms) == 1
            return Leaf("fact", f"{where} AND {numbers('t.v', found)}", single=single)
        listed = [numbers("t.v", found)] if found else []
        listed += [f"t.v IN ({sql})" for sql, _ in queries]
        return Leaf("fact", f"{where} AND ({_any(listed)})", tuple(v for _, vs in queries for v in vs))

    def _entries(
        self, kind: str, modifier: str, values: Sequence[Value], only: str
    ) -> tuple[list[int], list[tuple[str, list[Any]]]]:
        """Numbers in the dictionary, and queries where there are too many to list."""
        queries: list[tuple[str, list[Any]]] = []
        for value in values:
            if modifier in ("in", "not-in", "above", "below") and kind == "token":
                queries += [query for token in self.codes(modifier, value) for query in _token(token)]
            elif isinstance(value, Token):
                queries += _token(value)
            elif isinstance(value, Target):
                queries += _target(value, only)
            elif kind == "uri":
                queries.append(_uri(modifier, str(value)))
            else:
                queries.append(_word(modifier, str(value)))
        found: list[int] = []
        left = []
        for sql, arguments in queries:
            rows = self.db.execute(f"{sql} LIMIT {_LISTED + 1}", arguments).fetchall()
            if len(rows) + len(found) > _LISTED:
                left.append((sql, arguments))
            else:
                found += [row[0] for row in rows]
        return list(dict.fromkeys(found)), left


def _table(kind: str) -> str:
    return "span" if kind in ("date", "quantity", "number") else "fact"


def _any(conditions: Iterable[str]) -> str:
    return f"({' OR '.join(f'({sql})' for sql in conditions)})"


_TERM = "SELECT term.tid FROM term"


def _token(value: Token) -> list[tuple[str, list[Any]]]:
    """Codes are compared without regard to case, as R4 advises where a system does not say; systems are exact."""
    if value.code is None:
        return [(f"{_TERM} WHERE term.sid=(SELECT sid FROM system WHERE uri=?)", [value.system])]
    coded = f"{_TERM} WHERE term.code=? COLLATE NOCASE"
    if value.system is None:
        return [(coded, [value.code])]
    found = [(f"{coded} AND term.sid=(SELECT sid FROM system WHERE uri=?)", [value.code, value.system])]
    if value.system.startswith(HL7):  # elements of type code have their system in the specification, not in the data
        found.append((f"{coded} AND term.sid=(SELECT sid FROM system WHERE uri='')", [value.code]))
    return found


def _target(value: Target, only: str) -> list[tuple[str, list[Any]]]:
    if value.url:
        # A canonical address without a version means any version.
        return [("SELECT rid FROM entity WHERE type=0 AND (id=?1 OR (id>?1||'|' AND id<?1||'}'))", [value.url])]
    if not value.id:
        return []
    if value.type:
        return [("SELECT rid FROM entity WHERE type=? AND id=?", [type_number(value.type), value.id])]
    every = ",".join(str(number) for number in range(len(types()) + 1))
    return [(f"SELECT rid FROM entity WHERE type IN ({every}) AND id=?", [value.id])]


def _uri(modifier: str, value: str) -> tuple[str, list[Any]]:
    plain = f"{_TERM} WHERE term.sid=(SELECT sid FROM system WHERE uri='') AND"
    if modifier == "below":
        root = value.rstrip("/") + "/"
        between = f"{plain} (term.code=? OR substr(term.code, 1, ?)=?) AND term.code>=? COLLATE NOCASE"
        return f"{between} AND term.code<? COLLATE NOCASE", [value, len(root), root, value.rstrip("/"), root[:-1] + "0"]
    if modifier == "above":
        steps = value.split("/")
        above = ["/".join(steps[:count]) for count in range(1, len(steps) + 1)]
        above += [f"{item}/" for item in above if item != value]
        wanted = ",".join("?" * len(above))
        return f"{plain} term.code COLLATE NOCASE IN ({wanted}) AND term.code IN ({wanted})", [*above, *above]
    return f"{plain} term.code=? COLLATE NOCASE AND term.code=?", [value, value]


def _word(modifier: str, value: str) -> tuple[str, list[Any]]:
    folded = index.fold(value)
    if modifier == "exact":
        return "SELECT wid FROM word WHERE folded=? AND written=?", [folded, value]
    if modifier == "contains":
        return "SELECT wid FROM word WHERE instr(folded, ?)>0", [folded]
    return "SELECT wid FROM word WHERE folded>=? AND folded<?", [folded, folded + "\U0010ffff"]


def _span(value: Span, low: str, high: str) -> tuple[str, list[Any]]:
    """The nine comparisons of intervals, R4 search.html#prefix."""
    first, after = value.low, value.high
    inside = f"{low}>=? AND {high}<=?"
    return {
        "eq": (inside, [first, after]),
        "ne": (f"NOT ({inside})", [first, after]),
        "gt": (f"{high}>?", [after]),
        "lt": (f"{low}<?", [first]),
        "ge": (f"{high}>? OR ({inside})", [after, first, after]),
        "le": (f"{low}<? OR ({inside})", [first, first, after]),
        "sa": (f"{low}>=?", [after]),
        "eb": (f"{high}<=?", [first]),
        "ap": (f"{low}<? AND {high}>?", [after, first]),
    }[value.prefix]


def _written(value: Span) -> tuple[str, list[Any]]:
    """The same for a moment, so that an index is of use."""
    first, after = value.low, value.high
    inside = "t.updated>=? AND t.updated<?"
    return {
        "eq": (inside, [first, after]),
        "ap": (inside, [first, after]),
        "ne": (f"NOT ({inside})", [first, after]),
        "gt": ("t.updated>=?", [after]),
        "sa": ("t.updated>=?", [after]),
        "ge": ("t.updated>=?", [first]),
        "lt": ("t.updated<?", [first]),
        "eb": ("t.updated<?", [first]),
        "le": ("t.updated<?", [after]),
    }[value.prefix]


def _dates(value: Span, atoms: Sequence[Atom]) -> list[tuple[str, list[Any]]]:
    """A date in the rows of an atom: those of at most a day begin close enough to it for the index to find them."""
    sql, arguments = _span(value, "t.a", "t.b")
    first, after = value.low, value.high
    least = {"eq": first, "gt": after - SHORT, "ge": first - SHORT, "sa": after, "ap": first - SHORT}.get(value.prefix)
    most = {"eq": after, "lt": first, "le": after, "eb": first, "ap": after}.get(value.prefix)
    close = f"{'' if least is None else f' AND t.a>={least}'}{'' if most is None else f' AND t.a<={most}'}"
    short = numbers("t.p", [atom.number for atom in atoms])
    wide = numbers("t.p", [atom.number + 1 for atom in atoms])
    return [(f"{short}{close} AND ({sql})", arguments), (f"{wide} AND ({sql})", arguments)]


def _amounts(value: Amount, units: list[tuple[int, str, str, str]]) -> list[tuple[int | None, str, list[Any]]]:
    """A number in any unit (none), or converted into each unit of the store that measures the same."""
    if value.system is None:
        return [(None, *_amount(value.prefix, value.value, value.half, "t.b"))]
    found: list[tuple[int | None, str, list[Any]]] = []
    asked = measure(value.code or "") if value.system in ("", UCUM) else None
    for uid, system, code, unit in units:
        same = value.code in (code, unit) if not value.system else (system, code) == (value.system, value.code)
        if value.system and not value.code:
            same = system == value.system
        number, half = value.value, value.half
        if not same:
            there = measure(code) if system == UCUM and value.system == UCUM else None
            if asked is None or there is None or asked.dimension != there.dimension:
                continue
            number = float(f"{(number * asked.factor + asked.offset - there.offset) / there.factor:.12g}")
            half = half * asked.factor / there.factor
        found.append((uid, *_amount(value.prefix, number, half, "t.b")))
    return found


def _amount(prefix: str, number: float, half: float, column: str) -> tuple[str, list[Any]]:
    # Beyond 2**53 a float has no half: the number itself is inside all the same.
    low, high = number - half, max(number + half, math.nextafter(number, math.inf))
    near = f"{column}>=? AND {column}<?"
    return {
        "eq": (near, [low, high]),
        "ap": (f"{column}>=? AND {column}<=?", [low, high]),
        "ne": (f"NOT ({near})", [low, high]),
        "gt": (f"{column}>?", [number]),
        "sa": (f"{column}>?", [number]),
        "lt": (f"{column}<?", [number]),
        "eb": (f"{column}<?", [number]),
        "ge": (f"{column}>=?", [number]),
        "le": (f"{column}<=?", [number]),
    }[prefix]


def order_key(parameter: Parameter, rid: str, down: bool) -> str:
    """The value a resource is sorted by: its lowest upwards, its highest downwards."""
    edge = "max" if down else "min"
    atoms = [atom.number for atom in parameter.atoms]
    if parameter.kind == "date":
        atoms += [number + 1 for number in atoms]
    where = f"t.rid={rid} AND {numbers('t.p', atoms)}"
    if parameter.kind == "date":
        return f"(SELECT {edge}(t.a) FROM span t WHERE {where})"
    if parameter.kind in ("quantity", "number"):
        return f"(SELECT {edge}(t.b) FROM span t WHERE {where})"
    if parameter.kind == "string":
        return f"(SELECT {edge}(w.folded) FROM fact t JOIN word w ON w.wid=t.v WHERE {where})"
    if parameter.kind == "reference":
        return f"(SELECT {edge}(e.id) FROM fact t JOIN entity e ON e.rid=t.v WHERE {where})"
    return f"(SELECT {edge}(m.code) FROM fact t JOIN term m ON m.tid=t.v WHERE {where})"
