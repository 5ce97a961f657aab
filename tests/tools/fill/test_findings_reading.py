"""How findings are told from notes: assertion, time, drugs, families, codes; rules checked when they are read."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from knowledge.assertion import assertions
from knowledge.guideline import CorpusError
from knowledge.linker import default_linker
from tools.calculators import calculator
from tools.calculators.catalog import NAMES
from tools.calculators.common import boolean
from tools.fill.context import Context
from tools.fill.findings import find, judge
from tools.fill.findings_derived import derived
from tools.fill.findings_rules import rule_of, shared_rules
from tools.fill.findings_time import ago, lasting
from tools.fill.model import Ambiguous, Unmentioned
from tools.fill.slots import fill, rule_for
from tools.fill.text import note_text


def _says(note: str, **raw: Any) -> bool | None:
    return judge(rule_of(raw, "test"), Context(note_text(note))).says


def _meant(note: str, words: str) -> str:
    start = note.index(words)
    return assertions(note, [(start, start + len(words))])[0]


@pytest.mark.parametrize(
    ("note", "words", "expected"),
    [
        ("Her medical history included gout, asthma, COPD, migraine, and a stroke.", "stroke", "historical"),
        ("PMH: HTN, DM2, CKD stage 3, OSA, gout, GORD, osteoporosis, glaucoma, stroke.", "stroke", "historical"),
        ("A 3-day history of haemoptysis.", "haemoptysis", "present"),
        ("A history of haemoptysis.", "haemoptysis", "historical"),
        ("He has a history of asthma and comes with fever.", "fever", "present"),
        ("Hypertension was treated and diabetes was ruled out.", "Hypertension", "present"),
        ("Hypertension was treated and diabetes was ruled out.", "diabetes", "absent"),
        ("Chest pain and dyspnoea were denied.", "Chest pain", "absent"),
        ("Findings suggesting pneumonia.", "pneumonia", "possible"),
        ("Treated for presumed pneumonia.", "pneumonia", "possible"),
        ("No history of stroke.", "stroke", "absent"),
        ("Review of systems was negative for cough, fever and syncope.", "syncope", "absent"),
        ("It is seen in patients with lupus.", "lupus", "hypothetical"),
        ("Denied chest pain, dyspnoea or syncope.", "syncope", "absent"),
    ],
)  # fmt: skip
def test_meant(note: str, words: str, expected: str) -> None:
    assert _meant(note, words) == expected


@pytest.mark.parametrize(
    ("text", "not_this"),
    [
        ("Severe pulmonary hypertension.", "hypertension"),
        ("Idiopathic intracranial hypertension.", "hypertension"),
        ("Nephrogenic diabetes insipidus.", "diabetes"),
    ],
)
def test_whole_names(text: str, not_this: str) -> None:
    assert not_this not in {mention.concept for mention in default_linker().link(text)}


def test_without_correction_of_misspellings_the_rest_is_the_same() -> None:
    text = "Known hypertenson, type 2 diabetes and CKD3b; no pulmonary embolism, ?PE on admission."
    corrected = [(item.concept, item.start) for item in default_linker().link(text)]
    exact = [(item.concept, item.start) for item in default_linker().link(text, typos=False)]
    assert ("hypertension", 6) in corrected
    assert exact == [item for item in corrected if item != ("hypertension", 6)]


@pytest.mark.parametrize(
    ("sentence", "low", "high"),
    [
        ("surgery two weeks ago", 14, 14),
        ("surgery 3-4 months earlier", 91.2, 121.6),
        ("surgery within the last 10 days", 0, 10),
        ("POD 5 after surgery", 5, 5),
        ("surgery performed 7 days priorly", 7, 7),
    ],
)
def test_how_long_ago(sentence: str, low: float, high: float) -> None:
    at = sentence.index("surgery")
    span = ago(sentence, (0, len(sentence)), (at, at + 7))
    assert span is not None
    assert [span.low, span.high] == pytest.approx([low, high])


def test_how_long_ago_is_not_guessed() -> None:
    assert ago("He had surgery.", (0, 15), (7, 14)) is None
    assert ago("A 60-year-old man had surgery.", (0, 30), (22, 29)) is None
    far = lasting("bed rest for 5 days", (0, 19), (0, 8))
    assert far is not None and far.high == 5


@pytest.mark.parametrize(
    ("note", "raw", "expected"),
    [
        ("Stroke.", {"any_of": ["stroke"]}, True),
        ("No stroke.", {"any_of": ["stroke"]}, False),
        ("Possible stroke.", {"any_of": ["stroke"]}, None),
        ("Possible stroke.", {"any_of": ["stroke"], "possible": True}, True),
        ("His father had a stroke.", {"any_of": ["stroke"]}, None),
        ("His father had a stroke.", {"any_of": ["stroke"], "family": True}, True),
        ("Stroke.", {"any_of": ["stroke"], "counts": "before"}, None),
        ("Previous stroke.", {"any_of": ["stroke"], "counts": "before"}, True),
        ("Previous stroke.", {"any_of": ["stroke"], "counts": "now"}, None),
        ("No recurrence of stroke.", {"any_of": ["stroke"]}, None),
        ("No active bleeding.", {"any_of": ["bleeding"]}, None),
        ("Previously healthy.", {"any_of": ["stroke"], "history": True}, False),
        ("Previously healthy. Stroke today.", {"any_of": ["stroke"], "history": True}, True),
        ("Surgery 10 days ago.", {"words": ["surgery"], "within_days": 28}, True),
        ("Surgery 10 weeks ago.", {"words": ["surgery"], "within_days": 28}, None),
        ("Surgery.", {"words": ["surgery"], "within_days": 28, "undated": True}, True),
        ("Aspirin 75 mg.", {"drugs": ["antiplatelet"]}, True),
        ("Aspirin was stopped.", {"drugs": ["antiplatelet"]}, None),
        ("Takes no aspirin.", {"drugs": ["antiplatelet"]}, False),
        ("Stroke. No TIA.", {"either": [{"any_of": ["stroke"]}, {"any_of": ["transient_ischaemic_attack"]}]}, True),
        ("No stroke.", {"either": [{"any_of": ["stroke"]}, {"any_of": ["transient_ischaemic_attack"]}]}, None),
        ("No stroke.", {"either": [{"any_of": ["stroke"]}, {"words": ["weakness"], "part": True}]}, False),
        ("BP 182/90.", {"measure": {"of": "systolic_bp", "unit": "mm[Hg]", "above": 160}}, True),
        ("BP 120/70.", {"measure": {"of": "systolic_bp", "unit": "mm[Hg]", "above": 160}}, False),
        ("Chest clear.", {"words": ["crackles"], "denied": ["chest clear"]}, False),
    ],
)  # fmt: skip
def test_judged(note: str, raw: dict[str, Any], expected: bool | None) -> None:
    assert _says(note, **raw) is expected


@pytest.mark.parametrize("unmentioned", ["unknown", "absent"])
def test_possible_is_asked_and_shown(unmentioned: Unmentioned) -> None:
    found = find(boolean("stroke", "Stroke"), {}, Context(note_text("Possible stroke."), unmentioned=unmentioned))
    assert isinstance(found, Ambiguous)
    assert [mention.quote for mention in found.mentions] == ["stroke"]


def test_unmentioned_is_unknown_unless_asked_for() -> None:
    note = "A man with palpitations."
    assert "diabetes" not in fill("cha2ds2_vasc", note).inputs
    absent = fill("cha2ds2_vasc", note, unmentioned="absent")
    assert absent.inputs["diabetes"] is False
    assert "taken as absent" in absent.assumed["diabetes"]
    assert "low_pretest" not in fill("perc", note, unmentioned="absent").inputs


def test_named_and_denied_is_said() -> None:
    found = fill("cha2ds2_vasc", "Diabetes since 2001. The referral says no diabetes.").filled["diabetes"]
    assert found.value is True
    assert "denies" in found.why
    assert [mention.assertion for mention in found.others] == ["absent"]


def test_every_rule_can_be_read() -> None:
    for name, raw in shared_rules().items():
        rule = rule_of(raw, name)
        assert rule.ways or rule.codes or rule.read or rule.denied, name


def test_every_input_has_a_rule() -> None:
    without = [
        f"{name}.{entry.name}"
        for name in NAMES
        for card in [importlib.import_module(f"tools.calculators.{name}").CALCULATOR]
        for entry in card.inputs
        if entry.kind in ("boolean", "code") and entry.default is None and entry.name != "sex"
        and not rule_for(name, entry) and entry.name not in shared_rules() and derived(entry, card) is None
    ]  # fmt: skip
    assert without == []


def test_codes_of_rules_are_codes_of_the_input() -> None:
    wrong = []
    for name in NAMES:
        for entry in calculator(name).inputs:
            raw = rule_for(name, entry) or shared_rules().get(entry.name, {})
            if entry.kind != "code" or "codes" not in raw:
                continue
            rule = rule_of(raw, name)
            wrong += [f"{name}.{entry.name}: {code}" for code, _ in rule.codes if code not in entry.choices]
            if rule.absent is not None and rule.absent not in entry.choices:
                wrong.append(f"{name}.{entry.name}: {rule.absent}")
    assert wrong == []


@pytest.mark.parametrize("raw", [{"anyof": ["stroke"]}, {"any_of": ["no such concept"]}, {"use": "no such rule"}])
def test_a_wrong_rule_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(CorpusError, match="found"):
        rule_of(raw, "test")
