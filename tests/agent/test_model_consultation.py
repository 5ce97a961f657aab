"""A whole consultation with a model behind a server: what it asks for further is executed, shown and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent import ClinicalAssistant
from tests.agent.model_server import serving

NONE: dict[str, Any] = {"answer": {"decision": "none", "why": ""}}
DONE: dict[str, Any] = {"answer": {"decision": "done", "why": ""}}
EGFR: dict[str, Any] = {
    "answer": {
        "decision": "call",
        "tool": "calc.ckd_epi_2021",
        "arguments": {"creatinine": "creatinine", "age": "patient.age", "sex": "patient.sex"},
        "why": "",
    }
}


def test_what_a_model_asks_for_further_is_shown_with_its_evidence(osler: ClinicalAssistant, tmp_path: Path) -> None:
    with serving(NONE, EGFR, DONE) as server:
        settings = osler.settings.beside(tmp_path).model_copy(update={"model_url": server.url, "model": "tiny"})
        with ClinicalAssistant(settings) as asked:
            body = asked.consult("What is her creatinine?", "demo-af").document()
    assert body["plan"]["refinement"]["steps"] == ["extra.1"], (body["plan"]["refinement"], server.prompts)
    print([r for r in body["records"] if r["slot"] == "extra.1"], body["answer"]["not_answered"][-3:])
    found = next(e for e in body["evidence"].values() if e["slot"] == "extra.1")
    claims = [c for c in body["answer"]["claims"] if found["id"] in c["evidence"]]
    assert [c["section"] for c in claims] == ["Further steps the model asked for"]
    assert claims[0]["status"] == "shown" and found["display"] in claims[0]["text"]
