"""Cultures: what grew in which specimen, and what it is susceptible and resistant to.

The shapes in use are all read: a report with its results, panels (`hasMember`), results that name what they were
derived from, susceptibilities as components or as results of their own. What belongs together is what is linked;
nothing is joined by time or by guess. Only the laboratory's own S, I or R is repeated: no breakpoint is applied here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tools.ehr.compartment import local_reference, walk
from tools.ehr.elements import quantity, words
from tools.ehr.record import Entry, PatientRecord, Slice
from tools.ehr.search.texts import value_of

# Codes of v3 ObservationInterpretation for susceptibility, in words.
SUSCEPTIBILITY = {
    "S": "susceptible",
    "VS": "susceptible",
    "SYN-S": "susceptible",
    "SDD": "susceptible, dose dependent",
    "MS": "intermediate",
    "I": "intermediate",
    "NS": "non-susceptible",
    "R": "resistant",
    "SYN-R": "resistant",
}
# Sections of HL7 table 0074 that are microbiology.
_SECTIONS = {"MB", "MCB", "MYC"}
_TEST = re.compile(
    r"\b(?:cultures?|microbiolog\w*|gram stain|bacteria identified|fungus identified|mycobacteria|organisms?|isolates?|"
    r"micro-?organism\w*|(?:mrsa|vre|esbl|cre) screen|acid.fast|afb)\b",
    re.IGNORECASE,
)
_ORGANISM = re.compile(
    r"\b(?:micro-?organisms?|organisms?|isolates?|identified|cultures?|microbiolog\w*)\b", re.IGNORECASE
)
# Parts of a culture's work-up that say nothing of what grew: microscopy, and how the specimen was.
_ASIDE = re.compile(
    r"\b(?:gram|smear|stain|microscop\w*|specimen|source|site|appearance|colony count|quantit(?:y|ation)|comments?)\b",
    re.IGNORECASE,
)
_YES = re.compile(r"\s*(?:positive|detected|present|abnormal|reactive|yes|growth)\.?\s*", re.IGNORECASE)
_SENSITIVITY = re.compile(r"\b(?:suscept\w*|sensitivit\w*|antibiogram|mic panel|disk diffusion)\b", re.IGNORECASE)
_NO_GROWTH = re.compile(
    r"\b(?:no (?:\w+ ){0,3}(?:growth|organisms?|isolates?|bacteria|pathogens?|fung(?:i|us)|mycobacteria)|no growth|"
    r"not isolated|none isolated|(?<!non-)(?<!non )(?<!not )sterile(?! (?:container|cup|pot|technique))|"
    r"culture negative|negative culture)\b",
    re.IGNORECASE,
)
# Said of a culture these mean that nothing grew; said of another test they mean what that test says.
_NEGATIVE = re.compile(r"\b(?:negative|none (?:detected|seen)|not detected)\b", re.IGNORECASE)
_CULTURE = re.compile(r"\bcultures?\b", re.IGNORECASE)
_FLORA = re.compile(r"\b(?:normal|mixed|usual|commensal|skin|oral|respiratory|genital|enteric) (?:\w+ )?flora\b", re.I)
_PENDING = re.compile(r"\b(?:pending|in progress|to follow|not yet|culture in progress)\b", re.IGNORECASE)
_TAIL = re.compile(
    r"\s*(?:\[[^\]]*\]|\((?:susceptibility|mic)\)|\bby (?:mic|disk|gradient).*$|\bsusceptibility\b)\s*", re.I
)


@dataclass(frozen=True)
class Susceptibility:
    """An isolate against one drug, as the laboratory judged it; `verdict` is None where it gave only a value."""

    drug: str
    verdict: str | None
    entry: Entry
    path: str
    value: str = ""
    code: str | None = None


@dataclass
class Isolate:
    """What grew."""

    organism: str
    entry: Entry
    path: str
    susceptibilities: list[Susceptibility] = field(default_factory=list)

    def to(self, verdict: str) -> list[str]:
        """The drugs that it is said to be `resistant`, `susceptible`, `intermediate` to."""
        return [item.drug for item in self.susceptibilities if item.verdict == verdict]


@dataclass
class Culture:
    """A culture: `growth` true, false (the laboratory says that nothing grew), or None (no word of it yet)."""

    head: Entry
    name: str
    specimen: str
    collected: str | None
    received: str | None
    status: str
    growth: bool | None
    said: str
    isolates: list[Isolate] = field(default_factory=list)
    members: tuple[Entry, ...] = ()

    @property
    def at(self) -> str | None:
        """When the specimen was taken, else when the result is dated."""
        return self.collected or self.head.at

    @property
    def final(self) -> bool:
        """Whether the laboratory calls it final (or corrected after that)."""
        return self.status in ("final", "amended", "corrected", "appended")


@dataclass
class Cultures:
    """All cultures, newest first, with the slices they were read from."""

    found: list[Culture]
    parts: tuple[Slice, ...]


async def cultures_of(record: PatientRecord) -> Cultures:
    """Read every culture of the record.

    Raises:
        UpstreamError: the server failed.
    """
    results, reports = await record.slice("Observation"), await record.slice("DiagnosticReport")
    specimens = await record.slice("Specimen")
    graph = _Graph(record, results.entries, reports.entries)
    found = [
        culture
        for group in graph.groups()
        if (culture := _culture(record, graph, group, specimens.entries)) is not None
    ]
    found.sort(key=lambda item: (item.at or "", item.head.reference), reverse=True)
    return Cultures(found, (results, reports, specimens))


class _Graph:
    """Observations and reports by what is part of what."""

    def __init__(self, record: PatientRecord, results: list[Entry], reports: list[Entry]) -> None:
        self.base = record.client.base
        self.nodes = {entry.reference: entry for entry in (*results, *reports)}
        self.children: dict[str, list[str]] = {name: [] for name in self.nodes}
        self.parents: dict[str, list[str]] = {name: [] for name in self.nodes}
        for entry in self.nodes.values():
            for element in ("hasMember", "result"):
                for child in self._targets(entry, element):
                    self._link(entry.reference, child)
            for parent in self._targets(entry, "derivedFrom"):
                self._link(parent, entry.reference)

    def _targets(self, entry: Entry, element: str) -> Iterator[str]:
        for reference in walk(entry.resource, element):
            if target := local_reference(reference, self.base):
                yield "/".join(target)

    def _link(self, parent: str, child: str) -> None:
        if parent in self.nodes and child in self.nodes and parent != child and child not in self.children[parent]:
            self.children[parent].append(child)
            self.parents[child].append(parent)

    def groups(self) -> Iterator[list[Entry]]:
        """What is linked with each other, one group at a time."""
        seen: set[str] = set()
        for name in self.nodes:
            if name in seen:
                continue
            queue, group = [name], []
            seen.add(name)
            while queue:
                current = queue.pop()
                group.append(self.nodes[current])
                for other in (*self.children[current], *self.parents[current]):
                    if other not in seen:
                        seen.add(other)
                        queue.append(other)
            yield group

    def above(self, name: str) -> Iterator[str]:
        """What a node is part of, nearest first."""
        seen, queue = {name}, list(self.parents[name])
        while queue:
            current = queue.pop(0)
            if current not in seen:
                seen.add(current)
                yield current
                queue += self.parents[current]

    def below(self, name: str) -> Iterator[str]:
        """What is part of a node."""
        seen, queue = {name}, list(self.children[name])
        while queue:
            current = queue.pop(0)
            if current not in seen:
                seen.add(current)
                yield current
                queue += self.children[current]


def _culture(record: PatientRecord, graph: _Graph, group: list[Entry], specimens: list[Entry]) -> Culture | None:
    judged = {entry.reference: found for entry in group if (found := list(_judged(entry)))}
    if not judged and not any(is_test(entry) for entry in group):
        return None
    empty = all(entry.type == "Observation" and not value_of(entry.resource) for entry in group)
    if not judged and empty and not any(entry.resource.get("specimen") for entry in group):
        # A name alone, such as an order's, is no culture with a result; what was drawn still counts.
        return None
    members = tuple(sorted(group, key=lambda entry: entry.reference))
    head = _head(graph, members)
    organisms = {
        entry.reference: said
        for entry in members
        if entry.reference not in judged or _components_only(entry)
        if (said := _organism(entry))
    }
    isolates = _isolates(graph, members, judged, organisms)
    texts = [text for entry in members if (text := _said(entry)) and not _aside(entry)]
    asides = [text for entry in members if (text := _said(entry)) and _aside(entry)]
    growth: bool | None = True if isolates else None
    said = ", ".join(dict.fromkeys(item.organism for item in isolates))
    if not isolates:
        cultured = any(_CULTURE.search(entry.text) for entry in members)
        negative = next((text for text in texts if _nothing_grew(text, cultured=cultured)), None)
        other = next((text for text in texts if _FLORA.search(text)), None)
        if negative and not other:
            growth, said = False, negative
        else:
            said = other or next(iter([*texts, *asides]), "")
            positive = any(_CULTURE.search(entry.text) and _YES.fullmatch(_said(entry)) for entry in members)
            growth = True if other or positive else None
    kind, collected, received = _specimen(record, members, specimens)
    status = str(head.resource.get("status") or "")
    return Culture(head, _name(head), kind, collected, received, status, growth, said, isolates, members)


def _aside(entry: Entry) -> bool:
    """Whether an observation is microscopy or about the specimen: a stain without organisms is no negative culture."""
    if entry.type != "Observation":
        return False
    named = " ".join([entry.text, *(str(text) for text in walk(entry.resource, "code.coding.display"))])
    return bool(_ASIDE.search(named)) and not _CULTURE.search(named)


def _nothing_grew(text: str, *, cultured: bool) -> bool:
    return bool(_NO_GROWTH.search(text) or (cultured and _NEGATIVE.search(text)))


def is_test(entry: Entry) -> bool:
    sections = set(walk(entry.resource, "category.coding.code"))
    named = " ".join([entry.text, *(str(text) for text in walk(entry.resource, "category.text"))])
    named += " " + " ".join(str(text) for text in walk(entry.resource, "code.coding.display"))
    return bool(sections & _SECTIONS) or bool(_TEST.search(named))


def _judged(entry: Entry) -> Iterator[Susceptibility]:
    """The susceptibilities that an observation holds: itself, or its components."""
    if entry.type != "Observation":
        return
    for element, path in (
        (entry.resource, "Observation.interpretation"),
        *((part, f"Observation.component[{n}]") for n, part in enumerate(entry.resource.get("component") or [])),
    ):
        if not isinstance(element, dict):
            continue
        codes = [str(code) for code in walk(element, "interpretation.coding.code")]
        code = next((code for code in codes if code in SUSCEPTIBILITY), None)
        name = words(element.get("code"))
        if code is None and not (_SENSITIVITY.search(name) and quantity(element.get("valueQuantity"))):
            continue
        if element is entry.resource and entry.resource.get("component") and code is None:
            continue
        verdict = SUSCEPTIBILITY.get(code) if code else None
        yield Susceptibility(
            _TAIL.sub(" ", name).strip() or "drug without a name", verdict, entry, path, value_of(element), code
        )


def _components_only(entry: Entry) -> bool:
    return bool(entry.resource.get("component"))


def _said(entry: Entry) -> str:
    """What an observation or report says in words; numbers are no finding of a culture."""
    if entry.type == "DiagnosticReport":
        return " ".join(str(entry.resource.get("conclusion") or "").split())
    value: Any = entry.resource.get("valueCodeableConcept")
    if isinstance(value, dict):
        return words(value)
    text = entry.resource.get("valueString")
    return " ".join(text.split()) if isinstance(text, str) else ""


def _organism(entry: Entry) -> str:
    """The organism that an observation states, where its code says that it names one."""
    said = _said(entry)
    if not said or entry.type != "Observation" or _PENDING.search(said) or _aside(entry):
        return ""
    if _YES.fullmatch(said) or re.match(r"[<>≤≥~]?\s*\d", said):
        return ""  # a result or a count, not a name
    named = " ".join([entry.text, *(str(text) for text in walk(entry.resource, "code.coding.display"))])
    named += " " + " ".join(str(code) for code in walk(entry.resource, "code.coding.code"))
    coded = isinstance(entry.resource.get("valueCodeableConcept"), dict)
    if not (_ORGANISM.search(named) or is_test(entry)) or _SENSITIVITY.search(named):
        return ""
    if _nothing_grew(said, cultured=True) or _FLORA.search(said) or len(said) > (200 if coded else 80):
        return ""
    return said


def _isolates(
    graph: _Graph, members: tuple[Entry, ...], judged: dict[str, list[Susceptibility]], organisms: dict[str, str]
) -> list[Isolate]:
    """Each organism with its susceptibilities: its own, those below it, or those of the panel that names it alone."""
    found = {name: Isolate(said, graph.nodes[name], "Observation.value") for name, said in organisms.items()}
    for name, rows in judged.items():
        home = _home(graph, name, organisms)
        if home not in found:
            entry = graph.nodes[home]
            text = entry.text if home != name and not is_test(entry) and not _SENSITIVITY.search(entry.text) else ""
            called = re.sub(r"\s+panel$", "", text, flags=re.IGNORECASE) or "organism not stated"
            found[home] = Isolate(called, entry, "Observation.code")
        found[home].susceptibilities += rows
    for item in found.values():
        item.susceptibilities.sort(key=lambda row: row.drug.casefold())
    return sorted(found.values(), key=lambda item: (item.organism.casefold(), item.entry.reference))


def _home(graph: _Graph, name: str, organisms: dict[str, str]) -> str:
    """The organism that a susceptibility belongs to; where none is named, the panel it is part of, else itself."""
    if name in organisms:
        return name
    panel = name
    for parent in graph.above(name):
        if parent in organisms:
            return parent
        below = [child for child in graph.below(parent) if child in organisms]
        if len(below) == 1:
            return below[0]
        if below:
            break
        entry = graph.nodes[parent]
        if entry.type == "Observation" and not is_test(entry):
            panel = parent
    return panel


def _head(graph: _Graph, members: tuple[Entry, ...]) -> Entry:
    """What stands for the whole: the report, else the result that is part of no other."""
    reports = [entry for entry in members if entry.type == "DiagnosticReport"]
    tops = [entry for entry in members if not graph.parents[entry.reference]]
    if len(reports) > 1:
        # A final report of the same results stands for the preliminary one before it.
        early = ("registered", "preliminary", "partial")
        known = {entry.reference: str(entry.resource.get("issued") or entry.at or "") for entry in reports}
        reports.sort(key=lambda entry: (entry.resource.get("status") not in early, known[entry.reference]))
        return reports[-1]
    return (reports or [entry for entry in tops if is_test(entry)] or tops or list(members))[0]


def _name(head: Entry) -> str:
    return head.text or "culture"


def _specimen(
    record: PatientRecord, members: tuple[Entry, ...], specimens: list[Entry]
) -> tuple[str, str | None, str | None]:
    """Specimen, when it was collected and when it was received, as far as one of the group says."""
    by = {entry.reference: entry for entry in specimens}
    display = ""
    for entry in members:
        for held in walk(entry.resource, "specimen"):
            if not isinstance(held, dict):
                continue
            display = display or str(held.get("display") or "")
            target = local_reference(held, record.client.base)
            drawn = by.get("/".join(target)) if target else None
            if drawn is None:
                continue
            body = drawn.resource
            site = next((words(item) for item in walk(body, "collection.bodySite") if words(item)), "")
            kind = words(body.get("type")) or display
            taken = next((str(text) for text in walk(body, "collection.collectedDateTime")), None)
            taken = taken or next((str(text) for text in walk(body, "collection.collectedPeriod.start")), None)
            received = body.get("receivedTime")
            return (f"{kind}, {site}" if kind and site else kind or site), taken, str(received) if received else None
    return display, None, None
