"""The patient at the top of the page: critical results, banner, picker cards, questions to begin with."""

from __future__ import annotations

from collections.abc import Iterable

from app_desk import GENERAL, Line, Person
from app_files import Imported
from app_parts import Json, bullets, clock, count, day, empty, esc, fold

WHAT_CAN_YOU_DO = "What can you do?"
CARDS = 40


def banner(person: Person) -> str:
    """Who the patient is. What is not recorded is said; nothing is inferred."""
    facts = person.facts
    age, sex = _head(facts, "patient.age"), _head(facts, "patient.sex")
    about = [_shown(age, "age not recorded"), _shown(sex, "sex not recorded")]
    born = f"born {day(person.born)}" if person.born else "birth date not recorded"
    dead = f'<span class="o-dead">Deceased {esc(day(person.deceased))}</span>' if person.deceased else ""
    numbers = " · ".join(dict.fromkeys([person.id, *person.identifiers]))
    told = {"demo": "the demo record's date", "fixed": "set by you", "now": "now"}.get(person.clock, person.clock)
    return (
        f'{critical(facts.get("critical", []))}<section class="o-banner" aria-label="Patient" '
        f'data-patient="{esc(person.id)}">'
        f'<div class="o-who-is"><p class="o-name">{esc(person.name)} {dead}</p><p class="o-about">'
        f'{esc(", ".join(about))}'
        f'<span class="o-faint">{esc(born)}</span><span class="o-faint">{esc(numbers)}</span></p></div>'
        f'<dl class="o-facts"><div><dt>Allergies</dt><dd>{_list(facts, "allergies")}</dd></div>'
        f'<div><dt>Active problems</dt><dd>{_list(facts, "problems")}</dd></div>'
        f'<div><dt>Critical results, last 72 hours</dt><dd>{_swept(facts)}</dd></div><div><dt>As of</dt><dd>'
        f'{esc(clock(person.as_of))} <span class="o-faint">{esc(told)}</span></dd></div></dl></section>'
    )


def critical(found: list[Json]) -> str:
    """Critical results, above everything. Without any nothing stands here: the banner says what was looked at."""
    rows = "".join(f'<li><b>{esc(item["display"])}</b><span>{esc(clock(item.get("effective_at")))}</span>'
                   '</li>' for item in found[1:])
    if rows:
        return (f'<section class="o-critical" role="alert" aria-label="Critical results"><p>Critical result'
                f'{"s" if len(found) > 2 else ""}</p><ul>{rows}</ul></section>')
    return ""


def _swept(facts: dict[str, list[Json]]) -> str:
    head = _head(facts, "critical")
    return esc(head["display"]) if head else '<span class="o-warn">not read</span>'


def _head(facts: dict[str, list[Json]], slot: str) -> Json | None:
    found = facts.get(slot) or []
    return found[0] if found else None


def _shown(item: Json | None, otherwise: str) -> str:
    return str(item["display"]) if item else otherwise


def _list(facts: dict[str, list[Json]], slot: str) -> str:
    """A list's items; without any, what its head says: "not recorded" is never "none"."""
    found = facts.get(slot) or []
    items = [item for item in found[1:] if item.get("value") is not False]
    if slot == "problems":
        items = [item for item in items if item.get("value") is True]
    if items:
        shown = ", ".join(esc(item["display"]) for item in items[:6])
        return shown + (f' <span class="o-faint">and {len(items) - 6} more</span>' if len(items) > 6 else "")
    head = found[0] if found else None
    text = esc(head["display"] if head else f"{slot} not read")
    return f'<span class="o-warn">{text}</span>' if head is None or head.get("value") is None else text


