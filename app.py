"""The page (Gradio): layout and events. No clinical logic: what is shown comes from a consultation's document.

    osler app [--port 7860] [--host 127.0.0.1]

Loopback only, never shared, no analytics, no request to any other machine. A session holds its consultation's id and
what its user typed; nothing of a patient is kept in an object that two sessions could share.
"""

from __future__ import annotations

import argparse
import ipaddress
import logging
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from agent import Settings
from tools.errors import OslerError, UsageError

log = logging.getLogger("osler.page")
HERE = Path(__file__).parent
PORT = 7860
AT_ONCE = 8
MAX_NOTE = "2mb"
HEAD = (
    '<div class="o-brand"><span class="o-logo" aria-hidden="true"></span><div><h1>Osler</h1><p>Answers from this patient\'s record and '
    'published guidelines, each with its evidence</p></div></div><button type="button" class="o-theme" data-do="theme" '
    'aria-label="Switch between light and dark">Light / dark</button>'
)
THEME_JS = """() => {
  let kept = null;
  try { kept = localStorage.getItem('osler-theme'); } catch { /* private mode */ }
  if (kept) document.body.classList.toggle('dark', kept === 'dark');
  document.documentElement.lang = 'en';
}"""


def build(page: Any) -> Any:
    """The page over its behaviour (`app_session.Page`)."""
    import gradio as gr

    from agent.export import NOT_A_DEVICE
    from app_session import View, fresh

    script = (HERE / "app_page.js").read_text(encoding="utf-8")

    def part(value: str = "", *, name: str, **options: Any) -> Any:
        return gr.HTML(value, elem_id=name, js_on_load=script, **options)

    with gr.Blocks(title="Osler", analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400)) as blocks:
        state = gr.State(fresh())
        part(HEAD, name="o-head")
        with gr.Row(elem_id="o-desk", equal_height=False):
            with gr.Column(scale=7, elem_id="o-work"):
                with gr.Row(elem_id="o-pick"):
                    picker = gr.Dropdown(
                        choices=[], label="Patient", elem_id="o-patient", filterable=True, allow_custom_value=True,
                        scale=4, info="Type a name or an id",
                    )
                    as_of = gr.Textbox(label="As of", elem_id="o-as-of", placeholder="record's own date", scale=1,
                                       info="YYYY-MM-DD", min_width=130)
                banner = part(name="o-banner")
                with gr.Column(elem_id="o-ask", visible=False) as asking:
                    box = gr.MultimodalTextbox(
                        label="Question", show_label=False, elem_id="o-question", file_count="multiple", file_types=[".txt", ".md"],
                        placeholder="Ask about this patient; attach a note as a text file", submit_btn="Ask", lines=1, max_lines=5,
                    )
                    examples = part(name="o-examples")
                thread = part(name="o-thread")
                with gr.Column(elem_id="o-sign", visible=False) as signing:
                    with gr.Row(equal_height=True):
                        by = gr.Textbox(label="Your name", elem_id="o-by", placeholder="Dr A. Example", scale=3)
                        role = gr.Textbox(label="Your role", elem_id="o-role", placeholder="physician", scale=2)
                        sign = gr.Button("Sign this answer", variant="primary", elem_id="o-sign-button", scale=2)
                    with gr.Row():
                        files = {
                            "json": gr.DownloadButton("JSON", size="sm", elem_id="o-json"),
                            "markdown": gr.DownloadButton("Markdown", size="sm", elem_id="o-markdown"),
                            "fhir": gr.DownloadButton("FHIR document", size="sm", elem_id="o-fhir"),
                        }
                earlier = part(name="o-earlier")
            with gr.Column(scale=5, elem_id="o-side"):
                panel = part(name="o-panel")
        gr.HTML(f"<p>{NOT_A_DEVICE}</p>", elem_id="o-foot")

        parts = [state, banner, examples, thread, panel, earlier, picker, asking, box, signing, by, role, sign,
                 *files.values()]

        def show(view: View) -> list[Any]:
            def html(value: str | None) -> Any:
                return gr.skip() if value is None else value

            ask_box: dict[str, Any] = {}
            if view.question is not None:
                ask_box["value"] = {"text": view.question, "files": []}
            if view.busy is not None:
                ask_box["interactive"] = not view.busy
            done = view.answered is not None
            shown = {"visible": view.answered} if done else {}
            locked = view.signed if view.answered else False
            return [
                view.state, html(view.banner), html(view.examples), html(view.thread), html(view.panel), html(view.earlier),
                gr.update(value=view.picked) if view.picked is not None else gr.skip(),
                gr.update(visible=bool(view.state["patient"])), gr.update(**ask_box) if ask_box else gr.skip(),
                gr.update(**shown) if done else gr.skip(), gr.update(value=view.state["by"]) if view.state["by"] else gr.skip(),
                gr.update(value=view.state["role"]) if view.state["role"] else gr.skip(),
                gr.update(interactive=not locked, value="Signed" if locked else "Sign this answer") if done else gr.skip(),
                *(gr.update(value=view.exports[name]) if view.exports else gr.skip() for name in files),
            ]

        def start(request: gr.Request) -> list[Any]:
            return [gr.update(choices=[(line.text, line.id) for line in page.lines()], value=None), *show(page.start())[1:]]

        def pick(patient: str | None, when: str, held: dict[str, Any]) -> list[Any]:
            return show(page.pick(patient, when, held))

        def pick_card(when: str, held: dict[str, Any], event: gr.EventData) -> list[Any]:
            return show(page.pick(str(event._data.get("patient", "")), when, held))

        def ask(given: dict[str, Any], when: str, held: dict[str, Any]) -> Iterator[list[Any]]:
            yield from map(show, page.ask(given.get("text") or "", list(given.get("files") or []), when, held))

        def ask_example(when: str, held: dict[str, Any], event: gr.EventData) -> Iterator[list[Any]]:
            yield from map(show, page.ask(str(event._data.get("question", "")), [], when, held))

        def act(name: str) -> Any:
            def handle(held: dict[str, Any], event: gr.EventData) -> list[Any]:
                fields = event._data or {}
                if name == "open":
                    return show(page.open(str(fields.get("evidence", "")), str(fields.get("owner", "")), held))
                if name == "reopen":
                    return show(page.reopen(str(fields.get("consultation", "")), held))
                return show(page.fix(fields, held) if name == "fix" else page.reject(fields, held))

            return handle

        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        asked = [
            box.submit(ask, [box, as_of, state], parts, trigger_mode="once", concurrency_limit=AT_ONCE, **quiet),
            examples.example(ask_example, [as_of, state], parts, trigger_mode="once", concurrency_limit=AT_ONCE, **quiet),
        ]
        picker.input(pick, [picker, as_of, state], parts, cancels=asked, **quiet)
        as_of.submit(pick, [picker, as_of, state], parts, cancels=asked, **quiet)
        thread.pick(pick_card, [as_of, state], parts, cancels=asked, **quiet)
        for source in (thread, panel, banner, earlier):
            for name in ("open", "fix", "reject", "reopen"):
                getattr(source, name)(act(name), [state], parts, **quiet)
        sign.click(lambda name, what, held: show(page.sign(name, what, held)), [by, role, state], parts, **quiet)
        blocks.load(start, None, [picker, *parts[1:]], **quiet)
    return blocks


