"""What the notes tell that a list lacks: an allergy that is on no allergy list, a drug taken though not listed.

A sentence that only names a drug beside the word "allergy" tells nothing: adrenaline stands in most reports of an
anaphylaxis. The reaction and the drug have to be joined ("penicillin allergy", "anaphylaxis to piperacillin"), and a
drug counts as taken only with a word of taking it.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledge.assertion import Assertion, assertions, sentences
from knowledge.evidence import Evidence
from knowledge.linker import Mention
from knowledge.terminology import Terminology
from tools.ehr.dates import start_of
from tools.ehr.documents import Notes
from tools.ehr.reads.reading import age_days, words_of
from tools.notes import Finding, Note, linker_for, statement, unwrap

if TYPE_CHECKING:
    from tools.context import ToolContext

_DRUGS = ("medication", "drug_class", "substance")
_REACTION = r"(?:allerg(?:y|ies|ic)|anaphyla(?:xis|ctic)|hypersensitiv(?:e|ity)|angio-?o?edema)"
_AFTER = re.compile(
    rf"\s*(?:\([^()]{{0,40}}\)\s*)?(?:drug |associated |induced )?(?P<said>{_REACTION})\b", re.IGNORECASE
)
# What may stand between a reaction and its drug: a preposition or a colon, then other drugs of the same list.
_BEFORE = re.compile(
    rf"\b(?P<said>{_REACTION})(?: reactions?| shock)?"
    r"(?:\s*:\s*|\s+(?:to|on|after|with|from|following|caused by|due to)\s+)"
    r"(?:[\w-]+(?:\s*,\s*|\s+and\s+|\s+or\s+|\s*/\s*)){0,4}(?:an? |the |oral |intravenous |iv )?$",
    re.IGNORECASE,
)
_DROPPED = re.compile(
    r"\bde-?label|label(?:\s+\w+){0,2}\s+removed|\bdisprove|\btolerated\b.{0,40}\bsince\b", re.IGNORECASE
)
_TAKES = re.compile(
    r"\b(?:takes|is taking|has been taking|uses|is using|buys|self-medicates with)\s+(?:[\w.,-]+\s+){0,5}$",
    re.IGNORECASE,
)
_TOOK = re.compile(r"\b(?:took|has taken|had taken|swallowed|ingested|used)\s+(?:[\w.,-]+\s+){0,5}$", re.IGNORECASE)
_JUST_NOW = re.compile(
    r"\b(?:last night|tonight|today|yesterday|this (?:morning|afternoon|evening)|(?:hours?|minutes?) ago|"
    r"(?:at|around|about) \d{1,2}[:.]\d{2})\b",
    re.IGNORECASE,
)
_STOPPED = re.compile(r"\b(?:stopped|until|discontinued|no longer|used to|formerly|in (?:19|20)\d\d)\b", re.IGNORECASE)
# A note older than that says nothing of what is taken now; what was taken once counts for two days.
TAKES_DAYS, TOOK_DAYS = 90.0, 2.0


@dataclass(frozen=True)
class ToldAllergy:
    """An allergy that a note states."""

    concept: str
    finding: Finding

    def evidence(self, ctx: ToolContext, slot: str, concept: str | None = None) -> Evidence:
        """As evidence: the sentence it stands in, and that the list does not have it."""
        name = words_of(ctx.terminology.get(self.concept))
        return _evidence(
            ctx, slot, concept or self.concept, self.finding, f"{name}, told in {{}}, not on the allergy list"
        )


def told_allergies(notes: Notes, terminology: Terminology) -> list[ToldAllergy]:
    """Every allergy to a drug that the notes state, newest statement of each drug; a later denial of it ends it."""
    newest: dict[str, tuple[str, ToldAllergy | None]] = {}
    for note in notes.notes:
        for concept, assertion, found in _reactions(note, terminology):
            held = newest.get(concept)
            at = note.at or ""
            if held is not None and held[0] > at:
                continue
            if assertion in ("present", "historical"):
                newest[concept] = (at, ToldAllergy(concept, found))
            elif assertion == "absent" and (held is None or held[0] < at):
                newest[concept] = (at, None)
    told = [item for _, item in newest.values() if item is not None]
    return sorted(told, key=lambda item: (item.finding.note.at or "", item.concept), reverse=True)


@functools.lru_cache(maxsize=256)
def _drugs(note: Note, terminology: Terminology) -> tuple[tuple[int, int, Mention], ...]:
    """The drugs and classes that a note names, each with start and end of its sentence; not what is quarantined."""
    flat = unwrap(note.text)
    bounds = [
        (start, end)
        for start, end in sentences(flat)
        if not any(first < end and start < last for first, last in note.quarantined)
    ]
    named = [
        mention
        for mention in linker_for(terminology).link(flat)
        if mention.how != "typo" and terminology.get(mention.concept).kind in _DRUGS
    ]
    return tuple((start, end, item) for start, end in bounds for item in named if start <= item.start < end)


def _finding(note: Note, concept: str, start: int, end: int, meant: Assertion) -> Finding:
    sentence = note.text[start:end]
    begin = start + len(sentence) - len(sentence.lstrip())
    quote = sentence.strip()
    return Finding(note, concept, begin, begin + len(quote), meant, quote)


def _reactions(note: Note, terminology: Terminology) -> list[tuple[str, Assertion, Finding]]:
    flat = unwrap(note.text)
    found = []
    for start, end, mention in _drugs(note, terminology):
        after = _AFTER.match(flat, mention.end, end)
        said = after or _BEFORE.search(flat[start : mention.start])
        if said is None or _DROPPED.search(flat, start, end):
            continue
        shift = 0 if after else start
        whole = (min(mention.start, shift + said.start("said")), max(mention.end, shift + said.end("said")))
        meant = assertions(flat, [whole])[0]
        found.append((mention.concept, meant, _finding(note, mention.concept, start, end, meant)))
    return found


def taken(notes: Notes, concept: str, ctx: ToolContext) -> Finding | None:
    """The newest sentence that says a drug is taken, or was just now; None where a later note denies it."""
    terms = ctx.terminology
    wanted = {item.id for item in terms.expand(concept)}
    for note in sorted(notes.notes, key=lambda item: item.at or "", reverse=True):
        moment = start_of(note.at)
        if moment is None:
            continue
        age = age_days(moment, ctx.now, note.at)
        if age > TAKES_DAYS:
            return None
        flat = unwrap(note.text)
        mentions = [item for item in _drugs(note, terms) if item[2].concept in wanted]
        for start, end, mention in mentions:
            if mention.assertion == "present" and _says_taken(flat[start:end], mention.start - start, age):
                return _finding(note, mention.concept, start, end, "present")
        if any(mention.assertion == "absent" for _, _, mention in mentions):
            return None
    return None


def _says_taken(sentence: str, at: int, age: float) -> bool:
    if _STOPPED.search(sentence):
        return False
    if _TAKES.search(sentence[:at]):
        return 0 <= age <= TAKES_DAYS
    return bool(_TOOK.search(sentence[:at]) and _JUST_NOW.search(sentence)) and 0 <= age <= TOOK_DAYS


def taken_evidence(ctx: ToolContext, found: Finding, concept: str) -> Evidence:
    """A drug that a note says is taken, as evidence."""
    name = ctx.terminology.get(found.concept).name
    return _evidence(ctx, ctx.slot, concept, found, f"{name} (told in {{}}, not on the medication list)")


def _evidence(ctx: ToolContext, slot: str, concept: str, found: Finding, display: str) -> Evidence:
    return Evidence(
        slot=slot,
        value=True,
        display=display.format(f"the note of {(found.note.at or 'unknown date')[:10]}"),
        effective_at=found.note.at,
        patient=ctx.patient,
        concept=concept,
        source=statement(found),
    )
