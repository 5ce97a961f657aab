"""What an instruction may not contain to be drafted: where its reading would not be sure, it is refused, with why.

A draft that says other than the speaker did is worse than none. These are word classes that the reading has no place
for (exceptions, other branches, second conditions, fractions, reports); none is guessed at.
"""

from __future__ import annotations

import re
from typing import NoReturn

from agent.instruct_measured import measurements
from agent.instruct_pieces import imperative
from agent.instruct_plan import Act, Condition
from agent.instruct_rules import ranges
from agent.instruct_words import CHECKS, CONDITION, FORMAT, HIGH, LOW, RECORDS, REPLACE, STOPS, negative
from knowledge.terminology import Terminology
from knowledge.words import STOP
from tools.ehr.fhirjson import Resource
from tools.errors import BadInput
from tools.notes import linker_for

_I = re.IGNORECASE
_VERBS = r"(?:order|give|start|stop|hold|administer|prescribe|replace|repeat|draw|request|record|refer)\w*"
_EXCEPT = re.compile(
    r"\b(?:unless|except(?:ing)?|apart from|but (?:not|only|avoid|hold)|not if|only once|until|till)\b|"
    r"\b(?:once|while|whilst|as soon as|after)\s+(?:the |her |his |their |serum )?[a-z+]+\s+"
    r"(?:is|are|was|has|have|falls?|rises?|drops?|comes?|stays?|remains?|[<>≤≥])",
    _I,
)
_OTHERWISE = re.compile(r"\b(?:otherwise|(?:or )?else|if not|instead|in (?:all|any) other cases?)\b", _I)
_NOTHING = re.compile(
    r"^[\s,:;-]*(?:then\s+)?(?:please\s+)?(?:do )?(?:nothing|no (?:\w+ ){0,2}(?:action|order|change|"
    r"replacement|treatment)|leave|none|skip|that is all|ignore|(?:just )?"
    r"(?:report|tell me|return|answer|say|state|give me))\b",
    _I,
)
_HEDGE = re.compile(r"\b(?:consider\w*|maybe|perhaps|possibly|might|think about|what about|discuss(?:ing)?)\b", _I)
_QUESTION = re.compile(
    r"^(?:(?:should|may|can|could|shall|do|did|must|would) (?:we|i|she|he|they|it|one)\b|"
    r"(?:is|are|was|were|does|has|have|why|who|how)\b)",
    _I,
)
_REPORT = re.compile(
    r"\b(?:already|yesterday|last night|ago)\b|\b(?:was|were|has been|have been|had been|is being|got)\s+(?:\w+ )?"
    r"(?:ordered|given|started|stopped|held|administered|prescribed|replaced|repeated|drawn|requested|written)\b|"
    r"\b(?:takes|taking|is on|used to|refused|declined)\b",
    _I,
)
_NEGATED = re.compile(
    r"\b(?:not|never|no|don(?:'|’)t|nor|neither|cannot|can(?:'|’)t|shouldn(?:'|’)t|mustn(?:'|’)t|avoid\w*|"
    r"contraindicated|rather than|instead of)\b",
    _I,
)
_HARMLESS = re.compile(r"\b(?:with(?:out)?|no) (?:iv |oral )?contrast\b|\bno later than\b|\bnot later than\b", _I)
_TOLD = re.compile(
    r"^(?:please\s+|also\s+)*(?:tell|ask|inform|remind|notify|message|alert|page)\s+(?!me\b|us\b)[^:]*?"
    rf"(?::|,|\bthat\b|\bto\s+{_VERBS})",
    _I,
)
_SAYING = re.compile(
    r"\b(?:note|letter|summary|message|entry)\b[^⟦]*\b(?:saying|stating|that says|reading|"
    r"that)\b",
    _I,
)
_INJECTED = re.compile(
    r"\b(?:ignore|disregard|forget|override)\s+(?:all |any |the |your )*(?:previous|prior|above|earlier|safety|"
    r"other)?\s*(?:instructions?|rules|checks?|warnings?|allerg\w+)",
    _I,
)
_FRACTION = re.compile(r"\b(?:half|halve\w*|quarter|third|doubl\w+|tripl\w+|usual|same|normal) (?:the |a |of |his |"
                       r"her |dose|tablet|tab\b|strength|amount|usual)|½|¼|¾|"
                       r"\d\s*/\s*\d\s*(?:tab|of)", _I)  # fmt: skip
