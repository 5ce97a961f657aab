"""What happens when somebody does something on the page. No Gradio here: state and fields in, HTML and state out.

A session's state is a plain dict: the patient, the consultation's id, the name given, the questions asked before. It
belongs to one browser tab; everything else is read from the consultation each time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from agent.api import Consultation
from app_answer import assessment, earlier, outdated_box
from app_banner import WHAT_CAN_YOU_DO, abilities, banner, cards, questions, taken, welcome
from app_changes import change_box
from app_cite import Citations
from app_desk import Desk, ExportFormat, Line
from app_evidence import Known, detail, overview
from app_film import asked_look, leaf, viewer
from app_forms import CHOICE, Control, control_for, read_value
from app_parts import Json, empty, error_box
from app_plan import added, dropped, plan_form
from app_steps import Run
from tools.errors import OslerError, UsageError

log = logging.getLogger("osler.page")
EVERY = 0.15
PICK_ACTIONS = {
    "usage": "Choose a patient from the list, or type an id as it stands in the record.",
    "bad_input": "Write the date as YYYY-MM-DD, or leave it empty.",
}
WELCOME = empty("Ask about this patient", "<p>Choose a question above or write your own.</p>")


def fresh(patient: str | None = None, old: Json | None = None, as_of: str = "") -> Json:
    """The state of a session, on a patient. The one before is marked as left: what still runs for it shows nothing."""
    kept = {key: (old or {}).get(key) or "" for key in ("by", "role")}
    earlier = list((old or {}).get("earlier", []))
    if old is not None:
        old["left"] = True
    return {"patient": patient, "as_of": as_of, "consultation": None, "earlier": earlier, **kept}


@dataclass(frozen=True)
class View:
    """What changes on the page; None leaves a part as it is, and so does an empty state."""

    state: Json
    banner: str | None = None
    examples: str | None = None
    thread: str | None = None
    panel: str | None = None
    earlier: str | None = None
    picked: str | None = None
    as_of: str | None = None
    question: str | None = None
    files: list[str] | None = None
    notice: str | None = None
    lines: list[Line] | None = None
    busy: bool | None = None
    answered: bool | None = None
    signed: bool = False
    exports: dict[ExportFormat, str] | None = None


# The end of an answer whose patient is no longer on the page. Gradio sends the last view of a stream once more when the
# stream ends, so it must be one that changes nothing.
LEFT = View({})


class Page:
    """The page's behaviour, over one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def known(self, state: Json, elapsed: float | None = None, document: Json | None = None) -> Known:
        """What a rendering needs besides the document; with one, small pictures of its images."""
        titles = {name: protocol.title for name, protocol in self.desk.protocols.items()}
        return Known(units=self.desk.units, protocols=titles, names=self.desk.names, criteria=self.desk.criteria,
                     by=state["by"], role=state["role"], elapsed=elapsed,
                     films=self.desk.thumbnails(document) if document else {},
                     drafts=self.desk.drafts(document["consultation"]) if document else {})

    # -- patients ----------------------------------------------------------------------------------------------------

    def lines(self) -> list[Line]:
        """The patients of the record; none where it cannot be read (`start` then says why)."""
        try:
            return self.desk.patients()
        except OslerError:
            return []

    def start(self, state: Json | None = None) -> View:
        """A page without a patient: those there are."""
        try:
            thread = welcome(self.desk.patients())
        except OslerError as error:
            thread = trouble(error)
        return View(fresh(None, state), banner="", examples="", thread=thread, panel=overview(None), earlier="",
                    picked="", notice="", busy=False, answered=False)

    def resume(self, consultation: str) -> View:
        """A page opened on a consultation of before (`?consultation=ID`)."""
        try:
            document = self.desk.document(consultation)
            view = self.pick(document["patient"], document["as_of"], fresh())
            answered = self._answered(consultation, view.state)
        except OslerError as error:
            return replace(self.start(), banner=trouble(error))
        return replace(answered, banner=view.banner, examples=view.examples, picked=view.picked,
                       as_of=view.state["as_of"])

    def pick(self, patient: str | None, as_of: str, state: Json) -> View:
        """Another patient (or another clock): nothing of the one before stays on the page."""
        as_of = as_of.strip()
        if not patient:
            return self.start(state)
        if (patient, as_of) == (state["patient"], state["as_of"]):
            return View(state)
        try:
            person = self.desk.person(patient, as_of or None)
        except OslerError as error:
            return replace(self.start(state), banner=trouble(error, PICK_ACTIONS.get(error.code, "")), picked=None)
        state = fresh(person.id, state, as_of)
        line = self._line(person.id)
        return View(state, banner=banner(person), examples=questions(line), thread=WELCOME, panel=overview(None),
                    earlier=self._earlier(state), picked=person.id, question="", notice="", busy=False, answered=False)

    def take(self, path: str, state: Json) -> View:
        """Take a record into the store and go to its patient. One that is not taken changes nothing on the page."""
        try:
            done = self.desk.import_patient(path)
        except OslerError as error:
            return View(state, notice=trouble(error))
        except Exception:
            log.exception("a record could not be imported")
            return View(state, notice=bug())
        return replace(self.pick(done.patient, "", state), notice=taken(done), lines=self.lines())

    def _line(self, patient: str) -> Line | None:
        return next((line for line in self.desk.patients() if line.id == patient), None)

    def _earlier(self, state: Json) -> str:
        held = [item for item in state["earlier"] if item["patient"] == state["patient"]
                and item["consultation"] != state["consultation"]]
        return earlier(held)

    # -- asking ------------------------------------------------------------------------------------------------------

    def ask(self, question: str, files: list[str], as_of: str, state: Json) -> Iterator[View]:
        """Ask; the steps are shown as they happen."""
        if question.strip().lower().rstrip("?!. ") == WHAT_CAN_YOU_DO.lower().rstrip("?"):
            yield self._abilities(state)
            return
        began = time.monotonic()
        run = Run(question.strip(), self.desk.protocols)
        yield View(state, thread=run.html(0.0), panel=overview(None), busy=True, answered=False)
        try:
            clock = as_of.strip() or None
            consult = self.desk.ask(question, state["patient"], as_of=clock, files=files, by=state["by"])
            yield from self._follow(consult, run, state, began)
        except OslerError as error:
            yield View(state, thread=trouble(error), question=question, files=files, busy=False, answered=False)
        except Exception:
            log.exception("a question could not be answered")
            yield View(state, thread=bug(), question=question, files=files, busy=False, answered=False)

    def _follow(self, consult: Consultation, run: Run, state: Json, began: float) -> Iterator[View]:
        """What runs, as it happens; then the answer, or the plan where it waits for a person."""
        shown = time.monotonic()
        for event in self.desk.events(consult):
            run.take(event.kind, event.data)
            if state.get("left"):
                yield LEFT
                return
            if time.monotonic() - shown >= EVERY:
                shown = time.monotonic()
                yield View(state, thread=run.html(shown - began))
        plan = consult.pending_plan()
        if plan is not None:
            thread = plan_form(run.question, plan, self.known(state).protocols, self.desk.criteria, state["by"],
                               state["role"])
            yield LEFT if state.get("left") else View(state, thread=thread, question="", busy=False, answered=False)
            return
        answered = self._answered(consult.id, state, question="", elapsed=time.monotonic() - began)
        yield LEFT if state.get("left") else answered

    def begin(self, fields: Mapping[str, Any], state: Json) -> Iterator[View]:
        """Run a plan that was shown, without the steps whose tick was taken away."""
        began = time.monotonic()
        by, role = str(fields.get("by") or "").strip(), str(fields.get("role") or "").strip()
        state = {**state, "by": by or state["by"], "role": role or state["role"]}
        try:
            consult = self.desk.osler.open(str(fields.get("consultation") or ""))
            plan = consult.pending_plan()
            consult.begin(by, role, dropped(plan, fields) if plan else (), added(fields))
            run = Run(self.desk.question(consult.id), self.desk.protocols)
            yield View(state, thread=run.html(0.0), busy=True, answered=False)
            yield from self._follow(consult, run, state, began)
        except OslerError as error:
            yield View(state, notice=trouble(error), busy=False)
        except Exception:
            log.exception("a plan could not be run")
            yield View(state, thread=bug(), busy=False, answered=False)

    def _abilities(self, state: Json) -> View:
        from tools.calculators import list_calculators

        rows = [(p.title, " ".join(p.purpose.split()), p.reviewed_by is not None) for p in self.desk.protocols.values()]
        calculators = [row["title"] for row in list_calculators()]
        body = abilities(rows, calculators) + ("" if state["patient"] else cards(self.lines()))
        return View(state | {"consultation": None}, thread=body, panel=overview(None),
                    earlier=self._earlier(state | {"consultation": None}), question="", busy=False, answered=False)

    def _answered(self, consultation: str, state: Json, *, question: str | None = None, change: Json | None = None,
                  opened: str | None = None, error: str = "", elapsed: float | None = None) -> View:
        document = self.desk.document(consultation)
        state = {**state, "consultation": consultation, "earlier": remembered(state["earlier"], document)}
        known = self.known(state, elapsed, document)
        panel = overview(document, known)
        if opened and opened in document["evidence"]:
            panel = detail(document, opened, known, self.desk.behind(document, opened))
        return View(
            state, thread=with_error(error, assessment(document, known, change)), panel=panel,
            earlier=self._earlier(state), question=question, busy=False, answered=True,
            signed=document["status"] == "signed", exports=self.desk.export(consultation),
        )

    def reopen(self, consultation: str, state: Json) -> View:
        """An earlier question of this session (or of the address line), as it stands now."""
        try:
            document = self.desk.document(consultation)
            if state["patient"] and document["patient"] != state["patient"]:
                raise UsageError("this consultation is about another patient", found=document["patient"],
                                 expected=state["patient"], action="choose that patient first")
            return self._answered(consultation, state)
        except OslerError as error:
            return View(state, thread=trouble(error))

    # -- looking -----------------------------------------------------------------------------------------------------

    def open(self, evidence: str, owner: str, state: Json, error: str = "") -> View:
        """One piece of evidence, or all of it where none is named."""
        if not state["consultation"]:
            return View(state, panel=overview(None))
        document = self.desk.document(state["consultation"])
        known = self.known(state)
        if not evidence:
            return View(state, panel=error + overview(document, known))
        behind = self.desk.behind(document, evidence)
        return View(state, panel=detail(document, evidence, known, behind, owner, error))

    def leaf(self, fields: Mapping[str, Any], state: Json) -> str:
        """Another frame or slice, view or window of the image that is looked at: the viewer as it is to become."""
        target, shown = str(fields.get("evidence") or ""), None
        try:
            document = self.desk.document(self._consultation(state))
            if item := document["evidence"].get(target):
                shown = self.desk.film(document, item, asked_look(fields))
        except OslerError as error:
            log.info("a slice is not shown: %s", error.document()["message"])
        return leaf(target, viewer(shown, target, edits=str(fields.get("edits") or "")) if shown else "")

    # -- deciding ----------------------------------------------------------------------------------------------------

    def fix(self, fields: Mapping[str, Any], state: Json) -> View:
        """Correct (or answer) something; what depends on it is worked out again."""
        target, by = str(fields.get("evidence") or ""), str(fields.get("by") or "").strip()
        state = {**state, "by": by or state["by"]}
        if fields.get("mode") == "if":
            return self._guard(lambda: self._try(fields, target, state), state, target, True)

        def correct() -> View:
            consultation = self._consultation(state)
            document = self.desk.document(consultation)
            control, item = self._control(document, target)
            value = read_value(control, fields, item)
            consult = self.desk.osler.open(consultation)
            change = consult.correct(target, value, by, str(fields.get("reason") or "").strip() or None)
            new = self.desk.document(consultation)
            slot = item["slot"]
            opened = next((i for record in new["records"] for i in record["evidence"]
                           if new["evidence"].get(i, {}).get("slot") == slot), None)
            return self._answered(consultation, state, change=change, opened=opened)

        return self._guard(correct, state, target, bool(fields.get("panel")))

    def _try(self, fields: Mapping[str, Any], target: str, state: Json) -> View:
        """What another value would change, beside the form that asked; the consultation stays as it is."""
        consultation = self._consultation(state)
        control, item = self._control(self.desk.document(consultation), target)
        value = read_value(control, fields, item)
        copy, change = self.desk.osler.open(consultation).what_if(target, value, state["by"] or "clinician")
        document, known = copy.document(), self.known(state)
        box = change_box(change, Citations(document, known.names), document["version"], known.criteria, supposed=True)
        return self.open(target, "", state, box)

    def _control(self, document: Json, target: str) -> tuple[Control, Json]:
        item = document["evidence"].get(target)
        if item is None:
            held = (document["evidence"].get(i) for record in document["records"] for i in record["evidence"])
            item = next((found for found in held if found and found["slot"] == target), None)
        if item is None:
            raise UsageError("this evidence is no longer in us"
                             "e", found=target, expected="evidence of the current answer",
                             action="look at the answer again")
        if item["slot"] == CHOICE:
            return Control("code", choices=tuple(self.desk.protocols)), item
        control = control_for(document, item, self.desk.units)
        if control is None:
            raise UsageError("this is not corrected directl"
                             "y", found=item["display"], expected="a fact about the patient",
                             action="correct what it rests on")
        return control, item

    def reject(self, fields: Mapping[str, Any], state: Json) -> View:
        """Reject one statement, with a reason; it stays visible."""
        by, role = str(fields.get("by") or "").strip(), str(fields.get("role") or "").strip()
        state = {**state, "by": by or state["by"], "role": role or state["role"]}

        def decide() -> View:
            consultation = self._consultation(state)
            reason = str(fields.get("reason") or "").strip()
            if not reason:
                raise UsageError("the reason is missin"
                                 "g", found="nothing", expected="why it is rejected", action="say why")
            self.desk.osler.open(consultation).reject(str(fields.get("item") or ""), by, role, reason)
            return self._answered(consultation, state)

        return self._guard(decide, state, "", True)

    def sign(self, by: str, role: str, state: Json) -> View:
        """Sign the answer; the record is read again first, and what changed stops it."""
        state = {**state, "by": by.strip() or state["by"], "role": role.strip() or state["role"]}

        def decide() -> View:
            consultation = self._consultation(state)
            result = self.desk.osler.open(consultation).approve(by.strip(), role.strip())
            changed = "" if result["approved"] else outdated_box(result["rechecked"])
            return self._answered(consultation, state, error=changed)

        return self._guard(decide, state, "", False)

    def redrawn(self, state: Json) -> str:
        """The answer as it stands, with what has become of its drafts."""
        document = self.desk.document(self._consultation(state))
        return with_error("", assessment(document, self.known(state, document=document)))

    def _consultation(self, state: Json) -> str:
        if not state["consultation"]:
            raise UsageError("there is no answer ye"
                             "t", found="nothing", expected="an answered question", action="ask first")
        return str(state["consultation"])

    def _guard(self, work: Callable[[], View], state: Json, target: str, in_panel: bool) -> View:
        """Run a decision. An error stands where it was made, and what was typed stays in its form."""
        try:
            return work()
        except OslerError as error:
            message = trouble(error)
        except Exception:
            log.exception("a decision could not be carried out")
            message = bug()
        if not state["consultation"]:
            return View(state, thread=message)
        if in_panel:
            return self.open(target, "", state, message)
        document = self.desk.document(state["consultation"])
        return View(state, thread=with_error(message, assessment(document, self.known(state, document=document))))


