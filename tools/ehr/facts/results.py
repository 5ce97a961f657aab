"""Results of a concept out of observations and their components: what can be used, and why the rest cannot.

Nothing is converted: value and unit stand as recorded (units in UCUM where the writing is one of the known ones).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from knowledge.coding import Coding
from knowledge.evidence import Value
from knowledge.quantity import Quantity, UnitError, annotation, check_unit, factor, number, unit_label
from knowledge.terminology import Concept
from tools.ehr.compartment import local_reference, walk
from tools.ehr.dates import interval
from tools.ehr.elements import codings, quantity, words
from tools.ehr.facts.specimens import elsewhere, material_of
from tools.ehr.modifiers import code_of
from tools.ehr.plausible import impossible_value
from tools.ehr.record import Entry, PatientRecord, concepts_of
from tools.ehr.search.texts import value_of

# Interpretation codes of HL7 v3 ObservationInterpretation that say where a result lies.
_JUDGED = {
    **dict.fromkeys(("H", "HH", "HU", "H>", "HX", ">"), "high"),
    **dict.fromkeys(("L", "LL", "LU", "L<", "LX", "<"), "low"),
    **dict.fromkeys(("A", "AA"), "abnormal"),
    "N": "normal",
}
# The same flags where they stand as words without a code.
_WRITTEN = {"h": "H", "hh": "HH", "high": "H", "l": "L", "ll": "LL", "low": "L", "abnormal": "A", "normal": "N"}
_UNITLESS = {"1", "[pH]", "{score}", "{INR}"}


@dataclass(frozen=True)
class Result:
    """One result. `problem` says why it cannot be used; `value` is a number, a text, a code's concept or a boolean."""

    entry: Entry
    value: Value = None
    unit: str | None = None
    comparator: str | None = None
    range: tuple[float, float] | None = None
    display: str = ""
    problem: str | None = None
    empty: str | None = None
    path: str = "Observation.value"
    coding: str | None = None
    flags: tuple[str, ...] = ()
    material: str | None = None
    """What it was measured in (`specimens`), where the record states it."""
    judged: str | None = None
    """`high`, `low`, `abnormal` or `normal` by the result's own flag or range; None where it carries neither."""
    elsewhere: str | None = None
    """The fluid it was measured in, where its concept is about another: a urine creatinine is no creatinine."""

    @property
    def at(self) -> str | None:
        """When, as recorded."""
        return self.entry.at

    @property
    def moment(self) -> datetime | None:
        """When."""
        return self.entry.moment

    @property
    def quantity(self) -> Quantity | None:
        """The number with its unit, where it is one that can be used."""
        if self.problem or isinstance(self.value, bool) or not isinstance(self.value, int | float):
            return None
        return Quantity(float(self.value), self.unit or "1", self.comparator)


@dataclass
class Results:
    """All results of a concept, newest first, and what does not count."""

    concept: Concept
    query: str
    found: list[Result] = field(default_factory=list)
    rejected: list[Entry] = field(default_factory=list)
    complete: bool = True

    @property
    def numbers(self) -> list[Result]:
        """Usable, dated numbers, newest first."""
        return [
            item
            for item in self.found
            if item.quantity is not None and item.moment is not None and item.elsewhere is None
        ]


async def results_of(record: PatientRecord, concept: Concept) -> Results:
    """Every result of a concept, components included."""
    part = await record.slice("Observation")
    results = Results(concept, f"{part.query}&code={concept.id}", complete=part.complete)
    results.rejected = [entry for entry in part.rejected if _elements(record, concept, entry)]
    rows = [(entry, found) for entry in part.entries for found in _elements(record, concept, entry)]
    drawn = await specimens_of(record, (entry for entry, _ in rows))
    for entry, (element, path, coding) in rows:
        specimen = drawn.get(entry.reference, "")
        results.found.append(result_of(record, concept, entry, element, path, coding, specimen))
    return results


async def specimens_of(record: PatientRecord, entries: Iterable[Entry]) -> dict[str, str]:
    """What the specimens of observations are called, by the observation's reference, as far as the record says."""
    held: dict[str, str] = {}
    named: dict[str, str] = {}
    for entry in entries:
        specimen = entry.resource.get("specimen")
        text = str(specimen.get("reference") or "") if isinstance(specimen, dict) else ""
        if text.startswith("#"):
            inside = (item for item in entry.resource.get("contained") or [] if item.get("id") == text[1:])
            named[entry.reference] = next((words(item.get("type")) for item in inside), "")
        elif target := local_reference(text, record.client.base):
            if not held:
                rows = (await record.slice("Specimen")).entries
                held = {item.reference: words(item.resource.get("type")) for item in rows} or {"": ""}
            named[entry.reference] = held.get("/".join(target), "")
    return named