MATERIAL = re.compile(
    r"\b(?:urin\w+|csf|cerebrospinal|pleural|ascit\w+|synovial|stool|saliva|sweat|drain\w*|dialysate|arterial|venous|"
    r"capillary|cord)\b",
    _I,
)
_TREND = re.compile(
    r"\b(?:last|past) (?:two|three|four|\d+) (?!h\b|hours?|hrs?|days?|weeks?|months?|years?|minutes?)|\b(?:two|both|"
    r"all|consecutive|twice|any|every) (?:\w+ )?(?:values?|results?|levels?|readings?|measurements?)|\btomorrow|"
    r"\byesterday|\bstill\b|\boutside\b|\bbaseline|\bby more than\b|\bby at least\b|\bdoubl|"
    r"\b(?:fallen|risen|rising|falling) by|"
    r"\b(?:increas|decreas|reduc|rais|ris|rose|fell|drop|chang)\w*\b[^.]*\bby\b|\bdespite\b|\balthough\b|"
    r"\b(?:skip|omit|avoid|withhold|hold|stop|cancel|call|double)\b|\d,\d|"
    r"\bafter\b|\bprevious(?:ly)?\b(?! (?:\d+|hour|day|week|month|year|24))",
    _I,
)
_LINKS = re.compile(r"\b(?:and|or|but|while|whereas|with|without|plus)\b|&|/(?=\s)", _I)
# What may follow a link within a condition: nothing in it is a condition of its own.
_LINKED = re.compile(
    r"^\s*(?:(?:is |was |falls? |drops? )?(?:less|lower|below|under|more|higher|above|greater|equal\w*|at)\b|"
    r"\d|(?:is |are |was )?(?:needs?|requires?|in need)|(?:was|were|is|has|had|have|taken|drawn|done|dated|recorded|"
    r"measured|it|there|no|none|not|nothing|never|missing|unavailable|absent|older|more|over|within|the|a|an|any|"
    r"last|result|value|level)\b|reference|range|$)",
    _I,
)
# Words that a drug's name may have beside it: salts, forms, kinds of giving.
_BESIDE = frozenset(
    re.findall(
        r"\S+",
        """a an the of with by in as and/or oral orally intravenous iv po im sc subcutaneous intramuscular
        sodium potassium magnesium calcium zinc iron chloride sulfate sulphate hydrochloride hcl phosphate
        acetate gluconate citrate carbonate bicarbonate tartrate succinate maleate mesylate mesilate
        besylate besilate fumarate bromide nitrate oxide hydroxide acid tablet tablets tab tabs capsule
        capsules cap caps liquid solution suspension syrup injection infusion bolus drip slow slow-release
        sr er xr mr cr la ec xl modified modified-release extended extended-release immediate immediate-
        release release enteric coated enteric-coated effervescent elixir patch patches inhaler inhaled
        nebuliser nebulizer nebulised nebulized neb cream ointment gel spray drops dose doses replacement
        repletion replenishment supplement supplements supplementation therapy treatment course loading
        maintenance regular short long acting rapid short-acting long-acting rapid-acting human insulin salt
        powder sachet vial ampoule premixed mixed fluid fluids normal saline dextrose glucose water replace
        replete replenish correct correction level levels serum low stat dosing dosage order orders per
        medication drug appropriate missing deficit protocol sliding scale puff puffs units unit packed red
        cells blood some additional extra further it her his their needed necessary rate weight based""",
    )
)
_LOOSE = re.compile(
    r"\b(?:if|otherwise|else|unless|except|not|no|and|or|but|then|when|until|avoid|only|half|yesterday|"
    r"today|tomorrow|"
    r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|weekly|monthly|daily|hourly|reduce|increase|change|"
    r"switch|double|halve|give|order|start|stop|hold|to|from|for|mr|mrs|ms|patient|bed|everything|all)\b|[,;:/=<>]",
    _I,
)
_STRAY = re.compile(r"(?<![A-Za-z\d])[\d.,]*\d+(?![%\d])(?!-[a-z])[A-Za-z]?(?![A-Za-z])")


def refuse(
    why: str, found: str, action: str = "say it as one condition and its orders, in sentences of their own"
) -> NoReturn:
    """Refuse an instruction.

    Raises:
        BadInput: always.
    """
    raise BadInput(
        f"{why}: nothing is drafted",
        found=found.strip()[:160],
        expected="an instruction read with certainty",
        action=action,
    )


