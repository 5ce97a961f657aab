"""From a question in plain words to the calculator."""

from __future__ import annotations

import pytest

from tools.calculators import calculator, find
from tools.calculators.catalog import NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_synonym_finds_its_calculator(name: str) -> None:
    declared = calculator(name)
    for text in (declared.title, declared.name.replace("_", " "), *declared.synonyms):
        best = max(score for _, score in find(text))
        assert dict(find(text))[name] == best, text


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is her CHA₂DS₂-VA?", "cha2ds2_va"),
        ("work out the CHADS-VASc of this patient", "cha2ds2_vasc"),
        ("Should the apixaban dose be reduced?", "apixaban_af_dose"),
        ("creatinine clearance please", "cockcroft_gault"),
        ("eGFR from creatinine 150", "ckd_epi_2021"),
        ("risk of dialysis in five years", "kfre_4"),
    ],
)
def test_a_question_finds_the_calculator(question: str, expected: str) -> None:
    assert find(question)[0][0] == expected


def test_words_that_name_nothing_find_nothing() -> None:
    assert find("what is the weather like tomorrow") == []
    assert find("") == []
