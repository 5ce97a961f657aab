"""How far lung fields are trusted: each sign only lowers, spoilt films are noticed, the fit says what it rests on."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from evals.cxr.fit_trust import GOOD, body, fit
from tests.tools.segmenters.phantom import Phantom, drawn
from tools.segmenters.lungs import lung_fields, read, shipped
from tools.segmenters.lungs_doubts import position
from tools.segmenters.lungs_signs import WORDS, Reading, signs
from tools.segmenters.lungs_trust import PARAMETERS, Trust, fitted

Y, X = np.mgrid[0:256, 0:256] / 256


def ellipses(wide: tuple[float, float] = (0.14, 0.14), tall: float = 0.28) -> tuple[Any, Any]:
    return (
        ((X - 0.28) / wide[0]) ** 2 + ((Y - 0.45) / tall) ** 2 < 1,
        ((X - 0.72) / wide[1]) ** 2 + ((Y - 0.45) / tall) ** 2 < 1,
    )


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return drawn()


@pytest.fixture(scope="module")
def reading(phantom: Phantom) -> Reading:
    return read(phantom.pixels.astype(np.float32), shipped())


def test_no_sign_ever_raises_the_chance() -> None:
    trust = fitted()
    assert set(trust.hinges) <= set(WORDS) and 0.9 <= trust.ceiling < 1
    best = dict.fromkeys(WORDS, -1000.0)
    highest, told = trust.chance(best)
    assert 0.9 * trust.ceiling < highest <= trust.ceiling and told == ()
    for name, hinges in trust.hinges.items():
        assert all(hinge.slope > 0 and hinge.reach > 0 for hinge in hinges)
        worse = [trust.chance(best | {name: hinges[0].knot + step})[0] for step in (0.0, 0.02, 0.1, 0.5, 100)]
        assert worse == sorted(worse, reverse=True) and worse[-1] < highest


def test_what_lowers_the_chance_most_is_told_first() -> None:
    found, told = fitted().chance(dict.fromkeys(WORDS, -1000.0) | {"unsure": 1.0, "mirror": 1.0})
    assert found < 0.5 and set(told) == {WORDS["unsure"], WORDS["mirror"]}


def test_a_film_and_its_mirror_image_have_the_same_outline(phantom: Phantom, reading: Reading) -> None:
    found = signs(phantom.pixels.astype(np.float32), reading)
    assert set(found) == set(WORDS)
    assert found["mirror"] < 0.15 and found["mirror_side"] < 0.2 and found["unsure"] < 0.1


def test_a_reading_the_mirror_image_does_not_bear_out_is_noticed(phantom: Phantom, reading: Reading) -> None:
    shifted = (np.roll(reading.mirrored[0], 60, axis=0), reading.mirrored[1])
    other = dataclasses.replace(reading, mirrored=shifted)
    image = phantom.pixels.astype(np.float32)
    (before, _), (after, told) = (fitted().chance(signs(image, one)) for one in (reading, other))
    assert after < before - 0.05
    assert {WORDS["mirror"], WORDS["mirror_side"]} & set(told)


def test_a_hidden_lung_lowers_the_confidence_and_says_why(phantom: Phantom) -> None:
    whole = lung_fields(phantom.pixels)
    hidden = phantom.pixels.copy()
    rows, columns = hidden.shape
    hidden[rows // 4 : rows // 2, columns // 8 : columns // 2] = 0
    found = lung_fields(hidden, minimum=0.0)
    assert found.confidence < whole.confidence - 0.05 and found.doubts


def test_noise_that_costs_nothing_does_not_lower_the_confidence(phantom: Phantom) -> None:
    whole = lung_fields(phantom.pixels)
    noise = np.random.default_rng(0).normal(0, 0.03 * float(np.ptp(phantom.pixels)), phantom.pixels.shape)
    assert lung_fields(phantom.pixels + noise).confidence > whole.confidence - 0.05


def test_short_and_narrow_fields_are_told_and_lower_nothing() -> None:
    assert position(ellipses(), 1.0) == ()
    assert "shallow inspiration or a supine film possible" in position(ellipses(tall=0.15), 1.0)[0]
    assert "rotated patient" in position(ellipses(wide=(0.14, 0.08)), 1.0)[0]
    # The film's own proportions count: the same masks on a tall film are not short.
    assert position(ellipses(tall=0.15), 1.8) == ()
    assert position((np.zeros((256, 256), dtype=bool), ellipses()[1]), 1.0) == ()


def test_the_fit_finds_the_sign_that_matters() -> None:
    random = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for number in range(400):
        values = dict(zip(WORDS, random.random(len(WORDS)), strict=True))
        lost = values["mirror"] > 0.7
        rows.append(
            {
                "patient": str(number % 9),
                "kind": "none" if number % 20 == 0 and not lost else "blur",
                "dice": 0.5 if lost else 0.93,
                "loss": 0.43 if lost else 0.0,
                "signs": values,
            }
        )
    trust = fit(rows)
    chances = np.array([trust.chance(row["signs"])[0] for row in rows])
    good = np.array([row["dice"] >= GOOD for row in rows])
    assert chances[good].min() > 0.5 > chances[~good].mean()
    assert trust.ceiling == pytest.approx(1 - 1 / (sum(row["kind"] == "none" for row in rows) + 2), abs=1e-3)
    written = body(trust, rows)
    assert written["fitted_on"] == {"outlines": 400, "patients": 9, "recipe": "python -m evals.cxr.fit_trust FOLDER"}
    assert isinstance(fitted(), Trust)


def test_the_shipped_parameters_say_what_they_were_fitted_on() -> None:
    held = json.loads(PARAMETERS.read_text(encoding="utf-8"))["fitted_on"]
    assert held["patients"] >= 8 and held["outlines"] >= 300 and "fit_trust" in held["recipe"]