def _elements(record: PatientRecord, concept: Concept, entry: Entry) -> list[tuple[dict[str, Any], str, Coding | None]]:
    """The elements of an observation that are the concept: itself, or components."""
    wanted = record.terminology.codings(concept.id)
    own = next((theirs for theirs in entry.codings if any(ours.matches(theirs) for ours in wanted)), None)
    if own is not None or record.terminology.matches(concept.id, list(entry.codings), entry.text or None):
        return [(entry.resource, "Observation.value", own)]
    found: list[tuple[dict[str, Any], str, Coding | None]] = []
    for component in walk(entry.resource, "component"):
        theirs = codings(component.get("code")) if isinstance(component, dict) else []
        hit = next((coding for coding in theirs if any(ours.matches(coding) for ours in wanted)), None)
        if hit is not None:
            path = f"Observation.component.where(code.coding.code='{hit.code}').value"
            found.append((component, path, hit))
    return found


def result_of(
    record: PatientRecord,
    concept: Concept,
    entry: Entry,
    element: dict[str, Any],
    path: str,
    coding: Coding | None,
    specimen: str = "",
) -> Result:
    """An element of an observation (itself or a component) as a result of a concept."""
    concept = _carrier(record, concept, coding)
    common: dict[str, Any] = {
        "entry": entry,
        "path": path,
        "coding": coding.short if coding else None,
        "flags": _flags(entry, element),
        "material": material_of(element, entry.resource, coding, specimen),
        "judged": judged_by_itself(element),
    }
    if concept.id in record.terminology:
        codes = record.terminology.codings(concept.id)
        common["elsewhere"] = elsewhere(concept, codes, common["material"])
    measured = quantity(element.get("valueQuantity"))
    if measured is not None:
        return _number(concept, coding, measured.value, measured.unit, measured.written, measured.comparator, common)
    if isinstance(element.get("valueInteger"), int) and not isinstance(element["valueInteger"], bool):
        return _number(concept, coding, float(element["valueInteger"]), None, "", None, common)
    if isinstance(element.get("valueRange"), dict):
        return _range(concept, element["valueRange"], common)
    if isinstance(element.get("valueBoolean"), bool):
        return Result(value=element["valueBoolean"], display="yes" if element["valueBoolean"] else "no", **common)
    if isinstance(element.get("valueCodeableConcept"), dict):
        text = words(element["valueCodeableConcept"])
        known = [
            name for item in codings(element["valueCodeableConcept"]) for name in concepts_of(record.terminology, item)
        ]
        return Result(value=known[0] if known else text, display=text, **common)
    for key in ("valueString", "valueDateTime", "valueTime"):
        if isinstance(element.get(key), str) and element[key].strip():
            return Result(value=element[key].strip(), display=element[key].strip(), **common)
    if told := value_of({"valueRatio": element.get("valueRatio"), "valuePeriod": element.get("valuePeriod")}):
        return Result(value=told, display=told, **common)
    if isinstance(element.get("valueSampledData"), dict):
        return Result(problem="a curve, not one value", **common)
    if element is entry.resource and (panel := _panel(element)):
        return Result(value=panel, display=panel, **common)
    return Result(empty=code_of(element, "dataAbsentReason") or "no value given", **common)


def _carrier(record: PatientRecord, concept: Concept, coding: Coding | None) -> Concept:
    """The narrower concept that carries the code and has a unit: a D-dimer coded as FEU is held to FEU."""
    if coding is None or concept.id not in record.terminology:
        return concept
    carriers = [
        part
        for part in record.terminology.expand(concept.id)
        if part.unit and any(ours.matches(coding) for ours in part.codings)
    ]
    return carriers[-1] if carriers else concept


def _number(
    concept: Concept,
    coding: Coding | None,
    value: float,
    unit: str | None,
    written: str,
    comparator: str | None,
    common: dict[str, Any],
) -> Result:
    if unit is None and concept.unit in _UNITLESS:
        unit = concept.unit
    label = unit_label(unit) if unit else ""
    shown = f"{comparator or ''}{number(value)} {label}".strip()
    problem: str | None
    if comparator not in (None, "<", "<=", ">=", ">"):
        problem = f"{shown} with comparator {comparator!r}"
    elif unit is None:
        problem = f"{shown} without unit"
    elif impossible_value({coding.code} if coding else set(), value, unit):
        problem = f"{shown}, an impossible value"
    else:
        problem = unit_problem(concept, unit, written, shown, coding.code if coding else None)
    if problem:
        flag = "impossible value" if "impossible" in problem else "not usable"
        flags = (*common.pop("flags"), flag)
        return Result(value=value, unit=unit, display=shown, problem=problem, flags=flags, **common)
    return Result(value=value, unit=unit, comparator=comparator, display=shown, **common)


