"""Wording that says nothing of the record, taken off a question before it is read: what the answer is wanted for, who
wants it, courtesy. A time, a number, a negation or a limit is never taken off with it.
"""

from __future__ import annotations

import re

from tools.ask.frames import framed

_I = re.IGNORECASE
_ID = re.compile(r"(?<![\w/-])(?:[A-Z]{1,3}\d{5,}|\d{5,8})(?![\w/])")
_NOUN = (
    r"(?:rounds?|forms?|clinic|desk|review|handover|team|station|office|audit|meeting|bay|paperwork|letter|visit list|"
    r"checklist|theatre|referral|consult|discharge letter|summary|drug chart|note|ward|unit|lab|pharmacy|nurse|doctor|"
    r"registrar|resident|clerk|registration|reception|assessment|appointment|ordering|prescribing)"
)
_DESK = (
    r"(?:rounds?|desk|review|handover|team|office|audit|meeting|paperwork|registration|reception|forms?|clinic(?=:))"
)
_WANT = (
    r"(?=(?:(?:i|we) )?(?:want|need|would|must|have to|could|can|please|pls|tell|give|what|which|how|is|was|do|let))"
)
_TEXT = r"(?:(?!\d|¦|\bnot\b|\bno\b|\bwithout\b|\bsince\b|\bexcept\b|\blast\b|\bfirst\b)[^:;.?!])"
_LEADS = (
    re.compile(
        rf"^\W*(?:for|in preparation for|ahead of) (?:the |my |our |an? |this )?(?:[\w-]+ ){{0,3}}{_NOUN}(?: here)?"
        rf"(?: of| for)?(?: (?:patient )?¦)?\s?[:,;-]\s", _I),
    re.compile(
        # "Before we stopped it" is a time; "before I give it" is what the answer is wanted for.
        rf"^\W*(?:before|so that|because) (?:i|we) (?!\w+ed\b|(?:gave|began|put|took|did|had|was|were|saw|got)\b)"
        rf"{_TEXT}{{2,60}}¦?{_TEXT}{{0,30}}[:,]\s", _I),
    re.compile(rf"^\W*(?:i['’]?m|i am|we['’]?re|we are|im) (?:just )?\w+ing {_TEXT}{{2,60}}¦?{_TEXT}{{0,40}}"
               rf"(?:[:;,]| [-–—]| and| so) {_WANT}", _I),
    re.compile(rf"^\W*(?:(?!(?:at|in|on|during|from|before|after|since|until|last|first)\b)[\w-]+ "
        rf"){{0,3}}{_DESK}(?: here)?(?: (?:of|for) (?:patient )?¦)?\s?[:,]\s", _I),
    re.compile(r"^\W*(?:the )?(?:billing|pharmacy|theatres?|accounts|admissions|ward|lab|team|consultant|registrar|"
               r"nurses?|night shift|reception|front desk)(?: \w+)? (?:needs?|wants?|would like|has asked|asks?|"
               r"is asking)"
               r" (?:us |me )?(?:to know|for|to see)?", _I),
    re.compile(r"^\W*(?:on the ward round )?(?:they|someone|somebody|the (?:consultant|registrar|nurse|ward|team|boss)|"
               r"my (?:consultant|registrar|boss)) (?:asked|wants to know|wondered|is asking|asks)(?: me| us)? ", _I),
)  # fmt: skip
_ONLY = re.compile(
    r"(?<=counting|.looking|consider) only(?!\w)|(?<!\w)only(?= (?:the )?(?:latest|last|first|most recent|newest|"
    r"readings?|"
    r"results?|values?|consider|counting|looking)(?!\w))| only(?=\W*$)",
    _I,
)
_YES_NO = re.compile(r"[,;:(-]*\s*(?<!\w)yes ?(?:/|or) ?no(?: (?:only|answer|please))?(?!\w)\)?", _I)
_LAST_TIME = re.compile(r"(?<!\w)(?:the )?last time (?:it|that|this|they) (?:was|were|got|had been) \w+(?!\w)", _I)
_TAILS = (
    re.compile(r"[,;.(-]\s*(?:i|we) (?:need|want) (?:it|this|that|them) for [^.?!¦\d]{2,50}[.!)]*\s*$", _I),
    re.compile(r",? (?<!if )(?:so (?:that )?|because )(?:i|we) (?:can|need|want|have)[^.?!¦\d]{2,60}[.!]*\s*$", _I),
)
_NUMBERED = re.compile(
    r"\b((?:hospital |icu )?(?:visit|stay|admission|encounter)) (?:number|no\.?|nr\.?|#) ?(one|1|two|2|three|3)\b", _I
)
_ORDER = {"one": "first", "1": "first", "two": "second", "2": "second", "three": "third", "3": "third"}


def plain_words(question: str) -> str:
    """The question without lead-in, purpose and courtesy; a patient named there is named in front of the rest."""
    text = _NUMBERED.sub(lambda match: f"the {_ORDER[match[2].lower()]} {match[1]}", framed(question))
    text = re.sub(r"(?<!\w)pts(?!\w)", "patients", text)
    text = re.sub(
        r"^\W*(hours|hrs|days|weeks|months|years) (?:(?:elapsed|passed|gone by) )?since(?!\w)",
        r"how many \1 have passed since", text, flags=_I,
    )  # fmt: skip
    text = re.sub(
        r"(?<!\w)(?:the|this) ((?:hospital |icu )?(?:stay|visit|admission)),? (?:that is |which is )?"
        r"(?:(?:now |still |currently )?(?:in progress|ongoing|under way))(?!\w)",
        r"the current \1", text, flags=_I,
    )  # fmt: skip
    if (found := _YES_NO.search(text)) is not None:
        text = f"{text[: found.start()].rstrip(' ?,-')} - was there any{text[found.end() :]}"
    text = re.sub(r"(?<!\w)(in|within|during|over) the (?:whole )?course of(?!\w)", r"\1", text, flags=_I)
    text = re.sub(r"(?<!\w)per-(hour|day|week|month|year)(?!\w)", r"per \1", text, flags=_I)
    text = re.sub(r"(?<!\w)(?:most )?up[- ]to[- ]date(?!\w)", "most recent", text, flags=_I)
    text = re.sub(r"(?<!\w)work(ed|ing)? out(?!\w)", "compute", text, flags=_I)
    text = re.sub(r"(?<!\w)(current(?:ly)? )?(?:hospital )?inpatients(?!\w)", "current patients", text, flags=_I)
    if re.search(r"(?<!\w)(?:last|latest|newest|most recent|average|mean|current)(?!\w)", text, flags=_I):
        plain = re.sub(r"(?<!\w)how high (?=(?:is|was|were|are|has)(?!\w))", "what ", text, flags=_I)
        if plain != text:
            text = _LAST_TIME.sub("most recent", plain)
    text = _ONLY.sub(" ", text)
    ids = list(_ID.finditer(text))
    masked = _ID.sub(lambda match: "¦" if len({item.group() for item in ids}) == 1 else match.group(), text)
    for lead in _LEADS:
        found = lead.match(masked)
        if found and len(re.findall(r"\w+", masked[found.end() :])) >= 2:
            named = "patient ¦: " if "¦" in found.group() and "¦" not in masked[found.end() :] else ""
            masked = named + masked[found.end() :]
            break
    for tail in _TAILS:
        masked = tail.sub(" ", masked)
    return masked.replace("¦", ids[0].group()) if ids else masked
