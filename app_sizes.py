"""Sizes beside an outline: every measure of each part with its range, and whether anybody has checked it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from app_film import IMAGE, drawn_from
from app_forms import step_of
from app_parts import Json, esc, fold

# Parts that stand side by side in one table; more stand one under the other.
BESIDE = 2
HAND = "by hand"


def sizes(document: Json, item: Json) -> str:
    """The sizes that belong to a piece of evidence: to its outline, to the outlines of its image, or its own record."""
    return "".join(_table(document, record) for record in _records(document, item))


def _records(document: Json, item: Json) -> Iterator[Json]:
    key = drawn_from(document, item)["source"].get("file_sha256")
    outline = next((r["evidence"][0] for r in document["records"] if r["evidence"] and item["id"] in r["evidence"]
                    and step_of(document, r["slot"]).get("tool") == "image.segment"), None)
    for record in document["records"]:
        if record["status"] != "ok" or not record["evidence"]:
            continue
        if step_of(document, record["slot"]).get("tool") != "image.sizes":
            continue
        head = document["evidence"].get(record["evidence"][0])
        of_image = IMAGE.fullmatch(item["slot"]) and head and head["source"].get("file_sha256") == key
        on_outline = outline is not None and outline in str(record["inputs"].get("outline") or "").split("+")
        if item["id"] in record["evidence"] or of_image or on_outline:
            yield record


def _table(document: Json, record: Json) -> str:
    items = [document["evidence"][i] for i in record["evidence"] if i in document["evidence"]]
    if not items:
        return ""
    head, rest = items[0], items[1:]
    slot = head["slot"]
    parts: dict[str, dict[str, Json]] = {}
    for one in rest:
        part = one["slot"].removeprefix(f"{slot}.").partition(".")[0].replace("_", " ")
        said = str(one["source"].get("segment") or one["slot"].rpartition(".")[2].replace("_", " "))
        parts.setdefault(part, {})[said.removeprefix(part).strip() or said] = one
    source = head["source"]
    by = esc(source.get("algorithm") or HAND)
    standing = (f'<span class="o-tag o-warn">unvalidated</span> <span class="o-hint">outlined by {by}</span>'
                if source.get("validated") is False else f'<span class="o-hint">outlined {by}</span>')
    first = "" if head["value"] is None and not head.get("range") else (
        f'<p class="o-size-head">{_name(head)} <b>{_value(head)}</b></p>')
    lost = "" if first else f'<p class="o-hint">{esc(head["display"])}</p>'
    if len(parts) <= BESIDE:
        body = _side_by_side(parts)
    else:
        body = "".join(fold(f"sizes-{slot}-{name}", esc(name), _side_by_side({name: measures}))
                       for name, measures in parts.items())
    return f'<section class="o-sizes" aria-label="Sizes"><h4>Sizes {standing}</h4>{first}{lost}{body}</section>'


def _side_by_side(parts: dict[str, dict[str, Json]]) -> str:
    if not parts:
        return ""
    measures = dict.fromkeys(name for part in parts.values() for name in part)
    heads = "".join(f'<th scope="col">{esc(name)}</th>' for name in parts)
    rows = "".join(
        f'<tr><th scope="row">{esc(measure)}</th>' + "".join(
            f"<td>{_button(part[measure]) if measure in part else ''}</td>" for part in parts.values()) + "</tr>"
        for measure in measures
    )
    return f'<div class="o-scroll"><table class="o-table"><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}' \
           '</tbody></table></div>'


def _button(item: Json) -> str:
    return (f'<button type="button" class="o-ref-line" data-do="open" data-evidence="{esc(item["id"])}" '
            f'title="{esc(item["display"])}">{_value(item)}</button>')


def _name(item: Json) -> str:
    words = str(item["source"].get("segment") or "size")
    return esc(words[:1].upper() + words[1:])


def _value(item: Json) -> str:
    """The value with its unit and range, as the evidence words it."""
    said, name = str(item["display"]), str(item["source"].get("segment") or "")
    return esc(said.removeprefix(name).split(";")[0].strip())
