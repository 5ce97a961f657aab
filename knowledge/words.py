"""Words for lexical search: split, spelling of either side of the Atlantic folded, stop words out, endings off."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_STOP = """
a about above after again all also am an and any are as at be because been before being below between both but by can
could did do does doing down during each few for from further had has have having he her here hers him his how i if in
into is it its just let me more most my no nor not now of off on once only or other our out over own per please same
shall she should so some such than that the their them then there these they this those through to too under until up
us very was we were what when where which while who whom why will with would you your yes she's he's it's i'm we'd
patient patients pt gentleman lady man woman male female tell show give get got need needs think
"""
STOP = frozenset(_STOP.split())
# Ending, and how many letters must be left before it.
_ENDINGS = (
    ("isations", 5), ("izations", 5), ("isation", 5), ("ization", 5), ("ations", 4), ("ation", 4), ("ating", 4),
    ("ated", 4), ("ates", 4), ("ants", 5), ("ant", 5), ("ents", 5), ("ions", 5), ("ion", 5), ("ally", 4), ("ings", 4),
    ("ing", 4), ("ies", 3), ("ate", 4), ("ely", 4), ("ed", 4), ("es", 4), ("ly", 4), ("al", 5), ("ic", 5), ("e", 4),
    ("y", 4), ("s", 3),
)
_SPELLINGS = (
    ("aem", "em"), ("oed", "ed"), ("oes", "es"), ("aec", "ec"), ("aes", "es"), ("rrhoe", "rrhe"), ("paed", "ped"),
    ("coel", "cel"), ("oea", "ea"), ("tumour", "tumor"), ("fibre", "fiber"), ("centre", "center"),
)


def fold(word: str) -> str:
    """Lower case, apostrophes off, British digraphs folded (haemoglobin, oedema, oestrogen become American)."""
    bare = word.casefold().replace("’", "'").removesuffix("'s").replace("'", "")
    if len(bare) > 4:
        for british, american in _SPELLINGS:
            bare = bare.replace(british, american)
    return bare


def stem(word: str) -> str:
    """A light stem: one known ending off where enough of the word is left ("anticoagulated", "anticoagulation")."""
    for ending, keep in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= keep:
            return word[: -len(ending)]
    return word


def words(text: str) -> list[str]:
    """Folded words of a text in order, stop words included."""
    return [fold(part) for match in _WORD.finditer(text) for part in match.group().split("-")]


def terms(text: str) -> list[str]:
    """The stems a text is indexed and asked by."""
    return [stem(word) for word in words(text) if word not in STOP and not word.isdigit()]
