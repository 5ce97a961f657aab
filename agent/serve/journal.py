"""`$OSLER_HOME/cds.sqlite`: tokens already used, cards given, what became of them, and who asked about whom.

Readable by its owner only. Nothing of it goes into a log.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.serve.request import Feedback
from agent.state import Json

FILE = "cds.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS used(iss TEXT NOT NULL, jti TEXT NOT NULL, until REAL NOT NULL, PRIMARY KEY (iss, jti));
CREATE TABLE IF NOT EXISTS call(at TEXT NOT NULL, iss TEXT, service TEXT NOT NULL, instance TEXT NOT NULL,
  user TEXT NOT NULL, patient TEXT NOT NULL, cards INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS card(id TEXT PRIMARY KEY, at TEXT NOT NULL, iss TEXT, service TEXT NOT NULL,
  topic TEXT NOT NULL, indicator TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS feedback(card TEXT NOT NULL, service TEXT NOT NULL, iss TEXT, outcome TEXT NOT NULL,
  suggestions TEXT NOT NULL, system TEXT, code TEXT, comment TEXT, happened TEXT NOT NULL, at TEXT NOT NULL,
  UNIQUE (card, service, iss, outcome, happened));
"""
_FIELDS = ("card", "service", "iss", "outcome", "suggestions", "system", "code", "comment", "happened", "at")


class Journal:
    """The file. Safe for several threads and several processes."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
        path.chmod(0o600)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_SCHEMA)

    def use(self, iss: str, jti: str, until: float, now: float) -> bool:
        """Mark a token as used; whether it had not been before."""
        with self._lock:
            self._db.execute("DELETE FROM used WHERE until < ?", (now,))
            row = self._db.execute("INSERT OR IGNORE INTO used VALUES (?, ?, ?)", (iss, jti, until))
            return row.rowcount == 1

    def called(self, iss: str | None, service: str, instance: str, user: str, patient: str, cards: list[Json]) -> None:
        """Keep who asked, and which cards were given."""
        at = _now()
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(
                "INSERT INTO call VALUES (?, ?, ?, ?, ?, ?, ?)", (at, iss, service, instance, user, patient, len(cards))
            )
            self._db.executemany(
                "INSERT INTO card VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (card["uuid"], at, iss, service, card["source"]["topic"]["code"], card["indicator"])
                    for card in cards
                ],
            )
            self._db.execute("COMMIT")

    def keep(self, iss: str | None, service: str, rows: Sequence[Feedback]) -> int:
        """Keep feedback; what was sent before is not kept twice. The number kept now."""
        at, kept = _now(), 0
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            for row in rows:
                why = row.overrideReason
                reason = why.reason if why else None
                taken = [found.id for found in row.acceptedSuggestions or []]
                kept += self._db.execute(
                    "INSERT OR IGNORE INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        row.card,
                        service,
                        iss or "",
                        row.outcome,
                        json.dumps(taken),
                        reason.system if reason else None,
                        reason.code if reason else None,
                        why.userComment if why else None,
                        row.outcomeTimestamp,
                        at,
                    ),
                ).rowcount
            self._db.execute("COMMIT")
        return kept

    def feedback(self) -> Json:
        """All feedback, and by topic how many cards were given, accepted and overridden."""
        with self._lock:
            rows = self._db.execute(f"SELECT {', '.join(_FIELDS)} FROM feedback ORDER BY at, happened").fetchall()  # noqa: S608
            cards = {row[0]: row[1:] for row in self._db.execute("SELECT id, topic, indicator FROM card").fetchall()}
        found: list[Json] = []
        for row in rows:
            body: dict[str, Any] = dict(zip(_FIELDS, row, strict=True))
            topic, indicator = cards.get(body["card"], (None, None))
            found.append(
                {**body, "suggestions": json.loads(body["suggestions"]), "topic": topic, "indicator": indicator}
            )
        topics: dict[str, dict[str, int]] = {}
        for topic, _ in cards.values():
            topics.setdefault(topic, {"cards": 0, "accepted": 0, "overridden": 0})["cards"] += 1
        for body in found:
            if body["topic"] in topics:
                topics[body["topic"]][body["outcome"]] += 1
        return {"feedback": found, "by_topic": topics}

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
