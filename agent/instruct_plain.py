"""Telegraphic, passive and noun wording turned into plain clauses before an instruction is read.

By classes of construction: "low -> replace it", "Low? Then ...", "in case of a low value", "a low value should be
treated with", "X should be ordered", "a referral is needed", "two orders: (a) ..., (b) ...".
"""

from __future__ import annotations

import re

from agent.instruct_shape import early, late
from agent.instruct_words import (
    CHECKS,
    CONDITION,
    HIGH,
    IMAGING,
    LAB,
    LOW,
    MISSING,
    NOT,
    OLD,
    OLDER,
    REFERRAL,
    REPLACE,
    STOPS,
    TELLS,
    VERB,
)

_I = re.IGNORECASE
_PATIENT = re.compile(
    r"(?:\b(?:for|on|of|from|in|to)\s+)?(?:\b(?:the\s+|this\s+|my\s+)?(?:patient|pt\.?|subject)\s*[:,]?\s*)?"
    r"(?:\(?\b(?:with\s+)?(?:the\s+)?(?:MRN|medical record (?:number|no\.?))\s*(?:of\s+|is\s+)?)?[:#]?\s*"
    r"\(?\b[A-Z]\d{6,}\b\)?(?:['’]s\b)?",
    _I,
)
_ARROW = re.compile(
    r"(?P<c>[^.;:\n?!]*?)\s*(?:-+>|=+>|→|⇒|\s=(?=\s*(?:don['’]?t|do not|no |order|re-?order|nothing)))\s*"
)
_QUERY = re.compile(r"(?:^|(?<=[.;\n!?]))\s*(?P<c>[^.;\n?!⟦]{2,80})\?\s*(?:then\b,?\s*)?(?=\w)", _I)
_ASKING = re.compile(
    r"\b(?:what|which|when|how|who|is|are|was|were|has|have|does|did|do|can|could|would|will|please|pls|give|check|"
    r"value|latest|last|recent)\b",
    _I,
)
_SHOULD = re.compile(
    r"(?P<lead>^|[.;,:\n]\s*|\b(?:and|but)\s+)should (?!be\b)(?P<what>[^.;,?]{2,80}?)\s+(?P<verb>be|prove|turn out|"
    r"come (?:back|out)|fall|drop|lie|read|have)\b(?=[^.;?]*,)",
    _I,
)
_CASE = re.compile(r"\bin (?:the )?(?:case|event) of (?:an? |the )?(?=\w)", _I)
_MEANS = re.compile(
    r"(?P<lead>^|[.;,:?!\n]\s*|\b(?:and|but)\s+)(?:an?|any) (?P<c>[^.;,:]{2,70}?)\s+(?:should|must|needs to|"
    r"has to|is to|"
    r"ought to|means?|calls? for|requires?|needs|warrants?|prompts?|leads? to)\s+(?:prompt\s+|lead to\s+|"
    r"trigger\s+)?(?P<then>[^.;]+)",
    _I,
)
_MODAL = r"(?:should|must|needs? to|has to|have to|is to|are to|ought to|will need to|can)\s+be"
_DONE = (
    r"(?:re-?)?(?:ordered|requested|placed|arranged|booked|prescribed|administered|given|submitted|"
    r"scheduled|drawn|sent)"
)
_PASSIVE = re.compile(
    rf"(?P<lead>^|[.;,:?!\n]\s*|\b(?:and|then)\s+)(?P<what>(?!if\b|when\b|should\b)[^.;,:?\n]{{2,90}}?)\s+{_MODAL}\s+"
    rf"(?:then\s+)?{_DONE}\b",
    _I,
)
_HAVE = re.compile(
    rf"\b(?:(?:(?:i|we)(?: would|['’]d) )?like|have|get|wants?|with)\s+(?P<what>(?:an?\s+|the\s+)?(?:(?!\b(?:if|"
    rf"is|was|and|the|when)\b)[\w.-]+\s+)"
    rf"{{1,7}}){_DONE}\b(?!\s+(?:by (?!the rule)|on |at ))",
    _I,
)
_REFERRED = re.compile(
    r"[^.;:\n]{0,60}?\b(?:be|get|wants?|needs?|has to be|to be)\s+(?:a\s+)?ref+er+r?ed\s+(?=to\b)", _I
)
_NEEDED = re.compile(
    r"(?P<lead>^|[.;:\n]\s*)(?P<what>[^.;:\n?]{2,70}?\b(?:referral|consult(?:ation)?|x-?ray|ct|mri|scan|test|level|"
    r"lab|ecg|ultrasound))\s+(?:is|are|has been)\s+(?:now\s+|also\s+)?(?:required|needed|wanted|requested|"
    r"indicated|due|"
    r"to be (?:ordered|placed|made|arranged))\b",
    _I,
)
_NOUN = re.compile(
    r"(?P<lead>^|[.;:\n]\s*)(?P<what>(?:an?\s+|the\s+)?(?:new\s+|urgent\s+|routine\s+)?(?:[a-z]+\s+){0,3}"
    r"(?:referral|consult(?:ation)?)\b(?=\s+(?:to|for|with|please)\b|\s*[,.:]|\s*$|\s*⟦))",
    _I,
)
_VERBAL = re.compile(
    r"\b(?:order|send|place|make|put|submit|create|write|arrange|refer|text|note|comment|request|book|check|review|"
    r"copy|field|reason|is|was|should|of|see)\b",
    _I,
)
_LISTED = re.compile(r"[:,]\s*\(?(?:a|1|i)[).]\s*(?P<one>[^.;]+?)[,;]?\s*(?:and\s+)?\(?(?:b|2|ii)[).]\s*", _I)
_THAT_CASE = re.compile(r",?\s*\bin (?:that|this|which|such a?) case\b,?", _I)


