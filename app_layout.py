"""The page's layout and events in Gradio: which part shows what, and which gesture reaches which behaviour.

Apart from `app.py`, so that Gradio (seconds to import) is loaded only when the page is served.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from agent.export import NOT_A_DEVICE
from app_calc_layout import calculators_tab
from app_desk import ExportFormat, Line
from app_session import Page, View, fresh
from app_writes import act as draft_act

HERE = Path(__file__).parent
SCRIPTS = ("app_page.js", "app_film.js", "app_draw.js")
AT_ONCE = 8
SIGN = "Sign this answer"
HEAD = (
    '<div class="o-brand"><span class="o-logo" aria-hidden="true"></span><div><h1>Osler</h1><p>Answers from this '
    'patient\'s record and '
    'published guidelines, each with its evidence</p></div></div><button type="button" class="o-theme" data-do="theme" '
    'aria-label="Switch between light and dark">Light / dark</button>'
)
THEME_JS = """() => {
  let kept = null;
  try { kept = localStorage.getItem('osler-theme'); } catch { /* private mode */ }
  if (kept) document.body.classList.toggle('dark', kept === 'dark');
  document.documentElement.lang = 'en';
}"""


def build(page: Page) -> Any:
    """The page over its behaviour (`app_session.Page`)."""
    script = "\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)

    def part(value: str = "", *, name: str, **options: Any) -> Any:
        return gr.HTML(value, elem_id=name, js_on_load=script, apply_default_css=False, **options)

    with gr.Blocks(title="Osler", analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400)) as blocks:
        state = gr.State(fresh())
        part(HEAD, name="o-head")
        with gr.Row(elem_id="o-desk", equal_height=False):
            with gr.Column(scale=7, elem_id="o-work"):
                with gr.Row(elem_id="o-pick"):
                    picker = gr.Dropdown(
                        choices=[], label="Patient", elem_id="o-patient", filterable=True, allow_custom_value=True,
                        scale=4,
                    )
                    as_of = gr.Textbox(label="As of", elem_id="o-as-of", placeholder="now, or YYYY-MM-DD", scale=1,
                                       min_width=185)
                    bundle = gr.UploadButton("Import a record", elem_id="o-import", size="sm", scale=0,
                                             file_types=[".json", ".ndjson"], min_width=130)
                notice = part(name="o-notice")
                banner = part(name="o-banner")
                with gr.Tabs(elem_id="o-tabs"):
                    with gr.Tab("This patient", elem_id="o-tab-ask", render_children=True):
                        with gr.Column(elem_id="o-ask", visible=False) as asking:
                            box = gr.MultimodalTextbox(
                                label="Question", show_label=False, elem_id="o-question", submit_btn="Ask", max_lines=5,
                                placeholder="Ask about this patient; attach notes, images, a series",
                                file_count="multiple",
                            )
                            examples = part(name="o-examples")
                        thread = part(name="o-thread")
                        with gr.Column(elem_id="o-sign", visible=False) as signing:
                            with gr.Row(equal_height=True):
                                by = gr.Textbox(label="Your name", elem_id="o-by", placeholder="Dr A. Example", scale=3)
                                role = gr.Textbox(label="Your role", elem_id="o-role", placeholder="physician", scale=2)
                                sign = gr.Button(SIGN, variant="primary", elem_id="o-sign-button", scale=2)
                            with gr.Row(elem_id="o-export"):
                                gr.HTML("<p>Export</p>", elem_id="o-export-label", apply_default_css=False)
                                files: dict[ExportFormat, Any] = {
                                    "pdf": gr.DownloadButton("PDF", size="sm", elem_id="o-pdf"),
                                    "markdown": gr.DownloadButton("Markdown", size="sm", elem_id="o-markdown"),
                                    "note": gr.DownloadButton("Draft note", size="sm", elem_id="o-draft-note"),
                                    "fhir": gr.DownloadButton("FHIR document", size="sm", elem_id="o-fhir"),
                                    "json": gr.DownloadButton("JSON", size="sm", elem_id="o-json"),
                                }
                        earlier = part(name="o-earlier")
                    with gr.Tab("Calculators", elem_id="o-tab-calc", render_children=True):
                        calculators_tab(page, state, part, AT_ONCE)
            with gr.Column(scale=5, elem_id="o-side"):
                panel = part(name="o-panel")
                leaf = part(name="o-leaf")
        gr.HTML(f"<p>{NOT_A_DEVICE}</p>", elem_id="o-foot", apply_default_css=False)

        parts = [state, notice, banner, examples, thread, panel, earlier, picker, as_of, asking, box, signing, by, role,
                 sign, *files.values()]

        def show(view: View) -> list[Any]:
            def html(value: str | None) -> Any:
                return gr.skip() if value is None else value

            held, ask_box = view.state, dict[str, Any]()
            if view.question is not None:
                ask_box["value"] = {"text": view.question, "files": view.files or []}
            if view.busy is not None:
                ask_box["interactive"] = not view.busy
            done = view.answered is not None
            shown = {"visible": view.answered} if done else {}
            locked = view.signed if view.answered else False
            return [
                held or gr.skip(),
                *map(html, (view.notice, view.banner, view.examples, view.thread, view.panel, view.earlier)),
                gr.update(value=view.picked or None, **options(view.lines)) if view.picked is not None else gr.skip(),
                gr.skip() if view.as_of is None else view.as_of,
                gr.update(visible=bool(held["patient"])) if held else gr.skip(),
                gr.update(**ask_box) if ask_box else gr.skip(),
                gr.update(**shown) if done else gr.skip(),
                gr.update(value=held["by"]) if held.get("by") else gr.skip(),
                gr.update(value=held["role"]) if held.get("role") else gr.skip(),
                gr.update(interactive=not locked, value="Signed" if locked else SIGN) if done else gr.skip(),
                *(gr.update(value=view.exports[name]) if view.exports else gr.skip() for name in files),
            ]

        def options(lines: list[Line] | None) -> dict[str, Any]:
            return {} if lines is None else {"choices": [(line.text, line.id) for line in lines]}

        def start(request: gr.Request) -> list[Any]:
            consultation = request.query_params.get("consultation")
            changed = show(page.resume(consultation) if consultation else page.start())
            # The picker is given its choices and its value in one update.
            changed[parts.index(picker)] = gr.update(**options(page.lines()), value=changed[0]["patient"])
            return changed

        def pick(patient: str | None, when: str, held: dict[str, Any]) -> list[Any]:
            return show(page.pick(patient, when, held))

        def pick_card(when: str, held: dict[str, Any], event: gr.EventData) -> list[Any]:
            return show(page.pick(str(event._data.get("patient", "")), when, held))

        def ask(given: dict[str, Any], when: str, held: dict[str, Any]) -> Iterator[list[Any]]:
            yield from map(show, page.ask(given.get("text") or "", list(given.get("files") or []), when, held))

        def ask_example(when: str, held: dict[str, Any], event: gr.EventData) -> Iterator[list[Any]]:
            yield from map(show, page.ask(str(event._data.get("question", "")), [], when, held))

        def begin(held: dict[str, Any], event: gr.EventData) -> Iterator[list[Any]]:
            yield from map(show, page.begin(event._data or {}, held))

        def act(name: str) -> Any:
            def handle(held: dict[str, Any], event: gr.EventData) -> list[Any]:
                fields = event._data or {}
                if name == "open":
                    return show(page.open(str(fields.get("evidence", "")), str(fields.get("owner", "")), held))
                if name == "draft":
                    return show(draft_act(page, fields, held))
                if name == "reopen":
                    return show(page.reopen(str(fields.get("consultation", "")), held))
                return show(page.fix(fields, held) if name == "fix" else page.reject(fields, held))

            return handle

        def turn(held: dict[str, Any], event: gr.EventData) -> str:
            return page.leaf(event._data or {}, held)

        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        once: dict[str, Any] = {"trigger_mode": "once", "concurrency_limit": AT_ONCE, **quiet}
        box.submit(ask, [box, as_of, state], parts, **once)
        examples.example(ask_example, [as_of, state], parts, **once)
        thread.example(ask_example, [as_of, state], parts, **once)
        picker.input(pick, [picker, as_of, state], parts, **quiet)
        as_of.submit(pick, [picker, as_of, state], parts, **quiet)
        bundle.upload(lambda path, held: show(page.take(path, held)), [bundle, state], parts, **quiet)
        thread.pick(pick_card, [as_of, state], parts, **quiet)
        for source in (thread, panel, banner, earlier):
            for name in ("open", "fix", "reject", "reopen", "draft"):
                getattr(source, name)(act(name), [state], parts, **quiet)
        panel.leaf(turn, [state], leaf, **quiet)
        thread.begin(begin, [state], parts, **once)
        sign.click(lambda name, what, held: show(page.sign(name, what, held)), [by, role, state], parts, **quiet)
        blocks.load(start, None, parts, **quiet)
    return blocks


def theme() -> Any:
    """Gradio's own parts in the page's colours; fonts come with Gradio, from this machine."""
    sans = [gr.themes.LocalFont("Source Sans Pro", weights=(400, 700)), "system-ui", "sans-serif"]
    mono = [gr.themes.LocalFont("IBM Plex Mono", weights=(400, 700)), "ui-monospace", "monospace"]
    return gr.themes.Base(font=sans, font_mono=mono, radius_size=gr.themes.sizes.radius_sm)
