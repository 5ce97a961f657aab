"""UCUM units in one measure: mg/dL and g/L are both grams per cubic metre, so that a search finds either.

A small reading of UCUM (prefixes, products, quotients, exponents, annotations) without a parser that takes a second
to load; a test holds it to `knowledge.quantity`. What it does not know is comparable with itself only. Annotations are
part of the meaning, as everywhere in Osler; amount of substance, equivalents and arbitrary units are measures of their
own.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from dataclasses import dataclass

from knowledge.quantity import annotation
from knowledge.units import ucum

UCUM = "http://unitsofmeasure.org"
_PREFIX = {
    "G": 1e9,
    "M": 1e6,
    "k": 1e3,
    "h": 1e2,
    "da": 1e1,
    "": 1.0,
    "d": 1e-1,
    "c": 1e-2,
    "m": 1e-3,
    "u": 1e-6,
    "n": 1e-9,
    "p": 1e-12,
    "f": 1e-15,
}
_METRIC: dict[str, tuple[float, dict[str, int]]] = {
    "m": (1.0, {"m": 1}),
    "g": (1.0, {"g": 1}),
    "s": (1.0, {"s": 1}),
    "L": (1e-3, {"m": 3}),
    "l": (1e-3, {"m": 3}),
    "mol": (1.0, {"mol": 1}),
    "osm": (1.0, {"osm": 1}),
    "eq": (1.0, {"eq": 1}),
    "[IU]": (1.0, {"[IU]": 1}),
    "[iU]": (1.0, {"[IU]": 1}),
    "U": (1e-6 / 60, {"mol": 1, "s": -1}),
    "kat": (1.0, {"mol": 1, "s": -1}),
    "Pa": (1e3, {"g": 1, "m": -1, "s": -2}),
    "bar": (1e8, {"g": 1, "m": -1, "s": -2}),
    "m[Hg]": (133322e3, {"g": 1, "m": -1, "s": -2}),
    "m[H2O]": (9806650.0, {"g": 1, "m": -1, "s": -2}),
    "J": (1e3, {"g": 1, "m": 2, "s": -2}),
    "cal": (4184.0, {"g": 1, "m": 2, "s": -2}),
    "W": (1e3, {"g": 1, "m": 2, "s": -3}),
    "N": (1e3, {"g": 1, "m": 1, "s": -2}),
    "Hz": (1.0, {"s": -1}),
    "K": (1.0, {"K": 1}),
}
_OTHER: dict[str, tuple[float, dict[str, int]]] = {
    "min": (60.0, {"s": 1}),
    "h": (3600.0, {"s": 1}),
    "d": (86400.0, {"s": 1}),
    "wk": (604800.0, {"s": 1}),
    "mo": (2629800.0, {"s": 1}),
    "a": (31557600.0, {"s": 1}),
    "%": (0.01, {}),
    "[ppth]": (1e-3, {}),
    "[ppm]": (1e-6, {}),
    "[lb_av]": (453.59237, {"g": 1}),
    "[oz_av]": (28.349523125, {"g": 1}),
    "[in_i]": (0.0254, {"m": 1}),
    "[ft_i]": (0.3048, {"m": 1}),
    "[pH]": (1.0, {"[pH]": 1}),
}
_AFFINE = {"Cel": (1.0, 273.15), "[degF]": (5 / 9, 459.67 * 5 / 9)}
_TERM = re.compile(r"^(10\*-?\d+|10\^-?\d+|\d+(?:\.\d+)?|.*?)(?:(?<=\D)(-?\d+))?$")
_IDLE = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True)
class Measure:
    """What a unit measures, and how its numbers get there: `number * factor + offset`."""

    dimension: str
    factor: float
    offset: float = 0.0


@functools.lru_cache(maxsize=4096)
def measure(code: str) -> Measure | None:
    """The measure of a UCUM code; none where it is not understood."""
    unit = ucum(code)
    if unit in _AFFINE:
        factor, offset = _AFFINE[unit]
        return Measure("K1", factor, offset)
    meaning = annotation(unit) or ""
    bare = _IDLE.sub("", unit)
    factor, powers = 1.0, Counter[str]()
    for mark, text in re.findall(r"([./]?)([^./\[]*(?:\[[^\]]*\][^./\[]*)*)", bare):
        sign = -1 if mark == "/" else 1
        if not text:
            continue
        found = _term(text)
        if found is None:
            return None
        factor *= found[0] ** sign
        for name, power in found[1].items():
            powers[name] += power * sign
    dimension = ".".join(f"{name}{power}" for name, power in sorted(powers.items()) if power)
    return Measure(f"{dimension}{{{meaning}}}" if meaning else dimension, factor)


def _term(text: str) -> tuple[float, dict[str, int]] | None:
    match = _TERM.match(text)
    if match is None:
        return None
    name, power = match.group(1), int(match.group(2) or 1)
    if name.startswith(("10*", "10^")):
        return 10.0 ** int(name[3:]), {}
    if name.replace(".", "", 1).isdigit():
        return float(name), {}
    known = _OTHER.get(name)
    if known is None:
        prefix = next((item for item in _PREFIX if name.startswith(item) and name[len(item) :] in _METRIC), None)
        if prefix is None:
            return None
        factor, powers = _METRIC[name[len(prefix) :]]
        known = (_PREFIX[prefix] * factor, powers)
    return known[0] ** power, {key: value * power for key, value in known[1].items()}