# "And when", "recorded when?", "+ when": asks for the date, and is no condition.
_DATE_ASKED = re.compile(
    r"(?:\b(?:and|or|from|since|recorded|taken|measured|done|dated)|[,+&/])\s*(?:from |since )?when\b"
    r"(?=\s*(?:[?.,;)]|$|(?:it|that|this|they)\s+(?:was|were|is)\b|(?:was|were|recorded|taken|measured|done|"
    r"drawn)\b))",
    _I,
)
_PLAIN = (
    (re.compile(r"\b(is|does|do|has|was|are|have|did|should)nt\b", _I), r"\1n't"),
    (re.compile(r"\bgive (?=me\b|us\b)", _I), "show "),
    (re.compile(r",?\s*\b(?:but |and )?only if\b", _I), " if"),
    (re.compile(r"\s(?:\+|&)\s+(?=[A-Za-z])"), " and "),
    (re.compile(r"(?:>|≥)\s*(?=(?:\d+|an?|one) (?:year|yr|month|week|day|hour|hr)s?\b)", _I), "more than "),
    (re.compile(r"\bif (?:there is(?: one)?|present|available),? and\b", _I), "if"),
    (re.compile(r"\b(\d+)[ -]?(?:h|hrs?|hours?)[ -](?:window|period|look-?back)\b", _I), r"last \1 hours"),
    (re.compile(r"\((\d+)\s?(?:h|hrs?|hours?)\)", _I), r"(last \1 hours)"),
    (re.compile(r"\b(look up|check|find out|find|see|tell me|know|say|state) when\b", _I), r"\1 the date of"),
    (
        re.compile(
            r"(?:^|(?<=[.;?!:]))\s*give (?=(?:the )?(?:values?|results?|dates?|numbers?|last|latest|"
            r"most recent)\b)",
            _I,
        ),
        " show ",
    ),
    (re.compile(r"\bget (?=an? [\w ]{0,40}referral)", _I), "order "),
    (
        re.compile(r"\b(?:can|could|should) (?P<w>[\w ]{3,40}?) be (?:consulted|involved)\b\??", _I),
        r"Order a \g<w> referral. ",
    ),
    (re.compile(r"\b(?:were|had) (?P<x>[^.;,]{3,60}?) (?:to be|been)\b(?=[^.;]*,)", _I), r"if \g<x> is"),
    (
        re.compile(r"(?:^|(?<=[.;?!]))\s*(?P<c>[^.;:,?]{2,30}):\s+(?=\w)", _I),
        lambda m: (
            f" If {m['c']}, "
            if conditional(m["c"]) and not _ASKING.search(m["c"]) and not CONDITION.search(m["c"])
            else m[0]
        ),
    ),
    (re.compile(r"\badd (?=(?:an? |the )?(?:paired|repeat|morning|follow|serum|matching))", _I), "order "),
    (
        re.compile(
            r"\band,?\s*(?:alongside|together|additionally|in addition|as well),?\s*(?=an?\b|the\b|repeat|serum)", _I
        ),
        "and also ",
    ),
    (
        re.compile(
            r"\b(?:needs|requires|is due)\s+(?=(?:an?\s+)?(?:(?!be\b|to\b)\w+\s+){0,3}(?:referral|consult\w*)\b)", _I
        ),
        "order ",
    ),
    (
        re.compile(
            r"(?:^|(?<=[.;?!]))\s*an? (?P<what>(?:new|repeat|fresh|further)\s+(?:[\w-]+\s+){1,4}?)(?:is|will be) "
            r"(?:needed|required|due|indicated)\b",
            _I,
        ),
        r" Order a \g<what>",
    ),
    (re.compile(r"\bneeds (?:checking|looking at|a look|a check)\b", _I), "is to be looked at"),
    (re.compile(r"\b(?:may|might|could) (?:also )?need\b", _I), "possibly lacks"),
    # The default in words: nothing is ordered where the condition does not hold, or nothing is on file.
    (
        re.compile(
            r"\bif (?:not(?: measured| recorded| available| done)?|no|none|no (?:value|level|result)|"
            r"there is(?: none|n['’]t one| not)|absent)[,:]?\s+(?:then )?"
            r"(?:order nothing|no orders?|do nothing|(?:please )?(?:do not|don['’]?t) order(?: anything)?|"
            r"nothing)\b[^.;]*",
            _I,
        ),
        " ",
    ),
    (
        re.compile(
            r"(?:^|(?<=[.;]))\s*unless (?P<c>(?:there (?:has been|is|was|"
            r"were) )?no\b[^,.;()]*)(?:\([^)]*\))?,\s*(?P<n>\w)",
            _I,
        ),
        lambda m: f" Do not order if {m['c'].strip()}. {m['n'].upper()}",
    ),
    (
        re.compile(
            r"\b(?:assess|check|screen|look|test)\s+for\s+(?P<c>(?:a )?(?:low|high|hypo\w+|"
            r"hyper\w+)\b[^.;,]*),?\s*(?:and )?then\s+",
            _I,
        ),
        r"if \g<c>, ",
    ),
)
# A sentence of the latest value that says nothing to do asks for it.
_WANTED = re.compile(
    r"^(?:(?:i|we)(?:'d| would)?(?: also)? )?(?:need|want|like|get)(?: to (?:know|have|"
    r"see))?\s+(?=[^.;]*\b(?:latest|last|"
    r"most recent|newest)\b)",
    _I,
)
_LATEST = re.compile(r"\b(?:latest|last|most recent|newest)\b", _I)


