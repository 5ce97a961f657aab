"""Conditions as SQL: each can test one resource (`test`) and, where that is cheap, list all it holds for (`rows`).

A search begins with the rows of its most selective condition and tests the others on them. How selective one is, is
counted up to a bound, not guessed.
"""

# ruff: noqa: S608  (SQL is put together from names and numbers of ours; what comes from outside is bound)
from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tools.ehr.store.search_parameters import type_number
from tools.ehr.store.sql import ROOM

BOUND = 1000
"""Rows counted at most to tell how selective a condition is."""
Sql = tuple[str, list[Any]]


def numbers(column: str, found: Sequence[int]) -> str:
    """`column` is one of some numbers of ours."""
    if len(found) == 1:
        return f"{column}={int(found[0])}"
    return f"{column} IN ({','.join(str(int(item)) for item in found)})" if found else "0"


@dataclass(frozen=True)
class Rows:
    """A list of resources: SQL with a column `rid`, how many at most BOUND, and whether it comes in order of `rid`."""

    sql: str
    arguments: list[Any]
    size: int
    ordered: bool = False


class Expression:
    """A condition on a resource."""

    def test(self, rid: str, depth: int = 0) -> Sql:
        """A condition in SQL on the number of a resource."""
        raise NotImplementedError

    def rows(self, db: sqlite3.Connection) -> Rows | None:
        """All resources it holds for; none where they can only be tested one by one."""
        return None


def _counted(db: sqlite3.Connection, sql: str, arguments: list[Any]) -> int:
    counted: int = db.execute(f"SELECT count(*) FROM (SELECT 1 FROM ({sql}) LIMIT {BOUND})", arguments).fetchone()[0]
    return counted


@dataclass(frozen=True)
class Leaf(Expression):
    """Rows of one table, written over the alias `t`; `single` where an index gives them in order of `rid`."""

    table: str
    where: str
    arguments: tuple[Any, ...] = ()
    single: bool = False

    def test(self, rid: str, depth: int = 0) -> Sql:
        if self.where == "0":
            return "0", []
        return f"EXISTS (SELECT 1 FROM {self.table} t WHERE t.rid={rid} AND {self.where})", list(self.arguments)

    def over(self, alias: str) -> str:
        """The condition over another alias."""
        return re.sub(r"\bt\.", f"{alias}.", self.where)

    def rows(self, db: sqlite3.Connection) -> Rows | None:
        distinct = "" if self.single else "DISTINCT "
        sql = f"SELECT {distinct}t.rid AS rid FROM {self.table} t WHERE {self.where}"
        plain = f"SELECT 1 FROM {self.table} t WHERE {self.where}"
        return Rows(sql, list(self.arguments), _counted(db, plain, list(self.arguments)), self.single)


NEVER = Leaf("resource", "0")


@dataclass(frozen=True)
class Hint(Expression):
    """A list that holds whenever the other conditions do: only a way to find them quickly."""

    of: Leaf

    def test(self, rid: str, depth: int = 0) -> Sql:
        return "1", []

    def rows(self, db: sqlite3.Connection) -> Rows | None:
        return self.of.rows(db)


@dataclass(frozen=True)
class Elements(Expression):
    """A composite within an element: all parts hold for the rows of one element (negative `rid`, see `sql.Rows`)."""

    parts: tuple[Leaf, ...]

    def _first(self) -> Sql:
        first, *others = self.parts
        where, arguments = [first.over("e")], list(first.arguments)
        for number, other in enumerate(others):
            alias = f"o{number}"
            where.append(
                f"EXISTS (SELECT 1 FROM {other.table} {alias} WHERE {alias}.rid=e.rid AND {other.over(alias)})"
            )
            arguments += other.arguments
        return f"{first.table} e WHERE {' AND '.join(f'({item})' for item in where)}", arguments

    def test(self, rid: str, depth: int = 0) -> Sql:
        sql, arguments = self._first()
        low, high = f"-({rid}*{ROOM}+{ROOM - 1})", f"-({rid}*{ROOM})"
        return f"EXISTS (SELECT 1 FROM {sql} AND e.rid BETWEEN {low} AND {high})", arguments

    def rows(self, db: sqlite3.Connection) -> Rows | None:
        sql, arguments = self._first()
        listed = f"SELECT DISTINCT (-e.rid)/{ROOM} AS rid FROM {sql}"
        return Rows(listed, arguments, _counted(db, f"SELECT 1 FROM {sql}", arguments))


