"""The tab of the calculators in Gradio: its fields, and which gesture reaches which behaviour of `app_calc`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from app_calc import Calculators, Shown, blank
from app_calc_view import nothing_yet
from app_session import Page

MENTION = [("Not known", "unknown"), ("Absent", "absent")]
WORKING = '<p class="o-stage"><span class="o-pulse" aria-hidden="true"></span>Working it out</p>'
RECORD = "Use the open patient's record"


def calculators_tab(page: Page, state: Any, part: Callable[..., Any], at_once: int) -> None:
    """Fields, answer and events; `state` is the session's, whose patient and clock are used."""
    behaviour = Calculators(page.desk.osler.settings)
    held = gr.State(blank())
    with gr.Row(elem_id="o-calc", equal_height=False):
        with gr.Column(scale=4, elem_id="o-calc-form", min_width=300):
            question = gr.Textbox(
                label="Question, or name of a calculator",
                elem_id="o-calc-question",
                lines=1,
                placeholder="Stroke risk in AF; MELD; …",
            )
            note = gr.Textbox(
                label="Note (optional)",
                elem_id="o-calc-note",
                lines=5,
                max_lines=14,
                placeholder="Paste a note: values and findings are read from it",
            )
            use = gr.Checkbox(label=RECORD, elem_id="o-calc-use", interactive=False)
            mention = gr.Radio(
                MENTION, value="unknown", label="A finding that the note does not mention is", elem_id="o-calc-mention"
            )
            go = gr.Button("Work out", variant="primary", elem_id="o-calc-go")
        with gr.Column(scale=7, elem_id="o-calc-side", min_width=300):
            answer = part(nothing_yet(), name="o-calc-answer")

    def show(shown: Shown, session: dict[str, Any]) -> list[Any]:
        if session.get("left"):
            # The patient it was worked out for is no longer on the page.
            return [gr.skip(), gr.skip(), gr.skip()]
        return [shown.state, shown.html, gr.skip() if shown.question is None else shown.question]

    def ask(words: str, text: str, record: bool, absent: str, kept: dict[str, Any],
            session: dict[str, Any]) -> Iterator[list[Any]]:  # fmt: skip
        yield [gr.skip(), WORKING, gr.skip()]
        yield show(behaviour.ask(words or "", text or "", record, absent, kept), session)

    def act(text: str, record: bool, absent: str, kept: dict[str, Any], session: dict[str, Any],
            event: gr.EventData) -> list[Any]:  # fmt: skip
        return show(behaviour.act(event._data or {}, text or "", record, absent, kept), session)

    def follow(kept: dict[str, Any], session: dict[str, Any]) -> list[Any]:
        patient = session["patient"]
        if (patient, session["as_of"]) == (kept["patient"], kept["as_of"]):
            return [gr.skip()] * 5
        name = next((line.name for line in page.lines() if line.id == patient), "") if patient else ""
        moved = behaviour.moved(patient, session["as_of"], name, kept)
        label = f"Use the record of {name or patient}" if patient else RECORD
        record = gr.update(label=label, value=bool(patient), interactive=bool(patient))
        return [moved, nothing_yet(), "", "", record]

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    once: dict[str, Any] = {"trigger_mode": "once", "concurrency_limit": at_once, **quiet}
    asked = [question, note, use, mention, held, state]
    for gesture in (question.submit, go.click):
        gesture(ask, asked, [held, answer, question], **once)
    answer.calc(act, asked[1:], [held, answer, question], **once)
    state.change(follow, [held, state], [held, answer, question, note, use], **quiet)
