"""Constructions said as clauses before an instruction is read: deciding questions, pairs, referrals, quotes.

`early` before what points to a dosing rule is marked, `late` after. By classes of construction.
"""

from __future__ import annotations

import re

from agent.instruct_words import (
    CHECKS,
    CONDITION,
    HIGH,
    IMAGING,
    LAB,
    LOW,
    MISSING,
    OLD,
    OLDER,
    ORDER,
    RECORD,
    REPLACE,
    STOP,
    VERB,
)

_I = re.IGNORECASE
_FIELD = (
    r"(?:free[- ]?text|sbar|comment|note|text|wording|message)(?: (?:field|section|box|note|comment|part|"
    r"area|entry))?"
)
_SPECIALTY = (
    r"(?P<s>(?:(?:the|an?)\s+)?(?:[a-z]+\s+){0,2}?(?:\w+ology|\w+ological|\w+iatry|\w*pa?edics?|surgery|surgeons?|"
    r"neurosurgery|oncology|physiotherapy|dietetics|(?:pain|sleep|respiratory|renal|palliative) (?:medicine|clinic))"
    r"(?:\s+(?:surgery|surgeons?|clinic|service|team|department))?)\b"
)
_DONE = r"(?:ordered|requested|placed|arranged|booked|submitted|raised|made|issued|organi[sz]ed|put in|sent)"
# An act of its own before a referral is never part of what is said of the patient.
_ACTING = (
    r"\b(?:order|give|start|stop|hold|prescribe|administer|replace|book|arrange|request|send|draw|record|check|"
    r"cancel)\b"
)
_REFERRALS = (
    # Where the free text stands first, or by itself: the referral first, its text behind it.
    (
        re.compile(
            rf"^\s*(?:with|using|quoting|given)?\s*(?:the |this |as "
            rf")?{_FIELD}\s*[:,]?\s*(?P<q>⟦\d+⟧)\s*[,:;–-]*\s*(?=\w)",
            _I,
        ),
        "quote",
    ),
    (
        re.compile(
            rf"^\s*(?P<q>⟦\d+⟧)\s*[,:;–-]+\s*(?:please )?(?:this is|use this|put this|take this|that is|"
            rf"this should be)\s+"
            rf"(?:as |in |to be )?(?:the )?{_FIELD}\s+(?:of|for|in|on)\s+(?=an?\b|the\b)",
            _I,
        ),
        "quote",
    ),
    (
        re.compile(
            rf"(?:^|(?<=[.;]))\s*(?:the )?{_FIELD} (?:of|for|in|on) (?P<w>(?:the |an? )?[\w ]{{3,50}}?referral)\s*"
            rf"(?:is|should be|reads|:|will be|is to be)?\s*:?\s*(?P<q>⟦\d+⟧)[\s,;:–-]*(?:please )?"
            rf"(?:order|place|request|submit|send|make|arrange) (?:it|this|that|the referral)\b",
            _I,
        ),
        r" Order \g<w> with the free text \g<q>",
    ),
    (
        re.compile(
            rf"\b(?:put|paste|write|enter|copy|insert|place|use|include) (?P<q>⟦\d+⟧) (?:in|into|as|under|for) "
            rf"(?:the |its )?(?:referral(?:['’]s)? )?(?:\w+ )?{_FIELD}(?: of (?:the|that|this) (?:referral|"
            rf"order|request))?",
            _I,
        ),
        r"Free text: \g<q>",
    ),
    (
        re.compile(
            rf",?\s*\band (?:please )?(?:paste|copy|put|use|insert|include|add|write|enter|type|state) "
            rf"(?:this|the following)(?: text)? (?:in|into|as|under|to|for) (?:the |its )?(?:\w+ )?{_FIELD}\b",
            _I,
        ),
        " with the free text",
    ),
    (
        re.compile(rf"\bwith (?:this|it|the following)(?: text)? as (?:the |its )?{_FIELD}", _I),
        "with the free text",
    ),
    # Who is to see the patient, and "the referral" behind it: one order.
    (
        re.compile(
            rf"^(?:(?!{_ACTING})[^.;,⟦])*?\b(?:(?:seen|reviewed|assessed) by|go to|need|needs|want|wants) {_SPECIALTY}"
            rf"(?: to (?:see|review|assess)[\w ]{{0,12}})?\s*[.;]\s*(?:please )?(?P<v>order|place|make|"
            rf"submit) the referral\b",
            _I,
        ),
        r"\g<v> the referral to \g<s>",
    ),
    (re.compile(r"\bref(?=\.? (?:to|this|pt|him|her|for)\b)\.?", _I), "refer"),
    (
        re.compile(
            rf"(?:(?:^|(?<=[.;:\n]))(?:(?!\band\b|{_ACTING})[^.;:,\n⟦])*?)?\b(?:needs?|wants?|requires?|have|get|is to "
            r"be|are to be|should be)(?: to be| to have)? "
            r"(?:referring|referred|referral|a referral)(?= to\b)",
            _I,
        ),
        "refer",
    ),
    (
        re.compile(
            rf"\barrange\s+(?:for\s+)?(?:(?:him|her|them|this patient)\s+)?to be (?:seen|reviewed|assessed|evaluated)"
            rf" by {_SPECIALTY}",
            _I,
        ),
        "referred",
    ),
    (
        re.compile(
            rf"\b(?:could|can|would|should) {_SPECIALTY} be asked to (?:see|review|assess)[^.?;⟦]{{0,20}}\??", _I
        ),
        "referred",
    ),
    (
        re.compile(rf"(?:^|(?<=[.;]))\s*ask {_SPECIALTY} to (?:see|review|assess)\s*by (?:a )?referral\b", _I),
        "referred",
    ),
    (
        re.compile(
            rf"\breferral(?: request| order)?\s*[-–:]\s*{_SPECIALTY}\s*[-–,:.\s]*(?=[-–,:.]|{_FIELD}|⟦)",
            _I,
        ),
        r" Order a referral to \g<s>. ",
    ),
    (
        re.compile(
            r"\b(?:put in|make|place|submit|raise|send|file|enter|log|create) an? (?:request|order|referral request|"
            r"referral order) (?:for|to)\s+(?=an?\b|[\w ]{3,40}?(?:referral|consult))",
            _I,
        ),
        "order ",
    ),
    (re.compile(r"\b(?:file|enter|log) (?=an? (?:[\w-]+ ){0,3}referral\b)", _I), "order "),
    (
        re.compile(
            rf"(?:^|(?<=[.;]))\s*(?P<what>(?!if\b|when\b)(?:[\w-]+ ){{0,4}}referral)(?=\s*[-–]*\s*{_FIELD}\s*:?\s*⟦)",
            _I,
        ),
        "noun",
    ),
)
_COULD = re.compile(rf"\b(?:could|can|may|would) (?P<w>an? [^.;?⟦]{{3,70}}?) be {_DONE}\b", _I)

