"""`calc ask` and `calc find` as text for a clinician: the result first, then what it rests on, then what is missing."""

from __future__ import annotations

from agent.calc_inputs import shown
from agent.state import Json
from tools.calculators import calculator as calculator_of


def answer_text(body: Json) -> str:
    """An answer: result, inputs with their words, conflicts, questions."""
    declared = calculator_of(body["calculator"])
    titles = {entry.name: entry.title for entry in declared.inputs}
    result = body["result"]
    if body["refused"]:
        lines = [f"{body['title']}: no result; {body['refused']['why']}"]
    else:
        label = f" ({result['label']})" if result["label"] and result["label"] != body["display"] else ""
        lines = [f"{body['title']}: {body['display']}{label}"]
    if body["which"]:
        lines.append(f"  {body['which']}")
    lines += [f"  ! {text}" for text in result["warnings"]]
    if body["inputs"]:
        lines += ["", "From:"]
        for name, row in body["inputs"].items():
            lines.append(f"  {titles[name]}: {_value(row, declared, name)}{_source(row)}")
    lines += [f"  assumed absent: {titles[name]} ({why})" for name, why in body["assumed"].items()]
    if body["conflicts"]:
        lines += ["", "In conflict:"]
        for row in body["conflicts"]:
            taken, other = row["taken"], row["other"]
            lines.append(
                f"  {row['title']}: {_plain(taken)} ({taken['from']}{_day(taken)}) against {_plain(other)} "
                f"({other['from']}{_day(other)}); {row['why']}"
            )
    if body["missing"]:
        lines += ["", "Still needed:" if body["refused"] else "Would settle it:"]
        for row in body["missing"]:
            instead = " and ".join(part["ask"].rstrip("?") for part in row.get("or", ()))
            lines.append(f"  - {row['ask']}" + (f" Or: {instead}?" if instead else ""))
            if "why" in row:
                lines.append(f"    {row['why']}")
    if result["sensitivity"]:
        lines += ["", *(f"{change['text']}" for change in result["sensitivity"][:3])]
    if body["runners_up"] and (body["which"] or not body["sure"]):
        lines += ["", "Or did you mean:"]
        lines += [f"  {row['title']} ({row['calculator']}): {row['differs']}" for row in body["runners_up"][:3]]
    return "\n".join(lines)


def choice_text(body: Json) -> str:
    """A choice: the calculator, then the runners-up with what sets them apart."""
    if body["calculator"] is None:
        return "No calculator answers that question; `osler calc list` names them all."
    first = f"{body['title']} ({body['calculator']})"
    lines = [body["which"], first] if body["which"] else [first]
    lines += [f"  {row['title']} ({row['calculator']}): {row['differs']}" for row in body["runners_up"]]
    return "\n".join(lines)


def _value(row: Json, declared: object, name: str) -> str:
    text = _plain(row)
    choices = calculator_of(str(getattr(declared, "name", ""))).input(name).choices
    return choices.get(text, text) if choices else text


def _plain(row: Json) -> str:
    return shown(row["value"], row["unit"], row.get("comparator"))


def _day(row: Json) -> str:
    return f", {row['effective_at'][:10]}" if row.get("effective_at") else ""


def _source(row: Json) -> str:
    origin = row["from"]
    if row["quote"]:
        return f'  [{origin}: "{row.get("sentence") or row["quote"]}"{_day(row)}]'
    if row["reference"]:
        return f"  [{origin}: {row['reference']}{_day(row)}]"
    if origin == "calculation":
        return f"  [{row['why']}]"
    return f"  [{origin}]" if row["assertion"] != "assumed" else "  [not mentioned]"