def unit_problem(concept: Concept, unit: str, written: str, shown: str, code: str | None) -> str | None:
    """Why a result in this unit cannot be this concept's, or nothing."""
    if concept.unit is None or unit == concept.unit:
        return None
    wanted, given = annotation(concept.unit), annotation(unit)
    if wanted and not given:
        return f"{shown} without {'FEU or DDU' if wanted in ('FEU', 'DDU') else wanted}"
    if wanted and given and wanted != given:
        return None  # another assay: still a result, and whoever compares it refuses the conversion
    for analyte in (concept.id, code):
        try:
            factor(unit, concept.unit, analyte)
            return None
        except UnitError:
            continue
    try:
        check_unit(unit)
    except UnitError:
        return f"{shown}, where {written!r} is not a unit"
    return f"{shown}, a unit it cannot have"


def _range(concept: Concept, element: dict[str, Any], common: dict[str, Any]) -> Result:
    low, high = quantity(element.get("low")), quantity(element.get("high"))
    if low is None or high is None or low.unit != high.unit or low.unit is None:
        return Result(problem="a range without both ends in one unit", **common)
    problem = unit_problem(concept, low.unit, low.written, f"{number(low.value)} to {number(high.value)}", None)
    shown = f"{number(low.value)} to {number(high.value)} {unit_label(low.unit)}".strip()
    return Result(range=(low.value, high.value), unit=low.unit, display=shown, problem=problem, **common)


def _panel(resource: dict[str, Any]) -> str | None:
    """A blood pressure as it is read aloud, where the panel itself is asked for."""
    values = {
        code: measured
        for component in walk(resource, "component")
        for code in walk(component, "code.coding.code")
        if (measured := quantity(component.get("valueQuantity")))
    }
    if {"8480-6", "8462-4"} <= values.keys():
        upper, lower = values["8480-6"], values["8462-4"]
        return f"{number(upper.value)}/{number(lower.value)} {unit_label(upper.unit or '')}".strip()
    return None


def _flags(entry: Entry, element: dict[str, Any]) -> tuple[str, ...]:
    flags = []
    for code in walk(element, "interpretation.coding.code"):
        flags.append(f"interpretation {code}")
    measured = quantity(element.get("valueQuantity"))
    for limits in walk(element, "referenceRange"):
        if not isinstance(limits, dict) or measured is None or not everyones(limits):
            continue
        low, high = quantity(limits.get("low")), quantity(limits.get("high"))
        if low and measured.value < low.value and low.unit in (None, measured.unit):
            flags.append("below the laboratory's range")
        if high and measured.value > high.value and high.unit in (None, measured.unit):
            flags.append("above the laboratory's range")
    return tuple(flags)


def may_be_newer(newest: Result, others: Iterable[Result]) -> list[str]:
    """Results dated to a day, month or year that holds the newest one's time: which came later is not known."""
    moment, found = newest.moment, []
    for item in others:
        if moment is None or item.at is None or len(item.at) > 10 or item.moment == moment or item.empty:
            continue
        first, after = interval(item.at)
        if first <= moment < after and item.display != newest.display:
            found.append(f"may be newer: {item.display or item.problem}, dated {item.at} only")
    return found


def everyones(limits: dict[str, Any]) -> bool:
    """Whether a reference range is the normal one, for no age or group of its own."""
    kinds = set(walk(limits, "type.coding.code"))
    return not (limits.get("appliesTo") or limits.get("age") or kinds - {"normal"})


def judged_by_itself(element: dict[str, Any]) -> str | None:
    """How a result is judged by its own interpretation, else by its own normal range; never by a range of ours."""
    codes = [str(code) for code in walk(element, "interpretation.coding.code")]
    written = (str(text).strip().casefold() for text in walk(element, "interpretation.text"))
    codes += [_WRITTEN[text] for text in written if text in _WRITTEN]
    told = [kind for code in codes if (kind := _JUDGED.get(code))]
    if told:
        return next((kind for kind in ("high", "low", "abnormal") if kind in told), "normal")
    measured = quantity(element.get("valueQuantity"))
    if measured is None:
        return None
    verdicts = set()
    for limits in walk(element, "referenceRange"):
        if not isinstance(limits, dict) or not everyones(limits):
            continue
        verdicts.add(_within(measured.value, measured.comparator, measured.unit, limits))
    if None in verdicts or len(verdicts) != 1:
        return None
    return verdicts.pop()


def _within(value: float, comparator: str | None, unit: str | None, limits: dict[str, Any]) -> str | None:
    low, high = quantity(limits.get("low")), quantity(limits.get("high"))
    ends = [end for end in (low, high) if end is not None]
    if not ends or any(end.unit not in (None, unit) for end in ends):
        return None
    if high is not None and (value > high.value or (comparator == ">" and value >= high.value)):
        return "high" if comparator not in ("<", "<=") else None
    if low is not None and (value < low.value or (comparator == "<" and value <= low.value)):
        return "low" if comparator not in (">", ">=") else None
    if (comparator in ("<", "<=") and low is not None) or (comparator in (">", ">=") and high is not None):
        return None
    return "normal"
