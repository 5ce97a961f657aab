"""The embedded store: FHIR R4 resources as JSON on SQLite, with rows to search by. Thread-safe; a file or memory.

A resource's versions are content hashes, so that a second import of the same record changes nothing. A store's file
made by an older Osler is indexed again when it is opened; resources and their history stay.
"""

# ruff: noqa: S608  (SQL is put together from names and numbers of ours; what comes from outside is bound)
from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.ehr.fhirjson import Resource, content_version, dumps, loads
from tools.ehr.store import codes, index, patient
from tools.ehr.store.limit import Limit, TimedOut
from tools.ehr.store.query import Query
from tools.ehr.store.query_match import Matcher
from tools.ehr.store.query_sql import numbers
from tools.ehr.store.query_values import Token, Value
from tools.ehr.store.search import included, run
from tools.ehr.store.search_parameters import pairs, parameters, type_number, types
from tools.ehr.store.sql import Rows, connect

__all__ = ["BASE", "Found", "Store", "Stored", "TimedOut"]

BASE = "http://osler.local/fhir"
"""Base address of the embedded store: never resolved by a network, only told apart from other servers."""
BATCH = 1000
"""Resources written at once in bulk."""
_NOW = "SELECT e.type, e.id, r.version, r.body, r.updated, 0, r.rid FROM resource r JOIN entity e ON e.rid=r.rid"
_THEN = (
    "SELECT e.type, e.id, h.version, h.body, h.updated, h.deleted, h.rid FROM history h JOIN entity e ON e.rid=h.rid"
)


@dataclass(frozen=True)
class Stored:
    """A resource as it lies in the store; `body` is its JSON with `meta.versionId` and `meta.lastUpdated`.

    A deletion is a version too: `deleted`, with an empty body.
    """

    type: str
    id: str
    version: str
    body: str
    updated: str
    deleted: bool = False

    @property
    def resource(self) -> Resource:
        """The resource itself."""
        found: Resource = loads(self.body)
        return found


@dataclass
class Found:
    """One page of a search: matches, what they include, and how many match in all.

    `total` is none where it was not counted; `next` is the value of `_page` of the following page, none on the last.
    """

    matches: list[Stored] = field(default_factory=list)
    included: list[Stored] = field(default_factory=list)
    total: int | None = 0
    next: str | None = None


