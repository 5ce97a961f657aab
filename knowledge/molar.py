"""Conversions that need the substance: mass to amount, equivalents, international units, HbA1c.

`knowledge/analytes/*.yaml` holds one row for each analyte: its formula (the molar mass is worked out from atomic
weights), or a factor with its source. `refused.yaml` holds those for which no factor is valid, and why. Units are read
here without the UCUM parser; exact decimal arithmetic, so that a factor is the nearest binary number to the true one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FOLDER = Path(__file__).with_name("analytes")

# Standard atomic weights, abridged to five digits, conventional values where the standard is an interval: Meija J, et
# al. Atomic weights of the elements 2013, Pure Appl Chem 2016, doi:10.1515/pac-2015-0305. The review of 2021 changed
# none of these digits.
ATOMIC_WEIGHTS: Mapping[str, Decimal] = {
    symbol: Decimal(weight)
    for symbol, weight in {
        "H": "1.008", "Li": "6.94", "B": "10.81", "C": "12.011", "N": "14.007", "O": "15.999", "F": "18.998",
        "Na": "22.990", "Mg": "24.305", "Al": "26.982", "Si": "28.085", "P": "30.974", "S": "32.06", "Cl": "35.45",
        "K": "39.098", "Ca": "40.078", "Ti": "47.867", "V": "50.942", "Cr": "51.996", "Mn": "54.938", "Fe": "55.845",
        "Co": "58.933", "Ni": "58.693", "Cu": "63.546", "Zn": "65.38", "As": "74.922", "Se": "78.971", "Br": "79.904",
        "Sr": "87.62", "Mo": "95.95", "Ag": "107.87", "Cd": "112.41", "Sb": "121.76", "I": "126.90", "Ba": "137.33",
        "Pt": "195.08", "Au": "196.97", "Hg": "200.59", "Tl": "204.38", "Pb": "207.2", "Bi": "208.98",
    }.items()
}  # fmt: skip

_PREFIX = {"": 0, "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "c": -2, "d": -1, "k": 3}
_KIND = {"g": "mass", "mol": "amount", "eq": "charge", "kat": "activity", "U": "activity", "[IU]": "iu"} | {
    "Pa": "pressure"
}
# 1 U is 1 umol/min, 1 kat 1 mol/s; UCUM's mm[Hg] is 133.322 Pa and its cm[H2O] 98.0665 Pa.
_SIZE = {"kat": Decimal(60_000_000), "mm[Hg]": Decimal("133.322"), "cm[H2O]": Decimal("98.0665")}
_UNIT = re.compile(r"(f|p|n|u|m|k|)(g|mol|eq|kat|U|\[IU\]|Pa)")
_VOLUME = re.compile(r"(f|p|n|u|m|c|d|)L")
_COUNT = re.compile(r"(?:10\*(\d+))?")
_ATOM = re.compile(r"([A-Z][a-z]?)(\d*)")


@dataclass(frozen=True)
class Dimension:
    """What a unit measures, for which volume, time or mass, and how many of the base unit it is."""

    kind: str
    per: str
    size: Decimal


@dataclass(frozen=True)
class Analyte:
    """One row of `knowledge/analytes`.

    Attributes:
        units: units in use for it; the first is the one others are expressed in.
        factors: units that are not read by `dimension`: how many of the first unit make one.
        nmol_per_iu: amount in one international unit, with the standard it holds for in `source`.
        scales: for HbA1c: unit -> (scale, offset) from the molar unit.
        note: what must be said with a conversion ("as phosphorus").
    """

    id: str
    units: tuple[str, ...]
    also: tuple[str, ...] = ()
    formula: str | None = None
    molar_mass: Decimal | None = None
    valence: int | None = None
    nmol_per_iu: Decimal | None = None
    factors: Mapping[str, float] = field(default_factory=dict)
    scales: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    loinc: tuple[str, ...] = ()
    source: str = ""
    note: str = ""

    @functools.cached_property
    def mass(self) -> Decimal | None:
        """Molar mass in g/mol."""
        return molar_mass(self.formula) if self.formula else self.molar_mass

    def moles(self, unit: Dimension) -> Decimal | None:
        """Moles in one of a unit; None where the row does not say."""
        if unit.kind == "amount":
            return unit.size
        if unit.kind == "mass":
            return unit.size / self.mass if self.mass else None
        if unit.kind == "charge":
            return unit.size / self.valence if self.valence else None
        if unit.kind == "iu" and self.nmol_per_iu:
            return unit.size * self.nmol_per_iu * Decimal("1e-9")
        return None


@dataclass(frozen=True)
class Refusal:
    """An analyte between whose units no factor is valid, and why."""

    id: str
    why: str
    action: str
    source: str
    also: tuple[str, ...] = ()
    loinc: tuple[str, ...] = ()


def molar_mass(formula: str) -> Decimal:
    """g/mol from a formula such as C4H7N3O."""
    found = _ATOM.findall(formula)
    if "".join(symbol + count for symbol, count in found) != formula:
        raise ValueError(f"found formula {formula!r}; expected symbols and counts such as C4H7N3O")
    return sum((ATOMIC_WEIGHTS[symbol] * int(count or 1) for symbol, count in found), Decimal(0))


@functools.lru_cache(maxsize=4096)
def dimension(unit: str) -> Dimension | None:
    """What a UCUM unit measures, for those of laboratories; None for others, which the full parser reads."""
    if unit in ("mm[Hg]", "cm[H2O]"):
        return Dimension("pressure", "", _SIZE[unit])
    above, slash, below = unit.partition("/")
    per, size = below, Decimal(1)
    if volume := _VOLUME.fullmatch(below):
        per, size = "L", Decimal(10) ** -_PREFIX[volume[1]]
    elif below == "(24.h)":
        per = "d"
    if (found := _UNIT.fullmatch(above)) and "{" not in below and "/" not in below:
        symbol = found[2]
        return Dimension(_KIND[symbol], per, size * Decimal(10) ** _PREFIX[found[1]] * _SIZE.get(symbol, Decimal(1)))
    if slash and per == "L" and (count := _COUNT.fullmatch(above)):
        return Dimension("count", per, size * Decimal(10) ** int(count[1] or 0))
    return None


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a data file; libyaml's parser is ten times as fast where it is there."""
    found: list[dict[str, Any]] = yaml.load(path.read_text(encoding="utf-8"), _LOADER)  # noqa: S506  (a safe loader)
    return found


