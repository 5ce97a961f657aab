"""Kept outlines, what is pointed at, landmarks and masks in a series, LAA-950: the tools by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from outline_protocol import HERS, asked, held, picture, record, series
from series_made import nifti, slices, written

from agent import ClinicalAssistant, Settings
from agent.corrections_out import export
from tools.errors import BadInput, NotAssessable
from tools.imaging.frame import Acquisition, Header
from tools.imaging.masks import mask_of, outlined_parts
from tools.imaging.outline_files import DRAWN, KEPT, keep_outline, labels_of, parts_of, read_outline
from tools.imaging.outline_prompts import pointed_shown, pointed_text, read_pointed
from tools.imaging.phantom_skin import draw_skin
from tools.imaging.sizes import landmarks_text, of_mask, on_slice, read_landmarks
from tools.imaging.training import LINES, read
from tools.imaging.volume import Volume
from tools.imaging.volumes import read_volume
from tools.segmenters.ct_technique import no_contrast

SHAPE = (6, 10, 12)


@pytest.fixture(scope="module")
def osler(home: Path) -> Iterator[ClinicalAssistant]:
    """An assistant of its own: these tests add protocols to it."""
    with ClinicalAssistant(Settings(home=home)) as assistant:
        yield assistant


def block(z: slice, y: slice, x: slice) -> Any:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[z, y, x] = True
    return mask


def volume() -> Volume:
    affine = np.diag([0.5, 0.5, 2.0, 1.0])
    values = np.full(SHAPE, -1000, dtype=np.float32)
    values[1:4, 2:6, 3:9] = 40
    return Volume(values, affine, "drawn", "0" * 64, "DICOM", "ImagePositionPatient", header=Header(modality="CT"))


# -- kept outlines ----------------------------------------------------------------------------------------------------


def test_an_outline_is_kept_by_what_it_holds_and_read_back(tmp_path: Path) -> None:
    right, left = block(slice(1, 3), slice(2, 5), slice(1, 4)), block(slice(1, 4), slice(2, 5), slice(3, 9))
    parts = {"right lung": right, "left lung": left, "empty": np.zeros(SHAPE, dtype=bool)}
    labels, names, told = labels_of(parts, SHAPE)
    assert names == ("right lung", "left lung") and "6 places of the left lung belong to another part" in told[0]
    key = keep_outline(tmp_path / "a", labels, names)
    assert keep_outline(tmp_path / "b", labels.copy(), list(names)) == key
    assert keep_outline(tmp_path / "b", labels, ("right lung", "lung")) != key
    back, same = read_outline(tmp_path / "a", key, SHAPE)
    assert np.array_equal(back, labels) and same == names
    assert [int(mask.sum()) for mask in parts_of(back, same).values()] == [18, 48]
    assert int(mask_of(volume(), f"{DRAWN}{key}", tmp_path / "a").sum()) == 66
    assert list(outlined_parts(volume(), f"{KEPT}{key}", tmp_path / "a")) == ["right lung", "left lung"]
    with pytest.raises(BadInput, match="not of this image"):
        read_outline(tmp_path / "a", key, (10, 12))
    for wrong in ("0" * 64, "../" + key, ""):
        with pytest.raises(NotAssessable, match="not kept"):
            read_outline(tmp_path / "a", wrong, SHAPE)
    path = tmp_path / "a" / f"{key}.labels.npz"
    np.savez_compressed(path, labels=labels * 0, names=np.array('["x"]'))
    with pytest.raises(NotAssessable, match="not kept"):
        read_outline(tmp_path / "a", key, SHAPE)


# -- what is pointed at -----------------------------------------------------------------------------------------------


def test_what_is_pointed_at_is_the_same_text_for_the_same_places() -> None:
    on = volume()
    first = read_pointed({"box": [8, 5, 3, 2], "points": [[4, 3], [1, 1, "-"]], "slice": 2}, on)
    text = pointed_text(first)
    assert text == pointed_text(read_pointed(text, on)) and first.box == (3, 2, 8, 5) and first.slice_ == 2
    assert [click.inside for click in first.clicks] == [True, False]
    assert pointed_shown(first) == "a box from (3, 2) to (8, 5) and 1 click inside and 1 outside on slice 2"


# -- sizes in a series ------------------------------------------------------------------------------------------------


def test_landmarks_and_masks_of_a_series() -> None:
    on = volume()
    text = landmarks_text([(3.0, 2.0), (8.0, 2.0)], edited=True, at=2)
    image = on_slice(text, on)
    assert image.frame == 2 and image.spacing.mm == (0.5, 0.5) and len(read_landmarks(text, image)) == 2
    mask = on.values > 0
    # 3 x 4 x 6 voxels of half a cubic millimetre.
    assert of_mask("volume", mask, on).value == pytest.approx(0.036) and of_mask("volume", mask, on).unit == "mL"
    assert of_mask("mean density", mask, on).value == 40
    assert of_mask("long axis", mask, on).where["slice"] == 1
    for kind, target, flat in (("area", on, mask), ("volume", image, mask[2])):
        with pytest.raises(BadInput, match="not measured here"):
            of_mask(kind, flat, target)  # type: ignore[arg-type]
    for wrong in ("[[3, 2], [8, 2]]", '{"points": [[3, 2], [8, 2]], "slice": true}', '{"points": [], "slice": 9}'):
        with pytest.raises(BadInput):
            on_slice(wrong, on)
    with pytest.raises(BadInput, match="no slices"):
        on_slice(text, image)


def nodule_steps() -> list[dict[str, Any]]:
    """Landmarks and a mask that a person sets, and what is measured of each."""
    common, of = {"identity": "who"}, {"structure": "nodule"}
    ends, patch = {**common, "landmarks": "ends"}, {**common, "mask": "patch"}
    return [
        {"slot": "ends", "tool": "image.landmarks", "with": of, "from": common},
        {"slot": "length", "tool": "image.measure", "with": {"measure": "distance"}, "from": ends},
        {"slot": "patch", "tool": "image.mask", "with": of, "from": common},
        {"slot": "amount", "tool": "image.measure", "with": {"measure": "volume"}, "from": patch},
    ]


def test_a_person_measures_on_a_slice_and_draws_in_a_series_and_it_goes_out_as_training_data(
    osler: ClinicalAssistant, tmp_path: Path
) -> None:
    consult = asked(osler, "", series(tmp_path / "ct"), steps=nodule_steps())
    assert record(consult, "length")["status"] == "error" and held(consult, "ends")["value"] is None
    # Without a name and without a place to look at nothing is outlined.
    assert "point at it" in record(consult, "drawn")["error"]["action"]
    with pytest.raises(BadInput, match="need their slice"):
        consult.correct("ends", value=[[30, 30], [40, 30]], by="Dr A")
    change = consult.correct("ends", value={"points": [[30, 30], [40, 30]], "slice": 12}, by="Dr A")
    assert not {"who", "patch", "amount", "drawn"} & set(change["rerun"])
    length = held(consult, "length")
    assert (length["value"], length["unit"], length["source"]["frame"]) == (44.0, "mm", 12)
    consult.correct("ends", value={"2": [45, 30]}, by="Dr A")
    assert held(consult, "length")["value"] == 66.0 and '"slice": 12' in held(consult, "ends")["value"]
    strokes = [{"points": [[30, 30]], "radius": 4, "inside": True, "slice": at} for at in (11, 12, 13)]
    change = consult.correct("patch", value=strokes, by="Dr A")
    assert not {"who", "ends", "length", "drawn"} & set(change["rerun"])
    drawn = held(consult, "patch")
    assert drawn["value"].startswith("mask:") and "slices 11, 12, 13" in drawn["display"]
    size = held(consult, "amount")
    # 49 pixels lie within 4 of a pixel's centre.
    assert size["value"] == pytest.approx(3 * 49 * 8 * 4.4**2 / 1000, rel=1e-3) and size["unit"] == "mL"
    assert size["source"]["algorithm"] == "by hand" and size["source"]["validated"] is None
    consult.correct("patch", value=[{**strokes[0], "inside": False}], by="Dr Brandt")
    body = export(osler.settings, [consult.id], tmp_path / "out", consent="ethics 1", licence="CC BY 4.0")
    assert (len(body["corrections"]), body["pictures"], body["left_out"]) == (2, 0, [])
    one, other = sorted(read(tmp_path / "out"), key=lambda item: int(item.before.sum()))
    assert one.after.shape == (35, 65, 96) and (int(one.before.sum()), int(one.after.sum())) == (0, 147)
    assert np.array_equal(other.before, one.after) and int(other.after.sum()) == 98 and other.by != one.by
    assert (one.structure, one.modality, one.pixels) == ("object", "CT", None)
    assert "brandt" not in (tmp_path / "out" / LINES).read_text().casefold()


def test_what_is_measured_on_a_mask_of_unknown_origin_is_unvalidated(osler: ClinicalAssistant, tmp_path: Path) -> None:
    """The ends of an outline, and what is measured between them, are by whoever drew the outline."""
    common, of = {"identity": "who", "mask": "patch"}, {"structure": "nodule"}
    steps = [
        {"slot": "patch", "tool": "image.mask", "with": of, "from": {"identity": "who"}},
        {"slot": "ends", "tool": "image.landmarks", "with": of, "from": common},
        {
            "slot": "length",
            "tool": "image.measure",
            "with": {"measure": "long axis"},
            "from": common | {"landmarks": "ends"},
        },
        {"slot": "amount", "tool": "image.measure", "with": {"measure": "volume"}, "from": common},
    ]
    folder = series(tmp_path / "ct")
    mask = np.zeros((35, 65, 96), dtype=np.uint8)
    mask[12, 30:34, 30:41] = 1
    path = str(nifti(mask, read_volume(folder).affine, tmp_path / "mask.nii.gz"))
    consult = asked(osler, "", folder, steps=steps)
    consult.correct("patch", value=path, by="Dr A")
    assert held(consult, "patch")["value"].startswith("drawn:")
    for slot in ("ends", "length", "amount"):
        source = held(consult, slot)["source"]
        assert (source["algorithm"], source["validated"]) == ("a mask that was given", False), slot
    assert "unvalidated" in held(consult, "length")["display"]
    # One part by hand beside it: the part of unknown origin stays what it is.
    other = [{"points": [[60, 30]], "radius": 2, "inside": True, "slice": 12, "part": "second"}]
    mixed, _ = consult.what_if("patch", other, by="Dr A")
    assert held(mixed, "amount")["source"]["algorithm"] == "a program, in part corrected by hand"
    assert held(mixed, "length")["source"]["validated"] is False
    consult.correct("patch", value={"mask": path, "by_hand": True}, by="Dr A")
    for slot in ("ends", "length", "amount"):
        source = held(consult, slot)["source"]
        assert (source["algorithm"], source["validated"]) == ("by hand", None), slot


def test_an_outline_of_a_photograph_is_corrected_and_goes_out(osler: ClinicalAssistant, tmp_path: Path) -> None:
    """2-D: a brush, a mask of another size, a box as a correction; a program's outline is no training data."""
    drawing = draw_skin(3, rows=120, columns=160)
    consult = asked(osler, "skin lesion", picture(drawing.rgb, tmp_path / "p.png"), on={"image": "p.png"})
    assert "known to be this patient's" in record(consult, "drawn")["error"]["message"]
    consult.correct("who", value="confirmed", by="Dr A")
    before = held(consult, "sizes")["display"]
    stroke = {"points": [[4, 4], [20, 4]], "radius": 3, "inside": True}
    change = consult.correct("drawn", value=[{**stroke, "part": "Mrs Brandt's mole"}], by="Dr A")
    assert (
        set(change["rerun"]) - {"test-skin-lesion/shown"} == {"sizes"} and held(consult, "sizes")["display"] != before
    )
    small = picture(np.full((5, 5), 255, dtype=np.uint8), tmp_path / "small.png")
    for wrong in ([{**stroke, "slice": 0}], {"mask": str(small), "part": "skin lesion"}):
        with pytest.raises(BadInput):
            consult.correct("drawn", value=wrong, by="Dr A")
    y, x = (int(part.mean()) for part in np.nonzero(drawing.lesion))
    consult.correct("drawn", value={"box": [x - 25, y - 25, x + 25, y + 25], "part": "skin lesion"}, by="Dr A")
    body = export(osler.settings, [consult.id], tmp_path / "out", consent="ethics 1")
    assert [row["structure"] for row in body["corrections"]] == ["object"]
    assert "Brandt" not in (tmp_path / "out" / LINES).read_text()
    assert [row["reason"] for row in body["left_out"]] == ["the outline was drawn by a program"]


