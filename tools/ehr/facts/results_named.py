"""Results by the code or the name that a record itself uses, where no concept of ours stands for them.

A local code ("K", "LAB-4711") or a name is taken literally: it is that test and no other. Its unit is whatever stands
with each result; one without a unit stays usable and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from knowledge.coding import Coding, canonical_system
from knowledge.terminology import Concept
from tools.ehr.compartment import walk
from tools.ehr.elements import codings, words
from tools.ehr.facts.results import Result, Results, result_of, specimens_of
from tools.ehr.record import Entry, PatientRecord

NO_UNIT = "no unit recorded"


def fold(text: str) -> str:
    """A name as it is compared: case and spaces do not count."""
    return " ".join(text.casefold().split())


def named_concept(name: str) -> Concept:
    """A stand-in for a test that is known only by the record's own name."""
    return Concept(id=f"record:{fold(name)}", kind="observation", name=name)


async def results_named(
    record: PatientRecord, name: str, *, codes: Iterable[str] = (), names: Iterable[str] = ()
) -> Results:
    """Every result that carries one of the codes (`system|code`, `prefix:code` or a bare code) or names, components
    included, newest first.

    Args:
        name: what to call it in an answer; counts as one of the names where neither codes nor names are given.
    """
    codes, names = list(codes), list(names)
    wanted = [_wanted(code) for code in codes]
    folded = {fold(text) for text in (names or ([] if codes else [name]))}
    part = await record.slice("Observation")
    concept = named_concept(name)
    label = ",".join([*codes, *names]) or name
    found = Results(concept, f"{part.query}&code={label}", complete=part.complete)
    found.rejected = [entry for entry in part.rejected if any(_elements(entry, wanted, folded))]
    rows = [(entry, hit) for entry in part.entries for hit in _elements(entry, wanted, folded)]
    drawn = await specimens_of(record, (entry for entry, _ in rows))
    for entry, (element, path, coding) in rows:
        specimen = drawn.get(entry.reference, "")
        found.found.append(without_unit(result_of(record, concept, entry, element, path, coding, specimen)))
    return found


def _wanted(code: str) -> tuple[str | None, str]:
    if "|" in code:
        system, _, bare = code.partition("|")
        return canonical_system(system) or None, bare
    try:
        coding = Coding.parse(code)
    except ValueError:
        return None, code
    return coding.system, coding.code


def _elements(
    entry: Entry, wanted: list[tuple[str | None, str]], names: set[str]
) -> list[tuple[dict[str, Any], str, Coding | None]]:
    hit = _hit(entry.resource, wanted, names)
    if hit is not None:
        return [(entry.resource, "Observation.value", hit[0])]
    found: list[tuple[dict[str, Any], str, Coding | None]] = []
    for number, component in enumerate(walk(entry.resource, "component")):
        if isinstance(component, dict) and (hit := _hit(component, wanted, names)) is not None:
            found.append((component, f"Observation.component[{number}].value", hit[0]))
    return found


def _hit(element: dict[str, Any], wanted: list[tuple[str | None, str]], names: set[str]) -> tuple[Coding | None] | None:
    """The coding an element is wanted for (none where its name is), or nothing."""
    code = element.get("code")
    theirs = codings(code)
    for coding in theirs:
        if any(coding.code == bare and system in (None, coding.system) for system, bare in wanted):
            return (coding,)
    bare_codes = {str(text) for text in walk(code, "coding.code")}
    if any(system is None and bare in bare_codes for system, bare in wanted):
        return (None,)
    texts = [words(code), *(str(text) for text in walk(code, "coding.display"))]
    if names and any(fold(text) in names for text in texts if text):
        return (theirs[0] if theirs else None,)
    return None


def without_unit(item: Result) -> Result:
    """A result that lacks only its unit, as a number that says so."""
    if item.problem and item.problem.endswith("without unit"):
        flags = tuple(flag for flag in item.flags if flag != "not usable")
        return replace(item, problem=None, flags=(*flags, NO_UNIT))
    return item