_BY_RULE = re.compile(
    r",?\s*\(?\b(?:(?:and\s+)?dose[ds]?\s+(?:it\s+)?|dosing\s+)?(?:as|per|by|to|with|follow(?:ing)?|using|use|"
    r"apply(?:ing)?|see|according to|"
    r"in (?:line|accordance|keeping) with|under|based on|on)?\s*(?:(?:laid|set) (?:down|out) )?(?:in\s+|by\s+|"
    r"per\s+)?"
    r"(?:(?:the|these|those|this|your|my|given|above)\s+)*(?:(?:dos\w+|replacement|repletion)\s+(?:in (?:the|"
    r"these)\s+)?)?"
    r"\b(?:instructions?|instr|table|scheme|guid(?:e|ance|elines?)|protocol|rules?|schedule|scale|regimen|"
    r"context|instructed)\b"
    r"(?:\s+(?:says?|states?|gives?|calls? for|specif(?:y|ies)|given|apply|applies|above|below|provided|"
    r"dictates?|directs?|"
    r"prescribes?|require))?\)?",
    _I,
)
# "If low by the rule" after its order: the rule is the order's.
_IF_RULED = re.compile(
    r"(?P<if>\b(?:if|when|where)\s+(?:(?!\b(?:order|give|replace|replete|treat|administer|put in|correct|have|by)\b)"
    r"[^.;,])*?),?\s+by the rule\b",
    _I,
)
_POLITE = re.compile(rf"(?<=\w)\s*,?\s+(?:(?:please|can you|could you|would you|will you)\s+)+(?={VERB.pattern})", _I)
_LEADING = re.compile(r"(?:^|(?<=[.;?!]))\s*(?:(?:can|could|would|will) you(?: please)?|please)\s+(?=\w)", _I)
_FIRST = re.compile(
    r"(?:^|(?<=[.;?!]))\s*(?P<q>[^.;?!]*?\b(?:latest|last|most recent|newest)\b[^.;?!]*?),?\s+(?:and |then |"
    r"and then )?order\b",
    _I,
)


