"""What leaves the process during a whole consultation: no name to a model, nothing to a tracing service."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from agent import ClinicalAssistant, Settings
from tests.agent.model_server import serving


def test_the_model_of_a_consultation_is_told_no_name(tmp_path: Path) -> None:
    with serving({"decision": "none", "why": "no words"}) as server:
        osler = ClinicalAssistant(Settings(home=tmp_path, model_url=server.url, model="tiny"))
        body = osler.consult("Should Margaret Ellison (demo-af) be anticoagulated?", "demo-af").document()
        osler.close()
    assert body["ledger"]["model_calls"] >= 1 and server.asked
    sent = str(server.asked).casefold()
    assert "[withheld]" in sent and "anticoagulated" in sent
    assert not [word for word in ("margaret", "ellison", "demo-af") if word in sent]


def test_no_tracing_service_is_sent_a_consultation(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from agent import ClinicalAssistant, Settings
from langchain_core.tracers.langchain import wait_for_all_tracers
osler = ClinicalAssistant(Settings(home=Path(sys.argv[1])))
assert osler.consult("What is her potassium?", "demo-af").document()["answer"]["claims"]
osler.close()
wait_for_all_tracers()
"""
    with serving({}) as tracer:
        tracing = {"LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "x", "LANGSMITH_ENDPOINT": tracer.url}
        subprocess.run([sys.executable, "-c", script, str(tmp_path)], env={**os.environ, **tracing}, check=True)
    assert not tracer.hits
