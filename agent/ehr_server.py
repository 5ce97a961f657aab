"""The embedded store behind a port: who may listen, who may write, and with which token."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.records import open_store
from agent.settings import Settings
from tools.ehr.server.server import application
from tools.ehr.store.store import Store
from tools.errors import UsageError

SHORTEST_TOKEN = 20


@dataclass(frozen=True)
class Serving:
    """What is served, where, and to whom."""

    host: str
    port: int
    write: bool = False
    token_file: Path | None = None
    store: Path | None = None

    @property
    def base(self) -> str:
        """The base address of the server."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}/fhir"

    @property
    def greeting(self) -> str:
        """What is said at the start."""
        guarded = "with the token" if self.token_file else "without a token"
        return f"FHIR R4 at {self.base}, {'reads and writes' if self.write else 'reads only'}, {guarded}"

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def server(settings: Settings, serving: Serving) -> tuple[Any, Store]:
    """A uvicorn server that has its port, and the store it serves.

    Raises:
        UsageError: writes or strangers without a token, a token that is none, a port in use.
    """
    token = _token(serving)
    held = _listening(serving)
    store = open_store(settings) if serving.store is None else Store(serving.store)
    store.base = serving.base
    names = (
        {serving.host.lower(), f"[{serving.host.lower()}]", "localhost", "127.0.0.1", "[::1]"} if serving.local else ()
    )
    import uvicorn

    app = application(store, writable=serving.write, token=token, hosts=names, root="/fhir")
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, timeout_keep_alive=5)

    class Server(uvicorn.Server):
        def run(self, sockets: list[socket.socket] | None = None) -> None:
            super().run(sockets=sockets or [held])

    return Server(config), store


def _token(serving: Serving) -> str | None:
    if serving.token_file is None:
        if serving.write or not serving.local:
            raise UsageError(
                "writing, or listening beyond this machine, needs a token",
                found="no --token-file",
                expected=f"a file with at least {SHORTEST_TOKEN} characters",
                action="make one (python -c 'import secrets; print(secrets.token_urlsafe(32))' > FILE) and name it",
            )
        return None
    try:
        token = serving.token_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("cannot read the token", found=str(serving.token_file), expected="a text file",
                         action="check the path") from error  # fmt: skip
    if len(token) < SHORTEST_TOKEN or not token.isascii() or any(char.isspace() for char in token):
        raise UsageError("the token cannot be used", found=f"{len(token)} characters",
                         expected=f"at least {SHORTEST_TOKEN} ASCII characters without spaces",
                         action="make a longer one")  # fmt: skip
    return token


def _listening(serving: Serving) -> socket.socket:
    """The port is taken before anything is said or opened."""
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    held = socket.socket(family)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((serving.host, serving.port))
    except (OSError, OverflowError) as error:
        held.close()
        raise UsageError(f"cannot listen at {serving.host}:{serving.port}: {error}", found=serving.port,
                         expected="a free port of this machine", action="give another --port") from error  # fmt: skip
    return held