@functools.cache
def table() -> dict[str, Analyte]:
    """Every analyte by its id."""
    found: dict[str, Analyte] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for row in rows(path) if path.stem != "refused" else ():
            if row["id"] in found:
                raise ValueError(f"{path.name}: analyte {row['id']} stands twice")
            found[row["id"]] = _analyte(row)
    return found


def _analyte(row: Mapping[str, Any]) -> Analyte:
    return Analyte(
        id=row["id"],
        units=tuple(row["units"]),
        also=tuple(row.get("also", ())),
        formula=row.get("formula"),
        molar_mass=_exact(row.get("molar_mass")),
        valence=row.get("valence"),
        nmol_per_iu=_exact(row.get("nmol_per_iu")),
        factors=row.get("factors", {}),
        scales={unit: (float(scale), float(offset)) for unit, (scale, offset) in row.get("scales", {}).items()},
        loinc=tuple(row.get("loinc", ())),
        source=row.get("source", ""),
        note=row.get("note", ""),
    )


def _exact(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))


@functools.cache
def refusals() -> dict[str, Refusal]:
    """Analytes without a valid factor, by id, other id and LOINC code."""
    found = {}
    for row in rows(FOLDER / "refused.yaml"):
        lists = {name: tuple(row.get(name, ())) for name in ("also", "loinc")}
        refusal = Refusal(row["id"], row["why"], row["action"], row["source"], **lists)
        found.update(dict.fromkeys((refusal.id, *refusal.also, *refusal.loinc), refusal))
    return found


@functools.cache
def by_key() -> dict[str, Analyte]:
    """Every analyte by its id, its other ids and its LOINC codes."""
    return {key: analyte for analyte in table().values() for key in (analyte.id, *analyte.also, *analyte.loinc)}


def affine(source: str, target: str, analyte: str | None) -> tuple[float, float] | None:
    """`(scale, offset)` between scales with different zeros, or None where that is not how they are related."""
    if not analyte or "%" not in f"{source}{target}":
        return None
    row = by_key().get(analyte)
    scales = {row.units[0]: (1.0, 0.0), **row.scales} if row and row.scales else {}
    if source not in scales or target not in scales:
        return None
    (first, zero), (second, other) = scales[source], scales[target]
    return (second / first, other - zero * second / first)


@functools.lru_cache(maxsize=4096)
def exact_factor(source: str, target: str, analyte: str | None) -> float | None:
    """The factor from `source` to `target`, for an analyte where one is needed; None where there is none here."""
    if source == target:
        return 1.0
    first, second = dimension(source), dimension(target)
    if first and second and (first.kind, first.per) == (second.kind, second.per):
        return float(first.size / second.size)
    row = by_key().get(analyte) if analyte else None
    if row is None:
        return None
    if source in row.factors and target in row.factors:
        return row.factors[source] / row.factors[target]
    if first is None or second is None or first.per != second.per:
        return None
    above, below = row.moles(first), row.moles(second)
    return float(above / below) if above and below else None