def theme() -> Any:
    """Gradio's own parts in the page's colours; fonts come with Gradio, from this machine."""
    import gradio as gr

    sans = [gr.themes.LocalFont("Source Sans 3"), "system-ui", "sans-serif"]
    mono = [gr.themes.LocalFont("IBM Plex Mono", weights=(400, 600)), "ui-monospace", "monospace"]
    return gr.themes.Base(font=sans, font_mono=mono, radius_size=gr.themes.sizes.radius_sm)


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


def serve(host: str = "127.0.0.1", port: int = PORT) -> None:
    """Serve the page until interrupted.

    Raises:
        UsageError: the host is not loopback, or the port is taken.
    """
    check_host(host)
    check_port(host, port)
    settings = Settings.from_environment()
    settings.home.mkdir(parents=True, exist_ok=True)
    # Gradio keeps uploads and downloads in the temporary folder: inside OSLER_HOME, for this user only, gone at the end.
    folder = Path(tempfile.mkdtemp(prefix="page-", dir=settings.home))
    tempfile.tempdir = str(folder)

    from app_desk import Desk

    desk = Desk(settings)
    warming = threading.Thread(target=_warm, args=(desk,), name="osler-warm", daemon=True)
    warming.start()
    try:
        from app_session import Page

        blocks = build(Page(desk))
        blocks.queue(default_concurrency_limit=AT_ONCE, api_open=False).launch(
            server_name=host, server_port=port, share=False, theme=theme(), css_paths=[HERE / "app_style.css"], js=THEME_JS,
            footer_links=[], quiet=True, show_error=False, max_file_size=MAX_NOTE, ssr_mode=False, enable_monitoring=False,
            prevent_thread_lock=True, pwa=False, mcp_server=False,
        )
        print(f"Osler is at http://{host}:{port}", file=sys.stderr)
        blocks.block_thread()
    finally:
        tempfile.tempdir = None
        shutil.rmtree(folder, ignore_errors=True)
        desk.close()


def _warm(desk: Any) -> None:
    try:
        desk.warm()
    except OslerError as error:
        log.warning("the first question will take longer: %s", error)


def command(
    port: Annotated[int, typer.Option(help="Port on this machine.")] = PORT,
    host: Annotated[str, typer.Option(help="Loopback address.")] = "127.0.0.1",
) -> None:
    """Serve the page to this machine."""
    serve(host, port)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve Osler's page to this machine.")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--host", default="127.0.0.1")
    given = parser.parse_args()
    try:
        serve(given.host, given.port)
    except OslerError as problem:
        said = problem.document()
        print(f"{said['message']}\n  found: {said['found']}\n  expected: {said['expected']}\n  {said['action']}", file=sys.stderr)
        sys.exit(problem.exit_code)
