"""An answer of a calculator as HTML: result, what would change it, what is missing, where each input comes from.

Everything typed, pasted or recorded is escaped; nothing is worked out here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent.calc_inputs import shown
from agent.calc_text import answer_text
from app_calc_forms import control
from app_parts import Json, bullets, count, day, empty, esc, fold, link, sentence
from tools.calculators import calculator as calculator_of
from tools.calculators.inputs import Input
from tools.fill.record import declared_parts

EXAMPLES = ("Stroke risk in AF", "MELD", "Creatinine clearance", "Wells score for PE", "Corrected calcium")
FROM = {"note": "Note", "record": "Record", "calculation": "Worked out", "dialogue": "Said"}
WHEN = {"earlier": "before this illness", "admission": "at the first examination", "later": "later in the course"}
PERSON = {"age", "sex"}
FEW = 3


def nothing_yet() -> str:
    """What stands where nothing was asked."""
    chips = "".join(
        f'<button type="button" class="o-chip" data-do="calc" data-question="{esc(text)}">{esc(text)}</button>'
        for text in EXAMPLES
    )
    return empty("Ask for a score or a formula", f'<p>In plain words or by its name.</p><p class="o-chips">{chips}</p>')


def answer_page(
    body: Json, note: str, who: str, given: Iterable[str], others: list[Json], typed: Mapping[str, str]
) -> str:
    """The answer.

    Args:
        note: the note as it was pasted; offsets of quotes are its own.
        who: whose record was used, in words; "" without one.
        given: inputs that were answered on this page.
        others: calculators that could have been meant.
        typed: what stands in the form and was not taken.
    """
    declared = calculator_of(body["calculator"])
    parts = declared_parts(declared)
    sure = bool(body["sure"]) and not body["which"]
    meant = _others(body, others, sure)
    fields = _missing(body, parts, typed) + _inputs(body, parts, set(given), typed)
    return (
        f'<section class="o-calc" data-calculator="{esc(body["calculator"])}" aria-label="Result">'
        f"{_result(body, who)}{'' if sure else meant}{_stranger(body)}{_sensitivity(body)}"
        f'<form class="o-form" data-do="calc">{fields}</form>{_note(body, note)}{_folds(body)}{meant if sure else ""}'
        "</section>"
    )


# -- the result ------------------------------------------------------------------------------------------------------


def _result(body: Json, who: str) -> str:
    result, refused = body["result"], body["refused"]
    head = f'<h2 tabindex="-1">{esc(body["title"])}</h2>' + (f'<p class="o-hint">With {esc(who)}</p>' if who else "")
    if refused:
        value = f'<p class="o-value o-warn">No result</p><p class="o-sub">{esc(sentence(refused["why"]))}</p>'
    else:
        band = result["label"] if result["label"] and result["label"] != body["display"] else ""
        value = f'<p class="o-value">{esc(sentence(body["display"]))}</p>'
        value += f'<p class="o-band">{esc(sentence(band))}</p>' if band else ""
        if result["range"]:
            value += '<p class="o-sub">Within these bounds, because not every input is known.</p>'
    warnings = "".join(f"<li>{esc(sentence(text))}</li>" for text in result["warnings"])
    return f'<div class="o-calc-result">{head}{value}</div>' + (
        f'<ul class="o-calc-warnings">{warnings}</ul>' if warnings else ""
    )


def _stranger(body: Json) -> str:
    """Age or sex of the note against the record's: it may be another patient's."""
    against = [
        row["title"].lower()
        for row in body["conflicts"]
        if row["input"] in PERSON and {row["taken"]["from"], row["other"]["from"]} == {"note", "record"}
    ]
    if not against:
        return ""
    return (
        f'<p class="o-calc-stranger" role="alert"><b>Is this note about this patient?</b> It gives another '
        f"{esc(' and '.join(against))} than the record.</p>"
    )


def _sensitivity(body: Json) -> str:
    found = [row["text"] for row in body["result"]["sensitivity"]]
    if not found:
        return ""
    rest = found[FEW:]
    more = ""
    if rest:
        more = fold("calc-sensitivity", f"{len(rest)} more", bullets(map(sentence, rest)), kind="o-quiet-fold")
    return f"<div><h3>What would change it</h3>{bullets(map(sentence, found[:FEW]))}{more}</div>"


def _others(body: Json, others: list[Json], sure: bool) -> str:
    if not others or (sure and not any(row.get("title") for row in others)):
        return ""
    word = "Rather: " if sure else ""
    rows = "".join(
        f'<li><button type="button" class="o-chip" data-do="calc" data-calculator="{esc(row["calculator"])}">'
        f"{word}{esc(row['title'])}</button>"
        + (f'<span class="o-hint">{esc(sentence(row["differs"]))}</span>' if row.get("differs") else "")
        + "</li>"
        for row in others[:FEW]
    )
    head = "" if sure else f"<h3>{esc(sentence(body['which'] or 'Did you mean another one?'))}</h3>"
    return f'<div class="o-calc-others">{head}<ul>{rows}</ul></div>'


# -- what is missing ---------------------------------------------------------------------------------------------------


def _missing(body: Json, parts: Mapping[str, Input], typed: Mapping[str, str]) -> str:
    seen = {row["input"] for row in body["missing"]}
    rows = "".join(_asked(row, parts, typed, seen) for row in body["missing"])
    if not rows:
        return ""
    head = "Still needed" if body["refused"] else "Would settle it"
    return f'<div class="o-calc-asks"><h3>{head}</h3>{rows}{_again()}</div>'


def _again() -> str:
    return '<p class="o-buttons"><button type="submit" class="o-button">Work out again</button></p>'


def _asked(row: Json, parts: Mapping[str, Input], typed: Mapping[str, str], seen: set[str]) -> str:
    """One question with its field; `seen` are the inputs that have a field, since each has one only."""
    hints = f'<span class="o-hint">{esc(sentence(row["why"]))}</span>' if row.get("why") else ""
    hints += "".join(_mentioned(one) for one in row.get("said", ()))
    instead = ""
    for part in row.get("or", ()):
        if part["input"] not in seen:
            seen.add(part["input"])
            instead += (
                f'<div class="o-calc-ask"><span class="o-ask-text">{esc(part["ask"])}</span>'
                f"{control(parts[part['input']], part['ask'], typed)}</div>"
            )
    if instead:
        instead = fold(f"calc-or-{row['input']}", "Or work it out from", instead, kind="o-quiet-fold")
    return (
        f'<div class="o-calc-ask" data-input="{esc(row["input"])}"><span class="o-ask-text"><b>{esc(row["ask"])}</b>'
        f"{hints}</span>{control(parts[row['input']], row['ask'], typed)}{instead}</div>"
    )


# -- inputs ------------------------------------------------------------------------------------------------------------


def _inputs(body: Json, parts: Mapping[str, Input], given: set[str], typed: Mapping[str, str]) -> str:
    rows = "".join(_input(name, row, body, parts, given, typed) for name, row in body["inputs"].items())
    if not rows:
        return ""
    below = "".join(_input(name, row, body, parts, given, typed) for name, row in body["parts"].items())
    if below:
        below = f'<h4>Values these were worked out from</h4><ul class="o-calc-inputs">{below}</ul>'
    return f'<div><h3>Inputs</h3><ul class="o-calc-inputs">{rows}</ul>{below}</div>'


def _input(
    name: str, row: Json, body: Json, parts: Mapping[str, Input], given: set[str], typed: Mapping[str, str]
) -> str:
    entry = parts[name]
    against = [item for item in body["conflicts"] if item["input"] == name]
    told = "".join(
        f'<p class="o-calc-against"><b>In conflict:</b> {_stated(item["other"], entry)}<br>'
        f"{esc(sentence(item['why']))}.</p>"
        for item in against
    )
    others = [item for item in row["alternatives"] if item not in [found["other"] for found in against]]
    also = "".join(f"<li>{_stated(item, entry)}</li>" for item in others)
    if also:
        also = fold(
            f"calc-also-{name}",
            f"{count(len(others), 'other mention')}",
            f'<ul class="o-list">{also}</ul>',
            kind="o-quiet-fold",
        )
    why = row["why"] if row["from"] != "dialogue" or row["quote"] else ""
    derived = row.get("derivation")
    if derived:
        why = why.removeprefix(f"worked out by {derived['title']}: ")
    hint = f' <span class="o-hint">{esc(sentence(why))}</span>' if why else ""
    field = f"{control(entry, entry.title, typed, 'Leave as it is')}{_again()}"
    # What was worked out is not edited: the values it was worked out from are.
    opened = bool(typed.get(f"i-{name}"))
    change = "" if derived else fold(f"calc-change-{name}", "Change", field, opened=opened, kind="o-quiet-fold")
    if name in given:
        change += (
            f'<button type="submit" class="o-link" name="drop" value="{esc(name)}" '
            f'aria-label="Take back: {esc(entry.title)}">Take back</button>'
        )
    return (
        f'<li data-input="{esc(name)}"><p class="o-calc-line"><span>{esc(entry.title)}</span>'
        f"<b>{esc(_shown(row, entry))}</b></p>"
        f'<div class="o-calc-acts"><p class="o-calc-source">{_source(row)}{hint}</p>{change}</div>{told}{also}</li>'
    )


def _shown(row: Json, entry: Input) -> str:
    value = row["value"]
    if row["from"] == "calculation" and isinstance(value, float):
        value = float(f"{value:.4g}")
    text = shown(value, row.get("unit"), row.get("comparator"))
    return entry.choices.get(text, text) if entry.choices else text


def _source(row: Json) -> str:
    """Where a value comes from, in words, with what was quoted."""
    if row.get("assertion") == "assumed":
        return '<span class="o-tag o-warn">Not mentioned, taken as absent</span>'
    origin, words = str(row["from"]), []
    head = FROM.get(origin, origin)
    if origin == "dialogue":
        head = "Said in the question" if row.get("quote") else "Answered here"
    if row.get("effective_at"):
        words.append(esc(day(row["effective_at"])))
    if row.get("age_days"):
        words.append(f"{count(int(row['age_days']), 'day')} old")
    quoted = f' <mark class="o-mark">{esc(row["quote"])}</mark>' if row.get("quote") else ""
    pointed = f" <code>{esc(row['reference'])}</code>" if row.get("reference") else ""
    told = f" {', '.join(words)}" if words else ""
    return f'<span class="o-tag k-{esc(origin)}">{esc(head)}</span>{told}{quoted}{pointed}'


def _stated(row: Json, entry: Input) -> str:
    """Another statement about an input: its value and where it stands."""
    value = "" if row["value"] is True and row.get("assertion") else _shown(row, entry)
    asserted = row.get("assertion") if row.get("assertion") not in (None, "present", "assumed") else None
    words = ", ".join(esc(part) for part in (value, asserted, WHEN.get(str(row.get("when")))) if part)
    return f"{words} {_source(row)}".strip()


def _mentioned(row: Json) -> str:
    value = "" if isinstance(row["value"], bool) else f" ({esc(shown(row['value'], row.get('unit')))})"
    quoted = f'<mark class="o-mark o-faint-mark">{esc(row["quote"])}</mark>'
    return f'<span class="o-hint">The note says {quoted}{value}</span>'


# -- the note, steps, references ---------------------------------------------------------------------------------------


def marked(note: str, spans: Iterable[tuple[int, int, str, bool]]) -> str:
    """A note with words marked at their offsets: (start, end, what for, whether they were used). Never nested."""
    merged: dict[tuple[int, int], tuple[bool, list[str]]] = {}
    for start, end, title, used in spans:
        if not 0 <= start < end <= len(note):
            continue
        held = merged.get((start, end), (False, []))
        merged[start, end] = (held[0] or used, [*held[1], *([] if title in held[1] else [title])])
    chosen: list[tuple[int, int]] = []
    for start, end in sorted(merged, key=lambda span: (not merged[span][0], span[0] - span[1])):
        if all(end <= first or start >= last for first, last in chosen):
            chosen.append((start, end))
    out, at = [], 0
    for start, end in sorted(chosen):
        used, titles = merged[start, end]
        kind = "o-mark" if used else "o-mark o-faint-mark"
        words = f'<mark class="{kind}" title="{esc(", ".join(titles))}">{esc(note[start:end])}</mark>'
        out.append(esc(note[at:start]) + words)
        at = end
    return "".join(out) + esc(note[at:])


def _spans(body: Json, note: str) -> list[tuple[int, int, str, bool]]:
    found: list[tuple[int, int, str, bool]] = []

    def take(row: Json, title: str, used: bool) -> None:
        start, end = row.get("start"), row.get("end")
        if row["from"] == "note" and start is not None and end is not None and note[start:end] == row["quote"]:
            found.append((start, end, title, used))

    titles = {name: part.title for name, part in declared_parts(calculator_of(body["calculator"])).items()}
    for name, row in (*body["inputs"].items(), *body["parts"].items()):
        take(row, titles[name], True)
        for other in row["alternatives"]:
            take(other, f"{titles[name]}, not used", False)
    for row in body["missing"]:
        for other in row.get("said", ()):
            take(other, f"{row['title']}, not settled", False)
    return found


def _note(body: Json, note: str) -> str:
    if not note:
        return ""
    spans = _spans(body, note)
    told = "Marked: the words that were used; fainter: words that were not." if spans else "Nothing in it was used."
    text = f'<p class="o-hint">{told}</p><div class="o-note" tabindex="0">{marked(note, spans)}</div>'
    return fold("calc-note", "The note", text, opened=True)


def _folds(body: Json) -> str:
    result = body["result"]
    steps = "".join(f"<li>{esc(text)}</li>" for text in result["steps"])
    below = "".join(_derived(found) for found in result["derivation"].values())
    references = "".join(_reference(row) for row in result["references"])
    inside = (f'<h4>Steps</h4>{below}<ol class="o-steps">{steps}</ol>' if steps or below else "") + (
        f'<h4>References</h4><ul class="o-list">{references}</ul>' if references else ""
    )
    told = f'<p class="o-hint">{esc(body["calculator"])}, version {esc(result["version"])}</p>'
    text = f'<pre class="o-note o-calc-text" tabindex="0">{esc(answer_text(body))}</pre>'
    return fold("calc-steps", "Steps and references", inside + told) + fold("calc-text", "As text, to copy", text)


def _derived(found: Json) -> str:
    steps = "".join(f"<li>{esc(text)}</li>" for text in found["steps"])
    deeper = "".join(_derived(below) for below in (found.get("derivation") or {}).values())
    return f'{deeper}<p class="o-note-head">{esc(found["title"])}</p><ol class="o-steps">{steps}</ol>'


def _reference(row: Json) -> str:
    links = [link(f"https://doi.org/{row['doi']}", f"doi:{row['doi']}") if row.get("doi") else ""]
    links.append(
        link(f"https://pubmed.ncbi.nlm.nih.gov/{row['pmid']}/", f"PMID {row['pmid']}") if row.get("pmid") else ""
    )
    links.append(link(row["url"]) if row.get("url") and not row.get("doi") else "")
    verified, told = row.get("verified"), ""
    if verified:
        named = verified.get("name") or "the source"
        told = f"Checked on {day(verified['read_on'])} against {named}: {verified['supports']}"
    elif row.get("unverified"):
        told = f"Not verified: {row['unverified']}"
    said = f'<br><span class="o-hint">{esc(told)}</span>' if told else ""
    return f"<li>{esc(row['citation'])} {' '.join(part for part in links if part)}{said}</li>"
