"""Pieces of a sentence that may each be an act, and the noun phrase that names what is ordered."""

from __future__ import annotations

import re

from agent.instruct_words import CHECKS, PAIR, TAIL, VERB

_SPLIT = re.compile(
    rf";\s*(?:and\s+)?|,?\s+(?:and|then|plus)\s+(?:also\s+|then\s+|please\s+)?(?=(?:{VERB.pattern})|(?:a|an|"
    rf"another|the)\s+"
    rf"(?:\w+[ -]){{0,4}}(?:level|test|lab|panel|check|recheck|draw|sample)|(?:(?:an?|the|"
    rf"another)\s+)?(?:\w+[ -]){{0,2}}?"
    rf"(?:serum|morning|a\.?m\.?|repeat|follow-?up|next[- ]day|matching|paired)\s)|,\s*then\s+|(?={PAIR.pattern})",
    re.I,
)

LEAD = re.compile(
    r"^(?:please|kindly|also|then|and|so|go ahead(?: and)?|can you|could you|i(?:'d|"
    r" would) like(?: you)?(?: to)?|orders? for|"
    r"i want(?: you)? to|"
    r"we (?:should|need to|want to)|you should|make sure to|in addition|additionally|furthermore|that|this|it|"
    r"them|,|:|-|–|"
    r"for (?:this|the) patient|to)\s+",
    re.I,
)

ARTICLE = re.compile(r"^(?:an?|the|some|any|this|another|new|her|his|their|one)\s+", re.I)

_PATIENT = re.compile(
    r"\s*,?\s*\b(?:for|on|of|in|to)\s+(?:the\s+|this\s+)?(?:patient|pt\.?|mrn|medical record number|subject)"
    r"(?:\s+(?:with|whose|number|id|mrn|of|is|no\.?))*\s*[:#]?\s*(?:[A-Z]{0,2}\d[\w-]*)?|\s+(?:for|"
    r"on)\s+[A-Z]\d{5,}\b",
    re.I,
)

_BARE_ID = re.compile(r"(?:\b(?:for|on|of|to)\s+)?\b[A-Z]\d{6,}(?:'s|’s)?\b")


def fragments(text: str) -> list[str]:
    """Pieces that may each be an act."""
    parts: list[str] = []
    start = 0
    for match in _SPLIT.finditer(text):
        if match.start() <= start and not match[0]:
            continue
        parts.append(text[start : match.start()])
        start = match.end()
    parts.append(text[start:])
    return [part.strip(" ,.;:") for part in parts if part and part.strip(" ,.;:")]


# What may stand before a verb that is an instruction; elsewhere it is a noun, a report or part of a question.
_BEFORE = re.compile(
    r"(?:^|[,:;.()–-]|\b(?:please|pls|kindly|then|and|also|to|you|should|must|we|i\.e\.|ie|go ahead|"
    r"let(?:'|’)?s|just|now|so|first|would|can))\s*$",
    re.I,
)


def imperative(text: str) -> str | None:
    """A text from the verb on that says to order; None where no verb stands where an instruction's does."""
    lead = PAIR.match(text.strip())
    if lead:
        return text
    for found in VERB.finditer(text):
        asks = re.match(r"\s*(?:me|us)\b", text[found.end() :], re.I)
        noun = re.fullmatch(r"needs?|correct|run|treat", found[0], re.I) and re.match(
            r"\s*\w+ing\b", text[found.end() :]
        )
        if _BEFORE.search(text[: found.start()]) and not asks and not noun and not CHECKS.match(text[found.start() :]):
            return text[found.start() :]
    return None


def bare_noun(text: str) -> bool:
    """Whether a piece without a verb is an order as a noun: "IV replacement", "a morning level"; not a question."""
    return len(text.split()) <= 14 and not re.search(
        r"\b(?:what|which|when|how|who|whether|latest|last|recent)\b", text, re.I
    )


GENERIC = re.compile(
    r"^(?:(?:a|an|the|new|repeat|another|fresh|up-?to-?date|updated|one|it|that|this|morning|am|a\.m\.|fasting|"
    r"early|follow-?up|next|"
    r"serum|plasma|blood|venous|stat|lab|labs?|level|levels|test|tests|check|recheck|draw|redraw|sample|order|again|"
    r"measurement|value|reading|panel|today|now|next|day|tomorrow|recollection|retest|re-?order)\b\s*)+$",
    re.I,
)


def cleaned(text: str) -> str:
    """A noun phrase as it names something: no verb before it, no patient, no how or when behind it."""
    plain = re.sub(r"(?<=\w)[\s,:]*⟦.*|⟦\d+⟧", " ", text, flags=re.DOTALL)
    plain = (
        re.split(
            r",\s*(?:and|with|that|in|which|stating|saying|including|[Ss][Bb][Aa][Rr]|free|comment|the)\b|"
            r"\s+with\s+(?:this|the following|a|text|"
            r"note)\b|\s+\(",
            plain,
        )[0]
        if "referr" in plain
        else plain
    )
    plain = re.split(r"\s*[.:;]\s+(?=[A-Z])|\s+[-–]\s+", plain.strip(" .,:;-–"))[0]
    plain = _PATIENT.sub(" ", _BARE_ID.sub(" ", plain))
    plain = TAIL.sub("", plain)
    while (shorter := ARTICLE.sub("", LEAD.sub("", plain.strip()))) != plain:
        plain = shorter
    plain = re.sub(
        r",?\s+(?:and|the)$|(?<=referral) (?:in|off|through)$", "", " ".join(plain.split()).strip(" ,.:;-–?")
    )
    return plain.strip(" ,.:;-–()\"'")


def named_in(part: str) -> str:
    """What is ordered, without the verb and the time."""
    text = PAIR.sub(" ", part, count=1) if PAIR.match(part) else part
    verb = VERB.search(text)
    if verb and verb.end() < len(text.strip()) and verb.start() < 40:
        text = (
            text[verb.end() :] if verb[0].lower() not in ("replace", "replenish", "replete") else text[verb.start() :]
        )
    return cleaned(text)


ANY_REFERRAL = re.compile(r"^(?:the |a |new )*(?:referral|consult(?:ation)?)(?: (?:order|request))?$", re.I)

# Words that no name of a test or a referral holds: with them it is a piece of the sentence.
FRAGMENT = re.compile(
    r"\b(?:as|when|what|which|whether|how|verify|look(?:ed)? up|review|latest|last|recent|instructions?|say|"
    r"says|said|was|this|these|those|into|paste|copy|together|"
    r"were|is|are|be|nothing|not|if|then|please|pls)\b|[?&()]",
    re.I,
)
