"""Whether a drug that a note names is one the patient takes: not one stopped, refused, or that caused a reaction."""

from __future__ import annotations

import re

from tools.fill.findings_read import Seen
from tools.fill.model import NoteText

_BEFORE = re.compile(
    r"\b(?:stopp?(?:ed|ing)|discontinu\w+|ceased|withheld|holding|held|off|allerg\w+ to|intoleran\w+ (?:to|of)|"
    r"anaphyla\w+ (?:to|with)|avoid\w*|contraindicat\w+|refus\w+|declin\w+|levels? of|overdose of|"
    r"no longer (?:takes|on))\s+"
    r"(?:\w+\s+){0,4}$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"^(?:[^.;]{0,40}?\b(?:was|were|had been|is|are|has been)\s+(?:then\s+|subsequently\s+|temporarily\s+)?(?:stopped|"
    r"discontinued|ceased|withheld|held|avoided|contraindicated|refused|suspended|not (?:given|started))"
    r"|\s*(?:allergy|intolerance|hypersensitivity|level|levels|concentration|overdose|resistan\w+|-?naive))\b",
    re.IGNORECASE,
)


def taken(seen: Seen, note: NoteText) -> bool | None:
    """True: named as a treatment; False: stopped or refused; None: says nothing of taking it."""
    if note.section(seen.start) == "allergies":
        return None
    start, end = seen.sentence
    return not (_BEFORE.search(note.flat[start : seen.start]) or _AFTER.search(note.flat[seen.end : end]))