def sentences_fit(sentences: list[str], spans: dict[int, tuple[str, str, str]]) -> None:
    """Refuse sentences whose form has no place in a plan.

    Raises:
        BadInput: an exception, another branch, a second condition, a message or note that is not quoted.
    """
    for number, sentence in enumerate(sentences):
        if FORMAT.search(sentence) and not _acting(sentence):
            continue
        if found := _EXCEPT.search(sentence):
            refuse(f"an exception or an end ({found[0]!r}) cannot be put into a plan", sentence)
        if found := _INJECTED.search(sentence):
            refuse("an instruction to disregard instructions or checks is not followed", sentence)
        _branches(sentences, number)
        if _TOLD.search(sentence) and (
            number in spans or CONDITION.search(sentence) or re.search(rf"\bto {_VERBS}", sentence)
        ):
            refuse("a message and an order cannot be told apart", sentence, "put the message's text in quotation marks")
        if RECORDS.search(sentence) and (found := _SAYING.search(sentence)) and _acting(sentence[found.end() :]):
            refuse(
                "a note's text and an order cannot be told apart", sentence, "put the note's text in quotation marks"
            )
        if number in spans:
            before, text, then = spans[number]
            if found := CONDITION.search(then) or CONDITION.search(text):
                refuse(f"a second condition in one sentence ({found[0]!r})", sentence)
            if re.search(r"\b(?:and|but|then)$", before, _I) and _acting(before) and not _asks(before):
                refuse("whether the condition is of both orders is not sure", sentence)


def _branches(sentences: list[str], number: int) -> None:
    """Another branch is in order only where one of the two does nothing."""
    sentence = sentences[number]
    for found in _OTHERWISE.finditer(sentence):
        after, before = sentence[found.end() :], sentence[: found.start()]
        if found[0].lower() == "instead" and not _acting(after):
            continue
        idle = not _acting(after) or _NOTHING.search(after) or negative(after)
        first = before.strip(" ,;") or (sentences[number - 1] if number else "")
        if not idle and not (negative(first) and CONDITION.search(after)):
            refuse(f"another branch ({found[0]!r}) with an order of its own", sentence)


def _acting(text: str) -> bool:
    return bool(re.search(rf"\b{_VERBS}\b", text, _I) or STOPS.search(text) or REPLACE.search(text))


def _asks(text: str) -> bool:
    """Whether a text only asks for a value and its date: "recorded" in it is no order to record."""
    return (
        bool(CHECKS.match(text))
        and imperative(text) is None
        and not STOPS.search(text)
        and not re.search(r"(?:,|\band|\bthen|\bplease)\s+(?:record|chart|document|file|note|log|enter)\b", text, _I)
    )


# What a condition may say of "it": words that name no measurement.
_GENERAL = re.compile(
    r"\b(?:it|its|this|that|these|the|a|an|of|in|on|for|from|to|at|by|or|and|than|as|is|was|are|were|be|"
    r"been|has|have|had|"
    r"her|his|their|he|she|they|patient(?:['’]s)?|pt|last|latest|most|recent|current|new|newest|level|"
    r"levels|value|result|"
    r"results|reading|measurement|figure|number|concentration|serum|plasma|blood|lab|laboratory|test|check|"
    r"available|one|"
    r"comes?|came|back|turns?|out|proves?|shows?|shown|appears?|remains?|falls?|drops?|goes|found|indeed|"
    r"actually|only|"
    r"goal|target|threshold|limit|cut-?off|normal|range|reference|mild|moderate|severe|any|kind|band|"
    r"value['’]s|so|case|"
    r"must|should|less|lower|higher|more|greater|below|above|under|over|within|between|equal|hours?|h|days?|"
    r"then|needed|required|"
    r"indicated|necessary|appropriate|warranted|replacement|repletion|rule|past|reported|recorded|measured|"
    r"drawn|according)\b|"
    r"\b[A-Z]\d{5,}(?:['’]s)?\b|[^A-Za-z]+",
    _I,
)


def names_known(text: str, one: Condition, terms: Terminology, given: str) -> None:
    """Refuse a condition on a value of something that is not known: another sentence's measurement is not meant.

    Raises:
        BadInput: it names something that is neither a measurement known here nor a code given with it.
    """
    if one.kind in ("missing", "older", "always") or measurements(text, terms):
        return
    plain = text
    for start, end, _, _ in reversed(ranges(text)):
        plain = plain[:start] + " " + plain[end:]
    plain = re.sub(rf"{LOW.pattern}|{HIGH.pattern}", " ", plain, flags=_I)
    held = given.lower()
    left = [word for word in _GENERAL.sub(" ", plain).split() if word.lower() not in held]
    if left:
        refuse(f"what the condition is about is not known ({' '.join(left)!r})", text, "name the measurement")


