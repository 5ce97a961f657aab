"""Fields for the inputs of a calculator: yes, no, not known; a number with its unit; a choice; a date. And back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app_forms import Control, read_value
from app_parts import Json, esc, sentence
from knowledge.units import unit_label
from tools.calculators.inputs import Input
from tools.errors import BadInput

YES_NO = {"yes": "Yes", "no": "No"}
MOST = 4
"""More choices than these stand in a list that opens."""


def control(entry: Input, asked: str, typed: Mapping[str, str], none: str = "Not known") -> str:
    """The field of an input; `typed` is what was written in it before and is not yet taken, `none` its empty choice."""
    name, held = f"i-{entry.name}", typed.get(f"i-{entry.name}", "")
    if entry.kind == "boolean":
        return _radios(name, asked, YES_NO, held, none)
    if entry.kind == "code":
        choices = {code: text for code, text in entry.choices.items() if code not in entry.unknowns}
        return (_radios if len(choices) <= MOST else _select)(name, asked, choices, held, none)
    if entry.kind == "date":
        return f'<input type="date" name="{esc(name)}" value="{esc(held)}" aria-label="{esc(asked)}">'
    unit = ""
    if entry.unit != "1":
        written = typed.get(f"u-{entry.name}") or unit_label(entry.unit)
        unit = (
            f'<input class="o-unit" name="u-{esc(entry.name)}" value="{esc(written)}" aria-label="{esc(asked)} Unit" '
            'autocomplete="off" spellcheck="false">'
        )
    return (
        f'<span class="o-calc-number"><input name="{esc(name)}" value="{esc(held)}" inputmode="decimal" '
        f'autocomplete="off" aria-label="{esc(asked)}">{unit}</span>'
    )


def _radios(name: str, asked: str, choices: Mapping[str, str], held: str, none: str) -> str:
    rows = "".join(
        f'<label><input type="radio" name="{esc(name)}" value="{esc(code)}"{" checked" if code == held else ""}> '
        f"{esc(sentence(text))}</label>"
        for code, text in (*choices.items(), ("", none))
    )
    return f'<fieldset class="o-radios"><legend class="o-sr">{esc(asked)}</legend>{rows}</fieldset>'


def _select(name: str, asked: str, choices: Mapping[str, str], held: str, none: str) -> str:
    rows = "".join(
        f'<option value="{esc(code)}"{" selected" if code == held else ""}>{esc(sentence(text))}</option>'
        for code, text in (("", none), *choices.items())
    )
    return f'<select name="{esc(name)}" aria-label="{esc(asked)}">{rows}</select>'


def read_fields(fields: Mapping[str, Any], inputs: Mapping[str, Input]) -> dict[str, Any]:
    """What a form says, as `agent.calc_ask.ask` takes it in `given`; a field left empty says nothing.

    Raises:
        BadInput: a number that is none, or a choice that is not there.
    """
    found: dict[str, Any] = {}
    for name, entry in inputs.items():
        text = str(fields.get(f"i-{name}") or "").strip()
        if text:
            try:
                found[name] = _value(entry, text, str(fields.get(f"u-{name}") or ""))
            except BadInput as error:
                raise BadInput(
                    f"{entry.title}: {error.message}", found=error.found, expected=error.expected, action=error.action
                ) from error
    return found


def _value(entry: Input, text: str, unit: str) -> Json | bool | str | None:
    if entry.kind == "boolean":
        value: bool | None = read_value(Control("boolean"), {"value": text})
        return value
    if entry.kind == "code":
        return str(read_value(Control("code", choices=tuple(entry.choices)), {"value": text}))
    if entry.kind == "date":
        return text
    said: Json = read_value(Control("quantity"), {"value": text, "unit": unit})
    return said


def typed_fields(fields: Mapping[str, Any]) -> dict[str, str]:
    """What was written in the form, so that a mistake loses nothing of it."""
    return {name: str(value) for name, value in fields.items() if name[:2] in ("i-", "u-") and value}
