"""Yes-or-no and coded inputs of the scores, told from short notes: named, denied, past, a relative's, only possible."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.fill.slots import fill

CASES: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("findings_cases.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=[case["calculator"] for case in CASES])
def test_told(case: dict[str, Any]) -> None:
    note, expected = case["note"], case["filled"]
    found = fill(case["calculator"], note)
    assert {name: found.inputs.get(name) for name in expected} == expected
    assert [name for name in case.get("open", ()) if name in found.inputs] == []
    for name in expected:
        mention = found.filled[name].mention
        assert mention is not None
        assert note[mention.start : mention.end] == mention.quote
