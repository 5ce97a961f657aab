"""The suites that spoil fundus photographs and CT: what they change, what they count, how they are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evals import commands
from evals.benchmarks import corruption_ct, corruption_retina, corruption_skin
from evals.corruption import retina_kinds, volume_kinds
from evals.corruption.scores import calibration, judged, scored
from evals.corruption.volume_scans import drawn
from tools.errors import UsageError

SAME_MASK = {"rotation", "flip", "small field", "crop", "stretch"}


@pytest.fixture(scope="module")
def scan() -> volume_kinds.Scan:
    return drawn(2)


@pytest.mark.parametrize("kind", retina_kinds.KINDS)
def test_every_spoilt_photograph_is_one_and_worse_at_each_step(kind: str) -> None:
    random = np.random.default_rng(1)
    y, x = np.mgrid[0:96, 0:120]
    rgb = np.clip(0.5 + 0.3 * np.sin(x / 9)[..., None] + random.normal(0, 0.02, (96, 120, 3)), 0, 1)
    rgb = (rgb * np.array([1.0, 0.6, 0.3])).astype(np.float32)
    mask = (x % 20 < 3) & (y > 5)
    for level in range(3):
        made, moved = retina_kinds.KINDS[kind](rgb, mask, level, np.random.default_rng(0))
        assert made.shape[:2] == moved.shape
        assert made.dtype == np.float32
        assert moved.dtype == bool
        assert 0 <= made.min() <= made.max() <= 1
        assert kind in SAME_MASK or (np.array_equal(moved, mask) and made.shape == rgb.shape)
    again, _ = retina_kinds.KINDS[kind](rgb, mask, 2, np.random.default_rng(0))
    assert np.array_equal(made, again)
    assert made.shape != rgb.shape or not np.array_equal(made, rgb)


@pytest.mark.parametrize("kind", volume_kinds.KINDS)
def test_every_spoilt_scan_keeps_masks_and_values_together(kind: str, scan: volume_kinds.Scan) -> None:
    made = volume_kinds.KINDS[kind](scan, 2, np.random.default_rng(0))
    assert made.volume.values.dtype == np.float32
    assert set(made.truth) == set(scan.truth) == set(made.ml)
    assert all(mask.shape == made.volume.values.shape for mask in made.truth.values())
    changed = made.volume.values.shape != scan.volume.values.shape
    changed = changed or not np.array_equal(made.volume.values, scan.volume.values)
    changed = changed or not np.array_equal(made.volume.affine, scan.volume.affine)
    assert changed or made.volume.uniform != scan.volume.uniform


def test_there_are_at_least_eighteen_kinds_of_each() -> None:
    assert len(retina_kinds.KINDS) >= 18
    assert len(volume_kinds.KINDS) >= 18


def test_the_true_volume_follows_what_is_in_the_picture(scan: volume_kinds.Scan) -> None:
    random = np.random.default_rng(0)
    part = volume_kinds.KINDS["partial coverage"](scan, 1, random)
    assert part.ml["body"] < 0.7 * scan.ml["body"]
    # Nobody can know of slices that are gone without a gap, nor of a spacing that is wrong: the truth stays.
    for kind in ("missing slices", "wrong distance of slices", "empty slices"):
        assert volume_kinds.KINDS[kind](scan, 2, random).ml == scan.ml


def rows(*figures: tuple[int, float, float, bool]) -> list[dict[str, Any]]:
    head = {"id": "a", "part": "held out", "structure": "bone", "doubts": []}
    return [
        head | {"kind": "k" if level else "none", "level": level}
        | {"dice": dice, "confidence": sure, "abstains": abstains}
        for level, dice, sure, abstains in figures
    ]  # fmt: skip


def test_costly_is_noticed_by_a_fall_or_by_abstaining() -> None:
    found = judged(rows((0, 0.9, 0.8, False), (1, 0.8, 0.75, False), (2, 0.8, 0.77, False), (3, 0.1, 0.0, True)))
    assert [row["noticed"] for row in found] == [True, False, True]
    assert [row["loss"] for row in found] == [0.1, 0.1, 0.8]


def test_the_score_is_of_costly_ones_and_harmless_ones_stand_apart() -> None:
    given = rows((0, 0.9, 0.8, False), (1, 0.9, 0.8, False), (2, 0.8, 0.7, False), (3, 0.8, 0.8, False))
    body = scored("b", given, ["k"], 1.0, 0.85)
    assert (body["score"], body["n"]) == (0.5, 2)
    assert body["by"]["held out"]["harmless, left alone"] == 1.0
    assert body["by"]["structures"]["bone"]["costly"] == 2
    assert body["by"]["kinds"]["k 3"] == [0.1, 0.0, 0.0]
    assert [case["level"] for case in body["cases"]] == [3]


def test_what_is_not_found_unspoilt_is_not_counted() -> None:
    assert judged(rows((0, 0.0, 0.0, True), (1, 0.0, 0.0, True))) == []


def test_calibration_is_the_gap_between_confidence_and_being_right() -> None:
    assert calibration(rows((0, 0.9, 0.95, False), (1, 0.9, 0.95, False)), 0.85) == pytest.approx(0.05)
    assert calibration(rows((0, 0.1, 0.95, False)), 0.85) == pytest.approx(0.95)
    assert calibration(rows((0, 0.1, 0.0, True)), 0.85) is None


def test_a_suite_gives_a_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corruption_ct, "HELD_OUT", (2,))
    body = corruption_ct.run(None, kinds=("gap in the header",), tuned=False)
    assert body["score"] == 1.0
    assert body["n"] == 15
    assert body["images"] == 1


def test_a_refused_photograph_abstains() -> None:
    grey, vessels = np.full((220, 220, 3), 90, dtype=np.uint8), np.zeros((220, 220), dtype=bool)
    vessels[100:104] = True
    found = list(corruption_retina.spoilt({"id": "a"}, 0, grey, vessels, corruption_retina._read, ("flip",)))
    assert [row["level"] for row in found] == [0, 1, 2, 3]
    assert all(row["abstains"] and row["dice"] == 0 for row in found)


def test_drawn_skin_is_spoilt() -> None:
    body = corruption_skin.run(None, 1, kinds=("occlusion", "flip"))
    assert body["by"]["kinds"]["flip 1"][0] < 0.05
    assert body["by"]["kinds"]["occlusion 3"][0] > 0.05


def test_one_command_has_all_suites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corruption_ct, "run", lambda data, n: {"benchmark": "ct", "asked": (data, n)})
    assert commands.run("corruption", None, 1, on="ct") == {"benchmark": "ct", "asked": (None, 1)}
    with pytest.raises(UsageError, match="no corruption suite"):
        commands.run("corruption", None, on="ultrasound")
    with pytest.raises(UsageError, match="needs data"):
        commands.run("corruption")
