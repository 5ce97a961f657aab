"""Lung fields of drawn films of known size, and what is refused."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from evals.cxr.films import SIDE, Film, dice, films
from tests.tools.segmenters.phantom import HEIGHT, WIDTH, Phantom, drawn
from tools.errors import BadInput, NotAssessable
from tools.segmenters.classifier import Classifier, fit
from tools.segmenters.lungs import PARAMETERS, LungFields, lung_fields
from tools.segmenters.pixels import FEATURES, WHOLE, features, sampled

FILMS = Path(__file__).parents[4] / "shared" / "data" / "cxr-lungs"


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return drawn()


@pytest.fixture(scope="module")
def found(phantom: Phantom) -> LungFields:
    return lung_fields(phantom.pixels)


@functools.cache
def real() -> list[Film]:
    return films(FILMS)


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return 2 * int((one & other).sum()) / int(one.sum() + other.sum())


def test_both_lungs_are_found_on_their_sides(phantom: Phantom, found: LungFields) -> None:
    assert overlap(found.right.mask, phantom.right) > 0.9
    assert overlap(found.left.mask, phantom.left) > 0.9
    assert found.right.mask.shape == phantom.pixels.shape
    assert found.confidence > 0.8


def test_a_lung_says_what_it_is(found: LungFields) -> None:
    assert [(s.structure, s.coding.code) for s in found.segments] == [
        ("right lung", "3341006"),
        ("left lung", "44029006"),
    ]
    assert found.right.algorithm == "osler-lung-fields" and found.right.version
    first, top, last, bottom = found.right.box
    assert 0 < first < last < WIDTH / 2 and 0 < top < bottom < HEIGHT


def test_a_flipped_film_swaps_the_sides(phantom: Phantom, found: LungFields) -> None:
    flipped = lung_fields(phantom.pixels, flipped=True)
    assert np.array_equal(flipped.left.mask, found.right.mask)
    assert np.array_equal(flipped.right.mask, found.left.mask)


def test_brightness_and_size_of_the_numbers_do_not_matter(phantom: Phantom, found: LungFields) -> None:
    again = lung_fields((phantom.pixels * 3 + 500).astype(np.uint16))
    assert overlap(again.right.mask, found.right.mask) > 0.98


def hand() -> NDArray[np.float64]:
    picture = np.zeros((300, 240))
    picture[160:290, 60:180] = 0.6
    for number, column in enumerate((60, 92, 124, 156)):
        top = 30 + 10 * abs(number - 1)
        picture[top:170, column : column + 22] = 0.5
        picture[top:170, column + 7 : column + 15] = 0.9
    picture[150:180, 20:70] = 0.5
    return picture


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(lambda film: film.max() - film, id="air bright"),
        pytest.param(lambda film: np.rot90(film, 2), id="upside down"),
        pytest.param(lambda film: np.rot90(film), id="on its side"),
        pytest.param(lambda film: film[:, WIDTH // 2 :], id="one lung"),
        pytest.param(lambda film: hand(), id="a hand"),
        pytest.param(lambda film: np.random.default_rng(1).random((256, 256)), id="noise"),
        pytest.param(lambda film: np.mgrid[0:200, 0:200][0], id="a ramp"),
        pytest.param(
            lambda film: (np.hypot(*(np.mgrid[0:256, 0:256] - 128)) < 90).astype(np.uint8),
            id="a disk, as a CT slice is",
        ),
    ],
)
def test_what_is_no_upright_frontal_film_is_refused(phantom: Phantom, picture: object) -> None:
    assert callable(picture)
    with pytest.raises(NotAssessable, match="no two lung fields") as error:
        lung_fields(picture(phantom.pixels))
    assert error.value.found


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((100, 100)),
        np.full((100, 100), np.nan),
        np.ones((100, 100, 3)),
        np.eye(20),
        np.array([["a"] * 100] * 100),
    ],
    ids=["flat", "not a number", "colour", "tiny", "text"],
)
def test_what_is_no_picture_is_bad_input(pixels: NDArray[np.generic]) -> None:
    with pytest.raises(BadInput):
        lung_fields(pixels)


def test_sampling_keeps_means_and_places() -> None:
    image = np.zeros((400, 200))
    image[:200, :100] = 1
    small = sampled(image, WHOLE, 50)
    assert small[:24, :24].mean() == pytest.approx(1, abs=0.02)
    assert small[26:, 26:].max() == pytest.approx(0, abs=0.02)


def test_features_have_one_row_per_pixel() -> None:
    rows = features(np.random.default_rng(0).random((32, 32)).astype(np.float32))
    assert rows.shape == (32 * 32, FEATURES) and np.isfinite(rows).all()


def test_the_classifier_learns_and_is_the_same_again(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(6000, 4)).astype(np.float32)
    labels = np.where(rows[:, 0] * rows[:, 1] > 0.3, 1, np.where(rows[:, 2] > 0.5, 2, 0))
    made = fit(rows[:4096], labels[:4096], epochs=30, batch=256)
    guessed = made.probabilities(rows[4096:]).argmax(axis=1)
    assert (guessed == labels[4096:]).mean() > 0.9
    again = fit(rows[:4096], labels[:4096], epochs=30, batch=256)
    assert all(np.array_equal(a, b) for a, b in zip(made.weights, again.weights, strict=True))
    made.save(tmp_path / "made.npz")
    read = Classifier.load(tmp_path / "made.npz").probabilities(rows[4096:])
    assert np.abs(read - made.probabilities(rows[4096:])).max() < 0.02


def test_the_shipped_parameters_are_small() -> None:
    assert PARAMETERS.stat().st_size < 100_000
    assert Classifier.load(PARAMETERS).mean.shape == (FEATURES,)


@pytest.mark.skipif(not FILMS.is_dir(), reason="needs ../shared/data/cxr-lungs (not part of the repository)")
def test_real_films_the_parameters_were_not_fitted_on() -> None:
    held = [film for film in real() if not film.free and film.view == "PA"][:5]
    scores = []
    for film in held:
        fields = lung_fields(film.pixels())
        both = np.maximum(*(sampled(s.mask.astype(float), WHOLE, SIDE) for s in fields.segments))
        scores.append(dice(both >= 0.5, film.mask))
    assert np.mean(scores) > 0.88, scores


def test_every_film_fitted_on_is_credited_under_a_free_licence() -> None:
    credits = yaml.safe_load(PARAMETERS.with_name("lungs.credits.yaml").read_text(encoding="utf-8"))
    named = [name for source in credits["sources"] for name in source["films"]]
    assert len(named) == len(set(named)) == credits["films"]
    assert {source["licence"] for source in credits["sources"]} <= {"CC BY 3.0", "CC BY 4.0", "CC0"}
    if FILMS.is_dir():
        assert set(named) == {film.name for film in real() if film.free}
