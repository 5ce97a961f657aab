"""Slices of a volume as a reader sees them: the right way round, in a window, with what was drawn on them."""

from __future__ import annotations

import base64
import io
import itertools
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from app_draw import read_marks, read_outline_fields, read_pointed
from app_film import Film, Layer, Look, asked_look, leaf, viewer
from app_forms import control_for, value_input
from app_layers import contour
from app_pixels import of_volume
from app_slices import cut_of, fitting, picture, slices, windows
from tools.context import ImageFile
from tools.errors import BadInput
from tools.imaging.frame import Acquisition, Header
from tools.imaging.volume import Volume

_WORLD = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "H": (2, 1), "F": (2, -1)}
SPACING = (0.7, 1.3, 2.5)
READ = {"Axial": "RLAP", "Coronal": "RLHF", "Sagittal": "APHF"}


def turns() -> list[Any]:
    """Every way in which columns, rows and slices can run along the patient's axes."""
    found = []
    for order, signs in itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)):
        turn = np.zeros((3, 3))
        for column, (world, sign) in enumerate(zip(order, signs, strict=True)):
            turn[world, column] = sign
        found.append(turn)
    return found


def volume(turn: Any = None, shape: tuple[int, int, int] = (5, 4, 3), values: Any = None, **header: Any) -> Volume:
    affine = np.eye(4)
    affine[:3, :3] = (np.eye(3) if turn is None else turn) * np.asarray(SPACING)
    held = np.arange(np.prod(shape), dtype=np.float32).reshape(shape) if values is None else values
    stated = Header(**{"modality": "CT", **header})
    return Volume(held, affine, "v", str(hash((affine.tobytes(), held.tobytes(), str(header)))), "drawn", "drawn",
                  header=stated)


@pytest.mark.parametrize("number", range(48))
def test_each_view_is_the_right_way_round_whatever_the_grid(number: int) -> None:
    made = volume(turns()[number])
    places = np.stack([made.affine[n, 0] * np.arange(3)[None, None, :] + made.affine[n, 1] * np.arange(4)[None, :, None]
                       + made.affine[n, 2] * np.arange(5)[:, None, None] for n in range(3)])
    seen = set()
    for axis in range(3):
        cut = cut_of(made, axis)
        seen.add(cut.name)
        assert "".join(cut.letters) == READ[cut.name]
        shown = [cut.turned(places[n].take(1, axis)) for n in range(3)]
        assert shown[0].shape == (cut.rows, cut.columns)
        for letter, along in ((cut.letters[1], 1), (cut.letters[3], 0)):
            world, sign = _WORLD[letter]
            assert (np.diff(shown[world], axis=along) * sign > 0).all()
        world, sign = _WORLD[cut.ends[1]]
        assert (np.diff(places[world], axis=axis) * sign > 0).all()
        # In the patient the picture is as wide and high as its voxels.
        sizes = [sum(np.abs(np.diff(one, axis=along)).flat[0] * one.shape[along] for one in shown) for along in (1, 0)]
        assert cut.aspect == pytest.approx(sizes[0] / sizes[1])
        raw = made.values.take(2, axis)
        a, b, c, d, e, f = cut.matrix
        for row, column in np.ndindex(raw.shape):
            assert cut.turned(raw)[b * column + d * row + f, a * column + c * row + e] == raw[row, column]
    assert seen == set(READ)


def test_a_ct_has_windows_and_what_is_no_ct_has_not() -> None:
    values = np.array([-1000, -600, 40, 240, 1300], dtype=np.float32).reshape(5, 1, 1) * np.ones((1, 2, 2))
    ct = volume(values=values.astype(np.float32))
    assert list(windows(ct)) == ["soft", "lung", "bone", "whole"]
    cut = cut_of(ct, 0)
    assert [float(picture(ct, cut, n, "soft")[0, 0]) for n in range(5)] == [0, 0, 0.5, 1, 1]
    assert float(picture(ct, cut, 1, "lung")[0, 0]) == 0.5
    assert [float(picture(ct, cut, n, "whole")[0, 0]) for n in (0, 4)] == [0, 1]
    assert (fitting(ct, "right lung"), fitting(ct, "vertebra L1"), fitting(ct, "liver")) == ("lung", "bone", "soft")
    mr = volume(values=values.astype(np.float32), modality="MR")
    assert list(windows(mr)) == ["usual", "whole"] and fitting(mr, "right lung") == "usual"
    stored = volume(values=values.astype(np.float32), acquisition=Acquisition(rescale_type="US"))
    assert "lung" not in windows(stored), "values that are no Hounsfield units have no HU window"


def film_of(made: Volume, look: Look, tmp_path: Path) -> Film:
    file = ImageFile(tmp_path / "series", made.sha256, "series", "volume")
    return of_volume(made, {"records": [], "evidence": {}}, look, {"id": "e1", "slot": "image.1", "kind": "dicom",
                                                                  "source": {"frame": None}}, file)


