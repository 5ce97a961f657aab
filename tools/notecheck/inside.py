"""Where a note contradicts itself or says what cannot be: found in the note alone, each with the places that clash."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from knowledge.assertion import sentences
from knowledge.quantity import Quantity, UnitError, convert
from knowledge.terminology import Terminology
from knowledge.units import analytes, number, unit_label
from tools.calculators.limits import possible
from tools.ehr.plausible import impossible_value
from tools.errors import BadInput
from tools.notecheck.told import RELATIVE, Told
from tools.notes import Note, unwrap

_STEADY = {"weight", "height"}
# Vital signs are written without a unit and mean one; laboratory results without one are not judged.
_BARE = {"heart_rate", "respiratory_rate", "spo2", "systolic_bp", "diastolic_bp"}
_DENIAL = re.compile(
    r"\b(?:no|not|denies|denied|without|nor|never had|negative for|free of)\s+"
    r"(?:any |a |an |known |history of |evidence of )*$",
    re.IGNORECASE,
)
_CHILD = 13
_WITHHELD = re.compile(
    r"\b(?:avoid\w*|not (?:be )?(?:given|prescribed|started|used)|withheld|held|stop(?:ped)?|discontinu\w+|instead of|"
    r"contraindicated|rather than|declined|refused|no longer|allerg\w*|cannot|can't)\b",
    re.IGNORECASE,
)
_PREGNANT = re.compile(
    r"\b(?:pregnan(?:t|cy)|gravida|G\d+P\d+|last menstrual period|LMP|uterus|uterine|cervical os|ovar(?:y|ies|ian)|"
    r"vagina\w*|menopaus\w*|breast ?feeding|postpartum|hysterectomy)\b",
    re.IGNORECASE,
)
_PROSTATE = re.compile(
    r"\b(?:prostat\w+|testic\w+|testis|testes|scrot\w+|penis|penile|epididym\w+|vasectomy)\b", re.IGNORECASE
)
_HE, _SHE = re.compile(r"\b(?:he|his|him)\b", re.IGNORECASE), re.compile(r"\b(?:she|hers?)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Clash:
    """A contradiction: the rule, the places (start, end) and why they cannot both be so."""

    rule: str
    spans: tuple[tuple[int, int], ...]
    why: str


def clashes(text: str, items: list[Told], terminology: Terminology) -> list[Clash]:
    """Every contradiction found inside a note."""
    flat = unwrap(text)
    found = [
        *_values(items, terminology),
        *_impossible(items, terminology),
        *_findings(flat, items, terminology),
        *_allergies(items, terminology),
        *_forbidden(flat, items, terminology),
        *_ages(items),
        *_sex(flat, items),
        *_orders(text),
    ]
    return sorted(dict.fromkeys(found), key=lambda clash: clash.spans)


def _spans(*items: Told) -> tuple[tuple[int, int], ...]:
    return tuple(sorted((item.start, item.end) for item in items))


def _values(items: list[Told], terminology: Terminology) -> Iterator[Clash]:
    """Two weights or heights, neither of them said of another time."""
    steady = [
        item
        for item in items
        if item.kind == "measurement" and item.concept in _STEADY and item.unit and not item.earlier
    ]
    for one, other in itertools.combinations(steady, 2):
        if one.concept != other.concept:
            continue
        try:
            there = convert(Quantity(_number(other), other.unit or "1"), one.unit or "1", one.concept).value
        except UnitError:
            continue
        if abs(there - _number(one)) > max(0.02 * _number(one), 0.5):
            name = terminology.get(one.concept or "").name
            yield Clash("two_values", _spans(one, other), f"{name}: {one.text!r} and {other.text!r}")


def _number(item: Told) -> float:
    assert isinstance(item.value, float)
    return item.value


def _impossible(items: list[Told], terminology: Terminology) -> Iterator[Clash]:
    """A value that cannot be in the unit written: by physics, or by the limits that calculators accept entries in."""
    for item in items:
        if item.kind != "measurement" or item.concept is None:
            continue
        concept = terminology.get(item.concept)
        codes = {coding.code for part in terminology.expand(item.concept) for coding in part.codings}
        unit = item.unit or (concept.unit if item.concept in _BARE else None)
        if unit is None:
            continue
        quantity = Quantity(_number(item), unit)
        if impossible_value(codes, quantity.value, unit) or not _can_be(item.concept, quantity):
            other = next((u for u in analytes().get(item.concept, {}) if u != unit and _can_be(item.concept,
                          Quantity(quantity.value, u))), None) if item.unit else None  # fmt: skip
            slip = f"; {number(quantity.value)} {unit_label(other)} could be" if other else ""
            yield Clash("impossible_value", _spans(item), f"{concept.name} {quantity.display} cannot be{slip}")


def _can_be(concept: str, quantity: Quantity) -> bool:
    try:
        possible(concept, quantity)
    except BadInput:
        return False
    return True


def _findings(flat: str, items: list[Told], terminology: Terminology) -> Iterator[Clash]:
    """A condition stated and denied by the same words; the denial stands right before them."""
    stated = [
        item
        for item in items
        if item.kind == "finding" and not item.now_only and not item.past_only
        and terminology.get(item.concept or "").kind == "condition"
    ]  # fmt: skip
    for one, other in itertools.combinations(stated, 2):
        if one.concept != other.concept or one.text.casefold() != other.text.casefold():
            continue
        denied = one if one.assertion == "absent" else other
        direct = _DENIAL.search(flat, denied.sentence[0], denied.start)
        if direct and {one.assertion, other.assertion} == {"present", "absent"}:
            name = terminology.get(one.concept or "").name
            yield Clash("stated_and_denied", _spans(one, other), f"{name} is stated and denied")


def _allergies(items: list[Told], terminology: Terminology) -> Iterator[Clash]:
    none = [item for item in items if item.kind == "no_allergies"]
    listed = [item for item in items if item.kind == "allergy" and item.assertion != "absent"]
    for one, other in itertools.product(none, listed):
        name = terminology.get(other.concept or "").name
        yield Clash("allergies", _spans(one, other), f"no allergies, and an allergy to {name}")


def _forbidden(flat: str, items: list[Told], terminology: Terminology) -> Iterator[Clash]:
    """A drug given that an allergy of the same note forbids: the drug itself, or a member of the class."""
    listed = [item for item in items if item.kind == "allergy" and item.assertion == "present" and item.concept]
    for drug in given(flat, items):
        for allergy in listed:
            if drug.concept in {part.id for part in terminology.expand(allergy.concept or "")}:
                why = f"{terminology.get(drug.concept or '').name}, with an allergy to {allergy.text} in the same note"
                yield Clash("drug_and_allergy", _spans(drug, allergy), why)


def given(flat: str, items: Iterable[Told]) -> list[Told]:
    """Drugs that a note says are taken or given; what it withholds or avoids is left out."""
    return [
        item
        for item in items
        if item.kind == "drug" and item.assertion == "present" and not _WITHHELD.search(flat, *item.sentence)
    ]


def _ages(items: list[Told]) -> Iterator[Clash]:
    ages = [item for item in items if item.kind == "age"]
    for one, other in itertools.combinations(ages, 2):
        if one.value != other.value:
            yield Clash("two_ages", _spans(one, other), f"{one.text!r} and {other.text!r}")


def _sex(flat: str, items: list[Told]) -> Iterator[Clash]:
    """The sex stated against organs, pregnancy and pronouns. Pronouns count only where nobody else is spoken of."""
    sexes = [item for item in items if item.kind == "sex"]
    for one, other in itertools.combinations(sexes, 2):
        if one.value != other.value and not RELATIVE.search(flat):
            yield Clash("sex", _spans(one, other), f"{one.text!r} and {other.text!r}")
    if not sexes:
        return
    said = sexes[0]
    if any(item.kind == "age" and isinstance(item.value, float) and item.value < _CHILD for item in items):
        return
    organs, pronoun = (_PREGNANT, _SHE) if said.value == "male" else (_PROSTATE, _HE)
    for start, end in sentences(flat):
        if RELATIVE.search(flat, start, end):
            continue
        for match in organs.finditer(flat, start, end):
            spans = tuple(sorted([(said.start, said.end), (match.start(), match.end())]))
            yield Clash("sex", spans, f"{said.value}, and {match.group()!r}")
    if RELATIVE.search(flat):
        return
    for match in pronoun.finditer(flat):
        spans = tuple(sorted([(said.start, said.end), (match.start(), match.end())]))
        yield Clash("sex", spans, f"{said.value}, and {match.group()!r}")


def _orders(text: str) -> Iterator[Clash]:
    for start, end in Note("note", text).quarantined:
        yield Clash("instructions", ((start, end),), "gives orders to a machine: quarantined, not checked")
