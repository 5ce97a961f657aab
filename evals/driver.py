"""Carries out the steps of a case on an assistant, live or from a recording."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from agent import ClinicalAssistant
from agent.api import Consultation
from agent.attach import PICTURED
from evals import recording
from evals.case import Case, Correct, Film, Step
from tools.catalog import catalog
from tools.errors import UsageError

Json = dict[str, Any]


class Driver:
    """One case on its way. `answers` holds, for each period between reopenings, what tools said in it.

    Args:
        folder: for the files that come with the case: notes, films, a changed record.
        frozen: a recording; its patient, clock and attachments are used and no record is opened.
        name: id of the consultation, where it is frozen.
    """

    def __init__(
        self, case: Case, osler: ClinicalAssistant, folder: Path, frozen: Json | None, name: str | None = None
    ) -> None:
        self.name = name or f"c-{case.id}"
        self.case, self.osler, self.folder, self.frozen = case, osler, folder, frozen
        self.consult: Consultation | None = None
        self.answers: list[Json] = [{}]
        self._opened: list[ClinicalAssistant] = []
        self._patient: Json | None = None
        self._record = self._write_record(case.change)

    def close(self) -> None:
        """Close the assistants that reopenings brought."""
        for assistant in self._opened:
            assistant.close()

    @property
    def start(self) -> Json:
        """What the consultation began with."""
        if self.consult is None:
            return {}
        return {name: self.consult.state["case"][name] for name in ("patient", "as_of", "clock", "attachments")}

    def do(self, step: Step) -> tuple[Json, Json]:
        """Carry out a step: the document that is looked at then, and what the step gave."""
        if step.ask is not None:
            self.consult = self._ask(step).run()
            return self._look(self.consult), {}
        consult = self.consult
        if consult is None:
            raise UsageError("a case begins by asking", found=step.kind, expected="ask", action="put `ask` first")
        if step.correct is not None:
            outcome = consult.correct(step.correct.slot, step.correct.value, step.correct.by, step.correct.reason)
        elif step.what_if is not None:
            return self._try(consult, step.what_if)
        elif step.approve is not None:
            outcome = consult.approve(step.approve.by, step.approve.role, step.approve.item)
        elif step.reject is not None:
            item = _item(consult.document(), step.reject.says)
            outcome = consult.reject(item, step.reject.by, step.reject.role, step.reject.reason)
        else:
            assert step.reopen is not None
            return self._reopen(consult, step.reopen.change)
        return self._look(consult), outcome

    def _look(self, consult: Consultation) -> Json:
        """The document; what tools said stays, the first answer first: a later run would bring its own lineage."""
        self.answers[-1] = recording.tool_answers(consult.state) | self.answers[-1]
        return consult.document()

    def _ask(self, step: Step) -> Consultation:
        assert step.ask is not None
        if self.consult is not None:
            return self.consult.ask(step.ask)
        if self.frozen is not None:
            self._keep_films(step.images)
            fixed = {"consultation": self.name, "record": None, "turn": 0, "version": 1, "model": None}
            return self.osler.start(fixed | self.frozen["start"], step.ask)
        notes = [self.folder / f"note-{at}.txt" for at, _ in enumerate(step.notes, start=1)]
        for path, text in zip(notes, step.notes, strict=True):
            path.write_text(text, encoding="utf-8")
        images = [_draw(film, self.folder) for film in step.images]
        as_of = self.case.as_of or (str(self._patient["as_of"]) if self._patient else None)
        return self.osler.consult(
            step.ask, self.case.patient, as_of=as_of, record=self._record, notes=notes, images=images
        )

    def _try(self, consult: Consultation, given: Correct) -> tuple[Json, Json]:
        """A what-if: its document, once it is sure that the consultation itself stands as it was."""
        before = consult.document()
        copy, outcome = consult.what_if(given.slot, given.value, given.by)
        if consult.document() != before:
            raise AssertionError("a what-if has changed the consultation it was tried on")
        return self._look(copy), outcome

    def _reopen(self, consult: Consultation, change: Json | None) -> tuple[Json, Json]:
        """Open the consultation in another assistant, as another process would, and compare it with the record."""
        if change is not None and self.frozen is None:
            self._write_record(change)
        self.answers.append({})
        again = ClinicalAssistant(self.osler.settings)
        self._opened.append(again)
        if self.frozen is None:
            again.use_tools(recording.noted(catalog(), self.answers[-1]))
        else:
            answers = self.frozen["tools"][len(self.answers) - 1]
            again.use_tools(recording.frozen(catalog(), answers), record=False)
        self.osler, self.consult = again, again.open(consult.id)
        outdated = self.consult.outdated()
        return self.consult.document(), {"outdated": outdated}

    def _write_record(self, change: Json | None) -> str | None:
        """A Bundle of the patient with a change made; None where the case leaves the record alone."""
        if self.frozen is not None:
            return None
        if change is None and not any(step.reopen and step.reopen.change for step in self.case.steps):
            return None
        from tools.ehr.compact import apply_change, build_bundle
        from tools.ehr.demo import compact_patient

        before = self._patient or compact_patient(self.case.patient)
        self._patient = apply_change(before, change) if change is not None else before
        path = self.folder / f"{self.case.id}.json"
        path.write_text(json.dumps(build_bundle(self._patient)), encoding="utf-8")
        return str(path)

    def _keep_films(self, films: list[Film]) -> None:
        """Put the films where the recorded consultation has them: a correction of an outline looks at the pixels."""
        assert self.frozen is not None
        kept = [found for found in self.frozen["start"]["attachments"] if found["kind"] in PICTURED]
        home = self.osler.settings.home / "attachments"
        for film, found in zip(films, kept, strict=True):
            home.mkdir(parents=True, exist_ok=True)
            drawn = _draw(film, self.folder)
            if drawn.is_dir():
                shutil.copytree(drawn, home / found["file"], dirs_exist_ok=True)
            else:
                shutil.copyfile(drawn, home / found["file"])


def _draw(film: Film, folder: Path) -> Path:
    from tools.ehr.compact import build_bundle
    from tools.ehr.demo import compact_patient
    from tools.imaging.phantom import write_phantom
    from tools.imaging.phantom_series import write_series

    body = compact_patient(film.patient)
    resource = build_bundle(body)["entry"][0]["resource"]
    if film.series:
        return write_series(folder / f"{film.patient}-ct", resource, str(body["as_of"])[:10])
    path = folder / f"{film.patient}-{film.view}-{film.position}.dcm".lower().replace(" ", "-")
    return write_phantom(path, resource, str(body["as_of"])[:10], film.view, film.position)


def _item(document: Json, pattern: str) -> str:
    """The id of the claim or next step that says something.

    Raises:
        UsageError: none or several do.
    """
    parts = [*document["answer"]["claims"], *document["answer"]["next_steps"]]
    found = [part for part in parts if part["status"] == "shown" and re.search(pattern, part["text"], re.IGNORECASE)]
    if len(found) != 1:
        raise UsageError(
            f"{len(found)} claims or next steps say {pattern!r}",
            found=[part["text"] for part in found],
            expected="one",
            action="give a pattern that only one fits",
        )
    return str(found[0]["id"])
