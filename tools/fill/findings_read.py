"""What a note says of the concepts and words a rule looks for, and how each mention is meant; read once per note."""

from __future__ import annotations

import bisect
import functools
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from knowledge.assertion import Assertion, assertions
from knowledge.guideline import read_yaml
from knowledge.terminology import default_terminology
from tools.fill.findings_lists import answered_no, boxed, denied_in_list, not_known
from tools.fill.model import Filled, Mention, NoteText, When
from tools.notes import Note, findings

_NOW = re.compile(r"\b(?:active|acute|current|currently|ongoing|new|fresh|today|at present)\b[^,;.:]{0,30}$", re.I)
_DENYING = re.compile(r"(?:\b|\\b)(?:no|not|never|without|unable|cannot|absent|un(?!i)[a-z]+)\b", re.I)
# Longer than any sentence of a clinician; keeps a text without full stops from being read again at each mention.
_WINDOW = 400
_MOST = 200
_VERB = re.compile(r"\b(?:is|are|was|were|has|had|have|with|shows?|showed|revealed|presents?|presented|:)\b|\d", re.I)
_PRONOUN = {"she": re.compile(r"\s*(?:she|her)\b", re.I), "he": re.compile(r"\s*(?:he|his)\b", re.I)}
_KIN = {
    "she": re.compile(r"\b(?:mother|sister|aunt|grandmother|daughter|wife|niece)\b", re.I),
    "he": re.compile(r"\b(?:father|brother|uncle|grandfather|son|husband|nephew)\b", re.I),
}
_WHO = re.compile(
    r"\b(?:mother|father|sister|brother|aunt|uncle|grand(?:mother|father)|daughter|son|wife|husband|niece|nephew|partner"
    r"|cousin),? who\b[^.;]*$",
    re.IGNORECASE,
)
_PAST = re.compile(r"\b(?:previous|previously|prior|past|earlier|former)\b[^;.:]{0,60}$", re.I)


@dataclass(frozen=True)
class Seen:
    """A mention: `now_only` denies the present only, `past_only` the past only."""

    concept: str
    start: int
    end: int
    assertion: Assertion
    sentence: tuple[int, int]
    section: str
    now_only: bool = False
    past_only: bool = False


