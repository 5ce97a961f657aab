"""What of a resource can be searched: its texts with their element paths, its notes sentence by sentence.

Left out: identifiers, references, dates, codes without words, and generated narrative, which says the rest again.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from knowledge.assertion import sentences
from knowledge.guideline import read_yaml
from knowledge.quantity import number, unit_label
from tools.ehr.elements import quantity, words
from tools.ehr.fhirjson import Resource
from tools.ehr.record import Entry
from tools.ehr.search.query import FILE, WORD, Phrase, token
from tools.notes import Note, unwrap

# `code` as an object is what the resource is about; `category` says more than its kind only here.
_KEPT = {"CarePlan": {"category"}}
_DATE = re.compile(r"\d{4}-\d\d(-\d\d)?(T.*)?")
LONG = 160


@dataclass(frozen=True)
class Passage:
    """One searchable text: an element of a resource, or a sentence of a note. Offsets are into that element's text."""

    path: str
    text: str
    start: int = 0
    note: Note | None = None

    @property
    def stems(self) -> tuple[tuple[str, int, int], ...]:
        """Its words as they are compared, each with its place in `text`."""
        return tuple((token(match.group()), match.start(), match.end()) for match in WORD.finditer(self.text))


@dataclass
class Document:
    """A resource of the patient with its passages. `head`: what it is (code, title); `body`: sentences of free text."""

    reference: str
    kind: str
    at: str | None
    entry: Entry | None
    head: list[Passage] = field(default_factory=list)
    body: list[Passage] = field(default_factory=list)
    note: Note | None = None
    reason: str = ""

    @property
    def passages(self) -> list[Passage]:
        """Head and body."""
        return [*self.head, *self.body]


@functools.cache
def not_read() -> frozenset[str]:
    """Elements that hold no words about the patient's health."""
    return frozenset(str(name) for name in read_yaml(FILE)["elements_not_read"])


def document_of(entry: Entry) -> Document:
    """A resource as it is searched; `reason` says why it does not count, where it does not."""
    found = Document(entry.reference, entry.type, entry.at, entry, reason=entry.verdict.reason)
    seen: set[str] = set()
    for path, text in _texts(entry.resource, entry.type, entry.type):
        if text.casefold() in seen:
            continue
        seen.add(text.casefold())
        _add(found, path, text)
    if entry.text and entry.text.casefold() not in seen:
        found.head.insert(0, Passage(f"{entry.type}.medication", entry.text))
    if entry.type == "Observation" and found.head:
        found.head[0] = _measured(entry, found.head[0])
    return found


def note_document(note: Note) -> Document:
    """A note as it is searched: its title, and its sentences without those that address a machine."""
    found = Document(note.reference, note.reference.partition("/")[0], note.at, None, note=note)
    found.head.append(Passage(f"{found.kind}.type", note.title))
    flat = unwrap(note.text)
    for start, end in sentences(flat):
        if any(low < end and start < high for low, high in note.quarantined):
            continue
        start += len(flat[start:end]) - len(flat[start:end].lstrip())
        text = flat[start:end].rstrip()
        if text:
            found.body.append(Passage("content", text, start, note))
    return found


def _add(found: Document, path: str, text: str) -> None:
    """Short texts say what it is; long ones are taken sentence by sentence."""
    if len(text) <= LONG and not path.endswith(("conclusion", "note.text", "div")):
        found.head.append(Passage(path, text))
        return
    for start, end in sentences(text):
        start += len(text[start:end]) - len(text[start:end].lstrip())
        if text[start:end].strip():
            found.body.append(Passage(path, text[start:end].rstrip(), start))


def _texts(value: Any, path: str, kind: str) -> Iterator[tuple[str, str]]:
    """Every text of an element, with its path."""
    skipped = not_read()
    if isinstance(value, list):
        for item in value:
            yield from _texts(item, path, kind)
        return
    if isinstance(value, str):
        if value.strip() and not _DATE.fullmatch(value):
            yield path, value
        return
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        if key == "code" and isinstance(item, dict | list):
            yield from _texts(item, f"{path}.code", kind)
        elif key == "text" and isinstance(item, dict):
            if item.get("status") == "additional" and isinstance(item.get("div"), str):
                yield f"{path}.text.div", re.sub(r"<[^>]{0,500}>", " ", item["div"])
        elif key not in skipped or key in _KEPT.get(kind, ()):
            yield from _texts(item, f"{path}.{key}", kind)


def _measured(entry: Entry, head: Passage) -> Passage:
    """A result with its value, as it is read aloud."""
    shown = value_of(entry.resource)
    return Passage(head.path, f"{head.text}: {shown}") if shown else head


def value_of(resource: Resource) -> str:
    """The value of an observation in words; of a panel its components."""
    measured = quantity(resource.get("valueQuantity"))
    if measured is not None:
        unit = unit_label(measured.unit) if measured.unit else measured.written
        return f"{measured.comparator or ''}{number(measured.value)} {unit}".strip()
    if isinstance(resource.get("valueCodeableConcept"), dict):
        return words(resource["valueCodeableConcept"])
    if isinstance(resource.get("valueString"), str):
        return str(resource["valueString"])
    if told := _other_value(resource):
        return told
    parts = [
        f"{words(part.get('code'))} {value_of(part)}".strip()
        for part in resource.get("component") or []
        if isinstance(part, dict) and value_of(part)
    ]
    return ", ".join(parts)


def _other_value(resource: Resource) -> str:
    """The rarer kinds of values: whole numbers, yes and no, ranges, titres, times."""
    whole, truth = resource.get("valueInteger"), resource.get("valueBoolean")
    if isinstance(truth, bool):
        return "yes" if truth else "no"
    if isinstance(whole, int):
        return str(whole)
    ends = [("valueRange", "low", "high", " to "), ("valueRatio", "numerator", "denominator", ":")]
    for element, first, second, between in ends:
        held = resource.get(element)
        if isinstance(held, dict):
            pair = [value_of({"valueQuantity": held.get(name)}) for name in (first, second)]
            if element == "valueRange" and not all(pair):
                return f"from {pair[0]}" if pair[0] else f"up to {pair[1]}" if pair[1] else ""
            return between.join(text for text in pair if text)
    held = resource.get("valuePeriod")
    if isinstance(held, dict):
        return " to ".join(str(held[name]) for name in ("start", "end") if held.get(name))
    return str(resource.get("valueDateTime") or resource.get("valueTime") or "")


def places(stems: tuple[tuple[str, int, int], ...], phrase: Phrase) -> Iterator[tuple[int, int]]:
    """Start and end of each occurrence of a phrase."""
    size = len(phrase)
    for at in range(len(stems) - size + 1):
        if all(stems[at + step][0] == phrase[step] for step in range(size)):
            yield stems[at][1], stems[at + size - 1][2]
