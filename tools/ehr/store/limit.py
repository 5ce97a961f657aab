"""A time limit on what the store is asked: SQLite gives up a query that is over its time, wherever it is."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator

from tools.errors import UpstreamError

_STEPS = 1_000  # virtual machine instructions between two looks at the clock: some tens of microseconds


class TimedOut(UpstreamError):
    """The store was asked something that takes too long; nothing of it was answered or written."""


class OverBudget(Exception):
    """A total took more work than it is worth."""


class Limit:
    """The limit of one connection; each thread has a deadline of its own."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._mine = threading.local()
        db.set_progress_handler(self._over, _STEPS)

    def _over(self) -> bool:
        work: int | None = getattr(self._mine, "work", None)
        if work is not None:
            self._mine.work = work - 1
            if work <= 0:
                return True
        return self._late()

    def _late(self) -> bool:
        deadline: float | None = getattr(self._mine, "deadline", None)
        return deadline is not None and time.monotonic() > deadline

    @contextlib.contextmanager
    def work(self, thousands: int) -> Iterator[None]:
        """Bound the instructions of what runs inside: a store answers the same, however busy the machine is.

        Raises:
            OverBudget: it took more.
        """
        self._mine.work = thousands
        try:
            yield
        except sqlite3.OperationalError as error:
            if "interrupt" not in str(error) or self._late():
                raise
            raise OverBudget from error
        finally:
            self._mine.work = None

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """What this thread asks inside must be answered in this time; an inner limit does not lengthen an outer one.

        Raises:
            TimedOut: it is not.
        """
        outer: float | None = getattr(self._mine, "deadline", None)
        mine = time.monotonic() + seconds
        self._mine.deadline = mine if outer is None else min(mine, outer)
        try:
            yield
        except sqlite3.OperationalError as error:
            if "interrupt" not in str(error) or not self._late():
                raise
            raise TimedOut(
                f"the store did not answer in {seconds:g} s",
                found="time-out",
                expected=f"an answer in {seconds:g} s",
                action="ask for less: fewer conditions, a smaller window, a smaller _count",
            ) from error
        finally:
            self._mine.deadline = outer
