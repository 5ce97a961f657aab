"""The protocols and the corpus that come with Osler hold together; broken ones are refused."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.build import check_tools
from knowledge.guideline import CorpusError, check_units, default_corpus, load_corpus
from knowledge.protocol import PROTOCOLS, Protocol, check_protocol, default_protocols, load_protocols
from knowledge.terminology import default_terminology
from tools.catalog import catalog
from tools.drugs import check_rules

FILES = sorted(PROTOCOLS.glob("*.yaml"))


def test_all_load_and_name_tools_parameters_and_concepts_that_exist() -> None:
    protocols = default_protocols()
    assert {"af-stroke-prevention", "chronic-kidney-disease", "suspected-pulmonary-embolism"} <= set(protocols)
    check_tools(protocols.values(), catalog(), default_terminology())
    check_rules(default_corpus(), default_terminology())


def test_every_unit_of_the_corpus_is_ucum() -> None:
    check_units(default_corpus())


def test_at_least_thirty_recommendations_are_verified() -> None:
    assert default_corpus().counts["verified"] >= 30


def test_every_protocol_says_it_was_not_reviewed_until_somebody_signs() -> None:
    assert all(protocol.reviewed_by is None for protocol in default_protocols().values())


def test_the_same_disease_has_the_same_plan_hash() -> None:
    first = load_protocols()["chronic-kidney-disease"]
    assert first.hash == default_protocols()["chronic-kidney-disease"].hash


def broken(change: Any) -> Protocol:
    body = yaml.safe_load((PROTOCOLS / "af-stroke-prevention.yaml").read_text(encoding="utf-8"))
    body = copy.deepcopy(body)
    change(body)
    return Protocol.model_validate(body)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b["criteria"][0].update(cites=["no_such_recommendation"]), "verified recommendation"),
        (lambda b: b["criteria"][0].update(cites=[]), "at least one citation"),
        (lambda b: b["steps"].append({"slot": "x", "tool": "logic.all", "from": {"a": "nobody"}}), "no step fills it"),
        (lambda b: b["steps"].append(dict(b["steps"][0])), "filled twice"),
        (
            lambda b: b["steps"].extend(
                [
                    {"slot": "x1", "tool": "logic.all", "from": {"a": "x2"}},
                    {"slot": "x2", "tool": "logic.all", "from": {"a": "x1"}},
                ]
            ),
            "cycle",
        ),
    ],
)
def test_broken_protocols_are_refused(change: Any, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        check_protocol(broken(change), default_corpus())


def test_a_free_number_in_a_template_is_refused() -> None:
    with pytest.raises(ValueError, match="free number"):
        broken(lambda b: b["criteria"][0].update(claim="Give 5 mg twice a day."))


def test_an_unverified_recommendation_supports_no_criterion() -> None:
    corpus = default_corpus()
    loose = [rec_id for rec_id, rec in corpus.recommendations.items() if rec.verified is None]
    for protocol in default_protocols().values():
        for criterion in protocol.criteria:
            assert not set(criterion.cites) & set(loose)


def test_an_id_used_twice_is_refused(tmp_path: Path) -> None:
    source = next(iter(sorted((PROTOCOLS.parent / "corpus").glob("*.yaml"))))
    text = source.read_text(encoding="utf-8")
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match="twice"):
        load_corpus(tmp_path)


def test_thresholds_are_in_units_their_slots_can_be_compared_in() -> None:
    """A clearance is compared with mL/min, an eGFR with the indexed unit: else a criterion could never be decided."""
    from knowledge.predicate import _walk
    from knowledge.quantity import UnitError, factor

    corpus, terms, wrong = default_corpus(), default_terminology(), []
    for protocol in default_protocols().values():
        units = {step.slot: _unit(step, terms) for step in protocol.steps}
        for criterion in protocol.criteria:
            for predicate in [*([criterion.when] if criterion.when else []), *criterion.unless]:
                for key, (slot, reference) in _walk(predicate):
                    if key == "compare" and units[slot] is not None:
                        concept = protocol.step_by_slot[slot].with_.get("concept")
                        try:
                            factor(units[slot], corpus.value(reference).unit or "1", concept)
                        except UnitError as error:
                            wrong.append(f"{protocol.id}/{criterion.id} {slot} {reference}: {error}")
    assert wrong == []


def _unit(step: Any, terms: Any) -> str | None:
    if step.tool.startswith("calc."):
        spec = catalog()[step.tool]
        return spec.unit
    if step.tool == "record.observation":
        return terms.get(step.with_["concept"]).unit
    return "a" if step.tool == "record.age" else None
