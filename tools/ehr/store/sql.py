"""The tables of the embedded store, and the sink that fills those it is searched by.

Every value is a number: codes, texts, units and addresses stand once in a dictionary, the tables of facts hold
`(atom, value, resource)` twice, by value and by resource, as covering b-trees. `entity` knows every resource that is
here or only referred to, so that a reference is the number of its target and a chain is a join of integers.
"""

# ruff: noqa: S608  (SQL is put together from names and numbers of ours; what comes from outside is bound)
from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path
from typing import Any

from tools.ehr.store import index
from tools.ehr.store.search_parameters import fingerprint, type_number
from tools.errors import UsageError

_FACTS = """
CREATE TABLE system(sid INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE);
CREATE TABLE term(tid INTEGER PRIMARY KEY, sid INTEGER NOT NULL, code TEXT NOT NULL);
CREATE INDEX term_code ON term(code COLLATE NOCASE, sid);
CREATE INDEX term_system ON term(sid);
CREATE TABLE word(wid INTEGER PRIMARY KEY, folded TEXT NOT NULL, written TEXT NOT NULL);
CREATE INDEX word_by ON word(folded, written);
CREATE TABLE unit(uid INTEGER PRIMARY KEY, system TEXT NOT NULL, code TEXT NOT NULL, unit TEXT NOT NULL,
  UNIQUE(system, code, unit));
CREATE TABLE fact(p INTEGER, v INTEGER, rid INTEGER, PRIMARY KEY(p, v, rid)) WITHOUT ROWID;
CREATE UNIQUE INDEX fact_of ON fact(rid, p, v);
CREATE TABLE span(p INTEGER, a, b, rid INTEGER, PRIMARY KEY(p, a, b, rid)) WITHOUT ROWID;
CREATE UNIQUE INDEX span_of ON span(rid, p, a, b);
"""
"""`span` holds dates (from, to), amounts (unit, value), and amounts by code (`pair_key`, value); `rid` < 0: `part`."""
_BODIES = """
CREATE TABLE entity(rid INTEGER PRIMARY KEY, type INTEGER NOT NULL, id TEXT NOT NULL, UNIQUE(type, id));
CREATE TABLE resource(rid INTEGER PRIMARY KEY, type INTEGER NOT NULL, version TEXT NOT NULL, updated INTEGER NOT NULL,
  body TEXT NOT NULL);
CREATE INDEX resource_type ON resource(type);
CREATE INDEX resource_updated ON resource(updated);
CREATE TABLE history(seq INTEGER PRIMARY KEY, rid INTEGER NOT NULL, version TEXT NOT NULL, updated INTEGER NOT NULL,
  deleted INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX history_of ON history(rid);
"""
_READING = b"3"
"""To be raised when `index` reads a value otherwise than before."""
SCHEMA = zlib.crc32((_FACTS + _BODIES).encode() + fingerprint() + _READING) & 0x7FFFFFFF
"""The version of a store's file: of its tables and of what is indexed."""
ROOM = 1 << 12
"""Elements of composites a resource may have."""
SHORT = 86_400_000_000
"""Dates of at most a day stand under their atom's number, longer ones under the next (see `query_match`)."""
_CACHED = 150_000


def connect(path: str | Path) -> tuple[sqlite3.Connection, bool]:
    """Open or make a store's file; says whether what it holds is to be indexed again.

    Raises:
        UsageError: the file is no store.
    """
    try:
        db = sqlite3.connect(
            str(path), check_same_thread=False, isolation_level=None, timeout=30, cached_statements=512
        )
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-65536", "temp_store=MEMORY"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("PRAGMA mmap_size=2147483648")
        if db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA:
            return db, False
        db.execute("BEGIN IMMEDIATE")
        stale = _renew(db)
        db.execute(f"PRAGMA user_version={SCHEMA}")
        db.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise UsageError(
            f"{path} cannot be used as a store: {error}",
            found=str(path),
            expected="an SQLite file of Osler's, or none",
            action="name another file",
        ) from error
    return db, stale