def cards(lines: Iterable[Line]) -> str:
    """What the page shows before a patient is chosen: those there are."""
    lines = list(lines)
    rows = "".join(
        f'<li><button type="button" class="o-card" data-do="pick" data-patient="{esc(line.id)}"><span '
        'class="o-card-name">'
        f'{esc(line.name)}</span><span class="o-card-text">{esc(line.summary)}</span>'
        + (f'<span class="o-card-ask">{esc(line.question)}</span>' if line.question else "") + "</button></li>"
        for line in lines[:CARDS]
    )
    if not rows:
        return empty("No patient in the record",
                     "<p>Import a record with the button above, or load the demo "
                     "patients with <code>osler demo --load</code>, then reload this page.</p>")
    more = f'<p class="o-hint">{len(lines) - CARDS} more in the list above.</p>' if len(lines) > CARDS else ""
    return f'<section class="o-cards" aria-label="Patients"><h2>Choose a patient</h2><ul>{rows}</ul>{more}</section>'


def taken(done: Imported) -> str:
    """A record that was imported: what it held, and what was kept as it came although it is odd."""
    told = fold("import-warnings", count(len(done.warnings), "remark"), bullets(done.warnings[:200])) \
        if done.warnings else ""
    return (f'<div class="o-notice" role="status"><p><b>Imported</b> Patient/{esc(done.patient)}: '
            f'{count(done.created, "new resource")}{f", {done.unchanged} known" if done.unchanged else ""}.</p>{told}'
            '</div>')


def welcome(lines: list[Line]) -> str:
    """The first thing on the page: what this is, what it can do, who there is."""
    if not lines:
        return cards(lines)
    return (
        '<div class="o-intro"><p>Choose a patient and ask in plain words. Osler reads the record, works through a '
        'guideline protocol or a look-up, and every statement opens what it rests on. What is not known is asked for, '
        'never assumed. Each patient below comes with a question to begin with, or bring a record of your own.</p>'
        f'<button type="button" class="o-chip" data-do="example" data-question="{esc(WHAT_CAN_YOU_DO)}">'
        f'{esc(WHAT_CAN_YOU_DO)}</button></div>{cards(lines)}'
    )


def questions(line: Line | None) -> str:
    """Questions to begin with: the patient's own first."""
    asked = [*([line.question] if line and line.question else []), *GENERAL, WHAT_CAN_YOU_DO]
    rows = "".join(f'<button type="button" class="o-chip" data-do="example" data-question="{esc(text)}">'
                   f'{esc(text)}</button>'
                   for text in asked)
    return f'<div class="o-chips" role="group" aria-label="Example questions">{rows}</div>'


def abilities(protocols: Iterable[tuple[str, str, bool]], calculators: Iterable[str]) -> str:
    """What can be asked here: the protocols (title, purpose, reviewed), look-ups, calculators."""
    rows = "".join(
        f'<li><b>{esc(title)}</b>{"" if reviewed else " <span class=o-warn>not reviewed by a clinician</span>"}'
        f"<br><span class=o-hint>{esc(purpose)}</span></li>" for title, purpose, reviewed in protocols
    )
    listed = ", ".join(map(esc, calculators))
    return (
        '<article class="o-answer o-abilities"><header class="o-answer-head"><h2>What Osler can do</h2></header>'
        "<p>Ask about this patient in plain words. Osler reads the record, works through a guideline protocol or a "
        "plain "
        "look-up, and shows what every statement rests on. What is not known is asked for, never assumed.</p>"
        f'<h3>Protocols</h3><ul class="o-list">{rows}</ul><h3>Look-ups</h3><p>Problems, medication, allergies, '
        'laboratory results '
        f"and vital signs with their trend, notes, the timeline.</p><h3>Calculators</h3><p>{listed}.</p>"
        "<h3>Notes and images</h3><p>Attach them to a question. A note is searched for findings. Of an image Osler "
        "says what it is, its scale, whose it is and how good; on a frontal chest film it draws the lung fields and a "
        "cardiothoracic ratio, which are not validated and can be corrected by hand.</p>"
        "<h3>Corrections</h3><p>Any value can be corrected, or tried with What if; only what depends on it is worked "
        "out again.</p>"
        "<h3>Not covered</h3><p>What is in an image, and every clinical question outside these protocols: Osler then "
        "says so.</p>"
        "</article>"
    )
