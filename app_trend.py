"""A laboratory trend as a small drawing and a table. Only results in the newest one's unit share the drawing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app_parts import Json, day, esc
from knowledge.quantity import number, unit_label

WIDTH, HEIGHT, PAD = 520, 118, 12


def trend(points: list[Json], limits: tuple[float | None, float | None] = (None, None)) -> str:
    """The drawing and, folded under it, the table."""
    shown = [point for point in points if isinstance(point.get("value"), int | float)]
    if not shown:
        return ""
    table = "".join(
        f"<tr><td>{esc(day(point.get('at')))}</td><td>{esc(value_text(point))}</td><td>"
        f"{esc(point.get('reference'))}</td></tr>"
        for point in reversed(shown)
    )
    heads = "<tr><th scope=\"col\">Date</th><th scope=\"col\">Result</th><th scope=\"col\">Resource</th></tr>"
    same = [point for point in shown if point.get("unit") == shown[-1].get("unit")]
    drawing = _drawing(same, limits) if len(same) > 1 else ""
    aside = "" if len(same) == len(shown) else '<p class="o-hint">Results in other units stand in the table only.</p>'
    return (f'<figure class="o-trend">{drawing}{aside}<table class="o-table"><thead>{heads}</thead>'
            f"<tbody>{table}</tbody></table></figure>")


def value_text(point: Json) -> str:
    """A result of the trend with its unit."""
    unit = unit_label(str(point.get("unit") or "1"))
    return f"{point.get('comparator') or ''}{number(float(point['value']))} {unit}".strip()


def _drawing(points: list[Json], limits: tuple[float | None, float | None]) -> str:
    moments = [_seconds(point.get("at")) for point in points]
    values = [float(point["value"]) for point in points]
    known = [limit for limit in limits if limit is not None]
    low, high = min([*values, *known]), max([*values, *known])
    spread = (high - low) or abs(high) or 1.0
    low, high = low - spread * 0.12, high + spread * 0.12
    start, end = min(moments), max(moments)

    def x(moment: float) -> float:
        return PAD + (WIDTH - 2 * PAD) * ((moment - start) / (end - start) if end > start else 0.5)

    def y(value: float) -> float:
        return HEIGHT - 26 - (HEIGHT - 54) * ((value - low) / (high - low))

    places = [(round(x(m), 1), round(y(v), 1)) for m, v in zip(moments, values, strict=True)]
    line = " ".join(f"{a},{b}" for a, b in places)
    dots = "".join(
        f'<circle cx="{a}" cy="{b}" r="{4.2 if i == len(places) - 1 else 3}"><title>{esc(day(p.get("at")))}: '
        f"{esc(value_text(p))}</title></circle>" for i, ((a, b), p) in enumerate(zip(places, points, strict=True))
    )
    a, b = places[-1]
    last = f'<text class="t-last" x="{a}" y="{max(b - 9, 13)}" text-anchor="end">{esc(value_text(points[-1]))}</text>'
    first = (f'<text x="{places[0][0]}" y="{max(places[0][1] - 9, 13)}">{esc(number(values[0]))}</text>'
             if places[-1][0] - places[0][0] > 200 else "")
    ends = (f'<text x="{PAD}" y="{HEIGHT - 4}">{esc(day(points[0].get("at")))}</text>'
            f'<text x="{WIDTH - PAD}" y="{HEIGHT - 4}" text-anchor="end">{esc(day(points[-1].get("at")))}</text>')
    first_day, last_day = day(points[0].get("at")), day(points[-1].get("at"))
    told = f"{len(points)} results from {first_day} to {last_day}, newest {value_text(points[-1])}"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{esc(told)}">{_band(limits, y)}'
        f'<polyline points="{line}"/>{dots}{first}{last}{ends}</svg>'
    )


def _band(limits: tuple[float | None, float | None], y: Any) -> str:
    """The laboratory's own range, as a band."""
    low, high = limits
    top = y(high) if high is not None else 20.0
    bottom = y(low) if low is not None else HEIGHT - 22.0
    if (low is None and high is None) or bottom <= top:
        return ""
    return f'<rect class="t-band" x="{PAD}" y="{top:.1f}" width="{WIDTH - 2 * PAD}" height="{bottom - top:.1f}"/>'


def _seconds(moment: str | None) -> float:
    text = str(moment or "1970-01-01")
    if len(text) <= 10:
        year, month, date = [*text.split("-"), "1", "1"][:3]
        return datetime(int(year), int(month), int(date)).timestamp()
    return datetime.fromisoformat(text).timestamp()