_ANAPHOR = (
    r"(?:if so|if yes|if (?:it|they|that|this) (?:is|was|do(?:es)?|has)(?: the case)?|if that(?:['’]s| is) the case|"
    r"should (?:it|that|this) be(?: so| the case)?|when so|in (?:that|which|this) case|then)"
)
# "Check whether it is low and if so order ..."; "Has it been low? In that case, order ...".
_WHETHER = re.compile(
    rf"(?:\b(?:i|we)(?: want| need|['’]d like| would like) to )?\b(?:check|see|find out|determine|assess|"
    rf"confirm|verify|look|know|establish|tell me)\s+(?:whether|if)\s+"
    rf"(?P<c>(?:[^.;?⟦]|\.(?=\d)){{3,140}}?)\s*[,;.?]?\s*(?:\band\s+)?{_ANAPHOR}\b\s*,?\s*(?:then\s+)?",
    _I,
)
_HAS = re.compile(
    rf"(?:^|(?<=[.;!?]))\s*(?:has|had|have|is|was|does|did)\s+(?P<c>(?:[^.;?⟦]|\.(?=\d)){{3,120}})\?\s*"
    rf"(?:{_ANAPHOR}\b\s*,?\s*)+",
    _I,
)
_NOUN_ASKED = re.compile(
    rf"(?:^|(?<=[.;!?]))\s*(?P<c>(?:(?:an?|any)\s+)?(?:low|high|elevated|raised|"
    rf"no)\s[^.;,?⟦]{{3,90}})\?\s*(?:{_ANAPHOR}\b,?\s*)?"
    rf"(?={VERB.pattern})",
    _I,
)
_EQUALS = re.compile(r"(?:^|(?<=[.;,:]))\s*(?P<c>[^.;,:=?]{2,40}?)\s+(?:=|means:?|meaning)\s+(?=\S)", _I)
# A second "if" that only says when nothing is to be done: a sentence of its own.
_IDLE = re.compile(
    r"\s*[,;]\s*(?:and\s+|but\s+)?(?=(?P<idle>(?:if|when|where|should|in case)\b(?:(?!,\s*(?:and |but "
    r")?(?:if|when|should|"
    r"in case)\b)(?:[^.;?⟦]|\.(?=\d)))*?\b(?:(?:do not|don['’]?t|"
    r"no need to|refrain from) (?:order|prescri|give|giv|place|replac|do|administ)\w*|no orders?|(?:order|"
    r"do|give) nothing)"
    r"(?: anything| any(?: \w+)?| it)?\s*(?:at all)?\s*)(?:$|[.;?\n]))",
    _I,
)
_LINK = (
    r"(?:pair(?:ed)?|accompan(?:y|ied|ying)|coupled?|combined?|link(?:ed)?|tied?|attach(?:ed)?|match(?:ed)?|"
    r"join(?:ed)?)"
)
_IT = r"(?:(?:this|the|it|that|them|each)\b(?:\s+(?:order|replacement|dose|prescription))?)"
_NEXT = r"(?=(?:an?|the|another|one)\b|(?:repeat|morning|next|serum|follow|control|plasma|\w+ level)\b)"
_PAIRS = (
    re.compile(rf",?\s*\b(?:and|plus|;)?,?\s*(?:also\s+)?(?:(?:this|that|the) (?:order|replacement)(?: is| "
    rf"being| to be)?\s+)?\b{_LINK}\b\s+(?:up\s+)?(?:{_IT}\s+)?(?:with|by|to)\s+(?:{_IT}\s*,?\s*)?{_NEXT}", _I),
    re.compile(rf",?\s*\b(?:and|plus)\b,?\s*(?:also\s+)?(?:along(?:side)?(?: with)?|together with|in "
    rf"addition to|to go with|with)\s+{_IT}\s*,?\s*{_NEXT}", _I),
    re.compile(rf",?\s*\b(?:together|along)\s+with\s+{_NEXT}", _I),
    re.compile(r",?\s*\band so (?:is|are|should be|must be)\s+(?=an?\b|the\b)", _I),
    re.compile(rf",?\s*\bwith (?:an? |the )?(?:paired|accompanying|matching|associated|"
    rf"corresponding)\s+(?:{_NEXT})?", _I),
)  # fmt: skip
_NOT_ORDER = re.compile(r"\s*(?:the |its |a )?(?:[\w-]+ )?(?:date|time|value|result|instructions?|rule|unit)\b", _I)
_EARLY = (
    (re.compile(r"\b(?:two|both|2) (?:orders|things)\s*:\s*", _I), "order "),
    # "Potassium protocol for ...:" is a heading.
    (
        re.compile(
            rf"^\s*(?!(?:no|not|do|don|skip|hold|cancel|avoid|{STOP}|{ORDER}|{RECORD})\b)(?:\w+\s+){{1,2}}"
            r"(?:protocol|replacement|schedule|review|round)\s*(?:for)?\s*[:,]\s*",
            _I,
        ),
        "",
    ),
    (re.compile(r"\bschedule (?=an?\b|another\b|the\b|serum\b|repeat\b)", _I), "book "),
    (re.compile(r"\(\s*(?:order(?:ed)?|dosed?|given?)\s+(?=(?:as|per|by|according|following|using)\b)", _I), "("),
    (
        re.compile(
            r"\b(?:at|with|using|by) the dose(?:s)? (?:from |in |of |given by |that )?(?=(?:the |these "
            r")?(?:dosing )?instr)", _I
        ),
        "per ",
    ),
    (
        re.compile(
            r"\bas (?:directed|given|described|outlined|laid out|set out|specified|stated|instructed|said) "
            r"(?:in|by)\b", _I
        ),
        "per",
    ),
    (re.compile(r"[.,;]?\s*\b(?:either way|in (?:any|either) case|regardless|anyway),?\s+(?=(?:please "
    r")?(?:tell|report|give me|"
                r"show|state|let me know)\b)", _I), ". "),
    (re.compile(r"(?<=\. )(?:tell|report|give me|show|state|let me know)\b"), lambda m: m[0].capitalize()),
    (re.compile(r"(?<!\. )\blet (me|us) know\b", _I), r"tell \1"),
    (re.compile(r"(?<=\. )let (me|us) know\b", _I), r"Tell \1"),
    (re.compile(r"\balong with (?=(?:the |its )?(?:\w+ )?(?:date|time|value|result)\b)", _I), "and "),
    (re.compile(r"(?<=[>≥])\s*(\d+)(?=(?:yr|year|mo|month|day|wk|week|h)s?\b)", _I), r" \1 "),
    (
        re.compile(
            r"\b(?:i|we) (?:need|want|would like|['’]d like)\s+(?P<w>[^.;,⟦]{3,60}?) (?:checked|reviewed|"
            r"looked (?:at|up)|"
            r"verified|assessed)\b",
            _I,
        ),
        r"Check \g<w>",
    ),
    (
        re.compile(r"\band (?P<w>(?!if\b|when\b)(?:[\w-]+ ){1,4})(?:ordered|requested|given|booked|prescribed)"
                   r"(?=\s*(?:$|[,.;]|if\b|when\b|where\b))", _I),
        r"and order \g<w>",
    ),
    (
        re.compile(
            r"(?P<lead>^|[.;?]\s*)(?P<w>(?:an? )?(?:new|repeat|fresh|further)\s+(?:[\w-]+\s+){1,4}?)(?:is |"
            r"are )?to be "
            r"(?:ordered|requested|booked|arranged|done)\b",
            _I,
        ),
        r"\g<lead>Order \g<w>",
    ),
)  # fmt: skip


