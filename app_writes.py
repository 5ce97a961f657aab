"""Drafts on the page: what would be written to the record, what it still needs, the checks, and the approval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.draftable import SeveralOrders
from app_parts import Json, bullets, count, error_box, esc, fold, sentence, title
from app_session import Page, View, trouble
from tools.errors import OslerError, UsageError

STATES = {
    "draft": "Draft, nothing is written", "incomplete": "Not complete, nothing is written",
    "approved": "Approved; whether it was written is not known", "committed": "In the record",
    "void": "Void: the record has changed", "refused": "Given up",
}
MARKS = {"contraindicated": "Contraindicated", "warn": "Look at this", "unknown": "Not checked", "pass": "Checked"}
CHECKS = {
    "record_version": "The record, read again", "patient": "Patient", "allergies": "Allergies",
    "interactions": "Interactions", "renal": "Kidney function", "pregnancy": "Pregnancy", "dose_ceiling": "Dose",
    "duplicates": "Duplicates", "trigger_age": "Age of the results", "encounter": "Encounter",
    "check_first": "Check first", "image_identity": "Whose image", "study": "Imaging study", "validation": "Validation",
}
# Elements that say what the draft itself already says, or nothing to a reader.
_MACHINE = (".system", ".reference", ".contentType", "identifier")


def act(page: Page, fields: Mapping[str, Any], state: Json) -> View:
    """Draft an item, set fields of a draft, approve it or give it up; it is shown in the panel."""
    by, role = str(fields.get("by") or "").strip(), str(fields.get("role") or "").strip()
    state = {**state, "by": by or state["by"], "role": role or state["role"]}
    item, mode = str(fields.get("item") or ""), str(fields.get("mode") or "open")
    error = ""
    consult = None
    try:
        if not state["consultation"]:
            raise UsageError("there is no answer yet", found="nothing", expected="an answered question",
                             action="ask first")
        consult = page.desk.osler.open(str(state["consultation"]))
        given = {name[2:]: str(value) for name, value in fields.items() if name.startswith("f-")}
        if mode == "refuse":
            body = consult.reject(item, by, role, str(fields.get("reason") or "") or "given up on the page")["draft"]
        else:
            target = str(fields.get("target") or "") or None
            body = consult.draft(item, target=target, fields=given, by=by or "clinician")
            if mode == "write" and body["state"] != "incomplete":
                done = consult.approve(by, role, body["id"], str(fields.get("override") or "").strip() or None)
                body, error = done["draft"], "" if done["approved"] else changed_box(done)
        thread = page.redrawn(state) if mode != "open" else None
        return View(state, thread=thread, panel=panel(body, state["by"], state["role"], error))
    except SeveralOrders as problem:
        return View(state, panel=_panel(item, orders_box(item, problem.orders)))
    except OslerError as problem:
        held = [row for row in consult.drafts() if row["id"] == item] if consult else []
        if held:
            return View(state, panel=panel(held[-1], state["by"], state["role"], trouble(problem)))
        return View(state, panel=_panel(item, f'<div class="o-errors">{trouble(problem)}</div>'))


def orders_box(item: str, orders: tuple[tuple[str, str], ...]) -> str:
    """Which of the orders that fit is meant: each is a draft of its own."""
    rows = "".join(
        f'<li><button type="button" class="o-link" data-do="draft" data-item="{esc(item)}" '
        f'data-target="{esc(reference)}">{esc(text or reference)}</button></li>' for reference, text in orders
    )
    return f'<p>Several orders fit this step. Each is drafted by itself:</p><ul class="o-list">{rows}</ul>'


def panel(draft: Json, by: str, role: str, error: str = "") -> str:
    """One draft."""
    live = draft["state"] in ("draft", "incomplete", "approved")
    body = [
        f'<div class="o-errors">{error}</div>', f'<h3 class="o-draft-words">{esc(draft["words"])}</h3>',
        f'<p class="o-draft-state s-{esc(draft["state"])}">{esc(STATES[draft["state"]])}{_who(draft)}</p>',
        _place(draft), _missing(draft), error_box(draft["error"]) if draft["error"] and not error else "",
        _changes(draft),
        _form(draft, by, role, _checks(draft) + _difference(draft)) if live else _checks(draft) + _difference(draft),
    ]
    return _panel(draft["id"], "".join(body))


def _panel(opened: str, body: str) -> str:
    return (
        f'<section class="o-panel o-draft" data-opened="{esc(opened)}"><header class="o-panel-head">'
        '<h2 tabindex="-1">Draft for the record</h2>'
        '<button type="button" class="o-back" data-do="back">All evidence</button>'
        '<button type="button" class="o-close" data-do="close" aria-label="Close the draft">&times;</button></header>'
        f'<div class="o-panel-body">{body}</div></section>'
    )


def _who(draft: Json) -> str:
    who = draft["decision"]
    if not who:
        return ""
    why = f". Overridden: {esc(who['override'])}" if who["override"] else ""
    return f": {esc(who['by'])}, {esc(who['role'])}{why}"


def _place(draft: Json) -> str:
    done = draft["committed"]
    return f'<p class="o-hint">{esc(done["reference"])}, version {esc(done["version"])}</p>' if done else ""


def _missing(draft: Json) -> str:
    needs = ", ".join(sentence(row["needs"]) for row in draft["missing"])
    return f'<p class="o-check"><b>Still needed:</b> {esc(needs)}</p>' if needs else ""


def changed_box(done: Json) -> str:
    """Why it was not written: what is otherwise than it was."""
    rows = "".join(
        f"<li><b>{esc(title(row['slot']))}</b>: then {esc(row['then'] or 'nothing')}, now "
        f"{esc(row['now'] or 'nothing')}</li>" for row in done["rechecked"]
    )
    return (f'<div class="o-error" role="alert"><p class="o-error-head">Nothing was written. {esc(done["result"])}</p>'
            f'<ul class="o-list">{rows}</ul></div>')


def _changes(draft: Json) -> str:
    if draft["state"] != "void" or not draft["changes"]:
        return ""
    rows = [f"{title(row['slot'])}: then {row['then'] or 'nothing'}, now {row['now'] or 'nothing'}"
            for row in draft["changes"]]
    return bullets(rows) + '<p class="o-hint">Ask again to work with the record as it is now.</p>'


def _checks(draft: Json) -> str:
    """What stops first, what was checked and found well last and folded."""
    groups = {state: [row for row in draft["checks"] if row["state"] == state] for state in MARKS}
    rows = "".join(_check(row) for state in ("contraindicated", "warn", "unknown") for row in groups[state])
    passed = "".join(_check(row) for row in groups["pass"])
    body = f'<ul class="o-draft-checks">{rows}</ul>' if rows else ""
    if passed:
        body += fold(f"passed-{draft['id']}", f"{count(len(groups['pass']), 'check')} passed",
                     f'<ul class="o-draft-checks">{passed}</ul>')
    return f"<h4>Checks</h4>{body}" if body else ""


def _check(row: Json) -> str:
    name = CHECKS.get(row["name"], title(row["name"]))
    return (f'<li class="c-{esc(row["state"])}"><span class="o-tag">{esc(MARKS[row["state"]])}</span> '
            f'<b>{esc(name)}</b>: {esc(row["why"])}</li>')


def _difference(draft: Json) -> str:
    """Field by field, before and after."""
    shown = [row for row in draft["diff"] if not any(part in row["path"] for part in _MACHINE)]
    rows = "".join(
        f"<dt>{esc(row['path'])}</dt><dd>"
        + (f"<s>{esc(row['before'])}</s> &rarr; " if row["before"] is not None else "")
        + (esc(row["after"]) if row["after"] is not None else "<i>removed</i>") + "</dd>" for row in shown
    )
    left = len(draft["diff"]) - len(shown)
    more = f'<p class="o-hint">and {count(left, "reference or code system", "references and code systems")}</p>'
    if not rows:
        return ""
    return fold(f"diff-{draft['id']}", f'Change to the record <span class="o-count">{esc(draft["kind"])}</span>',
                f'<dl class="o-rows">{rows}</dl>{more if left else ""}', opened=True)


def _form(draft: Json, by: str, role: str, middle: str) -> str:
    fields = "".join(map(_field, draft["fields"])) if draft["state"] != "approved" else ""
    stops = any(row["state"] == "contraindicated" for row in draft["checks"])
    override = (
        '<label class="o-field"><span>Contraindicated: why is it written all the same?</span>'
        '<input name="override" autocomplete="off"></label>' if stops else ""
    )
    check = ('<button type="submit" class="o-button o-quiet" name="mode" value="check">Check</button>'
             if draft["state"] != "approved" else "")
    return (
        f'<form class="o-form" data-do="draft"><input type="hidden" name="item" value="{esc(draft["id"])}">{fields}'
        f'{middle}{override}'
        f'<label class="o-field">Your name<input name="by" required autocomplete="name" value="{esc(by)}"></label>'
        f'<label class="o-field">Your role<input name="role" value="{esc(role)}"></label>'
        f'<p class="o-buttons">{check}<button type="submit" class="o-button" name="mode" value="write">'
        'Approve and write</button></p><p class="o-hint">Everything this rests on is read again first. It is written '
        'under your name, with Osler named as what assembled it.</p></form>'
    )


def _field(field: Json) -> str:
    name, value = f"f-{field['name']}", field["value"] or ""
    origin = {"step": "from the answer", "default": "unless you say otherwise"}.get(str(field["origin"]), "")
    note = origin or ("" if field["required"] else "optional")
    head = f"<span>{esc(field['label'])}{f' <i>({note})</i>' if note else ''}</span>"
    if field["choices"]:
        options = "".join(
            f'<option value="{esc(choice)}"{" selected" if choice == value else ""}>{esc(title(choice))}</option>'
            for choice in field["choices"]
        )
        control = f'<select name="{esc(name)}"><option value="">choose</option>{options}</select>'
    elif field["kind"] == "long":
        control = f'<textarea name="{esc(name)}" rows="10">{esc(value)}</textarea>'
    else:
        hint = ' placeholder="YYYY-MM-DD"' if field["kind"] == "date" else ""
        control = f'<input name="{esc(name)}" value="{esc(value)}" autocomplete="off"{hint}>'
    return f'<label class="o-field">{head}{control}</label>'
