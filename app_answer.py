"""The assessment as the page shows it: red flags, what follows, what to ask, then the rest section by section."""

from __future__ import annotations

from collections.abc import Mapping

from app_changes import change_box, corrections_made
from app_cite import Citations
from app_differential import differential
from app_evidence import Known
from app_film import images
from app_forms import ON_FILM, Control, answer_form, control_for
from app_parts import REASONS, Json, clock, count, day, esc, fold, key, label, sentence, title
from app_steps import run_summary

STEP_KINDS = {"test": "Test", "question": "Ask", "treatment": "Treatment", "refer": "Refer", "monitor": "Monitor"}
CERTAINTY = {"probable": "probable", "possible": "possible", "opinion": "a model's opinion"}
# Up to so many statements every section stands open.
FEW = 16


def assessment(document: Json, known: Known, change: Json | None = None) -> str:
    """The whole answer.

    Args:
        change: what the last correction changed (`Consultation.correct`), to be shown above.
    """
    cites, answer = Citations(document, known.names), document["answer"]
    cites.drafts, cites.drafts_allowed = known.drafts, document.get("branch_of") is None
    flags = [claim for claim in answer["claims"] if claim["red_flag"] and claim["status"] == "shown"]
    others = [claim for claim in answer["claims"] if claim not in flags]
    flagged = {claim["criterion"] for claim in flags}
    urgent = [step for step in answer["next_steps"] if step["criterion"] in flagged]
    steps = [step for step in answer["next_steps"] if step not in urgent]
    body = [
        head(document), _critical(document, cites),
        change_box(change, cites, document["version"], known.criteria) if change else "",
        plan_line(document, cites, known), images(document, known.films, known.by),
        _flags(flags, urgent, cites), _sections(others, steps, cites, near=True), _next_steps(steps, cites),
        differential(document, cites, _useful_form(document, known)), _gaps(document, known),
        _sections(others, steps, cites, near=False),
        corrections_made(document, cites), _file_button(cites),
    ]
    return (f'<article class="o-answer" data-status="{esc(document["status"])}" '
            f'data-version="{esc(document["version"])}" '
            f'data-consultation="{esc(document["consultation"])}" data-patient="{esc(document["patient"])}" '
            f'aria-label="Assessment">{"".join(body)}</article>')


def head(document: Json) -> str:
    """The question and the state of its answer."""
    signed = signature(document)
    state = (f'<span class="o-state o-signed">Signed by {esc(signed["by"])}, {esc(signed["role"])}, '
             f'{esc(clock(signed["at"]))}</span>'
             if signed else '<span class="o-state">Draft, not signed</span>')
    version = f"<span>Version {esc(document['version'])}</span>" if document["version"] > 1 else ""
    return (f'<header class="o-answer-head"><h2 tabindex="-1">{esc(document["question"])}</h2><p class="o-meta">'
            f'{state}{version}'
            f"<span>As of {esc(clock(document['as_of']))}</span></p></header>")


def signature(document: Json) -> Json | None:
    """Who signed the answer, where somebody did."""
    if document["status"] != "signed":
        return None
    found = [r for r in document.get("reviews", []) if r["item"] == "answer" and r["approved"]]
    return found[-1] if found else None


def plan_line(document: Json, cites: Citations, known: Known) -> str:
    """Which protocol answered, that nobody reviewed it where nobody did, and how to switch."""
    plan = document["plan"]
    names = []
    for protocol in plan["protocols"]:
        reviewed = plan.get("reviewed_by", {}).get(protocol)
        review = (f'<span class="o-ok">reviewed by {esc(reviewed)}</span>' if reviewed
                  else '<span class="o-warn">not reviewed by a clinician</span>')
        names.append(f"<b>{esc(known.protocols.get(protocol, title(protocol.replace('-', '_'))))}</b> {review}")
    kind = (plan.get("choice") or {}).get("kind")
    plain = {"lookup": "A look-up in the record: no protocol needed", "calculate": "A calculation: no protocol needed",
             "ask": "More than one protocol fit"
                    "s", "none": "No protocol fits this question"}.get(str(kind), "No protocol")
    choice = (plan.get("choice") or {}).get("evidence")
    button = (f'<button type="button" class="o-link" data-do="open" data-evidence="{esc(choice)}">Why, and '
              'switch</button>'
              if choice and cites.kind(choice) else "")
    return (f'<div class="o-plan"><p>{"<br>".join(names) or esc(plain)} {button}</p>'
            f'{run_summary(document, known.elapsed)}</div>')