def _states(text: str) -> bool:
    old = OLD.search(text) and OLDER.search(text)
    return bool(LOW.search(text) or HIGH.search(text) or MISSING.search(text) or old)


def early(text: str) -> str:
    """The text with headings, causatives, references to a dosing rule and referrals said plainly."""
    said = " ".join(re.sub(r"\b(is|does|do|has|was|are|have|did|should)nt\b", r"\1n't", text, flags=_I).split(" "))
    said = re.sub(r"[ \t]+", " ", said)
    for pattern, put in _EARLY:
        said = pattern.sub(put, said)
    if not re.search(
        r"\b(?:no|not|don['’]?t|cancel|stop|without|unless|if|when|"
        r"does|did|has|had|was|were|declin\w*|refus\w*|cancel\w*|already|yesterday|ago|later|"
        r"last (?:week|month|year)|"
        r"should (?:he|she|it|they|this|that|there|no|any))\b",
        said,
        _I,
    ):
        for pattern, how in _REFERRALS:
            said = _referral(said, pattern, how)
        if re.search(r"\breferral\b", said, _I):
            said = _COULD.sub(lambda m: f"order {m['w']}", said)
    return said


def _referral(said: str, pattern: re.Pattern[str], how: str) -> str:
    found = pattern.search(said)
    if found is None:
        return said
    if how == "quote":
        rest = f"{said[: found.start()]}{said[found.end() :]}".strip(" ,.;")
        rest = re.sub(r"^(?=an?\b|the\b)(?!.*\b(?:order|refer|request)\w*\b)", "order ", rest, flags=_I)
        return f"{rest} with the free text {found['q']}"
    if how == "noun":
        named = found["what"].strip()
        return said if VERB.search(named) else f"{said[: found.start()]} order {named}, {said[found.end() :].strip()}"
    if how == "referred":
        put = f" Refer to {found['s']}. "
        return (
            said[: found.start()].rstrip(" ,") + put + said[found.end() :]
            if "referral" in said.lower() or "arrange" in found[0].lower()
            else said
        )
    return pattern.sub(how, said)


