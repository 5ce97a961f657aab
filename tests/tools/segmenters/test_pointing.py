"""Boxes, clicks and scribbles without weights; slices; one way in for names and pointing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tools.errors import BadInput, NotAssessable
from tools.imaging.frame import Header, Image
from tools.imaging.volume import Volume
from tools.segmenters.contract import Card, Click, Prompts, Target
from tools.segmenters.interactive import from_prompts
from tools.segmenters.pointed import LiteMedSAMBox, Walker, clicks_of, drawn
from tools.segmenters.prompted import UNVALIDATED, segmented
from tools.segmenters.prompts import NotAStructure, WhichStructure
from tools.segmenters.propagate import propagate
from tools.segmenters.segment import Segment
from tools.segmenters.structures import OBJECT

Mask = np.ndarray


def scene(seed: int = 0, noise: float = 0.04) -> tuple[np.ndarray, Mask, tuple[float, float, float, float]]:
    """A bright ellipse beside another of the same brightness, on grey ground."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:160, :200]
    mask = ((x - 80) / 34) ** 2 + ((y - 70) / 24) ** 2 <= 1
    other = ((x - 160) / 20) ** 2 + ((y - 100) / 30) ** 2 <= 1
    grey = 0.35 + 0.3 * (mask | other) + rng.normal(0, noise, mask.shape)
    return grey.clip(0, 1).astype(np.float32), mask, (46.0, 46.0, 114.0, 94.0)


def dice(one: Mask, other: Mask) -> float:
    return 2 * float((one & other).sum()) / float(one.sum() + other.sum())


def image(pixels: np.ndarray, modality: str | None = "CT") -> Image:
    return Image(pixels, None, "x", "0", "PNG", "MONOCHROME2", 8, header=Header(modality=modality))


