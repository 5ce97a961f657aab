"""Words to concepts: longest match, abbreviations, plain words, misspellings; and how a mention is meant."""

from __future__ import annotations

import pytest

from knowledge.assertion import assertions, sentences
from knowledge.linker import Linker, is_abbreviation
from knowledge.terminology import Concept, Terminology, default_terminology

CONCEPTS = [
    Concept(id="af", kind="condition", name="Atrial fibrillation", synonyms=("AF", "AFib"),
            lay=("irregular heartbeat",)),
    Concept(id="pe", kind="condition", name="Pulmonary embolism", synonyms=("PE", "?PE"), lay=("clot on the lung",)),
    Concept(id="ckd", kind="condition", name="Chronic kidney disease", synonyms=("CKD",)),
    Concept(id="ckd3", kind="condition", name="Chronic kidney disease stage 3", synonyms=("CKD 3b",)),
    Concept(id="stroke", kind="condition", name="Stroke"),
    Concept(id="hit", kind="condition", name="Heparin-induced thrombocytopenia", synonyms=("HIT",)),
    Concept(id="apixaban", kind="medication", name="Apixaban"),
    Concept(id="hydralazine", kind="medication", name="Hydralazine"),
    Concept(id="anaemia", kind="condition", name="Anaemia"),
]


@pytest.fixture(scope="module")
def linker() -> Linker:
    return Linker(Terminology({concept.id: concept for concept in CONCEPTS}), known=["the stork flew"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Atrial fibrillation and chronic kidney disease stage 3", [("af", "exact"), ("ckd3", "exact")]),
        ("New AF", [("af", "abbreviation")]),
        ("does she have pe or afib", [("pe", "abbreviation"), ("af", "abbreviation")]),
        ("Hit by a car", []),
        ("HIT suspected", [("hit", "abbreviation")]),
        ("an irregular heartbeat", [("af", "lay")]),
        ("atril fibrilation on apixban", [("af", "typo"), ("apixaban", "typo")]),
        ("The stork flew", []),
        ("CKD3b and anemia", [("ckd3", "exact"), ("anaemia", "exact")]),
        ("hydroxyzine at night", []),
        ("strokes and clots on the lungs", [("stroke", "exact"), ("pe", "lay")]),
        ("pulmonary. Embolism", []),
    ],
)
def test_mentions(linker: Linker, text: str, expected: list[tuple[str, str]]) -> None:
    assert [(mention.concept, mention.how) for mention in linker.link(text)] == expected


def test_a_mention_keeps_its_place_and_its_meaning(linker: Linker) -> None:
    text = "No history of stroke. Her mother had AF. ?PE"
    found = [(text[mention.start : mention.end], mention.assertion) for mention in linker.link(text)]
    assert found == [("stroke", "absent"), ("AF", "family"), ("PE", "possible")]


def test_words_given_for_questions_only_are_marked(linker: Linker) -> None:
    more = Linker(linker.terminology, {"af": ["fluttery chest"], "gardening": ["garden"]})
    assert [(m.concept, m.how) for m in more.link("a fluttery chest in the garden")] == [
        ("af", "extra"), ("gardening", "extra"),
    ]


@pytest.mark.parametrize(
    ("word", "yes"), [("PE", True), ("DOACs", True), ("Hb", True), ("Stroke", False), ("I48", False)]
)
def test_abbreviations_are_words_whose_case_matters(word: str, yes: bool) -> None:
    assert is_abbreviation(word) is yes


ASSERTED = [
    ("No diabetes, heart failure or vascular disease.", "heart failure", "absent"),
    ("Denies chest pain but has palpitations.", "palpitations", "present"),
    ("Sinus rhythm, no AF with normal valves.", "AF", "absent"),
    ("PE was ruled out by CTPA.", "PE", "absent"),
    ("PE cannot be ruled out.", "PE", "possible"),
    ("Can PE be excluded without a scan?", "PE", "possible"),
    ("Previous DVT in 2015.", "DVT", "historical"),
    ("Family history of stroke.", "stroke", "family"),
    ("Stroke in her father at 60.", "Stroke", "family"),
    ("No family history of stroke.", "stroke", "family"),
    ("His wife says he has AF.", "AF", "present"),
    ("Return if chest pain develops.", "chest pain", "hypothetical"),
    ("At risk of stroke.", "stroke", "hypothetical"),
    ("AF never confirmed.", "AF", "absent"),
    ("Lip swelling, no rash, wheeze or fever: ACE inhibitor angioedema.", "angioedema", "present"),
    ("Lip swelling after ramipril, no urticaria: angioedema.", "angioedema", "present"),
    ("Well today, no history of: stroke, diabetes.", "diabetes", "absent"),
    ("No vascular disease: stroke, PAD.", "stroke", "absent"),
    ("No fever.\nAF since May.", "AF", "present"),
    ("Does she have CKD?", "CKD", "present"),
]


@pytest.mark.parametrize(("text", "words", "expected"), ASSERTED)
def test_assertion(text: str, words: str, expected: str) -> None:
    start = text.index(words)
    assert assertions(text, [(start, start + len(words))]) == [expected]


def test_a_negation_ends_with_its_sentence_and_decimals_do_not_end_one() -> None:
    text = "No INR above 1.0 seen. AF present."
    assert [text[start:end].strip() for start, end in sentences(text)] == ["No INR above 1.0 seen.", "AF present."]


def test_every_word_of_the_terminology_is_found_again() -> None:
    terminology = default_terminology()
    linker = Linker(terminology)
    lost = [
        (concept.id, word) for concept in terminology.concepts.values() for word in (concept.name, *concept.synonyms)
        if not word.lstrip().startswith("?") and concept.id not in {m.concept for m in linker.link(word)}
    ]
    assert len(lost) <= len(terminology.concepts) * 0.02, lost