# -- LAA-950 ----------------------------------------------------------------------------------------------------------


LUNGS = [
    {"points": [[x, 20]], "radius": 7, "inside": True, "slice": at, "part": part}
    for at in range(3, 9)
    for x, part in ((16, "right lung"), (42, "left lung"))
]


def scan_steps() -> list[dict[str, Any]]:
    """What a person says of the scan, lungs that a person outlines, and the index of them."""
    words = ("inspiration", "contrast")
    said = [{"slot": f"said_{word}", "tool": "image.scan_fact", "with": {"fact": word}} for word in words]
    bound = {"identity": "who", "outline": "patch", **{word: f"said_{word}" for word in words}}
    return [
        *said,
        {"slot": "patch", "tool": "image.mask", "from": {"identity": "who"}},
        {"slot": "share", "tool": "image.sizes", "with": {"structure": "emphysema"}, "from": bound},
    ]


@pytest.mark.parametrize(
    ("modality", "agent", "words", "holds"),
    [
        ("CT", "Omnipaque 350", (), "no"),
        ("CT", "NONE", (), "unknown"),
        ("CT", "ORAL GASTROGRAFIN", (), "unknown"),
        ("CT", "ORAL & IV", (), "no"),
        ("CT", "NONE", ("CHEST WITHOUT CONTRAST",), "yes"),
        ("US", None, ("PORTAL VEIN",), "unknown"),
        ("CT", None, (), "unknown"),
    ],
)
def test_contrast_as_a_file_states_it(modality: str, agent: str | None, words: tuple[str, ...], holds: str) -> None:
    """Safety rule 16: a name that stands for "none given" is no contrast agent, and no word for a plain scan."""
    header = Header(modality=modality, acquisition=Acquisition(contrast=agent), descriptions=words)
    assert no_contrast(header).holds == holds


