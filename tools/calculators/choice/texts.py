"""What is known of each calculator in words: its names, its purpose, its inputs, and what clinicians ask for it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from knowledge.words import fold, terms
from tools.calculators.base import Calculator

HERE = Path(__file__).parent
_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉²³", "012345678923")
_WORD = re.compile(r"[a-z0-9]+")
_IDLE_WORDS = (
    "a an and any are at by can calculate calculator compute criteria criterion determine do does equation estimate "
    "find for formula from get give has have he her hers him his how i in index is it its me much my need number of on "
    "or our out patient patients please pt rule s scale score scoring she system test tool the their them this to "
    "using value want what whats which with work you"
)
_IDLE = frozenset(_WORD.findall(_IDLE_WORDS))
_EVERYDAY = frozenset(("four", "years", "heart", "cows", "grace", "rest", "nexus", "oxygen", "air"))
_METHOD = re.compile(r"\b(?:using|use|by|with|according to|per|via)\s+(?:the\s+)?(?:\d{4}\s+)?$")
_YOUTH, _GROWN = 15, 21
_A_SCORE = re.compile(r"\s+(?:score|rule|criteria|algorithm|index|scale|risk score)\b")
_GIVEN = re.compile(
    r"\s*(?:score\s*)?(?:(?:of|is|was|=|:|>|<|about|around|now|only|at|came back|below|above)\s*){0,2}"
    r"\d+(?:[.,]\d+)?(?![\d.,]*[- ]?(?:year|yr|y/?o\b|yo\b|month|week|day|f\b|m\b))"
)
_YEARS = re.compile(
    r"\b(?:aged? |age of )(\d{1,3})\b|"
    r"\b(\d{1,3})[- ]?(?:(?:years?|yrs?)[- ](?:old|man|woman|male|female|lady)|y/?o\b|yo\b)",
    re.IGNORECASE,
)
_YOUNG = re.compile(
    r"\b(?:\d{1,2}[- ]?(?:month|week|day|mo)s?[- ]old|infant|baby|babies|newborn|neonat\w*|toddler|kids?|boy|"
    r"child(?:ren|hood)?(?![- ](?:pugh|turcotte|class|[abc]\b))|"
    r"girl|"
    r"p(?:a)?ediatric\w*|picu|schoolboy|schoolgirl|preschool\w*|daughter|son|teenager|adolescent|neonate)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Texts:
    """The words of one calculator.

    Attributes:
        keys: each of its names as idle words leave it, joined ("wellsdvt"), with its words.
        own: those of the keys that are its name and title; the others are synonyms.
        stage: "@child" where it is for children, "@adult" where it is for adults only, else "".
        asked: what clinicians ask when they want it, a question each.
    """

    name: str
    keys: tuple[tuple[str, tuple[str, ...]], ...]
    own: frozenset[str]
    names: tuple[str, ...]
    purpose: tuple[str, ...]
    inputs: tuple[str, ...]
    asked: tuple[str, ...]
    sentences: tuple[str, ...]
    stage: str

    @property
    def vocabulary(self) -> frozenset[str]:
        """Every word it is written with; a word of these is no misspelling of a name."""
        return frozenset(fold(word) for text in self.sentences for word in _WORD.findall(text.lower()))


def name_words(text: str) -> tuple[str, ...]:
    """Lower-case words without idle ones, spelling folded; `CHA₂DS₂-VA` reads `cha2ds2 va`."""
    return tuple(word.text for word in placed_words(text))


@dataclass(frozen=True)
class Word:
    """A word of a question: whether a number is `given` for it ("an eGFR of 41"), or it is a `method` ("using the")."""

    text: str
    given: bool
    method: bool


def placed_words(text: str) -> list[Word]:
    """The words of `name_words`, with what stands around each."""
    plain = text.lower().translate(_DIGITS).replace("'s", "  ").replace("’s", "  ")
    written = text.translate(_DIGITS).replace("'s", "  ").replace("’s", "  ")
    return [
        Word(
            fold(found.group()),
            bool(_GIVEN.match(plain, found.end())),
            bool(_METHOD.search(plain, 0, found.start())),
        )
        for found in _WORD.finditer(plain)
        if fold(found.group()) not in _IDLE and not _plain_word(found, plain, written)
    ]


def _plain_word(found: re.Match[str], plain: str, written: str) -> bool:
    """Whether a word that is also the name of a score ("heart", "years") is only the word here."""
    if found.group() not in _EVERYDAY or len(plain) != len(written):
        return False
    named = written[found.start() : found.end()].isupper() or _A_SCORE.match(plain, found.end())
    return not named and len(plain) > len(found.group()) + 1


def content(text: str) -> tuple[str, ...]:
    """The stems of a text, with what an age says ("child" for a six-year-old)."""
    return (*terms(text.translate(_DIGITS)), *life_stage(text))


def life_stage(text: str) -> tuple[str, ...]:
    """`@child` where the words speak of a child; `@adult` where an age is an adult's."""
    ages = [int(first or second) for first, second in _YEARS.findall(text)]
    if _YOUNG.search(text) or any(age < 16 for age in ages):
        return ("@child",)
    return ("@adult",) if ages else ()


