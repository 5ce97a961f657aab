"""What a piece of text burnt into an image is: a marker of side, projection or position, or something to be covered.

Only a text that consists of known marker words alone is a marker; all else is covered, known identifier or not. So a
name is covered unless it is spelt like markers only, and an initial beside a name ("R SMITH") is never a side.
"""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["marker", "identifier", "unknown", "sign"]
_WORDS: dict[str, str] = {
    **dict.fromkeys(("R", "RT", "RIGHT", "DROIT", "DROITE", "RECHTS", "DERECHA", "DIREITA", "DESTRA"), "right"),
    **dict.fromkeys(("L", "LT", "LEFT", "GAUCHE", "LINKS", "IZQUIERDA", "ESQUERDA", "SINISTRA"), "left"),
    "PA": "PA",
    "AP": "AP",
    **dict.fromkeys(("LAT", "LATERAL"), "lateral"),
    **dict.fromkeys(("OBL", "OBLIQUE"), "oblique"),
    **dict.fromkeys(("ERECT", "UPRIGHT", "UPRT", "STANDING"), "erect"),
    **dict.fromkeys(("SUPINE", "RECUMBENT"), "supine"),
    "PRONE": "prone",
    **dict.fromkeys(("DECUB", "DECUBITUS"), "decubitus"),
    **dict.fromkeys(("SITTING", "SEDUTO", "SEMI", "SEMIERECT"), "semi-erect"),
    **dict.fromkeys(("PORTABLE", "PORT", "MOBILE", "BEDSIDE"), "portable"),
    **dict.fromkeys(("INSP", "INSPIRATION"), "inspiration"),
    **dict.fromkeys(("EXP", "EXPIRATION"), "expiration"),
    **dict.fromkeys(("CHEST", "THORAX"), "chest"),
    **dict.fromkeys(("ABDOMEN", "KUB"), "abdomen"),
}
SIDES = ("left", "right")
POSITIONS = ("erect", "semi-erect", "supine")
VIEWS = ("PA", "AP", "lateral")
# Words that stand beside what names a person or a place.
_NAMING = re.compile(
    r"\b(MRN|ID|PID|DOB|BORN|NAME|PAT(IENT)?|HOSP\w*|CLINI\w*|INFIRMARY|MEDICAL|CENT(ER|RE)|DR|MR|MRS|MS|MISS|ACC\w*"
    r"|UNIVERSITY|HEALTH\w*|SEX|AGE)\b"
)
_DATE = re.compile(r"\d{1,4}\s*[-/.]\s*(\d{1,2}|[A-Z]{3,9})\s*[-/.]\s*\d{1,4}|\d{1,2}\s*[:h]\s*\d\d")
# A ruler beside the picture ("20 cm") or a panel's number; three digits name nobody.
_SCALE = re.compile(r"\d{1,3}\s*([CM]M|KV|KVP|MAS|%)")
SURE = 0.6


def kind_of(text: str, score: float = 1.0) -> tuple[Kind, tuple[str, ...]]:
    """What a text is, and what its marker words mean (repeats once)."""
    plain = " ".join(text.upper().split())
    words = [word for word in re.split(r"[^\w]+", plain.replace("SEMI-ERECT", "SEMIERECT")) if word]
    if score >= SURE and words and all(word in _WORDS for word in words):
        means = tuple(dict.fromkeys(_WORDS[word] for word in words))
        if {"semi-erect", "erect"} <= set(means):
            means = tuple(one for one in means if one != "erect")
        return "marker", means
    if sum(letter.isdigit() for letter in plain) >= 4 or _DATE.search(plain) or _NAMING.search(plain):
        return "identifier", ()
    if sum(letter.isalnum() for letter in plain) <= 1 or _SCALE.fullmatch(plain):
        return "sign", ()
    return "unknown", ()
