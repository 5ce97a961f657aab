"""The evidence beside the answer: one piece of it in full, or all of it as a list. Pure: JSON in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.draft_imaging import measured
from agent.state import load
from app_cite import Citations
from app_film import IMAGE, Film, confirm, fact_line, facts, viewer
from app_forms import CHOICE, Control, control_for, correction_form, reject_form, reject_outline_form, switch_form
from app_parts import (
    KINDS,
    Json,
    apart,
    bullets,
    clock,
    count,
    day,
    empty,
    esc,
    fold,
    label,
    link,
    rows,
    sentence,
    title,
)
from app_sizes import sizes
from app_trend import trend
from knowledge.evidence import show_value


@dataclass(frozen=True)
class Behind:
    """What stands behind a piece of evidence in the record and is read only when somebody looks.

    `text`: the note. `limits`: the laboratory's own range. `references`: full citations by their key. `film`: the
    image that it is about.
    """

    text: str | None = None
    heading: str = ""
    quarantined: tuple[tuple[int, int], ...] = ()
    limits: tuple[float | None, float | None] = (None, None)
    limits_text: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    question: str = ""
    film: Film | None = None


@dataclass(frozen=True)
class Known:
    """What the page knows besides the document.

    Units and names by concept, titles of protocols, questions of criteria (by PROTOCOL/CRITERION), who sits here, and
    how long the answer took (null where it was not waited for). `films`: small pictures of the images, by slot.
    """

    units: Mapping[str, str] = field(default_factory=dict)
    protocols: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    criteria: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    role: str = ""
    elapsed: float | None = None
    films: Mapping[str, Film] = field(default_factory=dict)
    drafts: Mapping[str, str] = field(default_factory=dict)


def overview(document: Json | None, known: Known | None = None) -> str:
    """All evidence of an answer by kind; what stands in the panel before anything is opened."""
    if not document:
        return _panel("Evidence", empty(
            "Nothing to show yet",
            "<p>Each number in an answer opens what it rests on: the guideline's passage, the result with its trend, "
            "the "
            "calculation step by step, or the note with the words marked.</p>",
        ))
    cites = Citations(document, (known or Known()).names)
    groups: dict[str, list[str]] = {}
    for found in cites.numbers:
        groups.setdefault(cites.kind(found), []).append(found)
    body = "".join(
        fold(f"kind-{kind}", f"{esc(name)} <span class=\"o-count\">{len(groups[kind])}</span>",
             cites.references(groups[kind]), opened=True)
        for kind, name in (("passage", "Guidelines"), ("derivation", "Calculations"), ("fhir", "Record"),
                           ("statement", "Notes and statements"), ("reading", "Model's readings"), ("dicom", "Images"))
        if kind in groups
    )
    return _panel("Evidence", body or empty("No evidence", "<p>This answer makes no statement.</p>"))


def detail(document: Json, evidence_id: str, known: Known, behind: Behind | None = None, owner: str = "",
           error: str = "") -> str:
    """One piece of evidence.

    Args:
        owner: the claim or step whose `why` was asked; it can then be rejected here.
        error: HTML of what went wrong with what was asked for here.
    """
    item = document["evidence"].get(evidence_id)
    if item is None:
        return _panel("Evidence", empty("No longer in use", "<p>This evidence is not part of the current answer.</p>"))
    cites, behind = Citations(document, known.names), behind or Behind()
    show = {
        "passage": _passage, "fhir": _fhir, "derivation": _derivation, "statement": _statement, "decision": _decision,
        "reading": _reading, "dicom": _dicom,
    }.get(item["kind"], _plain)
    control = control_for(document, item, known.units)
    body = f'<div class="o-errors">{error}</div>' + _film(behind, item, control)
    body += show(document, item, cites, behind, known)
    body += _superseded(document, item)
    body += _used_in(document, evidence_id, cites) if item["kind"] != "decision" else ""
    signed = document.get("status") == "signed"
    if item["slot"] == CHOICE and len(known.protocols) > 1:
        body += fold("switch", "Switch protoco"
                               "l", switch_form(item, known.protocols, known.by), opened=True, kind="o-act")
    if control is not None and item["slot"] in _slots(document):
        body += correction_form(item, control, known.by, signed)
        if control.kind == "parts" and item.get("value") is not None:
            body += reject_outline_form(item, control, known.by)
    if owner and not signed and any(part["id"] == owner and part["status"] == "shown" for part in _parts(document)):
        body += reject_form(owner, known.by, known.role)
    if owner in {claim["id"] for claim in document["answer"]["claims"] if claim["status"] == "shown"}:
        body += (f'<p class="o-draft-link"><button type="button" class="o-link" data-do="draft" '
                 f'data-item="{esc(owner)}">Put a problem on the list</button></p>')
    if document.get("branch_of") is None and item["slot"] in _slots(document) and measured(load(item)):
        body += (f'<p class="o-draft-link"><button type="button" class="o-link" data-do="draft" '
                 f'data-item="{esc(evidence_id)}">Draft this measure for the record</button></p>')
    return _panel(KINDS.get(item["kind"], "Evidence"), body, number=cites.numbers.get(evidence_id), kind=item["kind"],
                  opened=evidence_id)


def _panel(head: str, body: str, *, number: int | None = None, kind: str = "", opened: str = "") -> str:
    mark = f'<span class="o-num k-{esc(kind)}">{number}</span>' if number else ""
    back = ('<button type="button" class="o-back" data-do="back">All evidence</button>' if opened else "")
    return (
        f'<section class="o-panel" data-opened="{esc(opened)}"><header class="o-panel-head"><h2 tabindex="-1">'
        f'{mark}{esc(head)}'
        f'</h2>{back}<button type="button" class="o-close" data-do="close" aria-label="Close evidence">&times;</button>'
        f'</header><div class="o-panel-body">{body}</div></section>'
    )


# -- kinds -----------------------------------------------------------------------------------------------------------


def _passage(document: Json, item: Json, cites: Citations, behind: Behind, known: Known) -> str:
    source = item["source"]
    own = source["wording"] == "osler-summary"
    text = f"<p>{esc(source['text'])}</p>"
    quoted = ('<div class="o-quote o-summary"><span class="o-tag">Osler\'s summary, not the publisher\'s words</span>'
              f'{text}</div>'
              if own else f'<blockquote class="o-quote"><span class="o-tag">Quotation</span>{text}</blockquote>')
    given = dict(source.get("grade") or {})
    system = given.pop("system", "")
    grade = "".join(f'<span class="o-grade"><i>{esc(f"{system} {name}".strip())}</i> {esc(value)}</span>'
                    for name, value in given.items())
    values = rows((label(name), esc(show_value(entry.get("value"), entry.get("unit"))))
                  for name, entry in (source.get("values") or {}).items())
    verified = source.get("verified")
    if verified:
        who = verified.get("name") or verified.get("source", "")
        checked = (f"{link(verified.get('url'))}<br><span class=\"o-hint\">Read on {esc(day(verified.get('read_on')))}"
                   f"{f' ({esc(who)})' if who else ''}: {esc(verified.get('supports'))}</span>")
    else:
        checked = '<span class="o-warn">Not verified: supports no statement</span>'
    status = source.get("status", "in-force")
    return (
        f'<h3 class="o-title">{esc(source["title"])}</h3><p class="o-sub">{esc(source["publisher"])}, '
        f'{esc(source["edition"])}. '
        f"{esc(source['section'])}</p>{quoted}"
        + (f'<p class="o-grades">{grade}</p>' if grade else '<p class="o-hint">No grade given.</p>')
        + (f'<h4>Numbers in it</h4>{values}' if values else "")
        + rows([
            ("Where it holds", esc(source.get("jurisdiction"))),
            ("Status", esc(status) if status == "in-force" else f'<span class="o-warn">{esc(status)}</span>'),
            ("Source", link(source.get("url"))), ("Verified by", checked),
        ])
    )


def _headline(item: Json, document: Json, cites: Citations) -> str:
    when = ""
    if item.get("effective_at") and item.get("unit") != "a":
        gap = apart(item["effective_at"], document.get("as_of"))
        when = f'<p class="o-sub">{esc(clock(item["effective_at"]))}{f", {esc(gap)}" if gap else ""}</p>'
    return (f'<h3 class="o-title">{esc(cites.word(item))}</h3>'
            f'<p class="o-value">{esc(item["display"])}</p>{when}')


def _fhir(document: Json, item: Json, cites: Citations, behind: Behind, known: Known) -> str:
    source = item["source"]
    flags = "".join(f'<span class="o-flag">{esc(flag)}</span>' for flag in source.get("flags", []))
    found = ""
    if source.get("reference") is None:
        incomplete = '<span class="o-warn">incomplete: absence is not shown</span>'
        found = "complete" if source.get("complete", True) else incomplete
    where = rows([
        ("Resource", f"<code>{esc(source.get('reference'))}</code>" if source.get("reference") else ""),
        ("Version", esc(source.get("version"))), ("Element", f"<code>{esc(source['path'])}</code"
                                                             ">" if source.get("path") else ""),
        ("Code", f"<code>{esc(source['coding'])}</code>" if source.get("coding") else ""),
        ("Searched", f"<code>{esc(source['query'])}</code>" if source.get("query") else ""), ("Answer", found),
        ("Read at", esc(clock(source.get("retrieved_at")))),
    ])
    limits = f'<p class="o-hint">Laboratory\'s range: {esc(behind.limits_text)}</p>' if behind.limits_text else ""
    words = _note(behind, {}) if behind.text else ""
    return (f'{_headline(item, document, cites)}{f"<p>{flags}</p>" if flags else ""}'
            f"{trend(list(source.get('trend', [])), behind.limits)}{limits}{words}{where}")


def _derivation(document: Json, item: Json, cites: Citations, behind: Behind, known: Known) -> str:
    source = item["source"]
    steps = "".join(f"<li>{esc(step)}</li>" for step in source.get("steps", []))
    inputs = cites.references(source.get("inputs", []))
    cited = "".join(f"<li>{_reference(found, behind)}</li>" for found in source.get("references", []))
    parts = [
        _headline(item, document, cites),
        "".join(f'<p class="o-warn">{esc(sentence(text))}</p>' for text in source.get("warnings", [])),
        f'<h4>Not known</h4>{bullets(map(sentence, source["missing"]))}' if source.get("missing") else "",
        f'<h4>Step by step</h4><ol class="o-steps">{steps}</ol>' if steps else "",
        f"<h4>From</h4>{inputs}" if inputs else "",
        f'<h4>What would change it</h4>{bullets(source["sensitivity"])}' if source.get("sensitivity") else "",
        f'<h4>References</h4><ul class="o-list">{cited}</ul>' if cited else "",
        rows([("Calculated by", f"<code>{esc(source['tool'])}</code> version {esc(source['version'])}")]),
    ]
    return "".join(parts)


def _reference(found: str, behind: Behind) -> str:
    url = f"https://doi.org/{found[4:]}" if found.startswith("doi:") else (
        f"https://pubmed.ncbi.nlm.nih.gov/{found[5:]}/" if found.startswith("pmid:") else found)
    words = behind.references.get(found)
    return f"{esc(words)} {link(url, found)}" if words else link(url, found)


def _statement(document: Json, item: Json, cites: Citations, behind: Behind, known: Known) -> str:
    source = item["source"]
    if source.get("assertion") == "correction":
        return _headline(item, document, cites) + rows([
            ("Given by", esc(source.get("by"))), ("Reason", esc(source.get("reason") or "none given"))
        ]) + sizes(document, item)
    body = _headline(item, document, cites)
    if source.get("assertion") == "quarantined":
        body += ('<p class="o-warn">This part of the note addresses a machine. It is not followed and counts for '
                 "nothing.</p>")
    if behind.text is not None:
        body += _note(behind, source)
    elif source.get("quote"):
        body += f'<blockquote class="o-quote">{esc(source["quote"])}</blockquote>'
    return body + rows([
        ("Said by", esc(source.get("by"))),
        ("Meant as", esc(source.get("assertion"))),
        ("Document", f"<code>{esc(source['reference'])}</code>" if source.get("reference") else ""),
        ("Characters", f"{source['start']} to {source['end']}" if source.get("start") is not None else ""),
    ])


def _note(behind: Behind, source: Mapping[str, object]) -> str:
    """The note with the span marked. A quotation that is not at its place is not marked elsewhere."""
    text, start, end = behind.text or "", source.get("start"), source.get("end")
    marks = [(low, high, "o-held", "not used: addresses a machine") for low, high in behind.quarantined]
    if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text):
        if source.get("quote") in (None, text[start:end]):
            marks = [mark for mark in marks if mark[1] <= start or mark[0] >= end]
            marks.append((start, end, "o-mark", "evidence"))
        else:
            return ('<p class="o-warn">The words quoted do not stand at their place in this note: it may have changed '
                    'since.</p>'
                    f'<div class="o-note">{esc(text)}</div>')
    body, place = "", 0
    for low, high, kind, told in sorted(marks):
        body += f'{esc(text[place:low])}<mark class="{kind}" title="{told}">{esc(text[low:high])}</mark>'
        place = high
    head = f'<p class="o-note-head">{esc(behind.heading)}</p>' if behind.heading else ""
    return f'{head}<div class="o-note" tabindex="0" role="region" aria-label="Note">{body}{esc(text[place:])}</div>'


def _decision(document: Json, item: Json, cites: Citations, behind: Behind, known: Known) -> str:
    source, more = item["source"], item["source"].get("detail") or {}
    if item["slot"] == CHOICE:
        return _choice(item, more, cites, known)
    words = {True: "Met", False: "Not met", None: "Not assessable"}[item.get("value")]
    held = [label(slot) for slot in more.get("held_by", [])]
    return (
        f'<h3 class="o-title">{esc(behind.question or item["display"])}</h3><p class="o-value '
        f'v-{esc(words[:3].lower())}">{words}</p>'
        + (f'<p class="o-warn">Held back by: {esc(", ".join(held))}</p>' if held else "")
        + (f"<h4>Not known</h4>{bullets(map(title, source['unknown']))}" if source.get("unknown") else "")
        + (f"<h4>Check first</h4>{bullets(map(title, more['check_first']))}" if more.get("check_first") else "")
        + _group("Decided on", source.get("inputs", []), cites)
        + _group("Guideline", [i for i in _cited(document, item) if cites.kind(i) == "passage"], cites)
        + rows([("Protocol", f"<code>{esc(source['protocol'])}</code"
                             ">"), ("Criterion", f"<code>{esc(source['criterion'])}</code>")])
    )


def _cited(document: Json, item: Json) -> list[str]:
    record: Json = next((r for r in document["records"] if item["id"] in r["evidence"]), {"evidence": []})
    return list(record["evidence"])


def _group(head: str, ids: list[str], cites: Citations) -> str:
    body = cites.references(ids)
    return f"<h4>{esc(head)}</h4>{body}" if body else ""


_OUTCOMES = {
    "one": "One protocol fits the question and the patient"
           ".", "several": "The question asks for what each of these settles.",
    "ask": "More than one protocol fits about equally: say which is meant"
           ".", "lookup": "The question asks what the record holds.",
    "calculate": "The question asks for a calculation.", "none": "No protocol fits the question.",
    "switched": "A clinician chose this protocol.", "forced": "This protocol was asked for by name.",
}


def _choice(item: Json, more: Json, cites: Citations, known: Known) -> str:
    """Which protocol, why, and what came next."""
    ranked = []
    for row in more.get("ranked", []):
        reasons = row.get("reasons") or []
        score = row.get("score")
        shown = f'<span class="o-score">{score:.2f}</span>' if isinstance(score, int | float) else ""
        ranked.append(f'<li><b>{esc(known.protocols.get(row.get("protocol"), row.get("protocol")))}</b> {shown}<br>'
                      f'<span class="o-hint">{esc("; ".join(map(str, reasons)) or "no reason given")}</span></li>')
    chosen = ", ".join(known.protocols.get(name, name) for name in str(item.get("value") or "").split("+") if name)
    switched = (f'<p class="o-warn">Switched by {esc(more.get("by"))}.</p>' if more.get("kind") == "switched" else "")
    return (
        f'<h3 class="o-title">Choice of protocol</h3><p class="o-value o-smaller">{esc(chosen or "No protocol")}</p>'
        f'{switched}'
        + f'<p class="o-sub">{esc(_OUTCOMES.get(str(more.get("kind")), ""))}</p>'
        + (f'<h4>Considered</h4><ol class="o-steps o-ranked">{"".join(ranked)}</ol>' if ranked else "")
        + _group("Chosen on", list(item["source"].get("inputs", []))[:12], cites)
    )


def _reading(document: Json, item: Json, cites: Citations, behind: Behind, known: Known) -> str:
    source = item["source"]
    return (_headline(item, document, cites) + '<p class="o-warn">A model\'s opinion. It carries no measurement, no '
                                               'normal finding and '
            "no exclusion.</p>" + rows([("Model", esc(source.get("model"))), ("Revision", esc(source.get("revision"))),
                                        ("Prompt", esc(source.get("prompt_version")))]))


def _film(behind: Behind, item: Json, control: Control | None) -> str:
    """The image that evidence is about, calipers movable where they are what is looked at."""
    if behind.film is None:
        return ""
    return viewer(behind.film, item["id"], edits=item["id"] if control and control.kind == "calipers" else "")


def _dicom(document: Json, item: Json, cites: Citations, behind: Behind, known: Known) -> str:
    """A fact of an image: where it was read, the scale and its source, and the other facts of the image."""
    source = item["source"]
    whole = IMAGE.fullmatch(item["slot"])
    value = str(item["value"]) if whole and item.get("value") is not None else ""
    name = "Image" if whole else cites.word(item)
    kind = "o-sub" if isinstance(item.get("value"), str) else "o-value o-smaller"
    lost = "" if behind.film else '<p class="o-warn">The image is not kept here any more.</p>'
    checked = "not validated: decides nothing" if source.get("validated") is False else ""
    spacing = source.get("pixel_spacing_mm")
    scale = f"{' × '.join(f'{part:g}' for part in spacing)} mm ({source.get('spacing_source')})" if spacing else "none"
    parent = item["slot"].rpartition(".")[0]
    rest = facts(document, item["slot"] if whole else parent) if whole or IMAGE.fullmatch(parent) else {}
    listed = "".join(fact_line(fact) for fact in rest.values() if fact["id"] != item["id"])
    warned = [text for record in document["records"] if item["id"] in record["evidence"]
              for text in record.get("warnings", [])]
    return (
        f'{lost}<h3 class="o-title">{esc(name)}{f": {esc(value)}" if value else ""}</h3>'
        f'<p class="{kind}">{esc(item["display"])}</p>'
        + "".join(f'<p class="o-warn">{esc(sentence(text))}</p>' for text in dict.fromkeys(warned))
        + sizes(document, item)
        + (confirm(rest.get("identity"), known.by) if whole else "")
        + (f'<h4>{"What the file says and shows" if whole else "Of the same image"}</h4>'
           f'<ul class="o-film-facts">{listed}</ul>' if listed else "")
        + rows([
            ("Taken", esc(clock(item.get("effective_at")))), ("Scale", esc(scale)),
            ("Drawn by", esc(source.get("algorithm"))), ("Standing", esc(checked)),
            ("Structure", f"<code>{esc(source['structure'])}</code>" if source.get("structure") else ""),
            ("File", f"<code>{esc(str(source.get('file_sha256'))[:16])}</code>"),
            ("Instance", f"<code>{esc(source['sop_instance_uid'])}</code>" if source.get("sop_instance_uid") else ""),
        ])
    )


def _plain(document: Json, item: Json, cites: Citations, behind: Behind, known: Known) -> str:
    return _headline(item, document, cites)


# -- around ----------------------------------------------------------------------------------------------------------


def _superseded(document: Json, item: Json) -> str:
    """What a correction replaced: the original stays shown, with who and why."""
    old = document["evidence"].get(item.get("supersedes") or "")
    if old is None:
        return ""
    line: Json = next((c for c in reversed(document.get("corrections", [])) if c.get("new") == item["id"]), {})
    said = f"{line.get('by')}, {clock(line.get('at'))}" if line.get("by") else ""
    why = f": {line['reason']}" if line.get("reason") else ""
    where = old["source"].get("reference") or old["source"].get("query") or old["kind"]
    return (
        f'<div class="o-original"><span class="o-tag">Original</span><p><s>{esc(old["display"])}</s> '
        f'<span class="o-hint">{esc(day(old.get("effective_at")))} {esc(where)}</span></p>'
        + (f'<p class="o-hint">Corrected by {esc(said)}{esc(why)}</p>' if said else "") + "</div>"
    )


def _used_in(document: Json, evidence_id: str, cites: Citations) -> str:
    texts = [part["text"] for part in _parts(document) if evidence_id in part["evidence"]]
    if not texts:
        return ""
    return fold(f"used-{evidence_id}", f"Used in {count(len(texts), 'statement')}", bullets(texts))


def _parts(document: Json) -> list[Json]:
    answer = document.get("answer") or {}
    return [*answer.get("claims", []), *answer.get("next_steps", [])]


def _slots(document: Json) -> set[str]:
    """Slots that a correction can name: what the runs in use hold."""
    held = {i for record in document["records"] if record["status"] == "ok" for i in record["evidence"]}
    return {document["evidence"][i]["slot"] for i in held if i in document["evidence"]}
