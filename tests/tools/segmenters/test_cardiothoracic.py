"""The heart between drawn lungs, the ratio of known masks, and corrections by a person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.tools.segmenters.phantom import Phantom, drawn
from tools.errors import BadInput, NotAssessable
from tools.segmenters.cardiothoracic import Ratio, cardiothoracic, with_points
from tools.segmenters.heart import heart, midline
from tools.segmenters.lungs import LungFields, lung_fields
from tools.segmenters.segment import Correction, Mask, Segment, edited, from_points


def segment(structure: str, mask: Mask) -> Segment:
    return Segment(structure, mask, 1.0, "drawn", "1")


def exact(phantom: Phantom) -> list[Segment]:
    return [
        segment("right lung", phantom.right),
        segment("left lung", phantom.left),
        segment("heart", phantom.heart),
    ]


def fields(phantom: Phantom) -> LungFields:
    right, left, _ = exact(phantom)
    return LungFields(right, left, 1.0)


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return drawn()


@pytest.fixture(scope="module")
def ratio(phantom: Phantom) -> Ratio:
    return cardiothoracic(exact(phantom))


def test_the_ratio_of_known_masks(phantom: Phantom, ratio: Ratio) -> None:
    assert ratio.value == pytest.approx(phantom.ratio, abs=0.005)
    assert ratio.midline == pytest.approx(180, abs=1)
    right, left, thorax = ratio.calipers
    assert (right.pixels, left.pixels) == (pytest.approx(30, abs=1), pytest.approx(62, abs=1))
    assert thorax.start[1] == thorax.end[1] and thorax.start[0] < thorax.end[0]


def test_the_ratio_is_a_range_and_never_validated(ratio: Ratio) -> None:
    assert ratio.low is not None and ratio.high is not None
    assert ratio.low < ratio.value < ratio.high
    assert ratio.high - ratio.low == pytest.approx(4 * 0.039, abs=0.01)
    assert ratio.validated is False


def test_a_mirrored_film_gives_the_same_ratio_with_the_sides_exchanged(phantom: Phantom, ratio: Ratio) -> None:
    mirrored = cardiothoracic([replace(part, mask=part.mask[:, ::-1]) for part in exact(phantom)])
    assert mirrored.value == pytest.approx(ratio.value, abs=0.003)
    assert mirrored.cardiac_left.pixels == pytest.approx(ratio.cardiac_left.pixels, abs=1)
    assert mirrored.cardiac_left.end[0] < mirrored.cardiac_right.end[0]


@pytest.mark.parametrize("apex", [45.0, 62.0, 85.0, 100.0])
def test_the_heart_is_found_between_the_lungs(apex: float) -> None:
    film = drawn(apex)
    found = cardiothoracic([*fields(film).segments, heart(film.pixels, fields(film))])
    assert found.cardiac_right.end[0] == pytest.approx(film.ends[0], abs=4)
    assert found.cardiac_left.end[0] == pytest.approx(film.ends[1], abs=4)
    assert found.value == pytest.approx(film.ratio, abs=0.03)


def test_from_pixels_to_ratio(phantom: Phantom) -> None:
    lungs = lung_fields(phantom.pixels)
    found = cardiothoracic([*lungs.segments, heart(phantom.pixels, lungs)])
    assert found.value == pytest.approx(phantom.ratio, abs=0.04)


def test_a_heart_on_the_other_side_is_found_where_the_film_is_flipped(phantom: Phantom) -> None:
    right, left, _ = exact(phantom)
    turned = LungFields(
        replace(right, mask=right.mask[:, ::-1]), replace(left, mask=left.mask[:, ::-1]), 1.0, flipped=True
    )
    found = cardiothoracic([*turned.segments, heart(phantom.pixels[:, ::-1], turned)])
    assert found.cardiac_left.pixels == pytest.approx(62, abs=4)
    assert found.cardiac_right.pixels == pytest.approx(30, abs=4)


def test_fields_of_another_film_are_refused(phantom: Phantom) -> None:
    with pytest.raises(BadInput, match="not of this film"):
        heart(phantom.pixels[:-1], fields(phantom))


def test_lungs_without_room_for_a_heart_are_refused(phantom: Phantom) -> None:
    right, left, _ = exact(phantom)
    x = np.arange(phantom.pixels.shape[1])
    thin = LungFields(replace(right, mask=right.mask & (x > 159)), replace(left, mask=left.mask & (x < 201)), 1.0)
    with pytest.raises(NotAssessable, match="no room"):
        heart(phantom.pixels, thin)


def test_the_confidence_of_a_heart_stays_low(phantom: Phantom) -> None:
    assert heart(phantom.pixels, fields(phantom)).confidence <= 0.5


def test_a_brush_changes_the_mask_and_the_ratio(phantom: Phantom, ratio: Ratio) -> None:
    right, left, silhouette = exact(phantom)
    wider = edited(silhouette, [Correction(((235.0, 250.0), (250.0, 250.0)), radius=6, inside=True)])
    assert wider.edited and not silhouette.edited
    changed = cardiothoracic([right, left, wider])
    assert changed.cardiac_left.end[0] == 256
    assert changed.value > ratio.value and changed.edited
    back = from_points(wider.mask, [Correction(((250.0, 250.0),), radius=12, inside=False)])
    assert not back[250, 250] and back[250, 200]
    assert not silhouette.mask[250, 250]


@pytest.mark.parametrize(
    "stroke",
    [
        Correction(((-1.0, 5.0),), 3, inside=True),
        Correction(((5.0, 400.0),), 3, inside=True),
        Correction(((5.0, 5.0),), 0, inside=True),
        Correction((), 3, inside=True),
        Correction(((float("nan"), 5.0),), 3, inside=True),
    ],
)
def test_a_brush_outside_the_image_is_refused(phantom: Phantom, stroke: Correction) -> None:
    with pytest.raises(BadInput, match="outside the image"):
        from_points(phantom.heart, [stroke])


def test_moved_calipers_give_their_own_ratio_without_a_range(ratio: Ratio) -> None:
    width = ratio.thoracic.pixels
    moved = with_points(ratio, {"heart_left": (260.0, 255.0)})
    assert moved.value == pytest.approx((260 - ratio.cardiac_right.end[0]) / width, abs=0.001)
    assert moved.cardiac_left.end == (260.0, 255.0)
    assert (moved.low, moved.high, moved.edited) == (None, None, True)


@pytest.mark.parametrize(
    "points",
    [{"heart_left": (float("inf"), 1.0)}, {"heart_left": (900.0, 1.0)}, {"apex": (1.0, 1.0)}],
    ids=["not finite", "wider than the thorax", "no such end"],
)
def test_impossible_calipers_are_refused(ratio: Ratio, points: dict[str, tuple[float, float]]) -> None:
    with pytest.raises(BadInput):
        with_points(ratio, points)  # type: ignore[arg-type]


def test_what_is_missing_is_named(phantom: Phantom) -> None:
    right, left, silhouette = exact(phantom)
    with pytest.raises(NotAssessable) as error:
        cardiothoracic([right, left])
    assert error.value.found == "missing: heart"
    with pytest.raises(NotAssessable):
        cardiothoracic([right, replace(left, mask=np.zeros_like(left.mask)), silhouette])


def test_masks_of_two_images_are_refused(phantom: Phantom) -> None:
    right, left, silhouette = exact(phantom)
    with pytest.raises(BadInput, match="not of one image"):
        cardiothoracic([right, left, replace(silhouette, mask=silhouette.mask[:-1])])


def test_lungs_that_do_not_lie_side_by_side_have_no_midline() -> None:
    upper, lower = np.zeros((2, 100, 100), dtype=bool)
    upper[10:40, 20:40] = True
    lower[60:90, 60:80] = True
    with pytest.raises(NotAssessable, match="no midline"):
        midline(upper, lower)
