"""A program that uses Osler ends when it ends, closed or not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
from agent import ClinicalAssistant
osler = ClinicalAssistant()
print(osler.consult("What was her last potassium?", "demo-af").answer.claims[0].text)
"""


def test_a_program_that_does_not_close_still_ends(home: Path) -> None:
    env = {**os.environ, "OSLER_HOME": str(home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=env, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "potassium" in done.stdout