def _renew(db: sqlite3.Connection) -> bool:
    """Lay out the tables anew; resources and their versions stay."""
    if db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA:
        return False  # another process was first
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    if tables and not {"resource", "history"} <= tables:
        raise sqlite3.DatabaseError("it is a database, but not a store")
    keep = {"entity", "resource", "history"} if "entity" in tables else set()
    if tables and not keep:
        db.execute("ALTER TABLE resource RENAME TO old_resource")
        db.execute("ALTER TABLE history RENAME TO old_history")
        keep = {"old_resource", "old_history"}
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='index' AND sql IS NOT NULL").fetchall():
            db.execute(f'DROP INDEX "{name}"')
    for name in tables - keep - {"resource", "history"}:
        db.execute(f'DROP TABLE "{name}"')
    for statement in (_FACTS if "entity" in keep else _BODIES + _FACTS).split(";"):
        db.execute(statement)
    if "old_resource" in keep:
        _adopt(db)
    return bool(tables)


def _adopt(db: sqlite3.Connection) -> None:
    """Take over the rows of the first layout, which had types and ids as text in each table."""
    db.create_function("number", 1, type_number)
    columns = {row[1] for row in db.execute("PRAGMA table_info(old_history)")}
    deleted = "deleted" if "deleted" in columns else "0"
    db.execute("INSERT OR IGNORE INTO entity(type, id) SELECT number(type), id FROM old_resource ORDER BY rid")
    db.execute("INSERT OR IGNORE INTO entity(type, id) SELECT number(type), id FROM old_history ORDER BY seq")
    join = "JOIN entity e ON e.type=number(o.type) AND e.id=o.id"
    db.execute(f"INSERT INTO resource SELECT e.rid, e.type, o.version, o.updated, o.body FROM old_resource o {join}")
    db.execute(
        "INSERT INTO history(rid, version, updated, deleted, body) "
        f"SELECT e.rid, o.version, o.updated, {deleted}, o.body FROM old_history o {join} ORDER BY o.seq"
    )
    db.execute("DROP TABLE old_resource")
    db.execute("DROP TABLE old_history")


def pair_key(code: int, unit: int) -> int:
    """A code and a unit as one number."""
    return code * 65536 + unit % 65536


