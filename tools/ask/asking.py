"""A question to one record: read into a typed query, and run. `osler ehr ask` and a consultation come through here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from weakref import WeakKeyDictionary

from knowledge.linker import singular
from knowledge.terminology import Terminology
from knowledge.words import fold
from tools.ask.gazetteer import Gazetteer, of_record, of_store
from tools.ask.parse import read
from tools.ask.query import Filter, Query, Unread
from tools.ask.rows import Changed
from tools.ask.run import Runner
from tools.ask.run_base import Answer
from tools.ask.said import said
from tools.ehr.record import PatientRecord

_READ_THROUGH = 200_000
_NOW = re.compile(
    r"\b(?:currently|current|"
    r"(?<!until )(?<!till )(?<!up to )(?<!from )(?<!by )now|at present|at the moment|active|"
    r"(?:is|are) (?:he|she|they) (?:\w+ )?on)\b",
    re.IGNORECASE,
)
_OPERATION = re.compile(r"(?:centesis|scopy|ectomy|ostomy|otomy|plasty|graphy|gram|desis|pexy)$", re.IGNORECASE)
_NAMES: WeakKeyDictionary[PatientRecord, Gazetteer] = WeakKeyDictionary()


@dataclass(frozen=True)
class Asked:
    """What came of a question: how it was read, and its answer; `runner` made the answer's evidence.

    Without an answer: it was not understood (`query` is `Unread`), is about everyone, or is for the notes as well.
    """

    query: Query | Unread
    answer: Answer | None = None
    runner: Runner | None = None


async def reading(
    record: PatientRecord, question: str, now: datetime, terminology: Terminology, context: str = ""
) -> Query | Unread:
    """A question read with the names the record and its store use.

    Raises:
        UpstreamError: the server failed.
    """
    store = of_store(record.client.store, _READ_THROUGH)
    if record not in _NAMES:
        names = await of_record(record)
        for name in list(names.of_kind("procedure")):
            # "The paracentesis" is the diagnostic one of the record: the last word says what was done.
            head = name.split()[-1]
            if len(name.split()) > 1 and head.isalpha() and _OPERATION.search(head):
                names.names.setdefault((singular(fold(head)),), {}).setdefault(name, set()).add("procedure")
        _NAMES[record] = names
    query = read(question, now, terminology, record=_NAMES[record], store=store, context=context, patient=True)
    return current(query) if isinstance(query, Query) else query


def current(query: Query) -> Query:
    """What is taken now is what is active: a question that says "currently" counts no stopped drug."""
    select = query.select
    counted = query.wants in ("count", "list", "name", "exists") and select.kind == "prescription"
    if not (counted and select.window.open and _NOW.search(query.question)):
        return query
    where = (*select.where, Filter(field="active", value=True))
    return query.model_copy(update={"select": select.model_copy(update={"where": where})})


async def asked(
    record: PatientRecord,
    question: str,
    now: datetime,
    terminology: Terminology,
    context: str = "",
    changed: Changed | None = None,
) -> Asked:
    """Read a question about one patient and run it.

    Args:
        changed: what was corrected in the consultation that asks; the record itself stays as it is.

    Raises:
        UpstreamError: the server failed.
    """
    query = await reading(record, question, now, terminology, context)
    if isinstance(query, Unread) or query.everyone or (query.notes_too and query.select.what):
        return Asked(query)
    runner = Runner(record, query, changed)
    return Asked(query, await runner.run(), runner)


def label(query: Query) -> str:
    """What was asked for, in a few words."""
    text = said(query).removeprefix("Read as: ")
    name = query.select.what[0].text if query.select.what else ""
    plural = f"{name} results" if query.wants == "count" and query.select.kind in ("result", "vital") else name
    for long, short in (
        (r"^number of events of ", "number of "),
        (r"^number of names of ", "number of different "),
        (r"^whether there is any ", "any "),
        (r"^(?:value|name|list) of ", ""),
        (r"^(mean|lowest|highest|total|median) of ", r"\1 "),
        (r"^time since \(\w+\) ", "time since "),
        (r"^difference prescription", "prescriptions"),
        (r"^number of (?:different )?(?:active )?prescription\b", "number of prescriptions"),
        (r", active = True", ", active"),
        (rf"\b(?:result|vital|procedure|prescription|condition) {re.escape(name)}", plural if name else r"\g<0>"),
    ):
        text = re.sub(long, short, text)
    return text


__all__ = ["Asked", "asked", "label", "reading"]
