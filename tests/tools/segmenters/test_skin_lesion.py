"""The outline of drawn skin lesions, with what gets in its way, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tools.errors import BadInput, NotAssessable
from tools.imaging.phantom_skin import draw_skin
from tools.segmenters.skin import CEILING, UNMEASURED, SkinSegmenter, skin_lesion
from tools.segmenters.skin_hair import filled, lines_on

SMALL: dict[str, Any] = {"rows": 240, "columns": 320}


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * float((one & other).sum()) / float(one.sum() + other.sum())


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"hairs": 15, "ruler": True},
        {"vignette": True},
        {"tone": 3, "shade": 0.3},
        {"red": True, "tone": 0, "contrast": 0.35},
    ],
    ids=["plain", "hair and ruler", "dark rim", "dark skin, light from one side", "red"],
)
def test_a_drawn_lesion_is_outlined(how: dict[str, Any]) -> None:
    phantom = draw_skin(4, contrast=how.pop("contrast", 0.45), **SMALL, **how)
    found = skin_lesion(phantom.rgb)
    assert dice(found.segment.mask, phantom.lesion) > 0.85
    assert found.segment.coding.code == "95324001"
    assert found.confidence <= CEILING
    assert UNMEASURED in found.doubts


@pytest.mark.parametrize(
    "rgb",
    [
        draw_skin(5, lesion=False, hairs=6, **SMALL).rgb,
        np.random.default_rng(0).integers(0, 255, (200, 200, 3)).astype(np.uint8),
        np.full((200, 200, 3), (200, 150, 120), dtype=np.uint8),
    ],
    ids=["skin without a lesion", "noise", "one colour"],
)
def test_where_nothing_stands_out_it_refuses(rgb: np.ndarray) -> None:
    with pytest.raises(NotAssessable, match="no lesion was found"):
        skin_lesion(rgb)


def test_grey_is_refused() -> None:
    with pytest.raises(BadInput, match="colour"):
        skin_lesion(np.zeros((200, 200)))


def test_hair_is_found_and_filled_and_a_lesion_is_neither() -> None:
    plain, hairy = (draw_skin(4, contrast=0.45, tone=1, hairs=hairs, **SMALL) for hairs in (0, 12))
    before, after = (one.rgb / 255 for one in (plain, hairy))
    lines = lines_on(after.mean(axis=2))
    dark = np.abs(before - after).mean(axis=2) > 0.15
    assert lines[dark].mean() > 0.8
    assert lines_on(before.mean(axis=2))[plain.lesion].mean() < 0.02
    left = np.abs(filled(after, lines) - before).mean(axis=2)
    assert left[dark].mean() < 0.3 * np.abs(after - before).mean(axis=2)[dark].mean()


def test_the_card_says_that_it_is_unmeasured() -> None:
    assert SkinSegmenter.card.measured.startswith("unmeasured")
    assert SkinSegmenter().lacks() is None
