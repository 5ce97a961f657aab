"""Before and after a correction, and the corrections a consultation holds."""

from __future__ import annotations

from typing import Any

from app_cite import Citations
from app_parts import Json, clock, count, esc, fold, label, title

PLACES = {"claims": "Statement", "next_steps": "Next step", "not_answered": "Not answered"}


def change_box(change: Json, cites: Citations, version: int) -> str:
    """What a correction did: corrected, worked out again, kept, opened, closed; then the answer before and after."""
    counts = []
    for name, head in (("rerun", "worked out again"), ("kept", "kept"), ("added", "added"), ("dropped", "dropped")):
        slots = change[name]
        inner = "".join(f"<li>{esc(label(slot))}</li>" for slot in slots)
        counts.append(fold(f"change-{name}", f"<b>{len(slots)}</b> {head}", f'<ul class="o-slots">{inner or "<li>none</li>"}</ul>',
                           kind="o-pill"))
    diff = "".join(_diff_row(row) for row in change["diff"])
    body = f'<div class="o-diff">{diff}</div>' if diff else '<p class="o-hint">The answer reads as before.</p>'
    what = ", ".join(title(slot) for slot in change.get("corrected", [])) or "Correction"
    return (
        f'<section class="o-change" data-version="{version}" aria-label="What the correction changed"><h3 tabindex="-1">'
        f'Corrected: {esc(what)}</h3>{_values(change, cites)}'
        f'<div class="o-pills">{"".join(counts)}</div>'
        + fold("change-diff", f'{count(len(change["diff"]), "change")} in the answer', body, opened=True) + "</section>"
    )


def _values(change: Json, cites: Citations) -> str:
    """The corrected values, original first."""
    rows = []
    for item in cites.evidence.values():
        old = cites.evidence.get(item.get("supersedes") or "")
        if old is not None and item["slot"] in change.get("corrected", []):
            rows.append(f'<li>{esc(label(item["slot"]))}: <s>{esc(old["display"])}</s> <span aria-label="now">&rarr;</span> '
                        f'<b>{esc(item["display"])}</b></li>')
    return f'<ul class="o-list o-values">{"".join(dict.fromkeys(rows))}</ul>' if rows else ""


def _diff_row(row: Json) -> str:
    place, _, rest = str(row["path"]).partition("/")
    name = label(rest.rpartition("/")[0] or rest) if place == "next_steps" else label(rest)
    head = f"{PLACES.get(place, place)}: {name}" if place != "not_answered" else f"Not answered: {rest}"
    before, after = _text(row["before"]), _text(row["after"])
    return (
        f'<div class="o-diff-row"><p class="o-diff-head">{esc(head)}</p>'
        f'<p class="o-before"><span class="o-sr">Before: </span>{esc(before) if before else "<i>not in the answer</i>"}</p>'
        f'<p class="o-after"><span class="o-sr">After: </span>{esc(after) if after else "<i>no longer in the answer</i>"}</p></div>'
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value)) or "nothing more"
    return "" if value is None else str(value)


def corrections_made(document: Json) -> str:
    """Every correction of this consultation: original, new value, who, when, why."""
    lines = document.get("corrections", [])
    if not lines:
        return ""
    rows = []
    for line in reversed(lines):
        new = document["evidence"].get(line["new"], {})
        old = document["evidence"].get(new.get("supersedes") or "", {})
        why = f" Reason: {esc(line['reason'])}." if line.get("reason") else ""
        name = esc(title(new.get("slot") or (line.get("slots") or ["value"])[0]))
        was = f"<s>{esc(old.get('display'))}</s> &rarr; " if old else ""
        rows.append(f'<li><b>{name}</b>: {was}{esc(new.get("display") or "later replaced")}<br><span class="o-hint">'
                    f'{esc(line["by"])}, {esc(clock(line["at"]))}, version {esc(line["version"])}.{why}</span></li>')
    return fold("corrections", f'Corrections <span class="o-count">{len(lines)}</span>', f'<ul class="o-list">{"".join(rows)}</ul>')