def volume(count: int = 9) -> tuple[Volume, Mask]:
    """A ball in HU, in slices."""
    z, y, x = np.mgrid[:count, :80, :80]
    ball = ((z - count // 2) / (count / 2 - 0.6)) ** 2 + ((y - 40) / 22) ** 2 + ((x - 38) / 18) ** 2 <= 1
    values = np.where(ball, 110.0, 20.0) + np.random.default_rng(2).normal(0, 8, ball.shape)
    made = Volume(values.astype(np.float32), np.diag([1, 1, 3.0, 1]), "x", "0", "NIfTI", "sform")
    return replace(made, header=Header(modality="CT")), ball


@pytest.mark.parametrize("noise", [0.02, 0.08])
def test_a_box_holds_an_object(noise: float) -> None:
    grey, mask, box = scene(noise=noise)
    found = from_prompts(grey, box)
    assert dice(found.mask, mask) > 0.95 and found.border > 0.1


def test_one_click_and_another_that_takes_away() -> None:
    grey, mask, _ = scene()
    assert dice(from_prompts(grey, inside=[(80.0, 70.0)]).mask, mask) > 0.9
    both = from_prompts(grey, inside=[(80.0, 70.0), (160.0, 100.0)]).mask
    assert both[100, 160] and both[70, 80]
    one = from_prompts(grey, inside=[(80.0, 70.0)], outside=[(160.0, 100.0)]).mask
    assert not one[100, 160] and dice(one, mask) > 0.9


def test_clicks_correct_a_mask() -> None:
    grey, mask, _ = scene()
    start = mask.copy()
    start[:, 80:] = False
    y, x = np.mgrid[:160, :200]
    start |= np.hypot(x - 30, y - 130) < 12
    fixed = from_prompts(grey, inside=[(100.0, 70.0)], outside=[(30.0, 130.0)], start=start).mask
    assert dice(fixed, mask) > dice(start, mask) + 0.1
    assert fixed[70, 100] and not fixed[130, 30]


def test_what_was_clicked_is_kept() -> None:
    """On pure noise nothing is to be seen, but a click still says what it says."""
    grey = np.random.default_rng(1).random((64, 64)).astype(np.float32)
    found = from_prompts(grey, box=(10, 10, 50, 50), inside=[(30.0, 30.0)], outside=[(33.0, 30.0)])
    assert found.mask[30, 30] and not found.mask[30, 33]


@pytest.mark.parametrize(
    "prompts",
    [{}, {"outside": [(3.0, 3.0)]}, {"inside": [(300.0, 3.0)]}, {"start": np.ones((3, 3), dtype=bool)}],
    ids=["nothing", "outside only", "beside the image", "another image's mask"],
)
def test_pointing_at_nothing_is_refused(prompts: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        from_prompts(np.zeros((40, 40), dtype=np.float32), **prompts)  # type: ignore[arg-type]


def test_scribbles_are_clicks_along_a_line() -> None:
    stroke = (Click((10.0, 10.0)), Click((14.0, 10.0)))
    inside, outside = clicks_of(Prompts(scribbles=(stroke,), clicks=(Click((1.0, 2.0), False),)))
    assert [place[0] for place in inside] == [10, 11, 12, 13, 14] and outside == [(1.0, 2.0)]


def test_litemedsam_is_not_given_points(tmp_path: Path) -> None:
    grey, _, box = scene()
    with pytest.raises(BadInput, match="not on points"):
        drawn(grey, Prompts(clicks=(Click((80.0, 70.0)),)), tmp_path, "litemedsam")
    with pytest.raises(NotAssessable):
        drawn(grey, Prompts(box=box), None, "litemedsam")
    assert LiteMedSAMBox(tmp_path).card.prompts == {"box"}


def test_without_the_network_a_box_is_outlined_without_weights() -> None:
    grey, mask, box = scene()
    found = drawn(grey, Prompts(box=box), None)
    assert found.algorithm == "osler-random-walker" and dice(found.mask, mask) > 0.95
    (segment,) = Walker().segment(image(grey), [], Prompts(box=box))
    assert segment.structure == OBJECT and segment.coding.code == "111030"


def test_what_is_pointed_at_may_be_called_something() -> None:
    grey, mask, box = scene()
    (named,) = segmented(image(grey), "splene", Prompts(box=box))
    assert named.structure == "spleen" and dice(named.mask, mask) > 0.95
    assert UNVALIDATED in named.doubts and any("read as" in doubt for doubt in named.doubts)
    (finding,) = segmented(image(grey), "nodule", Prompts(box=box))
    assert finding.structure == OBJECT and any("nodule" in doubt for doubt in finding.doubts)
    (kidney,) = segmented(image(grey), "kidney", Prompts(box=box))
    assert kidney.structure == "kidney" and "its side was not said" in kidney.doubts


def test_a_ball_is_followed_through_the_slices_and_every_slice_says_so() -> None:
    target, ball = volume()
    slices = (target.values - 0) / 200
    found = propagate(slices, 4, ball[4])
    assert dice(found.mask, ball) > 0.85
    assert [step.slice_ for step in found.steps] == sorted(step.slice_ for step in found.steps)
    near, far = (next(step for step in found.steps if step.slice_ == at) for at in (5, 6))
    assert near.confidence > far.confidence and far.from_slice == 5
    assert "not drawn" in near.said and len(found.stopped) == 2 and all(found.stopped)


def test_it_stops_where_something_else_begins() -> None:
    target, ball = volume()
    slices = target.values / 200
    slices[6:] = 0.9
    slices[:3] = np.random.default_rng(0).random(slices[:3].shape)
    found = propagate(slices, 4, ball[4])
    assert max((step.slice_ for step in found.steps), default=4) <= 5
    assert not found.mask[6:].any() and "slice 6" in found.stopped[1]
    with pytest.raises(BadInput):
        propagate(slices, 20, ball[4])
    with pytest.raises(BadInput):
        propagate(slices, 4, np.zeros_like(ball[4]))


def test_pointing_in_a_volume_needs_its_slice() -> None:
    target, ball = volume()
    box = (19.0, 17.0, 57.0, 63.0)
    with pytest.raises(BadInput, match="slice"):
        segmented(target, prompts=Prompts(box=box))
    (whole,) = segmented(target, "spleen", Prompts(box=box, slice_=4))
    assert whole.mask.shape == ball.shape and dice(whole.mask, ball) > 0.8
    assert any("propagated from slice" in doubt for doubt in whole.doubts)
    (single,) = segmented(target, "spleen", Prompts(clicks=(Click((38.0, 40.0), True, 4),)), through=False)
    assert single.mask[4].any() and not single.mask[[0, 1, 2, 3, 5, 6, 7, 8]].any()


class Named:
    """A segmenter that knows two lungs, of one kind of image."""

    card = Card(
        "named", "1", "Two lungs", frozenset({"CT"}), frozenset(), 3, ("lung",), frozenset({"structure"}), "", "", ""
    )

    def __init__(self, missing: str | None = None) -> None:
        self.missing = missing

    def lacks(self) -> str | None:
        return self.missing

    def segment(self, target: Target, structures: Sequence[str], prompts: Prompts | None = None) -> list[Segment]:
        assert isinstance(target, Volume) and list(structures) == ["lung"]
        mask = np.zeros(target.values.shape, dtype=bool)
        mask[1:8, 10:70, 5:30] = True
        return [Segment("right lung", mask, 0.9, "n", "1"), Segment("left lung", mask[:, :, ::-1], 0.8, "n", "1")]


def test_a_name_goes_to_who_offers_it_and_side_and_zone_are_kept() -> None:
    target, _ = volume()
    assert [one.structure for one in segmented(target, "lungs", among=[Named()])] == ["right lung", "left lung"]
    (left,) = segmented(target, "left lung", among=[Named()])
    assert left.structure == "left lung" and left.confidence == 0.8
    (base,) = segmented(target, "left lung base", among=[Named()])
    assert base.structure == "left lung, base" and base.coding.code == "281394001"
    # The slices run to the head: the base is the first third of the seven that hold it.
    assert base.mask[:3].any() and not base.mask[3:].any()


def test_nobody_offers_it() -> None:
    target, _ = volume()
    with pytest.raises(NotAssessable) as refused:
        segmented(target, "aortic arch", among=[Named()])
    assert "aorta" in refused.value.message and "--box" in refused.value.action
    with pytest.raises(NotAssessable) as refused:
        segmented(target, "left lung", among=[Named("weights of something")])
    assert "weights of something" in str(refused.value.found)
    magnetic = replace(target, header=Header(modality="MR"))
    with pytest.raises(NotAssessable) as refused:
        segmented(magnetic, "left lung", among=[Named()])
    assert "MR" in str(refused.value.found)
    with pytest.raises(NotAStructure):
        segmented(target, None)
    with pytest.raises(WhichStructure):
        segmented(target, "lobe", among=[Named()])