def condition_fits(text: str, one: Condition, terms: Terminology) -> None:
    """Refuse a condition of which only a part was read.

    Raises:
        BadInput: two measurements, two limits, a negation, another material, a trend.
    """
    concepts = {concept for _, _, concept in measurements(text, terms)}
    if len(concepts) > 1:
        refuse("a condition of two measurements", text, "give one condition, on one measurement")
    if one.kind == "missing" or one.kind == "older":
        if one.kind == "missing" and (ranges(text) or LOW.search(text) or HIGH.search(text)):
            refuse("a condition of two kinds", text)
        return
    if re.search(r"\bby the rule\b", text, _I) and REPLACE.search(text):
        refuse("an order within a condition", text, "say what is to be ordered, with its verb")
    if len(ranges(text)) > 1:
        refuse("a condition with two limits", text, "give one limit, or one range (between A and B)")
    if found := re.search(r"\b(?:not|no|n't|never|neither|nor|none|missing|absent)\b|n[’']t\b", text, _I):
        refuse(f"a negation in a condition on a value ({found[0]!r})", text, "say it as below, above or between")
    if found := MATERIAL.search(text):
        refuse(f"a value of a named material ({found[0]!r}) is not looked up", text, "name the measurement alone")
    if found := _TREND.search(text):
        refuse(
            f"a condition on more than the latest value ({found[0].strip()!r})",
            text,
            "give a limit for the latest value",
        )
    if re.search(r"\b(?:old|older|ago)\b", text, _I):
        refuse("a condition on a value and on its age", text, "give one condition")
    for link in _LINKS.finditer(text):
        if not _LINKED.search(text[link.end() :]):
            refuse(f"a second condition ({link[0]!r})", text, "give one condition, on one measurement")


def part_fits(part: str) -> None:
    """Refuse a piece that an order was read from, where it asks, reports, doubts, denies or takes a fraction.

    Raises:
        BadInput: it does.
    """
    plain = _HARMLESS.sub(" ", part)
    for pattern, what in (
        (_HEDGE, "a consideration is not an order"),
        (_QUESTION, "a question is not an order"),
        (_REPORT, "a report of what was done is not an order"),
        (_NEGATED, "an order and what is not to be done, in one"),
        (_FRACTION, "a dose as a part or multiple of another"),
    ):
        if found := pattern.search(plain):
            refuse(f"{what} ({found[0].strip()!r})", part, "say what is to be ordered, in a sentence of its own")
    if ranges(plain):
        refuse("a limit that is not part of a condition", part, 'say it as "if X is below N, ..."')


_FRAGMENT = re.compile(r"\W*(?:with|it|its|as|that|this|these|which|by|of|and|or)\b", _I)
_AS_DRUG = re.compile(
    r"\b(?:iv|i\.v\.|intravenous|oral|po|im|intramuscular|subcutaneous|s/?c)\b"
    r"(?! (?:access|line|cannula|contrast|glucose tolerance))",
    _I,
)


