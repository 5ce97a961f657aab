"""Marking up a question: whom it names, names of things, times, ordinals, limits and cue words, each with its place.

Every word has to be explained by some mark (or be a word that says nothing of its own); `Marks.unexplained` gives the
rest, and a question with a rest is not answered.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from knowledge.terminology import Terminology
from tools.ask.gazetteer import Gazetteer, Held
from tools.ask.lexicon import lexicon
from tools.ask.naming import by_name
from tools.ask.query import Name, Operator, Person, Pick
from tools.ask.times import MONTHS, NUMBER, ORDINALS, UNIT, When, count, whens
from tools.notes import linker_for

_ID = r"(?P<id>(?=[a-z-]*\d)[a-z]{0,4}-?\d{2,}[a-z]?|demo-[a-z0-9-]+)"
_PERSON = re.compile(
    r"(?<!\w)(?:(?:the )?(?:patients?|pts?|subject|person|individual|client|case|mrn|medical record(?: number)?|"
    r"hospital number|record number|id)(?: ?(?:with|whose|having|of|number|no\.?|id|mrn|identifier|is|the|"
    r"called|a|:|#|=|medical record)){0,6}[ #:]{0,2})" + _ID + r"(?:['’]?s(?!\w)|['’])?(?![\w/%+])(?!-\d\d(?!\d))"
    r"(?! (?:(?:years?|yrs?|and|or|to) )+(?:older|over|above|up|old|of age|more|\d\d(?!\d)))",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?<![\w/-])(?P<id>[A-Za-z]{1,3}\d{5,})(?:['’]s)?(?![\w/])")
_NUMBER_ONLY = re.compile(r"(?<![\w./-])(?P<id>\d{5,8})(?:['’]?s)?(?![\w./%-])")
_CAPITALS = r"[A-Z][\w'’-]+(?:\s+[A-Z][\w'’.-]*){0,3}"
_BORN = (
    r"(?:\bDOB\b|\bD\.O\.B\.?|date of birth|birth ?date|birthday|born|\bb\.)(?:\s*(?:of|is|on|:|was|in|=))*\s*"
    r"(?P<born>\d{4}-\d\d-\d\d|\d\d?/\d\d?/\d{4}|\d\d? [A-Za-z]+ \d{4}|[A-Za-z]+ \d\d?(?:st|nd|rd|th)?,? \d{4})"
)
_NAMED = re.compile(
    r"(?:(?:the )?(?:patients?|person|someone|individual|pt)\s*)?(?:(?:with|whose|who has|having)"
    r"?\s*(?:the |a )?(?:full |first and last )?\b(?:names?|named|called)\b(?: is| of|:)*\s*)?"
    rf"(?P<name>(?:(?:Mr|Mrs|Ms|Miss|Dr|Master)\.?\s+)?{_CAPITALS})\.?['’]?s?[\s,;(.]*(?:and|who was|"
    rf"who is|whose|with|has|having|is|was|a|the|,|patient)*\s*(?:with |the |a |whose |was |is )*" + _BORN + r"\)?"
)
_NAMED_BACK = re.compile(
    r"(?:(?:patient|person|someone|individual)s? )?(?:(?:with|whose|has) )?(?:a |the )?"
    + _BORN
    + rf"[\s,;]*(?:and|whose|with|is|the|a|,)*\s*(?:patient |the )?(?:names?|named|called)(?: is| of|:)"
    rf"*\s*(?P<name>{_CAPITALS})"
)
_NAME_ONLY = re.compile(
    rf"(?:patients?|person|someone|pt)\s+(?:with\s+(?:the\s+)?name|named|called)(?: of|:)*\s*(?P<name>{_CAPITALS})"
)
_STARTS = frozenset(
    [
        "What",
        "Whats",
        "What’s",
        "What's",
        "Which",
        "Who",
        "When",
        "Where",
        "How",
        "Find",
        "Give",
        "Tell",
        "Show",
        "Can",
        "Could",
        "Please",
        "MRN",
        "Patient",
        "Look",
        "I",
        "The",
        "Is",
        "For",
        "Need",
        "DOB",
        "Medical",
        "Identify",
        "Get",
        "Return",
        "Locate",
        "Lookup",
        "Retrieve",
        "Search",
        "Provide",
    ]
)
_PICK = re.compile(
    r"(?<!\w)(?:(?P<lastn>second[ -]to[ -](?:the[ -])?last|second[ -]last|next[ -]to[ -]last|penultimate|"
    r"last but one|second most recent)|"
    r"for the (?:very )?(?P<fort>first|second|third|fourth|last|latest|final) time|"
    r"(?P<ord>(?:very )?first(?:ly)?|1st|earliest|initial(?:ly)?|second(?:ly)?|2nd|third|3rd|fourth|4th|"
    r"fifth|5th)(?: ever)?|"
    r"(?P<last>last(?:ly)?|latest|(?:the )?most recent(?:ly)?|newest|final(?:ly)?|recent(?:ly)?|current(?:ly)?))(?!\w)"
)
_TIMES = re.compile(
    rf"(?<!\w)(?:(?P<least>at least |more than |over )?(?P<n>{NUMBER})(?P<more> or more| plus|\+)"
    rf"? (?:different |separate )?times(?P<plus> or more)?|"
    rf"(?P<twl>at least |exactly |just |only )?(?P<tw>twice|thrice)(?P<twm> or more)?|"
    rf"(?<=had )(?P<ex2>two|three|2|3)(?= ¦+ (?:procedures|prescriptions|operations|surgeries)(?!\w))|"
    rf"exactly (?P<ex>{NUMBER})(?= ¦| (?:\w+ )?(?:procedures|prescriptions|operations)(?!\w))|"
    rf"(?P<multi>multiple times|repeatedly|more than once))(?!\w)"
)
_NUMBER = (
    r"(?P<value>-?\d+(?:,\d{3})*(?:\.\d+)?)(?: ?(?P<unit>%|°?[cf]|[a-zµμ]{1,7}/[a-z0-9µμ./]{1,8}|mmhg|"
    r"mm ?hg|bpm|meq/l|mg|kg|cm|lbs?|ml|g|iu/l))?(?![\w/])"
)
_WITHIN = re.compile(
    rf"(?<!\w)(?:(?P<same>(?:in|within|during|at|on|over|for|throughout|of)? ?(?:the |that |this )"
    rf"?same (?P<what>hospital(?: visit| stay| encounter| admission)?|visit|stay|encounter|admission|"
    rf"hospitali[sz]ation|month|day|time|calendar month))|"
    rf"(?P<lim>within|in|inside|during|over|less than|no more than|up to)(?: a| the)?(?: period of)"
    rf"?(?: (?:past|last|next|following|space of))?(?: of)? (?P<n>{NUMBER}) ?-?(?P<u>{UNIT})(?!\w)"
    rf"(?! (?:ago|before|earlier|prior))|"
    rf"(?P<over>more than|over|at least|beyond|later than) (?P<n2>{NUMBER}) ?-?(?P<u2>{UNIT})(?: ago|"
    rf" later| afterwards?)?|(?P<sim>simultaneously|concurrently|together|concomitantly|at once))(?!\w)"
)
_AFTER = re.compile(
    r"(?<!\w)(?P<word>after|following|follow(?:ed|s)?(?! by)|subsequent to|post|once|before|prior to|preceding|"
    r"since)(?= )"
    r"(?: (?:the|a|an|his|her|their|they|he|she|patients?|were|was|had|have|has|being|been|having|first|"
    r"initial|previous|previously|prior|undergoing|receiving|getting|diagnos\w+|procedures?|treatments?|"
    r"treatment|with|of|for|prescri\w+|received?|underwent|undergone|performing|to|named|condition|that|"
    r"ever|it)(?!\w))*"
)
_SIGNS = re.compile(r"(?<!\w)(?P<text>k\+|na\+|mg2?\+|mg\+\+|ca\+\+|ca2\+|cl-|hco3-?)(?!\w)")
_SIGN = {"k": "potassium", "n": "sodium", "m": "magnesium", "ca": "calcium", "cl": "chloride", "hc": "bicarbonate"}
_TOKEN = re.compile(r"[a-z0-9][a-z0-9'’&-]*", re.IGNORECASE)
_PT = re.compile(
    r" (?:lab|laboratory|blood|coagulation)?(?: ?(?:tests?|values?|results?|levels?|readings?))?(?<! )(?!\w)"
)
_BACK = re.compile(
    r"(?<!\w)(?P<word>after|following|before) (?:that|it|this|(?:that|this|the|his|her|their) (?:diagnosis|"
    r"procedure|operation|"
    r"prescription|event))(?=\W*(?:$|[,.;?]|¦)| (?:in|within|during) (?:the |that )?same(?!\w))"
)
_SHORT = {"history": "hx", "fracture": "fx", "procedure": "proc", "necrosis": "nec", "tuberculosis": "tb"}


@dataclass(frozen=True)
class Mark:
    """Something recognised: its place, what class it is of, and what it means."""

    start: int
    end: int
    what: str
    value: Any = None


@dataclass
class Marks:
    """A question, marked up. `rest` is the lower-case text with what is marked blanked out."""

    text: str
    rest: str
    marks: list[Mark] = field(default_factory=list)

    def of(self, what: str) -> list[Mark]:
        """Marks of one class, left to right."""
        return sorted((mark for mark in self.marks if mark.what == what), key=lambda mark: mark.start)

    def take(self, start: int, end: int, what: str, value: Any = None) -> Mark:
        """Mark a place, and blank it out."""
        mark = Mark(start, end, what, value)
        self.marks.append(mark)
        self.rest = f"{self.rest[:start]}{'¦' * (end - start)}{self.rest[end:]}"
        return mark

    def cues(self, pattern: re.Pattern[str], what: str, value: Any = None) -> list[Mark]:
        """Mark every place of a cue (the text stays readable for other cues)."""
        found = [Mark(match.start(), match.end(), what, value) for match in pattern.finditer(self.rest)]
        self.marks += found
        return found


def persons(question: str) -> tuple[Person, list[tuple[int, int]]]:
    """The patient a question names, and where. Several different ids are no patient."""
    apart = by_name(question)
    if apart is not None:
        return Person(name=apart.name, birth_date=_born(apart.born)), apart.places
    for pattern in (_NAMED, _NAMED_BACK):
        for match in pattern.finditer(question):
            name = match["name"].strip(" .")
            words = name.split()
            while words and words[0] in _STARTS:
                words = words[1:]
            if words:
                start = match.start("name") + match["name"].find(words[0])
                lead = question[: match.start("name")]
                begin = (
                    match.start() if words[0] in match["name"].split()[:1] and lead[match.start() :].strip() else start
                )
                return Person(name=" ".join(words), birth_date=_born(match["born"])), [(min(begin, start), match.end())]
    found = list(_PERSON.finditer(question)) or list(_BARE.finditer(question))
    ids = list(dict.fromkeys(match["id"] for match in found))
    if len(ids) == 1:
        return Person(id=_bare(ids[0])), [match.span() for match in found]
    bare = [] if ids else list(_NUMBER_ONLY.finditer(question))
    if len({match["id"] for match in bare}) == 1:
        return Person(id=bare[0]["id"]), [match.span() for match in bare]
    if only := _NAME_ONLY.search(question):
        return Person(name=only["name"]), [only.span()]
    return Person(), []


def _bare(text: str) -> str:
    return text[:-1] if re.fullmatch(r"\d{3,}s", text) else text


def _born(text: str) -> str | None:
    found = whens(text.lower(), datetime(9000, 1, 1).astimezone())
    if len(found) != 1 or found[0].window.since is None:
        return None
    return found[0].window.since.date().isoformat()


def pick_of(match: re.Match[str]) -> Pick:
    """An ordinal as a pick."""
    if match["lastn"]:
        return Pick(end="last", n=2)
    word = (match["fort"] or match["ord"] or match["last"] or "").replace("very ", "").removesuffix("ly")
    if word in ("initial", "initially", "earliest"):
        word = "first"
    if word in ORDINALS:
        return Pick(end="first", n=ORDINALS[word])
    return Pick(end="last")


def limit_of(match: re.Match[str]) -> tuple[float, str | None]:
    """A number with its unit, as written."""
    return float(match["value"].replace(",", "")), (match["unit"] or "").strip() or None


def mark_up(
    question: str, now: datetime, held: list[Gazetteer], terms: Terminology, given: dict[str, tuple[str, ...]]
) -> Marks:
    """Everything that can be recognised in a question.

    Args:
        held: names of the record (first) and of the store.
        given: codes by the name the question's context gave them to.
    """
    lower = question.replace("’", "'").lower()
    if len(lower) != len(question):
        lower = "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in question.replace("’", "'"))
    marks = Marks(lower, lower)
    person, places = persons(question)
    for start, end in places:
        marks.take(start, end, "person", person)
    _names(marks, question, held, terms, given, least=2)
    _names(marks, question, held, terms, given, least=1, linked=False)
    _relations(marks)
    for when in whens(marks.rest, now):
        marks.take(when.start, when.end, "when", when)
    _names(marks, question, held, terms, given, least=1)
    words = lexicon()
    for op, pattern in words["comparators"].items():
        for match in re.finditer(rf"(?:{pattern.pattern}) ?(?:a |the |value of |an? )*{_NUMBER}", marks.rest):
            marks.take(match.start(), match.end(), "limit", (op, *limit_of(match)))
    for match in _TIMES.finditer(marks.rest):
        if re.match(r"how many", marks.rest[max(0, match.start() - 9) : match.start() + 8]):
            continue
        said = match["n"] or match["ex"] or match["ex2"]
        number = 2 if match["tw"] == "twice" or match["multi"] else 3 if match["tw"] else int(count(said))
        many = bool(match["least"] or match["more"] or match["plus"] or match["twm"] or match["multi"])
        many = many or match["twl"] == "at least "
        if match["least"] and match["least"].strip() in ("more than", "over"):
            number += 1
        marks.take(match.start(), match.end(), "times", (number, many))
    return marks


def _relations(marks: Marks) -> None:
    """After, before and with what: only where a name follows that the relation can be to."""
    named = list(marks.of("name"))
    for match in _AFTER.finditer(marks.rest):
        follows = [
            mark
            for mark in named
            if 0 <= mark.start - match.end() <= 45 and "¦" not in marks.rest[match.end() : mark.start]
        ]
        if follows and not re.search(r"[?.;]", marks.text[match.end() : follows[0].start]):
            if match["word"] == "since" and "diagnos" not in match.group() and "prescri" not in match.group():
                continue
            marks.take(match.start(), match.end(), "after", match["word"])
            break
    if not marks.of("after") and named and (back := _BACK.search(marks.rest)) and back.start() > named[0].end:
        marks.take(back.start(), back.end(), "after", back["word"])
    people = re.search(
        r"(?<!\w)(?:for|among|of|to|in|amongst) (?:those |the )?patients? (?:who )?|patients? who (?:were|"
        r"have|had|was|received|underwent|got)|(?:also|previously) (?:been )?(?:prescribed|diagnosed|"
        r"received)",
        marks.rest,
    )
    plural = re.search(r"(?<!\w)(?:patients|people|women|men|those|individuals)(?!\w)", marks.rest)
    again = lexicon()["returned"].search(marks.rest) or (plural and named and not people)
    if (
        marks.of("after")
        or people
        or again
        or "surviv" in marks.rest
        or "same time" in marks.rest
        or "come back" in marks.rest
        or re.search(r"(?<!\w)same (?:hospital|visit|stay|encounter|admission|month)(?!\w)", marks.rest)
        or re.search(r"(?<!\w)(?:then|subsequently|afterwards?|thereafter|later|went on|followed by)(?!\w)", marks.rest)
    ):
        spans = list(_WITHIN.finditer(marks.rest))
        recent = [re.search(r"(?:past|last) ", match.group()) is not None for match in spans]
        for match, up_to_now in zip(spans, recent, strict=True):
            if (match["sim"] and not people) or (up_to_now and not all(recent)):
                continue
            if again and not (marks.of("after") or people) and re.search(r"(?:past|last) ", match.group()):
                continue
            marks.take(match.start(), match.end(), "within", match)


def _names(
    marks: Marks,
    question: str,
    held: list[Gazetteer],
    terms: Terminology,
    given: dict[str, tuple[str, ...]],
    least: int,
    linked: bool = True,
) -> None:
    """Names of the record and the store, of codes that were given, and of concepts; the longest of a place counts."""
    candidates: list[tuple[int, int, int, Held | None, str | None]] = []
    given_concepts: dict[tuple[int, int], list[str]] = {}
    for text in given:
        for match in re.finditer(rf"(?<!\w){re.escape(text)}s?(?!\w)", marks.rest):
            candidates.append((match.end() - match.start() + 100, match.start(), match.end(), None, text))
            for mention in linker_for(terms).link(text, typos=False):
                if mention.text == text:  # the concept, for conversions; the code says which results are meant
                    given_concepts.setdefault(match.span(), []).append(mention.concept)
    coded = _coded(given, terms)
    everyday = lexicon()["filler"]
    of_own, foreign = held[0].find(marks.rest) if held else [], list[Held]()
    for gazetteer in held:
        for hit in gazetteer.find(marks.rest):
            if gazetteer is not held[0] and hit not in of_own:
                foreign.append(hit)
            size = len(re.findall(r"\w+", marks.rest[hit.start : hit.end]))
            text = marks.rest[hit.start : hit.end].strip()
            own = question[hit.start : hit.end]
            if size < least or (
                size < 2
                and not (own.isupper() and len(own) > 1)
                and (text in everyday or _is_cue(text))
                and not (text == "pt" and marks.of("person") and _PT.match(marks.rest, hit.end))
            ):
                continue
            if not linked and (len(text) < 4 or text in MONTHS):
                continue
            candidates.append((hit.end - hit.start, hit.start, hit.end, hit, None))
    found = given_concepts
    blanked = "".join(sign if marks.rest[at] != "¦" else " " for at, sign in enumerate(question.replace("’", "'")))
    if least == 1 and linked:
        candidates += _alike(marks, held, found, terms)
        for match in _SIGNS.finditer(marks.rest):
            name = next(value for key, value in _SIGN.items() if match["text"].startswith(key))
            if name in terms:
                found.setdefault(match.span(), []).append(name)
        for mention in linker_for(terms).link(blanked):
            span = (mention.start, mention.end)
            text = mention.text.lower()
            if text not in everyday and not _is_cue(text) and "¦" not in marks.rest[slice(*span)]:
                found.setdefault(span, []).append(mention.concept)
        candidates += [(end - start, start, end, None, None) for start, end in found]
    order = sorted(candidates, key=lambda row: (-row[0], row[3] is None))
    for _, start, end, held_here, given_as in order:
        if "¦" in marks.rest[start:end]:
            continue
        said = marks.text[start:end].strip()
        concepts = tuple(dict.fromkeys(found.get((start, end), [])))
        plainly = held_here is None or len(held) < 2 or not held[0].names or held_here not in foreign
        if held_here is not None and not concepts and not plainly:
            linked_here = linker_for(terms).link(question[start:end], typos=False)
            concepts = tuple(dict.fromkeys(item.concept for item in linked_here if len(item.text) == len(said)))
        kinds: frozenset[str] = held_here.kinds if held_here else frozenset()
        codes = given.get(given_as, ()) if given_as else ()
        codes = codes or tuple(code for name in concepts for code in coded.get(name, ()))
        # A name that only other patients' records use says no more than its concept: this one may write it otherwise.
        names = held_here.names if held_here and (plainly or not concepts) else ()
        named = Name(text=said, names=names, concepts=concepts, codes=codes)
        marks.take(start, end, "name", (named, kinds))


@functools.lru_cache(maxsize=64)
def _concepts_in(text: str, terms: Terminology) -> tuple[str, ...]:
    rows = [row["concept"] for asked, row in lexicon()["alike"].items() if asked.fullmatch(text)]
    # Names are given in small letters; abbreviations (Mg, CBG) are known only as they are written.
    forms = (text, text.capitalize(), text.upper())
    linked = [item for form in forms for item in linker_for(terms).link(form, typos=False)]
    found = [item.concept for item in linked if len(item.text) == len(text)]
    return tuple(dict.fromkeys(name for name in [*rows, *found] if name in terms))


def _coded(given: dict[str, tuple[str, ...]], terms: Terminology) -> dict[str, tuple[str, ...]]:
    """The codes that were given, by the concept of the name they were given to."""
    found: dict[str, tuple[str, ...]] = {}
    for text, codes in given.items():
        for name in _concepts_in(text, terms):
            found[name] = tuple(dict.fromkeys([*found.get(name, ()), *codes]))
    return found


def _alike(
    marks: Marks, held: list[Gazetteer], found: dict[tuple[int, int], list[str]], terms: Terminology
) -> list[tuple[int, int, int, Held | None, str | None]]:
    """Everyday words for a measurement (weigh, height) as the names a record may write them by."""
    rows: list[tuple[int, int, int, Held | None, str | None]] = []
    for asked, row in lexicon()["alike"].items():
        for match in asked.finditer(marks.rest):
            if row["concept"] in terms:
                found.setdefault(match.span(), []).append(row["concept"])
            names = {
                name
                for gazetteer in held
                for name in gazetteer.of_kind("vital", "result")
                if row["names"].fullmatch(name.lower())
            }
            hit = Held(match.start(), match.end(), tuple(sorted(names)), frozenset({"vital"})) if names else None
            rows.append((match.end() - match.start() + 1, match.start(), match.end(), hit, None))
    return rows


def _is_cue(text: str) -> bool:
    words = lexicon()
    patterns = [
        *words["kinds"].values(),
        *words["fields"].values(),
        *words["wants"].values(),
        *words["aggregates"].values(),
    ]
    return any(pattern.fullmatch(text) for pattern in patterns)


def unexplained(marks: Marks, cues: Iterable[Mark]) -> list[str]:
    """Words that no mark and no cue covers, and that say something of their own."""
    covered = [False] * len(marks.text)
    for mark in [*marks.marks, *cues]:
        for at in range(mark.start, min(mark.end, len(covered))):
            covered[at] = True
    filler = lexicon()["filler"]
    names = [mark for mark in marks.marks if mark.what == "name"]
    left = []
    for match in _TOKEN.finditer(marks.text):
        word = match.group().strip("'-&")
        bare = word.removesuffix("'s").removesuffix("'")
        if (
            not word
            or covered[match.start()]
            or bare in filler
            or word in filler
            or (len(bare) == 1 and not bare.isdigit())
        ):
            continue
        if word == "like" and re.search(r"(?:would|'d) $", marks.text[: match.start()]):
            continue
        if bare in ("serum", "plasma") and any(name.value[0].codes and name.start == match.end() + 1 for name in names):
            continue  # the code says of which specimen
        if any(_said_again(bare, marks.text, match, name) for name in names):
            continue
        left.append(match.group())
    return left


def _said_again(word: str, text: str, match: re.Match[str], name: Mark) -> bool:
    """Whether a word beside a name only writes out one of the name's own short words ("hx ... history")."""
    gap = text[name.end : match.start()] if match.start() >= name.end else text[match.end() : name.start]
    if len(gap.split()) > 4 or (len(word) < 3 and not word.isdigit()):
        return False
    if word.isdigit():
        return word in re.findall(r"\d+", text[name.start : name.end])
    own = re.findall(r"[a-z]+", text[name.start : name.end])
    return any(_short_for(part, word) for part in own)


def _short_for(short: str, word: str) -> bool:
    if _SHORT.get(word) == short or short == word:
        return True
    if len(short) < 3 or short[0] != word[0] or len(short) >= len(word) + 2:
        return False
    if short.startswith(word[: max(4, len(word) - 3)]) or word.startswith(short):
        return True
    letters = iter(word)
    return len(short) >= 4 and all(letter in letters for letter in short)


__all__ = ["Mark", "Marks", "Operator", "When", "limit_of", "mark_up", "persons", "pick_of", "unexplained"]
