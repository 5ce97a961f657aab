"""How unlike the films Osler was set on a film is: the distance is the published one, told, and lowers little."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from evals.cxr.fit_unlike import fitted, main
from tools.imaging.chest import REPEAT
from tools.imaging.frame import Header, Image
from tools.imaging.phantom import draw
from tools.imaging.quality import UNLIKE, quality
from tools.imaging.reading import read_image
from tools.imaging.unlike import DIRECTIONS, PARAMETERS, PARTS, Known, described, shipped
from tools.segmenters.film import ChestFilm

DATA = Path(__file__).parents[4] / "shared" / "data" / "cxr-lungs" / "images"
DRAWN = (draw().pixels / 4095).astype(np.float32)


def as_film(grey: NDArray[np.float32]) -> Image:
    header = Header(modality="DX", body_part="CHEST", view_position="PA", patient_orientation=("L", "F"))
    values = np.round(grey * 4095).astype(np.float32)
    return Image(grey, values, "film.dcm", "0" * 64, "DICOM", "MONOCHROME2", 12, header=header)


def test_it_is_the_distance_by_the_shrunken_covariance() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(12, PARTS * PARTS * DIRECTIONS)) * random.uniform(0.2, 2, PARTS * PARTS * DIRECTIONS)
    known = fitted(rows)
    size = rows.shape[1]
    sample = np.cov(rows.T, bias=True)
    level = np.trace(sample) / size
    # Of the sample's own trace nothing is lost or added.
    kept = known.variances.sum() + known.floor * (size - len(known.variances))
    assert kept == pytest.approx(np.trace(sample)) and 0 < known.floor < level
    whole = (1 - known.floor / level) * sample + known.floor * np.eye(size)
    apart = described(DRAWN) - rows.mean(axis=0)
    assert known.distance(DRAWN) == pytest.approx(np.sqrt(apart @ np.linalg.inv(whole) @ apart / size))


def test_the_more_films_the_less_is_shrunk() -> None:
    random = np.random.default_rng(1)
    spread = np.linspace(0.1, 3, 20)
    shares = []
    for number in (10, 100, 10000):
        rows = random.normal(size=(number, 20)) * spread
        shares.append(fitted(rows).floor / float(rows.var(axis=0).mean()))
    assert shares[0] > shares[1] > shares[2] and shares[2] < 0.01


def test_a_film_is_described_by_which_way_its_edges_face() -> None:
    found = described(DRAWN)
    assert found.shape == (PARTS * PARTS * DIRECTIONS,) and float(found @ found) == pytest.approx(1)
    assert described((0.2 + 0.5 * DRAWN).astype(np.float32)) == pytest.approx(found, abs=1e-3)
    assert not described(np.zeros((80, 80), dtype=np.float32)).any()
    # From dark above to bright below everywhere: one direction, alike in all parts.
    ramp = np.repeat(np.linspace(0, 1, 128, dtype=np.float32)[:, None], 128, axis=1)
    down, up = (described(one).reshape(-1, DIRECTIONS) for one in (ramp, np.ascontiguousarray(ramp[::-1])))
    assert down[:, DIRECTIONS // 4].min() > 0.2 and float((down**2)[:, DIRECTIONS // 4].sum()) > 0.95
    assert float((up**2)[:, 3 * DIRECTIONS // 4].sum()) > 0.95


def test_a_drawn_film_is_told_to_be_unlike_and_nobody_is_exposed_again_for_it() -> None:
    found = quality(as_film(DRAWN))
    assert found.verdict == found.outlines == "reduced" and found.faults == ()
    (problem,) = found.problems
    assert problem.name == UNLIKE and problem.measured > problem.limit == shipped().limit
    assert f"{UNLIKE} ({problem.measured:g}, limit {problem.limit:g})" in found.display
    (lung,) = ChestFilm().segment(as_film(DRAWN), ["left lung"])
    assert any(UNLIKE in doubt for doubt in lung.doubts) and not any(REPEAT in doubt for doubt in lung.doubts)


def test_what_is_no_film_is_further_and_never_unusable_for_that_alone() -> None:
    stripes = (np.indices((256, 256)).sum(axis=0) % 64 / 63).astype(np.float32)
    assert shipped().distance(stripes) > shipped().distance(DRAWN)
    told = next(item for item in quality(as_film(stripes)).problems if item.name == UNLIKE)
    assert told.verdict == "reduced"


def test_the_parameters_are_small_and_come_back_as_written(tmp_path: Path) -> None:
    assert PARAMETERS.stat().st_size < 20_000
    shipped().save(tmp_path / "again.npz")
    assert Known.load(tmp_path / "again.npz").distance(DRAWN) == pytest.approx(shipped().distance(DRAWN))


def test_the_recipe_uses_no_film_whose_licence_forbids_it(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "masks_v7").mkdir()
    written = []
    for number, licence in enumerate(["CC BY 4.0"] * 4 + ["CC BY-NC-SA"]):
        grey = np.rint(draw(110.0 + 20 * number).pixels[::4, ::4] / 4095 * 255).astype(np.uint8)
        row = {"filename": f"{number}.png", "patientid": str(number), "view": "PA", "license": licence}
        Pillow.fromarray(grey).save(tmp_path / "images" / row["filename"])
        Pillow.fromarray(np.full_like(grey, 255)).save(tmp_path / "masks_v7" / row["filename"])
        written.append(row)
    with (tmp_path / "metadata.csv").open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, list(written[0]))
        table.writeheader()
        table.writerows(written)
    main(tmp_path, tmp_path / "unlike.npz")
    known = Known.load(tmp_path / "unlike.npz")
    assert len(known.variances) == 3 and 0 < known.limit < np.inf
    assert known.distance(DRAWN) < known.limit < known.distance(np.ascontiguousarray(DRAWN[::-1]))


@pytest.mark.skipif(not DATA.is_dir(), reason="the chest films are not at hand")
def test_real_films_are_alike_and_what_stands_on_its_head_is_not() -> None:
    films = [read_image(path).pixels for path in sorted(DATA.iterdir())[1::10]]
    limit = shipped().limit
    assert len(films) >= 5 and max(shipped().distance(film) for film in films) <= limit
    for turned in (lambda grey: grey[::-1], np.rot90, lambda grey: 1 - grey):
        assert min(shipped().distance(np.ascontiguousarray(turned(film))) for film in films) > limit