@dataclass(frozen=True)
class Not(Expression):
    """The condition does not hold."""

    of: Expression

    def test(self, rid: str, depth: int = 0) -> Sql:
        sql, arguments = self.of.test(rid, depth)
        return f"NOT ({sql})", arguments


@dataclass(frozen=True)
class All(Expression):
    """Every condition holds."""

    of: tuple[Expression, ...]

    def test(self, rid: str, depth: int = 0) -> Sql:
        tests = [item.test(rid, depth) for item in self.of]
        return " AND ".join(f"({sql})" for sql, _ in tests) or "1", [item for _, values in tests for item in values]

    def rows(self, db: sqlite3.Connection) -> Rows | None:
        best: tuple[Rows, int] | None = None
        for number, item in enumerate(self.of):
            found = item.rows(db)
            if found is None:
                continue
            if found.size == 0:
                return found
            if best is None or (found.size, not found.ordered) < (best[0].size, not best[0].ordered):
                best = (found, number)
        if best is None:
            return None
        found, chosen = best
        others = [item for number, item in enumerate(self.of) if number != chosen]
        if not others:
            return found
        sql, arguments = All(tuple(others)).test("d.rid")
        listed = f"SELECT d.rid AS rid FROM ({found.sql}) d WHERE {sql}"
        return Rows(listed, [*found.arguments, *arguments], found.size, found.ordered)


@dataclass(frozen=True)
class AnyOf(Expression):
    """One of the conditions holds."""

    of: tuple[Expression, ...]

    def test(self, rid: str, depth: int = 0) -> Sql:
        tests = [item.test(rid, depth) for item in self.of]
        return " OR ".join(f"({sql})" for sql, _ in tests) or "0", [item for _, values in tests for item in values]

    def rows(self, db: sqlite3.Connection) -> Rows | None:
        listed = [item.rows(db) for item in self.of]
        found = [item for item in listed if item is not None]
        if len(found) != len(self.of) or not found:
            return None
        if len(found) == 1:
            return found[0]
        sql = " UNION ".join(f"SELECT rid FROM ({item.sql})" for item in found)
        arguments = [value for item in found for value in item.arguments]
        return Rows(sql, arguments, min(BOUND, sum(item.size for item in found)))


@dataclass(frozen=True)
class Linked(Expression):
    """A condition on what a resource refers to (`forward`), or on what refers to it."""

    atoms: tuple[int, ...]
    type: str
    condition: Expression
    forward: bool = True

    def _inner(self) -> Expression:
        return All((self.condition, typed(self.type)))

    def test(self, rid: str, depth: int = 0) -> Sql:
        link = f"l{depth}"
        here, there = (f"{link}.rid", f"{link}.v") if self.forward else (f"{link}.v", f"{link}.rid")
        sql, arguments = self._inner().test(there, depth + 1)
        where = numbers(f"{link}.p", self.atoms)
        return f"EXISTS (SELECT 1 FROM fact {link} WHERE {here}={rid} AND {where} AND {sql})", arguments

    def rows(self, db: sqlite3.Connection) -> Rows | None:
        found = self._inner().rows(db)
        if found is None or found.size >= BOUND:
            return None
        here, there = ("rid", "v") if self.forward else ("v", "rid")
        where = numbers("l.p", self.atoms)
        joined = f"FROM ({found.sql}) i CROSS JOIN fact l ON l.{there}=i.rid AND {where}"
        size = _counted(db, f"SELECT 1 {joined}", found.arguments)
        return Rows(f"SELECT DISTINCT l.{here} AS rid {joined}", found.arguments, size)


def typed(kind: str) -> Leaf:
    """Resources of a type."""
    return Leaf("resource", f"t.type={type_number(kind)}", single=True)
