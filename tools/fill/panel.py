"""Values of one panel: a gap or a ratio is worked out from results of the same sample.

Where several inputs have more than one value, those of the sentence that gives most of them together are taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from tools.calculators.base import Calculator
from tools.fill.choose import pick
from tools.fill.context import Context
from tools.fill.model import Filled, Mention
from tools.fill.vocabulary import vocabulary

# "Bili 11.2 mg/dL. INR 2.8. Na 119 mmol/L.": results of one sample, each a sentence of its own.
_NEAR = 200
_NOT_OF_A_SAMPLE = frozenset(("weight", "height", "age"))


def same_sample(
    calculator: Calculator, filled: Mapping[str, Filled], rules: Mapping[str, Mapping[str, object]], context: Context
) -> dict[str, Filled]:
    """The inputs, those of one sample taken together where the note gives more of them together than were chosen."""
    values: dict[str, list[Mention]] = {}
    for name, found in filled.items():
        rule = rules[name]
        concept = found.mention.concept if found.mention else ""
        measured = concept in vocabulary().measures and concept not in _NOT_OF_A_SAMPLE
        if rule.get("choose", "admission") == "admission" and measured and found.mention is not None:
            values[name] = [found.mention, *(other for other in found.others if other.concept == concept)]
    if len(values) < 2 or not any(len(mentions) > 1 for mentions in values.values()):
        return dict(filled)
    together: dict[int, dict[str, Mention]] = defaultdict(dict)
    for name, mentions in values.items():
        for mention in mentions:
            if mention.when != "earlier":
                together[context.note.sentence(mention.start)[0]].setdefault(name, mention)
    now = max(_shared(together, filled, values, place) for place in together) if together else 0
    best = max(sorted(together), key=lambda place: len(together[place]), default=None)
    if best is None or len(together[best]) <= max(now, 1):
        return dict(filled)
    beside = _side_by_side([mentions[0].start for mentions in values.values()], len(values))
    if beside >= len(together[best]) and not _shared(together, filled, values, best):
        return dict(filled)
    return {name: _taken(calculator, name, found, together[best].get(name)) for name, found in filled.items()}


def _side_by_side(places: list[int], most: int) -> int:
    """How many of the values chosen so far stand close together, where that is most of three or more."""
    near = max(sum(0 <= other - place <= _NEAR for other in places) for place in places)
    return near if near >= 3 and near > most / 2 else 0


def _shared(
    together: Mapping[int, Mapping[str, Mention]],
    filled: Mapping[str, Filled],
    values: Mapping[str, list[Mention]],
    place: int,
) -> int:
    """How many of the values chosen so far stand together at a place."""
    return sum(together[place].get(name) is filled[name].mention for name in values)


def _taken(calculator: Calculator, name: str, found: Filled, mention: Mention | None) -> Filled:
    if mention is None or found.mention is mention or found.mention is None:
        return found
    declared = calculator.input(name)
    made = pick(mention.concept, (mention,), declared.unit, "first", declared.analyte, name)
    if not isinstance(made, Filled):
        return found
    others = tuple(other for other in (found.mention, *found.others) if other is not mention)
    return replace(made, others=others, why="given together with the other results of one sample")
