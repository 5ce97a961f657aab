"""An index over one patient's whole record, built once per record: BM25 over passages, word lists, coded concepts."""

from __future__ import annotations

import asyncio
import functools
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from knowledge.encoder import Vectors
from knowledge.guideline import read_yaml
from tools.ehr.client.client import HttpError
from tools.ehr.compartment import ABOUT
from tools.ehr.record import PatientRecord, concepts_of
from tools.ehr.search.query import FILE, Group, Phrase, phrase
from tools.ehr.search.texts import Document, document_of, note_document, places

# Billing and machinery say nothing of the patient's health that the record does not say elsewhere.
NOT_SEARCHED = frozenset(str(name) for name in read_yaml(FILE)["types_not_searched"])
SEARCHED = tuple(kind for kind in ABOUT if kind not in NOT_SEARCHED)
_AT_ONCE, LONG_WORD = 8, 7
# What a resource is by its kind alone, in words.
_KINDS = {
    "AllergyIntolerance": "allergy allergic intolerance",
    "CarePlan": "care plan",
    "Encounter": "encounter visit appointment",
    "FamilyMemberHistory": "family relative",
    "Goal": "goal",
    "ImagingStudy": "imaging scan imagingstudy",
    "Immunization": "vaccine vaccination vaccinated immunisation immunization jab",
    "Procedure": "procedure",
}


@functools.cache
def kind_words() -> dict[str, Phrase]:
    """The words of each kind, as they are compared."""
    return {kind: phrase(text) for kind, text in _KINDS.items()}


def _inside(part: Phrase, whole: Phrase) -> bool:
    return any(whole[at : at + len(part)] == part for at in range(len(whole) - len(part) + 1))


@dataclass
class RecordIndex:
    """Everything of one record that can be searched."""

    documents: list[Document]
    problems: list[str] = field(default_factory=list)
    concepts: list[frozenset[str]] = field(default_factory=list)
    notes: int = 0
    _words: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _owner: list[tuple[int, int]] = field(default_factory=list)
    _first: list[int] = field(default_factory=list)
    _stems: list[tuple[tuple[str, int, int], ...]] = field(default_factory=list)
    _lexical: Any = None

    def build(self, terminology: Any) -> RecordIndex:
        """Number the passages and index their words."""
        import bm25s

        for number, document in enumerate(self.documents):
            self._first.append(len(self._owner))
            for at, passage in enumerate(document.passages):
                row = len(self._owner)
                self._owner.append((number, at))
                stems = passage.stems
                self._stems.append(stems)
                for stem, _, _ in stems:
                    self._words[stem].add(row)
            codings = document.entry.codings if document.entry else ()
            self.concepts.append(frozenset(name for coding in codings for name in concepts_of(terminology, coding)))
        if self._owner:
            self._lexical = bm25s.BM25(method="lucene")
            texts = [[stem for stem, _, _ in stems] or ["empty"] for stems in self._stems]
            self._lexical.index(texts, show_progress=False)
        return self

    @property
    def counted(self) -> list[Document]:
        """What counts as fact."""
        return [document for document in self.documents if not document.reason]

    def scores(self, phrases: set[Phrase]) -> Vectors:
        """BM25 of each passage for the words of all alternatives."""
        asked = sorted({stem for phrase in phrases for stem in phrase if stem in self._words})
        if not asked or self._lexical is None:
            return np.zeros(len(self._owner), dtype=np.float32)
        return np.asarray(self._lexical.get_scores(asked), dtype=np.float32)

    def rows(self, phrase: Phrase) -> set[int]:
        """The passages that hold a phrase."""
        sets = [self._words.get(stem, set()) for stem in phrase]
        near = set.intersection(*sets) if sets else set()
        if len(phrase) == 1:
            return near
        return {row for row in near if next(places(self._stems[row], phrase), None) is not None}

    def holding(self, group: Group) -> tuple[set[int], set[int]]:
        """(passages whose words are the group's, documents whose code or kind is what it names)."""
        rows: set[int] = set()
        for one in self.alike(group):
            rows |= self.rows(one)
        kinds = {kind for kind, stems in kind_words().items() if any(_inside(found, stems) for found in group.phrases)}
        coded = {number for number, found in enumerate(self.concepts) if found & group.concepts}
        return rows, coded | {number for number, found in enumerate(self.documents) if found.kind in kinds}

    def alike(self, group: Group) -> frozenset[Phrase]:
        """A group's phrases; a lone word that stands nowhere also as the words that begin as it does.

        "cardioverted" and "cardioversion" have no stem in common by their endings alone.
        """
        if group.concepts or len(group.phrases) > 1 or any(self.rows(phrase) for phrase in group.phrases):
            return group.phrases
        (phrase,) = group.phrases
        if len(phrase) > 1 or len(phrase[0]) < LONG_WORD:
            return group.phrases
        begins = phrase[0][:-2]
        near = {(stem,) for stem in self._words if stem.startswith(begins) and len(stem) <= len(phrase[0]) + 4}
        return group.phrases | near

    def owner(self, row: int) -> tuple[int, int]:
        """(document, passage in it) of a passage's number."""
        return self._owner[row]

    def row(self, document: int, passage: int) -> int:
        """The number of a passage."""
        return self._first[document] + passage

    def spans(self, row: int, phrases: set[Phrase]) -> list[tuple[int, int]]:
        """Where in a passage the phrases stand, longest first where they overlap."""
        found = sorted(
            {place for phrase in phrases for place in places(self._stems[row], phrase)},
            key=lambda place: (place[0], -place[1]),
        )
        kept: list[tuple[int, int]] = []
        for start, end in found:
            if not kept or start >= kept[-1][1]:
                kept.append((start, end))
        return kept


_built: WeakKeyDictionary[PatientRecord, tuple[int, RecordIndex]] = WeakKeyDictionary()
_locks: WeakKeyDictionary[PatientRecord, asyncio.Lock] = WeakKeyDictionary()


async def index_of(record: PatientRecord) -> RecordIndex:
    """The index of a record, read and built on first use; a note attached since has it built again.

    Raises:
        UpstreamError: the server failed.
    """
    async with _locks.setdefault(record, asyncio.Lock()):
        notes = (await record.notes()).notes
        held = _built.get(record)
        if held is None or held[0] != len(notes):
            held = (len(notes), await _read(record))
            _built[record] = held
        return held[1]


async def _read(record: PatientRecord) -> RecordIndex:
    gate = asyncio.Semaphore(_AT_ONCE)
    problems: list[str] = []
    documents: list[Document] = []

    async def take(kind: str) -> list[Document]:
        async with gate:
            try:
                part = await record.slice(kind)
            except HttpError as error:
                if error.status not in (400, 404, 405, 501):
                    raise
                problems.append(f"{kind} could not be searched (HTTP {error.status})")
                return []
        problems.extend(part.problems)
        entries = part.rejected if kind == "DocumentReference" else [*part.entries, *part.rejected]
        return [document_of(entry) for entry in entries]

    for found in await asyncio.gather(*(take(kind) for kind in SEARCHED)):
        documents += found
    notes = await record.notes()
    problems += notes.problems
    documents += [note_document(note) for note in notes.notes]
    index = RecordIndex(documents, list(dict.fromkeys(problems)), notes=len(notes.notes))
    return await asyncio.to_thread(index.build, record.terminology)
