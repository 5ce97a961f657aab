"""Dosing rules in plain words: bands ("1 to <1.5: 2 g over 2 hours") and steps ("10 mEq for every 0.1 below 3.5")."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.instruct_plan import Band, DoseRule
from tools.ehr.writes.drafts_dose import OVER, ROUTE, UNITS

NUMBER = r"\d+(?:\.\d+)?|\.\d+"
LEVEL_UNIT = (
    r"(?:mg|g|mmol|umol|µmol|m?Eq|mcg|ug|µg|ng|pg|m?[IU]U?|units?|mosm|nmol|mL|ml)\s*(?:/|per)\s*"
    r"(?:dL|L|mL|ml|min(?:ute)?|kg|mol|litre|liter|deciliter|decilitre)(?:/1\.73\s*m2)?|mm\s*Hg|°\s?[CF]\b|%"
)
_DOSE_UNITS = "|".join(sorted((re.escape(unit) for unit in UNITS if unit != "%"), key=len, reverse=True))
_DOSE = re.compile(rf"(?<![\w.,/-])({NUMBER})\s*({_DOSE_UNITS})s?\b(?!\s*(?:/|per)\s*(?:dl|l|ml|litre|liter)\b)", re.I)
_BELOW = r"(?:<=?|≤|(?:less|lower|smaller) than(?: or equal to)?|(?:at or )?below|under|beneath|up to|at most)"
_ABOVE = r"(?:>=?|≥|(?:more|greater|higher) than(?: or equal to)?|(?:at or )?above|over|exceeding|at least|from)"
_U = rf"(?:\s*({LEVEL_UNIT}))?"
_BETWEEN = re.compile(
    rf"(?P<lead>between\s+|from\s+)?(?P<above>>=?|≥)?\s*(?<![\w.,/-])(?P<low>{NUMBER}){_U}\s*"
    rf"(?:-|–|—|to|and|through|up to|until|but)\s*(?P<below>{_BELOW})?\s*(?P<high>{NUMBER})(?![\w/]|,\d){_U}",
    re.I,
)
_ONE = re.compile(
    rf"(?P<sign>{_BELOW}|{_ABOVE})\s*(?P<value>{NUMBER})(?![\w/]|[.,]?\d){_U}"
    rf"|(?<![\w.,/-])(?P<value2>{NUMBER}){_U}\s*(?:or|and)\s*(?P<sign2>less|lower|below|under|more|higher|above|"
    rf"greater)\b",
    re.I,
)
_AMOUNT = rf"(?<![\w.,])(?P<amount>{NUMBER})\s*(?P<dose_unit>{_DOSE_UNITS})s?\b(?!\s*(?:/|per)\s*(?:dl|l|ml)\b)"
_EACH = r"(?:(?:for )?(?:every|each)|per)"
_LONG = r"(?:h|hr|hrs|hours?|min|minutes?|days?|weeks?|months?|years?)\b"
_STEP = rf"(?P<step>{NUMBER})(?![\d.])(?!\s*-?\s*{_LONG})\s*(?P<unit>{LEVEL_UNIT})?"
_LINEAR = (
    re.compile(rf"{_AMOUNT}(?P<mid>[^.;\n\d]*?)\b{_EACH}\s+{_STEP}", re.I),
    re.compile(rf"\b{_EACH}\s+{_STEP}(?P<mid>(?:\([^)]*\)|[^;\n.]|\.(?=\d)){{0,120}}?){_AMOUNT}", re.I),
)
_GOAL = re.compile(
    rf"(?:goal|target|threshold|cut-?off|limit|reach|achieve|short of|below|under|less than|<|above|over)"
    rf"(?:\s+(?:a|an|the|of|is|at|level|value|serum|k\+?|potassium|magnesium|phosphate|goal|target|threshold|for))*"
    rf"\s*[:=]?\s*(?P<goal>{NUMBER})(?![\w/])"
    rf"|(?<![\w.])(?P<goal2>{NUMBER})\s*(?:{LEVEL_UNIT})?\s*(?:goal|target|threshold)\b",
    re.I,
)


# Codes and dates: their parts are no range of values.
_CODE = re.compile(r"(?<![\w.-])(?:\d{3,5}-\d|\d{4,5}-\d{3,4}-\d{1,2})(?![\w-])|\d{4}-\d\d-\d\d(?:T[\d:+Z.-]*)?")


@dataclass(frozen=True)
class _Piece:
    start: int
    end: int
    band: Band | None = None
    unit: str | None = None
    dose: str | None = None


def squared(text: str) -> str:
    """A unit of a level as it is compared: `mg/dL`, `mEq/L`."""
    plain = re.sub(r"\s*per\s*", "/", text.strip(), flags=re.I)
    plain = re.sub(r"\s+", "", plain).replace("µ", "u")
    table = {"mg/dl": "mg/dL", "g/dl": "g/dL", "mmol/l": "mmol/L", "meq/l": "meq/L", "umol/l": "umol/L",
             "ng/ml": "ng/mL", "pg/ml": "pg/mL", "mmhg": "mm[Hg]", "ml/min": "mL/min", "g/l": "g/L",
             "mcg/dl": "ug/dL", "ug/dl": "ug/dL", "°c": "Cel", "°f": "[degF]"}  # fmt: skip
    return table.get(plain.lower(), plain)


def linear(text: str) -> tuple[DoseRule, tuple[int, int]] | None:
    """A dose of so much for each step, and where it stands."""
    for pattern in _LINEAR:
        for match in pattern.finditer(text):
            tail = text[match.start() :]
            near = _GOAL.search(text[match.end() : match.end() + 160]) or _goal_before(text, match)
            goal = (near["goal"] or near["goal2"]) if near else None
            rule = DoseRule(
                step=float(match["step"]),
                unit=squared(match["unit"]) if match["unit"] else None,
                amount=float(match["amount"]),
                amount_unit=match["dose_unit"],
                threshold=float(goal) if goal else None,
                side="above" if re.search(r"\babove\b|\bover the\b", tail[:120], re.I) else "below",
                route=_route(text[max(0, match.start() - 40) : match.end() + 40]),
                text=" ".join(match[0].split()),
            )
            level = re.match(
                rf"\s*(?:\([^)]*\)\s*)?(?:that (?:it|the \w+) is\s+|it is\s+)?(?:below|under|short of|above|"
                rf"over|less than|deficit)"
                rf"(?:\s+(?:from|of|the|threshold|target|goal|limit|level|this|"
                rf"that)\b)*(?:\s*(?:{NUMBER})(?![\w/.])\s*(?:{LEVEL_UNIT})?)?",
                text[match.end() :],
                re.I,
            )
            return rule, (match.start(), match.end() + (level.end() if level else 0))
    return None


def _route(text: str) -> str | None:
    """The route named beside a rule, where it is one."""
    found = list(ROUTE.finditer(text))
    return found[0][0] if len({match.lastgroup for match in found}) == 1 else None


def _goal_before(text: str, match: re.Match[str]) -> re.Match[str] | None:
    """A threshold named inside the rule, or before it."""
    inside = _GOAL.search(match["mid"] + " ")
    return inside or next(iter(list(_GOAL.finditer(text[: match.start()]))[::-1]), None)


def ranges(text: str) -> list[tuple[int, int, Band, str | None]]:
    """The ranges of values a text names: `(start, end, a band without a dose, unit)`."""
    found: list[tuple[int, int, Band, str | None]] = []
    taken: list[tuple[int, int]] = []
    text = _CODE.sub(lambda match: " " * len(match[0]), text)
    for match in _BETWEEN.finditer(text):
        if _is_dose(text, match) or float(match["low"]) >= float(match["high"]):
            continue
        unit = match[4] or match[7]
        below = match["below"] or ""
        band = Band(
            low=float(match["low"]),
            low_in=match["above"] != ">",
            high=float(match["high"]),
            high_in=not _strict(below),
            dose="",
            text=match[0].strip(),
        )
        found.append((match.start(), match.end(), band, unit))
        taken.append((match.start(), match.end()))
    for match in _ONE.finditer(text):
        if any(start < match.end() and match.start() < end for start, end in taken) or _is_dose(text, match):
            continue
        sign = (match["sign"] or match["sign2"] or "").lower()
        value = float(match["value"] or match["value2"])
        inclusive = bool(match["sign2"]) or not _strict(sign)
        if _down(sign):
            band = Band(high=value, high_in=inclusive, dose="", text=match[0].strip())
        else:
            band = Band(low=value, low_in=inclusive, dose="", text=match[0].strip())
        found.append((match.start(), match.end(), band, match[3] or match[5]))
    return sorted(found, key=lambda row: row[0])


def _strict(sign: str) -> bool:
    sign = sign.lower().strip()
    return sign in ("<", ">", "less than", "lower than", "smaller than", "below", "under", "beneath", "more than",
                    "greater than", "higher than", "above", "over", "exceeding")  # fmt: skip


def _down(sign: str) -> bool:
    return bool(re.match(r"<|≤|less|lower|smaller|(?:at or )?below|under|beneath|up to|at most", sign))


def _is_dose(text: str, match: re.Match[str]) -> bool:
    """Whether what follows makes it a dose or a time rather than a level."""
    after = text[match.end() : match.end() + 20]
    return bool(
        re.match(rf"\s*(?:{_DOSE_UNITS}|h|hr|hours?|min|minutes?|days?|weeks?|months?|years?)s?\b(?!\s*/)", after, re.I)
        or re.match(r"\s*-?\s*(?:hour|day|week|month|year)", after, re.I)
    )


def bands(text: str) -> tuple[DoseRule, tuple[int, int]] | None:
    """Doses by ranges of a value, a range and its dose together in either order throughout; and where they stand."""
    pieces = [_Piece(start, end, band, unit) for start, end, band, unit in ranges(text)]
    pieces += [_Piece(match.start(), match.end(), dose=f"{match[1]} {match[2]}") for match in _DOSE.finditer(text)]
    pieces.sort(key=lambda piece: piece.start)
    found: list[Band] = []
    reach: list[int] = []
    units = [piece.unit for piece in pieces if piece.unit]
    first = next((piece for piece in pieces), None)
    pairs = _pairs(pieces, range_first=bool(first and first.band), text=text)
    for level, dose in pairs:
        assert level.band is not None
        end = min([piece.start for piece in pieces if piece.start > max(level.start, dose.start)] or [len(text)])
        begin = min(level.start, dose.start)
        near = text[begin:end]
        over = OVER.search(text[dose.start : end] if dose.start > level.start else text[dose.start : level.start])
        reach += [begin, max(level.end, dose.end, dose.start + (over.end() if over else 0))]
        route = ROUTE.search(near) or ROUTE.search(text[max(0, begin - 20) : begin])
        words = re.sub(r"(?:\s(?:and|or|if|when|for|under|below|is))+$", "", " ".join(near.split()).rstrip(" .;,("))
        found.append(
            level.band.model_copy(
                update={
                    "dose": dose.dose,
                    "over": over[0] if over else None,
                    "route": route[0] if route else None,
                    "text": re.sub(r"\s*\(?\d\)?$", "", words) if re.search(r"[\s(]\d\)?$", words) else words,
                }
            )
        )
    if not found:
        return None
    unit = squared(units[0]) if units else None
    rule = DoseRule(bands=tuple(found), unit=unit, text="; ".join(band.text for band in found))
    return rule, (min(reach), max(reach))


def _pairs(pieces: list[_Piece], *, range_first: bool, text: str) -> list[tuple[_Piece, _Piece]]:
    """Each range with the dose next to it; a range without one, or a dose without, is left out."""
    pairs, held = [], None
    for piece in pieces:
        if (piece.band is not None) == range_first:
            held = piece
        elif held is not None:
            gap = text[held.end : piece.start]
            if len(gap) <= 120 and not re.search(r"\bfor (?:every|each)\b", gap):
                pairs.append((held, piece) if range_first else (piece, held))
            held = None
    return pairs


def rule_of(text: str, *, least: int = 1) -> tuple[DoseRule, str] | None:
    """`(the dosing rule of a text, the text without it)`.

    Steps come first, since a threshold and a dose alone would read as a band.

    Args:
        least: how many bands there must be; one range with one dose may as well be a condition with its order.
    """
    found = linear(text)
    if found is not None:
        return found[0], _without(text, *found[1])
    banded = bands(text)
    if banded is None or len(banded[0].bands) < least:
        return None
    return banded[0], _without(text, *banded[1])


def _without(text: str, start: int, end: int) -> str:
    return f"{text[:start].rstrip(' ,;:(')} by the rule {text[end:].lstrip(' ,;)')}"


def worked_out(rule: DoseRule, value: float, unit: str | None) -> tuple[dict[str, str], str] | None:
    """`(fields of the order, the arithmetic in words)`; None where the rule gives no dose for the value."""
    told = f"{value:g} {unit or ''}".strip()
    if rule.bands:
        band = next((band for band in rule.bands if band.holds(value)), None)
        if band is None:
            return None
        fields = {"dose": band.dose, **({"over": band.over} if band.over else {})}
        fields |= {"route": band.route} if band.route else {}
        return fields, f"{told} is in the band {band.range}: {band.dose}{f' {band.over}' if band.over else ''}"
    if rule.threshold is None or not rule.step or rule.amount is None:
        return None
    gap = (rule.threshold - value) if rule.side == "below" else (value - rule.threshold)
    if gap <= 0:
        return None
    steps = round(gap / rule.step, 6)
    dose = round(steps * rule.amount, 4)
    why = (
        f"{told} is {gap:.6g} {rule.side} {rule.threshold:g}: {gap:.6g} / {rule.step:g} = {steps:g} steps of "
        f"{rule.amount:g} {rule.amount_unit} = {dose:g} {rule.amount_unit}"
    )
    return {"dose": f"{dose:g} {rule.amount_unit}"}, why
