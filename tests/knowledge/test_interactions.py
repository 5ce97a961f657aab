"""The drug safety table: what loads, what it names, and that a rule is found from either side."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import yaml

from knowledge.guideline import CorpusError
from knowledge.interaction_rules import FOLDER, TIERS, DrugSafety, RenalBand, drug_safety
from knowledge.terminology import Concept, Terminology, default_terminology


def tiers(one: str, other: str) -> list[str]:
    return [pair.tier for pair, _, _ in drug_safety().between([one], [other])]


def test_it_is_as_large_as_it_says_and_every_entry_has_a_place_in_a_source() -> None:
    table = drug_safety()
    counts = table.counts()
    assert counts["pairs"] == sum(counts[tier] for tier in TIERS) >= 150
    assert counts["verified"] + counts["unverified"] == counts["pairs"]
    for pair in table.pairs:
        source = table.sources[pair.source]
        assert source.url.startswith("https://") or source.url.startswith("http://")
        assert pair.effect
        assert pair.watch
        assert pair.at or pair.unverified
        assert table.members(pair.a)
        assert table.members(pair.b)
    assert len(table.most) >= 40
    assert all(row.mg > 0 for row in table.most.values())


def test_no_pair_stands_twice() -> None:
    seen = [(frozenset((pair.a, pair.b)), pair.source) for pair in drug_safety().pairs]
    assert len(seen) == len(set(seen))


def test_every_source_is_used() -> None:
    table = drug_safety()
    used = {pair.source for pair in table.pairs} | {row.source for row in table.duplicates}
    used |= {rule.source for rule in table.renal.values()} | {row.source for row in table.most.values()}
    used |= {row["source"] for row in yaml.safe_load((FOLDER / "groups.yaml").read_text())}
    assert set(table.sources) == used


@pytest.mark.parametrize(
    ("one", "other", "strongest"),
    [
        ("simvastatin", "clarithromycin", "contraindicated"),
        ("glyceryl_trinitrate", "sildenafil", "contraindicated"),
        ("linezolid", "sertraline", "avoid"),
        ("allopurinol", "azathioprine", "contraindicated"),
        ("warfarin", "ibuprofen", "avoid"),
        ("clopidogrel", "omeprazole", "avoid"),
        ("methotrexate", "trimethoprim", "contraindicated"),
        ("tizanidine", "ciprofloxacin", "contraindicated"),
        ("digoxin", "amiodarone", "monitor"),
        ("lithium", "ibuprofen", "avoid"),
    ],
)
def test_a_rule_is_found_from_either_side(one: str, other: str, strongest: str) -> None:
    assert tiers(one, other)[0] == strongest
    assert tiers(other, one) == tiers(one, other)


def test_a_class_reaches_its_members_and_no_further() -> None:
    table = drug_safety()
    members = table.members("ace_inhibitor")
    assert {"lisinopril", "ramipril"} <= members
    for drug in ("lisinopril", "ramipril"):
        assert any(pair.b == "sacubitril_valsartan" for pair, _, _ in table.between([drug], ["sacubitril_valsartan"]))
    assert not any(pair.b == "sacubitril_valsartan" for pair, _, _ in table.between(["amlodipine"], ["apixaban"]))


def test_a_drug_is_no_pair_with_itself() -> None:
    table = drug_safety()
    assert all(not table.between([drug], [drug]) for drug in sorted(table.named))
    assert tiers("citalopram", "escitalopram")[0] == "contraindicated"


def test_the_strongest_comes_first() -> None:
    table = drug_safety()
    drugs = ["warfarin", "simvastatin", "methotrexate", "gemfibrozil", "trimethoprim_sulfamethoxazole", "amiodarone"]
    for one, other in itertools.combinations(drugs, 2):
        ranks = [TIERS.index(pair.tier) for pair, _, _ in table.between([one], [other])]
        assert ranks == sorted(ranks)


def test_unverified_or_conditional_entries_are_not_strict() -> None:
    for pair in drug_safety().pairs:
        if pair.unverified or pair.when or pair.tier != "contraindicated":
            assert not pair.strict


def test_groups_and_added_drugs_stay_out_of_the_main_terminology() -> None:
    main = default_terminology()
    for row in yaml.safe_load((FOLDER / "groups.yaml").read_text()):
        assert row["id"] not in drug_safety().terminology
    assert "sertraline" not in main
    assert "sertraline" in drug_safety().terminology


def test_a_word_of_an_added_drug_no_longer_stands_for_its_class() -> None:
    table = drug_safety()
    assert "Gliclazide" not in table.terminology.get("sulfonylurea").words
    assert "gliclazide" in table.members("sulfonylurea")
    assert "gliclazide" in [word.casefold() for word in default_terminology().get("sulfonylurea").words]


@pytest.mark.parametrize(
    ("band", "clearance", "holds"),
    [
        (RenalBand(at_least=10, below=30, action="reduce", text=""), 10, True),
        (RenalBand(at_least=10, below=30, action="reduce", text=""), 30, False),
        (RenalBand(at_most=50, action="reduce", text=""), 50, True),
        (RenalBand(below=10, action="reduce", text=""), 9.9, True),
    ],
)
def test_a_band_has_the_limits_it_is_written_with(band: RenalBand, clearance: float, holds: bool) -> None:
    assert band.holds(clearance) is holds


def test_with_the_rules_of_the_labels_thirty_drugs_have_renal_bands() -> None:
    rules = yaml.safe_load((FOLDER.parent / "drugs" / "renal.yaml").read_text())
    assert len({row["drug"] for row in rules} | set(drug_safety().renal)) >= 30
    assert not {row["drug"] for row in rules} & set(drug_safety().renal)


def _folder(tmp_path: Path, pair: str, sources: str = "") -> Path:
    known = "s: {name: n, edition: e, url: 'https://example.org', read_on: '2026-01-01', kind: publisher}"
    files = {
        "drugs.yaml": "[{id: added, kind: medication, name: Added}]",
        "groups.yaml": "[{id: g, name: g, source: s, members: [added]}]",
        "sources.yaml": sources or known,
        "duplicates.yaml": "[]",
        "renal.yaml": "[]",
        "max_dose.yaml": "[]",
        "pairs_x.yaml": f"{{source: s, pairs: [{pair}]}}",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


_BASE = Terminology({"known": Concept(id="known", kind="medication", name="Known")})
_FITS = "{a: known, b: g, tier: avoid, effect: x, watch: y, at: z}"


@pytest.mark.parametrize(
    "row",
    [
        "{a: known, b: nothing, tier: avoid, effect: x, watch: y, at: z}",
        "{a: known, b: g, tier: avoid, effect: x, watch: y}",
        "{a: known, b: g, tier: severe, effect: x, watch: y, at: z}",
        "{a: known, b: g, tier: avoid, effect: x, watch: y, at: z, source: none}",
        "{a: known, b: g, tier: avoid, effect: x, watch: y, at: z, limit: {drug: nothing, mg: 5}}",
        "{a: known, b: g, tier: avoid, effect: x, at: z}",
    ],
)
def test_a_row_that_does_not_fit_fails_to_load(tmp_path: Path, row: str) -> None:
    assert DrugSafety(_folder(tmp_path, _FITS), _BASE).between(["added"], ["known"])
    with pytest.raises(CorpusError):
        DrugSafety(_folder(tmp_path, row), _BASE)
