"""`image.read` with models in process: random weights, so that the frame holds whatever they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.models.in_process import InProcessModel
from agent.models.weights import find_weights
from knowledge.evidence import ModelReading
from tests.local.conftest import Saved
from tests.tools.vlm.films import context, film
from tools.errors import NotAssessable
from tools.vlm.read import WrongImage, image_read

pytestmark = pytest.mark.local
QUESTION = {"question": "Is there an opacity in the right lung?"}


@pytest.mark.parametrize("kind", ["gemma3", "llava", "qwen25_vl"])
async def test_nonsense_is_an_opinion_inside_the_image_or_is_refused(
    kind: str, home: Path, saved: Saved, tmp_path: Path, closed: list[Any]
) -> None:
    model = InProcessModel(find_weights(str(saved(kind))), timeout=600.0)
    ctx = await context(home, film(tmp_path / "chest.dcm"), vision=model)
    try:
        (evidence,) = (await image_read.call(QUESTION, ctx)).evidence
    except NotAssessable as refused:
        assert "no answer about the image that could be used" in refused.message
    else:
        assert evidence.value is None and evidence.display.startswith(f"tiny-{kind}: “")
        assert isinstance(evidence.source, ModelReading) and evidence.source.revision == model.revision
        assert all(letter.isprintable() for letter in evidence.display)
        for region in evidence.source.regions:
            left, top, right, bottom = region.box
            assert 0 <= left < right <= 320 and 0 <= top < bottom <= 240
    assert model.revision and not closed


async def test_a_film_of_the_hand_is_refused_before_anything_is_loaded(
    home: Path, saved: Saved, tmp_path: Path
) -> None:
    model = InProcessModel(find_weights(str(saved("gemma3"))))
    ctx = await context(home, film(tmp_path / "hand.dcm", BodyPartExamined="HAND"), vision=model)
    with pytest.raises(WrongImage):
        await image_read.call({"question": "Is the liver enlarged?"}, ctx)
    assert model.revision is None