class Reader:
    """One note, read for findings."""

    def __init__(self, note: NoteText) -> None:
        self.note = note

    @functools.cached_property
    def _by_concept(self) -> dict[str, list[Seen]]:
        found: dict[str, list[Seen]] = {}
        for item in findings(Note("note", self.note.text), default_terminology()):
            sentence, section = self.note.sentence(item.span[0]), self.note.section(item.span[0])
            meant = self._listed(item.assertion, *item.span)
            meant = self._whose(_in_section(meant, section), item.span[0])
            seen = Seen(item.concept, *item.span, meant, sentence, section, item.now_only, item.past_only)
            found.setdefault(item.concept, []).append(seen)
        return found

    @functools.cached_property
    def no_history(self) -> Seen | None:
        """Words that deny any illness before this one."""
        for pattern in _no_history():
            for match in pattern.finditer(self.note.flat):
                seen = self.at("no medical history", match.start(), match.end())
                if seen is not None and seen.assertion in ("present", "historical"):
                    return seen
        return None

    def concepts(self, wanted: Iterable[str], whole: bool = True) -> list[Seen]:
        """Mentions of concepts, with all they include where `whole`."""
        terms = default_terminology()
        ids = dict.fromkeys(
            part for concept in wanted for part in ([c.id for c in terms.expand(concept)] if whole else [concept])
        )
        return [seen for concept in ids for seen in self._by_concept.get(concept, ())]

    def words(self, pattern: re.Pattern[str], name: str, whole: bool = False) -> list[Seen]:
        """Mentions by a pattern.

        How one is meant is read at its last word: "no [history of DVT]" denies though its own words overlap the denial.
        A pattern that is itself a denial ("not oriented") is read `whole`.
        """
        found = []
        whole = whole or bool(_DENYING.search(pattern.pattern))
        for match in itertools.islice(pattern.finditer(self.note.flat), _MOST):
            if match.end() > match.start() and not self.note.blocked(match.start()):
                last = match.start() + match.group().rstrip().rfind(" ") + 1
                found.append(self._seen(name, *match.span(), read_at=match.start() if whole else last))
        return found

    def at(self, name: str, start: int, end: int) -> Seen | None:
        """A place of the note as a mention; None in a quarantined span."""
        return None if self.note.blocked(start) else self._seen(name, start, end)

    def _seen(self, name: str, start: int, end: int, read_at: int | None = None) -> Seen:
        sentence, section = self.note.sentence(start), self.note.section(start)
        sentence = (max(sentence[0], start - _WINDOW), min(sentence[1], end + _WINDOW))
        text = self.note.flat[sentence[0] : sentence[1]]
        at = start if read_at is None else read_at
        meant = assertions(text, [(at - sentence[0], end - sentence[0])])[0]
        lead = self.note.flat[sentence[0] : start]
        now, past = bool(_NOW.search(lead)), bool(_PAST.search(lead))
        meant = self._whose(_in_section(self._listed(meant, at, end), section), start)
        return Seen(name, start, end, meant, sentence, section, now, past)

    def _listed(self, meant: Assertion, start: int, end: int) -> Assertion:
        """An item of a list with semicolons ("no history of asthma; diabetes; or gout") is meant as the list is."""
        flat = self.note.flat
        box = boxed(flat, start, self.note.sentence(start)[0]) if "[" in flat or "\u2610" in flat else None
        if box is not None and meant in ("present", "historical"):
            return box
        if meant in ("present", "historical", "possible", "absent") and not_known(flat, start, end):
            return "hypothetical"
        if meant in ("present", "historical", "possible") and (
            answered_no(flat, end) or denied_in_list(flat, start, end)
        ):
            return "absent"
        first = max(flat.rfind(mark, 0, start) for mark in (". ", "\n")) + 1
        begin = flat.rfind(";", first, start) + 1
        if meant != "present" or begin <= first:
            return meant
        stop = min((at for mark in (";", ". ", "\n") if (at := flat.find(mark, end)) >= 0), default=len(flat))
        if len(flat[begin:stop].split()) > 12 or _VERB.search(flat[begin:stop]):
            return meant
        text = flat[first:stop].replace(";", " ")
        return assertions(text, [(start - first, end - first)])[0]

    def _whose(self, meant: Assertion, at: int) -> Assertion:
        """A sentence on "she" after one on his mother is about the mother, where the patient is a man."""
        if meant not in ("present", "historical"):
            return meant
        if _WHO.search(self.note.flat, max(self.note.sentence(at)[0], at - 150), at):
            return "family"
        if self._sex is None:
            return meant
        other = "she" if self._sex == "male" else "he"
        index = bisect.bisect_right([start for start, _ in self.note.sentences], at) - 1
        if index < 1 or not _PRONOUN[other].match(self.note.flat, self.note.sentences[index][0]):
            return meant
        before = self.note.flat[self.note.sentences[max(0, index - 3)][0] : self.note.sentences[index][0]]
        return "family" if _KIN[other].search(before) else meant

    @functools.cached_property
    def _sex(self) -> str | None:
        from tools.fill.people import pick_sex, sexes

        found = pick_sex(sexes(self.note))
        return str(found.value) if isinstance(found, Filled) else None

    def mention(self, seen: Seen) -> Mention:
        """As the engine's common form."""
        when: When = "earlier" if seen.assertion == "historical" else "stated"
        return Mention(
            concept=seen.concept,
            value=seen.assertion != "absent",
            unit=None,
            comparator=None,
            start=seen.start,
            end=seen.end,
            quote=self.note.text[seen.start : seen.end],
            assertion=seen.assertion,
            when=when,
            section=seen.section,
            whose="relative" if seen.assertion == "family" else "patient",
        )


def _in_section(meant: Assertion, section: str) -> Assertion:
    if meant == "present" and section == "past history":
        return "historical"
    return "family" if section == "family history" and meant in ("present", "historical") else meant


@functools.cache
def _no_history() -> tuple[re.Pattern[str], ...]:
    raw = read_yaml(Path(__file__).with_name("findings.yaml"))
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in raw["_no_history"])


@functools.lru_cache(maxsize=8)
def reader(note: NoteText) -> Reader:
    """A note's reader, kept while its calculators are filled."""
    return Reader(note)
