"""Requests to the embedded server as raw ASGI: any bytes may stand in an address, and nothing is tidied on the way."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message


@dataclass
class Reply:
    """An answer and how long it took."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


class Server:
    """One application, asked on an event loop of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.loop = app, asyncio.new_event_loop()

    def close(self) -> None:
        """Close the loop."""
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def ask(
        self, method: str, path: str, query: bytes = b"", body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Reply:
        """Send one request."""
        return self.loop.run_until_complete(self._ask(method, path, query, body, headers or {}))

    async def _ask(self, method: str, path: str, query: bytes, body: bytes, headers: dict[str, str]) -> Reply:
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode("utf-8", "replace"),
            "query_string": query,
            "root_path": "",
            "headers": [(key.lower().encode(), value.encode("latin-1", "replace")) for key, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        sent: list[Message] = []
        given = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return given.pop() if given else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        started = time.perf_counter()
        await self.app(scope, receive, send)
        seconds = time.perf_counter() - started
        start = sent[0]
        found = {key.decode().lower(): value.decode("latin-1") for key, value in start.get("headers", [])}
        text = b"".join(part.get("body", b"") for part in sent[1:])
        return Reply(int(start["status"]), found, text, seconds)
