"""Serving the hooks: the checks before anything listens, and the server itself (uvicorn), alone or beside the page."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.clock import parse_as_of
from agent.runtime import Services
from agent.serve.config import FILE, Config, is_loopback, read_config
from agent.settings import Settings
from tools.errors import UsageError

PORT = 7861


@dataclass(frozen=True)
class Address:
    """Where to listen, and with which certificate."""

    host: str = "127.0.0.1"
    port: int = PORT
    certificate: Path | None = None
    key: Path | None = None


def checked(settings: Settings, address: Address) -> Config:
    """The configuration, fit for the address.

    Raises:
        UsageError: other machines would be let in without TLS, or without a check of who calls.
    """
    config = read_config(settings.home)
    if config.clients and config.base is None:
        raise UsageError(
            f"{FILE} names clients but no base",
            found="no base",
            expected="the address clients call, for example https://cds.example.org",
            action=f"add base to {FILE}: the tokens of clients are made for it",
        )
    if not is_loopback(address.host):
        if not config.clients:
            raise UsageError(
                "other machines are let in only when callers are checked",
                found=f"--host {address.host}, and no clients in {FILE}",
                expected=f"clients in {settings.home / FILE}",
                action="add the clients (docs/cds-hooks.md), or serve this machine only",
            )
        if address.certificate is None or address.key is None:
            raise UsageError(
                "other machines are let in only over TLS",
                found="no certificate",
                expected="--certificate FILE --key FILE",
                action="give both, or let a proxy with TLS pass calls on to this machine",
            )
    return config


def check_free(address: Address) -> None:
    """Whether the address can be listened at, before anything is built.

    Raises:
        UsageError: it cannot.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            raise UsageError(
                f"cannot listen at port {address.port}",
                found=error.strerror,
                expected="an address of this machine and a free port",
                action="give another one: --port 7862",
            ) from error


def greeting(config: Config, address: Address) -> str:
    """What is said when the service starts."""
    scheme = "https" if address.certificate else "http"
    host = f"[{address.host}]" if ":" in address.host else address.host
    lines = [f"CDS Hooks 2.0 at {scheme}://{host}:{address.port}/cds-services"]
    if config.clients:
        lines.append(f"callers: {len(config.clients)} of {FILE}, each call with a signed token for {config.base}")
    else:
        lines.append(
            f"CALLERS ARE NOT CHECKED: every program of this machine may call (no clients in {FILE}); "
            "not for patients' data on a machine that others use"
        )
    lines.append(
        f"FHIR servers that may be read: {', '.join(config.fhir_servers) or 'none, only what is sent with a call'}"
    )
    return "\n".join(lines)


def server(settings: Settings, config: Config, address: Address, as_of: str | None = None) -> tuple[Any, Any]:
    """The uvicorn server, not yet running, and the journal to close after it.

    Raises:
        UsageError: the port is taken, or `as_of` is no date.
    """
    import uvicorn

    from agent.serve.app import application
    from agent.serve.journal import FILE as JOURNAL
    from agent.serve.journal import Journal
    from agent.serve.work import build_knowledge

    check_free(address)
    settings.home.mkdir(parents=True, exist_ok=True)
    knowledge = build_knowledge(settings)
    threading.Thread(target=warm, args=(knowledge,), name="osler-cds-warm", daemon=True).start()
    journal = Journal(settings.home / JOURNAL)
    clock: Callable[[], datetime] | None = None
    if as_of is not None:
        fixed = datetime.fromisoformat(parse_as_of(as_of))
        clock = lambda: fixed  # noqa: E731
    app = application(knowledge, config, journal, clock=clock)
    made = uvicorn.Config(
        app,
        host=address.host,
        port=address.port,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
        access_log=False,
        log_level="warning",
        server_header=False,
        limit_concurrency=64,
        timeout_graceful_shutdown=5,
    )
    return uvicorn.Server(made), journal


def warm(knowledge: Services) -> None:
    """Look at a demo patient, so that the first call does not wait for terminology and tables to be laid out."""
    from agent.serve.cards import Said
    from agent.serve.view import patient_view
    from agent.serve.work import Bench, Deadline
    from tools.ehr.bundles import import_document
    from tools.ehr.demo import demo_patients
    from tools.ehr.record import open_record
    from tools.ehr.store.store import Store

    async def look() -> None:
        patient, store = demo_patients()[0], Store()
        import_document(store, patient.bundle, patient.id)
        record = await open_record(store, as_of=datetime.fromisoformat(patient.as_of))
        bench = Bench(knowledge, record, Deadline(60))
        await patient_view(bench, [], Said())
        bench.close()
        await record.client.close()
        store.close()

    asyncio.run(look())


def beside(settings: Settings, port: int = PORT) -> tuple[Callable[[], None], str]:
    """Serve in a thread, beside the page: what stops it, and what to say of it.

    Raises:
        UsageError: the configuration cannot be used.
    """
    address = Address(port=port)
    config = checked(settings, address)
    running, journal = server(settings, config, address)
    thread = threading.Thread(target=running.run, name="osler-cds-server", daemon=True)
    thread.start()

    def stop() -> None:
        running.should_exit = True
        thread.join(10)
        journal.close()

    return stop, greeting(config, address)
