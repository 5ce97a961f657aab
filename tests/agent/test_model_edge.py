"""The input size of a model in process, read from its files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.models.edge import input_edge


@pytest.mark.parametrize(
    ("name", "body", "edge"),
    [
        ("preprocessor_config.json", {"size": {"height": 896, "width": 896}, "do_pan_and_scan": None}, 896),
        ("processor_config.json", {"image_processor": {"size": {"height": 448, "width": 448}}}, 448),
        (
            "preprocessor_config.json",
            {"size": {"shortest_edge": 336}, "do_center_crop": True, "crop_size": {"height": 336, "width": 336}},
            336,
        ),
        ("preprocessor_config.json", {"size": {"shortest_edge": 784, "longest_edge": 12544}}, None),
        ("preprocessor_config.json", {"size": {"height": 384, "width": 384}, "image_grid_pinpoints": [[1, 2]]}, None),
        ("preprocessor_config.json", {"size": 224}, 224),
        ("preprocessor_config.json", {"size": {"height": -1, "width": "x"}}, None),
        ("preprocessor_config.json", [1], None),
        ("other.json", {"size": 224}, None),
    ],
)
def test_the_edge_of_a_models_input(tmp_path: Path, name: str, body: Any, edge: int | None) -> None:
    (tmp_path / name).write_text(json.dumps(body))
    assert input_edge(tmp_path) == edge