def plain(text: str, *, ruled: bool = False) -> str:
    """The text in plain clauses; the words of quotations are not in it any more.

    Args:
        ruled: a dosing rule was given beside it: what points to it is said as "by the rule".
    """
    said = re.sub(r"\(\s*(?:(?:patient|pt|MRN)\b[:.]?\s*)*[A-Z]\d{6,}\s*\)", " ", text, flags=_I)
    said = re.sub(r",\s*,", ",", _PATIENT.sub(" ", said))
    said = re.sub(r",?\s*\b(?:i\.e\.|ie),?\s+(\w)", lambda m: f". {m[1].upper()}", said)
    said = early(re.sub(r"\b(?:pls|plz|kindly)\b", "please", said, flags=_I))
    if ruled:
        said = re.sub(r"\bat the dose (?:given|stated|listed)\b", "by the rule", said, flags=_I)
        said = re.sub(
            r"\(?\bdos(?:e|ing|age)s? (?:as )?(?:below|above|given|attached|provided)\b\)?",
            "by the rule",
            said,
            flags=_I,
        )
        said = re.sub(r"\bat the (?:stated|given|listed|appropriate|indicated) dose\b", "by the rule", said, flags=_I)
        said = _IF_RULED.sub(r"\g<if>", _BY_RULE.sub(" by the rule", said))
    said = late(said)
    said = _DATE_ASKED.sub(
        lambda m: f"{re.sub(r'(?:^|[ ])and[ ]*$', '', m[0][: -len('when')].rstrip(' +&/'))} and date", said
    )
    said = _LEADING.sub(" ", _POLITE.sub(", ", re.sub(r"\?\s*(?=\w+ and date\b)", ", ", said)))
    for pattern, put in _PLAIN:
        said = pattern.sub(put, said)
    said = re.sub(r"\s+(?=[.,;:?!])", "", said).strip(" .,:;-")
    said = _ARROW.sub(_arrow, said)
    said = _QUERY.sub(_query, said)
    said = _SHOULD.sub(lambda m: f"{m['lead']}if {m['what']} {'is' if m['verb'].lower() == 'be' else m['verb']}", said)
    said = _CASE.sub("if ", said)
    said = _MEANS.sub(_means, said)
    said = _LISTED.sub(lambda m: f", order {m['one']}; and order ", said)
    said = _THAT_CASE.sub(" ", said)
    said = _REFERRED.sub(
        lambda m: m[0] if re.search(r"\b(?:declin|refus|cancel|does\b|did\b|not\b)", m[0], _I) else " refer ", said
    )
    said = _NEEDED.sub(lambda m: f"{m['lead']}order {m['what']}", said)
    said = _PASSIVE.sub(_passive, said)
    said = _HAVE.sub(lambda m: f"order {m['what'].strip()}", said)
    said = _NOUN.sub(lambda m: m[0] if _VERBAL.search(m["what"]) else f"{m['lead']}order {m['what']}", said)
    said = re.sub(r"[ \t]+", " ", re.sub(r"\s+(?=[.,;:?!])", "", said)).strip(" ,:;")
    said = re.sub(r"\b(?:treat|correct) (?=order\b)", "", said)
    said = _FIRST.sub(_first, said)
    return "".join(_asked(part) for part in re.split(r"(?<=[.?!;\n])(?=\s)", said)).strip()


