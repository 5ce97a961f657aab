"""Codes and names given with an instruction, and the free text quoted in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.instruct_plan import Definition
from tools.ask.definitions import definitions as stated

_I = re.IGNORECASE
# A code by its system's word and its own shape; NDC and LOINC are known by shape alone once the word stands anywhere.
_SHAPES: tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...] = (
    ("ndc", re.compile(r"\bNDC\b|national drug code", _I), re.compile(r"(?<![\w-])\d{4,5}-\d{3,4}-\d{1,2}(?![\w-])")),
    ("loinc", re.compile(r"\bLOINC\b", _I), re.compile(r"(?<![\w-])\d{1,5}-\d(?![\w-])")),
    ("snomed", re.compile(r"\bSNOMED(?:[ -]?CT)?\b", _I), re.compile(r"(?<![\w-])\d{6,18}(?![\w-])")),
    ("rxnorm", re.compile(r"\bRx ?Norm\b|\bRXCUI\b", _I), re.compile(r"(?<![\w-])\d{3,8}(?![\w-])")),
    ("cpt", re.compile(r"\bCPT\b", _I), re.compile(r"(?<![\w-])\d{5}(?![\w-])")),
    (
        "icd10",
        re.compile(r"\bICD-?10(?:-CM)?\b", _I),
        re.compile(r"(?<![\w-])[A-TV-Z]\d[\dA-Z](?:\.[\dA-Z]{1,4})?(?![\w-])"),
    ),
)
_FLOWSHEET = re.compile(
    r"flow\s?sheet(?:\s+(?:row|id|identifier|code|name|entry|column))*(?P<mid>[^.;\"'“]*?)"
    r"(?:\bis\b|=|:|\bcalled\b|\bnamed\b|\bunder\b|\bas\b|\bid\b)\s*[\"“']?(?P<code>[A-Za-z][\w-]{0,20})[\"”']?",
    _I,
)
_FLOWSHEET2 = re.compile(
    r"[\"“']?\b(?P<code>[A-Z][A-Z0-9_-]{0,15})\b[\"”']?\s+(?:is|as)\s+(?:the|its)?\s*flow\s?sheet", _I
)
_LOCAL = (
    re.compile(
        r"\bcodes?\s+(?:for|of)\s+(?:the\s+)?(?P<about>[^.;\"“']{2,40}?)\s*(?:\bis\b|=|:|"
        r"\bare\b)\s*[\"“'](?P<code>[\w.-]+)[\"”']",
        _I,
    ),
    re.compile(
        r"[\"“'](?P<code>[\w.-]+)[\"”']\s+(?:is|=|stands for|means|denotes)\s+(?:the )?(?:(?:lab |"
        r"local )?code (?:for|of) )?(?P<about>[\w ()-]{2,40})",
        _I,
    ),
    re.compile(
        r"(?P<about>[A-Za-z][\w ()-]{1,40}?)\s*(?:(?:is|are)\s+(?:coded|recorded|stored|filed|listed|found|"
        r"labelled|labeled)"
        r"(?: (?:as|under))?|\((?:lab )?code:?|has the code|goes by(?: the code)?|"
        r"=)\s*(?:the )?(?:code )?[\"“'](?P<code>[\w.-]+)[\"”']",
        _I,
    ),
    re.compile(
        r"\b(?:use|under)\s+(?:the\s+)?code\s+[\"“']?(?P<code>[A-Za-z][\w.-]*)[\"”']?\s+(?:for|to find|"
        r"when reading)\s+(?P<about>[\w ()-]{2,40})",
        _I,
    ),
    re.compile(r"\bcode\s+(?:for|of)\s+(?P<about>[\w ()-]{2,40}?)\s*(?:is|=|:)\s*(?P<code>[A-Z][A-Z0-9]{0,9})\b"),
)
_QUOTES = re.compile(r"[\"“”]([^\"“”]{12,})[\"“”]|(?<!\w)'([^']{25,})'(?!\w)|‘([^’]{25,})’", re.DOTALL)
_SBAR = re.compile(r"\bSituation\s*:.*", re.DOTALL)
_STATED = re.compile(
    r"\b(?:free[- ]?text(?: (?:field|note|comment))?|comments?|notes?|message|text|stating|saying|reason|"
    r"referral text|wording)"
    r"(?:\s+(?:of the (?:referral|order|request)|field|should (?:read|say|be)|as follows|below|to read|"
    r"must (?:read|say)|is))*"
    r"\s*:\s*(?P<text>[^\n]{15,})",
    _I,
)


@dataclass(frozen=True)
class Masked:
    """A text with its quotations taken out; `quotes` are theirs, in order."""

    text: str
    quotes: tuple[str, ...]


def mask(text: str) -> Masked:
    """Take the free text out, so that words inside it are not read as instructions."""
    quotes: list[str] = []

    def keep(found: re.Match[str]) -> str:
        said = next((part for part in found.groups() if part), found[0])
        quotes.append(" ".join(said.split()))
        return f"⟦{len(quotes) - 1}⟧"

    plain = _QUOTES.sub(keep, text)
    if not quotes:
        plain = _SBAR.sub(keep, plain) if _SBAR.search(plain) else _STATED.sub(keep, plain)
    return Masked(plain, tuple(quotes))


def definitions(text: str, context: str = "") -> list[Definition]:
    """The codes that an instruction and what was given with it name, each with the sentence it was given in."""
    plain, text = text, f"{context}\n{text}"
    found: list[Definition] = []
    before = ""  # what the sentence before was about: "A1C = HbA1c. Order code (LOINC): 4548-4."
    for sentence in re.split(r"(?<=[.;\n])(?:\s+|(?=The\b))|\n", text):
        for system, word, shape in _SHAPES:
            if not word.search(sentence):
                continue
            for match in shape.finditer(sentence):
                if system == "loinc" and re.search(r"\d{4}-\d{2}-\d", sentence[match.start() : match.end() + 3]):
                    continue
                said = " ".join(sentence.split())
                about = _clause(sentence, match.start(), match.end()) or before
                found.append(Definition(system=system, code=match[0], about=about, text=said))
        before = _about(_bare(sentence))[:60]
    for pattern in _LOCAL:
        for match in pattern.finditer(text):
            if not any(item.system == "local" and item.code == match["code"] for item in found):
                about = _about(match["about"])
                found.append(
                    Definition(system="local", code=match["code"], about=about, text=" ".join(match[0].split()))
                )
    found += _table(context, found)
    for sentence in re.split(r"(?<=[.;\n])\s+", text):
        if sheet := _sheet(sentence) if sentence not in plain else None:
            found.append(sheet)
            continue
        flow = _FLOWSHEET.search(sentence) or _FLOWSHEET2.search(sentence)
        if flow and flow["code"].lower() not in ("the", "for", "of", "it", "please", "is", "blood", "id"):
            said = " ".join(sentence.split())
            found.append(Definition(system="flowsheet", code=flow["code"], about=_about(said), text=said))
    return found


# Words in capitals that are no code of anything.
_NO_CODE = frozenset(
    [
        "NDC",
        "LOINC",
        "SNOMED",
        "CT",
        "ID",
        "IDS",
        "IV",
        "PO",
        "UTC",
        "GMT",
        "MRN",
        "LAB",
        "CPT",
        "ICD",
        "CM",
        "RXNORM",
        "RXCUI",
        "A",
        "I",
        "IM",
        "SC",
        "OK",
        "NB",
        "EG",
        "IE",
        "NOW",
        "AM",
        "PM",
    ]
)
_TOKEN = re.compile(r"[\"“'](?P<quoted>[A-Za-z][\w-]{0,15})[\"”']|(?<![\w/-])(?P<bare>[A-Z][A-Z0-9_]{0,11})(?![\w/-])")
_CUE = re.compile(r"\b(?:codes?|coded|under|stored|filed|called|is|are|as|lab|id|use|find)\b|[=:]", _I)
_ELSE = re.compile(r"\b(?:NDC|LOINC|SNOMED|RxNorm|CPT|ICD|flow\s?sheet)\b|\d\s*(?:mEq|mg|g|mmol)\b", _I)
_BREAK = re.compile(r"[;,]\s+|\s+and\s+|[.]\s*(?=[A-Z\"“]|$)|\n", _I)


def _clause(sentence: str, start: int, end: int) -> str:
    """What a code is given for: the words of its own clause, where other codes stand beside it."""
    shapes = [match.span() for _, _, shape in _SHAPES for match in shape.finditer(sentence)]
    around = sentence
    if any(first >= end or last <= start for first, last in shapes) or len(sentence) > 90:
        before = max((match.end() for match in _BREAK.finditer(sentence[:start])), default=0)
        after = next((match.start() for match in _BREAK.finditer(sentence, end)), len(sentence))
        around = sentence[before:start] + " " + sentence[end:after]
        if not _about(_bare(around)) and before:
            around = sentence[:start]
    else:
        around = sentence[:start] + " " + sentence[end:]
    return _about(_bare(around))


def _bare(text: str) -> str:
    for _, word, shape in _SHAPES:
        text = shape.sub(" ", word.sub(" ", text))
    return text


def _table(context: str, known: list[Definition]) -> list[Definition]:
    """Local codes as a context gives them: "Lab code for potassium: K", "K = potassium", "stored under A1C"."""
    held, found = {item.code for item in known}, []
    for name, codes in stated(context)[0].codes.items():
        for code in codes:
            if code not in held and re.fullmatch(r"[A-Za-z][\w.-]*", code) and code.upper() not in _NO_CODE:
                held.add(code)
                found.append(Definition(system="local", code=code, about=_about(name), text=f"{name}: {code}"))
    last = ""
    for clause in _BREAK.split(context):
        around, last = f"{last} {clause}", clause
        if _ELSE.search(clause) or not _CUE.search(clause):
            continue
        for match in _TOKEN.finditer(clause):
            code = match["quoted"] or match["bare"]
            about = _about(f"{clause[: match.start()]} {clause[match.end() :]}")
            about = about or _about(around.replace(code, " "))
            if code.upper() in _NO_CODE or code in held or not re.search(r"[A-Za-z]{2}", about):
                continue
            held.add(code)
            found.append(Definition(system="local", code=code, about=about, text=" ".join(clause.split())))
    return found


def _sheet(sentence: str) -> Definition | None:
    """The name of a flowsheet row, whichever side it stands on: the one word in capitals or in quotation marks."""
    if not re.search(r"flow\s?sheet", sentence, _I):
        return None
    matches = list(_TOKEN.finditer(sentence))
    named = {match["quoted"] for match in matches if match["quoted"]} or {
        match["bare"] for match in matches if match["bare"] and match["bare"] not in _NO_CODE
    }
    said = " ".join(sentence.split())
    return Definition(system="flowsheet", code=named.pop(), about=_about(said), text=said) if len(named) == 1 else None


def _about(text: str) -> str:
    plain = re.sub(
        r"\b(?:the|code|codes|number|id|for|of|is|are|use|used|using|with|a|an|to|when|by|its|as|please|order|orders|"
        r"ordering|ordered|drug|it|has|have|had|find|stored|filed|answer|chart|and|"
        r"under)\b|[^\w%/ +-]",
        " ",
        text,
        flags=_I,
    )
    return " ".join(plain.split())


def overlap(about: str, text: str) -> int:
    """How many words two texts share, by their first five letters."""
    first = {word[:5] for word in re.findall(r"[a-z0-9]{2,}", about.lower())}
    return len(first & {word[:5] for word in re.findall(r"[a-z0-9]{2,}", text.lower())})