class Store:
    """Resources of any number of patients.

    Args:
        path: an SQLite file, made where it is missing; in memory by default.
        base: the address references to this store may have.

    Raises:
        UsageError: the file is no store.
    """

    def __init__(self, path: str | Path = ":memory:", *, base: str = BASE) -> None:
        self.base = base
        self._lock = threading.RLock()
        self._db, stale = connect(path)
        self._rows = Rows(self._db, base)
        self._depth = self._clock = 0
        self._waiting: dict[int, tuple[Any, ...]] = {}
        self._limit = Limit(self._db)
        if stale:
            self._index_again()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    # -- transactions, time ----------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside is written together, or nothing of it."""
        with self._lock:
            outer = self._depth == 0
            if outer:
                self._db.execute("BEGIN IMMEDIATE")
                self._rows.forget()  # another connection may have put another state of the file in place
            self._depth += 1
            try:
                yield
                if outer:
                    self._flush()
                    self._db.execute("COMMIT")
            except BaseException:
                if outer:
                    self._waiting.clear()
                    self._rows.forget()
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def limited(self, seconds: float) -> contextlib.AbstractContextManager[None]:
        """What is asked inside must be answered in this time.

        Raises:
            TimedOut: it is not.
        """
        return self._limit.within(seconds)

    # -- reading ---------------------------------------------------------------------------------------------------

    def get(self, kind: str, id_: str, version: str | None = None) -> Stored | None:
        """A resource (none where it is deleted), or one of its versions (which may be a deletion)."""
        with self._reading() as db:
            place = (type_number(kind), id_)
            row = db.execute(f"{_NOW} WHERE e.type=? AND e.id=?", place).fetchone()
            if version is not None and (row is None or row[2] != version):
                row = db.execute(f"{_THEN} WHERE e.type=? AND e.id=? AND h.version=?", (*place, version)).fetchone()
        return _stored(row) if row else None

    def gone(self, kind: str, id_: str) -> bool:
        """Was it here, and is it deleted?"""
        with self._reading() as db:
            place = (type_number(kind), id_)
            if db.execute(f"{_NOW} WHERE e.type=? AND e.id=?", place).fetchone():
                return False
            return db.execute(f"{_THEN} WHERE e.type=? AND e.id=? LIMIT 1", place).fetchone() is not None

    def search(self, query: Query) -> Found:
        """One page of matches in a stable order, their includes, and the number of all matches."""
        with self._reading() as db:
            hits = run(Matcher(db, self._codes), query, self._limit.work)
            found = Found(self._bodies(hits.rids), [], hits.total, hits.next)
            if query.includes and hits.rids:
                found.included = self._bodies(included(db, hits.rids, query, self._by_url))
        return found

    def everything(self, id_: str, pairs: list[tuple[str, str]]) -> Found:
        """Patient/$everything: the patient's compartment, and what it refers to (see `patient`)."""
        with self._reading() as db:
            hits = patient.everything(Matcher(db, self._codes), self.base, id_, pairs, self._limit.work)
            return Found(self._bodies(hits.rids), self._bodies(patient.referred(db, hits.rids)), hits.total, hits.next)

    def lastn(self, pairs: list[tuple[str, str]]) -> Found:
        """Observation/$lastn: the latest results for each code (see `patient`)."""
        with self._reading() as db:
            rids = patient.lastn(Matcher(db, self._codes), self.base, pairs)
            return Found(self._bodies(rids), [], len(rids))

    def history(
        self,
        kind: str | None = None,
        id_: str | None = None,
        *,
        since: datetime | None = None,
        at: tuple[datetime, datetime] | None = None,
        count: int = 50,
        offset: int = 0,
    ) -> tuple[list[Stored], int]:
        """Versions of a resource, a type or everything, newest first and deletions included, and how many there are.

        Args:
            kind: of this type only.
            id_: of this resource only.
            since: made at this moment or later.
            at: current at some time of this interval (first moment, first moment after).
            count: how many to give.
            offset: how many to leave out before.
        """
        given: list[tuple[str, Any]] = []
        if kind is not None:
            given.append(("e.type=?", type_number(kind)))
        if id_ is not None:
            given.append(("e.id=?", id_))
        if since:
            given.append(("x.updated>=?", index.microseconds(since)))
        past = list(given)
        if at:
            given.append(("x.updated<?", index.microseconds(at[1])))
            # A version is current from its own moment until the next version's.
            until = (
                "coalesce((SELECT n.updated FROM history n WHERE n.rid=x.rid AND n.seq>x.seq ORDER BY n.seq LIMIT 1), "
                "(SELECT n.updated FROM resource n WHERE n.rid=x.rid), 9e18)"
            )
            past = [*given, (f"{until}>?", index.microseconds(at[0]))]
        rows, total = [], 0
        with self._reading() as db:
            for table, deleted, sequence, wanted in (
                ("resource", "0", "x.rid", given),
                ("history", "x.deleted", "x.seq", past),
            ):
                where = " AND ".join(["1", *(sql for sql, _ in wanted)])
                values = [value for _, value in wanted]
                source = f"FROM {table} x JOIN entity e ON e.rid=x.rid WHERE {where}"
                total += db.execute(f"SELECT count(*) {source}", values).fetchone()[0]
                rows += db.execute(
                    f"SELECT e.type, e.id, x.version, x.body, x.updated, {deleted}, {int(table == 'resource')}, "
                    f"{sequence} {source} ORDER BY x.updated DESC, {sequence} DESC LIMIT ?",
                    [*values, count + offset],
                ).fetchall()
        rows.sort(key=lambda row: (row[4], row[6], row[7]), reverse=True)
        return [_stored(row) for row in rows[offset : offset + count]], total

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a reading statement gives: for what no search asks, such as all wordings there are."""
        with self._reading() as db:
            return db.execute(sql).fetchall()

    def counts(self) -> dict[str, int]:
        """How many resources of each type there are."""
        with self._reading() as db:
            rows = db.execute("SELECT type, count(*) FROM resource GROUP BY type").fetchall()
        return dict(sorted((types()[number - 1], count) for number, count in rows))

    def ids(self, kind: str, limit: int = 1000) -> list[str]:
        """Ids of a type, in order of id."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT e.id FROM entity e JOIN resource r ON r.rid=e.rid WHERE e.type=? ORDER BY e.id LIMIT ?",
                (type_number(kind), limit),
            ).fetchall()
        return [row[0] for row in rows]

    # -- writing ---------------------------------------------------------------------------------------------------

    def put(self, resource: Resource) -> tuple[Stored, str]:
        """Write a checked resource that has an id; says whether it was created, updated or unchanged."""
        with self.transaction():
            return self._put(resource)

    def put_many(self, resources: Iterable[Resource]) -> dict[str, int]:
        """Write many checked resources; counts of created, updated and unchanged.

        Inside a transaction it is part of that; otherwise every thousand resources are committed, so that memory stays
        bounded whatever their number.
        """
        counts = {"created": 0, "updated": 0, "unchanged": 0}
        source = iter(resources)
        while True:
            with self.transaction():
                for number, resource in enumerate(source, 1):
                    counts[self._put(resource)[1]] += 1
                    if number == BATCH:
                        break
                else:
                    return counts

    def delete(self, kind: str, id_: str) -> Stored | None:
        """Delete a resource, keeping its versions; none where there is nothing to delete."""
        with self.transaction(), self._reading() as db:
            row = db.execute(f"{_NOW} WHERE e.type=? AND e.id=?", (type_number(kind), id_)).fetchone()
            if row is None:
                return None
            rid, version, updated = row[6], f"{row[2]}-deleted", self._moment()
            self._keep(rid)
            db.execute(
                "INSERT INTO history(rid, version, updated, deleted, body) VALUES (?,?,?,1,'')", (rid, version, updated)
            )
            self._rows.drop(rid)
            db.execute("DELETE FROM resource WHERE rid=?", (rid,))
        return Stored(kind, id_, version, "", _stamp(updated), True)

    def _put(self, resource: Resource) -> tuple[Stored, str]:
        kind, id_, content = resource["resourceType"], resource["id"], content_version(resource)
        rid = self._rows.entity(kind, id_)
        if rid in self._waiting:
            self._flush()
        old = self._db.execute("SELECT version, body, updated FROM resource WHERE rid=?", (rid,)).fetchone()
        if old and old[0].partition(".")[0] == content:
            return Stored(kind, id_, old[0], old[1], _stamp(old[2])), "unchanged"
        version, updated = self._version(rid, content), self._moment()
        stamp = _stamp(updated)
        meta = {**resource.get("meta", {}), "versionId": version, "lastUpdated": stamp}
        head = {"resourceType": kind, "id": id_, "meta": meta}
        body = dumps({**head, **{key: value for key, value in resource.items() if key not in head}})
        if old:
            self._keep(rid)
            self._rows.drop(rid)
            self._db.execute(
                "UPDATE resource SET version=?, updated=?, body=? WHERE rid=?", (version, updated, body, rid)
            )
        else:
            self._waiting[rid] = (rid, type_number(kind), version, updated, body)
        self._rows.begin(rid)
        index.read(resource, self._rows)
        self._rows.finish(pairs(kind))
        return Stored(kind, id_, version, body, stamp), "updated" if old else "created"

    def _moment(self) -> int:
        """Now, later than any write before."""
        self._clock = max(index.microseconds(datetime.now(UTC)), self._clock + 1)
        return self._clock

    def _version(self, rid: int, content: str) -> str:
        """The version id of some content: its hash, numbered where an older version has the same content."""
        rows = self._db.execute("SELECT version FROM history WHERE rid=? AND NOT deleted", (rid,)).fetchall()
        used = {row[0] for row in rows}
        if not used:
            return content
        now = self._db.execute("SELECT version FROM resource WHERE rid=?", (rid,)).fetchone()
        used |= {now[0]} if now else set()
        numbered = [content, *(f"{content}.{number}" for number in range(2, len(used) + 3))]
        return next(item for item in numbered if item not in used)

    def _keep(self, rid: int) -> None:
        """Copy the present version into the history."""
        self._db.execute(
            "INSERT INTO history(rid, version, updated, deleted, body) "
            "SELECT rid, version, updated, 0, body FROM resource WHERE rid=?",
            (rid,),
        )

    # -- inside ----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._flush()
            yield self._db

    def _flush(self) -> None:
        if self._waiting:
            self._db.executemany("INSERT INTO resource VALUES (?,?,?,?,?)", self._waiting.values())
            self._waiting.clear()
        self._rows.flush()

    def _bodies(self, rids: list[int]) -> list[Stored]:
        found: dict[int, Stored] = {}
        for start in range(0, len(rids), 500):
            chunk = numbers("r.rid", rids[start : start + 500])
            found.update({row[6]: _stored(row) for row in self._db.execute(f"{_NOW} WHERE {chunk}")})
        return [found[rid] for rid in rids if rid in found]

    def _codes(self, modifier: str, value: Value) -> list[Token]:
        return codes.codes(self._named, modifier, value)

    def _named(self, kind: str, address: str) -> Resource | None:
        """A conformance resource by its url, `Type/id` or id."""
        plain = address.removeprefix(f"{self.base}/").removeprefix(f"{kind}/")
        found = self.get(kind, plain) if "/" not in plain else None
        if found is None:
            rids = [rid for rid in self._by_url(address) if self._type(rid) == kind]
            found = self._bodies(rids[:1])[0] if rids else None
        return found.resource if found else None

    def _type(self, rid: int) -> str:
        number: int = self._db.execute("SELECT type FROM entity WHERE rid=?", (rid,)).fetchone()[0]
        return types()[number - 1]

    def _by_url(self, address: str) -> list[int]:
        """Resources with a canonical address (`url|version`)."""
        url = address.partition("|")[0]
        atoms = [parameters(kind)["url"].atoms[0].number for kind in types() if "url" in parameters(kind)]
        rows = self._db.execute(
            f"SELECT f.rid FROM fact f WHERE {numbers('f.p', atoms)} AND f.v IN (SELECT tid FROM term "
            "WHERE code=?1 COLLATE NOCASE AND code=?1 AND sid=(SELECT sid FROM system WHERE uri=''))",
            (url,),
        ).fetchall()
        version = address.partition("|")[2]
        found = self._bodies([row[0] for row in rows]) if version else []
        fitting = {(item.type, item.id) for item in found if item.resource.get("version") == version}
        return [row[0] for row in rows if not version or self._place(row[0]) in fitting]

    def _place(self, rid: int) -> tuple[str, str]:
        row = self._db.execute("SELECT type, id FROM entity WHERE rid=?", (rid,)).fetchone()
        return types()[row[0] - 1], row[1]

    def _index_again(self) -> None:
        """Index all resources, as after a change of what is indexed."""
        with self.transaction():
            last = 0
            while rows := self._db.execute(
                "SELECT rid, body FROM resource WHERE rid>? ORDER BY rid LIMIT ?", (last, BATCH)
            ).fetchall():
                for rid, body in rows:
                    self._rows.begin(rid)
                    resource = loads(body)
                    index.read(resource, self._rows)
                    self._rows.finish(pairs(resource["resourceType"]))
                self._rows.flush()
                last = rows[-1][0]


def _stamp(updated: int) -> str:
    return index.moment(updated).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _stored(row: tuple[Any, ...]) -> Stored:
    return Stored(types()[row[0] - 1], row[1], row[2], row[3], _stamp(row[4]), bool(row[5]))