# -- statements ------------------------------------------------------------------------------------------------------


def claim_line(claim: Json, cites: Citations) -> str:
    """One statement with its citations; what was struck or rejected stays, struck through, with the reason."""
    text = f'<span class="o-text">{esc(sentence(claim["text"]))}</span>'
    if claim["status"] in ("struck", "rejected"):
        word = "Struck by the checks" if claim["status"] == "struck" else "Rejected"
        text = (f'<s class="o-text">{esc(sentence(claim["text"]))}</s><span class="o-struck">{word}: '
                f'{esc(claim.get("reason") or "no reason given")}</span>')
    sure = CERTAINTY.get(claim.get("certainty", ""), "")
    mark = f'<span class="o-sure">{esc(sure)}</span>' if sure and claim["status"] == "shown" else ""
    return (f'<li class="o-claim s-{esc(claim["status"])}" id="{esc(key(claim["id"]))}">{text} {mark}'
            f'{cites.chips(claim["evidence"], claim["id"])}</li>')


def step_line(step: Json, cites: Citations) -> str:
    """One next step: its kind, what to do, what to check first."""
    body = esc(step["text"])
    struck = ""
    if step["status"] != "shown":
        word = "Struck" if step["status"] == "struck" else "Rejected"
        reason = esc(step.get("reason") or "no reason given")
        body, struck = f"<s>{body}</s>", f'<span class="o-struck">{word}: {reason}</span>'
    check = ""
    if step["unknown"]:
        items = "".join(f"<li>{esc(sentence(item))}</li>" for item in step["unknown"])
        check = f'<div class="o-check"><b>Check first</b><ul>{items}</ul></div>'
    return (
        f'<li class="o-step s-{esc(step["status"])}"><span class="o-kind n-{esc(step["kind"])}">'
        f'{esc(STEP_KINDS.get(step["kind"], step["kind"]))}</span><div><span class="o-text">{body}</span> {struck}'
        f'{cites.chips(step["evidence"], step["id"])}{check}{_draft_button(step, cites)}</div></li>'
    )


DRAFTED = {"draft": "Draft", "incomplete": "Draft", "approved": "Approved, not known to be written",
           "committed": "In the record"}


def _draft_button(step: Json, cites: Citations) -> str:
    """Draft what a step says, or see what became of its draft. A question is answered, not ordered."""
    if step["status"] != "shown" or not cites.drafts_allowed or step["kind"] == "question":
        return ""
    told = DRAFTED.get(cites.drafts.get(step["id"], ""), "Draft for the record")
    return (f'<p class="o-draft-link"><button type="button" class="o-link" data-do="draft" '
            f'data-item="{esc(step["id"])}">{esc(told)}</button></p>')


def _file_button(cites: Citations) -> str:
    """The assessment as a note in the record."""
    if not cites.drafts_allowed:
        return ""
    told = DRAFTED.get(cites.drafts.get("answer", ""), "File this assessment as a note")
    return (f'<p class="o-draft-link"><button type="button" class="o-link" data-do="draft" data-item="answer">'
            f'{esc(told)}</button></p>')


def _critical(document: Json, cites: Citations) -> str:
    """Critical results of the record, whatever was asked."""
    rows = "".join(
        f'<li><b>Critical</b> {esc(item["display"])}, {esc(clock(item.get("effective_at")))} '
        f'{cites.chips([item["id"]])}</li>'
        for item in document.get("critical", [])
    )
    return f'<ul class="o-alarm">{rows}</ul>' if rows else ""


