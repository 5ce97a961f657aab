"""Before and after a correction, and the corrections a consultation holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app_cite import Citations
from app_parts import Json, clock, count, esc, fold, label

_NAMELESS = re.compile(r"claims/c[0-9a-f]{10}")
_FIGURE = re.compile(r"[-−]?\d| outlined ")
PLACES = {"claims": "Statement", "next_steps": "Next step", "not_answered": "Not answered"}


def change_box(change: Json, cites: Citations, version: int, criteria: Mapping[str, str], *,
               supposed: bool = False) -> str:
    """What a correction did: corrected, worked out again, kept, opened, closed; then the answer before and after.

    Args:
        supposed: nothing was corrected; it is what a copy with another value says.
    """
    counts = []
    for name, head in (("rerun", "worked out again"), ("kept", "kept"), ("added", "added"), ("dropped", "dropped")):
        slots = change[name]
        inner = "".join(f"<li>{esc(label(slot))}</li>" for slot in slots)
        counts.append(fold(f"change-{name}", f"<b>{len(slots)}</b> "
                                             f"{head}", f'<ul class="o-slots">{inner or "<li>none</li>"}</ul>',
                           kind="o-pill"))
    changed = _paired(change["diff"])
    diff = "".join(_diff_row(row, criteria) for row in changed)
    body = f'<div class="o-diff">{diff}</div>' if diff else '<p class="o-hint">The answer reads as before.</p>'
    pairs = _corrected(change, cites)
    what = ", ".join(dict.fromkeys(cites.word(new) for _, new in pairs)) or "an input"
    kind, told, verb = (("o-whatif", "What another value would change", "What if:") if supposed
                        else ("o-change", "What the correction changed", "Corrected:"))
    note = '<p class="o-hint">Only tried on a copy: the answer stands as it is.</p>' if supposed else ""
    return (
        f'<section class="{kind}" data-version="{version}" aria-label="{told}"><h3 tabindex="-1">'
        f'{verb} {esc(what)}</h3>{note}{_values(pairs, cites)}'
        f'<div class="o-pills">{"".join(counts)}</div>'
        + fold("change-diff", f'{count(len(changed), "change")} in the answer', body, opened=True) + "</section>"
    )


def _paired(rows: list[Json]) -> list[Json]:
    """A statement that no criterion made has no name: what went and what came are one change where both begin alike."""
    gone = {_about(row["before"]): row for row in rows if _nameless(row) and not row["after"]}
    made: list[Json] = []
    taken: list[Json] = []
    for row in rows:
        old = gone.pop(_about(row["after"]), None) if _nameless(row) and not row["before"] else None
        made.append(row if old is None else row | {"before": old["before"]})
        taken += [] if old is None else [old]
    return [row for row in made if not any(row is one for one in taken)]


def _nameless(row: Json) -> bool:
    return _NAMELESS.fullmatch(str(row["path"])) is not None


def _about(value: Any) -> str:
    """What a statement is about: its words before the first number."""
    return _FIGURE.split(_text(value), maxsplit=1)[0]


def _corrected(change: Json, cites: Citations) -> list[tuple[Json, Json]]:
    """What was replaced and by what. The same fact in several slots counts once."""
    found: dict[tuple[str, str], tuple[Json, Json]] = {}
    for item in cites.evidence.values():
        old = cites.evidence.get(item.get("supersedes") or "")
        if old is not None and _within(item["slot"], change.get("corrected", [])):
            found.setdefault((cites.word(item), str(item["display"])), (old, item))
    return list(found.values())


def _within(slot: str, slots: list[str]) -> bool:
    return any(slot == one or slot.startswith(f"{one}.") for one in slots)


def _values(pairs: list[tuple[Json, Json]], cites: Citations) -> str:
    """The corrected values, original first."""
    rows = "".join(
        f'<li>{esc(cites.word(new))}: <s>{esc(old["display"])}</s> <span aria-label="now">&rarr;</span> '
        f'<b>{esc(new["display"])}</b></li>' for old, new in pairs
    )
    return f'<ul class="o-values">{rows}</ul>' if rows else ""


def _diff_row(row: Json, criteria: Mapping[str, str]) -> str:
    place, _, rest = str(row["path"]).partition("/")
    criterion = rest.rpartition("/")[0] if place == "next_steps" else rest
    if _nameless(row):
        return _sides(PLACES["claims"], row)
    name = criteria.get(criterion.partition(".")[0]) or label(criterion)
    head = f"{PLACES.get(place, place)}: {name}" if place != "not_answered" else f"Not answered: {rest}"
    return _sides(head, row)


def _sides(head: str, row: Json) -> str:
    before, after = _text(row["before"]), _text(row["after"])
    return (
        f'<div class="o-diff-row"><p class="o-diff-head">{esc(head)}</p>'
        f'{_side("before", before, "not in the answer before")}'
        f'{_side("after", after, "no longer in the answer")}</div>'
    )


def _side(side: str, text: str, otherwise: str) -> str:
    told = f'<span class="o-sr">{side.capitalize()}: </span>'
    return f'<p class="o-{side}">{told}{esc(text)}</p>' if text else f'<p class="o-{side} o-none">{told}{otherwise}</p>'


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value)) or "nothing more"
    return "" if value is None else str(value)


def corrections_made(document: Json, cites: Citations) -> str:
    """Every correction of this consultation: original, new value, who, when, why."""
    lines = document.get("corrections", [])
    if not lines:
        return ""
    rows = []
    for line in reversed(lines):
        new = document["evidence"].get(line["new"], {})
        old = document["evidence"].get(new.get("supersedes") or "", {})
        why = f" Reason: {esc(line['reason'])}." if line.get("reason") else ""
        name = esc(cites.word(new) if new else label((line.get("slots") or ["value"])[0]))
        was = f"<s>{esc(old.get('display'))}</s> &rarr; " if old else ""
        rows.append(f'<li><b>{name}</b>: {was}{esc(new.get("display") or "later replaced")}<br><span class="o-hint">'
                    f'{esc(line["by"])}, {esc(clock(line["at"]))}, version {esc(line["version"])}.{why}</span></li>')
    return fold("corrections", f'Corrections <span class="o-count">{len(lines)}</span'
                               '>', f'<ul class="o-list">{"".join(rows)}</ul>')
