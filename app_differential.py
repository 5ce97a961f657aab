"""The differential as the page shows it: a row for each diagnosis, then what would be most useful to find out next."""

from __future__ import annotations

from app_cite import Citations
from app_parts import Json, esc, sentence

_SETTLED = {"for": "the cited criteria are met", "against": "excluded by the cited criteria"}


def differential(document: Json, cites: Citations, form: str = "") -> str:
    """The section of the differential.

    Args:
        form: how the most useful item is answered in place, as HTML; nothing where it is asked for elsewhere.
    """
    answer = document["answer"]
    items = answer["differential"]
    if not items:
        return ""
    rows = "".join(_row(item, cites) for item in items)
    return (
        '<section class="o-block" aria-label="Differential"><h3>Differential</h3><div class="o-scroll">'
        '<table class="o-table o-dx"><thead><tr><th scope="col">Diagnosis</th><th scope="col">For</th>'
        '<th scope="col">Against</th><th scope="col">Missing</th></tr></thead>'
        f'<tbody>{rows}</tbody></table></div>{_next(answer.get("most_useful"), form)}</section>'
    )


def _row(item: Json, cites: Citations) -> str:
    marks = ""
    if item.get("must_not_miss"):
        marks += f'<span class="o-warn">must not be missed</span> {cites.chips(item.get("considered", []))}'
    if settled := _SETTLED.get(str(item.get("settled"))):
        marks += f'<span class="o-tag">{esc(settled)}</span>'
    absent = _weighed(item, "absent", cites)
    return (
        f'<tr><th scope="row"><b>{esc(item["condition"])}</b>{marks}{_scores(item, cites)}</th>'
        f'<td data-side="For">{_weighed(item, "for", cites) or _none("nothing recorded")}</td>'
        f'<td data-side="Against">{_weighed(item, "against", cites) or _none("nothing recorded")}'
        f'{f"<p class=o-hint>Looked for, not found</p>{absent}" if absent else ""}</td>'
        f'<td data-side="Missing">{_missing(item)}</td></tr>'
    )


def _none(text: str) -> str:
    return f'<span class="o-hint">{esc(text)}</span>'


def _weighed(item: Json, side: str, cites: Citations) -> str:
    """Findings of one side, each with the passages that say how it weighs."""
    lines = "".join(
        f'<li>{cites.reference(i)}{cites.chips(item.get("cites", {}).get(i, []))}</li>' for i in item.get(side, [])
    )
    return f'<ul class="o-weighed">{lines}</ul>' if lines else ""


def _missing(item: Json) -> str:
    lines = "".join(f"<li>{esc(sentence(text))}</li>" for text in item["missing"])
    return f'<ul class="o-list">{lines}</ul>' if lines else _none("nothing")


def _scores(item: Json, cites: Citations) -> str:
    """Scores of the diagnosis, and how often a publication found it with such a score."""
    body = cites.references(item.get("scores", []))
    if share := item.get("published"):
        unit = "%" if share["unit"] == "%" else f' {share["unit"]}'
        body += (
            f'<p class="o-hint">Published share with this score: {share["low"]:g} to {share["high"]:g}{esc(unit)} '
            f'{cites.chips([share["source"]])}. Not this patient\'s probability.</p>'
        )
    return body


def _next(found: Json | None, form: str) -> str:
    if not found:
        return ""
    then = "".join(f"<li>{esc(sentence(text))}</li>" for text in found["then"])
    after = f'<p class="o-hint">Then</p><ul class="o-list">{then}</ul>' if then else ""
    return (
        f'<div class="o-useful"><p><b>Most useful next: {esc(sentence(found["ask"]))}</b></p>'
        f'<p>Because {esc(found["because"])}.</p>{form}{after}</div>'
    )
