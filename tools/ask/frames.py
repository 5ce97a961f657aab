"""The same question frame in other words, put into the words the grammar reads: one wording stands for each frame.

Only words of frames are exchanged, never names of things, times, limits or numbers of the question.
"""

from __future__ import annotations

import re

from tools.ask.times import NUMBER, UNIT

_I = re.IGNORECASE
_READING = r"(?:measurements?|readings?|results?|values?|checks?|tests?|figures?|levels?|one)"
_MEASURED = (
    r"(?:measured|checked|recorded|taken|done|drawn|tested|read|charted|noted|documented|assessed|weighed|looked at|"
    r"obtained|collected)"
)
_STAY = r"(?:hospital |icu |intensive care )?(?:stay|visit|admission|encounter|hospitali[sz]ation)"
_UNTIED = r"(?:ongoing|in progress|under ?way|going on|running|open|not (?:yet )?(?:over|ended|finished))"
_NO_MEAN = (
    r"(?!.*(?<!\w)(?:average|mean|avg|the (?:last|latest|most recent))(?! (?:month|year|week|day|hospital|icu|"
    r"stay|visit|"
    r"\d))(?!\w))"
)
_FRAMES: list[tuple[re.Pattern[str], str]] = [
    # Which of several, and how they stand to each other.
    (re.compile(rf"(?<!\w)(?:the )?(?:one|{_READING}) (?:just |immediately |directly |right )?"
                r"(?:before|preceding|prior to) (?:it|that(?: one)?|the last(?: one)?|this one)(?!\w)", _I),
     "the second to last"),
    (re.compile(r"(?<!\w)(measurement|reading|value|result|test|check) (?:number |no\.? ?|#)?(?:one|1)(?= (?:and|to|vs|"
                r"versus)(?!\w))", _I), r"first \1"),
    (re.compile(r"(?<= )(measurement|reading|value|result|test|check) (?:number |no\.? ?|#)?(?:two|2)(?=\W*$|[?.,;])",
                _I), r"second \1"),
    (re.compile(r"(?<!\w)at least (?:one|1)(?= (?:of|[a-z]))(?! (?:time|year|month|day|week|hour))", _I), "any"),
    (re.compile(r"(?<!\w)in what way(?!\w)|(?<!\w)(?:by|through|via) (?:what|which) (?:means|way)(?!\w)", _I),
     "by which route"),
    (re.compile(r"(?<!\w)co-?prescribed (?:together )?(?:with|alongside)(?!\w)", _I), "prescribed together with"),
    # Distances between events.
    (re.compile(rf"(?<!\w)(?:no|not) (?:later|more) than ({NUMBER}) ?-?({UNIT}) (?=after|following|later)", _I),
     r"within \1 \2 "),
    (re.compile(rf"(?<!\w)(?:with)?in ({NUMBER}) ?-?({UNIT}) (?:of|from) (?!now|today|this|last|the last|the past|"
                r"(?:19|20|21)\d\d|when|the end|each)", _I), r"within \1 \2 after "),
    (re.compile(rf"(?<!\w)in the ({NUMBER}) ({UNIT}) (?=after|following)", _I), r"within \1 \2 "),
    # Times.
    (re.compile(r"(?<=how many )(hours|days|weeks|months|years) back(?= (?:was|were|did|had|has|is))", _I), r"\1 ago"),
    (re.compile(r"(?<!\w)(?:counting|starting|looking|considering|reckoning|dating|running)(?: only)? (?:back )?from"
                r"(?= )", _I), "since"),
    (re.compile(r"(?<!\w)(?:looking|counting|considering)(?: only)?(?: at)? (?:(?:the )?(?:time|period|records?|data) )"
                r"?(?=(?:until|up (?:to|until)|since)(?!\w))", _I), ""),
    (re.compile(r"(?<!\w)(?:in|over|during|for) (?:all )?the (?:time|period|timeframe|interval)(?: of time)? "
                r"(?=(?:since|until|up to|before|between|from)(?!\w))", _I), ""),
    (re.compile(r"(?<!\w)(?:the )?past calendar (month|year)(?: \(last \1\))?(?!\w)", _I), r"last \1"),
    (re.compile(r"(?<!\w)at (?:any|some) (?:point|time|stage|moment)(?: in time| whatsoever| at all)?(?!\w)", _I),
     "ever"),
    (re.compile(r"(?<!\w)(day|week|month|year|hour)-by-\1(?!\w)", _I), r"\1 by \1"),
    (re.compile(r"(?<!\w)(?:since|from|after) this (?:very |same )?time yesterday(?!\w)", _I), "in the last 24 hours"),
    (re.compile(rf"(?<!\w)(?:going|looking|reaching|dating) back (?:no (?:more|further|longer) than|at most|up to|"
                rf"only) (?=(?:{NUMBER}) ?-?{UNIT})", _I), "within the last "),
    # "Patients no older than 40 years" is about their age.
    (re.compile(r"(?<!\w)(?<!patients )(?<!men )(?<!people )(?<!aged )(?<!those )"
                rf"(?:no|not) (?:older|more|earlier) than ({NUMBER}) ?-?({UNIT})(?: old| ago| back)?"
                r"(?! (?:after|later|following))(?!\w)", _I), r"within the last \1 \2"),
    (re.compile(rf"(?<!\w)(the|this) ({_STAY})(?:,? (?:that is|which is|that['’]s))?,? (?:now |still |currently )?"
                rf"{_UNTIED}(?!\w)", _I), r"the current \2"),
    (re.compile(r"(?<!\w)(?:the )?type of (the |patient [\w-]+['’]s |his |her |their )((?:most recent|\w+) )"
        r"?(?:hospital "
                r")?(?:admission|visit|stay)(?!\w)", _I), r"the admission type of \1\2hospital admission"),
    (re.compile(r"(?<!\w)(?:stay|stayed|spend|spent|be|was|been) (?:in|at) (?:the )?(hospital|icu|intensive "
        r"care(?: unit)?) "
                r"(?:the |for the |on the |during the )?(last|first|second) time(?!\w)", _I), r"in the \2 \1 stay"),
    (re.compile(r"(?<!\w)look(?:ed|ing)? after(?!\w)", _I), "kept"),
    (re.compile(r"(?<!\w)(first|last|latest) (?:moment|instant)(?= |$)", _I), r"\1 time"),
    # How low, how high; when it was last taken.
    (re.compile(r"(?<!\w)how low (?=(?:did|has|have|had)(?!\w))" + _NO_MEAN, _I), "what lowest value "),
    (re.compile(r"(?<!\w)how high (?=(?:did|has|have|had)(?!\w))" + _NO_MEAN, _I), "what highest value "),
    (re.compile(r"(?<!\w)how (?:low|high) (?=(?:was|were|is)(?!\w).*(?<!\w)(?:lowest|highest|minimum|maximum|"
        r"peak)(?!\w))", _I),
     "what "),
    (re.compile(r"(?<=how )(?:long ago,? in|long,? in) (hours|days|weeks|months|years),?(?= )", _I), r"many \1 ago"),
    (re.compile(r"(?<!\w)((?:in|at) (?:the )?(?:hospital|icu)) (?:today|now|right now|at the moment|at present)"
        r"(?!\w)", _I),
     r"currently \1"),
    (re.compile(r"(?<!\w)(did|do|have|by) (?:our |the )?(?:doctors|physicians|clinicians) (?=(?:(?:most|usually|"
        r"often|commonly|frequently) )*"
                r"(?:prescribe|order|diagnose|give|perform)(?:d|ed)?(?!\w))", _I), r"\1 "),
    (re.compile(r"(?<!\w)(was|were|been) brought (?:in )?(?=(?:to|via|through|into)(?!\w))", _I), r"\1 admitted "),
    (re.compile(r"^\W*bring (?:me |us )?(?:up |back )?(?=the|all|his|her|their|patient)", _I), "show "),
    (re.compile(r"(?<!\w)shift(?= in (?!the |a |charge))", _I), "change"),
    (re.compile(r"^\W*(?:please |kindly )?return (?=(?:the|all|patient|their|his|her|every)(?!\w))", _I), "give "),
    (re.compile(r"^\W*total (?=patients(?!\w))", _I), "number of "),
    # People.
    (re.compile(r"(?<!\w)(?:current |present )?in-?patient (?:count|census|headcount|numbers?)(?!\w)", _I),
     "number of current patients"),
    (re.compile(r"(?<!\w)(?:patient count|(?:patient )?head-?count|census|number|count) of (?=(?:the )?(?:current\w* )"
                r"?(?:\w+ )?patients(?!\w))", _I), "number of "),
    (re.compile(r"(?<!\w)(?:patient (?:count|numbers)|(?:patient )?head-?count)(?!\w)", _I), "number of patients"),
    (re.compile(r"(?<!\w)(twent|thirt|fort|fift|sixt|sevent|eight|ninet)y-somethings?(?!\w)", _I),
     r"patients in their \1ies"),
    # "Under 40 years old" is a person's age.
    (re.compile(rf"(?<!\w)(?:(?:less|fewer) than|under) ({NUMBER}) ?-?(?!years? old)({UNIT}) (?:old|ago)(?!\w)", _I),
     r"within the last \1 \2"),
    (re.compile(rf"(?<!\w)(?:newer|more recent) than ({NUMBER}) ?-?({UNIT})(?: ago)?(?!\w)", _I),
     r"within the last \1 \2"),
    (re.compile(r"(?<!\w)(?:since|from) yesterday (?:at )?this time(?: on)?(?!\w)", _I), "in the last 24 hours"),
    (re.compile(r",? ?(?:whenever (?:that|it) (?:was|is|might be)|however old(?: (?:it|that) (?:is|may be|might be))?|"
                r"no matter (?:how old|when)(?: (?:it|that) (?:is|was))?|regardless of (?:its |the )?(?:age|date|"
                r"time|when it "
                r"was(?: taken| measured)?|how old it is)|even if (?:it is |it['’]s )?old)(?=\W|$)", _I), ""),
    (re.compile(r",? (?:as|so) long as (?:it|this|that) (?:is|was|has been)(?= )|,? provided (?:that )?(?:it|"
        r"this) (?:is|was)"
                r"(?= )", _I), ""),
    (re.compile(r"(?<!\w)(?:only|just) (?=(?:take|consider|count|use|look at|include)(?!\w))", _I), ""),
    (re.compile(r"(?<!\w)what number (?=(?:did|does|is|was|has)(?!\w))", _I), "what value "),
    (re.compile(r"^\W*when(?:ever)? (?:you|we|i) (?:look at|check|open|pull up|see)(?= )", _I), "for"),
    (re.compile(r"(?<!\w)put down(?= as)", _I), "put"),
    (re.compile(r"^\W*for (?:dosing|prescribing|billing|triage|documentation|planning|reference|completeness|coding|"
                r"[a-z]+ purposes|my notes|the record),? (?=(?:i|we|what|which|how|when|give|tell|please|can|"
                r"could))", _I), ""),
    (re.compile(r"(?<!\w)(?:start(?:ed)? (?:out|off)|beg[ai]n)(?= (?:in|on|at|with)(?!\w))", _I), "first"),
    # What the answer is for, and what does not count.
    (re.compile(r"^\W*for (?:the|this|an?|my|our) (?:[\w-]+ ){0,2}(?:form|letter|chart|audit|summary|report|"
        r"sheet|certificate|"
                r"referral|note|handover|discharge letter)(?: (?:that )?(?:i|we)(?:['’]\w+)? (?:have to |need to "
                r"|must |has to |"
                r"am |are |want to )?(?:fill in|fill out|complete|filling in|filling out|completing|write|"
                r"writing|do|doing|"
                r"finish|finishing|prepare|preparing))?[,:]? ", _I), ""),
    (re.compile(r" for (?:the|this|an?|my|our|his|her|their) (?:[\w-]+ ){0,2}(?:forms?|letter|chart|audit|"
        r"handover|rounds?|"
                r"paperwork|summary|checklist|referral|certificate)\W*$", _I), " "),
    (re.compile(r"[,;-]? ?(?:(?:and|but) )?(?:anything |everything )?(?:older|earlier)(?: (?:ones|readings|"
        r"results|values|than "
                r"that))? (?:doesn['’]t|does not|don['’]t|do not)(?: (?:count|matter|interest (?:me|us)|help|"
                r"apply))?(?!\w)", _I),
     ""),
    # The same asked a second way, or a word to whoever answers.
    (re.compile(r",? (?:or )?(?:something|anything|someone|what|somewhere) else(?=\W)", _I), ""),
    (re.compile(r"(?:(?<=[.?!;:,] )|^)(?:please |kindly )?state (?=the|his|her|their|patient|what|which|when|how)", _I),
     "tell "),
]  # fmt: skip
_FIRST_TWO = re.compile(r"(?<!\w)(?:the )?(first|last) (?:two|2)(?!\w)", _I)
_YEARS = re.compile(
    r",? ?\(?(?:in |as )?(?:completed|whole|full) (?:years|yrs)(?: only)?\)?(?=\W|$)|^\W*in years,? ", _I
)
_AGE = re.compile(r"(?<!\w)(?:ages?|how old|years old)(?!\w)", _I)
_CHANGE = re.compile(r"(?<!\w)(?:chang|differ|compar|delta|gap)", _I)
_WHEN_LAST = re.compile(
    rf"(?<!\w)(?:,? ?when(?: (?:it|they|he|she|that|this) (?:was|were|got))?|the last time (?:it|they) (?:was|were)) "
    rf"(?P<which>last|first|most recently|lastly) {_MEASURED}(?!\w)",
    _I,
)
_ASKS_VALUE = re.compile(
    r"^\W*(?:¦|for |of |in |on |and |please |so |tell me |give me |can you |could you |patient \S+ )*"
    r"(?:what(?!['’]?s? (?:\w+ )?(?:the )?(?:time|date|day))|how (?:much|tall|heavy|high|low|many|big|fast|old))(?!\w)",
    _I,
)
_WHICH = re.compile(
    r"[?.;,:–-]+\s*(?:and )?(?:(?:if so,? )?(?:which|what)(?: (?:one|ones|was it|were they|is it|are they|drug|test))?|"
    r"name (?:it|them))\W*$",
    _I,
)
_ANY = re.compile(r"^\W*(?:(?:was|were|is|are) there )?any(?:thing)?(?= )", _I)


def framed(question: str) -> str:
    """The question with its frame in the words the grammar reads."""
    text = question
    for pattern, plain in _FRAMES:
        text = pattern.sub(plain, text)
    if _CHANGE.search(text):
        text = _FIRST_TWO.sub(
            lambda match: "first and second" if match[1].lower() == "first" else "last and second to last", text
        )
    if re.search(r"(?<!\w)how (?:long|many (?:hours|days|weeks|months))(?!\w)", text, _I):
        text = re.sub(r"(?<=\w) last(?=\W*$)", "", text, flags=_I)
    if _AGE.search(text):
        text = _YEARS.sub(" ", text)
    found = _WHEN_LAST.search(text)
    if found and _ASKS_VALUE.search(text[: found.start()]):
        which = "first" if found["which"].lower() == "first" else "last"
        text = f"{text[: found.start()]} {which} measured{text[found.end() :]}"
    if (tail := _WHICH.search(text)) and _ANY.search(text):
        text = _ANY.sub("which", text[: tail.start()]) + "?"
    return text


__all__ = ["framed"]