class Rows:
    """A sink that collects rows and writes them in batches; dictionary entries are made as they are met."""

    def __init__(self, db: sqlite3.Connection, base: str) -> None:
        self.db, self.base = db, base
        self.rid = self._row = self._parts = 0
        self._first = (0, 0)
        self.facts: list[tuple[int, int, int]] = []
        self.spans: list[tuple[int, Any, Any, int]] = []
        self._systems: dict[str, int] = {}
        self._terms: dict[tuple[str, str], int] = {}
        self._words: dict[str, int] = {}
        self._units: dict[tuple[str, str, str], int] = {}
        self._entities: dict[tuple[str, str], int] = {}

    def forget(self) -> None:
        """What was remembered of the dictionaries may have been rolled back."""
        for known in (self._systems, self._terms, self._words, self._units, self._entities):
            known.clear()
        self.facts.clear()
        self.spans.clear()

    def begin(self, rid: int) -> None:
        """The next rows belong to this resource."""
        self.rid = self._row = rid
        self._parts = 0
        self._first = (len(self.facts), len(self.spans))

    def finish(self, pairs: dict[int, tuple[int, int]]) -> None:
        """Amounts once more by their code: neither the code nor the amount alone is selective enough."""
        if pairs:
            facts, spans = self.facts[self._first[0] :], self.spans[self._first[1] :]
            for number, uid, value, row in spans:
                if number in pairs and row > 0:
                    code, pair = pairs[number]
                    keys = {pair_key(tid, uid) for p, tid, owner in facts if p == code and owner == row}
                    self.spans += [(pair, key, value, row) for key in keys]

    def part(self) -> None:
        """Rows of one element of a composite get a number of their own, negative, from which the resource follows."""
        self._parts = min(self._parts + 1, ROOM - 1)
        self._row = -(self.rid * ROOM + self._parts)

    def whole(self) -> None:
        self._row = self.rid

    def token(self, number: int, system: str, code: str) -> None:
        key = (system, code)
        tid = self._terms.get(key)
        if tid is None:
            tid = self._term(system, code)
            self._remember(self._terms, key, tid)
        self.facts.append((number, tid, self._row))

    def word(self, number: int, text: str) -> None:
        wid = self._words.get(text)
        if wid is None:
            folded = index.fold(text)
            found = self.db.execute("SELECT wid FROM word WHERE folded=? AND written=?", (folded, text)).fetchone()
            wid = found[0] if found else self._insert("INSERT INTO word(folded, written) VALUES (?,?)", (folded, text))
            self._remember(self._words, text, wid)
        self.facts.append((number, wid, self._row))

    def link(self, number: int, kind: str, id_: str) -> None:
        self.facts.append((number, self.entity(kind, id_), self._row))

    def span(self, number: int, low: int, high: int) -> None:
        self.spans.append((number if high - low <= SHORT else number + 1, low, high, self._row))

    def amount(self, number: int, value: float, system: str, code: str, unit: str) -> None:
        key = (system, code, unit)
        uid = self._units.get(key)
        if uid is None:
            found = self.db.execute("SELECT uid FROM unit WHERE system=? AND code=? AND unit=?", key).fetchone()
            uid = found[0] if found else self._insert("INSERT INTO unit(system, code, unit) VALUES (?,?,?)", key)
            self._units[key] = uid
        self.spans.append((number, uid, value, self._row))

    def entity(self, kind: str, id_: str) -> int:
        """The number of a resource, here or only referred to."""
        key = (kind, id_)
        rid = self._entities.get(key)
        if rid is None:
            place = (type_number(kind), id_)
            found = self.db.execute("SELECT rid FROM entity WHERE type=? AND id=?", place).fetchone()
            rid = found[0] if found else self._insert("INSERT INTO entity(type, id) VALUES (?,?)", place)
            self._remember(self._entities, key, rid)
        return rid

    def flush(self) -> None:
        """Write what is collected."""
        if self.facts:
            self.db.executemany("INSERT OR IGNORE INTO fact(p, v, rid) VALUES (?,?,?)", self.facts)
            self.facts.clear()
        if self.spans:
            self.db.executemany("INSERT OR IGNORE INTO span(p, a, b, rid) VALUES (?,?,?,?)", self.spans)
            self.spans.clear()

    def drop(self, rid: int) -> None:
        """Take away what a resource is found by."""
        for table in ("fact", "span"):
            self.db.execute(
                f"DELETE FROM {table} WHERE rid=? OR rid BETWEEN ? AND ?",
                (rid, -(rid * ROOM + ROOM - 1), -(rid * ROOM)),
            )

    def _term(self, system: str, code: str) -> int:
        sid = self._systems.get(system)
        if sid is None:
            found = self.db.execute("SELECT sid FROM system WHERE uri=?", (system,)).fetchone()
            sid = found[0] if found else self._insert("INSERT INTO system(uri) VALUES (?)", (system,))
            self._systems[system] = sid
        found = self.db.execute(
            "SELECT tid FROM term WHERE code=?1 COLLATE NOCASE AND sid=?2 AND code=?1", (code, sid)
        ).fetchone()
        return found[0] if found else self._insert("INSERT INTO term(sid, code) VALUES (?,?)", (sid, code))

    def _insert(self, statement: str, values: tuple[Any, ...]) -> int:
        made = self.db.execute(statement, values).lastrowid
        assert made is not None
        return made

    @staticmethod
    def _remember(known: dict[Any, int], key: Any, number: int) -> None:
        if len(known) >= _CACHED:
            known.clear()
        known[key] = number