def test_one_slice_travels_and_the_viewer_says_where_it_is(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(-1000, 1000, (300, 64, 80)).astype(np.float32)
    made = volume(values=values)
    film = film_of(made, Look(40), tmp_path)
    shown = viewer(film, "e1")
    assert "Slice 41 of 300" in shown and shown.count("<img") == 1
    assert len(shown) < 3 * 64 * 80, "no other slice is sent"
    found = re.search(r"data:image/png;base64,([^\"]+)", shown)
    assert found
    pixels = Pillow.open(io.BytesIO(base64.b64decode(found.group(1))))
    assert (pixels.mode, pixels.size) == ("L", (80, 64)) and not pixels.info
    assert np.array_equal(np.asarray(pixels), np.rint(np.clip((values[40] + 160) / 400, 0, 1) * 255))
    assert [re.search(f'class="e-{edge}" aria-hidden="true">(.)<', shown).group(1)  # type: ignore[union-attr]
            for edge in ("left", "right", "top", "bottom")] == list("RLAP")
    assert shown.count('aria-pressed="true"') == 2
    assert film_of(made, Look(), tmp_path).frame == 150, "the middle slice where nothing is asked for"
    assert film_of(made, Look(999), tmp_path).frame == 299
    coronal = film_of(made, Look(3, 1, "bone"), tmp_path)
    assert (coronal.columns, coronal.rows, coronal.frames) == (80, 300, 64)
    assert coronal.slices and coronal.slices.window == "bone"
    assert film_of(made, Look(0, 0, "none such"), tmp_path).slices == film_of(made, Look(0), tmp_path).slices


def test_what_the_page_asks_for_is_read_and_nothing_else() -> None:
    assert asked_look({"frame": "12", "plane": "1", "window": "lung"}) == Look(12, 1, "lung")
    assert asked_look({"frame": "-3", "plane": "9"}) == Look(None, 0, None)
    sent = leaf("e1", '<figure class="o-film">')
    assert "&lt;figure" in sent and sent != leaf("e1", '<figure class="o-film">'), "each is a new one"


def test_parts_are_told_apart_and_turn_with_the_slice() -> None:
    made = volume(turns()[0] * [1, -1, 1])
    cut = cut_of(made, 0)
    mask = np.zeros((4, 3), dtype=bool)
    mask[0, 0] = True
    layers = (Layer("outline", "a", "e2", "right lung", path=contour(mask), tone=0),
              Layer("outline", "b", "e2", "<i>left</i>", path=contour(mask), tone=1))
    shown = viewer(Film("a" * 64, "data:", cut.columns, cut.rows, cut.aspect, 1, 5, layers=layers,
                        slices=slices(made, cut, "soft")), "e1")
    assert f'transform="matrix({" ".join(map(str, cut.matrix))})"' in shown
    assert "l-outline t-0" in shown and "l-outline t-1" in shown
    assert "&lt;i&gt;left" in shown and "<i>left" not in shown
    assert 'data-turn="f"' in shown, "what is drawn by hand is turned back"


# -- what is drawn by hand -------------------------------------------------------------------------------------------


def test_strokes_name_their_slice_and_part() -> None:
    drawn = [{"points": [[1, 2]], "radius": 5, "inside": False, "slice": 7, "part": "left lung"}]
    given = {"strokes": json.dumps(drawn), "points": "10, 20, 4, in", "slice": "41", "part": "right lung"}
    assert read_outline_fields(given) == [
        *drawn, {"points": [[10.0, 20.0]], "radius": 4.0, "inside": True, "slice": 40, "part": "right lung"}]


def test_a_box_and_clicks_are_pointed_at_on_one_slice() -> None:
    given = {"box": "30, 40, 10, 20", "clicks": "12, 22, +\n14, 24, -\n\n15.5, 1, −", "slice": "3"}
    pointed = {"box": [10.0, 20.0, 30.0, 40.0],
               "points": [[12.0, 22.0, "+"], [14.0, 24.0, "-"], [15.5, 1.0, "-"]], "slice": 2}
    assert read_pointed(given) == pointed
    assert read_outline_fields(given | {"part": "liver"}) == pointed | {"part": "liver"}
    assert read_marks({"marks": "1, 2\n3.5, 4", "slice": ""}) == {"points": [[1.0, 2.0], [3.5, 4.0]]}


def test_an_outline_or_a_part_of_it_is_rejected() -> None:
    assert read_outline_fields({"rejects": "yes", "reject": "left lung"}) == {"reject": "left lung"}
    assert read_outline_fields({"rejects": "yes", "reject": ""}) is None


@pytest.mark.parametrize(("tool", "kind", "inside"), [
    ("image.mask", "outline", 'name="strokes"'), ("image.point", "pointed", 'name="clicks"'),
    ("image.landmarks", "landmarks", 'name="marks"'), ("image.segment", "parts", 'value="left lung"'),
])
def test_each_thing_drawn_has_its_tools(tool: str, kind: str, inside: str) -> None:
    head = {"id": "e1", "slot": "drawn", "kind": "dicom", "value": None, "unit": None, "source": {}}
    parts = {f"e{n}": {"id": f"e{n}", "slot": f"drawn.{n}", "kind": "dicom", "value": name, "source": {}}
             for n, name in ((2, "right lung"), (3, "left lung"))}
    document = {"plan": {"steps": [{"slot": "drawn", "tool": tool, "arguments": {}}]},
                "evidence": {"e1": head, **parts},
                "records": [{"slot": "drawn", "status": "ok", "evidence": ["e1", "e2", "e3"]}]}
    control = control_for(document, head, {})
    assert control is not None and control.kind == kind
    assert inside in value_input(control, "drawn", head)
    part = control_for(document, parts["e2"], {})
    assert part is None or tool != "image.segment", "a part is corrected with its outline"


@pytest.mark.parametrize("fields", [
    {}, {"strokes": "[]"}, {"strokes": "{"}, {"clicks": "1, 2"}, {"clicks": "1, 2, x"}, {"box": "1, 2, 3"},
    {"box": "1, 2, 3, 4", "slice": "0"}, {"box": "1, 2, 3, 4", "slice": "two"},
    {"box": "1, 2, 3, 4", "points": "1, 2, 3, in"},
])  # fmt: skip
def test_what_is_unclear_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        read_outline_fields(fields)