def remembered(items: list[Json], document: Json) -> list[Json]:
    """The session's questions with this one as it stands now."""
    line = {"consultation": document["consultation"], "patient": document["patient"], "question": document["question"],
            "as_of": document["as_of"], "state": "signed" if document["status"] == "signed" else "draft"}
    return [*(item for item in items if item["consultation"] != line["consultation"]), line]


def with_error(error: str, body: str) -> str:
    """An error above a part that stays: always in a place of its own, so that the part is not drawn anew."""
    return f'<div class="o-errors">{error}</div>{body}'


def trouble(error: OslerError, action: str = "") -> str:
    """An error document on the page; each showing is a new one, so that the same mistake twice is seen twice.

    Args:
        action: what to do here, where the error's own words are those of the command line.
    """
    document = error.document()
    return f'<div data-at="{time.monotonic_ns()}">{error_box(document | ({"action": action} if action else {}))}</div>'


def bug() -> str:
    """What a bug looks like: nothing of it is shown here, all of it is in the log."""
    return f'<div data-at="{time.monotonic_ns()}">' + error_box({
        "code": "bug", "message": "Something went wrong inside Osler", "found": None,
        "expected": "an answer or a reason why there is none",
        "action": "Nothing was lost: the consultation stands as before. The log of the server says what happened.",
    }) + "</div>"
