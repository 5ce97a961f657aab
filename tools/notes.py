"""Notes: which concepts a text names and how they are meant, whose note it is, and what in it tries to give orders.

Mentions and assertions are the linker's (`knowledge.linker`). What is particular to notes stands here: lines wrapped
by an editor, mentions that are not the finding itself ("no AF recurrence"), and injected instructions, which are
quarantined: nothing in their sentences counts as a fact.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowledge.assertion import Assertion, assertions, sentences
from knowledge.evidence import Evidence, FhirElement, Statement
from knowledge.guideline import read_yaml
from knowledge.linker import Linker
from knowledge.terminology import Terminology
from tools.errors import IdentityMismatch, NotAssessable
from tools.spec import Params, ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext

RULES = Path(__file__).with_name("notes_rules.yaml")


@dataclass(frozen=True)
class Note:
    """A note in plain text. `reference` is its resource, or the name of the file it came in."""

    reference: str
    text: str
    at: str | None = None
    author: str | None = None
    title: str = "note"
    version: str | None = None
    flags: tuple[str, ...] = ()

    @functools.cached_property
    def quarantined(self) -> tuple[tuple[int, int], ...]:
        """Spans that read as instructions to a machine."""
        return tuple(suspicious_instructions(self.text))


@dataclass(frozen=True)
class Finding:
    """One mention of a concept in a note: where it stands, how it is meant.

    `start` and `end` delimit the sentence, `span` the words themselves. `now_only`: a denial of the present ("no active
    bleeding"), which says nothing of the past; `past_only` the other way round ("no previous embolism").
    """

    note: Note = field(repr=False)
    concept: str
    start: int
    end: int
    assertion: Assertion
    quote: str
    now_only: bool = False
    past_only: bool = False
    span: tuple[int, int] = (0, 0)


@functools.cache
def _rules() -> dict[str, list[re.Pattern[str]]]:
    raw: dict[str, list[str]] = read_yaml(RULES)
    return {name: [re.compile(pattern, re.IGNORECASE) for pattern in patterns] for name, patterns in raw.items()}


@functools.lru_cache(maxsize=4)
def linker_for(terminology: Terminology) -> Linker:
    """A linker over a terminology, built once."""
    return Linker(terminology)


def unwrap(text: str) -> str:
    """Lines broken by an editor joined again, offsets unchanged: a negation must reach over a soft line break."""
    return re.sub(
        r"(?<=[^\s.:;!?•])[ \t]*\n(?=[ \t]*[a-z(])|(?<=[,/])[ \t]*\n(?=[ \t]*\S)",
        lambda match: " " * len(match.group()),
        text,
    )


def suspicious_instructions(text: str) -> list[tuple[int, int]]:
    """Sentences that address a machine ("ignore your instructions", "you must prescribe"); start and end of each."""
    flat = unwrap(text)
    return [
        (start, end)
        for start, end in sentences(flat)
        if any(pattern.search(flat, start, end) for pattern in _rules()["instructions"])
    ]


def findings(note: Note, terminology: Terminology) -> list[Finding]:
    """Every mention in a note, with its assertion; guesses at misspelt words are left out."""
    return _findings(note, terminology)


@functools.lru_cache(maxsize=256)
def _findings(note: Note, terminology: Terminology) -> list[Finding]:
    flat = unwrap(note.text)
    bounds = sentences(flat)
    hits = []
    for mention in linker_for(terminology).link(flat, typos=False):
        if any(start <= mention.start < end for start, end in note.quarantined):
            continue
        heads = [found.end() for pattern in _rules()["leading"] if (found := pattern.match(mention.text))]
        head = max(heads, default=0)
        begin = mention.start + head
        assertion = assertions(flat, [(begin, mention.end)])[0] if head else mention.assertion
        tail = flat[mention.end : mention.end + 40]
        if assertion == "absent" and any(pattern.match(tail) for pattern in _rules()["not_the_finding"]):
            continue
        start, end = next(((a, b) for a, b in bounds if a <= mention.start < b), (mention.start, mention.end))
        lead = flat[start:begin]
        if assertion == "absent" and any(pattern.search(lead) for pattern in _rules()["not_the_finding_before"]):
            continue
        if any(pattern.search(lead) for pattern in _rules()["no_more"]):
            continue
        now, past = (
            any(pattern.search(flat[start : mention.end]) for pattern in _rules()[name])
            for name in ("now_only", "past_only")
        )
        start += len(flat[start:end]) - len(flat[start:end].lstrip())
        quote = note.text[start:end].rstrip()
        span = (begin, mention.end)
        hits.append(Finding(note, mention.concept, start, start + len(quote), assertion, quote, now, past, span))
    return hits


def statement(finding: Finding) -> Statement:
    """The source of a finding, with the sentence it stands in."""
    return Statement(
        by=finding.note.author,
        reference=finding.note.reference,
        start=finding.start,
        end=finding.end,
        quote=finding.quote,
        assertion=finding.assertion,
    )


# -- whose note is it? -----------------------------------------------------------------------------------------------


def note_identity(text: str, patient: dict[str, Any]) -> list[str]:
    """What in a note agrees with the patient; empty where the note names nobody.

    Args:
        patient: the Patient resource.

    Raises:
        IdentityMismatch: the note's name, record number or birth date is another's.
    """
    agrees: list[str] = []
    differs: list[str] = []
    names = person_names(patient)
    numbers = {str(item["value"]).casefold() for item in patient.get("identifier", []) if item.get("value")}
    numbers.add(str(patient.get("id", "")).casefold())
    for pattern in _rules()["identity_name"]:
        for match in pattern.finditer(text):
            given = _named(match)
            if given and names:
                (agrees if same_person(given, names) else differs).append("name")
    for pattern in _rules()["identity_number"]:
        for match in pattern.finditer(text):
            (agrees if match.group("value").casefold() in numbers else differs).append("record number")
    birth = str(patient.get("birthDate", ""))
    for pattern in _rules()["identity_birth"]:
        for match in pattern.finditer(text):
            readings = _dates(match.group("value"))
            if readings and len(birth) == 10:
                (agrees if birth in readings else differs).append("birth date")
    if differs:
        raise IdentityMismatch(
            f"the note's {' and '.join(dict.fromkeys(differs))} is not this patient's",
            found=", ".join(differs),
            expected=f"a note of Patient/{patient.get('id')}",
            action="attach the right note, or choose the right patient",
        )
    return list(dict.fromkeys(agrees))


_PARTICLES = {"de", "da", "van", "von", "der", "den", "al", "el", "bin", "le"}


def _named(match: re.Match[str]) -> set[str]:
    """The words of a written name; none where it reads as something else ("Re: clinic letter", "Patient: stable")."""
    words = [word for word in re.split(r"[\s,.]+", match.group("value")) if word]
    proper = all(word[0].isupper() or word in _PARTICLES for word in words)
    sure = bool(match.group("title")) or "," in match.group("value")
    if match.group("label").casefold().startswith("re"):
        sure = sure or match.group("more").strip().casefold()[:3] in ("dob", "mrn", "d.o")
    else:
        sure = sure or len(words) >= 2
    return {word.casefold() for word in words} if proper and sure and len(words) <= 6 else set()


def person_names(patient: dict[str, Any]) -> list[tuple[set[str], set[str]]]:
    """(family, given) of each name of the patient."""
    found = []
    for name in patient.get("name", []):
        family = set(re.split(r"[\s-]+", str(name.get("family", "")).casefold())) - {""}
        given = {part for text in name.get("given", []) for part in re.split(r"[\s-]+", str(text).casefold())} - {""}
        if not family and name.get("text"):
            parts = str(name["text"]).casefold().split()
            family, given = set(parts[-1:]), set(parts[:-1])
        found.append((family, given))
    return found


def same_person(words: set[str], names: list[tuple[set[str], set[str]]]) -> bool:
    """Whether the words of a written name can be one of these (family, given) names."""
    parts = {piece for word in words for piece in word.split("-")}
    for family, given in names:
        rest = parts - family
        if (not family or parts & family) and (not rest or not given or rest & given or _initials(rest, given)):
            return True
    return False


def _initials(rest: set[str], given: set[str]) -> bool:
    return all(any(name.startswith(word[0]) for name in given) for word in rest if len(word) <= 2) and any(
        len(word) <= 2 for word in rest
    )


_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}


def _dates(text: str) -> set[str]:
    """Every ISO date a written date can mean (03/04/1950 is both 3 April and 4 March)."""
    found: set[tuple[int, int, int]] = set()
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    month = next((value for name, value in _MONTHS.items() if re.search(rf"\b{name}", text, re.IGNORECASE)), None)
    if month and len(numbers) == 2:
        found.add((numbers[1], month, numbers[0]))
    elif len(numbers) == 3 and numbers[0] > 31:
        found.add((numbers[0], numbers[1], numbers[2]))
    elif len(numbers) == 3:
        found |= {(numbers[2], numbers[1], numbers[0]), (numbers[2], numbers[0], numbers[1])}
    dates = set()
    for year, mon, day in found:
        for century in (0,) if year > 99 else (1900, 2000):
            try:
                dates.add(date(year + century, mon, day).isoformat())
            except ValueError:
                continue
    return dates


# -- tool ------------------------------------------------------------------------------------------------------------


class NoParams(Params):
    """No parameters."""


@tool("notes.findings", version="1.0.0", kind="notes", title="Findings in the notes")
async def notes_findings(params: NoParams, ctx: ToolContext) -> ToolOutput:
    """What the patient's notes state as present or absent, newest explicit statement per concept first."""
    if ctx.record is None:
        raise NotAssessable(
            "there is no record to read notes from",
            found="no patient",
            expected="a patient's record",
            action="name a patient",
        )
    notes = await ctx.record.notes()
    newest: dict[str, Finding] = {}
    for note in notes.notes:
        for finding in findings(note, ctx.terminology):
            if finding.assertion not in ("present", "absent", "historical") or (
                ctx.terminology.get(finding.concept).kind not in ("condition", "symptom", "procedure")
                or (finding.assertion == "absent" and (finding.now_only or finding.past_only))
            ):
                continue
            held = newest.get(finding.concept)
            if held is None or (note.at or "") > (held.note.at or ""):
                newest[finding.concept] = finding
    held_back = [note for note in notes.notes if note.quarantined]
    items = [
        Evidence(
            slot=f"{ctx.slot}.{finding.concept}",
            value=finding.assertion != "absent",
            concept=finding.concept,
            display=("no " if finding.assertion == "absent" else "") + _name(ctx.terminology, finding.concept),
            effective_at=finding.note.at,
            patient=ctx.patient,
            source=statement(finding),
        )
        for finding in sorted(newest.values(), key=lambda item: (item.note.at or "", item.concept), reverse=True)
    ]
    items += [
        Evidence(
            slot=f"{ctx.slot}.quarantined.{number}",
            value=note.text[start:end].strip(),
            display="a note holds instructions to a machine; they are not followed and count for nothing",
            effective_at=note.at,
            patient=ctx.patient,
            source=Statement(
                by=note.author,
                reference=note.reference,
                start=start,
                end=end,
                quote=note.text[start:end].strip(),
                assertion="quarantined",
            ),
        )
        for number, (note, (start, end)) in enumerate((note, span) for note in held_back for span in note.quarantined)
    ]
    head = Evidence(
        slot=ctx.slot,
        value=float(len(newest)),
        unit="1",
        patient=ctx.patient,
        display=f"{len(newest)} findings in {len(notes.notes)} notes" + notes.remark,
        source=FhirElement(reference=None, query=notes.query, complete=notes.complete, flags=tuple(notes.problems)),
    )
    return ToolOutput(evidence=[head, *items], warnings=list(notes.problems))


def _name(terminology: Terminology, concept_id: str) -> str:
    name = terminology.get(concept_id).name
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


TOOLS = [notes_findings]