def _flags(claims: list[Json], steps: list[Json], cites: Citations) -> str:
    if not claims:
        return ""
    body = []
    for claim in claims:
        after = "".join(step_line(step, cites) for step in steps if step["criterion"] == claim["criterion"])
        body.append(f'<ul class="o-claims">{claim_line(claim, cites)}</ul>'
                    f'{f"<ul class=o-next>{after}</ul>" if after else ""}')
    return f'<section class="o-flags" aria-label="Red flags"><h3>Red flags</h3>{"".join(body)}</section>'


def _sections(claims: list[Json], steps: list[Json], cites: Citations, near: bool) -> str:
    """Sections of an answer. `near`: those that lead somewhere, open; else the others, folded.

    A short answer is all near. In a long one a section is near where one of its statements has a next step.
    """
    sections: dict[str, list[Json]] = {}
    for claim in claims:
        sections.setdefault(claim["section"] or "Findings", []).append(claim)
    acting = {step["criterion"] for step in steps if step["status"] == "shown"}
    first = next(iter(sections), None)
    chosen = []
    for name, found in sections.items():
        leads = len(claims) <= FEW or name == first or any(claim["criterion"] in acting for claim in found)
        if leads == near:
            chosen.append((name, found))
    if not chosen:
        return ""
    if near:
        body = "".join(f'<h4>{esc(name)}</h4><ul class="o-claims">{"".join(claim_line(c, cites) for c in found)}</ul>'
                       for name, found in chosen)
        return f'<section class="o-block" aria-label="Main conclusions"><h3>Assessment</h3>{body}</section>'
    body = "".join(
        fold(f"section-{name}", f'{esc(name)} <span class="o-preview">{esc(sentence(found[0]["text"]))}</span>',
             f'<ul class="o-claims">{"".join(claim_line(c, cites) for c in found)}</ul>') for name, found in chosen
    )
    return f'<section class="o-block" aria-label="Further findings"><h3>Further findings</h3>{body}</section>'


def _next_steps(steps: list[Json], cites: Citations) -> str:
    if not steps:
        return ""
    body = "".join(step_line(step, cites) for step in steps)
    return (f'<section class="o-block" aria-label="Next steps"><h3>Next steps</h3><ul class="o-next">{body}</ul>'
            "</section>")


# -- what is open ----------------------------------------------------------------------------------------------------


def _gaps(document: Json, known: Known) -> str:
    """What could not be answered, with the answer to each missing input given in place."""
    gaps = document["answer"]["not_answered"]
    if not gaps:
        return ""
    missing = [gap for gap in gaps if gap["reason"] in ("missing_input", "conflict") and gap["slots"]]
    moot = [gap for gap in gaps if gap["reason"] == "not_applicable"]
    others = [gap for gap in gaps if gap not in missing and gap not in moot]
    asked = _asked(missing)
    body = ""
    if asked:
        rows = "".join(_ask_row(document, slot, words, what, known.units) for slot, (words, what) in asked.items())
        body += (
            '<p class="o-hint">Each answer counts as yours, for this consultation only, and works out again what '
            'depends on it.</p>'
            f'<p class="o-who"><label>Answering as <input data-who name="by" value="{esc(known.by)}" '
            f'autocomplete="name"></label></p><ul class="o-asks">{rows}</ul>'
        )
    body += "".join(_gap(gap, _on_image(document, gap)) for gap in others)
    if moot:
        body += fold("moot", f'Does not apply <span class="o-count">{len(moot)}</span>', "".join(map(_gap, moot)))
    waiting = len(missing) + len(others)
    told = f'<span class="o-count">{count(waiting, "question")}</span>' if waiting else ""
    return f'<section class="o-block o-open" aria-label="Not answered"><h3>Not answered {told}</h3>{body}</section>'


def _useful_form(document: Json, known: Known) -> str:
    """The form of the most useful missing item, where nothing below asks for it."""
    useful = document["answer"].get("most_useful")
    below = {slot for gap in document["answer"]["not_answered"] for slot in gap["slots"]}
    if not useful or useful["slot"] in below:
        return ""
    row = _ask_row(document, useful["slot"], useful["ask"], ["telling these apart"], known.units)
    return f'<ul class="o-asks">{row}</ul>'


