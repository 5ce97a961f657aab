"""Word classes that instructions are read by: verbs, conditions, connectors, objects. No sentence of anybody's."""

from __future__ import annotations

import re

_I = re.IGNORECASE
ORDER = (
    r"order(?:ed|ing)?|re-?order(?:ed)?|request(?:ed)?|place|arrange|book|schedule|prescribe|give|administer|"
    r"start|begin|"
    r"commence|initiate|replace|replenish|replete|supplement|refer|send|draw|obtain|repeat|re-?check|issue|submit|"
    r"organi[sz]e|pair|add on|set up|put in|raise|write up|make|create|generate|write|top up|correct|infuse|"
    r"treat|need(?:s|ed)?|"
    r"get(?: (?:a|an|another))?|perform|do a|run|collect|follow(?:ed)? up|transfuse"
)
RECORD = (
    r"record(?:ed|ing)?|chart(?:ed)?|document(?:ed)?|enter(?:ed)?|filed?|log(?:ged)?|noted?(?: down)?|saved?|stored?|"
    r"captured?|entry|entries|charting|recording|logging|filing|"
    r"new (?:set of )?(?:obs|observations|vitals|vital signs|readings?)|register(?:ed)?|add(?:ed)?|put|updated?|"
    r"input|write(?: down)?|upload(?:ed)?|documenting|registering|(?:take|put|jot|note) down"
)
TELL = r"notify|tell|inform|message|alert|page|let|send (?:a )?message(?: to)?"
STOP = r"stop|hold|discontinue|cease|suspend|withhold"
CHECK = (
    r"check|what(?:'|’)?s?|what (?:is|was|were)|which|when (?:was|is|were)|look(?: up| at)?|review|see|find(?: out)?|"
    r"get|take|pull(?: up)?|retrieve|tell me|show(?: me)?|report|give me|read|verify|assess|determine|fetch|"
    r"examine|confirm|"
    r"provide|identify|i (?:need|want)(?: to know)?|can you (?:tell|give)|how (?:high|low|much)|obtain|grab|"
    r"consult|state"
)
VERB = re.compile(rf"\b(?P<order>{ORDER})\b", _I)
RECORDS = re.compile(rf"\b(?:{RECORD})\b", _I)
TELLS = re.compile(rf"\b(?P<verb>{TELL})\b\s+(?P<who>[^:,.;]+?)\s*(?::|,|\bthat\b|\bto say\b|\babout\b|⟦|$)", _I)
STOPS = re.compile(rf"\b(?P<verb>{STOP})\s+(?:the |her |his |their |giving )?(?P<what>[a-z][\w -]{{2,40}})", _I)
CHECKS = re.compile(rf"(?:^|[,;.:]\s*|\band\s+|\bplease\s+|\bto\s+|\bfirst,?\s+)(?:{CHECK})\b", _I)
CONDITION = re.compile(
    r"\b(?:if|when(?! (?:was|is|were|did|it was|they were))|whenever|should(?= (?:it|the|this|that|her|his|"
    r"their|no|there|any|"
    r"potassium|magnesium|\w+ (?:be|prove|turn|come|fall|drop)))|in case|provided(?: that)?|in the event(?: that)?|"
    r"unless|where(?= (?:it|the|this|that|low|high|none|no|there|below|above|needed))|assuming|as long as|only if)\b",
    _I,
)
LOW = re.compile(
    r"\b(?:low(?:er)?|deficien\w*|depleted|hypo[a-z]+aemi[ac]\w*|hypo[a-z]+emi[ac]\w*|reduced|decreased|insufficient|"
    r"subnormal|(?:below|under|beneath)(?: the)?(?: lower)?(?: limit(?: of)?)?(?: the)? (?:normal|range|"
    r"reference|threshold|"
    r"goal|target|limit|cut-?off)|needs? (?:replacing|replacement|repletion)|short of|suboptimal|abnormally low)\b",
    _I,
)
HIGH = re.compile(
    r"\b(?:high(?:er)?|elevated|raised|increased|hyper[a-z]+a?emi[ac]\w*|(?:above|"
    r"over)(?: the)?(?: upper)?(?: limit(?: of)?)?"
    r"(?: the)? (?:normal|range|reference|threshold|goal|target|limit))\b",
    _I,
)
_COUNT = (
    r"(?:\d+|an?|one|two|three|four|five|six|nine|twelve|eighteen|twenty-four|the (?:last|past|previous)|last|past)"
)
OLD = re.compile(
    rf"\b(?P<count>{_COUNT})\s*(?:full |calendar |\d+ )?-?(?P<unit>hour|hr|day|week|month|year|yr)s?"
    rf"(?:(?: |-)?(?P<tail>old|ago|earlier|before|prior|previous|back))?",
    _I,
)
OLDER = re.compile(
    r"\b(?:older|more than|greater than|longer than|over|exceeds?|exceeding|at least|beyond|past|>|"
    r"out ?-?of ?-?date|stale|"
    r"outdated|has(?:n't| not) (?:been|had)|have(?:n't| not)|not (?:been )?(?:checked|done|measured|tested|"
    r"repeated|within|in|"
    r"recent|from|had|drawn)|was(?:n't| not)|isn't|is not|no(?:t)? (?:\w+ ){0,6}(?:in|within|for|over|during)|none|"
    r"or more|(?:has|have) (?:gone by|passed|elapsed)|predates?|before|overdue|earlier than|aged)\b",
    _I,
)
MISSING = re.compile(
    r"\b(?:no\b(?! (?:more|later|longer|earlier|less))|none|never|missing|unavailable|absent|not (?:available|"
    r"recorded|on file|found|there|"
    r"documented|present|been (?:recorded|measured|done|checked|drawn))|without (?:a|any)|nothing|lack(?:s|ing)?|"
    r"(?:isn't|is not|there isn't|hasn't been|has not been|there's no))\b",
    _I,
)
NOT = re.compile(
    r"\b(?:do not|don(?:'|’)t|no need to|never|nothing (?:should|needs|is)|skip|withhold|refrain from|avoid|"
    r"without)\s+"
    r"(?:to )?(?:be )?(?:any )?(?:order|place|prescrib|give|administ|request|do\b|place|need|further|act|replac)\w*|"
    r"\b(?:(?:place|make|give|put in|issue|submit|write|send)\s+)?no (?:new |such |more )?"
    r"(?:order|action|replacement|treatment|orders|further)\b|\b(?:do|order|give|place|prescribe|request) nothing\b|"
    r"\bdont\b|^\W*skip(?: it| this| the order)?\W*$|\bskip (?:the )?(?:order|replac|dos)\w*|"
    r"\bhold off\b(?: (?:on|from) (?:order|giv|prescri|replac|treat)ing)?|"
    r"\bnothing (?:is )?(?:to be )?ordered\b|"
    r"\bleave (?:it|things)\b|\bno orders? (?:is|are|should)\b|\bnothing (?:needs|has) to be\b|\bdo not\b|"
    r"\bdon(?:'|’)t\b",
    _I,
)
REPLACE = re.compile(
    r"\b(?:replacement|replac(?:e|ing)|replet(?:e|ion|ing)|replenish\w*|supplement\w*|top(?:ping)? up|"
    r"correct(?:ion|ive|ing)?|"
    r"infus(?:e|ion)|bolus|transfuse|dose(?! ?(?:response))|doses|tablets?|capsules?)\b",
    _I,
)
LAB = re.compile(
    r"\b(?:levels?|tests?|labs?|panel|assay|measurements?|cultures?|count|sample|specimen|blood (?:draw|test|work)|"
    r"bloods|draw|redraw|re-?check|repeat|concentration|a1c|hba1c|reading|check|value)\b",
    _I,
)
IMAGING = re.compile(
    r"\b(?:x-?rays?|radiographs?|ct|mri|ultrasound|doppler|echo(?:cardiogram)?|ecg|ekg|electrocardiogram|scan|"
    r"(?:chest |plain )?films?|angiogra(?:m|phy)|endoscopy|colonoscopy|spirometry|eeg|mammogram|dexa)\b",
    _I,
)
REFERRAL = re.compile(
    r"\b(?:referr?als?|refer\b|consult(?:ation)?s?\b|appointment|(?<=surgery )(?:input|opinion)|"
    r"(?<=ology )(?:input|opinion)|clinic visit|evaluation by|review by)",
    _I,
)
PAIR = re.compile(
    r"\b(?:pair(?:ed)?(?: (?:this|the|it|that)(?: \w+)?)?(?: up)? with|along(?:side)? (?:with)?|together with|"
    r"as well as|plus|and with (?:it|that|them)|with (?:it|that) (?=an?\b)|"
    r"followed by|accompanied by|coupled with|in addition(?: to (?:this|that|it))?|combine (?:this|it|"
    r"the order) with|"
    r"and (?:also )?(?:a|an|another)|also|with a (?:repeat|follow-?up|morning)|accompany (?:this|it|that|"
    r"the order) with)\b",
    _I,
)
TAIL = re.compile(
    r"\s*(?:,|\(|\b)(?:according to|as per|per (?:the|protocol|dosing|those|these)|using the|based on|by (?:the|"
    r"these|those)|"
    r"following the|in line with|in accordance|as (?:instructed|directed|described|given|below|above|outlined|"
    r"specified|the|laid|stated|set|in|its)|dosed|dosage|see|with the dose|to the dos|due|"
    r"with (?:it|that|them)\b|to go|apply|"
    r"with the (?:comment|note|text|following)|specif(?:y|ying)|stating|stat|(?:for|on|to|"
    r"in) (?:the )?(?:patient|pt|mrn|him|"
    r"her|them|this patient)|in the free text|free[- ]text|with (?:(?:an?|the) )?(?:note|comment|message|free)|"
    r"including|"
    r"to be (?:completed|done|drawn|collected|performed|taken)|so that|because|until|to (?:reach|achieve|bring|"
    r"reach)|"
    r"for every|for each|(?:to be )?(?:ordered|placed|requested|booked|arranged)|should be|is to be|"
    r"needs? to be|please|whose|containing|noting|and (?:include|specify|"
    r"state|note|"
    r"write|add|put))\b.*",
    _I | re.DOTALL,
)
FORMAT = re.compile(
    r"\b(?:the )?(?:answer|result|response|output|reply)\b[^.]*\b(?:should|must|is to|be|as|needs)\b|\breturn\b|"
    r"\brespond with\b|"
    r"\brounded\b|\banswer (?:with|in)\b",
    _I,
)

_IDLE = re.compile(r"\b(?:is|are|be|was)?\s*(?:needed|required|necessary|to be (?:ordered|done|given))\b", _I)


def negative(text: str) -> bool:
    """Whether a text only says what is not to be done."""
    return bool(NOT.search(text)) and not VERB.search(_IDLE.sub(" ", NOT.sub(" ", text)))
