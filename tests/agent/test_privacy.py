"""What leaves the process during a whole consultation: no name to a model, nothing to a tracing service."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from agent import ClinicalAssistant
from tests.agent.model_server import serving


def test_the_model_of_a_consultation_is_told_no_name(osler: ClinicalAssistant, tmp_path: Path) -> None:
    with serving({"decision": "none", "why": "no words"}) as server:
        settings = osler.settings.beside(tmp_path).model_copy(update={"model_url": server.url, "model": "tiny"})
        with ClinicalAssistant(settings) as asked:
            body = asked.consult("Should Margaret Ellison (demo-af) be anticoagulated?", "demo-af").document()
    assert body["ledger"]["model_calls"] >= 1 and server.asked
    sent = str(server.asked).casefold()
    assert "[withheld]" in sent and "anticoagulated" in sent
    assert not [word for word in ("margaret", "ellison", "demo-af") if word in sent]


def test_no_tracing_service_is_sent_a_consultation(osler: ClinicalAssistant, tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from agent import ClinicalAssistant, Settings
from langchain_core.tracers.langchain import wait_for_all_tracers
osler = ClinicalAssistant(Settings(home=Path(sys.argv[1]), index_folder=Path(sys.argv[2])))
assert osler.consult("What is her potassium?", "demo-af").document()["answer"]["claims"]
osler.close()
wait_for_all_tracers()
"""
    with serving({}) as tracer:
        tracing = {"LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "x", "LANGSMITH_ENDPOINT": tracer.url}
        command = [sys.executable, "-c", script, str(tmp_path), str(osler.settings.index)]
        subprocess.run(command, env={**os.environ, **tracing}, check=True)
    assert not tracer.hits
