"""Outlines and sizes in a consultation: by name, pointed at, corrected; only what rests on them is worked out again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from outline_protocol import asked, held, picture, record, series

from agent import ClinicalAssistant, Consultation, Settings
from agent.cli_image import draw_phantom
from tools.errors import BadInput, NotAssessable, UsageError
from tools.imaging.outline_files import read_outline
from tools.imaging.phantom_fundus import draw_fundus

SHAPE = (35, 65, 96)
BRUSH = {"points": [[30, 30], [34, 32]], "radius": 3, "inside": True, "slice": 17}


@pytest.fixture(scope="module")
def osler(home: Path) -> Iterator[ClinicalAssistant]:
    """An assistant of its own: these tests add protocols to it."""
    with ClinicalAssistant(Settings(home=home)) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def ct(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return series(tmp_path_factory.mktemp("ct") / "series")


@pytest.fixture(scope="module")
def lungs(osler: ClinicalAssistant, ct: Path) -> Consultation:
    """The lungs of the drawn trunk, outlined and measured once; corrections are made on copies of it."""
    return asked(osler, "lungs", ct)


def rerun(change: dict[str, Any]) -> set[str]:
    return set(change["rerun"]) - {"test-lungs/shown"}


def labels(osler: ClinicalAssistant, value: str) -> tuple[Any, tuple[str, ...]]:
    key = value.partition(":")[2]
    return read_outline(osler.settings.home / "attachments", key, SHAPE)


# -- by name ----------------------------------------------------------------------------------------------------------


def test_lungs_of_a_series_are_outlined_and_measured_by_name(osler: ClinicalAssistant, lungs: Consultation) -> None:
    outline = held(lungs, "drawn")
    assert outline["value"].startswith("drawn:") and outline["source"]["segment"] == "outline"
    assert outline["source"]["validated"] is False and "unvalidated" in outline["display"]
    assert "on slices" in outline["display"] and "(uncalibrated)" in outline["display"]
    found, names = labels(osler, outline["value"])
    assert names == ("right lung", "left lung") and found.shape == SHAPE
    part = held(lungs, "drawn.right_lung")
    assert (part["value"], part["source"]["segment"]) == ("right lung", "right lung")
    assert part["source"]["structure"] == "http://snomed.info/sct|3341006"
    total = held(lungs, "sizes")
    # The drawn ellipsoids hold 1451 and 1215 mL; at 8 mm slices the interval is wide.
    assert total["unit"] == "mL" and total["range"][0] < 2666 < total["range"][1] and total["value"] > 0
    assert "lungs volume" in total["display"] and "ImagePositionPatient" in total["display"]
    assert total["source"]["validated"] is False
    axis = held(lungs, "sizes.left_lung.long_axis")
    assert (
        axis["unit"] == "mm"
        and axis["source"]["frame"] is not None
        and axis["source"]["pixel_spacing_mm"] == [4.4, 4.4]
    )
    # The bronchi make the lung's border dense; most of it is air.
    assert held(lungs, "sizes.left_lung.density_50th_percentile")["value"] == pytest.approx(-850, abs=1)
    assert any("unvalidated" in text for text in record(lungs, "sizes")["warnings"])


def test_the_same_series_has_the_same_outline_again(osler: ClinicalAssistant, lungs: Consultation, ct: Path) -> None:
    assert held(asked(osler, "both lungs", ct), "drawn")["value"] == held(lungs, "drawn")["value"]


def test_a_film_by_name_at_the_detector(osler: ClinicalAssistant, tmp_path: Path) -> None:
    film = Path(draw_phantom("demo-hfref", tmp_path / "film.dcm")["path"])
    consult = asked(osler, "heart", film, "demo-hfref")
    size = held(consult, "sizes")
    assert size["unit"] == "cm2" and "heart area" in size["display"] and "at the detector" in size["display"]
    assert size["source"]["validated"] is False and record(consult, "drawn")["warnings"]


def test_a_photograph_waits_for_a_person_and_has_no_millimetres(osler: ClinicalAssistant, tmp_path: Path) -> None:
    """Safety rules 14 and 15: nothing is drawn before somebody says whose it is; no scale is made up."""
    eye = picture(draw_fundus(1, 320).rgb, tmp_path / "eye.png")
    consult = asked(osler, "retinal vessels", eye, on={"image": "eye.png"})
    for slot in ("place", "drawn", "sizes"):
        row = record(consult, slot)
        assert row["status"] == "error" and "known to be this patient's" in row["error"]["message"], slot
    consult.correct("who", value="confirmed", by="Dr A", reason="taken in this room")
    size = held(consult, "sizes")
    assert size["value"] is None and size["unit"] is None and "pixels" in size["display"]
    assert "no scale" in size["display"] and held(consult, "drawn")["value"].startswith("drawn:")


def test_another_patients_series_is_not_taken(osler: ClinicalAssistant, tmp_path: Path) -> None:
    from tools.errors import IdentityMismatch

    with pytest.raises(IdentityMismatch):
        asked(osler, "lungs", series(tmp_path / "his", PatientName="Brandt^Thomas", PatientID="OSL-0009"))


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("structure", "code"), [("pneumonia", "not_a_structure"), ("retinal vessels", "wrong_image")])
def test_what_is_not_outlined_is_refused_and_nothing_is_measured(
    osler: ClinicalAssistant, ct: Path, structure: str, code: str
) -> None:
    consult = asked(osler, structure, ct)
    row = record(consult, "drawn")
    assert (row["status"], row["error"]["code"]) == ("error", code), row["error"]
    assert "--" not in row["error"]["action"]
    assert record(consult, "sizes")["status"] == "error"
    assert "nothing to measure yet" in record(consult, "sizes")["error"]["message"]


# -- pointed at -------------------------------------------------------------------------------------------------------


def test_what_is_pointed_at_on_a_slice_is_outlined_and_measured(osler: ClinicalAssistant, ct: Path) -> None:
    consult = asked(osler, "liver", ct)
    # Nothing here outlines a liver by its name without weights: what to do instead is said.
    refused = record(consult, "drawn")["error"]
    assert refused["code"] == "not_assessable" and "point at it" in refused["action"] and "--" not in refused["action"]
    change = consult.correct("place", value={"points": [[30, 30, "+"]], "slice": 17}, by="Dr A")
    assert {"drawn", "sizes"} <= rerun(change) | set(change["added"]) and "who" not in change["rerun"]
    outline = held(consult, "drawn")
    assert "where Dr A pointed" in outline["display"] and "1 click inside on slice 17" in outline["display"]
    assert outline["source"]["algorithm"].startswith("osler-") and outline["source"]["validated"] is False
    found, names = labels(osler, outline["value"])
    assert names == ("liver",) and found[17, 30, 30] == 1
    first = held(consult, "sizes")["value"]
    assert first > 0 and held(consult, "sizes.liver.long_axis")["value"] > 0
    change = consult.correct("place", value='{"box": [54, 17, 76, 43], "slice": 17}', by="Dr B")
    assert rerun(change) == {"drawn", "sizes", "test-liver/shown"}
    assert "where Dr B pointed (a box from (54, 17) to (76, 43) on slice 17)" in held(consult, "drawn")["display"]
    assert held(consult, "sizes")["source"]["validated"] is False
    after, _ = consult.what_if("drawn", {"points": [[30, 30, "+"]], "slice": 17}, by="Dr C")
    assert held(after, "sizes")["source"]["algorithm"] == "a program, where a person pointed"
    # Pointing anew would change nothing under an outline that a person corrected, and says so.
    with pytest.raises(UsageError, match="the outline was corrected by Dr C") as refused_now:
        after.correct("place", value={"box": [40, 17, 60, 43], "slice": 17}, by="Dr A")
    assert "correct drawn: give the box" in refused_now.value.action
    for wrong in (
        {"slice": 3},
        {"box": [1, 2, 3, 4]},
        {"box": [1, 2, 300, 4], "slice": 3},
        {"box": [1, 2, 9, 9], "slice": 35},
        {"points": [[1, 2, "?"]], "slice": 1},
        {"points": [[9, 9, "-"]], "slice": 1},
        "here",
    ):
        with pytest.raises(BadInput):
            consult.correct("place", value=wrong, by="Dr A")


# -- corrections ------------------------------------------------------------------------------------------------------


def corrected(lungs: Consultation, slot: str, value: Any) -> tuple[Consultation, dict[str, Any]]:
    """A copy of the consultation in which an outline is another."""
    return lungs.what_if(slot, value, by="Dr A")


def test_a_brush_on_a_slice_reruns_the_sizes_and_nothing_else(osler: ClinicalAssistant, lungs: Consultation) -> None:
    before, names = labels(osler, held(lungs, "drawn")["value"])
    copy, change = corrected(lungs, "drawn", [{**BRUSH, "inside": False}])
    assert rerun(change) == {"sizes"}
    outline = held(copy, "drawn")
    after, same = labels(osler, outline["value"])
    assert outline["value"].startswith("mask:") and same == names and "by hand" in outline["display"]
    assert outline["source"]["kind"] == "statement" and outline["source"]["by"] == "Dr A" and outline["supersedes"]
    changed = before != after
    assert changed[17].any() and not np.delete(changed, 17, axis=0).any() and not (after[changed] > 0).any()
    assert held(copy, "sizes")["value"] < held(lungs, "sizes")["value"]
    # The whole rests on a part that a program drew: it stays unvalidated, the touched part does not.
    assert held(copy, "sizes")["source"]["validated"] is False and "unvalidated" in held(copy, "sizes")["display"]
    assert held(copy, "sizes.right_lung.volume")["source"]["algorithm"] == "by hand"
    assert held(copy, "sizes.left_lung.volume")["source"]["validated"] is False
    # The part that was touched is by hand; the other stays as it was drawn.
    assert held(copy, "drawn.right_lung")["source"]["algorithm"] == "by hand"
    left = held(copy, "drawn.left_lung")
    assert left["id"] == held(lungs, "drawn.left_lung")["id"] and left["source"]["validated"] is False
    # What was drawn at first is still on record.
    assert held(lungs, "drawn")["value"] in {row["value"] for row in copy.document()["evidence"].values()}


def test_a_brush_goes_on_from_the_part_it_touches(osler: ClinicalAssistant, lungs: Consultation) -> None:
    before, _ = labels(osler, held(lungs, "drawn")["value"])
    row = int(np.flatnonzero((before[17] == 2).any(axis=1))[0])
    at = [int(np.flatnonzero(before[17][row] == 2)[0]), row]
    stroke = {"points": [at, [at[0], at[1] - 4]], "radius": 2, "inside": True, "slice": 17}
    copy, _ = corrected(lungs, "drawn", [stroke])
    after, _ = labels(osler, held(copy, "drawn")["value"])
    assert (after == 2).sum() > (before == 2).sum() and (after == 1).sum() == (before == 1).sum()
    named, _ = corrected(lungs, "drawn.right_lung", [stroke])
    taken, _ = labels(osler, held(named, "drawn")["value"])
    assert (taken == 1).sum() > (before == 1).sum() and (taken == 2).sum() < (before == 2).sum()
    with pytest.raises(BadInput, match="which part"):
        corrected(lungs, "drawn", [{"points": [[2, 2]], "radius": 1, "inside": True, "slice": 0}])


def test_a_part_is_outlined_anew_from_a_box_and_says_so(osler: ClinicalAssistant, lungs: Consultation) -> None:
    copy, change = corrected(lungs, "drawn.left_lung", {"box": [54, 17, 76, 43], "slice": 17})
    assert rerun(change) == {"sizes"}
    outline = held(copy, "drawn")
    assert outline["value"].startswith("drawn:") and "where a person pointed" in outline["display"]
    before, _ = labels(osler, held(lungs, "drawn")["value"])
    after, names = labels(osler, outline["value"])
    assert names == ("right lung", "left lung") and ((before == 1) == (after == 1)).all()
    assert ((before == 2) != (after == 2)).any() and (after[17] == 2).any()
    # It is a program's outline still.
    assert held(copy, "sizes")["source"]["validated"] is False and "unvalidated" in held(copy, "sizes")["display"]
    assert held(copy, "drawn.left_lung")["source"]["validated"] is False


def test_a_rejected_part_is_left_out_and_a_rejected_outline_has_no_sizes(
    osler: ClinicalAssistant, lungs: Consultation, ct: Path
) -> None:
    copy, change = corrected(lungs, "drawn", {"reject": "left lung"})
    assert rerun(change) == {"sizes"} and held(copy, "drawn")["value"].startswith("drawn:")
    assert held(copy, "sizes")["value"] == held(lungs, "sizes.right_lung.volume")["value"]
    # No person pointed at what is left.
    assert held(copy, "sizes")["source"]["algorithm"] == "a program, in part corrected by hand"
    slots = {row["slot"] for row in held_now(copy, "sizes")}
    assert "sizes.right_lung.volume" in slots and "sizes.left_lung.volume" not in slots
    same, _ = corrected(lungs, "drawn.left_lung", None)
    assert held(same, "drawn")["value"] == held(copy, "drawn")["value"]
    consult = asked(osler, "lungs", ct)
    consult.correct("drawn", value=None, by="Dr A", reason="that is the stomach")
    row = record(consult, "sizes")
    assert row["status"] == "error" and "the outline was rejected" in row["error"]["message"]
    assert row["error"]["found"] == "rejected by Dr A: that is the stomach"
    assert held_now(consult, "sizes") == []
    # Drawn anew after all: the brush starts from nothing, under the names the parts had.
    consult.correct("drawn", value=[{**BRUSH, "part": "right lung"}], by="Dr B")
    assert held(consult, "sizes")["value"] > 0 and held(consult, "drawn.right_lung")["source"]["algorithm"] == "by hand"


def held_now(consult: Consultation, slot: str) -> list[dict[str, Any]]:
    """The evidence of the last run of a slot."""
    body = consult.document()
    return [body["evidence"][one] for one in record(consult, slot)["evidence"]]


def test_a_mask_from_a_file_takes_the_place_of_a_part(
    osler: ClinicalAssistant, lungs: Consultation, ct: Path, tmp_path: Path
) -> None:
    from series_made import nifti

    from tools.imaging.volumes import read_volume

    volume = read_volume(ct)
    mask = np.zeros(SHAPE, dtype=np.uint8)
    mask[15:20, 20:40, 58:70] = 1
    path = nifti(mask, volume.affine, tmp_path / "left.nii.gz")
    with pytest.raises(BadInput, match="which part"):
        corrected(lungs, "drawn", str(path))
    copy, change = corrected(lungs, "drawn.left_lung", {"mask": str(path), "by_hand": True})
    assert rerun(change) == {"sizes"} and held(copy, "drawn")["value"].startswith("mask:")
    after, _ = labels(osler, held(copy, "drawn")["value"])
    assert ((after == 2) == (mask == 1)).all()
    amount = held(copy, "sizes.left_lung.volume")
    assert amount["value"] == pytest.approx(mask.sum() * volume.voxel_ml, rel=1e-3)
    assert (amount["source"]["algorithm"], amount["source"]["validated"]) == ("by hand", None)
    # Who drew a file is not known unless somebody says so: nothing measured on it counts as drawn by hand.
    copy, _ = corrected(lungs, "drawn.left_lung", str(path))
    outline, part = held(copy, "drawn"), held(copy, "drawn.left_lung")
    assert outline["value"].startswith("drawn:") and "who or what drew it is not known" in outline["display"]
    assert part["source"]["algorithm"] == "a mask that was given as a file" and "by hand" not in part["display"]
    assert part["source"]["validated"] is False and "who or what drew it is not known" in part["display"]
    assert held(copy, "drawn.right_lung")["id"] == held(lungs, "drawn.right_lung")["id"]
    amount = held(copy, "sizes.left_lung.volume")
    assert amount["source"]["validated"] is False and amount["source"]["algorithm"] == "a mask that was given"
    # The same mask by a person's word is a change.
    again, _ = corrected(copy, "drawn.left_lung", {"mask": str(path), "by_hand": True})
    assert held(again, "sizes.left_lung.volume")["source"]["algorithm"] == "by hand"
    assert held(again, "sizes.right_lung.volume")["source"]["validated"] is False
    for wrong in ({"mask": str(path), "label": "left"}, {"mask": str(path), "by_hand": "yes"}, "{'mask': 1}"):
        with pytest.raises(BadInput):
            corrected(lungs, "drawn.left_lung", wrong)


def test_a_question_for_a_size_says_why_there_is_none_after_a_rejection(osler: ClinicalAssistant, ct: Path) -> None:
    consult = osler.consult("What is the lung volume on this CT?", "demo-af", images=[ct], model="none").run()
    said = [claim["text"] for claim in consult.document()["answer"]["claims"]]
    assert any("lung volume" in text and "mL" in text and "unvalidated" in text for text in said)
    outline = held(consult, "lookup.outline_1")
    change = consult.correct("lookup.outline_1", value=None, by="Dr A", reason="that is the stomach")
    answer = consult.document()["answer"]
    assert not answer["claims"] and outline["id"] in consult.document()["evidence"]
    assert [row["what"] for row in answer["not_answered"]] == ["The sizes of the lung"]
    assert answer["not_answered"][0]["needs"][0] == "the outline was rejected by Dr A: that is the stomach"
    again = consult.correct("lookup.outline_1", value=[{**BRUSH, "part": "right lung"}], by="Dr B")
    assert not {"picture_1.identity", "lookup.pointed_1"} & {*change["rerun"], *again["rerun"]}
    said = [claim["text"] for claim in consult.document()["answer"]["claims"]]
    assert any("outlined by hand" in text for text in said) and not any("unvalidated" in text for text in said)


def test_corrections_that_cannot_be_made_leave_everything(osler: ClinicalAssistant, lungs: Consultation) -> None:
    before = lungs.document()
    for wrong in (
        [],
        "a picture of it",
        {"reject": "spleen"},
        {"reject": "left lung", "slice": 3} | {"reject": ""},
        [{**BRUSH, "slice": 99}],
        [{"points": [[1, 2]], "radius": 2, "inside": True}],
        [{**BRUSH, "points": [[400, 2]]}],
        [{"points": [[2, 2]], "radius": 1, "inside": False, "slice": 0}],
        {"slice": 3},
        {"box": [1, 2, 3, 4]},
        7,
    ):
        with pytest.raises(BadInput):
            lungs.correct("drawn", value=wrong, by="Dr A")
    with pytest.raises(UsageError, match="measured on an outline"):
        lungs.correct("sizes", value={"value": 3, "unit": "mL"}, by="Dr A")
    assert lungs.document() == before


def test_an_outline_that_is_gone_is_not_measured(osler: ClinicalAssistant, lungs: Consultation) -> None:
    kept = osler.settings.home / "attachments" / f"{held(lungs, 'drawn')['value'].partition(':')[2]}.labels.npz"
    body = kept.read_bytes()
    kept.write_bytes(b"something else")
    try:
        with pytest.raises(NotAssessable, match="not kept"):
            lungs.correct("drawn", value=[BRUSH], by="Dr A")
    finally:
        kept.write_bytes(body)
