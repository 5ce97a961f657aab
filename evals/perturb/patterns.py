"""The patterns of a copy's `says` and `forbids`: `@name` is a phrase, `@start:drug` and the like stand for several.

`start` catches an order or a recommendation to give, and lets pass its negation, its condition and what a guideline
says of other people; `avoid` and `stop` are the ways to say that something must not be given, or is to end.
"""

from __future__ import annotations

from typing import Any

_NOT = (
    r"not|no|avoid\w*|never|until|once|after|unless|against|only|instead|rather|than|before|contraindicat\w*|withh\w+|"
    r"defer\w*|without|stop\w*|paus\w*|hold\w*|halv\w*|reduc\w*|lower\w*|discontinu\w*|review\w*|replac\w*|omit\w*|"
    r"ask\w*|whether|check\w*"
)
_TAIL = (
    r"not|no longer|contraindicat\w*|until|once|unless|only|avoid\w*|if|when|withheld|withh\w+|held|stop\w*|paus\w*|"
    r"harm\w*|allerg\w*|anaphyla\w*"
)
_OTHERS = (
    r"^(?!\W*(if|when|once|unless|where)\b)"
    r"(?!.*\b(without|outside|not)( in| of)? (a |known |an )?([\w-]+ )?(allerg|pregnan|asthma|cirrhosis))"
)
_VERBS = (
    "offer|(re)?start|begin|prescribe|give|initiate|recommend|add|continue|resume|use|switch to|load|"
    "increase|raise|double"
)


def start(drugs: str, tail: str = "") -> list[str]:
    """A recommendation to give: an order, `is recommended`, `should have`."""
    after = f"{_TAIL}|{tail}" if tail else _TAIL
    within = rf"(?:(?!\b(?:{_NOT})\b)[^.;]){{0,50}}"
    order = rf"{_OTHERS}.*(?<!not )(?<!never )(?<!whether to )(?<!no )\b({_VERBS})\b{within}({drugs})"
    should = rf"\bshould (now |also )?(have|take|receive|be (given|offered|started on))\b{within}({drugs})"
    good = "recommended|indicated|preferred|advised|first[- ]line"
    state = rf"({drugs})\w*(?: [\w-]+){{0,3}} (is|are) (now |also )?({good})"
    spoken = r"^(?!.*\b(without|outside|(for|in) people|patients with|otherwise|usually)\b).*" + state
    return [
        rf"{order}(?![^.]{{0,100}}\b({after})\b)",
        rf"{should}(?![^.]{{0,100}}\b({after})\b)",
        rf"{spoken}(?![^.]*\b({after}|except|provided|outside)\b)",
    ]


def avoid(drugs: str) -> list[str]:
    """Says that something is not to be given, whichever comes first."""
    no = r"cannot|not|avoid|withh\w+|hold|never|contraindicat\w*|stop|instead of|unsafe|no"
    past = r"contraindicat|not\b|avoid|cannot|withh|held|hold\b|stop|harm|unsafe|until|no longer|allerg"
    return [rf"\b({no})\b[^.]{{0,110}}({drugs})", rf"({drugs})\w*[^.]{{0,110}}({past})"]


def stop(drugs: str) -> list[str]:
    """Says that something is to end or to pause."""
    end = r"stop|withh\w+|hold|discontinu\w*|withdraw|suspend|cease|review|avoid|omit|pause"
    past = r"stop|withh|hold\b|held|discontinu|withdraw|suspend|cease|avoid|omit|pause|contraindicat|harm"
    return [rf"({end})[^.]{{0,90}}({drugs})", rf"({drugs})\w*[^.]{{0,90}}({past})"]


def phrases(items: list[Any], data: dict[str, Any]) -> list[list[str]]:
    """Each item as a list of alternatives: `@name` is looked up, a lone pattern stands for itself."""
    return [_alternatives(item, data) if isinstance(item, str) else item for item in items]


def _alternatives(item: str, data: dict[str, Any]) -> list[str]:
    if not item.startswith("@"):
        return [item]
    kind, colon, name = item[1:].partition(":")
    if not colon:
        found: list[str] = data["phrase"][kind]
        return found
    drugs = data["drug"][name]
    if kind == "start":
        return start(drugs, data.get("spared", {}).get(name, ""))
    return {"avoid": avoid, "stop": stop}[kind](drugs)
