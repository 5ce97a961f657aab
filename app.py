"""The page (Gradio): layout and events. No clinical logic: what is shown comes from a consultation's document.

    osler app [--port 7860] [--host 127.0.0.1] [--review-plan] [--cds [--cds-port 7861]]

Loopback only, never shared, no analytics, no request to any other machine. A session holds its consultation's id and
what its user typed; nothing of a patient is kept in an object that two sessions could share.
"""

from __future__ import annotations

import argparse
import ipaddress
import logging
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from agent import Settings
from tools.errors import OslerError, UsageError

log = logging.getLogger("osler.page")
HERE = Path(__file__).parent
PORT, CDS_PORT = 7860, 7861
# A new home needs its search index and store first; the page is up when its first question will not wait.
WARM_SECONDS = 60.0


def check_host(host: str) -> None:
    """Only this machine may open the page: it has no login, and it shows patients.

    Raises:
        UsageError: the host is not loopback.
    """
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise UsageError("the page is served to this machine only", found=host, expected="127.0.0.1, ::1 or localhost",
                         action="reach it from elsewhere through an SSH tunnel: ssh -L 7860:127.0.0.1:7860 HOST")


def check_port(host: str, port: int) -> None:
    """Raise `UsageError` where the port is taken, before anything is built."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UsageError(f"port {port} is in use", found=error.strerror, expected="a free port",
                             action="give another one: osler app --port 7861") from error


def serve(
    host: str = "127.0.0.1", port: int = PORT, *, review_plan: bool = False, cds_port: int | None = None
) -> None:
    """Serve the page until interrupted.

    Args:
        review_plan: show each plan before it runs.
        cds_port: serve CDS Hooks too, to this machine, at this port.

    Raises:
        UsageError: the host is not loopback, or the port is taken.
    """
    check_host(host)
    check_port(host, port)
    if cds_port is not None:
        check_port("127.0.0.1", cds_port)
    settings = Settings.from_environment().model_copy(update={"review_plan": review_plan})
    settings.home.mkdir(parents=True, exist_ok=True)
    # Gradio keeps uploads and downloads in the temporary folder: inside OSLER_HOME, for this user, gone at the end.
    folder = Path(tempfile.mkdtemp(prefix="page-", dir=settings.home))
    tempfile.tempdir = str(folder)

    from app_desk import Desk
    from app_files import MAX_FILE

    stop: Callable[[], None] | None = None
    if cds_port is not None:
        from agent.serve.run import beside

        stop, said = beside(settings, cds_port)
        typer.echo(said, err=True)
    desk = Desk(settings)
    signal.signal(signal.SIGTERM, _end)
    warming = threading.Thread(target=_warm, args=(desk,), name="osler-warm", daemon=True)
    warming.start()
    try:
        from app_layout import AT_ONCE, THEME_JS, build, theme
        from app_session import Page

        blocks = build(Page(desk))
        warming.join(WARM_SECONDS)
        blocks.queue(default_concurrency_limit=AT_ONCE, api_open=False).launch(
            server_name=host, server_port=port, share=False, prevent_thread_lock=True, quiet=True, show_error=False,
            theme=theme(), css_paths=[HERE / "app_style.css"], js=THEME_JS, footer_links=[], max_file_size=MAX_FILE,
            ssr_mode=False, enable_monitoring=False, pwa=False, mcp_server=False,
        )
        typer.echo(f"Osler is at http://{host}:{port}", err=True)
        blocks.block_thread()
    finally:
        if stop is not None:
            stop()
        tempfile.tempdir = None
        shutil.rmtree(folder, ignore_errors=True)
        desk.close()


def _end(number: int, frame: object) -> None:
    """A polite request to stop ends like Ctrl-C: what was kept for the page is removed."""
    raise SystemExit(0)


def _warm(desk: Any) -> None:
    try:
        desk.warm()
    except OslerError as error:
        log.warning("the first question will take longer: %s", error)


def command(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = PORT,
    host: Annotated[str, typer.Option(help="Loopback address.")] = "127.0.0.1",
    review_plan: Annotated[bool, typer.Option("--review-plan", help="Show each plan before it runs.")] = False,
    cds: Annotated[bool, typer.Option("--cds", help="Serve CDS Hooks beside the page.")] = False,
    cds_port: Annotated[int, typer.Option(help="Port for CDS Hooks.")] = CDS_PORT,
) -> None:
    """Serve the page to this machine."""
    serve(host, port, review_plan=review_plan, cds_port=cds_port if cds else None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve Osler's page to this machine.")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--review-plan", action="store_true", help="Show each plan before it runs.")
    parser.add_argument("--cds", action="store_true", help="Serve CDS Hooks beside the page.")
    parser.add_argument("--cds-port", type=int, default=CDS_PORT)
    given = parser.parse_args()
    try:
        serve(given.host, given.port, review_plan=given.review_plan, cds_port=given.cds_port if given.cds else None)
    except OslerError as problem:
        said = problem.document()
        typer.echo("\n  ".join(str(said[part]) for part in ("message", "found", "expected", "action")), err=True)
        sys.exit(problem.exit_code)
