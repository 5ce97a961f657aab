"""Models that stay in memory between answers. The one used longest ago goes first: when there are too many, when
memory runs low, or on request. A model in use is never taken away."""

from __future__ import annotations

import gc
import itertools
import sys
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tools.errors import NotAssessable
from tools.segmenters.weighted import memory

T = TypeVar("T")
RESERVE = 1024**3
"""Bytes that stay free beside models: what an answer itself needs."""
# TotalSegmentator's five parts and what is used beside them.
MOST = 8
WAIT = 0.1


@dataclass
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    model: Any = None
    users: int = 0
    used: int = 0


class Warm:
    """A cache of loaded models.

    Args:
        most: how many stay.
        reserve: bytes that stay free.
        free: tells how many bytes can still be taken.
    """

    def __init__(self, most: int = MOST, reserve: int = RESERVE, free: Callable[[], int] = memory.available) -> None:
        self._most, self._reserve, self._free = most, reserve, free
        self._entries: dict[Hashable, _Entry] = {}
        self._table = threading.Lock()
        self._clock = itertools.count(1)

    @property
    def keys(self) -> list[Hashable]:
        """What is loaded, least recently used first."""
        with self._table:
            rows = [(entry.used, key) for key, entry in self._entries.items() if entry.model is not None]
        return [key for _, key in sorted(rows, key=lambda row: row[0])]

    @contextmanager
    def hold(
        self, key: Hashable, load: Callable[[], T], size: int = 0, check: Callable[[], None] = lambda: None
    ) -> Iterator[T]:
        """A model for as long as the block lasts; loaded first where it is not here. One user at a time.

        Args:
            size: bytes of its weights.
            check: asked while another user has the model; it raises when there is no point in waiting.

        Raises:
            NotAssessable: there is no room for it, even with every idle model unloaded.
        """
        with self._table:
            entry = self._entries.setdefault(key, _Entry())
            entry.users += 1
        try:
            while not entry.lock.acquire(timeout=WAIT):
                check()
            try:
                if entry.model is None:
                    self._make_room(size)
                    entry.model = load()
                entry.used = next(self._clock)
                yield entry.model
            finally:
                entry.lock.release()
        finally:
            with self._table:
                entry.users -= 1
                if entry.model is None and not entry.users and self._entries.get(key) is entry:
                    del self._entries[key]
            self.relieve()

    def unload(self, key: Hashable | None = None) -> int:
        """Let go of one model, or of all; those in use stay. Returns how many went."""
        with self._table:
            chosen = [key] if key is not None else list(self._entries)
            gone = [
                self._entries.pop(name)
                for name in chosen
                if name in self._entries and not self._entries[name].users and self._entries[name].model is not None
            ]
        for entry in gone:
            entry.model = None
        if gone:
            _collect()
        return len(gone)

    def relieve(self) -> int:
        """Unload what is idle, least recently used first, while there are too many or memory is low."""
        gone = 0
        while (keys := self._idle()) and (len(self.keys) > self._most or self._short(0)):
            gone += self.unload(keys[0])
        return gone

    def _make_room(self, size: int) -> None:
        while (self._short(size) or len(self.keys) >= self._most) and (idle := self._idle()):
            self.unload(idle[0])
        if self._short(size):
            raise NotAssessable(
                "there is not enough memory for the model",
                found=f"{self._free() / 1e9:.1f} GB can be taken",
                expected=f"{(size + self._reserve) / 1e9:.1f} GB (weights {size / 1e9:.1f}, and room to work)",
                action="close other programs, take a smaller model, or a machine with more memory",
            )

    def _short(self, size: int) -> bool:
        return self._free() < size + self._reserve or memory.on_gpu() < size

    def _idle(self) -> list[Hashable]:
        with self._table:
            rows = [
                (entry.used, key) for key, entry in self._entries.items() if entry.model is not None and not entry.users
            ]
        return [key for _, key in sorted(rows, key=lambda row: row[0])]


def _collect() -> None:
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


WARM = Warm()
"""The models of this process."""
