"""Small pieces of the page: escaping, dates, chips, errors. Pure functions, text in, HTML out.

Everything that comes from a record, a note or a person is hostile until `esc` has seen it. Nothing here decides
anything clinical: it prints what the consultation's document says.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

Json = dict[str, Any]

KINDS = {
    "passage": "Guideline", "fhir": "Record", "derivation": "Calculation", "statement": "Statement",
    "decision": "Decision", "reading": "Model's reading", "dicom": "Image",
}
GLYPHS = {
    "passage": "G", "fhir": "R", "derivation": "C", "statement": "S", "decision": "D", "reading": "M", "dicom": "I",
}
REASONS = {
    "missing_input": "Something is not known", "not_applicable": "Does not apply", "no_evidence": "No evidence",
    "conflict": "The record contradicts itsel"
                "f", "unsafe": "Held back as unsafe", "out_of_scope": "Outside what Osler covers",
    "budget": "Stopped at its limit",
}
_TAIL = re.compile(r"[^A-Za-z0-9_.-]+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def esc(value: Any) -> str:
    """Text as HTML text or as an attribute's value."""
    return html.escape("" if value is None else str(value), quote=True)


def key(value: Any) -> str:
    """Text as part of an element's id or class."""
    return _TAIL.sub("-", str(value)).strip("-") or "x"


def label(slot: str | None) -> str:
    """A slot or concept in words: `lookup.creatinine_clearance` reads `creatinine clearance`."""
    if not slot:
        return ""
    return slot.rpartition("/")[2].rpartition(".")[2].replace("_", " ").strip() or slot


def title(slot: str | None) -> str:
    """`label` with a capital, abbreviations left as they are."""
    words = label(slot)
    return words[:1].upper() + words[1:]


def day(moment: str | None) -> str:
    """`2026-03-02T09:00:00+00:00` reads `2 Mar 2026`; what is only a month or a year stays one."""
    if not moment:
        return ""
    if not _DAY.match(moment):
        return moment[:7]
    try:
        found = date.fromisoformat(moment[:10])
    except ValueError:
        return moment
    return f"{found.day} {found:%b %Y}"


def clock(moment: str | None) -> str:
    """A date with its time of day, where it has one."""
    if not moment or len(moment) < 16 or moment[11:16] == "00:00":
        return day(moment)
    return f"{day(moment)}, {moment[11:16]}"


def apart(moment: str | None, now: str | None) -> str:
    """How long before the clinical clock something was."""
    try:
        days = (datetime.fromisoformat((now or "")[:10]) - datetime.fromisoformat((moment or "")[:10])).days
    except ValueError:
        return ""
    if days == 0:
        return "the same day"
    side = "before" if days > 0 else "after"
    days = abs(days)
    if days < 60:
        return f"{days} day{'s' if days != 1 else ''} {side}"
    if days < 730:
        return f"{round(days / 30.44)} months {side}"
    return f"{days / 365.25:.1f} years {side}"


def seconds(value: float) -> str:
    """Seconds as people read them."""
    if value < 0.001:
        return "<1 ms"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 step`, `3 steps`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def link(url: str | None, text: str | None = None) -> str:
    """A link that leaves the page, for http and https only; anything else is printed."""
    if not url:
        return ""
    if not url.startswith(("https://", "http://")):
        return esc(text or url)
    shown = text or re.sub(r"^https?://(www\.)?", "", url).rstrip("/")
    return f'<a href="{esc(url)}" target="_blank" rel="noopener noreferrer">{esc(shown)}</a>'


def rows(pairs: Iterable[tuple[str, str]]) -> str:
    """A definition list; values are HTML already, empty ones are left out."""
    body = "".join(f"<dt>{esc(name)}</dt><dd>{value}</dd>" for name, value in pairs if value)
    return f'<dl class="o-rows">{body}</dl>' if body else ""


def bullets(items: Iterable[str], kind: str = "o-list") -> str:
    """A list of texts."""
    body = "".join(f"<li>{esc(item)}</li>" for item in items)
    return f'<ul class="{kind}">{body}</ul>' if body else ""


def fold(name: str, summary: str, body: str, *, opened: bool = False, kind: str = "") -> str:
    """A section that opens: `summary` and `body` are HTML; `name` keeps it open across a redraw."""
    return (
        f'<details class="o-fold {kind}" data-key="{esc(key(name))}"{" open" if opened else ""}>'
        f"<summary>{summary}</summary><div class=\"o-fold-body\">{body}</div></details>"
    )


def error_box(error: Json, retry: str = "") -> str:
    """An error document: what is wrong, what was found, what was expected, what to do."""
    body = rows([
        ("Found", esc(error.get("found"))), ("Expected", esc(error.get("expected"))),
        ("What to do", esc(error.get("action"))),
    ])
    return (
        f'<div class="o-error" role="alert" data-code="{esc(error.get("code"))}">'
        f'<p class="o-error-head">{esc(sentence(str(error.get("message") or "Something went wrong")))}</p>'
        f'{body}{retry}</div>'
    )


def sentence(text: str) -> str:
    """Text with a capital at its start."""
    return text[:1].upper() + text[1:]


def empty(head: str, body: str) -> str:
    """What stands where there is nothing yet; `body` is HTML."""
    return f'<div class="o-empty"><p class="o-empty-head">{esc(head)}</p>{body}</div>'
