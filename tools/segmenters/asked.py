"""Whether a question asks for the outline or size of structures on an image, and of which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from knowledge.words import words
from tools.errors import BadInput
from tools.segmenters.prompts import NotAStructure, WhichStructure, structure_of
from tools.segmenters.structures import data, structures

EMPHYSEMA = "emphysema"
_IMAGE = (
    r"(?:ct|cta|mri?|mra|scans?|films?|x-?rays?|cxr|radiographs?|images?|pictures?|photo(?:graph)?s?|series|stud(?:y|ies)|"
    r"slices?|volumes?|ultrasounds?|fundus|tomograms?)"
)
_WHOSE = r"(?:this|the|his|her|their|that|my|an?|attached|uploaded|new|latest|today's)"
_BETWEEN = rf"(?:(?!(?:on|in|from|of|at|with|{_WHOSE})\b)[\w-]+\s+){{0,3}}?"
ON_IMAGE = re.compile(rf"\b{_WHOSE}\s+{_BETWEEN}{_IMAGE}\b", re.IGNORECASE)
_TAIL = re.compile(
    rf"\s*(?:,\s*)?\b(?:on|in|from|at|with|using)\s+(?:{_WHOSE}\s+)*{_BETWEEN}{_IMAGE}\b.*$",
    re.IGNORECASE,
)
_TAIL_PLAIN = re.compile(
    r"\s+(?:on slice \d+|here|please|for me|now|today|in (?:this|the) patient|(?:in|of) (?:him|her|them))$",
    re.IGNORECASE,
)
_ASK = (
    r"(?:please\s+|kindly\s+|(?:can|could|would|will) you\s+(?:please\s+)?|i(?:'d| would) like (?:you )?to\s+|"
    r"let'?s\s+)*"
)
_THE = r"(?:(?:the|his|her|their|this|that|these|those|both|a|an|all|whole|entire|patient's|my)\s+)*"
_QUANTITY = (
    r"(?:sizes?|volumes?|areas?|diameters?|dimensions?|lengths?|widths?|heights?|densit(?:y|ies)|attenuation|"
    r"hounsfield units?|hu|(?:long|short) ax(?:is|es)|thickness)"
)
_MUCH = (
    r"(?:(?:maxim(?:um|al)|total|mean|average|long(?:est)?|short(?:est)?|largest|exact|approximate|estimated|"
    r"overall)\s+)*"
)
_GIVE = (
    r"(?:measure|quantify|calculate|compute|estimate|determine|work out|give me|tell me|get|report|show(?: me)?|"
    r"what(?:'s|s| is| are| was))\s+"
)
_BIG = (
    r"(?:enlarged|big|bigger than normal|too big|large|small|swollen|atrophic|shrunken|too large|too small|"
    r"(?:normal in|of normal|a normal|normal) size)"
)
_SIZES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^{_ASK}(?:{_GIVE})?{_THE}{_MUCH}{_QUANTITY}(?:\s+and\s+{_QUANTITY})?\s+(?:of|in|for)\s+(?P<what>.+)$",
        rf"^what\s+{_QUANTITY}\s+(?:is|are|has|have)\s+(?P<what>.+)$",
        rf"^{_ASK}how\s+(?:big|large|long|wide|small|dense|thick|tall|enlarged)\s+(?:is|are|was|were|has|have)\s+"
        r"(?P<what>.+?)(?:\s+(?:become|grown))?$",
        rf"^{_ASK}(?:measure|size|quantify)\s+(?P<what>.+)$",
        rf"^{_ASK}(?:{_GIVE})?{_THE}{_MUCH}(?P<what>.+?)\s+{_QUANTITY}$",
        rf"^(?:is|are)\s+(?P<what>.+?)\s+(?:significantly |clearly |really |at all )?{_BIG}$",
        rf"^{_THE}(?P<what>.+?)\s+(?:enlarged|too big)$",
    )
)
_OUTLINES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^{_ASK}(?:outline|segment|contour|delineate|trace|highlight|annotate|mask|mark(?: out)?|locali[sz]e|locate|"
        r"draw(?: around| (?:the|an) outline (?:of|around))?|find the borders? of|"
        r"show(?: me)?(?: the outlines? of| where)?)\s+(?P<what>.+?)(?:\s+(?:is|are|lies?))?$",
        r"^where\s+(?:is|are|does|do)\s+(?P<what>.+?)(?:\s+lie)?$",
        rf"^{_ASK}(?:give me|do|make|i need|i want)?\s*(?:a |the )?(?:segmentation|outlines?|contours?|masks?)\s+"
        r"(?:of|for)\s+(?P<what>.+)$",
        r"^(?P<what>.+?)\s+(?:segmentation|outlines?|contours?|mask)$",
    )
)
_LOW_ATTENUATION = re.compile(
    r"\bhow much emphysema\b|\bemphysema\s+(?:score|index|percentage|extent|quantification)\b|"
    r"\bquantify\s+(?:the\s+)?emphysema\b|"
    r"\blaa\s*-?\s*950\b|\blow[- ]attenuation (?:area|volume)\b|"
    r"\b(?:extent|amount|percentage|share) of (?:the )?emphysema\b",
    re.IGNORECASE,
)
_LONGEST, _MOST = 8, 6
_AND = re.compile(r"\s*(?:,\s*and|,|;|\band|\bas well as|\bplus)\s+", re.IGNORECASE)
# What is left of a question once its emphysema index is taken out: "the volume of the lungs and the ".
_JOINED = re.compile(
    rf"^{_AND.pattern}|{_AND.pattern}(?:the|its|their)?\s*$|{_AND.pattern}(?=(?:of|in|on)\b)", re.IGNORECASE
)
# "the left and right lung": each by itself.
_SIDED = re.compile(r"\b(left|right) (?:and|,) (?:the )?(left|right) (.+)$", re.IGNORECASE)
# "and the volume of the spleen", "and how big the spleen is".
_BESIDE = re.compile(rf"^{_THE}{_MUCH}{_QUANTITY}\s+(?:of|for)\s+", re.IGNORECASE)
# What has a border that a person can point at; "opacity" or "effusion" of a film is no such thing.
_OBJECTS = frozenset({
    "nodule", "nodules", "mass", "masses", "lesion", "lesions", "tumor", "tumors", "tumour", "tumours", "cyst", "cysts",
    "metastasis", "metastases", "hematoma", "haematoma", "abscess", "collection", "aneurysm", "hemangioma",
    "haemangioma", "melanoma", "bulla", "stone", "node", "nodes",
})  # fmt: skip
_PLACED = re.compile(r"\s+(?:of|in|on|within|at|near)\s+", re.IGNORECASE)
# Clauses, people and other times: then it is no name of a thing that is seen here.
_CLAUSE = frozenset({
    "he", "she", "they", "it", "him", "them", "i", "we", "you", "who", "had", "been", "be", "being", "became", "not",
    "no",
    "or", "but", "if", "because", "since", "until", "for", "than", "with", "without", "this", "that", "there",
})  # fmt: skip
_EARLIER = re.compile(
    r"\b(?:last|previous|prior|old|earlier|former|original|initial|first|before|ago|since|reports?|reported|notes?|letters?|"
    r"visits?|clinic|(?:19|20)\d\d|years?|months?|weeks?)\b",
    re.IGNORECASE,
)
_SIDES = r"\b(?:left|right|both|bilateral)\b(?:\s+(?:and|or)\b)?"
_PERSON = frozenset({"body", "bodies"})


@dataclass(frozen=True)
class Asked:
    """What is asked for: its words, whether they name a structure that can be outlined by name (else a person has to
    point at it), and whether an outline was asked for in so many words."""

    what: str
    named: bool
    wants: Literal["outline", "size"]
    seen: frozenset[str] = frozenset()


def asked_of(question: str, seen_on: str | None = None) -> tuple[Asked, ...]:
    """What of an image a question asks for, in its order; empty where it asks for something else.

    Args:
        seen_on: CT, MR, XR, fundus or skin, where the image is known to be one.
    """
    text = " ".join(question.split()).strip(" ?.!")
    if _EARLIER.search(text):
        return ()
    if _LOW_ATTENUATION.search(text):
        beside = _JOINED.sub("", _LOW_ATTENUATION.sub("", text)).strip(" ?.!,")
        rest = _one_kind(beside, seen_on) or tuple(
            one for clause in _AND.split(beside) for one in _one_kind(clause.strip(" ?.!,"), seen_on)
        )
        found = (*rest, Asked(EMPHYSEMA, True, "size", frozenset({"CT"})))
        return tuple(dict.fromkeys(found))
    return _one_kind(text, seen_on)


def _one_kind(text: str, seen_on: str | None) -> tuple[Asked, ...]:
    bare = _TAIL.sub("", text)
    while (shorter := _TAIL_PLAIN.sub("", bare)) != bare:
        bare = shorter
    bare = bare.strip(" ?.!,")
    for wants, patterns in (("size", _SIZES), ("outline", _OUTLINES)):
        for pattern in patterns:
            match = pattern.match(bare)
            found = _several(match["what"], wants, seen_on) if match else ()
            if found and (all(one.named for one in found) or _pointable(bare)):
                return found
    return ()


def _several(phrase: str, wants: str, seen_on: str | None) -> tuple[Asked, ...]:
    """The structures of "the liver and the spleen", each by its own name; else what the whole phrase names."""
    parts = [part for part in _AND.split(_SIDED.sub(r"\1 \3 and \2 \3", phrase)) if part.strip()]
    if 1 < len(parts) <= _MOST:
        found = [_named(_BESIDE.sub("", part), wants, seen_on) for part in parts]
        # "The mass in the liver and spleen" is one thing; "the liver and the nodule" are two.
        alone = [one for one in found if one is not None and (one.named or not _PLACED.search(one.what))]
        if len(alone) == len(parts):
            return tuple(dict.fromkeys(alone))
    whole = _named(phrase, wants, seen_on)
    return (whole,) if whole is not None else ()


def _pointable(text: str) -> bool:
    """Whether a person could answer by pointing: not where something is, nor how deep a melanoma goes."""
    return not re.match(r"where\b", text, re.IGNORECASE) and not re.search(r"\bthick", text, re.IGNORECASE)


def _named(phrase: str, wants: str, seen_on: str | None) -> Asked | None:
    what = re.sub(rf"^{_THE}", "", phrase.strip(), flags=re.IGNORECASE).strip()
    if not what or len(what.split()) > _LONGEST:
        return None
    kind: Literal["outline", "size"] = "outline" if wants == "outline" else "size"
    if _PERSON & set(words(what)):
        return None
    try:
        prompt = structure_of(what, seen_on)
    except NotAStructure:
        return Asked(what, False, kind) if _is_object(what) else None
    except WhichStructure:
        return Asked(what, True, kind)
    except BadInput:
        # Two sides, or one that does not exist: said when it is outlined, if there is such a structure at all.
        return Asked(what, True, kind) if _names_one(re.sub(_SIDES, " ", what, flags=re.IGNORECASE)) else None
    return Asked(what, True, kind, frozenset(structures()[prompt.structure].on))


def _is_object(phrase: str) -> bool:
    """Whether it is the name of a finding with a border ("the largest nodule in the left upper lobe")."""
    name, *places = _PLACED.split(phrase)
    tokens = words(name)
    beside = {*tokens, *(word for place in places for word in words(place))}
    return bool(tokens) and tokens[-1] in _OBJECTS and not beside & (_CLAUSE | frozenset(data()["questions"]))


def _names_one(phrase: str) -> bool:
    try:
        structure_of(phrase)
    except WhichStructure:
        return True
    except BadInput:
        return False
    return True