def _on_image(document: Json, gap: Json) -> str:
    """What a person can draw on an image to close a gap."""
    for slot in gap["slots"]:
        evidence = current(document, slot)
        control = control_for(document, evidence, {}) if evidence else None
        if evidence and control and control.kind in ON_FILM:
            return answer_form(slot, gap["what"], control, evidence["id"])
    return ""


def _gap(gap: Json, more: str = "") -> str:
    """What could not be answered and is not a matter of one missing input."""
    needs = "".join(f"<li>{esc(sentence(need))}</li>" for need in gap["needs"])
    what = "".join(f"<p>{esc(sentence(part))}</p>" for part in gap["what"].split("; "))
    tag = ""
    if gap["reason"] != "not_applicable":
        tag = f'<span class="o-tag">{esc(REASONS.get(gap["reason"], gap["reason"]))}</span>'
    listed = f'<ul class="o-list">{needs}</ul>' if needs else ""
    return f'<div class="o-gap r-{esc(gap["reason"])}">{what}{tag}{listed}{more}</div>'


def _asked(gaps: list[Json]) -> dict[str, tuple[str, list[str]]]:
    """Missing inputs by slot: how to ask for each, and what waits for it. Each is asked once."""
    found: dict[str, tuple[str, list[str]]] = {}
    for gap in gaps:
        for place, slot in enumerate(gap["slots"]):
            words = gap["needs"][place] if place < len(gap["needs"]) else label(slot)
            found.setdefault(slot, (words, []))[1].append(gap["what"])
    return found


def _ask_row(document: Json, slot: str, words: str, what: list[str], units: Mapping[str, str]) -> str:
    evidence = current(document, slot)
    control: Control | None = control_for(document, evidence, units) if evidence else None
    now = str(evidence["display"]) if evidence else "not read"
    form = answer_form(slot, words, control, evidence["id"]) if control and evidence else ""
    look = (f'<button type="button" class="o-link" data-do="open" data-evidence="{esc(evidence["id"])}">'
            f'{esc(now)}</button>'
            if evidence else f'<span class="o-hint">{esc(now)}</span>')
    waiting = list(dict.fromkeys(part for text in what for part in text.split("; ")))
    waits = waiting[0] + (f" and {len(waiting) - 1} more" if len(waiting) > 1 else "")
    return (f'<li class="o-ask"><div class="o-ask-text"><b>{esc(sentence(words))}</b><span class="o-hint">In the '
            f'record: {look}'
            f'</span><span class="o-hint" title="{esc("; ".join(waiting))}">Needed for: {esc(waits)}</span></div>'
            f'{form}</li>')


def current(document: Json, slot: str) -> Json | None:
    """What fills a slot now."""
    record = next((r for r in document["records"] if r["slot"] == slot and r["status"] == "ok" and r["evidence"]), None)
    return document["evidence"].get(record["evidence"][0]) if record else None


def outdated_box(found: list[Json]) -> str:
    """What has changed in the record since: it stops a signature."""
    rows = "".join(f"<li><b>{esc(title(row['slot']))}</b>: then {esc(row['then'] or 'nothing')}, now "
                   f"{esc(row['now'] or 'nothing')}</li>"
                   for row in found)
    return ('<div class="o-error" role="alert"><p class="o-error-head">Not signed: the record has changed since this '
            'answer</p>'
            f'<ul class="o-list">{rows}</ul><p class="o-hint">Ask again to work with the record as it is now.</p>'
            '</div>')


def earlier(items: list[Json]) -> str:
    """The questions asked before in this session; each opens again."""
    if not items:
        return ""
    rows = "".join(
        f'<li><button type="button" class="o-ref" data-do="reopen" data-consultation="{esc(item["consultation"])}">'
        f'<span class="o-ref-text"><span class="o-ref-head">{esc(item["question"])}</span> </span>'
        f'<span class="o-when">{esc(item["state"])}, {esc(day(item["as_of"]))}</span></button>'
        '</li>' for item in reversed(items)
    )
    return (f'<section class="o-earlier" aria-label="Earlier in this session"><h3>Earlier in this session</h3>'
            f"<ul>{rows}</ul></section>")

