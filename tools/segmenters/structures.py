"""The vocabulary of structures: what each is called, its code, whether it has sides, where it is seen.

The data and the sources of the codes stand in `structures.yaml`; text becomes a structure in
`tools.segmenters.prompts`. A segment of a paired structure is named with its side ("left kidney").
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from knowledge.coding import SYSTEMS, Coding
from tools.errors import BadInput

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
LEFT = Coding(system=SYSTEMS["snomed"], code="7771000", display="Left")
RIGHT = Coding(system=SYSTEMS["snomed"], code="24028007", display="Right")
REGION = Coding(system="http://dicom.nema.org/resources/ontology/DCM", code="111030", display="Image Region")
"""What something is called that was pointed at and not named (DICOM PS3.16)."""
ANATOMICAL = Coding(system=SYSTEMS["snomed"], code="91723000", display="Anatomical Structure")
"""What a structure is written out as whose own code was not verified (DICOM PS3.16 CID 7150)."""
OBJECT = "object"
_KINDS = {"CT": "CT", "MR": "MR", "OP": "fundus", "XC": "skin", "DMS": "skin", "GM": "skin"}
_KINDS |= dict.fromkeys(("CR", "DX", "RG", "DR"), "XR")
_DATA = Path(__file__).with_name("structures.yaml")
_SPINE = {"C": "cervical", "T": "thoracic", "L": "lumbar"}


@dataclass(frozen=True)
class Structure:
    """One structure.

    `by`: where its code was read. `fixed`: it exists on one side only. `within`: the whole it is a part of, where only
    the whole is outlined. `totalsegmentator`: its class there, `{side}` for left or right. `zones`: its parts that
    follow from its extent.
    """

    name: str
    on: frozenset[str]
    region: str
    coding: Coding | None = None
    by: str | None = None
    paired: bool = False
    fixed: Side | None = None
    sided: tuple[tuple[Side, Coding], ...] = ()
    within: str | None = None
    zones: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    totalsegmentator: str | None = None
    tissue: bool = False
    abnormal: bool = False

    def of(self, side: Side | None) -> Coding | None:
        """Its code; one of its own for a side, where there is one."""
        return dict(self.sided).get(side, self.coding) if side else self.coding

    def segments(self, side: Side | None = None) -> tuple[str, ...]:
        """What its segments are called: both sides where none is said."""
        if not self.paired:
            return (self.name,)
        return tuple(f"{one} {self.name}" for one in ((side,) if side else ("right", "left")))


@dataclass(frozen=True)
class Zone:
    """A part of a structure from `start` to `end` of its height (0 = top), and its code in the lung."""

    name: str
    start: float
    end: float
    coding: Coding | None
    also: tuple[str, ...]


@functools.cache
def data() -> dict[str, Any]:
    """The file as it is."""
    body: dict[str, Any] = yaml.safe_load(_DATA.read_text(encoding="utf-8"))
    return body


@functools.cache
def structures() -> dict[str, Structure]:
    """Every structure by name."""
    rows = [*data()["structures"], *_vertebrae(), data()["s1"], *_ribs()]
    return {row["name"]: _structure(row) for row in rows}


@functools.cache
def zones() -> dict[str, Zone]:
    """The parts that follow from the extent of a mask."""
    return {
        name: Zone(name, row["from"], row["to"], _coding(row.get("code")), tuple(row["also"]))
        for name, row in data()["zones"].items()
    }


def structure_and_side(segment: str) -> tuple[Structure, Side | None]:
    """What a segment's name stands for ("left kidney": kidney, left; "left kidney, lower pole" the same).

    Raises:
        BadInput: no such structure.
    """
    known = structures()
    whole = segment.partition(", ")[0]
    if whole in known:
        return known[whole], known[whole].fixed
    for side in SIDES:
        name = whole.removeprefix(f"{side} ")
        if name != whole and name in known and known[name].paired:
            return known[name], side
    raise BadInput(
        f"no structure {segment!r}",
        found=segment,
        expected="a structure of tools/segmenters/structures.yaml, with its side",
        action="name it in other words",
    )


def coding_of(segment: str) -> Coding | None:
    """The code of a segment by its name; None where no code of it was verified.

    A thing that was pointed at without a name is an image region. A zone of the lung has a code of its own.

    Raises:
        BadInput: no such structure.
    """
    if segment == OBJECT:
        return REGION
    structure, side = structure_and_side(segment)
    zone = segment.partition(", ")[2]
    if zone and structure.name == "lung" and zone in zones():
        return zones()[zone].coding
    return structure.of(side)


def laterality_of(segment: str) -> Coding | None:
    """Left or right as a modifier of the code, where the segment has a side that its code does not say.

    Raises:
        BadInput: no such structure.
    """
    if segment == OBJECT:
        return None
    structure, side = structure_and_side(segment)
    if side is None or structure.fixed is not None or (dict(structure.sided).get(side) and ", " not in segment):
        return None
    return LEFT if side == "left" else RIGHT


def totalsegmentator_classes(segment: str) -> tuple[str, ...]:
    """TotalSegmentator's classes that make up a segment; none where it has none.

    Raises:
        BadInput: no such structure.
    """
    structure, side = structure_and_side(segment)
    sides: tuple[Side, ...] = (side,) if side else SIDES
    if structure.name == "lung":
        return tuple(name for one in sides for name in _lobes(one))
    if structure.totalsegmentator is None:
        return ()
    if "{side}" not in structure.totalsegmentator:
        return (structure.totalsegmentator,)
    return tuple(structure.totalsegmentator.format(side=one) for one in sides)


def _lobes(side: Side) -> tuple[str, ...]:
    parts = ("upper", "middle", "lower") if side == "right" else ("upper", "lower")
    return tuple(f"lung_{part}_lobe_{side}" for part in parts)


def _structure(row: dict[str, Any]) -> Structure:
    sided = tuple((side, found) for side in SIDES if (found := _coding(row.get(side))) is not None)
    return Structure(
        name=row["name"],
        on=frozenset(row["seen"]),
        region=row["region"],
        coding=_coding(row),
        by=row.get("by"),
        paired=row.get("paired", False),
        fixed=row.get("fixed"),
        sided=sided,
        within=row.get("within"),
        zones=tuple(row.get("zones", ())),
        also=tuple(row.get("also", ())),
        totalsegmentator=row.get("ts"),
        tissue=row.get("tissue", False),
        abnormal=row.get("abnormal", False),
    )


def kind_of(modality: str) -> str | None:
    """Which kind of image a DICOM modality makes, in the words of the vocabulary: CT, MR, XR, fundus, skin."""
    return _KINDS.get(modality.upper())


def _coding(row: dict[str, Any] | None) -> Coding | None:
    if not row or "code" not in row:
        return None
    return Coding(system=SYSTEMS["snomed"], code=str(row["code"]), display=row["shown"])


def _vertebrae() -> list[dict[str, Any]]:
    rows = []
    ordinals = list(data()["ribs"])
    for level, code in data()["vertebrae"].items():
        part, number = _SPINE[level[0]], int(level[1:])
        also = [
            level,
            f"{level} vertebral body",
            f"{part} vertebra {number}",
            f"{ordinals[number - 1]} {part} vertebra",
        ]
        also += {"C1": ["atlas"], "C2": ["axis"]}.get(level, [])
        rows.append(
            {"name": f"{level} vertebra", "code": code, "shown": f"{level} vertebra", "by": "dicom", "also": also}
            | {"seen": ["CT", "MR"], "region": "neck", "ts": f"vertebrae_{level}"}
        )
    return rows


def _ribs() -> list[dict[str, Any]]:
    rows = []
    for number, (ordinal, code) in enumerate(data()["ribs"].items(), 1):
        suffix = {1: "st", 2: "nd", 3: "rd"}.get(number, "th")
        also = [f"rib {number}", f"{number}{suffix} rib", f"rib number {number}"]
        rows.append(
            {"name": f"{ordinal} rib", "code": code, "shown": f"{ordinal.capitalize()} rib", "by": "ts", "also": also}
            | {"seen": ["CT"], "region": "chest", "paired": True, "ts": f"rib_{{side}}_{number}"}
        )
    return rows
