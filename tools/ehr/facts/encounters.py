"""Stays: encounters with their setting, beginning and end, and where the patient lay.

What goes on is judged at the clinical clock: an encounter that the record calls finished, but that ended after the
clock, goes on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tools.ehr.client.client import HttpError
from tools.ehr.compartment import local_reference, walk
from tools.ehr.dates import interval, start_of
from tools.ehr.elements import codings, words
from tools.ehr.facts.windows import Window
from tools.ehr.record import Entry, PatientRecord
from tools.errors import UpstreamError

# HL7 v3 ActCode, concept domain ActEncounterCode (the class of an encounter).
SETTINGS = {
    "IMP": "inpatient",
    "ACUTE": "inpatient",
    "NONAC": "inpatient",
    "SS": "short stay",
    "OBSENC": "observation",
    "PRENC": "pre-admission",
    "EMER": "emergency",
    "AMB": "outpatient",
    "VR": "virtual",
    "HH": "home",
    "FLD": "field",
}
INPATIENT = frozenset({"inpatient", "short stay", "observation"})
# v3 RoleCode, service delivery location types that are intensive care.
_ICU_CODES = {"ICU", "PEDICU", "PEDNICU", "CCU", "NCCS", "NICU"}
_ICU = re.compile(
    r"\b(?:[A-Z]{0,3}ICU|CCU|CVICU|TSICU|intensive care|critical care|intensive therapy)\b", re.IGNORECASE
)
_PLACES = 200


@dataclass(frozen=True)
class Place:
    """Where the patient lay: ward, room or bed, and from when to when."""

    name: str
    start: str | None
    end: str | None
    icu: bool
    status: str | None = None

    def at(self, moment: datetime) -> bool:
        """Whether the patient lay there at a moment, as far as its period says."""
        begin = start_of(self.start)
        if self.end is None and self.status == "completed":
            return False
        return begin is not None and begin <= moment and (not self.end or _after(self.end) > moment)


@dataclass(frozen=True)
class Stay:
    """An encounter."""

    entry: Entry
    setting: str
    name: str
    start: str | None
    end: str | None
    places: tuple[Place, ...] = ()
    part_of: str | None = None
    going: bool = False
    """It ended after the clinical clock."""

    def open_at(self, moment: datetime) -> bool:
        """Whether it goes on at a moment: begun, and not ended before it."""
        begin = start_of(self.start)
        if begin is not None and begin > moment:
            return False
        if self.end:
            return _after(self.end) > moment
        return self.going or self.entry.resource.get("status") in ("in-progress", "onleave", "arrived", "triaged")

    @property
    def icu(self) -> bool:
        """Whether the stay as such is one in intensive care: by its service or its type."""
        texts = [words(self.entry.resource.get("serviceType"))]
        texts += [words(item) for item in walk(self.entry.resource, "type")]
        return any(_ICU.search(text) for text in texts)

    @property
    def window(self) -> Window:
        """From its beginning to its end, both counted in; an end that is not recorded is open."""
        label = f"{self.setting} stay from {(self.start or 'unknown')[:10]}"
        return Window(start_of(self.start), _after(self.end) if self.end else None, label)

    def hours(self, now: datetime) -> float | None:
        """How long it lasted, or has lasted until now; None where its beginning, or its end, is not known."""
        begin = start_of(self.start)
        end = start_of(self.end) if self.end else now if self.open_at(now) else None
        return None if begin is None or end is None else max((min(end, now) - begin).total_seconds() / 3600, 0.0)

    def place(self, moment: datetime) -> Place | None:
        """Where the patient lay at a moment: the place entered last."""
        held = [place for place in self.places if place.at(moment)]
        if not held and self.open_at(moment):
            # Most records name the place without a period: then it is the one there is.
            bare = [place for place in self.places if not place.start and not place.end]
            held = [place for place in bare if place.status == "active"] or [p for p in bare if p.status is None]
            return held[0] if len({place.name for place in held}) == 1 else None
        return max(held, key=lambda place: _moment(place.start), default=None)


def _after(text: str) -> datetime:
    """The first moment after a date: the end of a stay is still part of it."""
    return interval(text)[1]


async def stays_of(record: PatientRecord) -> list[Stay]:
    """Every encounter that counts, newest first."""
    part = await record.slice("Encounter")
    places: dict[str, tuple[str, bool]] = {}
    found = [await _stay(record, entry, places) for entry in part.entries]
    return sorted(found, key=lambda stay: (_moment(stay.start), stay.entry.reference), reverse=True)


def _moment(text: str | None) -> datetime:
    """For sorting: what has no date comes first of all."""
    return start_of(text) or datetime.min.replace(tzinfo=UTC)


async def _stay(record: PatientRecord, entry: Entry, known: dict[str, tuple[str, bool]]) -> Stay:
    resource = entry.resource
    period = resource.get("period") if isinstance(resource.get("period"), dict) else {}
    parent = local_reference(resource.get("partOf"), record.client.base)
    start, end = _date(period, "start"), _date(period, "end")
    last = start_of(end)
    going = last is not None and last > record.as_of
    if going:
        # It ended only after the clock: at the clock nobody knew when.
        end = None
    places = []
    for row in walk(resource, "location"):
        if isinstance(row, dict) and row.get("status") not in ("planned", "reserved"):
            name, icu = await _place(record, row, known)
            when = row.get("period") if isinstance(row.get("period"), dict) else {}
            entered, left = _date(when, "start"), _date(when, "end")
            if _moment(entered) <= record.as_of:
                # What came after the clock is not known at it.
                left = None if _moment(left) > record.as_of else left
                state = None if left is None and going else row.get("status")
                places.append(Place(name, entered, left, icu, state))
    called = words(resource.get("type")) or words(resource.get("serviceType")) or entry.text
    return Stay(
        entry,
        setting_of(resource),
        called,
        start,
        end,
        tuple(sorted(places, key=lambda place: _moment(place.start))),
        "/".join(parent) if parent else None,
        going,
    )


def _date(period: Any, end: str) -> str | None:
    text = period.get(end) if isinstance(period, dict) else None
    return text if isinstance(text, str) and start_of(text) else None


def setting_of(resource: dict[str, Any]) -> str:
    """The setting by the encounter's class; its code or words where the class is not one of HL7's."""
    held = resource.get("class")
    if not isinstance(held, dict):
        return "setting not stated"
    code = str(held.get("code") or "")
    return SETTINGS.get(code.upper()) or str(held.get("display") or code or "setting not stated")


async def _place(record: PatientRecord, row: dict[str, Any], known: dict[str, tuple[str, bool]]) -> tuple[str, bool]:
    """Name of a location and whether it is intensive care, by its own type where it can be read, else by its name."""
    held = row.get("location")
    name = str(held.get("display") or "") if isinstance(held, dict) else ""
    target = local_reference(held, record.client.base)
    if target is None or target[0] != "Location":
        return name or "place without a name", bool(_ICU.search(name))
    reference = "/".join(target)
    if reference not in known and len(known) < _PLACES:
        try:
            place = await record.client.read(*target)
        except (HttpError, UpstreamError):
            place = {}
        codes = {coding.code for item in walk(place, "type") for coding in codings(item)}
        codes |= {coding.code for coding in codings(place.get("physicalType"))}
        called = str(place.get("name") or name)
        kinds = " ".join(words(item) for item in walk(place, "type"))
        known[reference] = (called, bool(codes & _ICU_CODES) or bool(_ICU.search(f"{called} {kinds}")))
    found, icu = known.get(reference, (name, bool(_ICU.search(name))))
    return found or name or reference, icu


def open_stays(stays: list[Stay], moment: datetime) -> list[Stay]:
    """The encounters that go on at a moment, newest first."""
    return [stay for stay in stays if stay.open_at(moment)]


def admission(stays: list[Stay], moment: datetime) -> Stay | None:
    """The admission that goes on at a moment: of nested stays the outermost."""
    going = [stay for stay in open_stays(stays, moment) if stay.setting in INPATIENT]
    outer = [stay for stay in going if stay.part_of not in {other.entry.reference for other in going}]
    return outer[0] if outer else None
