"""Hybrid search: finds what is meant, says nothing where nothing is near, and cites only what can be cited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from knowledge.encoder import default_encoder
from knowledge.guideline import CorpusError
from knowledge.retriever import RRF_K, Retriever, build_retriever, measured_threshold

QUERIES = Path(__file__).parents[2] / "evals" / "route" / "retrieval_dev.yaml"
needs_encoder = pytest.mark.skipif(default_encoder() is None, reason="the weight packages are not installed")


@pytest.fixture(scope="module")
def hybrid(index_folder: Path) -> Retriever:
    return build_retriever(index_folder)


@pytest.fixture(scope="module")
def words_only() -> Retriever:
    return build_retriever(encoder=None)


@needs_encoder
@pytest.mark.parametrize(
    ("query", "about"),
    [
        ("When is oral anticoagulation recommended in atrial fibrillation?", {"atrial_fibrillation"}),
        ("which measurement of urine protein stages kidney disease", {"ckd", "acr", "proteinuria"}),
        ("blood clot in the lung: which test first", {"pulmonary_embolism", "d_dimer", "suspected_pulmonary_embolism"}),
    ],
)
def test_the_best_passages_are_about_what_was_asked(hybrid: Retriever, query: str, about: set[str]) -> None:
    found = hybrid.search(query, k=3)
    assert found.reason is None
    assert any(about & set(hybrid.passage(hit.id).about) for hit in found.hits)
    assert [hit.score for hit in found.hits] == sorted((hit.score for hit in found.hits), reverse=True)


@needs_encoder
def test_a_score_is_the_sum_over_both_rankings(hybrid: Retriever) -> None:
    for hit in hybrid.search("apixaban dose in renal impairment", k=8).hits:
        ranks = [rank for rank in (hit.dense_rank, hit.bm25_rank) if rank is not None]
        assert hit.score == pytest.approx(sum(1 / (RRF_K + rank) for rank in ranks))


@pytest.mark.parametrize("query", ["write a poem about the sea", "treatment of acute otitis media in children", "   "])
def test_nothing_near_means_no_passages_and_a_reason(hybrid: Retriever, words_only: Retriever, query: str) -> None:
    for retriever in (hybrid, words_only):
        found = retriever.search(query)
        assert found.hits == ()
        assert found.reason


def test_a_search_can_be_held_to_concepts(words_only: Retriever) -> None:
    found = words_only.search("apixaban dose in renal impairment", k=50, about=["ckd"])
    assert found.hits
    assert all("ckd" in words_only.passage(hit.id).about for hit in found.hits)
    nothing = words_only.search("apixaban", about="no_such_concept")
    assert nothing.hits == () and nothing.reason == "no passage is about that"


def test_words_only_search_says_so(words_only: Retriever) -> None:
    found = words_only.search("anticoagulation in atrial fibrillation")
    assert found.hits and all(hit.dense is None for hit in found.hits)
    assert any("BM25" in note for note in found.notes)


def test_a_recommendation_becomes_evidence_and_a_protocol_does_not(words_only: Retriever) -> None:
    hits = words_only.search("stroke prevention in atrial fibrillation", k=60).hits
    recommendation = next(hit for hit in hits if hit.kind == "recommendation")
    protocol = next(hit for hit in hits if hit.kind == "protocol")
    evidence = words_only.evidence(recommendation)
    assert evidence.kind == "passage" and evidence.slot == recommendation.id
    with pytest.raises(CorpusError, match="not cited"):
        words_only.evidence(protocol)


@pytest.mark.parametrize(("encoder", "part"), [("default", "hybrid"), (None, "words_only")])
def test_the_threshold_still_does_what_its_provenance_says(
    encoder: str | None, part: str, words_only: Retriever, request: pytest.FixtureRequest
) -> None:
    if encoder and default_encoder() is None:
        pytest.skip("the weight packages are not installed")
    retriever = request.getfixturevalue("hybrid") if encoder else words_only
    raw = yaml.safe_load(QUERIES.read_text(encoding="utf-8"))

    def found(queries: Sequence[str]) -> float:
        return sum(bool(retriever.search(query).hits) for query in queries) / len(queries)

    assert measured_threshold()["provenance"]["queries"] == QUERIES.name
    balanced = (found(raw["in_scope"]) + 1 - found(raw["out_of_scope"])) / 2
    assert balanced >= measured_threshold()[part]["balanced_accuracy"] - 0.05
