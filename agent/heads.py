"""`osler image learn` and `osler image head`: a light head on the lung classifier, from corrections of this site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agent.settings import Settings
from agent.state import Json
from tools.errors import UsageError

if TYPE_CHECKING:
    from tools.imaging.training import Corrected
    from tools.imaging.training_gate import Case


def learn(settings: Settings, corrections: Path, earlier: Path) -> Json:
    """The document of `osler image learn --json`: learnt, put through the gate and kept; not put to use.

    Args:
        corrections: a folder of `osler image corrections`, with pictures.
        earlier: such a folder with outlines of earlier patients, by which a loss would be noticed.

    Raises:
        BadInput: a folder holds no corrections.
        UsageError: none of them has a picture and both lungs.
    """
    from tools.imaging.training import read
    from tools.imaging.training_gate import gate
    from tools.imaging.training_head import fit_head
    from tools.imaging.training_store import keep
    from tools.segmenters.lungs import shipped

    known = read(earlier)
    given = [item for item in read(corrections) if item.id not in {one.id for one in known}]
    cases, held = _cases(given), _cases(known)
    if not cases:
        raise UsageError(
            "there is nothing to learn from",
            found=f"{len(given)} corrections, none of the lungs with a picture",
            expected="corrected outlines of the lungs with their pictures",
            action='export them with `osler image corrections --consent "GROUND" --out FOLDER`',
        )
    base = shipped()
    head = fit_head(base, [case.lesson(base) for case in cases])
    verdict = gate(base, head, cases, held)
    card = keep(settings.home / "heads", head, base, verdict, [item.id for item in given])
    return {**card, "corrections": len(cases), "earlier": len(held), "in_use": False}


def choose(settings: Settings, version: str | None, by: str | None) -> Json:
    """The document of `osler image head --json`: the versions there are, and which is in use from now on.

    Raises:
        UsageError: a change without a name.
        BadInput: no such version, or one that the gate did not adopt.
    """
    from tools.imaging.training_store import cards, put_to_use, used

    folder = settings.home / "heads"
    if version is not None:
        if not (by or "").strip():
            raise UsageError("the name is missing", found=repr(by), expected="who decides", action="give --by NAME")
        put_to_use(folder, version, str(by))
    body = used(folder)
    return {"in_use": body["version"], "changes": body["changes"], "versions": cards(folder)}


def learn_text(body: Json) -> str:
    """What was learnt, for people."""
    gate = body["gate"]
    lines = [
        f"{body['version']}: learnt from {body['corrections']} corrections; "
        f"{'passed' if gate['adopted'] else 'did not pass'} the gate: {gate['why']}",
        *(f"  {name}: Dice {_change(gate[name])}" for name in ("corrected", "earlier")),
    ]
    if gate["adopted"]:
        lines.append(f"not in use yet: osler image head {body['version']} --by NAME")
    return "\n".join(lines)


def choose_text(body: Json) -> str:
    """The versions, for people."""
    lines = [f"in use: {body['in_use']}"]
    for card in body["versions"]:
        passed = "passed the gate" if card["gate"]["adopted"] else f"did not pass: {card['gate']['why']}"
        lines.append(f"{card['version']}: {len(card['learnt_from'])} corrections, {passed}")
    return "\n".join(lines)


def _change(found: Json) -> str:
    span = f"{found['low']:+.4f} to {found['high']:+.4f}"
    return f"{found['mean']:+.4f} ({span}), {found['cases']} films of {found['patients']} patients"


def _cases(items: list[Corrected]) -> list[Case]:
    from tools.imaging.training_gate import Case
    from tools.imaging.training_head import Example, sides_of

    return [
        Case(item.patient, Example(item.pixels, sides_of(item.after)))
        for item in items
        if item.structure == "lung" and item.pixels is not None
    ]
