"""Units without the UCUM parser: how numbers and units are printed, and the conversions of `analytes.yaml`.

Only the standard library and PyYAML: `osler calc` starts without pydantic, and pint (over a second) is loaded only for
a conversion that the table does not hold.
"""

from __future__ import annotations

import functools
from pathlib import Path

import yaml

SHOWN = {
    "1": "", "{score}": "", "{points}": "", "mm[Hg]": "mmHg", "Cel": "°C", "[degF]": "°F", "10*9/L": "×10⁹/L",
    "10*3/uL": "×10³/µL", "mL/min/{1.73_m2}": "mL/min/1.73 m²", "a": "years", "mo": "months", "wk": "weeks",
    "d": "days", "h": "hours", "{INR}": "", "umol/L": "µmol/L", "ug/L": "µg/L", "kg/m2": "kg/m²", "m2": "m²",
    "[lb_av]": "lb", "[in_i]": "in", "[ft_i]": "ft", "ng/mL{FEU}": "ng/mL FEU", "ug/L{FEU}": "µg/L FEU",
    "mg/L{FEU}": "mg/L FEU", "ug/mL{FEU}": "µg/mL FEU", "ng/mL{DDU}": "ng/mL DDU", "ug": "µg",
}
"""UCUM units whose printed form differs from the code."""

WRITTEN = {
    "years": "a", "year": "a", "yr": "a", "yrs": "a", "months": "mo", "weeks": "wk", "days": "d", "mmHg": "mm[Hg]",
    "µmol/L": "umol/L", "μmol/L": "umol/L", "µg/L": "ug/L", "μg/L": "ug/L", "bpm": "/min", "beats/min": "/min",
    "{beats}/min": "/min", "breaths/min": "/min", "{breaths}/min": "/min", "lb": "[lb_av]", "lbs": "[lb_av]",
    "in": "[in_i]", "inches": "[in_i]", "ft": "[ft_i]", "°C": "Cel", "°F": "[degF]", "mEq/L": "meq/L",
    "mL/min/1.73m2": "mL/min/{1.73_m2}", "mL/min/1.73 m2": "mL/min/{1.73_m2}", "mL/min/1.73m²": "mL/min/{1.73_m2}",
    "mL/min/1.73 m²": "mL/min/{1.73_m2}", "mL/min/{1.73m2}": "mL/min/{1.73_m2}", "mL/min/{1.73_m²}": "mL/min/{1.73_m2}",
    "mL/min/1.73.m2": "mL/min/{1.73_m2}", "ml/min": "mL/min", "ml/min/1.73m2": "mL/min/{1.73_m2}",
    "mg/g{creat}": "mg/g", "mg/g{Cre}": "mg/g", "mg/mmol{creat}": "mg/mmol", "mg/mmol{Cre}": "mg/mmol",
    "ug/mg{creat}": "ug/mg", "x10^9/L": "10*9/L", "10^9/L": "10*9/L", "ng/mL FEU": "ng/mL{FEU}",
    "ng{FEU}/mL": "ng/mL{FEU}", "ng/mL{feu}": "ng/mL{FEU}", "ug/L FEU": "ug/L{FEU}", "µg/L FEU": "ug/L{FEU}",
    "mg/L FEU": "mg/L{FEU}", "mg{FEU}/L": "mg/L{FEU}", "ug/mL FEU": "ug/mL{FEU}", "µg/mL FEU": "ug/mL{FEU}",
    "ug{FEU}/mL": "ug/mL{FEU}", "ng/mL DDU": "ng/mL{DDU}", "ng{DDU}/mL": "ng/mL{DDU}", "kg/m²": "kg/m2", "m²": "m2",
}
"""Ways units are written in records and by people, each meaning one UCUM unit and nothing else."""


AFFINE = {("[degF]", "Cel"): (5 / 9, -160 / 9), ("Cel", "[degF]"): (1.8, 32.0), ("K", "Cel"): (1.0, -273.15)}
"""Temperatures: `(scale, offset)`; their zeros differ."""


def number(value: float, digits: int = 10) -> str:
    """A number without noise: at most `digits` significant digits, no trailing zeros, no exponent."""
    text = f"{value:.{digits}g}"
    if "e" in text:
        text = f"{float(text):.10f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def unit_label(unit: str) -> str:
    """How a UCUM unit is printed for people."""
    return SHOWN.get(unit, unit)


def ucum(unit: str) -> str:
    """The UCUM code of a unit as written; unchanged where it is not one of `WRITTEN`."""
    return WRITTEN.get(unit.strip(), unit.strip())


@functools.cache
def analytes() -> dict[str, dict[str, float]]:
    """Factors that need the analyte: LOINC or concept id -> {unit: how many of the first unit make one of it}."""
    rows = yaml.safe_load(Path(__file__).with_name("analytes.yaml").read_text(encoding="utf-8"))
    table: dict[str, dict[str, float]] = {}
    for row in rows:
        units = {unit: float(factor) for unit, factor in row["units"].items()}
        for key in [row["id"], *row.get("loinc", [])]:
            table[key] = units
    return table


def table_factor(source: str, target: str, analyte: str | None) -> float | None:
    """The factor from `source` to `target` for an analyte, or None where the table has none."""
    if source == target:
        return 1.0
    units = analytes().get(analyte or "", {})
    return units[source] / units[target] if source in units and target in units else None