def test_what_a_file_states_is_no_persons_word(osler: ClinicalAssistant, tmp_path: Path) -> None:
    given = {"ContrastBolusAgent": "Omnipaque 350"}
    consult = asked(osler, "emphysema", scan(tmp_path / "a", 1, **given), steps=scan_steps())
    assert (
        held(consult, "said_contrast")["value"] is True
        and "the file states" in held(consult, "said_contrast")["display"]
    )
    consult.correct("patch", value=LUNGS, by="Dr A")
    found = record(consult, "share")["error"]["found"]
    assert "ContrastBolusAgent Omnipaque 350" in found and "a person says" not in found
    consult.correct("said_contrast", value=False, by="Dr A")
    assert "a person says yes, the file no" in record(consult, "share")["error"]["found"]


def scan(folder: Path, thickness: float, **elements: Any) -> Path:
    """Two blocks of lung with a hole of emphysema in one of them, on 12 slices of 1 mm."""
    values = np.full((12, 40, 60), 40, dtype=np.int16)
    values[:, :4] = -1000
    values[2:10, 10:30, 8:24] = values[2:10, 10:30, 34:50] = -850
    values[4:8, 15:20, 10:14] = -980
    made = slices(values, np.diag([1.0, 1.0, 1.0, 1.0]), **{**HERS, "SliceThickness": thickness, **elements})
    return written(made, folder)


