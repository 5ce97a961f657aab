"""A real HTTP server on loopback that speaks the OpenAI wire format with scripted replies. Only the outermost edge."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Raw:
    """A response that is not a completion: status, body, content type, and how long it takes."""

    status: int = 200
    body: str = ""
    kind: str = "application/json"
    delay: float = 0.0


@dataclass
class ModelServer:
    """Scripted: each request takes the next reply; the last one repeats. `asked` holds the request bodies, `hits` the
    path of every request whatever it is."""

    replies: list[Any]
    models: list[str] = field(default_factory=lambda: ["tiny"])
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    hits: list[str] = field(default_factory=list)
    url: str = ""

    def next_reply(self) -> Any:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    @property
    def prompts(self) -> list[str]:
        return ["\n".join(message["content"] for message in body["messages"]) for body in self.asked]


def completion(text: str, model: str = "tiny") -> str:
    return json.dumps(
        {
            "id": "x",
            "object": "chat.completion",
            "created": 0,
            "model": model,
            "system_fingerprint": "b1",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
        }
    )


@contextlib.contextmanager
def serving(*replies: Any, models: list[str] | None = None) -> Iterator[ModelServer]:
    """A server for the block. A reply is a dict (sent as the model's JSON), a string (its text) or a `Raw`."""
    script = ModelServer(list(replies), models or ["tiny"])

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            return

        def do_GET(self) -> None:
            script.hits.append(self.path)
            self._send(Raw(body=json.dumps({"object": "list", "data": [{"id": name} for name in script.models]})))

        def do_POST(self) -> None:
            script.hits.append(self.path)
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            script.asked.append(body)
            script.headers.append({key.lower(): value for key, value in self.headers.items()})
            reply = script.next_reply()
            if callable(reply):
                reply = reply(body)
            if not isinstance(reply, Raw):
                text = reply if isinstance(reply, str) else json.dumps(reply)
                reply = Raw(body=completion(text, body["model"]))
            self._send(reply)

        def _send(self, reply: Raw) -> None:
            time.sleep(reply.delay)
            data = reply.body.encode()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(reply.status)
                self.send_header("content-type", reply.kind)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
