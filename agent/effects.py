"""Side effects happen once: a table keyed by (consultation, key), written in one transaction with what it guards.

A kill inside a node makes the graph run the node again. Anything that leaves a trace outside the checkpoint (an audit
line, a signed report) therefore goes through `once`: the trace and the mark that it was made are one transaction.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS effects (
    consultation TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    made_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (consultation, key)
);
"""


class Effects:
    """The table. Safe for several threads and several processes on one file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        # Committed rows survive a killed process; only a power cut could lose the newest.
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def once(self, consultation: str, key: str, kind: str, body: dict[str, Any]) -> bool:
        """Make the effect unless it was made; True if it was made now."""
        with self._transaction() as connection:
            cursor = connection.execute(
                "INSERT OR IGNORE INTO effects (consultation, key, kind, body) VALUES (?, ?, ?, ?)",
                (consultation, key, kind, json.dumps(body, sort_keys=True, ensure_ascii=False)),
            )
            return cursor.rowcount == 1

    def made(self, consultation: str, kind: str | None = None) -> list[dict[str, Any]]:
        """The effects of a consultation, oldest first."""
        rows = self._connection.execute(
            "SELECT key, kind, body, made_at FROM effects WHERE consultation = ? ORDER BY rowid", (consultation,)
        ).fetchall()
        return [
            {"key": key, "kind": found, "body": json.loads(body), "made_at": made_at}
            for key, found, body, made_at in rows
            if kind is None or found == kind
        ]

    def holding(self, kind: str) -> list[str]:
        """The consultations that have an effect of a kind, oldest first."""
        rows = self._connection.execute(
            "SELECT consultation FROM effects WHERE kind = ? GROUP BY consultation ORDER BY MIN(rowid)", (kind,)
        ).fetchall()
        return [str(row[0]) for row in rows]

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