def _first(found: re.Match[str]) -> str:
    """ "The last A1c and its date, order a new one if ...": what is asked apart from what is ordered."""
    asked = found["q"].strip()
    if CONDITION.search(asked) or (VERB.search(asked) and not CHECKS.match(asked) and not _WANTED.match(asked)):
        return found[0]
    return f" Check: {_WANTED.sub('', asked)}. Order"


def _asked(sentence: str) -> str:
    """ "Last A1c and its date?" asks: with the verb."""
    bare = sentence.strip()
    if _LATEST.search(bare) and _WANTED.match(bare) and not CONDITION.search(bare):
        return f" Check: {_WANTED.sub('', bare)}"
    if not _LATEST.search(bare) or CONDITION.search(bare) or VERB.search(bare) or CHECKS.search(bare):
        return sentence
    return f" Check: {bare}"


def conditional(text: str) -> bool:
    """Whether a few words state a condition: low, high, older than, none."""
    old = OLD.search(text) and OLDER.search(text)
    return bool(LOW.search(text) or HIGH.search(text) or MISSING.search(text) or old)


def _arrow(found: re.Match[str]) -> str:
    clause, _, words = found["c"].rpartition(",")
    if re.search(r"\b(?:if|when|where|unless|should)\b", words, _I):
        return f"{found['c']}, "
    if not conditional(words):
        return f"{found['c']}. " if found["c"].strip() else " "
    return f"{clause}{', ' if clause else ' '}if {words.strip()}, {_order(found)}"


def _query(found: re.Match[str]) -> str:
    words = found["c"].strip()
    after = found.string[found.end() :]
    asks = re.match(
        r"(?:is|was|are|were)\s+|(?:check:\s*)?(?=(?:the )?(?:last|latest|most recent|newest)\b)", words, _I
    )
    if (
        asks
        and VERB.match(after)
        and not re.search(r"\b(?:what|which|when|how|and)\b", words, _I)
        and conditional(words)
    ):
        return f" If {words[asks.end() :]}, "
    if _ASKING.search(words) or not conditional(words):
        return found[0]
    return f" If {words}, {_order(found)}"


def _order(found: re.Match[str]) -> str:
    """ "Low: replacement ..." orders it, where the consequence is a noun."""
    then = re.split(r"[.;,]", found.string[found.end() :])[0]
    bare = VERB.match(then) or NOT.match(then) or CHECKS.match(then) or STOPS.match(then) or TELLS.match(then)
    noun = REPLACE.search(then) or LAB.search(then) or IMAGING.search(then) or REFERRAL.search(then)
    return "order " if noun and not bare and not NOT.search(then) else ""


def _means(found: re.Match[str]) -> str:
    words, then = found["c"], found["then"]
    if not conditional(words) or re.search(r"\b(?:if|when|where|order|referral)\b", words, _I):
        return found[0]
    then = re.sub(r"^(?:be |to be |that )", "", then, flags=_I)
    then = re.sub(r"^(?P<v>treat|correct|repeat|request|supplement|replenish)ed\b", r"\g<v>", then, flags=_I)
    then = re.sub(r"^(?:replaced|repleted)\b", "replace", then, flags=_I)
    then = re.sub(r"\s+(?:ordering|to be ordered)\b", "", then, flags=_I)
    noun = (
        not VERB.match(then)
        and not NOT.search(then)
        and (REPLACE.search(then) or LAB.search(then) or re.match(r"(?:iv|intravenous|oral)\b", then, _I))
    )
    return f"{found['lead']}if {words}, {'order ' if noun else ''}{then}"


def _passive(found: re.Match[str]) -> str:
    what = found["what"].strip()
    if re.match(r"no\b|nothing\b|none\b|neither\b", what, _I):
        return f"{found['lead']}Do not order"
    if re.search(r"\b(?:if|when|where|unless|not)\b", what, _I):
        return found[0]
    if _LATEST.search(what) or CHECKS.match(what):
        return found[0]
    again = "Order" if "." in found["lead"] or not found["lead"] else "order"
    return f"{found['lead']}{again} {what}"
