"""Misspelt cue words ("perscribed", "hosptial") as they are meant, before a question is marked up.

Only words that name nothing here are changed, by one slip, and only into one of a short list of words (`spelt` of
`words.yaml`): names of drugs and tests are never touched (look-alikes are different drugs).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tools.ask.gazetteer import Gazetteer
from tools.ask.lexicon import is_word, lexicon

_WORD = re.compile(r"[A-Za-z]{5,}")


def respelt(question: str, held: Iterable[Gazetteer]) -> str:
    """The question with such slips mended."""
    from rapidfuzz.distance import OSA

    spelt: frozenset[str] = lexicon()["spelt"]
    known = {part for gazetteer in held for key in gazetteer.names for part in key}
    known |= spelt | lexicon()["filler"]

    def mend(match: re.Match[str]) -> str:
        word = match.group().lower()
        if (
            word in known
            or word.rstrip("s") in known
            or is_word(word)
            or any(found.startswith(word[:-1]) for found in spelt)
        ):
            return match.group()
        near = [found for found in spelt if found[0] == word[0] and OSA.distance(word, found) == 1]
        return near[0] if len(near) == 1 else match.group()

    return _WORD.sub(mend, question)
