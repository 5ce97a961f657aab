"""From a question in plain words to the calculator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.calculators import calculator, calculators, find
from tools.calculators.catalog import NAMES
from tools.calculators.choice import Choice, choose
from tools.calculators.choice.names import Names
from tools.calculators.choice.texts import all_texts, asked, families, life_stage


def by_words(question: str) -> Choice:
    return choose(question, meaning=False)


@pytest.fixture(scope="module")
def names() -> Iterator[Names]:
    yield Names(all_texts(calculators().values(), use_asked=False))


def test_every_name_and_title_names_its_calculator(names: Names) -> None:
    lost = [
        (name, text)
        for name in NAMES
        for text in (name.replace("_", " "), calculator(name).title, *calculator(name).synonyms)
        if name not in names.find(text)
    ]
    assert lost == []


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is her CHA₂DS₂-VA?", "cha2ds2_va"),
        ("cha2ds2vasc", "cha2ds2_vasc"),
        ("work out the CHADS-VASc of this patient", "cha2ds2_vasc"),
        ("meld na", "meld_na"),
        ("wells score for DVT", "wells_dvt"),
        ("Wells for PE", "wells_pe"),
        ("wels score for DVT", "wells_dvt"),
        ("Should the apixaban dose be reduced?", "apixaban_af_dose"),
        ("eGFR from creatinine 150", "ckd_epi_2021"),
        ("Using the MDRD equation, what is the patient's GFR?", "mdrd"),
        ("Using the Fridericia formula, what is the corrected QT interval?", "qtc_fridericia"),
        ("What is her BMI?", "bmi"),
        ("curb65", "curb_65"),
        ("risk of dialysis in five years", "kfre_4"),
    ],
)
def test_a_question_finds_the_calculator(question: str, expected: str) -> None:
    assert by_words(question).calculator == expected
    assert find(question)[0][0] == expected


@pytest.mark.parametrize(("named", "current"), [("MELD", "meld_3_0"), ("corrected QT", "qtc_bazett")])
def test_of_a_family_the_one_in_force_comes_first(named: str, current: str) -> None:
    found = by_words(f"What is the patient's {named}?")
    assert found.calculator == current
    assert all(row.differs for row in found.runners_up)


def test_a_number_given_for_a_name_is_not_what_is_asked(names: Names) -> None:
    asks = names.find("What is his eGFR?")["ckd_epi_2021"][0]
    given = names.find("Which stage is an eGFR of 41?")["ckd_epi_2021"][0]
    assert given < asks / 2


def test_a_word_that_is_also_a_name_is_only_a_word(names: Names) -> None:
    assert "years" not in names.find("risk of a stroke in ten years")
    assert "years" in names.find("YEARS for embolism")
    assert "heart_score" in names.find("what is his heart score")


def test_words_that_name_nothing_find_nothing() -> None:
    for question in ("what is the weather like tomorrow", "", "???", "42"):
        assert find(question) == []
        assert by_words(question).calculator is None


def test_doubt_is_said_as_a_question() -> None:
    doubtful = [by_words(text) for text in ("liver", "risk", "stroke or bleeding")]
    assert all(found.which and found.which.startswith("Which of these") for found in doubtful if not found.sure)
    assert any(not found.sure for found in doubtful)


@pytest.mark.parametrize(
    ("text", "stage"),
    [("a 6-year-old", ("@child",)), ("70 year old man", ("@adult",)), ("a toddler", ("@child",)), ("her dose", ())],
)
def test_the_stage_of_life(text: str, stage: tuple[str, ...]) -> None:
    assert life_stage(text) == stage


def test_what_is_asked_and_the_families_are_about_calculators_there_are() -> None:
    assert [name for name in asked() if name not in NAMES] == []
    assert [name for family in families() for name in family["members"] if name not in NAMES] == []


def test_vectors_are_kept_and_a_torn_file_is_written_anew(tmp_path: Path) -> None:
    from knowledge.kept import kept
    from tools.calculators.choice.index import _vectors

    class Counting:
        id = digest = "counting"
        dims = 2
        asked: list[str] = []  # noqa: RUF012

        def encode(self, texts):  # type: ignore[no-untyped-def]
            import numpy as np

            self.asked += texts
            return np.ones((len(texts), 2), dtype=np.float32)

    encoder = Counting()
    assert _vectors(encoder, ["a", "b"], tmp_path).shape == (2, 2)
    _vectors(encoder, ["a", "c"], tmp_path)
    assert encoder.asked == ["a", "b", "c"]
    (tmp_path / "calculators.npz").write_bytes(b"torn")
    assert kept(tmp_path / "calculators.npz") == {}
    assert _vectors(encoder, ["a"], tmp_path).shape == (1, 2)