def late(text: str) -> str:
    """The text with deciding questions as conditions, pairs as orders and idle conditions as sentences."""
    said = re.sub(r"(\bby the rule),(?= (?:should|must|is to|needs to|has to)\b)", r"\1", text)
    said = re.sub(rf"^\s*by the rule,\s*(?P<w>{VERB.pattern}[^.;,]*?)(?=\s+(?:if|when|where)\b|"
    rf"[.;,])", r"\g<w> by the rule",
                  said, flags=_I)  # fmt: skip
    for pattern in (_WHETHER, _HAS, _NOUN_ASKED):
        said = pattern.sub(lambda m: f" If {m['c'].strip()}, " if _decides(m["c"]) else m[0], said)
    said = _EQUALS.sub(_means, said)
    said = re.sub(
        r"(?<=order )(?P<w>replacement(?: (?!order\b)[a-z]+)?|[a-z]+ replacement) "
        r"order\b(?! set)",
        r"\g<w>",
        said,
        flags=_I,
    )
    said = "".join(_parted(part) for part in re.split(r"(?<=[.?!\n])(?=\s)", said))
    for pattern in _PAIRS:
        said = pattern.sub(_paired, said)
    return said


def _decides(words: str) -> bool:
    return (
        _states(words)
        and not CONDITION.search(words)
        and not re.search(r"\b(?:what|which|when|how|or not)\b", words, _I)
    )


def _means(found: re.Match[str]) -> str:
    words = re.sub(r"^(?:and|but)\s+", "", found["c"].strip(), flags=_I)
    if not _states(words) or CONDITION.search(words) or VERB.search(words) or CHECKS.match(words):
        return found[0]
    then = found.string[found.end() :]
    ordered = VERB.match(then) or re.match(r"(?:no|nothing|do not|don['’]t)\b", then, _I)
    return f" if {words}, {'' if ordered else 'order '}"


def _parted(sentence: str) -> str:
    rows = (row for row in _IDLE.finditer(sentence) if CONDITION.search(sentence[: row.start()]))
    if (found := next(rows, None)) is None:
        return sentence
    rest = sentence[found.end() :]
    return f"{sentence[: found.start()]}. {rest[:1].upper()}{rest[1:]}"


def _paired(found: re.Match[str]) -> str:
    then = re.split(r"[.;]", found.string[found.end() :])[0]
    if _NOT_ORDER.match(then) or not (
        LAB.search(then) or IMAGING.search(then) or REPLACE.search(then) or "serum" in then
    ):
        return found[0]
    return " and order "
