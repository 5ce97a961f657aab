"""Forms of the page: which control fits a piece of evidence, its HTML, and reading back what was typed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app_draw import (
    brush_fields,
    caliper_fields,
    landmark_fields,
    outline_fields,
    pointed_fields,
    read_ends,
    read_marks,
    read_outline_fields,
    read_pointed,
    read_strokes,
)
from app_parts import Json, esc, fold, key, title
from tools.errors import BadInput

CHOICE = "protocol.choice"
ControlKind = Literal["quantity", "boolean", "code", "text", "calipers", "outline", "parts", "pointed", "landmarks"]
ON_FILM = ("calipers", "outline", "parts", "pointed", "landmarks")
_NUMBER = re.compile(r"(<=|>=|<|>)?\s*([+-]?\d+(?:\.\d+)?)")
_YES_NO: dict[str, bool | None] = {"yes": True, "no": False, "unknown": None}
_SEX = ("female", "male")
_FILM_FACTS = {
    "identity": ("confirmed", "unconfirmed"), "view": ("PA", "AP", "lateral"), "quality": ("ok", "reduced", "unusable"),
    "position": ("erect", "semi-erect", "supine"),
}
# Their first evidence counts what they list: its items are corrected, never the count.
_LISTS = ("record.problems", "record.medications", "record.allergies", "record.critical", "record.labs",
          "record.vitals", "record.timeline", "record.summary", "record.imaging", "record.search", "notes.findings",
          "record.microbiology", "record.pending", "record.since", "record.care_gaps", "record.fluids",
          "record.encounters", "record.procedures", "record.immunizations", "record.notes",
          "drugs.renal_dosing", "guideline.search")


@dataclass(frozen=True)
class Control:
    """How a value is given: a number with its unit, yes / no / not known, one of some codes, or words."""

    kind: ControlKind
    unit: str = ""
    choices: tuple[str, ...] = ()
    needs_reason: bool = False


def control_for(document: Json, evidence: Json, units: Mapping[str, str]) -> Control | None:
    """The control that fits a piece of evidence; none where it is not corrected here (a passage, a decision)."""
    if evidence["kind"] in ("passage", "decision", "reading") or evidence["slot"] == "question":
        return None
    derived, value, unit = evidence["kind"] == "derivation", evidence.get("value"), evidence.get("unit")
    step = step_of(document, evidence["slot"])
    tool = str(step.get("tool") or "")
    if tool in _LISTS or (tool == "record.ask" and evidence["slot"] == step["slot"]):
        return None
    if evidence["kind"] == "dicom" or tool.startswith("image."):
        return _on_film(document, tool, step, evidence)
    if isinstance(value, bool):
        return Control("boolean", needs_reason=derived)
    if isinstance(value, int | float) or evidence.get("range") or unit:
        return Control("quantity", str(unit or "1"), needs_reason=derived)
    if tool == "record.observation":
        concept = str(step.get("arguments", {}).get("concept", ""))
        return Control("quantity", units.get(concept, ""))
    if tool == "record.age":
        return Control("quantity", "a")
    if tool == "record.sex":
        return Control("code", choices=_SEX)
    if derived and isinstance(value, str):
        return Control("text", needs_reason=True)
    if tool in ("record.finding", "record.medication", "record.allergy", "record.pregnancy", "record.persists"):
        return Control("boolean")
    if isinstance(value, str) and not derived:
        return Control("text")
    return None


def step_of(document: Json, slot: str) -> Json:
    """The step that fills a slot, or a slot with a further name: `image.1.view` is filled by `image.1`."""
    steps = [s for s in document["plan"]["steps"] if slot == s["slot"] or slot.startswith(f"{s['slot']}.")]
    return max(steps, key=lambda found: len(found["slot"]), default={})


def _on_film(document: Json, tool: str, step: Json, evidence: Json) -> Control | None:
    """A fact of an image, or what was drawn on it. What was measured on an outline is not edited: the outline is."""
    fact, slot = str(step.get("arguments", {}).get("fact") or ""), step.get("slot")
    if tool == "image.calipers":
        return Control("calipers")
    if tool in ("image.outline", "image.mask"):
        return Control("outline")
    if tool == "image.point":
        return Control("pointed")
    if tool == "image.landmarks":
        return Control("landmarks")
    if tool == "image.segment":
        return Control("parts", choices=_parts(document, slot)) if evidence["slot"] == slot else None
    choices = _FILM_FACTS.get(fact or evidence["slot"].rpartition(".")[2], ())
    return Control("code", choices=choices) if choices and tool in ("image.describe", "image.film_fact") else None


def _parts(document: Json, slot: str) -> tuple[str, ...]:
    """The parts of an outline as it stands."""
    record: Json = next((r for r in document["records"] if r["slot"] == slot and r["status"] == "ok"), {"evidence": []})
    return tuple(str(document["evidence"][i]["value"]) for i in record["evidence"][1:] if i in document["evidence"])


def read_value(control: Control, fields: Mapping[str, Any], evidence: Json | None = None) -> Any:
    """What a form says, in the form `Consultation.correct` takes.

    Args:
        evidence: what is corrected, where that is drawn on a film.

    Raises:
        BadInput: a number that is none, or nothing chosen.
    """
    if control.kind == "calipers":
        return json.dumps(read_ends(evidence or {}, fields))
    if control.kind == "outline":
        return json.dumps(read_strokes(fields))
    if control.kind == "parts":
        redrawn = read_outline_fields(fields)
        return None if redrawn is None else json.dumps(redrawn)
    if control.kind == "pointed":
        return json.dumps(read_pointed(fields))
    if control.kind == "landmarks":
        return json.dumps(read_marks(fields))
    text = str(fields.get("value") or "").strip()
    if control.kind == "boolean":
        if text not in _YES_NO:
            raise BadInput("nothing is chosen", found=text or "nothing", expected="yes, no or not known",
                           action="choose one of the three")
        return _YES_NO[text]
    if control.kind in ("code", "text"):
        if not text or (control.kind == "code" and text not in control.choices):
            raise BadInput("nothing is chose"
                           "n" if control.choices else "the new value is empty", found=text or "nothing",
                           expected=" or ".join(control.choices) or "a value", action="give the value")
        return text
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise BadInput("the value is not a number", found=text or "nothing", expected="a number such as 1.9, or <0.3",
                       action="use a point for decimals and no thousands separator")
    given: Json = {"value": float(match.group(2)), "unit": str(fields.get("unit") or "").strip() or None}
    if match.group(1):
        given["comparator"] = match.group(1)
    return given


def radios(name: str) -> str:
    """Yes, no, not known."""
    return '<fieldset class="o-radios"><legend>Value</legend>' + "".join(
        f'<label><input type="radio" name="value" value="{value}" data-name="{esc(name)}"> {text}</label>'
        for value, text in (("yes", "Yes"), ("no", "No"), ("unknown", "Not known"))
    ) + "</fieldset>"


def number_input(control: Control, slot: str) -> str:
    """A number and its unit side by side."""
    return (
        f'<div class="o-quantity"><label class="o-field">Value<input name="value" inputmode="decimal" required '
        f'autocomplete="off" aria-label="{esc(title(slot))}: value"></label>'
        f'<label class="o-field o-unit">Unit<input name="unit" value="{esc(control.unit)}" autocomplete="off" '
        f'spellcheck="false" aria-label="{esc(title(slot))}: unit (UCUM)"></label></div>'
    )


def value_input(control: Control, slot: str, evidence: Json | None = None) -> str:
    """The input of a control."""
    if control.kind == "calipers":
        return caliper_fields(evidence or {})
    held = evidence or {"id": slot}
    if control.kind == "outline":
        return brush_fields(held)
    if control.kind == "parts":
        return outline_fields(held, control.choices)
    if control.kind == "pointed":
        return pointed_fields(held)
    if control.kind == "landmarks":
        return landmark_fields(held)
    if control.kind == "boolean":
        return radios(slot)
    if control.kind == "quantity":
        return number_input(control, slot)
    if control.kind == "code":
        options = "".join(f'<option value="{esc(code)}">{esc(code)}</option>' for code in control.choices)
        return f'<label class="o-field">Value<select name="value">{options}</select></label>'
    return '<label class="o-field">Value<input name="value" required autocomplete="off"></label>'


def correction_form(evidence: Json, control: Control, by: str, signed: bool) -> str:
    """Correct one piece of evidence: value, who, why."""
    note = ""
    if control.needs_reason:
        note = ('<p class="o-hint">This was worked out from other values. Correct one of its inputs if that is what is '
                "wrong; overriding the result itself needs a reason.</p>")
    if signed:
        note += '<p class="o-hint">The answer is signed: a correction opens a new version, to be signed again.</p>'
    required = " required" if control.needs_reason else ""
    optional = "" if control.needs_reason else " <i>(optional)</i>"
    form = (
        f'<form class="o-form" data-do="fix"><input type="hidden" name="evidence" value="{esc(evidence["id"])}">{note}'
        f'{value_input(control, evidence["slot"], evidence)}{who_input(by)}'
        f'<label class="o-field"><span>Reason{optional}</span><input name="reason" autocomplete="off"{required}>'
        '</label>'
        '<p class="o-buttons"><button type="submit" class="o-button">Correct and work out again</button>'
        '<button type="submit" class="o-button o-try" name="mode" value="if" formnovalidate>What if?</button></p>'
        '<p class="o-hint">What if shows what would change and changes nothing. A correction changes this '
        'consultation only: the record stays as it is, the original stays visible.</p>'
        '</form>'
    )
    heads = {"calipers": "Move the calipers", "outline": "Correct the outline", "parts": "Correct the outline",
             "pointed": "Point at it", "landmarks": "Set landmarks"}
    head = "Override this result" if control.needs_reason else heads.get(control.kind, "Correct this value")
    return fold(f"fix-{evidence['slot']}", head, form, opened=control.kind in heads, kind="o-act")


def reject_outline_form(evidence: Json, control: Control, by: str) -> str:
    """Reject an outline, or one part of it: what rests on it is not given any more."""
    parts = (("", "All of it"), *((part, part) for part in control.choices if len(control.choices) > 1))
    options = "".join(f'<option value="{esc(value)}">{esc(text)}</option>' for value, text in parts)
    form = (
        f'<form class="o-form" data-do="fix"><input type="hidden" name="evidence" value="{esc(evidence["id"])}">'
        f'<input type="hidden" name="rejects" value="yes"><label class="o-field">What<select name="reject">{options}'
        f'</select></label>{who_input(by)}'
        '<label class="o-field">Reason<input name="reason" required autocomplete="off"></label>'
        '<button type="submit" class="o-button o-quiet">Reject this outline</button>'
        '<p class="o-hint">Sizes that rest on it are not given any more. The outline stays in the record of this '
        'consultation.</p></form>'
    )
    return fold(f"reject-{evidence['slot']}", "Reject the outline", form, kind="o-act")


def who_input(by: str) -> str:
    """Who corrects, rejects or answers."""
    return (f'<label class="o-field">Your name<input name="by" required autocomplete="name" value="{esc(by)}">'
            "</label>")


def answer_form(slot: str, asked: str, control: Control, evidence: str = "") -> str:
    """An inline answer to something that is not known: buttons for yes and no, a field for a number; what is drawn on
    an image is drawn there, so the image is opened."""
    if control.kind in ON_FILM:
        return (f'<button type="button" class="o-give" data-do="open" data-evidence="{esc(evidence)}" '
                f'aria-label="{esc(asked)}: point at it on the image">Point at it on the image</button>')
    hidden = f'<input type="hidden" name="evidence" value="{esc(slot)}">'
    if control.kind == "boolean":
        body = "".join(
            f'<button type="submit" class="o-give" name="value" value="{value}" aria-label="{esc(asked)} {text}">'
            f'{text}</button>'
            for value, text in (("yes", "Yes"), ("no", "No"), ("unknown", "Not known"))
        )
    elif control.kind == "code":
        body = "".join(
            f'<button type="submit" class="o-give" name="value" value="{esc(code)}" aria-label="{esc(asked)} '
            f'{esc(code)}">'
            f"{esc(code)}</button>" for code in control.choices
        )
    else:
        unit = "" if control.kind == "text" else (
            f'<input class="o-unit" name="unit" value="{esc(control.unit)}" aria-label="{esc(asked)}: unit" '
            'spellcheck="false">'
        )
        body = (f'<input name="value" inputmode="decimal" required aria-label="{esc(asked)}: value" autocomplete="off">'
                f'{unit}<button type="submit" class="o-give">Enter</button>')
    return f'<form class="o-inline" data-do="fix" data-slot="{esc(key(slot))}">{hidden}{body}</form>'


def reject_form(item: str, by: str, role: str) -> str:
    """Reject one statement; it stays visible, struck through, with the reason."""
    form = (
        f'<form class="o-form" data-do="reject"><input type="hidden" name="item" value="{esc(item)}">{who_input(by)}'
        f'<label class="o-field">Your role<input name="role" required value="{esc(role)}"></label>'
        '<label class="o-field">Reason<input name="reason" required autocomplete="off"></label>'
        '<button type="submit" class="o-button o-quiet">Reject this statement</button></form>'
    )
    return fold(f"reject-{item}", "Reject this statement", form, kind="o-act")


def switch_form(evidence: Json, protocols: Mapping[str, str], by: str) -> str:
    """Switch to another protocol: the choice is evidence, so a switch is a correction of it."""
    chosen = set(str(evidence.get("value") or "").split("+"))
    options = "".join(
        f'<label><input type="radio" name="value" value="{esc(name)}"{" checked" if name in chosen else ""}> '
        f'{esc(text)}</label>'
        for name, text in protocols.items()
    )
    return (
        f'<form class="o-form" data-do="fix"><input type="hidden" name="evidence" value="{CHOICE}">'
        f'<fieldset class="o-radios o-column"><legend>Protocol</legend>{options}</fieldset>{who_input(by)}'
        '<label class="o-field"><span>Reason <i>(optional)</i></span><input name="reason" autocomplete="off"></label>'
        '<button type="submit" class="o-button">Switch and work out again</button></form>'
    )
