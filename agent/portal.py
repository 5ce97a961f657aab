"""One event loop in one thread: the core is async, the synchronous API is a portal over it.

The checkpointer's connection belongs to the loop it was opened in. Async callers therefore go through the same loop
(their own loop only waits), so a consultation can be driven from both.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
_END = object()


class Portal:
    """A background event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="osler", daemon=True)
        self._thread.start()

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run to the end and return the result (or raise its error) here."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def acall(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The same from another event loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._loop))

    def _pump(self, source: AsyncIterator[T], sink: queue.SimpleQueue[Any]) -> Coroutine[Any, Any, None]:
        async def pump() -> None:
            try:
                async for item in source:
                    sink.put(item)
            except BaseException as error:
                sink.put(_Failure(error))
                raise
            finally:
                sink.put(_END)

        return pump()

    def iterate(self, source: AsyncIterator[T]) -> Iterator[T]:
        """Items as they come, in this thread. The source runs to its end even if the caller stops listening."""
        sink: queue.SimpleQueue[Any] = queue.SimpleQueue()
        asyncio.run_coroutine_threadsafe(self._pump(source, sink), self._loop)
        while (item := sink.get()) is not _END:
            if isinstance(item, _Failure):
                raise item.error
            yield item

    async def aiterate(self, source: AsyncIterator[T]) -> AsyncIterator[T]:
        """The same in another event loop."""
        sink: queue.SimpleQueue[Any] = queue.SimpleQueue()
        asyncio.run_coroutine_threadsafe(self._pump(source, sink), self._loop)
        while (item := await asyncio.to_thread(sink.get)) is not _END:
            if isinstance(item, _Failure):
                raise item.error
            yield item

    def close(self) -> None:
        """Stop the loop; pending work is cancelled."""

        async def drain() -> None:
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._loop.shutdown_asyncgens()

        if self._loop.is_closed():
            return
        self.call(drain())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class _Failure:
    def __init__(self, error: BaseException) -> None:
        self.error = error
