"""The code given beside an instruction for what an order names."""

from __future__ import annotations

import re

from agent.instruct_codes import overlap
from agent.instruct_measured import measurements
from agent.instruct_plan import Definition
from knowledge.terminology import Terminology
from tools.notes import linker_for

# Words of orders in general: that two texts share them does not make them of one thing.
_COMMON = re.compile(
    r"\b(?:replac\w*|replet\w*|oral\w*|iv|intravenous\w*|levels?|tests?|labs?|serum|orders?|ordering|referr?als?|refer|"
    r"consult\w*|ndc|loinc|snomed|panel|blood|new|medication|drug|surgery|clinic|morning|patients?)\b",
    re.I,
)


def _shared(about: str, text: str) -> int:
    return overlap(_COMMON.sub(" ", about), _COMMON.sub(" ", text))


def best(codes: list[Definition], text: str, *, only: bool) -> Definition | None:
    """The code given for what a text names.

    Args:
        only: where the text names nothing, the one code there is.
    """
    if not codes:
        return None
    ranked = sorted(codes, key=lambda item: -_shared(item.about, text))
    if _shared(ranked[0].about, text) or (only and len({item.code for item in codes}) == 1):
        return ranked[0]
    return None


def sole(codes: list[Definition], subject: str | None, terms: Terminology) -> Definition | None:
    """The one code given, where what it was given for names nothing else: of what the instruction is about."""
    if len({item.code for item in codes}) != 1 or subject is None:
        return None
    for item in codes:
        named = {row[2] for row in measurements(item.about, terms)}
        others = {row.concept for row in linker_for(terms).link(item.about)} - named
        if named - {subject} or {terms.get(concept).kind for concept in others} & {"medication", "drug_class"}:
            return None
    return codes[0]
