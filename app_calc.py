"""The calculators of the page: what was asked, answered, chosen instead. No Gradio here: fields in, HTML and state out.

A session's own state is a plain dict with the question, the note and the answers given; it is written nowhere.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from agent.calc_ask import ask, find
from agent.clock import parse_as_of
from agent.settings import Settings
from app_calc_forms import read_fields, typed_fields
from app_calc_view import answer_page, nothing_yet
from app_parts import Json, day
from app_session import bug, trouble
from tools.calculators import calculator as calculator_of
from tools.ehr.demo import demo_patients
from tools.errors import OslerError, UsageError
from tools.fill.record import declared_parts

log = logging.getLogger("osler.page")
ACTIONS = {
    "nothing was asked": "Write what you want to know, such as “stroke risk in AF”, or the name of a score.",
    "no calculator answers that question": "Say it in other words, or give the name of the score or formula.",
}
Unmentioned = Literal["unknown", "absent"]


def blank(patient: str | None = None, as_of: str = "", name: str = "") -> Json:
    """The state of the calculators on a patient, before anything was asked."""
    return {
        "patient": patient, "as_of": as_of, "name": name, "question": "", "note": "", "use": False,
        "unmentioned": "unknown", "calculator": None, "given": {}, "body": None, "others": [],
    }  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """What changes: the state, the answer; and the question where it was chosen by a button."""

    state: Json
    html: str
    question: str | None = None


class Calculators:
    """The behaviour of the calculators."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def moved(self, patient: str | None, as_of: str, name: str, held: Json) -> Json | None:
        """The state on another patient or clock; None where it is the same. Nothing of the one before stays."""
        if (patient, as_of) == (held["patient"], held["as_of"]):
            return None
        return blank(patient, as_of, name)

    def ask(self, question: str, note: str, use: bool, unmentioned: str, held: Json) -> Shown:
        """Answer a question. Answers given before stay while the question stays the same."""
        same = question.strip() == held["question"]
        kept = {"calculator": held["calculator"], "given": held["given"]} if same else {"calculator": None, "given": {}}
        found: Unmentioned = "absent" if unmentioned == "absent" else "unknown"
        asked = {"question": question.strip(), "note": note if note.strip() else "", "use": bool(use)}
        return self._work(held | asked | kept | {"unmentioned": found}, held)

    def act(self, fields: Mapping[str, Any], note: str, use: bool, unmentioned: str, held: Json) -> Shown:
        """A button or the form of the answer: an example, another calculator, an answer, one taken back."""
        if example := str(fields.get("question") or ""):
            shown = self.ask(example, note, use, unmentioned, held)
            return Shown(shown.state, shown.html, example)
        if held["body"] is None:
            return Shown(held, nothing_yet())
        if instead := str(fields.get("calculator") or ""):
            return self._work(held | {"calculator": instead, "given": _fitting(held["given"], instead)}, held)
        typed = typed_fields(fields)
        try:
            parts = declared_parts(calculator_of(held["body"]["calculator"]))
            given = held["given"] | read_fields(fields, parts)
        except OslerError as error:
            return Shown(held, self._trouble(error) + self._page(held, typed))
        given.pop(str(fields.get("drop") or ""), None)
        return self._work(held | {"calculator": held["body"]["calculator"], "given": given}, held, typed)

    def _work(self, wanted: Json, held: Json, typed: Mapping[str, str] | None = None) -> Shown:
        """The answer to what is wanted. Where there is none, the form's own answer before stands below the reason."""
        try:
            done = wanted | self._answer(wanted)
            return Shown(done, _at() + self._page(done))
        except OslerError as error:
            said = self._trouble(error)
        except Exception:
            log.exception("a calculation could not be made")
            said = bug()
        if typed is not None:
            return Shown(held, said + self._page(held, typed))
        return Shown(wanted | {"body": None, "others": [], "given": {}, "calculator": None}, said)

    def _answer(self, wanted: Json) -> Json:
        body = ask(
            self.settings,
            wanted["question"],
            note=wanted["note"] or None,
            patient=self._patient(wanted),
            as_of=self._clock(wanted),
            unmentioned=wanted["unmentioned"],
            given=wanted["given"],
            calculator=wanted["calculator"],
        )
        if wanted["calculator"] is None:
            return {"body": body, "others": body["runners_up"]}
        choice = find(self.settings, wanted["question"])
        rows = [asdict(row) for row in choice.runners_up]
        if choice.calculator is not None:
            rows.insert(0, {"calculator": choice.calculator, "title": choice.title, "differs": ""})
        return {"body": body, "others": [row for row in rows if row["calculator"] != body["calculator"]]}

    def _patient(self, wanted: Json) -> str | None:
        if not wanted["use"]:
            return None
        if not wanted["patient"]:
            raise UsageError("no patient is open", found="nothing", expected="a patient of the record",
                             action="choose the patient above, or ask without the record")  # fmt: skip
        return str(wanted["patient"])

    def _clock(self, wanted: Json) -> str | None:
        """The clinical clock of the page's patient: set there, else a demo patient's own, else now."""
        if wanted["as_of"]:
            return parse_as_of(wanted["as_of"])
        if self.settings.fhir_url:
            return None
        return next((row.as_of for row in demo_patients() if row.id == wanted["patient"]), None)

    def _page(self, held: Json, typed: Mapping[str, str] | None = None) -> str:
        if held["body"] is None:
            return nothing_yet()
        who = ""
        if held["use"]:
            who = f"the record of {held['name'] or held['patient']}, as of {day(self._clock(held)) or 'now'}"
        return answer_page(held["body"], held["note"], who, held["given"], held["others"], typed or {})

    def _trouble(self, error: OslerError) -> str:
        return trouble(error, ACTIONS.get(error.message, ""))


def _fitting(given: Mapping[str, Any], calculator: str) -> dict[str, Any]:
    """The answers that another calculator takes too."""
    parts = declared_parts(calculator_of(calculator))
    return {name: value for name, value in given.items() if name in parts}


def _at() -> str:
    """Each showing is a new one, so that the page knows that the work is done."""
    return f'<i hidden class="o-calc-at" data-at="{time.monotonic_ns()}"></i>'