def act_fits(act: Act, part: str, terms: Terminology) -> None:
    """Refuse an order whose name holds words that were not understood.

    Raises:
        BadInput: it does; or the drug's name looks misspelt.
    """
    if act.action == "request":
        named = act.fields.get("what", "")
        cut = re.search(r"\b(?:the|an?|with|to|for|of|and|in|by|or|from)$", named, _I)
        if found := re.search(
            r"\b(?:cancel\w*|stop|withdraw\w*|declin\w*|refus\w*)\b|\band to\b|^(?:does|do|did|is|are|has|"
            r"have|was|were|can|could)\b",
            named,
            _I,
        ):
            refuse(f"what is asked for is not sure ({found[0]!r})", part, "order each by itself, in its own words")
        if cut or not set(re.findall(r"[a-z0-9]+", named.lower())) - STOP or (found := _FRAGMENT.match(named)):
            refuse(f"what is asked for is not understood ({named!r})", part, "name the test, referral or procedure")
        if found := _AS_DRUG.search(named):
            refuse(f"a drug asked for as if it were a test ({found[0]!r})", part, "give the drug with its dose")
        if re.search(r",|\b(?:and|or|plus)\b", named) and len({row[2] for row in measurements(named, terms)}) > 1:
            refuse("two tests in one order", part, "order each in a sentence of its own")
        if found := re.search(
            r"\b(?:every|twice|daily|weekly|monthly|hourly|times|serial\w*|q\d+h|then|for \d+ days)\b", part, _I
        ):
            refuse(f"a test to be repeated ({found[0]!r})", part, "order each with its own time")
        return
    named = act.fields.get("drug", "")
    mentions = [
        row
        for row in linker_for(terms).link(named)
        if terms.get(row.concept).kind in ("medication", "drug_class", "observation")
    ]
    if wrong := next((row for row in mentions if row.how == "typo"), None):
        name = terms.get(wrong.concept).name
        refuse(f"the drug is not known by this name ({wrong.text!r}; {name}?)", part, "write the drug's name")
    rest = named
    for row in mentions:
        rest = rest[: row.start] + " " * (row.end - row.start) + rest[row.end :]
    if re.search(r"\d\.0{2,}(?!\d)", act.fields.get("dose", "")):
        refuse("a dose whose point may stand for thousands", part, "write it as 1 or 1000")
    if found := _STRAY.search(rest):
        refuse(
            f"a number without a unit that is known ({found[0]!r})", part, "give the dose with its unit, as 0.125 mg"
        )
    words = [word for word in re.findall(r"[^\s()]+", rest.lower()) if word.strip(".,-")]
    if mentions and any(terms.get(row.concept).kind != "observation" for row in mentions):
        strange = [
            word
            for word in words
            if word.strip(".,") not in _BESIDE and not re.fullmatch(r"[\d./]+%?|[abdk]\d{1,2}", word)
        ]
        if len({row.concept for row in mentions if terms.get(row.concept).kind == "medication"}) > 2:
            refuse("several drugs in one order", part, "order each in a sentence of its own")
        if strange:
            refuse(f"beside the drug not understood: {' '.join(strange)!r}", part)
        return
    if found := _LOOSE.search(rest):
        refuse(f"in the drug's name not understood: {found[0]!r}", part)


_TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Master)\.?\s+(?P<name>[A-Z][\w'’-]+)")
_FULL = re.compile(
    r"\b(?:for|on|to|patient|in|of)\s+(?P<name>[A-Z][a-z'’-]+\s+[A-Z][a-z'’-]+)\b(?!\s+(?:clinic|team|ward))"
)
_NUMBERED = re.compile(
    r"\b(?:mrn|medical record number|patient(?:\s+(?:id|number|no\.?))?|hospital number|nhs number)"
    r"(?:\s+(?:with|whose|of|is|id|mrn|number))*\s*[:#]?\s*(?P<id>[A-Z]{0,3}-?\d[\w-]*)|\b(?P<bare>[A-Z]\d{6,})\b",
    _I,
)


def same_patient(text: str, patient: Resource, id_: str, codes: set[str]) -> None:
    """Refuse an instruction that names another patient than the one whose record is open.

    Args:
        text: with quotations taken out.

    Raises:
        BadInput: a number or a name in it is not this patient's.
    """
    rows = [row for row in patient.get("identifier") or [] if isinstance(row, dict)]
    own = {id_.lower(), *(str(row.get("value")).lower() for row in rows)}
    for found in _NUMBERED.finditer(text):
        said = (found["id"] or found["bare"]).lower()
        if said not in own and said.upper() not in codes and said not in codes:
            refuse(f"it names another patient ({found[0].strip()!r})", text, "open that patient's record")
    for pattern in (
        r"\b(?:tell|notify|inform|message|alert|page|ask)\b[^.:;\n]*",
        r"\breferr?\w*\s+to\s+(?:(?:the|Dr|Mr|Mrs|Ms|Prof)\.?\s+)*\w+(?:\s+[A-Z]\w+)?",
    ):
        text = re.sub(pattern, " ", text, flags=_I)
    names = [row for row in patient.get("name") or [] if isinstance(row, dict)]
    held = {
        word.lower()
        for row in names
        for part in (row.get("family"), row.get("text"), *(row.get("given") or []))
        for word in str(part or "").split()
    }
    for found in [*_TITLED.finditer(text), *_FULL.finditer(text)]:
        if not any(word.lower() in held for word in re.split(r"\s+", re.sub(r"['’]s$", "", found["name"]))):
            refuse(
                f"it names somebody else ({found[0].strip()!r})",
                text,
                "open that patient's record, or leave the name out",
            )


__all__ = [
    "MATERIAL",
    "act_fits",
    "condition_fits",
    "names_known",
    "part_fits",
    "refuse",
    "same_patient",
    "sentences_fit",
]