def test_emphysema_is_measured_on_a_scan_taken_for_it_only(osler: ClinicalAssistant, tmp_path: Path) -> None:
    """Safety rule 16: thick sections are refused whatever anybody says; thin ones wait for a person's word."""
    consults = {}
    for thickness in (1, 5):
        consult = asked(osler, "emphysema", scan(tmp_path / str(thickness), thickness), steps=scan_steps())
        consult.correct("patch", value=LUNGS, by="Dr A")
        row = record(consult, "share")
        assert row["status"] == "error" and "how deep the breath was" in row["error"]["found"], row["error"]
        consult.correct("said_inspiration", value=True, by="Dr A")
        consult.correct("said_contrast", value=False, by="Dr A")
        consults[thickness] = consult
    refused = record(consults[5], "share")
    assert refused["status"] == "error" and "5 mm thick" in refused["error"]["found"]
    found = held(consults[1], "share")
    # 17 of the 149 pixels of one disc on 4 of 6 slices of both.
    assert found["unit"] == "%" and found["value"] == pytest.approx(100 * 4 * 17 / (2 * 6 * 149), abs=0.01)
    told = record(consults[1], "share")["warnings"]
    assert "inspiration: yes, by a person's word" in told and "contrast: no, by a person's word" in told
    assert found["source"]["algorithm"] == "by hand" and "LAA-950" in found["display"]
    consults[1].correct("patch", value={"reject": "left lung"}, by="Dr A")
    assert "share of both lungs" in record(consults[1], "share")["error"]["message"]
    consults[1].correct("patch", value=[{**LUNGS[1], "part": "spleen"}], by="Dr A")
    refused = record(consults[1], "share")["error"]
    assert "share of both lungs" in refused["message"] and refused["found"] == "right lung, spleen"
