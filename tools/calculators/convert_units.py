"""One result from one unit into another, with the factor and what it rests on (`osler convert`)."""

from __future__ import annotations

import difflib
import math
from dataclasses import asdict, dataclass
from typing import Any

from knowledge.molar import Analyte, Dimension, affine, by_key, dimension, exact_factor, refusals, table
from knowledge.units import AFFINE, number, ucum, unit_label
from tools.errors import BadInput, NotAssessable


@dataclass(frozen=True)
class Conversion:
    """A converted value. `value` is not rounded; `offset` is 0 unless the scales have different zeros."""

    value: float
    unit: str
    given: dict[str, Any]
    analyte: str | None
    molar_mass: float | None
    factor: float
    offset: float
    display: str
    steps: list[str]
    source: str

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def convert_value(value: Any, unit: Any, to: Any, analyte: Any = None) -> Conversion:
    """A value in another unit; mass to amount, equivalents and international units need the analyte.

    Args:
        analyte: an id of `knowledge/analytes` ("creatinine") or a LOINC code.

    Raises:
        BadInput: not a finite number, not a unit, an analyte that is not known, or units of different things.
        NotAssessable: no factor holds between these units for every sample of this analyte.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(
            f"found value {value!r}; expected a finite number",
            found=value,
            expected="a finite number",
            action="give a number such as 106",
        )
    if not (isinstance(unit, str) and unit.strip() and isinstance(to, str) and to.strip()):
        raise BadInput(
            f"found units {unit!r} and {to!r}; expected two UCUM units",
            found=f"{unit!r}, {to!r}",
            expected="two UCUM units such as umol/L and mg/dL",
            action="give both units",
        )
    source, target = ucum(unit), ucum(to)
    row = _row(analyte)
    scale, offset = _between(source, target, row, analyte)
    same = scale == 1.0 and offset == 0.0
    # 12 digits: takes off the binary noise of the factor, rounds nothing that was measured.
    result = float(value) if same else float(f"{value * scale + offset:.12g}")
    display = f"{number(result, 4)} {unit_label(target)}".strip()
    given = f"{number(float(value))} {unit_label(source)}".strip()
    return Conversion(
        result,
        target,
        {"value": value, "unit": source},
        row.id if row else None,
        float(row.mass) if row and row.mass else None,
        scale,
        offset,
        display,
        _steps(row, source, target, scale, offset, f"{given} = {display}"),
        row.source if row else "",
    )


def _row(analyte: Any) -> Analyte | None:
    if analyte is None:
        return None
    key = str(analyte).strip()
    found = by_key().get(key) or by_key().get(key.lower().replace(" ", "_").replace("-", "_"))
    if found is None and key not in refusals() and key.lower() not in refusals():
        near = difflib.get_close_matches(key.lower().replace(" ", "_"), table(), n=3)
        raise BadInput(
            f"found analyte {key!r}; expected one of the {len(table())} that are known, by id or LOINC code",
            found=key,
            expected=", ".join(near) or "an id such as creatinine, or a LOINC code such as 2160-0",
            action="correct the analyte",
        )
    return found


def _between(source: str, target: str, row: Analyte | None, analyte: Any) -> tuple[float, float]:
    if source == target:
        return (1.0, 0.0)
    if (source, target) in AFFINE:
        return AFFINE[source, target]
    name = row.id if row else None
    if (curved := affine(source, target, name)) is not None:
        return curved
    if (factor := exact_factor(source, target, name)) is not None:
        return (factor, 0.0)
    refusal = refusals().get(name or str(analyte).strip().lower())
    if refusal is not None and (row is None or not _foreign(source, target)):
        raise NotAssessable(
            f"{refusal.id.replace('_', ' ')}: {source} is not converted to {target}: {refusal.why}",
            found=source,
            expected=target,
            action=refusal.action,
        )
    return _parsed(source, target, row)


def _foreign(source: str, target: str) -> bool:
    """Whether units measure things that no analyte relates, such as a mass and a volume."""
    substance = {"mass", "amount", "charge", "iu"}
    first, second = dimension(source), dimension(target)
    kinds = {part.kind for part in (first, second) if isinstance(part, Dimension)}
    return bool(kinds - substance) or bool(first and second and first.per != second.per)


def _parsed(source: str, target: str, row: Analyte | None) -> tuple[float, float]:
    from knowledge.quantity import UnitError
    from knowledge.quantity import factor as ucum_factor

    try:
        return ucum_factor(source, target, row.id if row else None)
    except UnitError as error:
        first, second = dimension(source), dimension(target)
        substances = first and second and not _foreign(source, target)
        action = str(error)
        if substances and row is None:
            action = "name the analyte: mass, amount, equivalents and international units are related by it"
        elif substances and row is not None:
            raise NotAssessable(
                f"{row.id.replace('_', ' ')}: {source} is not converted to {target}: no factor holds for every sample",
                found=source,
                expected=f"a unit such as {', '.join(row.units)}",
                action="ask the laboratory for the result in the unit that is needed",
            ) from error
        raise BadInput(
            f"found {source}; expected a unit convertible to {target}", found=source, expected=target, action=action
        ) from error


def _steps(row: Analyte | None, source: str, target: str, scale: float, offset: float, last: str) -> list[str]:
    steps = []
    kinds = {part.kind for part in (dimension(source), dimension(target)) if part}
    if row and row.mass and len(kinds) == 2 and "mass" in kinds:
        formula = f"{row.formula}, " if row.formula else ""
        steps.append(f"Molar mass: {formula}{number(float(row.mass), 8)} g/mol{f' ({row.note})' if row.note else ''}")
    if row and row.nmol_per_iu and kinds == {"iu", "mass"}:
        steps.append(f"1 µIU/mL = {number(float(row.nmol_per_iu))} pmol/L")
    if offset:
        sign = "+" if offset > 0 else "−"
        factor = f"{number(scale, 6)} × {unit_label(source)}"
        steps.append(f"{unit_label(target)} = {factor} {sign} {number(abs(offset), 6)}")
    elif scale != 1:
        steps.append(f"1 {unit_label(source)} = {number(scale, 6)} {unit_label(target)}")
    return [*steps, last]