@functools.cache
def asked() -> dict[str, tuple[str, ...]]:
    """The questions of `asked/*.yaml`, by calculator."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((HERE / "asked").glob("*.yaml")):
        for name, lines in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            found[name] = (*found.get(name, ()), *(line.strip() for line in lines.splitlines() if line.strip()))
    return found


@functools.cache
def _shorthand() -> tuple[re.Pattern[str], dict[str, str]]:
    found: dict[str, str] = yaml.safe_load((HERE / "shorthand.yaml").read_text(encoding="utf-8"))
    longest = sorted(found, key=len, reverse=True)
    # Capitals are told apart: "VT" is not "Vt", and "uc" inside prose is no colitis.
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest))})\b"), found


def spelt_out(question: str) -> str:
    """A question with what clinicians write for short spelt out, and "28F" as an age and a sex."""
    pattern, found = _shorthand()
    text = re.sub(r"\b(\d{1,3})\s?([FM])\b", lambda m: f"{m[1]}-year-old {'woman' if m[2] == 'F' else 'man'}", question)
    return pattern.sub(lambda match: found[match.group()], text)


@functools.cache
def families() -> list[dict[str, Any]]:
    """Calculators that stand for one another, the current one first, each with what sets it apart."""
    rows: list[dict[str, Any]] = yaml.safe_load((HERE / "families.yaml").read_text(encoding="utf-8"))
    return rows


def texts_of(calculator: Calculator, lines: Sequence[str]) -> Texts:
    """The words of a calculator, with the questions asked for it."""
    names = tuple(dict.fromkeys((calculator.name.replace("_", " "), calculator.title, *calculator.synonyms)))
    keys = {"".join(found): found for found in map(name_words, names) if found}
    inputs = " ".join(f"{entry.title} {' '.join(entry.choices.values())}" for entry in calculator.inputs)
    population = calculator.population.text if calculator.population else ""
    return Texts(
        calculator.name,
        tuple(keys.items()),
        frozenset("".join(name_words(text)) for text in names[:2]),
        tuple(word for name in names for word in content(name)),
        content(f"{calculator.purpose} {population} {calculator.specialty}"),
        content(inputs),
        tuple(lines),
        (f"{calculator.title}. {calculator.purpose}", calculator.purpose, *names[1:], *lines),
        stage_of(calculator),
    )


def stage_of(calculator: Calculator) -> str:
    """For whom a calculator is: by the limits of its population, else by its title and purpose."""
    limits = calculator.population
    if limits is not None and limits.below.get("age", _GROWN + 1) <= _GROWN:
        return "@child"
    if limits is not None and limits.at_least.get("age", 0) >= _YOUTH:
        return "@adult"
    said = f"{calculator.title}. {calculator.purpose}"
    return "@child" if "@child" in life_stage(said) and "adult" not in said else ""


def all_texts(calculators: Iterable[Calculator], use_asked: bool = True) -> list[Texts]:
    """The words of all calculators, in order."""
    lines = asked() if use_asked else {}
    return [texts_of(calculator, lines.get(calculator.name, ())) for calculator in calculators]
