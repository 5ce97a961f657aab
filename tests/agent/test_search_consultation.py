"""A look-up in words, inside a consultation: cited places, or "not found in the record as of"."""

from __future__ import annotations

from agent import ClinicalAssistant


def test_a_lookup_in_words_is_answered_with_citations(osler: ClinicalAssistant) -> None:
    body = osler.consult("When was his last echo?", "demo-hfref", model="none").document()
    assert body["plan"]["protocols"] == []
    head, *places = body["answer"]["claims"]
    assert head["text"].startswith("echo: 4 places in the record as of 2026-07-08")
    cited = {body["evidence"][claim["evidence"][0]]["source"]["reference"] for claim in places}
    assert {"ImagingStudy/demo-hfref-img1", "DocumentReference/demo-hfref-n2"} <= cited
    assert all(claim["status"] == "shown" for claim in body["answer"]["claims"])
    assert all(check["passed"] for check in body["checks"])


def test_what_stands_nowhere_is_not_found_and_never_denied(osler: ClinicalAssistant) -> None:
    body = osler.consult("Did he ever have a colonoscopy?", "demo-hfref", model="none").document()
    (claim,) = body["answer"]["claims"]
    assert claim["text"].startswith("colonoscopy: not found in the record as of 2026-07-08 (")
    assert claim["status"] == "shown" and not body["answer"]["next_steps"]
