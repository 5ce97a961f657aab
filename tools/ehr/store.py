"""The embedded store: FHIR R4 resources as JSON on SQLite, with rows to search by. Thread-safe; a file or memory."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.ehr import index
from tools.ehr.fhirjson import Resource, content_version, dumps, loads
from tools.ehr.query import Query
from tools.errors import UsageError

BASE = "http://osler.local/fhir"
"""Base address of the embedded store: never resolved by a network, only told apart from other servers."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS resource(rid INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL,
  version TEXT NOT NULL, updated INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE(type, id));
CREATE TABLE IF NOT EXISTS history(seq INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL,
  updated INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS history_by ON history(type, id);
CREATE TABLE IF NOT EXISTS token(rid INTEGER NOT NULL, type TEXT, param TEXT, a TEXT, b TEXT, c TEXT);
CREATE TABLE IF NOT EXISTS reference(rid INTEGER NOT NULL, type TEXT, param TEXT, a TEXT, b TEXT, c TEXT);
CREATE TABLE IF NOT EXISTS date(rid INTEGER NOT NULL, type TEXT, param TEXT, a INTEGER, b INTEGER, c TEXT);
CREATE TABLE IF NOT EXISTS string(rid INTEGER NOT NULL, type TEXT, param TEXT, a TEXT, b TEXT, c TEXT);
CREATE TABLE IF NOT EXISTS quantity(rid INTEGER NOT NULL, type TEXT, param TEXT, a REAL, b TEXT, c TEXT);
CREATE INDEX IF NOT EXISTS token_by ON token(type, param, b, a, rid);
CREATE INDEX IF NOT EXISTS reference_by ON reference(type, param, b, a, rid);
CREATE INDEX IF NOT EXISTS date_by ON date(type, param, a, b, rid);
CREATE INDEX IF NOT EXISTS string_by ON string(type, param, a, rid);
CREATE INDEX IF NOT EXISTS quantity_by ON quantity(type, param, a, rid);
CREATE INDEX IF NOT EXISTS token_of ON token(rid);
CREATE INDEX IF NOT EXISTS reference_of ON reference(rid);
CREATE INDEX IF NOT EXISTS date_of ON date(rid);
CREATE INDEX IF NOT EXISTS string_of ON string(rid);
CREATE INDEX IF NOT EXISTS quantity_of ON quantity(rid);
"""
_INSERT = {
    table: f"INSERT INTO {table}(rid, type, param, a, b, c) VALUES (?,?,?,?,?,?)"  # noqa: S608  (names of ours)
    for table in ("token", "reference", "date", "string", "quantity")
}


@dataclass(frozen=True)
class Stored:
    """A resource as it lies in the store; `body` is its JSON with `meta.versionId` and `meta.lastUpdated`."""

    type: str
    id: str
    version: str
    body: str

    @property
    def resource(self) -> Resource:
        """The resource itself."""
        found: Resource = loads(self.body)
        return found


@dataclass
class Found:
    """One page of a search: matches, what they include, and how many match in all."""

    matches: list[Stored] = field(default_factory=list)
    included: list[Stored] = field(default_factory=list)
    total: int = 0


class Store:
    """Resources of any number of patients.

    Args:
        path: an SQLite file, made where it is missing; in memory by default.
    """

    def __init__(self, path: str | Path = ":memory:", *, base: str = BASE) -> None:
        self.base = base
        self._lock = threading.RLock()
        try:
            self._db = sqlite3.connect(str(path), check_same_thread=False, isolation_level=None, timeout=10)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            raise UsageError(
                f"{path} cannot be used as a store: {error}",
                found=str(path),
                expected="an SQLite file of Osler's, or none",
                action="name another file",
            ) from error
        self._depth = 0

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside is written together, or nothing of it."""
        with self._lock:
            outer = self._depth == 0
            if outer:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                if outer:
                    self._db.execute("ROLLBACK")
                raise
            else:
                if outer:
                    self._db.execute("COMMIT")
            finally:
                self._depth -= 1

    def get(self, kind: str, id_: str, version: str | None = None) -> Stored | None:
        """A resource, or one of its versions."""
        with self._lock:
            row = self._db.execute(
                "SELECT type, id, version, body FROM resource WHERE type=? AND id=?", (kind, id_)
            ).fetchone()
            if version is not None and (row is None or row[2] != version):
                row = self._db.execute(
                    "SELECT type, id, version, body FROM history WHERE type=? AND id=? AND version=? ORDER BY seq DESC",
                    (kind, id_, version),
                ).fetchone()
        return Stored(*row) if row else None

    def put(self, resource: Resource) -> tuple[Stored, str]:
        """Write a checked resource that has an id; says whether it was created, updated or unchanged."""
        kind, id_, version = resource["resourceType"], resource["id"], content_version(resource)
        now = datetime.now(UTC)
        with self.transaction():
            old = self._db.execute(
                "SELECT rid, version, updated, body FROM resource WHERE type=? AND id=?", (kind, id_)
            ).fetchone()
            if old and old[1] == version:
                return Stored(kind, id_, version, old[3]), "unchanged"
            stamp = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            meta = {**resource.get("meta", {}), "versionId": version, "lastUpdated": stamp}
            head = {"resourceType": kind, "id": id_, "meta": meta}
            body = dumps({**head, **{key: value for key, value in resource.items() if key not in head}})
            moment = index.microseconds(now)
            if old:
                self._db.execute(
                    "INSERT INTO history(type, id, version, updated, body) VALUES (?,?,?,?,?)",
                    (kind, id_, old[1], old[2], old[3]),
                )
                rid = old[0]
                self._db.execute(
                    "UPDATE resource SET version=?, updated=?, body=? WHERE rid=?", (version, moment, body, rid)
                )
                for table in _INSERT:
                    self._db.execute(f"DELETE FROM {table} WHERE rid=?", (rid,))  # noqa: S608  (names of ours)
            else:
                rid = self._db.execute(
                    "INSERT INTO resource(type, id, version, updated, body) VALUES (?,?,?,?,?)",
                    (kind, id_, version, moment, body),
                ).lastrowid
            for table, param, a, b, c in index.rows(resource, self.base):
                self._db.execute(_INSERT[table], (rid, kind, param, a, b, c))
        return Stored(kind, id_, version, body), "updated" if old else "created"

    def search(self, query: Query) -> Found:
        """One page of matches in a stable order, their includes, and the number of all matches."""
        where, arguments = query.where()
        order, sorting = query.order()
        with self._lock:
            total = self._db.execute(f"SELECT count(*) FROM resource r WHERE {where}", arguments).fetchone()[0]  # noqa: S608
            found = Found(total=total)
            if query.count == 0 or query.only_count:
                return found
            rows = self._db.execute(
                f"SELECT type, id, version, body, rid FROM resource r WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",  # noqa: S608
                [*arguments, *sorting, query.count, query.offset],
            ).fetchall()
            found.matches = [Stored(*row[:4]) for row in rows]
            found.included = self._included([row[4] for row in rows], query)
        return found

    def _included(self, rids: list[int], query: Query) -> list[Stored]:
        seen: dict[tuple[str, str], Stored] = {}
        for param, target in query.includes:
            for rid in rids:
                rows = self._db.execute(
                    "SELECT r.type, r.id, r.version, r.body FROM reference f "
                    "JOIN resource r ON r.type=f.a AND r.id=f.b "
                    "WHERE f.rid=? AND f.param=? AND (? = '' OR f.a = ?)",
                    (rid, param, target, target),
                ).fetchall()
                seen.update({(row[0], row[1]): Stored(*row) for row in rows})
        return list(seen.values())

    def counts(self) -> dict[str, int]:
        """How many resources of each type there are."""
        with self._lock:
            return dict(self._db.execute("SELECT type, count(*) FROM resource GROUP BY type ORDER BY type").fetchall())

    def ids(self, kind: str, limit: int = 1000) -> list[str]:
        """Ids of a type, in order of id."""
        with self._lock:
            rows: list[Any] = self._db.execute(
                "SELECT id FROM resource WHERE type=? ORDER BY id LIMIT ?", (kind, limit)
            ).fetchall()
        return [row[0] for row in rows]
