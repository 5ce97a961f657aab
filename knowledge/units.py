"""Units without the UCUM parser: how numbers and units are printed, and the conversions of `knowledge/analytes`.

Only the standard library and PyYAML: `osler calc` starts without pydantic, and pint (over a second) is loaded only for
a conversion that the table does not hold.
"""

from __future__ import annotations

import functools
import re

from knowledge.molar import by_key, exact_factor

SHOWN = {
    "1": "", "{score}": "", "{points}": "", "mm[Hg]": "mmHg", "Cel": "°C", "[degF]": "°F", "10*9/L": "×10⁹/L",
    "10*3/uL": "×10³/µL", "mL/min/{1.73_m2}": "mL/min/1.73 m²", "a": "years", "mo": "months", "wk": "weeks",
    "d": "days", "h": "hours", "{INR}": "", "umol/L": "µmol/L", "ug/L": "µg/L", "kg/m2": "kg/m²", "m2": "m²",
    "[lb_av]": "lb", "[in_i]": "in", "[ft_i]": "ft", "ng/mL{FEU}": "ng/mL FEU", "ug/L{FEU}": "µg/L FEU",
    "mg/L{FEU}": "mg/L FEU", "ug/mL{FEU}": "µg/mL FEU", "ng/mL{DDU}": "ng/mL DDU", "ug": "µg",
    "ug/dL": "µg/dL", "ug/mL": "µg/mL", "ukat/L": "µkat/L", "u[IU]/mL": "µIU/mL", "m[IU]/L": "mIU/L",
    "[IU]/L": "IU/L", "m[IU]/mL": "mIU/mL", "%{NGSP}": "% NGSP", "%{JDS}": "% JDS", "%{Mono-S}": "% Mono-S",
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
    "% NGSP": "%{NGSP}", "% DCCT": "%{NGSP}", "% JDS": "%{JDS}",
}
"""Ways units are written in records and by people, each meaning one UCUM unit and nothing else."""


_UNITS = re.compile(r"^(u|m|)(?:IU|\[iU\])(?=/|$)")

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


@functools.lru_cache(maxsize=4096)
def ucum(unit: str) -> str:
    """The UCUM code of a unit as written; unchanged where it is not one of `WRITTEN` or a plain variant of a code."""
    text = unit.strip()
    if text in WRITTEN:
        return WRITTEN[text]
    text = text.replace("µ", "u").replace("μ", "u")
    if text.startswith("mcg"):
        text = f"ug{text[3:]}"
    if text.endswith(("/l", "/dl", "/ml", "/ul")):
        text = f"{text[:-1]}L"
    text = _UNITS.sub(r"\1[IU]", text)
    return WRITTEN.get(text, text)


@functools.cache
def analytes() -> dict[str, dict[str, float]]:
    """The units in use for each analyte: LOINC or concept id -> {unit: how many of the first unit make one of it}."""
    return {
        key: {unit: factor for unit in row.units if (factor := exact_factor(unit, row.units[0], row.id)) is not None}
        for key, row in by_key().items()
    }


def table_factor(source: str, target: str, analyte: str | None) -> float | None:
    """The factor from `source` to `target`, for an analyte where one is needed; None where the table has none."""
    return exact_factor(source, target, analyte)
